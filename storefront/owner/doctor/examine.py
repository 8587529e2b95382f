"""Every check in turn, each within a time. One that breaks says so, and the others go on."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import copy_context
from dataclasses import replace
from queue import Empty, SimpleQueue
from threading import Thread
from urllib.parse import urlsplit

from flask import current_app
from sqlalchemy.exc import DatabaseError, InterfaceError, OperationalError, ProgrammingError

from storefront.core.config.settings import Settings
from storefront.core.db import db
from storefront.core.runtime import settings
from storefront.owner.doctor.archive import look_at_archive
from storefront.owner.doctor.certificate import Address, look_at_address
from storefront.owner.doctor.clocks import look_at_clocks
from storefront.owner.doctor.engines import (
    look_at_database,
    look_at_limits,
    look_at_mail,
    look_at_queue,
    look_at_read_replica,
)
from storefront.owner.doctor.finding import Finding, Level, Seen, fail, ok, warn
from storefront.owner.doctor.secrets import look_at_files, look_at_sealed_keys, look_at_secrets
from storefront.owner.doctor.spelling import look_at_spelling
from storefront.owner.health.trouble import read_trouble
from storefront.owner.health.warnings import find_warnings
from storefront.owner.readiness.ask import look_at_everything
from storefront.owner.readiness.point import Point, State
from storefront.owner.readiness.read_facts import read_points

log = logging.getLogger(__name__)

LONGEST_SECONDS = 30
BROKE = "This check broke ({}), which says nothing about the shop."
BROKE_AT_DATABASE = frozenset(
    BROKE.format(kind.__name__) for kind in (DatabaseError, InterfaceError, OperationalError, ProgrammingError)
)
Check = Callable[[Settings], Iterable[Seen]]


def look_at_base_url(shop: Settings) -> Iterator[Seen]:
    if shop.is_https:
        parts = urlsplit(shop.base_url)
        yield from look_at_address(Address(host=parts.hostname or "", port=parts.port or 443))
    elif shop.is_live:
        yield fail("BASE_URL begins with http://: sell by https only.")


def look_at_warnings(_shop: Settings) -> Iterator[Seen]:
    """What `storefront status` says first: worker, backups, disks, open files, waiting events and emails."""
    warnings = find_warnings(read_trouble())
    yield from [warn(warning.message) for warning in warnings] or [ok("`storefront status` has no warning.")]


def look_at_readiness(_shop: Settings) -> Iterator[Seen]:
    """Key, webhook endpoint, storage and all else of /admin/ready, asked anew."""
    look_at_everything(even_if_fresh=True)
    seen = [_judge(point) for point in read_points(read_trouble()) if point.state in JUDGED]
    yield from seen or [ok("Nothing of /admin/ready is wrong: key, webhook endpoint and storage are among it.")]


JUDGED = {State.WRONG: Level.FAIL, State.UNKNOWN: Level.WARN}


def _judge(point: Point) -> Seen:
    return JUDGED[point.state], f"{point.title}: {point.sentence}"


CHECKS: Mapping[str, Check] = {
    "database": look_at_database,
    "replica": look_at_read_replica,
    "queue": look_at_queue,
    "limits": look_at_limits,
    "mail_server": look_at_mail,
    "clocks": look_at_clocks,
    "address": look_at_base_url,
    "settings": look_at_spelling,
    "secrets": look_at_secrets,
    "license_keys": look_at_sealed_keys,
    "files": look_at_files,
    "archive": look_at_archive,
    "ready": look_at_readiness,
    "status": look_at_warnings,
}


def examine(checks: Mapping[str, Check] = CHECKS, *, seconds: float = LONGEST_SECONDS) -> list[Finding]:
    """Return what was found, in the order of the checks. Each has so many seconds."""
    found = [
        Finding(name=name, level=level, text=text)
        for name, check in checks.items()
        for level, text in _within(name, check, seconds)
    ]
    has_database = not any(finding.name == "database" and finding.level is Level.FAIL for finding in found)
    return found if has_database else [_excuse(finding) for finding in found]


def _excuse(finding: Finding) -> Finding:
    """Say once that the database fails: the other checks that read it break by that."""
    if finding.text not in BROKE_AT_DATABASE:
        return finding
    return replace(finding, level=Level.WARN, text="Not looked at, because the database fails (see above).")


def _within(name: str, check: Check, seconds: float) -> list[Seen]:
    """Run it in a thread that may be left behind: what hangs in a library knows no other end."""
    answers: SimpleQueue[list[Seen]] = SimpleQueue()
    context = copy_context()  # in it Flask knows the shop
    Thread(target=lambda: answers.put(context.run(_run, name, check)), daemon=True).start()
    try:
        return answers.get(timeout=seconds)
    except Empty:
        return [fail(f"No answer within {seconds:g} seconds.")]


def _run(name: str, check: Check) -> list[Seen]:
    with current_app.app_context():
        try:
            return list(check(settings()))
        except Exception as error:  # noqa: BLE001 - whatever it is, the other checks are worth their answers
            log.warning("check broke", extra={"check": name, "kind": type(error).__name__})
            return [fail(BROKE.format(type(error).__name__))]
        finally:
            db.session.remove()
