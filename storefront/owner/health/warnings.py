"""Warnings: what is wrong and what to do, one sentence each; holds no key, address or token."""

import shlex
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from storefront.core import clock
from storefront.owner.health.delivery_warnings import (
    SEEN_LATELY,
    find_bad_signatures,
    find_missing_secret,
    find_refused_deliveries,
    find_stale_signatures,
)
from storefront.owner.health.room import Place
from storefront.owner.health.trouble import Trouble
from storefront.payments.reconcile.dead_key import TEXT as KEY_TEXT

WORKER_SILENT = timedelta(minutes=10)
MAIL_LATE = timedelta(minutes=10)
EVENT_LATE = timedelta(minutes=10)
RECONCILE_LATE = timedelta(minutes=45)
REPLICA_LATE = timedelta(minutes=10)
BACKUP_LATE = timedelta(hours=36)  # one a day, and one of them late
FAILURES_AT_LEAST = 10
FAILURES_SHARE = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthWarning:
    """`code` is stable and for programs."""

    code: str
    message: str


def find_warnings(trouble: Trouble) -> list[HealthWarning]:
    """Pure. In the order of `CHECKS`."""
    found = ((code, check(trouble)) for code, check in CHECKS.items())
    return [HealthWarning(code=code, message=message) for code, message in found if message]


def without_repeats(warnings: list[HealthWarning]) -> list[HealthWarning]:
    """For a page that lists what needs its owner: leave that out, and what only follows from another warning."""
    codes = {warning.code for warning in warnings}
    return [
        warning
        for warning in warnings
        if warning.code not in OF_NOTICES and FOLLOWS.get(warning.code) not in codes
    ]


def _is_older(when: datetime | None, limit: timedelta, now: datetime) -> bool:
    return when is not None and now - when > limit


def _minutes(when: datetime, now: datetime) -> str:
    return f"{int((now - when).total_seconds() // 60)} minutes"


def _not_writable(trouble: Trouble) -> str | None:
    closed = [place for place in trouble.places if not place.is_writable]
    if not closed:
        return None
    names = " and ".join(place.name for place in closed)
    return f"The shop may not write where {names} should lie: {'; '.join(_why_closed(closed))}."


def _why_closed(places: Iterable[Place]) -> Iterable[str]:
    """Return what is to be done, each once."""
    give = "give its user the folder and what is in it, or mount the disk for writing"
    return dict.fromkeys(place.obstacle or give for place in places)


def _disk_low(trouble: Trouble) -> str | None:
    low = [place for place in trouble.places if place.is_low and place.is_writable]
    if not low:
        return None
    return " ".join([*_unknown_room(low), *_little_room([place for place in low if not place.obstacle])])


def _unknown_room(low: list[Place]) -> Iterator[str]:
    for place in low:
        if place.obstacle:
            yield f"There is no room where {place.name} should lie: {place.obstacle}."


def _little_room(low: list[Place]) -> Iterator[str]:
    if low:
        names = " and ".join(place.name for place in low)
        free = min(place.free_bytes for place in low) // (1024 * 1024)
        yield f"Only {free} MB are free where {names} should lie: make room before orders cannot be written."


def _failed_answers(trouble: Trouble) -> str | None:
    """Warn of more than a few, which happen: a restart, a Stripe that was slow for a moment."""
    failed = trouble.failed_answers
    if failed < FAILURES_AT_LEAST or failed < trouble.answers * FAILURES_SHARE:
        return None
    return (
        f"{failed} of {trouble.answers} answers were errors of the shop (5xx) within the last two hours: "
        "look at the log for `request failed`, `database unavailable` and `stripe`."
    )


def _worker(trouble: Trouble) -> str | None:
    if trouble.worker_seen_at is None:
        return (
            "The worker has not reported here yet, which it does within a minute of its start: "
            "without it no mail leaves, so start `storefront worker`."
        )
    if not _is_older(trouble.worker_seen_at, WORKER_SILENT, trouble.now):
        return None
    silent = _minutes(trouble.worker_seen_at, trouble.now)
    return f"The worker has been silent for {silent}, so no mail leaves: start `storefront worker`."


def _workers(trouble: Trouble) -> str | None:
    """Names no machine: anybody may read it. Where none is at work, `worker_silent` has said so."""
    dead = [worker for worker in trouble.workers if _is_older(worker.seen_at, WORKER_SILENT, trouble.now)]
    if not dead or len(dead) == len(trouble.workers):
        return None
    return (
        f"{len(dead)} of {len(trouble.workers)} workers fell silent, and the others do the work: "
        "`storefront status` names each; one that is silent for an hour is forgotten."
    )


def _events(trouble: Trouble) -> str | None:
    oldest = trouble.oldest_unhandled
    if oldest is None or not _is_older(oldest.received_at, EVENT_LATE, trouble.now):
        return None
    age = _minutes(oldest.received_at, trouble.now)
    why = f" ({oldest.error})" if oldest.error else ""
    return (
        f"A delivery of Stripe, {oldest.type}, has been waiting for {age}{why}: "
        "look at `storefront events list --unhandled`, then try `storefront events run --unhandled`."
    )


def _key_refused(trouble: Trouble) -> str | None:
    """As the last comparison found it. The next one, within a quarter of an hour, looks again."""
    return KEY_TEXT if trouble.is_key_refused else None


def _keys_closed(trouble: Trouble) -> str | None:
    if trouble.is_data_key_closed:
        return (
            "License keys do not open, so their buyers see none and nothing new is handed out: put the SECRET_KEY "
            "of before into SECRET_KEY_FALLBACKS (a backup has it), then look with `storefront doctor`."
        )
    if trouble.is_signing_key_closed:
        return (
            "The key that signs license files does not open, so who asks for one gets none: put the SECRET_KEY of "
            "before into SECRET_KEY_FALLBACKS (a backup has it), then type `storefront signing-keys reseal`, or, "
            "where it is lost, `storefront signing-keys rotate --now`."
        )
    seen = trouble.closed_key_at
    if seen is None or trouble.now - seen > SEEN_LATELY:
        return None
    return (
        "License keys did not open within the last hour, and SECRET_KEY is not why: they and the table data_keys "
        "are not of the same database, or it is empty, so bring back the one that belongs to them from a backup."
    )


def _selling_nothing(trouble: Trouble) -> str | None:
    if not trouble.selling_nothing:
        return None
    return (
        f"Who buys this pays and gets nothing: {_first(trouble.selling_nothing)}; publish a release, say "
        "what buyers get, or retire it (`storefront products retire`)."
    )


def _first(names: tuple[str, ...]) -> str:
    """Return up to three of them, and how many more there are."""
    more = len(names) - 3
    return " ".join(names[:3]) + (f" and {more} more" if more > 0 else "")


def _mail_server(trouble: Trouble) -> str | None:
    since = trouble.mail_server_down_since
    if since is None:
        return None
    return (
        f"The mail server has taken no mail since {since:%Y-%m-%d %H:%M} UTC, {trouble.mail_server_down_why}; "
        "no mail is lost, they leave when it is mended."
    )


def _late_mails(trouble: Trouble) -> str | None:
    """A server that is down, or no worker, explains late mails already."""
    due = trouble.oldest_due_mail_at
    if due is None or not _is_older(due, MAIL_LATE, trouble.now):
        return None
    if trouble.mail_server_down_since is not None or _worker(trouble) is not None:
        return None
    late = _minutes(due, trouble.now)
    return f"A mail has been due for {late} though a worker runs: look at what the worker logs."


def _refused_mails(trouble: Trouble) -> str | None:
    count = trouble.mails_stubborn
    if not count:
        return None
    what = "1 mail is" if count == 1 else f"{count} mails are"
    return (
        f"{what} refused again and again: `storefront mail list --state queued` says why; "
        "each is tried for half a day."
    )


def _failed_mails(trouble: Trouble) -> str | None:
    count = trouble.mails_given_up
    if not count:
        return None
    what = "1 mail was" if count == 1 else f"{count} mails were"
    return (
        f"{what} given up: `storefront mail list --state failed` says why, `storefront mail retry` sends again "
        "and `storefront mail cancel` ends it."
    )


def _reconcile(trouble: Trouble) -> str | None:
    last = trouble.reconciled_at or trouble.reconcile_begun_at
    if last is None:
        return None
    if clock.is_ahead(last, trouble.now):
        return "The comparison with Stripe is of a clock that was ahead: run `storefront reconcile`."
    if not _is_older(last, RECONCILE_LATE, trouble.now):
        return None
    return (
        f"The comparison with Stripe has not been completed for {_minutes(last, trouble.now)}: "
        "run `storefront reconcile` and read what it says."
    )


def _backup(trouble: Trouble) -> str | None:
    """Only of a shop with a key for backups: others have ways of their own."""
    if not trouble.is_backed_up:
        return None
    last = trouble.backed_up_at
    if last is None:
        return (
            "BACKUP_RECIPIENT is set and no backup was made yet, or only while the clock was ahead: run "
            "`storefront backup` once a day."
        )
    if not _is_older(last, BACKUP_LATE, trouble.now):
        return None
    return f"The last backup was made {last:%Y-%m-%d %H:%M} UTC: find why `storefront backup` no longer runs."


def _backup_lacks(trouble: Trouble) -> str | None:
    lacks, last = trouble.backup_lacks_at, trouble.backed_up_at
    if lacks is None or (last is not None and last > lacks):
        return None
    return (
        "The last backup lacks files that the shop hands out or shows, and no old backup is removed until one has "
        "them all: `storefront backup` names them."
    )


def _archive(trouble: Trouble) -> str | None:
    """The worker tries each minute, so what was refused and then taken is mended."""
    refused, taken = trouble.archive_refused_at, trouble.archived_at
    if refused is None or trouble.now - refused > SEEN_LATELY or (taken is not None and taken > refused):
        return None
    return (
        "The archive cannot be written, so nothing is forgotten and nothing is lost: see that the folder of "
        "ARCHIVE_DIR is there where the worker runs, is the shop's own and has room (`storefront doctor` looks)."
    )


def _replica(trouble: Trouble) -> str | None:
    """The worker looks each minute. One that is late for a moment, as after much was imported, is none of it."""
    refused, asked = trouble.replica_refused_at, trouble.replica_asked_at
    if refused is None or trouble.now - refused > SEEN_LATELY or (asked and refused - asked <= REPLICA_LATE):
        return None
    return (
        "The replica of DATABASE_READ_URL is late or cannot be reached, so the owner's lists and figures are read "
        "at the primary, too: `storefront doctor` says why."
    )


def _newer_schema(trouble: Trouble) -> str | None:
    if trouble.newer_schema is None:
        return None
    return (
        f"The database is of newer code (schema {trouble.newer_schema}) than what serves here: once the new "
        "version is on every machine, start web server and worker anew from it."
    )


def _notices(trouble: Trouble) -> str | None:
    count = sum(trouble.notices.values())
    if not count:
        return None
    needs = "1 thing needs" if count == 1 else f"{count} things need"
    return f"{needs} you: `storefront needs-you` says what to do."


def _proxy(trouble: Trouble) -> str | None:
    seen = trouble.untrusted_proxy_at
    if seen is None or trouble.now - seen > SEEN_LATELY:
        return None
    return (
        "Requests come through a proxy (X-Forwarded-For) and TRUSTED_PROXIES is 0, so all buyers count as one "
        "client and share its request limits: set TRUSTED_PROXIES to how many proxies stand in front."
    )


def _codes(trouble: Trouble) -> str | None:
    seen = trouble.code_ceiling_at
    if seen is None or trouble.now - seen > SEEN_LATELY:
        return None
    return (
        "Buyers who sign in get no code right now, because CODE_MAILS_PER_HOUR is met by mails whose codes nobody "
        "used: somebody asks in others' names (it ends an hour after they stop), or the number is too low for you."
    )


def _owner_email(trouble: Trouble) -> str | None:
    if trouble.has_owner_email:
        return None
    return (
        "OWNER_EMAIL is missing or still an example's, so disputes and reports are mailed to nobody: "
        "set it to your address."
    )


def _close(paths: tuple[str, ...]) -> str:
    return f"chmod go= {_first(tuple(map(shlex.quote, paths)))}"


def _open_files(trouble: Trouble) -> str | None:
    if not trouble.open_files:
        return None
    return f"Every user of this machine may read what the shop keeps: {_close(trouble.open_files)}"


OF_NOTICES = ("key_refused", "needs_you")  # the list itself says more
# What its cause, which has a warning of its own, brings about: it goes away with that.
FOLLOWS = {
    "reconcile_late": "worker_silent",  # who compares every quarter of an hour
    "events_unhandled": "key_refused",
    "deliveries_refused": "webhook_secret_missing",
    "signatures_bad": "webhook_secret_missing",
}
# What stops buyers from getting their goods comes first.
CHECKS: dict[str, Callable[[Trouble], str | None]] = {
    "not_writable": _not_writable,
    "disk_low": _disk_low,
    "worker_silent": _worker,
    "worker_lost": _workers,
    "key_refused": _key_refused,
    "keys_closed": _keys_closed,
    "events_unhandled": _events,
    "answers_fail": _failed_answers,
    "sells_nothing": _selling_nothing,
    "mail_server_down": _mail_server,
    "mails_late": _late_mails,
    "mails_refused": _refused_mails,
    "mails_failed": _failed_mails,
    "reconcile_late": _reconcile,
    "needs_you": _notices,
    "backup_late": _backup,
    "backup_lacks_files": _backup_lacks,
    "archive_refused": _archive,
    "replica_late": _replica,
    "webhook_secret_missing": find_missing_secret,
    "deliveries_refused": find_refused_deliveries,
    "signatures_bad": find_bad_signatures,
    "signatures_stale": find_stale_signatures,
    "proxy_not_trusted": _proxy,
    "codes_held": _codes,
    "files_open": _open_files,
    "schema_newer": _newer_schema,
    "owner_email_missing": _owner_email,
}
