"""Tax ids that belong to a Customer: kept, and answered for by a register some time later."""

from storefront.devtools.sandbox.api.updates import save_change
from storefront.devtools.sandbox.ids import new_id
from storefront.devtools.sandbox.storage.records import Json, Query, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork
from storefront.devtools.sandbox.tax.tax_ids import country_of, first_verification, later_verification

TIMER = "tax_id"
_MOST = 100


def add_tax_id(work: UnitOfWork, customer_id: str, tax_id: Json, name: str | None) -> Record:
    status = first_verification(tax_id)
    record = work.records.add(
        {
            "id": new_id("txi_1"),
            "object": "tax_id",
            "country": country_of(tax_id),
            "created": work.now,
            "customer": customer_id,
            "customer_account": None,
            "livemode": False,
            "owner": {"customer": customer_id, "customer_account": None, "type": "customer"},
            "type": tax_id["type"],
            "value": tax_id["value"],
            "verification": {"status": status, "verified_address": None, "verified_name": None},
        },
        {"name": name},
    )
    work.emit("customer.tax_id.created", record.body)
    if status == "pending":
        work.settle_later(TIMER, record.id)
    return record


def keep_tax_ids(work: UnitOfWork, customer_id: str, tax_ids: tuple[Json, ...], name: str | None) -> None:
    """Give a Customer what a buyer typed, once."""
    known = {(body["type"], body["value"]) for body in list_tax_ids(work, customer_id)}
    for tax_id in tax_ids:
        if (tax_id["type"], tax_id["value"]) not in known:
            add_tax_id(work, customer_id, tax_id, name)


def list_tax_ids(work: UnitOfWork, customer_id: str) -> list[Json]:
    """Return a Customer's tax ids, newest first."""
    records, _ = work.records.page(Query(kind="tax_id", where=(("customer", customer_id),), limit=_MOST))
    return [record.body for record in records]


def verify(work: UnitOfWork, tax_id: Record, status: str | None = None) -> None:
    """Let the register answer; without a status the number decides, and some stay pending."""
    work.drop_timer(TIMER, tax_id.id)
    verdict = status or later_verification(tax_id.body["value"])
    old = tax_id.body["verification"]
    name = tax_id.private.get("name") if verdict == "verified" else None
    tax_id.body["verification"] = {**old, "status": verdict, "verified_name": name}
    changed = {key: value for key, value in old.items() if value != tax_id.body["verification"][key]}
    save_change(work, tax_id, {"verification": changed} if changed else {}, "customer.tax_id.updated")
