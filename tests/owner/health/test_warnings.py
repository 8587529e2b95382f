"""Warnings, the rule: each says what to do, and none is given while all is well."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from storefront.core.config.settings import Mode
from storefront.mail.models import MailState
from storefront.owner.health.trouble import OldestEvent, WorkerSeen
from storefront.owner.health.warnings import find_warnings, without_repeats
from tests.owner.health.troubles import FULL_DISK, NO_DISK, NO_FOLDER, NOW, PLENTY, READ_ONLY, WELL


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def event(when: datetime, error: str | None = None) -> OldestEvent:
    return OldestEvent(type="charge.refunded", received_at=when, error=error)


AT_WORK = WorkerSeen(name="one:7", seen_at=ago(minutes=10))
DEAD = WorkerSeen(name="two:9", seen_at=ago(minutes=11))
QUIET: list[dict[str, Any]] = [
    {},
    {"bad_signature_at": ago(minutes=1), "last_event_at": ago(minutes=59)},
    {"bad_signature_at": ago(minutes=61), "last_event_at": None},
    {"event_missed_at": NOW, "last_event_at": None},
    {"stale_signature_at": ago(minutes=1), "last_event_at": ago(minutes=59)},
    {"stale_signature_at": ago(minutes=61), "last_event_at": None},
    {"untrusted_proxy_at": ago(minutes=61)},
    {"code_ceiling_at": ago(minutes=61)},
    {"closed_key_at": ago(minutes=61)},
    {"worker_seen_at": ago(minutes=10)},
    {"worker_seen_at": NOW + timedelta(seconds=50)},
    {"workers": (AT_WORK,)},
    {"workers": (DEAD,)},  # of a worker alone there is a warning of its own
    {"oldest_due_mail_at": ago(minutes=10)},
    {"oldest_unhandled": event(ago(minutes=10))},
    {"reconciled_at": ago(minutes=45)},
    {"reconciled_at": None, "reconcile_begun_at": None},
    {"reconciled_at": None, "reconcile_begun_at": ago(minutes=45)},
    {"mails": {MailState.SENT: 5, MailState.CANCELED: 2, MailState.QUEUED: 1}},
    {"mode": Mode.SANDBOX, "has_webhook_secret": False},
    {"is_backed_up": False, "backed_up_at": ago(days=9)},
    {"archive_refused_at": ago(minutes=2), "archived_at": ago(minutes=1)},
    {"archive_refused_at": ago(minutes=61)},
    {"replica_refused_at": ago(minutes=2), "replica_asked_at": ago(minutes=1)},
    {"replica_refused_at": NOW, "replica_asked_at": ago(minutes=10)},
    {"replica_refused_at": ago(minutes=61)},
    {"is_backed_up": True, "backed_up_at": ago(hours=36)},
    {"backup_lacks_at": ago(hours=2), "backed_up_at": ago(hours=1)},
    {"places": (PLENTY,)},
    {"failed_answers": 9, "answers": 9},
    {"failed_answers": 10, "answers": 1001},
]
LOUD: list[tuple[dict[str, Any], str, str]] = [
    ({"code_ceiling_at": ago(minutes=59)}, "codes_held", "CODE_MAILS_PER_HOUR"),
    ({"is_data_key_closed": True}, "keys_closed", "put the SECRET_KEY of before into SECRET_KEY_FALLBACKS"),
    (
        {"is_data_key_closed": True, "closed_key_at": NOW},
        "keys_closed",
        "License keys do not open, so their buyers see none",
    ),
    ({"is_signing_key_closed": True}, "keys_closed", "type `storefront signing-keys reseal`"),
    (
        {"is_signing_key_closed": True, "closed_key_at": NOW},
        "keys_closed",
        "`storefront signing-keys rotate --now`",
    ),
    (
        {"is_data_key_closed": True, "is_signing_key_closed": True},
        "keys_closed",
        "License keys do not open, so their buyers see none",
    ),
    ({"closed_key_at": ago(minutes=59)}, "keys_closed", "the table data_keys are not of the same database"),
    ({"newer_schema": "9999"}, "schema_newer", "newer code (schema 9999)"),
    ({"is_backed_up": True}, "backup_late", "no backup was made yet, or only while the clock was ahead"),
    ({"is_backed_up": True, "backed_up_at": ago(hours=37)}, "backup_late", "made 2026-10-31 23:00 UTC"),
    ({"backup_lacks_at": NOW, "backed_up_at": NOW}, "backup_lacks_files", "no old backup is removed"),
    ({"archive_refused_at": ago(minutes=59)}, "archive_refused", "the folder of ARCHIVE_DIR is there"),
    ({"archive_refused_at": NOW, "archived_at": NOW}, "archive_refused", "nothing is forgotten"),
    ({"replica_refused_at": NOW}, "replica_late", "`storefront doctor` says why"),
    ({"replica_refused_at": NOW, "replica_asked_at": ago(minutes=11)}, "replica_late", "DATABASE_READ_URL"),
    ({"is_key_refused": True}, "key_refused", "put the new key into the settings"),
    ({"worker_seen_at": None}, "worker_silent", "start `storefront worker`"),
    ({"worker_seen_at": ago(minutes=11)}, "worker_silent", "silent for 11 minutes"),
    ({"workers": (AT_WORK, DEAD)}, "worker_lost", "1 of 2 workers fell silent"),
    ({"oldest_due_mail_at": ago(minutes=12)}, "mails_late", "due for 12 minutes"),
    (
        {
            "mail_server_down_since": ago(hours=2),
            "mail_server_down_why": "login refused (535): check MAIL_PASSWORD",
        },
        "mail_server_down",
        "since 2026-11-02 10:00 UTC, login refused (535): check MAIL_PASSWORD",
    ),
    (
        {"mail_server_down_since": ago(hours=2), "oldest_due_mail_at": ago(hours=2)},
        "mail_server_down",
        "no mail is lost",
    ),
    ({"worker_seen_at": None, "oldest_due_mail_at": ago(hours=2)}, "worker_silent", "`storefront worker`"),
    (
        {"mails_given_up": 1},
        "mails_failed",
        "1 mail was given up: `storefront mail list",
    ),
    ({"mails_given_up": 3}, "mails_failed", "3 mails were given up"),
    ({"mails_stubborn": 2}, "mails_refused", "2 mails are refused again and again: `storefront mail list"),
    (
        {"oldest_unhandled": event(ago(minutes=11))},
        "events_unhandled",
        "charge.refunded, has been waiting for 11",
    ),
    ({"oldest_unhandled": event(ago(hours=1), "KeyError: bug")}, "events_unhandled", "60 minutes (KeyError: bug)"),
    ({"reconciled_at": ago(minutes=46)}, "reconcile_late", "for 46 minutes: run `storefront reconcile`"),
    (
        {"reconciled_at": None, "reconcile_begun_at": ago(minutes=50)},
        "reconcile_late",
        "not been completed for 50 minutes",
    ),
    (
        {"bad_signature_at": ago(minutes=59), "last_event_at": None},
        "signatures_bad",
        "compare STRIPE_WEBHOOK_SECRET",
    ),
    ({"bad_signature_at": NOW, "last_event_at": ago(hours=2)}, "signatures_bad", "STRIPE_WEBHOOK_SECRET"),
    (
        {"bad_signature_at": NOW, "last_event_at": None, "event_missed_at": ago(minutes=59)},
        "deliveries_refused",
        "STRIPE_WEBHOOK_SECRET",
    ),
    (
        {"bad_signature_at": NOW, "last_event_at": None, "event_missed_at": ago(minutes=61)},
        "signatures_bad",
        "STRIPE_WEBHOOK_SECRET",
    ),
    ({"stale_signature_at": ago(minutes=59), "last_event_at": None}, "signatures_stale", "clock of this machine"),
    (
        # The secret is right: a stranger's rubbish in the same hour must not send the owner after it.
        {"stale_signature_at": ago(minutes=59), "bad_signature_at": NOW, "last_event_at": ago(hours=3)},
        "signatures_stale",
        "the secret is right",
    ),
    ({"untrusted_proxy_at": ago(minutes=59)}, "proxy_not_trusted", "set TRUSTED_PROXIES"),
    ({"places": (FULL_DISK,)}, "disk_low", "Only 511 MB are free where the queue should lie: make room"),
    ({"places": (READ_ONLY, FULL_DISK)}, "not_writable", "where the files should lie: give its user the folder"),
    ({"places": (NO_FOLDER,)}, "not_writable", "should lie: there is a file where FILES_URL wants a folder"),
    ({"places": (NO_DISK,)}, "disk_low", "no room where the files should lie: what FILES_URL names is on no disk"),
    ({"failed_answers": 10, "answers": 1000}, "answers_fail", "10 of 1000 answers were errors of the shop"),
    ({"selling_nothing": ("one",)}, "sells_nothing", "pays and gets nothing: one; publish a release"),
    ({"selling_nothing": ("one", "two", "six", "ten")}, "sells_nothing", "one two six and 1 more; publish"),
    ({"notices": {"dispute_open": 1}}, "needs_you", "1 thing needs you: `storefront needs-you`"),
    ({"notices": {"dispute_open": 1, "fraud_warning": 2}}, "needs_you", "3 things need you"),
    ({"has_webhook_secret": False}, "webhook_secret_missing", "storefront webhook create"),
    ({"has_owner_email": False}, "owner_email_missing", "set it to your address"),
]


@pytest.mark.parametrize("change", QUIET)
def test_says_nothing_while_all_is_well(change: dict[str, Any]) -> None:
    assert find_warnings(replace(WELL, **change)) == []


@pytest.mark.parametrize(("change", "code", "words"), LOUD)
def test_says_what_is_wrong_and_what_to_do(change: dict[str, Any], code: str, words: str) -> None:
    warning = find_warnings(replace(WELL, **change))[0]
    assert warning.code == code
    assert words in warning.message
    assert warning.message.endswith(".")
    assert warning.message.count(". ") == 0, "one sentence"


def test_repeats_nothing_on_a_page_that_lists_what_needs_its_owner() -> None:
    late = {"reconciled_at": ago(hours=2), "reconcile_begun_at": ago(hours=3)}
    rubbish = {"bad_signature_at": NOW, "last_event_at": None}
    shown = [
        ({"notices": {"dispute_open": 1}, "has_owner_email": False}, ["owner_email_missing"]),
        ({"is_key_refused": True, "oldest_unhandled": event(ago(hours=1))}, []),
        (late, ["reconcile_late"]),
        (late | {"worker_seen_at": None}, ["worker_silent"]),
        (rubbish, ["signatures_bad"]),
        (rubbish | {"event_missed_at": NOW}, ["deliveries_refused"]),
        (rubbish | {"event_missed_at": NOW, "has_webhook_secret": False}, ["webhook_secret_missing"]),
        (rubbish | {"has_webhook_secret": False}, ["webhook_secret_missing"]),
    ]
    for change, codes in shown:
        found = find_warnings(replace(WELL, **change))  # type: ignore[arg-type] # fields of several types
        assert [warning.code for warning in without_repeats(found)] == codes


def test_puts_what_stops_the_goods_first() -> None:
    warnings = find_warnings(
        replace(WELL, worker_seen_at=None, notices={"dispute_open": 1}, has_owner_email=False)
    )
    assert [warning.code for warning in warnings] == ["worker_silent", "needs_you", "owner_email_missing"]


def test_closes_files_by_a_line_that_a_shell_takes() -> None:
    (warning,) = find_warnings(replace(WELL, open_files=("/srv/my shop/.env", "/srv/shop.db")))
    assert warning.message.endswith(": chmod go= '/srv/my shop/.env' /srv/shop.db")
