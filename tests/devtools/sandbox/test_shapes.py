"""Every object the sandbox sends has the shape of the installed library's class, in every state."""

import io
from pathlib import Path
from typing import Any

import pytest
import stripe

from tests.devtools.sandbox.calls import Calls
from tests.devtools.sandbox.node_types import find_compiler, problems_of
from tests.devtools.sandbox.shapes import Checker

EXPECTED = {
    "account",
    "balance_transaction",
    "balance_transaction:type=charge",
    "balance_transaction:type=refund",
    "balance_transaction:type=refund_failure",
    "charge:status=succeeded",
    "charge:status=pending",
    "charge:status=failed",
    "checkout.session:status=open",
    "checkout.session:status=complete",
    "checkout.session:status=expired",
    "checkout.session:payment_status=paid",
    "checkout.session:payment_status=unpaid",
    "checkout.session:payment_status=no_payment_required",
    "checkout.session:ui_mode=elements",
    "checkout.session:ui_mode=embedded_page",
    "checkout.session:ui_mode=form",
    "checkout.session:ui_mode=hosted_page",
    "coupon",
    "coupon:deleted",
    "customer",
    "customer:deleted",
    "discount",
    "event",
    "event:type=charge.refunded",
    "event:type=checkout.session.async_payment_failed",
    "event:type=checkout.session.async_payment_succeeded",
    "event:type=checkout.session.completed",
    "event:type=checkout.session.expired",
    "event:type=payment_intent.requires_action",
    "event:type=refund.failed",
    "event:type=refund.updated",
    "item",
    "payment_intent:status=canceled",
    "payment_intent:status=processing",
    "payment_intent:status=requires_action",
    "payment_intent:status=requires_confirmation",
    "payment_intent:status=requires_payment_method",
    "payment_intent:status=succeeded",
    "payment_method:type=card",
    "payment_method:type=sepa_debit",
    "payment_method:type=us_bank_account",
    "price:type=one_time",
    "price:type=recurring",
    "product",
    "product:deleted",
    "promotion_code",
    "refund:status=canceled",
    "refund:status=failed",
    "refund:status=pending",
    "refund:status=succeeded",
    "webhook_endpoint:status=disabled",
    "webhook_endpoint:status=enabled",
    "Charge.Outcome:type=authorized",
    "Charge.Outcome:type=blocked",
    "Charge.Outcome:type=issuer_declined",
    "Charge.PaymentMethodDetails.Card.ThreeDSecure",
    "PaymentIntent.LastPaymentError:type=card_error",
    "PaymentIntent.LastPaymentError:type=invalid_request_error",
    "PaymentIntent.NextAction",
    "PaymentIntent.Shipping",
    "Session.CustomerDetails.TaxId",
    "Session.CustomField",
    "Session.TotalDetails.Breakdown.Discount",
    "Session.TotalDetails.Breakdown.Tax",
    "event:type=customer.tax_id.updated",
    "event:type=invoice.paid",
    "event:type=invoice_payment.paid",
    "invoice:status=draft",
    "invoice:status=paid",
    "line_item",
    "tax.registration",
    "tax.settings",
    "tax_code",
    "tax_id",
    "tax_rate",
    "Session.Consent",
}

DISPUTE_STATUSES = (
    "appeal_needs_response",
    "appeal_under_review",
    "lost",
    "needs_response",
    "prevented",
    "under_review",
    "warning_closed",
    "warning_needs_response",
    "warning_under_review",
    "won",
)
EXPECTED |= {f"dispute:status={status}" for status in DISPUTE_STATUSES} | {
    "Dispute.PaymentMethodDetails.Card:case_type=chargeback",
    "Dispute.PaymentMethodDetails.Card:case_type=inquiry",
    "balance_transaction:reporting_category=dispute",
    "balance_transaction:reporting_category=dispute_reversal",
    "event:type=charge.dispute.closed",
    "event:type=charge.dispute.created",
    "event:type=charge.dispute.funds_reinstated",
    "event:type=charge.dispute.funds_withdrawn",
    "event:type=charge.dispute.updated",
    "PaymentLink.AfterCompletion:type=hosted_confirmation",
    "PaymentLink.AfterCompletion:type=redirect",
    "PaymentLink.CustomField:type=dropdown",
    "PaymentLink.PaymentIntentData",
    "PaymentLink.Restrictions.CompletedSessions",
    "event:type=payment_link.created",
    "event:type=payment_link.updated",
    "event:type=radar.early_fraud_warning.created",
    "payment_link",
    "event:type=radar.early_fraud_warning.updated",
    "radar.early_fraud_warning",
}
COMPANY_ACCOUNT = (
    "us_bank_account[account_number]=000123456789",
    "us_bank_account[routing_number]=110000000",
    "us_bank_account[account_holder_type]=company",
)


@pytest.fixture
def checker() -> Checker:
    return Checker()


def pay_in_every_way(sandbox: Calls) -> None:
    for how in (
        {"payment_method": "pm_card_visa", "tax_id": {"type": "eu_vat", "value": "DE123456789"}},
        {"payment_method": "pm_card_amex"},
        {"payment_method": "pm_card_visa_chargeDeclined"},
        {"payment_method": "pm_card_radarBlock"},
        {"payment_method": "pm_card_chargeDeclinedExpiredCard"},
        {"payment_method": "pm_card_threeDSecure2Required"},
        {"payment_method": "pm_card_threeDSecure2Required", "authenticate": "fail"},
        {"payment_method": "pm_card_threeDSecure2Required", "authenticate": None},
        {"payment_method": "pm_card_riskLevelElevated"},
        {"payment_method": "ach_processing"},
    ):
        sandbox.pay(sandbox.make_session(tax_id_collection={"enabled": True}).id, **how)
    euros = sandbox.make_price(currency="eur")
    for method in ("sepa_success", "sepa_failure", "ach_success", "ach_failure"):
        session = sandbox.make_session(euros if method.startswith("sepa") else None)
        paid = sandbox.pay(session.id, payment_method=method)
        sandbox.control(f"payment_intents/{paid.json['payment_intent']['id']}/settle")


def sell_in_every_way(sandbox: Calls) -> None:
    """Sessions whose own members differ."""
    sandbox.make_hosted_session()
    full = sandbox.make_hosted_session(
        adaptive_pricing={"enabled": False},
        allow_promotion_codes=True,
        automatic_tax={"enabled": True},
        billing_address_collection="required",
        branding_settings={"display_name": "Lantern Press", "button_color": "#112233"},
        cancel_url="http://127.0.0.1:8000/cart",
        client_reference_id="order_1",
        consent_collection={"terms_of_service": "required"},
        custom_fields=[
            {"key": "a", "type": "text", "label": {"type": "custom", "custom": "A"}},
            {
                "key": "b",
                "type": "dropdown",
                "label": {"type": "custom", "custom": "B"},
                "dropdown": {"options": [{"label": "x", "value": "x"}]},
            },
        ],
        custom_text={"submit": {"message": "Thank you"}},
        customer_creation="always",
        customer_email="reader@example.com",
        excluded_payment_method_types=["us_bank_account"],
        invoice_creation={"enabled": True, "invoice_data": {"footer": "bye", "metadata": {"a": "b"}}},
        locale="de",
        metadata={"order": "1"},
        payment_intent_data={
            "description": "d",
            "receipt_email": "reader@example.com",
            "metadata": {"order": "1"},
            "shipping": {"name": "Ada", "address": {"line1": "1 Way", "country": "US"}},
            "statement_descriptor_suffix": "FILES",
        },
        submit_type="pay",
        tax_id_collection={"enabled": True, "required": "if_supported"},
    )
    sandbox.pay(full.id)
    sandbox.make_session(redirect_on_completion="if_required")
    never: dict[str, object] = {
        "mode": "payment",
        "ui_mode": "embedded_page",
        "redirect_on_completion": "never",
        "line_items": [{"price": sandbox.make_price(), "quantity": 1}],
    }
    sandbox.v1.checkout.sessions.create(never)  # type: ignore[arg-type]
    sandbox.make_session(ui_mode="elements")
    sandbox.make_session(ui_mode="form")
    sandbox.v1.checkout.sessions.expire(sandbox.make_session().id)
    declined = sandbox.make_session()
    sandbox.pay(declined.id, payment_method="pm_card_visa_chargeDeclined")
    sandbox.v1.checkout.sessions.expire(declined.id)
    sandbox.pay(sandbox.make_session(sandbox.make_price(0)).id)
    code = sandbox.make_promotion_code("HALF", percent_off=50, name="Half")
    sandbox.pay(sandbox.make_session(discounts=[{"promotion_code": code}]).id)


def tax_in_every_way(sandbox: Calls, checker: Checker) -> None:
    price = sandbox.make_price(currency="eur", tax_behavior="exclusive")
    session = sandbox.make_session(
        price,
        automatic_tax={"enabled": True},
        tax_id_collection={"enabled": True},
        invoice_creation={"enabled": True},
    )
    buyer = {"email": "ada+location_JP@example.com", "tax_id": {"type": "eu_vat", "value": "FR000000000"}}
    sandbox.pay(session.id, country="FR", **buyer)
    paid = "&".join(f"expand[]={path}" for path in ("total_details.breakdown", "line_items.data.taxes"))
    checker.check(sandbox.get(f"/v1/checkout/sessions/{session.id}", paid))
    kept = sandbox.get(f"/v1/customers/{sandbox.session(session.id)['customer']}/tax_ids")
    checker.check(kept)
    sandbox.control(f"tax_ids/{kept['data'][0]['id']}/verify")
    for path in ("tax/settings", "tax/registrations", "tax_rates", "tax_codes", "invoices"):
        checker.check(sandbox.get(f"/v1/{path}"))


def dispute_in_every_way(sandbox: Calls) -> None:
    for status in DISPUTE_STATUSES:
        sandbox.pay(sandbox.make_session().id, payment_method="pm_card_mastercard")
        charge = sandbox.get("/v1/charges", "limit=1")["data"][0]
        sandbox.control(f"charges/{charge['id']}/dispute", status=status)
    sandbox.pay(sandbox.make_session().id, payment_method="pm_card_createIssuerFraudRecord")
    suspected = sandbox.get("/v1/radar/early_fraud_warnings")["data"][0]
    sandbox.v1.refunds.create({"charge": suspected["charge"]})
    euros = sandbox.make_session(sandbox.make_price(currency="eur"))
    paid = sandbox.pay(euros.id, payment_method="sepa_dispute")
    sandbox.control(f"payment_intents/{paid.json['payment_intent']['id']}/settle")
    open_id = next(
        entry["id"]
        for entry in sandbox.get("/v1/disputes", "limit=100")["data"]
        if entry["status"] == "needs_response"
    )
    file = sandbox.v1.files.create({"file": io.BytesIO(b"%PDF-1.7"), "purpose": "dispute_evidence"})
    evidence: stripe.params.DisputeUpdateParams = {
        "evidence": {"uncategorized_text": "losing_evidence", "receipt": file.id},
        "intended_submission_method": "manual",
    }
    sandbox.v1.disputes.update(open_id, {**evidence, "submit": False})


def link_in_every_way(sandbox: Calls) -> None:
    price = sandbox.make_price()
    sandbox.v1.payment_links.create({"line_items": [{"price": price, "quantity": 1}]})
    option: Any = {"label": "x", "value": "x"}
    full: stripe.params.PaymentLinkCreateParams = {
        "after_completion": {"type": "redirect", "redirect": {"url": "https://shop.example/thanks"}},
        "automatic_tax": {"enabled": True},
        "consent_collection": {"terms_of_service": "required"},
        "custom_fields": [
            {
                "key": "b",
                "type": "dropdown",
                "label": {"type": "custom", "custom": "B"},
                "dropdown": {"options": [option]},
            }
        ],
        "custom_text": {"submit": {"message": "Thank you"}},
        "inactive_message": "Sold out",
        "invoice_creation": {"enabled": True, "invoice_data": {"footer": "bye"}},
        "line_items": [{"price": price, "quantity": 1, "adjustable_quantity": {"enabled": True, "maximum": 5}}],
        "metadata": {"campaign": "spring"},
        "payment_intent_data": {"metadata": {"a": "b"}, "description": "d"},
        "payment_method_types": ["card"],
        "restrictions": {"completed_sessions": {"limit": 1}},
        "submit_type": "donate",
        "tax_id_collection": {"enabled": True},
    }
    link = sandbox.v1.payment_links.create(full)
    sandbox.http.get(link.url, allow_redirects=False, timeout=60)
    sandbox.pay(sandbox.look("sessions")["data"][-1]["id"])


def is_untouched(sandbox: Calls, charge: Any) -> bool:
    """Paid, and neither refunded nor disputed."""
    if charge["status"] != "succeeded" or charge["amount_refunded"]:
        return False
    return not sandbox.get("/v1/disputes", f"charge={charge['id']}")["data"]


def do_the_rest(sandbox: Calls, checker: Checker) -> None:
    """Calls whose answers no event shows."""
    for path, text in (
        ("/v1/payment_intents", "amount=500&currency=usd&payment_method=pm_card_visa"),
        ("/v1/prices", "currency=usd&unit_amount=500&product_data[name]=x&recurring[interval]=month"),
        (
            "/v1/prices",
            "currency=usd&product_data[name]=x&custom_unit_amount[enabled]=true&custom_unit_amount[preset]=900",
        ),
        ("/v1/prices", "currency=usd&unit_amount_decimal=0.5&product_data[name]=x&lookup_key=half"),
        ("/v1/customers", "email=a@example.com&address[country]=US&shipping[name]=A&shipping[address][line1]=1"),
        (
            "/v1/payment_methods",
            f"type=us_bank_account&{'&'.join(COMPANY_ACCOUNT)}",
        ),
        ("/v1/webhook_endpoints", "url=http://127.0.0.1:9/&enabled_events[]=charge.refunded"),
    ):
        answer = sandbox.call("POST", path, text)
        assert answer.status == 200, answer.json
        checker.check(answer.json)
    endpoint = sandbox.get("/v1/webhook_endpoints")["data"][0]
    checker.check(sandbox.call("POST", f"/v1/webhook_endpoints/{endpoint['id']}", "disabled=true").json)
    for path in ("customers", "coupons", "products"):
        body = "percent_off=10" if path == "coupons" else "name=Gone"
        answered = sandbox.call("POST", f"/v1/{path}", body).json
        checker.check(sandbox.call("DELETE", f"/v1/{path}/{answered['id']}").json)
    charges = [entry for entry in sandbox.get("/v1/charges", "limit=100")["data"] if is_untouched(sandbox, entry)]
    card = next(entry for entry in charges if entry["payment_method_details"]["type"] == "card")
    sandbox.v1.refunds.create({"charge": card["id"], "amount": 100, "reason": "duplicate"})
    checker.check(sandbox.call("POST", "/v1/refunds", f"charge={card['id']}").json)
    debit = next(entry for entry in charges if entry["payment_method_details"]["type"] == "sepa_debit")
    for result in ("failed", "canceled", "succeeded"):
        refund = sandbox.v1.refunds.create({"charge": debit["id"], "amount": 100})
        checker.check(sandbox.get(f"/v1/refunds/{refund.id}"))
        sandbox.control(f"refunds/{refund.id}/settle", result=result)


def test_has_the_shape_the_libraries_declare(sandbox: Calls, checker: Checker, tmp_path: Path) -> None:
    """Python's library, and Node's where it is installed."""
    pay_in_every_way(sandbox)
    tax_in_every_way(sandbox, checker)
    sell_in_every_way(sandbox)
    dispute_in_every_way(sandbox)
    link_in_every_way(sandbox)
    do_the_rest(sandbox, checker)
    checker.check(sandbox.get("/v1/account"))
    for path, expand in (
        ("checkout/sessions", "data.line_items"),
        ("checkout/sessions", "data.total_details.breakdown"),
        ("checkout/sessions", "data.payment_intent.payment_method"),
        ("checkout/sessions", "data.customer"),
        ("payment_intents", "data.latest_charge.balance_transaction"),
        ("charges", "data.refunds"),
        ("refunds", "data.charge"),
        ("refunds", "data.balance_transaction"),
        ("refunds", "data.failure_balance_transaction"),
        ("balance_transactions", "data.source"),
        ("checkout/sessions", "data.payment_link"),
        ("payment_links", "data.line_items"),
        ("products", "data.default_price"),
        ("prices", "data.product"),
        ("coupons", ""),
        ("customers", ""),
        ("promotion_codes", "data.promotion.coupon"),
        ("disputes", "data.charge"),
        ("disputes", "data.payment_intent"),
        ("radar/early_fraud_warnings", "data.charge"),
        ("radar/early_fraud_warnings", "data.payment_intent"),
        ("webhook_endpoints", ""),
        ("events", ""),
    ):
        checker.check(sandbox.get(f"/v1/{path}", f"limit=100&expand[]={expand}" if expand else "limit=100"))
    for event in sandbox.look("events")["data"]:
        checker.check(event)
    for session in sandbox.look("sessions")["data"]:
        checker.check(sandbox.get(f"/v1/checkout/sessions/{session['id']}/line_items"))
    assert not checker.problems, "\n".join(sorted(set(checker.problems)))
    assert EXPECTED - set(checker.seen) == set()
    compiler = find_compiler()
    if compiler is not None:
        assert problems_of(compiler, tmp_path, checker.objects.values()) == ""


def test_notices_what_is_wrong(sandbox: Calls, checker: Checker) -> None:
    """The checker itself: a missing, an unknown, a null and a badly typed member, and a wrong enum."""
    session = sandbox.session(sandbox.make_session().id)
    del session["expires_at"]
    session["surprise"] = 1
    session["created"] = "now"
    session["livemode"] = None
    session["status"] = "done"
    checker.check(session)
    assert len(checker.problems) == 5
    assert stripe.api_version == "2026-10-28.endive"
