"""The worker: Huey's consumer with our jobs. A job says "look again"; what to do stands in the database."""

import logging
from collections.abc import Callable

from flask import Flask

from storefront.customers.proofs import forget_proofs
from storefront.customers.sign_ins import forget_ended
from storefront.db import db
from storefront.errors import StorefrontError
from storefront.leases import take_lease
from storefront.licenses.serve import serve_waiting
from storefront.mail.delivery import deliver_due
from storefront.measurements import flush as flush_measurements
from storefront.messages.compose import compose
from storefront.queue import Queue
from storefront.reconcile.run import reconcile
from storefront.stripe_gateway import FOR_WORKERS, set_up_gateway
from storefront.webhook.dispatch import run_unhandled

log = logging.getLogger(__name__)

LEASE_SECONDS = 50
RECONCILE_SECONDS = 15 * 60 - 20  # the clock ticks each minute, a little early or late
FORGET_SECONDS = 60 * 60 - 20
WORKERS = 3  # a long reconciliation must not hold up mails


def deliver_outbox() -> None:
    deliver_due(compose)


def retry_events() -> None:
    if take_lease("retry_events", seconds=LEASE_SECONDS):
        run_unhandled()


def reconcile_if_due() -> None:
    """Every 15 minutes, whoever's turn it is. Stripe not answering is no bug: the next pass goes on."""
    if not take_lease("reconcile_due", seconds=RECONCILE_SECONDS):
        return
    try:
        reconcile()
    except StorefrontError as error:
        log.warning("not reconciled", extra={"why": error.code})


def serve_keys() -> None:
    """A sale and an import of keys that missed each other; one cheap question when there is nothing."""
    if take_lease("serve_keys", seconds=LEASE_SECONDS):
        serve_waiting()


def forget_hourly() -> None:
    """Addresses that were typed and proven long ago, and browsers that have not been seen for as long."""
    if take_lease("forget_proofs", seconds=FORGET_SECONDS):
        forget_proofs()
        forget_ended()


def _in_context(app: Flask, job: Callable[[], None]) -> Callable[[], None]:
    def run() -> None:
        with app.app_context():
            job()
            flush_measurements()
            db.session.remove()

    return run


def add_jobs(app: Flask) -> Queue:
    """The outbox needs no lease: a claim is one worker's. All run each minute without any nudge."""
    queue: Queue = app.extensions["queue"]
    queue.add_job("outbox", _in_context(app, deliver_outbox), every_minute=True)
    queue.add_job("retry_events", _in_context(app, retry_events), every_minute=True)
    queue.add_job("serve_keys", _in_context(app, serve_keys), every_minute=True)
    queue.add_job("forget_proofs", _in_context(app, forget_hourly), every_minute=True)
    queue.add_job("reconcile", _in_context(app, reconcile_if_due), every_minute=True)
    return queue


def run_worker(app: Flask) -> None:
    """Until SIGINT or SIGTERM."""
    set_up_gateway(app, app.extensions["settings"], FOR_WORKERS)
    log.info("worker started")
    add_jobs(app).consumer(workers=WORKERS).run()
