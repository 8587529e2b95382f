"""A pass: every step's batches, each Session once, its place stored after each batch, a report at the end."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from storefront.core import clock
from storefront.core.db import db
from storefront.core.errors import (
    StorefrontError,
    StripeMissing,
    StripeRefused,
    StripeUnavailable,
    StripeUnreadable,
)
from storefront.core.leases import extend_lease, give_back_lease, take_lease
from storefront.orders.notices import find_open_notices
from storefront.payments.money.take_in import begin_anew, take_in_booked, take_in_payouts
from storefront.payments.reconcile import passes
from storefront.payments.reconcile.compare import Difference
from storefront.payments.reconcile.dead_key import KeyRefused, end_without_key, tell_key
from storefront.payments.reconcile.missed_events import take_in
from storefront.payments.reconcile.repair import patiently, repair
from storefront.payments.reconcile.report import Report, ReportLine, line_of, read_line
from storefront.payments.reconcile.steps import Batch, Step, read_batch
from storefront.payments.reconcile.strangers import forget_strangers
from storefront.payments.reconcile.sweep import (
    close_unreadable,
    find_told_unreadable,
    open_unreadable,
    sweep,
    tell_silence,
)

log = logging.getLogger(__name__)

LEASE = "reconcile"
MAX_STUMBLES = 3
MONEY = "balance transactions and payouts"
MOST_AGAIN = 50  # Sessions that earlier passes could not read: the others have their turn at the next one
FAILS = "the shop fails on it"
LEASE_SECONDS = 300  # longer than one batch takes, even with half a minute of waiting for Stripe at each Session

Progress = Callable[[Step, int], None]


class AnotherPassRuns(StorefrontError):
    code = "another_pass_runs"
    status = 409
    title = "Another pass is running"


def _is_bug(error: BaseException) -> bool:
    """Neither did somebody press Ctrl-C, nor has Stripe a reason."""
    has_reason = isinstance(error, StorefrontError) and not isinstance(error, StripeUnreadable)
    return isinstance(error, Exception) and not has_reason


@dataclass(slots=True, kw_only=True)
class _Pass:
    """`pass_id` None is a dry run: it changes nothing, and stores nothing.

    `told` are Sessions that the owner's list says cannot be read, each time in another order.
    """

    pass_id: int | None
    since: datetime
    step: Step
    cursor: str | None
    progress: Progress
    checked: int = 0
    fixed: list[ReportLine] = field(default_factory=list)
    looked: set[str] = field(default_factory=set)
    never_received: int = 0
    stumbles: dict[str, int] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)
    unreadable_lists: list[str] = field(default_factory=list)
    unread: dict[str, str] = field(default_factory=dict)  # list -> the moment from which on it is to be read
    told: list[str] = field(default_factory=list)

    def run(self) -> None:
        """Look again at what could not be read before, then run every step from where it stands."""
        self._look_again()
        place = tuple(Step).index(self.step)
        again = [step for step in tuple(Step)[:place] if step in self.unread]  # refused before a cut-off
        for step in (*tuple(Step)[place:], *again):
            self.step = step
            while True:
                self.store()
                try:
                    batch = read_batch(step, since=self.since_of(step), after=self.cursor)
                except StripeMissing:
                    self.cursor = None  # where the last pass stopped is forgotten at Stripe: the step begins anew
                    continue
                except StripeRefused as error:
                    end_without_key(error)
                    self.unreadable_lists.append(step)  # a restricted key: the other lists are worth a look
                    self.keep_unread(step)
                    self.cursor = None
                    break
                self._look_at(batch)
                self.cursor = batch.cursor
                if self.cursor is None:
                    self.unread.pop(step, None)
                    break

    def since_of(self, name: str) -> datetime:
        """Go back to what could not be read before, but a month at most: some keys never may read it."""
        return min(self.since, max(self._unread_since(name), _month_ago()))

    def is_long_unread(self, name: str) -> bool:
        return name in self.unread and self._unread_since(name) < _month_ago()

    def keep_unread(self, name: str) -> None:
        self.unread[name] = self._unread_since(name).isoformat()

    def _unread_since(self, name: str) -> datetime:
        held = self.unread.get(name)
        return min(self.since, datetime.fromisoformat(held)) if held else self.since

    def _look_again(self) -> None:
        """What an earlier pass could not read is in no list any more. A bug here is logged, and ends no pass."""
        self.told = find_told_unreadable()
        for session_id in self.told[:MOST_AGAIN]:
            self.looked.add(session_id)
            try:
                self._look_at_one(session_id)
            except Exception as error:
                if not _is_bug(error):
                    self.looked.discard(session_id)
                    return  # where all of Stripe is down, the steps say so
                log.exception("the shop fails on a session again")
                self._note_unreadable(session_id, FAILS)

    def _look_at(self, batch: Batch) -> None:
        for session_id in batch.sessions:
            if session_id not in self.looked:
                self.looked.add(session_id)
                self._look_at_one(session_id)
        if self.pass_id is not None:
            self.never_received += take_in(batch.missed, unreadable=self.unreadable.keys())
        self.progress(self.step, self.checked)

    def _note_repair(self, session_id: str, difference: Difference) -> None:
        subject = difference.order_number or session_id
        self.fixed.append(ReportLine(kind=self.step.value, subject=subject, text=difference.text))
        self.store()

    def _look_at_one(self, session_id: str) -> None:
        if self.stumbles.get(session_id, 0) >= MAX_STUMBLES:
            self._note_unreadable(session_id, FAILS)
            return
        self.checked += 1
        try:
            difference = repair(session_id, is_dry=self.pass_id is None)
        except StripeRefused as error:
            end_without_key(error)
            self._note_unreadable(session_id, error.message)  # it must not hide the others
            return
        except BaseException as error:
            self._note_stumble(session_id, error)
            raise
        if difference is not None:
            self._note_repair(session_id, difference)
        if self.pass_id is not None:
            self._note_read(session_id)
            extend_lease(LEASE, seconds=LEASE_SECONDS)

    def _note_unreadable(self, session_id: str, why: str) -> None:
        """Tell it at once: a pass that is cut off goes on behind it, and would not come to it again."""
        self.unreadable[session_id] = why
        if self.pass_id is not None:
            open_unreadable({session_id: why})

    def _note_read(self, session_id: str) -> None:
        if session_id in self.told:
            close_unreadable(session_id)

    def _note_stumble(self, session_id: str, error: BaseException) -> None:
        """A bug ends the pass, and the next one comes to the same Session: after a few times it goes around it."""
        if not _is_bug(error):
            return  # somebody pressed Ctrl-C, or Stripe has a reason
        self.stumbles[session_id] = self.stumbles.get(session_id, 0) + 1
        db.session.rollback()
        self.store()

    def store(self) -> None:
        if self.pass_id is not None:
            passes.save(
                self.pass_id,
                step=self.step,
                cursor=self.cursor,
                checked=self.checked,
                fixed=self.fixed,
                stumbles=self.stumbles,
                unread=self.unread,
            )

    def finish(self, pass_id: int, *, is_whole: bool) -> list[ReportLine]:
        return passes.finish(
            pass_id, checked=self.checked, fixed=self.fixed, unread=self.unread, is_whole=is_whole
        )

    def report(self, needs_you: list[ReportLine]) -> Report:
        return Report(
            since=self.since,
            is_dry=self.pass_id is None,
            checked=self.checked,
            fixed=tuple(self.fixed),
            needs_you=tuple(needs_you),
        )


def _month_ago() -> datetime:
    return clock.now() - passes.FIRST_WINDOW


def reconcile(
    *, since: datetime | None = None, is_dry: bool = False, progress: Progress = lambda _step, _checked: None
) -> Report:
    """Compare with Stripe and repair, from the checkpoint or from `since`. Safe to repeat and to interrupt.

    Raises:
        AnotherPassRuns: the worker's, or one in another terminal.
        StripeUnavailable: the next pass goes on where this one stopped. KeyRefused is one, which begins anew.
    """
    if since is not None:
        forget_strangers()
    if is_dry:
        return _run_dry(since or passes.window_start(), progress)
    if not take_lease(LEASE, seconds=LEASE_SECONDS):
        raise AnotherPassRuns("Another pass is running and repairs the same things: try again in a minute.")
    try:
        return _run(since, progress)
    finally:
        db.session.rollback()  # what a lost connection left open
        give_back_lease(LEASE)


def _run_dry(since: datetime, progress: Progress) -> Report:
    running = _Pass(pass_id=None, since=since, step=Step.WAITING, cursor=None, progress=progress)
    running.unread = passes.unread_left()
    running.run()
    return running.report([line_of(notice) for notice in find_open_notices()])


def _take_in_money(running: _Pass) -> Exception | None:
    """Learn of fees and payouts. A restricted key that may not is told to its owner, like any other list.

    Return a bug: the pass ends before it is raised, or no later one would come to a sale again.
    """
    try:
        _take_in_booked(running)
        patiently(take_in_payouts)
    except StripeRefused as error:
        end_without_key(error)
        running.unreadable_lists.append(MONEY)
    except StripeUnavailable:
        raise
    except Exception as bug:  # noqa: BLE001 - raised by who called, once the pass has ended
        db.session.rollback()
        return bug
    return None


def _take_in_booked(running: _Pass) -> None:
    """What a key could not read for longer than a month is walked through once more, bit by bit."""
    try:
        patiently(lambda: take_in_booked(running.since_of(MONEY)))
    except StripeRefused:
        running.keep_unread(MONEY)
        raise
    if running.is_long_unread(MONEY):
        begin_anew()
    running.unread.pop(MONEY, None)
    running.store()  # payouts may be cut off: the next pass must not begin anew once more


def _run(since: datetime | None, progress: Progress) -> Report:
    row = passes.begin(since, first_step=Step.WAITING)
    pass_id = row.id
    running = _Pass(
        pass_id=pass_id,
        since=row.since,
        step=Step(row.step),
        cursor=row.cursor,
        progress=progress,
        checked=row.checked,
        fixed=[read_line(stored) for stored in row.fixed],
        stumbles={**row.stumbles},
        unread={**(row.unread or {})},
    )
    try:
        running.run()
        bug = _take_in_money(running)
    except Exception as error:
        db.session.rollback()
        tell_silence(running.never_received)  # these are stamped: the pass that goes on counts them no more
        if isinstance(error, KeyRefused):  # its owner gets the report
            tell_key(is_refused=True)
            running.finish(pass_id, is_whole=False)
        raise
    sweep(
        never_received=running.never_received,
        unreadable_lists=running.unreadable_lists,
    )
    tell_key(is_refused=False)
    needs_you = running.finish(pass_id, is_whole=bug is None)
    log.info("reconciled", extra={"checked": running.checked, "fixed": len(running.fixed), "open": len(needs_you)})
    if bug is not None:
        raise bug
    return running.report(needs_you)
