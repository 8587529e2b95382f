"""What the worker asks again and again does not grow with the shop: it reads no large table whole."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from storefront.core import clock
from storefront.core.db import db
from storefront.worker import JOBS
from tests.support.plans import Asked, asked_of, read_whole
from tests.support.sale import COMPLETED, sell
from tests.support.sandbox_client import SandboxClient

AGAIN_AFTER = 16  # minutes: what is done each quarter of an hour is done again, and what is done hourly is not


def asked_again(app: Flask) -> Asked:
    """Return the statements of a run that follows another one: what is done hourly was done there."""
    for minutes in (0, AGAIN_AFTER):
        with (
            app.app_context(),
            time_machine.travel(clock.now() + timedelta(minutes=minutes), tick=True),
            asked_of(app) as asked,
        ):
            for name in JOBS:
                JOBS[name]()
                db.session.remove()
    return asked


def test_reads_no_large_table_whole_again_and_again(app: Flask, sandbox: SandboxClient) -> None:
    sell(app, sandbox).deliver(COMPLETED)
    asked = asked_again(app)
    assert len(asked) > 30
    assert read_whole(app, asked, trusts_limits=False) == []


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT id FROM outbox WHERE kind = 'receipt'",
        "SELECT number FROM orders WHERE mode = 'live' AND fulfilled_at IS NULL",
        "DELETE FROM outbox WHERE about IN ('a', 'b')",
        "SELECT count(*) FROM grants",
        "SELECT count(*) FROM grants AS grants_1 WHERE kind = 'license'",
        "SELECT 1 FROM leases LEFT JOIN licenses ON licenses.mode || '' = leases.name",
    ],
)
def test_sees_what_is_read_whole(app: Flask, sql: str) -> None:
    assert len(read_whole(app, {sql: ()}, trusts_limits=False)) == 1
