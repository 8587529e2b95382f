"""The invoice of a payment, where `invoice_creation` asks Checkout for one: made, finalized, paid."""

from storefront.devtools.sandbox.api.addresses import full_address
from storefront.devtools.sandbox.api.lists import list_answer
from storefront.devtools.sandbox.checkout.line_items import line_items
from storefront.devtools.sandbox.checkout.payer import Payer
from storefront.devtools.sandbox.ids import new_id
from storefront.devtools.sandbox.storage.records import Json, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork
from storefront.devtools.sandbox.tax.calculation import sum_taxes

_PAID_BY_CHECKOUT = ("invoice.finalized", "invoice.sent", "invoice.paid", "invoice.payment_succeeded")


def add_invoice(work: UnitOfWork, session: Record, payer: Payer) -> None:
    """Make the paid invoice and name it on the session; its events come with `announce_invoice`."""
    if not session.body["invoice_creation"]["enabled"] or session.body["customer"] is None:
        return
    customer = work.records.get("customer", session.body["customer"])
    number = f"{customer.body['invoice_prefix']}-{customer.body['next_invoice_sequence']:04}"
    customer.body["next_invoice_sequence"] += 1
    work.records.save(customer)
    invoice_id = new_id("in_1")
    work.records.add(_invoice(work, session, payer, invoice_id, number), {"session": session.id})
    session.body["invoice"] = invoice_id


def announce_invoice(work: UnitOfWork, session: Record) -> None:
    """Tell of the invoice in Stripe's order: after the session that it belongs to."""
    if session.body["invoice"] is None:
        return
    invoice = work.records.get("invoice", session.body["invoice"]).body
    draft = {**invoice, "number": None, "status": "draft", "amount_paid": 0, "amount_remaining": invoice["total"]}
    work.emit("invoice.created", {**draft, "hosted_invoice_url": None, "invoice_pdf": None})
    for event_type in _PAID_BY_CHECKOUT:
        work.emit(event_type, invoice)
    work.emit("invoice_payment.paid", _payment(work, session, invoice))


def _invoice(work: UnitOfWork, session: Record, payer: Payer, invoice_id: str, number: str) -> Json:
    body, total = session.body, session.body["amount_total"]
    data = body["invoice_creation"]["invoice_data"]
    lines = [_line(work, invoice_id, item) for item in line_items(work, session)]
    for line, row in zip(lines, session.private["lines"], strict=True):
        line["taxes"] = [_tax(tax) for tax in row["taxes"]]
    before_tax = total - body["total_details"]["amount_tax"]
    url = f"{work.base_url}/invoices/{invoice_id}"
    return {
        "id": invoice_id,
        "object": "invoice",
        "account_country": work.settings.tax_origin or "US",
        "account_name": body["branding_settings"]["display_name"],
        "account_tax_ids": data["account_tax_ids"],
        "amount_due": total,
        "amount_overpaid": 0,
        "amount_paid": total,
        "amount_remaining": 0,
        "amount_shipping": 0,
        "application": None,
        "attempt_count": 0,
        "attempted": True,
        "auto_advance": False,
        "automatic_tax": {"disabled_reason": None, **body["automatic_tax"]},
        "automatically_finalizes_at": None,
        "billing_reason": "manual",
        "collection_method": "send_invoice",
        "created": work.now,
        "currency": body["currency"],
        "custom_fields": data["custom_fields"],
        "customer": body["customer"],
        "customer_account": None,
        "customer_address": full_address(payer.address),
        "customer_email": payer.email,
        "customer_name": payer.name,
        "customer_phone": None,
        "customer_shipping": None,
        "customer_tax_exempt": "none",
        "customer_tax_ids": list(payer.tax_ids),
        "default_payment_method": None,
        "default_source": None,
        "default_tax_rates": [],
        "description": data["description"],
        "discounts": [],
        "due_date": work.now,
        "effective_at": work.now,
        "ending_balance": 0,
        "footer": data["footer"],
        "from_invoice": None,
        "hosted_invoice_url": url,
        "invoice_pdf": f"{url}/pdf",
        "issuer": {"type": "self"},
        "last_finalization_error": None,
        "latest_revision": None,
        "lines": list_answer(lines, f"/v1/invoices/{invoice_id}/lines"),
        "livemode": False,
        "metadata": data["metadata"],
        "next_payment_attempt": None,
        "number": number,
        "on_behalf_of": None,
        "parent": None,
        "payment_settings": {
            "default_mandate": None,
            "payment_method_options": None,
            "payment_method_types": None,
        },
        "period_end": work.now,
        "period_start": work.now,
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "receipt_number": None,
        "rendering": {
            "amount_tax_display": None,
            "pdf": {"page_size": "letter"},
            "template": None,
            "template_version": None,
        },
        "shipping_cost": None,
        "shipping_details": None,
        "starting_balance": 0,
        "statement_descriptor": None,
        "status": "paid",
        "status_transitions": {
            "finalized_at": work.now,
            "marked_uncollectible_at": None,
            "paid_at": work.now,
            "voided_at": None,
        },
        "subtotal": body["amount_subtotal"],
        "subtotal_excluding_tax": before_tax + body["total_details"]["amount_discount"],
        "test_clock": None,
        "total": total,
        "total_discount_amounts": [],
        "total_excluding_tax": before_tax,
        "total_pretax_credit_amounts": [],
        "total_taxes": [_tax(tax) for tax in sum_taxes(session)],
        "webhooks_delivered_at": work.now,
    }


def _tax(tax: Json) -> Json:
    return {
        "amount": tax["amount"],
        "tax_behavior": "inclusive" if tax["rate"]["inclusive"] else "exclusive",
        "tax_rate_details": {"tax_rate": tax["rate"]["id"]},
        "taxability_reason": tax["taxability_reason"],
        "taxable_amount": tax["taxable_amount"],
        "type": "tax_rate_details",
    }


def _line(work: UnitOfWork, invoice_id: str, item: Json) -> Json:
    parent = {
        "invoice_item": new_id("ii_1"),
        "proration": False,
        "proration_details": {"credited_items": None},
        "subscription": None,
    }
    price = item["price"]
    return {
        "id": new_id("il_1"),
        "object": "line_item",
        "amount": item["amount_subtotal"],
        "currency": item["currency"],
        "description": item["description"],
        "discount_amounts": [],
        "discountable": True,
        "discounts": [],
        "invoice": invoice_id,
        "livemode": False,
        "metadata": {},
        "parent": {
            "invoice_item_details": parent,
            "subscription_item_details": None,
            "type": "invoice_item_details",
        },
        "period": {"end": work.now, "start": work.now},
        "pretax_credit_amounts": [],
        "pricing": {
            "price_details": {"price": price["id"], "product": price["product"]},
            "type": "price_details",
            "unit_amount_decimal": price["unit_amount_decimal"],
        },
        "quantity": item["quantity"],
        "quantity_decimal": str(item["quantity"]),
        "subscription": None,
        "subtotal": item["amount_subtotal"],
    }


def _payment(work: UnitOfWork, session: Record, invoice: Json) -> Json:
    return {
        "id": new_id("inpay_1"),
        "object": "invoice_payment",
        "amount_paid": invoice["total"],
        "amount_requested": invoice["total"],
        "created": work.now,
        "currency": invoice["currency"],
        "invoice": invoice["id"],
        "is_default": True,
        "livemode": False,
        "payment": {"payment_intent": session.body["payment_intent"], "type": "payment_intent"},
        "status": "paid",
        "status_transitions": {"canceled_at": None, "paid_at": work.now},
    }
