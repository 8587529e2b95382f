"""Checks JSON against the classes of the installed Stripe library: nothing missing, nothing unknown, right types.

The library does not say which members may be absent (it types them like nullable ones); the tables below do,
after the `field?` marks of Stripe's TypeScript types for the same API version.
"""

import builtins
import typing
from collections import Counter
from decimal import Decimal
from functools import cache
from typing import Any, Union

import stripe
import typing_extensions
from stripe import ListObject, StripeObject

OPTIONAL = {
    "checkout.session": {
        "excluded_payment_method_types",
        "line_items",
        "name_collection",
        "optional_items",
        "presentment_details",
        "redirect_on_completion",
        "return_url",
        "tax_id_collection",
        "branding_settings",
        "phone_number_collection",
    },
    "Account.BusinessProfile": {"annual_revenue", "estimated_worker_count", "monthly_estimated_revenue"},
    "Session.AutomaticTax.Liability": {"account"},
    "Session.BrandingSettings.Icon": {"file", "url"},
    "Session.BrandingSettings.Logo": {"file", "url"},
    "Session.CustomField": {"dropdown", "numeric", "text"},
    "Session.InvoiceCreation.InvoiceData.Issuer": {"account"},
    "Session.TotalDetails": {"breakdown"},
    "item": {"discounts", "taxes"},
    "product": {"default_price", "statement_descriptor", "tax_code", "unit_label"},
    "Product.MarketingFeature": {"name"},
    "price": {"currency_options", "tiers"},
    "customer_cash_balance_transaction": {
        "adjusted_for_overdraft",
        "applied_to_payment",
        "funded",
        "refunded_from_payment",
        "transferred_to_balance",
        "unapplied_from_payment",
    },
    "customer": {
        "address",
        "business_name",
        "cash_balance",
        "currency",
        "customer_account",
        "delinquent",
        "discount",
        "individual_name",
        "invoice_credit_balance",
        "invoice_prefix",
        "name",
        "next_invoice_sequence",
        "phone",
        "preferred_locales",
        "sources",
        "subscriptions",
        "tax",
        "tax_exempt",
        "tax_ids",
        "test_clock",
    },
    "Customer.Shipping": {"address", "carrier", "name", "phone", "tracking_number"},
    "payment_intent": {"amount_details", "hooks", "payment_details", "presentment_details"},
    "PaymentIntent.AmountDetails": {"discount_amount", "error", "line_items", "shipping", "tax"},
    "PaymentIntent.AmountDetails.Tip": {"amount"},
    "PaymentIntent.AutomaticPaymentMethods": {"allow_redirects"},
    "PaymentIntent.Shipping": {"address", "carrier", "name", "phone", "tracking_number"},
    "Charge.Shipping": {"address", "carrier", "name", "phone", "tracking_number"},
    "charge": {
        "authorization_code",
        "level3",
        "presentment_details",
        "radar_options",
        "refunds",
        "transfer",
    },
    "Charge.FraudDetails": {"stripe_report", "user_report"},
    "Charge.Outcome": {"risk_level", "risk_score", "rule"},
    "Charge.PaymentMethodDetails.UsBankAccount": {"mandate", "expected_debit_date", "payment_reference"},
    "Charge.PaymentMethodDetails.BacsDebit": {"expected_debit_date"},
    "Charge.PaymentMethodDetails.Klarna": {"location", "reader"},
    "Charge.PaymentMethodDetails.SepaDebit": {"expected_debit_date"},
    "balance": {"connect_reserved", "instant_available", "issuing"},
    "Balance.Available.SourceTypes": {"bank_account", "fpx"},
    "Balance.Available": {"source_types"},
    "Balance.Pending.SourceTypes": {"bank_account", "fpx"},
    "mandate": {"multi_use", "on_behalf_of", "single_use"},
    "Charge.PaymentMethodDetails.Card.ThreeDSecure": {
        "ares_trans_status",
        "cryptogram",
        "exemption_indicator_applied",
    },
    "Charge.PaymentMethodDetails.Card": {
        "capture_before",
        "description",
        "iin",
        "issuer",
        "moto",
        "partial_authorization",
        "setup_credential_usage",
        "stored_credential_usage",
    },
    "Charge.PaymentMethodDetails.Card.ExtendedAuthorization": set[str](),
    "PaymentMethod.Card": {"description", "iin", "issuer"},
    "refund": {
        "description",
        "destination_details",
        "failure_balance_transaction",
        "failure_reason",
        "instructions_email",
        "next_action",
        "pending_reason",
        "presentment_details",
    },
    "Refund.DestinationDetails.Card": {"reference"},
    "file": {"links"},
    "dispute": {"network_reason_code", "payment_method_details"},
    "Dispute.Evidence": {"appeal"},
    "Dispute.Evidence.EnhancedEvidence": {
        "mastercard_compliance",
        "visa_compelling_evidence_3",
        "visa_compliance",
    },
    "Dispute.EvidenceDetails.EnhancedEligibility": {
        "mastercard_compliance",
        "visa_compelling_evidence_3",
        "visa_compliance",
    },
    "payment_link": {"line_items", "name_collection", "optional_items"},
    "PaymentLink.AfterCompletion": {"hosted_confirmation", "redirect"},
    "PaymentLink.AutomaticTax.Liability": {"account"},
    "PaymentLink.CustomField": {"dropdown", "numeric", "text"},
    "PaymentLink.InvoiceCreation.InvoiceData.Issuer": {"account"},
    "radar.early_fraud_warning": {"payment_intent"},
    "coupon": {"applies_to", "currency_options"},
    "PromotionCode.Restrictions": {"currency_options"},
    "event": {"account", "context"},
    "Event.Data": {"previous_attributes"},
    "webhook_endpoint": {"secret"},
    "PaymentMethod.UsBankAccount.StatusDetails": {"blocked"},
    "Settings.StatusDetails": {"active", "pending"},
    "TaxId.Owner": {"account", "application", "customer", "customer_account"},
    "tax_code": {"requirements"},
    "invoice": {
        "amount_paid_off_stripe",
        "auto_advance",
        "confirmation_secret",
        "customer_tax_ids",
        "payments",
        "status_details",
        "threshold_reason",
    },
    "Invoice.AutomaticTax.Liability": {"account"},
    "Invoice.Issuer": {"account"},
    "InvoicePayment.Payment": {"charge", "payment_intent", "payment_record"},
    "InvoiceLineItem.Pricing": {"price_details"},
    "InvoiceLineItem.Tax": {"tax_rate_details"},
    "Invoice.TotalTax": {"tax_rate_details"},
    "Registration.CountryOptions": set(stripe.tax.Registration.CountryOptions.__annotations__),
}
# A member per payment method: only these are always there, the one named by `type` besides.
REQUIRED = {
    "account": {"id", "object"},
    "Account.Capabilities": set[str](),
    "Account.Controller": {"type"},
    "payment_method": {
        "id",
        "object",
        "billing_details",
        "created",
        "customer",
        "customer_account",
        "livemode",
        "metadata",
        "type",
    },
    "Charge.PaymentMethodDetails": {"type"},
    "Dispute.PaymentMethodDetails": {"type"},
    "Refund.DestinationDetails": {"type"},
    "PaymentIntent.NextAction": {"type"},
    "PaymentIntent.LastPaymentError": {"type"},
    "PaymentIntent.PaymentMethodOptions": set[str](),
    "PaymentIntent.PaymentMethodOptions.Card": {
        "installments",
        "mandate_options",
        "network",
        "request_three_d_secure",
    },
    "Session.PaymentMethodOptions": set[str](),
    # TypeScript marks these members with `?`: one per wallet, account or mandate kind.
    "Charge.PaymentMethodDetails.Card.Wallet": {"dynamic_last4", "type"},
    "CustomerCashBalanceTransaction.Funded.BankTransfer": {"reference", "type"},
    "Mandate.CustomerAcceptance": {"accepted_at", "type"},
    "Mandate.MultiUse": set[str](),
    "Mandate.PaymentMethodDetails": {"type"},
    "PaymentIntent.NextAction.DisplayBankTransferInstructions.FinancialAddress": {"type"},
    "PaymentMethod.Card.Wallet": {"dynamic_last4", "type"},
    "Session.PaymentMethodOptions.Card": {"request_three_d_secure"},
}

_LITERALS = (typing.Literal, typing_extensions.Literal)
_SCALARS = {str: str, int: int, bool: bool, float: (int, float), Decimal: str}


class _Names(dict[str, Any]):
    """Names the library imports for type checkers only; some are renamed to `…Resource` on the way."""

    def __missing__(self, name: str) -> Any:
        for part in (name, name.removesuffix("Resource")):
            if hasattr(stripe, part):
                return getattr(stripe, part)
        if name in {"Session", "CheckoutSession"}:
            return stripe.checkout.Session
        if any(hasattr(module, name) for module in (builtins, typing, typing_extensions)):
            raise KeyError(name)
        return StripeObject  # a kind the sandbox never sends


_CLASSES: dict[str, Any] = {
    "account": stripe.Account,
    "balance_transaction": stripe.BalanceTransaction,
    "balance": stripe.Balance,
    "cash_balance": stripe.CashBalance,
    "charge": stripe.Charge,
    "checkout.session": stripe.checkout.Session,
    "coupon": stripe.Coupon,
    "customer": stripe.Customer,
    "customer_cash_balance_transaction": stripe.CustomerCashBalanceTransaction,
    "discount": stripe.Discount,
    "dispute": stripe.Dispute,
    "file": stripe.File,
    "event": stripe.Event,
    "invoice": stripe.Invoice,
    "invoice_payment": stripe.InvoicePayment,
    "item": stripe.LineItem,
    "mandate": stripe.Mandate,
    "line_item": stripe.InvoiceLineItem,
    "payment_intent": stripe.PaymentIntent,
    "payment_link": stripe.PaymentLink,
    "payment_method": stripe.PaymentMethod,
    "payout": stripe.Payout,
    "price": stripe.Price,
    "product": stripe.Product,
    "promotion_code": stripe.PromotionCode,
    "refund": stripe.Refund,
    "radar.early_fraud_warning": stripe.radar.EarlyFraudWarning,
    "tax.registration": stripe.tax.Registration,
    "tax.settings": stripe.tax.Settings,
    "tax_code": stripe.TaxCode,
    "tax_id": stripe.TaxId,
    "tax_rate": stripe.TaxRate,
    "webhook_endpoint": stripe.WebhookEndpoint,
}


@cache
def members(cls: Any) -> dict[str, Any]:
    hints = typing_extensions.get_type_hints(cls, localns=_Names())
    return {
        name: hint
        for name, hint in hints.items()
        if not name.startswith("_") and not str(hint).startswith("typing.ClassVar")
    }


def _unpacked(hint: Any) -> list[Any]:
    """The classes of a hint, without Optional, Union and type arguments."""
    origin = typing_extensions.get_origin(hint)
    if origin is Union:
        return [
            cls for part in typing_extensions.get_args(hint) for cls in _unpacked(part) if cls is not type(None)
        ]
    return [origin or hint]


_STATES = ("status", "payment_status", "ui_mode", "type", "case_type", "reporting_category")


class Checker:
    """`seen` counts what was checked: types, and types with their status. `objects` has one of each state."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self.problems: list[str] = []
        self.objects: dict[tuple[str, ...], Any] = {}

    def check(self, value: Any) -> None:
        """Any JSON answer: an object, a list of them, or an event with its payload."""
        kind = value["object"]
        if kind == "list":
            assert set(value) == {"object", "data", "has_more", "url"}, value.keys()
            for part in value["data"]:
                self.check(part)
            return
        if value.get("deleted"):
            assert set(value) == {"id", "object", "deleted"}
            self.seen[f"{kind}:deleted"] += 1
            return
        self._object(value, _CLASSES[kind], kind)
        if kind == "event":
            self.check(value["data"]["object"])
            self._previous(value)
        else:
            state = (str(value.get(member)) for member in _STATES)
            self.objects.setdefault((kind, *state), value)

    def _previous(self, event: Any) -> None:
        """What changed, of the library's types; of a hash only the members that changed, null where none was."""
        body, previous = event["data"]["object"], event["data"].get("previous_attributes")
        if previous is None:
            return
        if not previous:
            self.problems.append(f"{event['type']}: previous_attributes without any")
        self._part(previous, body, _CLASSES[body["object"]], f"{event['type']}: previous")

    def _part(self, part: Any, now: Any, cls: Any, path: str) -> None:
        known = members(cls)
        for name, was in part.items():
            hint = known.get(name)
            if hint is None:
                self.problems.append(f"{path} {name}: unknown")
            elif isinstance(was, dict) and isinstance(now.get(name), dict):
                self._hash_part(was, now[name], hint, f"{path} {name}")
            elif was is None:
                if now.get(name) is None:
                    self.problems.append(f"{path} {name}: null before and after")
            else:
                self._value(was, hint, f"{path} {name}")
                if was == now.get(name):
                    self.problems.append(f"{path} {name}: did not change")

    def _hash_part(self, was: Any, now: Any, hint: Any, path: str) -> None:
        cls = next((part for part in _unpacked(hint) if isinstance(part, type)), None)
        if cls is None or cls.__name__ == "UntypedStripeObject" or cls is dict:
            for key, value in was.items():
                if value is not None and not isinstance(value, str):
                    self.problems.append(f"{path} {key}: {value!r} is no text")
                if value == now.get(key):
                    self.problems.append(f"{path} {key}: did not change")
        else:
            self._part(was, now, cls, path)

    def _object(self, value: Any, cls: Any, path: str) -> None:
        known = members(cls)
        name = value.get("object") if isinstance(value.get("object"), str) else cls.__qualname__
        self._count(value, str(name))
        needed = REQUIRED.get(str(name))
        if needed is None:
            needed = set(known) - OPTIONAL.get(str(name), set()) - {"deleted"}
        elif isinstance(value.get("type"), str) and value["type"] in known:
            needed = needed | {value["type"]}
        self.problems += [f"{path}: unknown {part} ({name})" for part in set(value) - set(known)]
        self.problems += [f"{path}: missing {part} ({name})" for part in needed - set(value)]
        for part in set(value) & set(known):
            self._value(value[part], known[part], f"{path}.{part}")

    def _count(self, value: Any, name: str) -> None:
        self.seen[name] += 1
        for member in _STATES:
            if isinstance(value.get(member), str):
                self.seen[f"{name}:{member}={value[member]}"] += 1

    def _value(self, value: Any, hint: Any, path: str) -> None:
        origin, arguments = typing_extensions.get_origin(hint), typing_extensions.get_args(hint)
        if origin is Union:
            self._union(value, arguments, path)
        elif origin in _LITERALS:
            if value not in arguments:
                self.problems.append(f"{path}: {value!r} is none of {arguments}")
        elif value is None:
            self.problems.append(f"{path}: null")
        elif origin in {list, ListObject}:
            self._items(value, arguments[0], path)
        elif hint in _SCALARS:
            expected: Any = _SCALARS[hint]
            if not isinstance(value, expected) or (isinstance(value, bool) and hint is not bool):
                self.problems.append(f"{path}: {value!r} is no {hint}")
        else:
            self._hash(value, origin or hint, arguments, path)

    def _items(self, value: Any, hint: Any, path: str) -> None:
        if isinstance(value, dict):
            assert set(value) == {"object", "data", "has_more", "url"}, path
        for place, part in enumerate(value["data"] if isinstance(value, dict) else value):
            self._value(part, hint, f"{path}[{place}]")

    def _hash(self, value: Any, cls: Any, arguments: tuple[Any, ...], path: str) -> None:
        if not isinstance(value, dict):
            self.problems.append(f"{path}: {value!r} is no hash")
        elif cls.__name__ == "UntypedStripeObject":
            for key, part in value.items():
                if arguments and arguments[0] is not Any:
                    self._value(part, arguments[0], f"{path}.{key}")
        else:
            self._object(value, cls, path)

    def _union(self, value: Any, arguments: tuple[Any, ...], path: str) -> None:
        """A listed enum is closed here although the library lets unknown values through."""
        if value is None:
            if type(None) not in arguments:
                self.problems.append(f"{path}: null")
            return
        rest = [part for part in arguments if part is not type(None)]
        enums = [part for part in rest if typing_extensions.get_origin(part) in _LITERALS]
        if enums:
            self._value(value, enums[0], path)
        elif isinstance(value, dict):
            hashes = [part for part in rest if part not in _SCALARS]
            by_name = [part for part in hashes if getattr(part, "OBJECT_NAME", None) == value.get("object")]
            self._value(value, (by_name or hashes)[0], path)
        elif str in rest:
            self._value(value, str, path)
        else:
            self._value(value, rest[0], path)
