"""The worker: Huey's consumer with our jobs. A job says "look again"; what to do stands in the database."""

import logging
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from storefront.buyers.account.saved_cards import delete_given_up
from storefront.buyers.availability.forget import forget_old_requests
from storefront.buyers.availability.tell import tell_waiting
from storefront.buyers.reminders.left import forget_old
from storefront.core.absence import Absence
from storefront.core.db import db
from storefront.core.errors import StorefrontError
from storefront.core.leases import give_back_lease, take_lease
from storefront.core.measurements import flush as flush_measurements
from storefront.core.queue import QUEUE, RETRY_SECONDS, Queue
from storefront.core.runtime import runtime
from storefront.core.worker_beats import beat, say_goodbye
from storefront.customers.proofs import forget_proofs
from storefront.customers.signed_in_browsers import forget_ended
from storefront.delivery.hand_over import hand_over_due
from storefront.delivery.licenses.pools.fill_backorders import fill_backorders, note_forgotten
from storefront.mail import outbox
from storefront.mail.delivery import deliver_due
from storefront.messages.compose import compose
from storefront.migrations.state import find_problem, find_trouble
from storefront.owner.broadcasts.sending import send_some
from storefront.owner.figures.count import count_days
from storefront.owner.health.totals import keep_totals
from storefront.owner.health.watch_replica import watch_replica
from storefront.owner.people import links, sessions
from storefront.owner.retention.run import forget_some
from storefront.owner.uploads.forget import forget_idle
from storefront.payments.checkout.left_sessions import close_left
from storefront.payments.checkout.wishes import forget_wishes
from storefront.payments.reconcile.run import reconcile
from storefront.payments.webhook.dispatch import run_unhandled
from storefront.shop.catalog.mirrors import follow_names
from storefront.shop.discounts.repair import look_at_all as look_at_discounts_at_stripe
from storefront.shop.discounts.repair import repair as repair_discounts
from storefront.stripe_api.gateway import FOR_WORKERS, GATEWAY, set_up_gateway

log = logging.getLogger(__name__)

LEASE_SECONDS = 50
RECONCILE_SECONDS = 15 * 60 - 20  # the clock ticks each minute, a little early or late
FORWARD_SECONDS = 10 * 60 - 20
FORGET_SECONDS = 60 * 60 - 20
HOURLY = (
    forget_proofs,
    forget_ended,
    links.forget_links,
    sessions.forget_ended,
    forget_idle,
    forget_old,
    forget_old_requests,
    forget_wishes,
)
WORKERS = 3  # a long reconciliation must not hold up mails


def deliver_outbox() -> None:
    deliver_due(compose)


def bring_mails_forward() -> None:
    """Seldom: it looks through all that wait for a later hour."""
    if take_lease("bring_mails_forward", seconds=FORWARD_SECONDS):
        outbox.bring_forward()


def retry_events() -> None:
    if take_lease("retry_events", seconds=LEASE_SECONDS):
        run_unhandled()


def reconcile_if_due() -> None:
    """Reconcile every 15 minutes, whoever's turn it is. Stripe not answering is no bug: the next pass goes on."""
    if not take_lease("reconcile_due", seconds=RECONCILE_SECONDS):
        return
    try:
        reconcile()
    except StorefrontError as error:
        log.warning("not reconciled", extra={"why": error.code})


def serve_keys() -> None:
    """Serve a sale and an import of keys that missed each other; one cheap question when there is nothing."""
    if take_lease("serve_keys", seconds=LEASE_SECONDS):
        note_forgotten(is_thorough=take_lease("note_keyless", seconds=FORGET_SECONDS))
        fill_backorders()


def follow_names_if_due() -> None:
    """A form that opens follows a new name at once; this is for Payment Links."""
    if not take_lease("follow_names", seconds=RECONCILE_SECONDS):
        return
    try:
        follow_names()
    except StorefrontError as error:
        log.warning("names not told to stripe", extra={"why": error.code})


def bring_discounts() -> None:
    """Let Stripe know what begins and ends by now, and what it was away for."""
    if not take_lease("discounts", seconds=LEASE_SECONDS):
        return
    try:
        repair_discounts()
    except StorefrontError as error:
        log.warning("discounts not brought to stripe", extra={"why": error.code})


def look_at_discounts() -> None:
    """Once an hour: it asks Stripe about each that runs."""
    if not take_lease("look_at_discounts", seconds=FORGET_SECONDS):
        return
    look_at_discounts_at_stripe()


def forget_hourly() -> None:
    """Addresses typed and proven long ago, browsers not seen for as long, uploads that nobody continues, what was
    left at Checkout a month ago, gifts that nobody paid, and who was told that a product is for sale."""
    if take_lease("forget_proofs", seconds=FORGET_SECONDS):
        run_each(HOURLY)


def run_each(jobs: Sequence[Callable[[], object]]) -> None:
    """Run all in their order; a bug in one is raised once the others have had their turn."""
    with ExitStack() as turns:
        for job in reversed(jobs):
            turns.callback(job)
            turns.callback(db.session.remove)  # what a bug in the one before left open


def forget_what_is_past_its_time() -> None:
    """A little each minute: years of rows must not come at once."""
    if take_lease("retention", seconds=LEASE_SECONDS):
        forget_some()


def tell_who_waits() -> None:
    if take_lease("tell_waiting", seconds=LEASE_SECONDS):
        tell_waiting()


def send_broadcasts() -> None:
    """One batch a minute, whichever worker it is: that is the pace."""
    if take_lease("broadcasts", seconds=LEASE_SECONDS):
        send_some()


def hand_over_gifts() -> None:
    """Without a lease: each is handed over under a lock of its own."""
    hand_over_due()


def close_sessions_left() -> None:
    """End at Stripe what shows cards of somebody who is signed out, and Customers of who was erased."""
    if take_lease("close_left", seconds=LEASE_SECONDS):
        close_left()
        delete_given_up()


def count_days_that_are_over() -> None:
    if take_lease("figures", seconds=LEASE_SECONDS):
        count_days()


def count_everything() -> None:
    """One worker at a time: a count of millions may take longer than a minute."""
    if take_lease("totals", seconds=FORGET_SECONDS):
        try:
            keep_totals()
        finally:
            give_back_lease("totals")


def look_at_the_replica() -> None:
    """The lease is taken where there is none, too: a job that asks no database would call it back."""
    if take_lease("replica", seconds=LEASE_SECONDS):
        watch_replica()


JOBS = {
    "gifts": hand_over_gifts,
    "outbox": deliver_outbox,
    "bring_mails_forward": bring_mails_forward,
    "retry_events": retry_events,
    "serve_keys": serve_keys,
    "forget_proofs": forget_hourly,
    "retention": forget_what_is_past_its_time,
    "follow_names": follow_names_if_due,
    "look_at_discounts": look_at_discounts,
    "discounts": bring_discounts,
    "close_left": close_sessions_left,
    "tell_waiting": tell_who_waits,
    "broadcasts": send_broadcasts,
    "figures": count_days_that_are_over,
    "totals": count_everything,
    "replica": look_at_the_replica,
    "reconcile": reconcile_if_due,
}


def _in_context(app: Flask, job: Callable[[], None], absence: Absence) -> Callable[[], None]:
    def run() -> None:
        with app.app_context():
            try:
                job()
                beat()
                flush_measurements()
            except SQLAlchemyError as error:
                if find_trouble(error) is None:
                    raise
                absence.note(error)  # the clock asks again within a minute
            else:
                absence.end()
            finally:
                db.session.remove()

    return run


def add_jobs(app: Flask) -> Queue:
    """The outbox needs no lease: a claim is one worker's. All run each minute without any nudge."""
    queue = QUEUE.get(app)
    database = Absence("database")
    for name, job in JOBS.items():
        queue.add_job(name, _in_context(app, job, database), every_minute=True)
    return queue


def wait_for_database(app: Flask) -> None:
    """A worker may be started before its database, or beside the `storefront db upgrade` of new code."""
    database = Absence("database")
    while True:
        with app.app_context():
            problem = find_problem()
        if problem is None:
            database.end()
            return
        database.note(problem)
        time.sleep(RETRY_SECONDS)


def run_worker(app: Flask) -> None:
    """Until SIGINT or SIGTERM, or the end of its terminal."""
    set_up_gateway(app, runtime(app).settings, FOR_WORKERS)
    GATEWAY.get(app).load()
    # Until Huey has its own: the default would not end the first process of a container.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    queue = QUEUE.get(app)
    wait_for_database(app)
    queue.wait()
    log.info("worker started")
    add_jobs(app).consumer(workers=WORKERS).run()
    with app.app_context():
        say_goodbye()
