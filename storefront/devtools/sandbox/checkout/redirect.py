"""When the buyer may leave the page, and where to."""

from storefront.devtools.sandbox.checkout.intents import find_intent
from storefront.devtools.sandbox.settings import WebhookOrder
from storefront.devtools.sandbox.storage.records import Json, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork

_PLACEHOLDER = "{CHECKOUT_SESSION_ID}"


def poll(work: UnitOfWork, session: Record) -> Json:
    body = session.body
    is_ready = body["status"] == "complete" and not _waits_for_webhook(work, session)
    if is_ready and "redirected_at" not in session.private:
        note_redirect(work, session)
    intent = find_intent(work, session)
    intent_status = status_of(intent)
    return {
        "state": _state(body, intent_status),
        "payment_object_status": intent_status,
        "payment_status": body["payment_status"],
        "redirect_ready": is_ready,
        "redirect_url": _details_url(body, intent) or way_back(body),
        "status": body["status"],
    }


def _state(body: Json, intent_status: str | None) -> str:
    if body["status"] != "complete":
        return "expired" if body["status"] == "expired" else "active"
    if body["payment_status"] != "unpaid":
        return "succeeded"
    return "processing" if intent_status in {"processing", "requires_action"} else "failed"


def status_of(intent: Record | None) -> str | None:
    return None if intent is None else intent.body["status"]


def _details_url(body: Json, intent: Record | None) -> str | None:
    """Return the page with the voucher or the bank's details: a hosted form leads there, not back to the shop."""
    action = (None if intent is None else intent.body["next_action"]) or {}
    details = action.get(action.get("type", ""), {})
    url = details.get("hosted_voucher_url") or details.get("hosted_instructions_url")
    return str(url) if url and body["ui_mode"] == "hosted_page" else None


def way_back(body: Json) -> str | None:
    """Return where the page leads; cards and debits never leave it, so `if_required` does not redirect."""
    if body["ui_mode"] == "hosted_page":
        url = body["success_url"]
    elif body.get("redirect_on_completion", "always") == "always":
        url = body.get("return_url")
    else:
        url = None
    return None if url is None else str(url).replace(_PLACEHOLDER, body["id"])


def _waits_for_webhook(work: UnitOfWork, session: Record) -> bool:
    waited_seconds = work.now - session.private["completed_at"]
    if not _may_wait(work, session) or waited_seconds >= work.settings.completion_wait_seconds:
        return False
    return _has_open_delivery(work, session)


def _may_wait(work: UnitOfWork, session: Record) -> bool:
    """Stripe holds a hosted page up to ten seconds for the answer to checkout.session.completed."""
    if work.settings.webhook_order is WebhookOrder.AS_IT_COMES:
        return bool(session.body["ui_mode"] == "hosted_page")
    return work.settings.webhook_order is WebhookOrder.WEBHOOK_FIRST


def _has_open_delivery(work: UnitOfWork, session: Record) -> bool:
    row = work.records.connection.execute(
        "SELECT count(*) AS waiting FROM deliveries WHERE object_id = ? AND event_type ="
        " 'checkout.session.completed' AND is_resend = 0 AND state IN ('pending', 'held', 'in_flight')",
        (session.id,),
    ).fetchone()
    return bool(row["waiting"])


def note_redirect(work: UnitOfWork, session: Record) -> None:
    session.private["redirected_at"] = work.now
    work.records.save(session)
    delay = work.settings.page_first_delay_seconds
    if work.settings.webhook_order is WebhookOrder.PAGE_FIRST and delay is not None:
        work.set_timer("release", session.id, work.now + delay)
