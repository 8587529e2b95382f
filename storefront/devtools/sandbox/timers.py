"""What happens by itself: sessions expire, debits and refunds settle, disputes end, events are released."""

import threading
from collections.abc import Callable

from storefront.devtools.sandbox import clock
from storefront.devtools.sandbox.checkout.completion import end_voucher_of, expire, settle_payment
from storefront.devtools.sandbox.payments.delayed import can_settle
from storefront.devtools.sandbox.payments.dispute_evidence import find_verdict
from storefront.devtools.sandbox.payments.disputes import move_dispute
from storefront.devtools.sandbox.payments.payment_intents import book_now
from storefront.devtools.sandbox.payments.payouts import arrive
from storefront.devtools.sandbox.payments.refunds import settle_refund, usual_end
from storefront.devtools.sandbox.storage.database import DatabaseClosedError
from storefront.devtools.sandbox.storage.store import Store
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork
from storefront.devtools.sandbox.tax.customer_tax_ids import verify
from storefront.devtools.sandbox.webhooks.deliveries import release

_LONGEST_SLEEP_SECONDS = 30.0


class Timers:
    """Timers live in the database, so what fell due while the sandbox was down happens at the next start."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="timers", daemon=True)

    def start(self) -> None:
        self._store.on_timers = self._wake.set
        self._thread.start()

    def stop(self) -> None:
        self._stopping = True
        self._wake.set()
        self._thread.join(2)

    def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            try:
                fire_due(self._store)
                due = _next_due(self._store)
            except DatabaseClosedError:
                return
            wait = _LONGEST_SLEEP_SECONDS if due is None else max(due - clock.now(self._store.settings), 0.005)
            self._wake.wait(min(wait, _LONGEST_SLEEP_SECONDS))


def fire_due(store: Store) -> None:
    """Do what is due in order of time, also what a timer of the past sets off that is due by now."""
    while True:
        with store.database.transaction() as connection:
            row = connection.execute(
                "SELECT kind, object_id, due_at FROM timers WHERE due_at <= ? ORDER BY due_at LIMIT 1",
                (clock.now(store.settings),),
            ).fetchone()
        if row is None:
            return
        _fire(store, row["kind"], row["object_id"], row["due_at"])


def _fire(store: Store, kind: str, object_id: str, due_at: float) -> None:
    with store.work(at=due_at) as work:
        row = work.records.connection.execute(
            "DELETE FROM timers WHERE kind = ? AND object_id = ? AND due_at = ?", (kind, object_id, due_at)
        )
        if not row.rowcount:
            return  # a reset, or someone settled it by hand in between
        _ACTIONS[kind](work, object_id)
    if kind == "release":
        release(store, object_id=object_id)


def _expire(work: UnitOfWork, object_id: str) -> None:
    session = work.records.get("checkout.session", object_id)
    if session.body["status"] == "open":
        expire(work, session)


def _settle(work: UnitOfWork, object_id: str) -> None:
    intent = work.records.get("payment_intent", object_id)
    if can_settle(intent):
        settle_payment(work, intent)


def _end_voucher(work: UnitOfWork, object_id: str) -> None:
    intent = work.records.get("payment_intent", object_id)
    if can_settle(intent):
        end_voucher_of(work, intent)


def _settle_refund(work: UnitOfWork, object_id: str) -> None:
    refund = work.records.get("refund", object_id)
    settle_refund(work, refund, usual_end(refund))


def _decide_dispute(work: UnitOfWork, object_id: str) -> None:
    dispute = work.records.get("dispute", object_id)
    verdict = find_verdict(dispute)
    if verdict is not None:
        move_dispute(work, dispute, verdict)


def _release_events(work: UnitOfWork, object_id: str) -> None:
    session = work.records.get("checkout.session", object_id)
    session.private["news_released"] = True
    work.records.save(session)


def _verify_tax_id(work: UnitOfWork, object_id: str) -> None:
    verify(work, work.records.get("tax_id", object_id))


def _book(work: UnitOfWork, object_id: str) -> None:
    book_now(work, work.records.get("charge", object_id))


def _arrive(work: UnitOfWork, object_id: str) -> None:
    arrive(work, work.records.get("payout", object_id))


_ACTIONS: dict[str, Callable[[UnitOfWork, str], None]] = {
    "dispute": _decide_dispute,
    "expire": _expire,
    "fee": _book,
    "payout": _arrive,
    "refund": _settle_refund,
    "release": _release_events,
    "settle": _settle,
    "tax_id": _verify_tax_id,
    "voucher": _end_voucher,
}


def _next_due(store: Store) -> float | None:
    with store.database.transaction() as connection:
        row = connection.execute("SELECT min(due_at) AS due FROM timers").fetchone()
    return None if row["due"] is None else float(row["due"])
