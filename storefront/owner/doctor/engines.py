"""What the shop stands on, asked once: database, queue, request limits, mail server."""

from collections.abc import Iterator

from limits.storage import storage_from_string
from sqlalchemy import text

from storefront.core.config.settings import Settings
from storefront.core.db import db, end_read
from storefront.core.queue import queue
from storefront.core.replica import look_at_replica
from storefront.mail.faults import MailServerDown
from storefront.mail.server import connect
from storefront.migrations.state import find_problem
from storefront.owner.doctor.finding import Seen, fail, ok, warn
from storefront.owner.health.writing import find_write_problem

MAIL_SECONDS = 10


def look_at_database(shop: Settings) -> Iterator[Seen]:
    problem = find_problem() or find_write_problem()
    if problem is not None:
        yield fail(f"The shop cannot serve: {problem}.")
        return
    if not shop.database_url.startswith("sqlite"):
        version = db.session.scalar(text("SHOW server_version"))
        yield ok(f"PostgreSQL {version} answers and takes a write.")
        return
    version, journal = (db.session.scalar(text(ask)) for ask in ("SELECT sqlite_version()", "PRAGMA journal_mode"))
    yield ok(f"SQLite {version} answers and takes a write.")
    if journal != "wal":
        yield warn(f"The database's journal is {journal}, not WAL: move it to a disk of this machine.")


def look_at_read_replica(_shop: Settings) -> Iterator[Seen]:
    """Lists and figures are read there; without it the primary answers, so nothing fails."""
    state = look_at_replica()
    if state is None:
        return
    if state.problem is not None:
        yield warn(f"The replica {state.problem}, so the primary answers: look at DATABASE_READ_URL and at it.")
    else:
        yield ok(f"The replica answers, {state.lag_seconds:.0f} seconds behind.")


def look_at_queue(_shop: Settings) -> Iterator[Seen]:
    from storefront.core.queue_engine import engine_errors  # noqa: PLC0415 - loads the queue's library

    end_read()
    try:
        waiting = queue().huey.storage.queue_size()
    except engine_errors() as error:
        yield fail(f"The queue doesn't answer ({type(error).__name__}): look at QUEUE_URL. The worker cannot run.")
    else:
        yield ok(f"The queue answers; {waiting} jobs wait in it.")


def look_at_limits(shop: Settings) -> Iterator[Seen]:
    if shop.limits_url == "memory://":
        return
    end_read()
    if storage_from_string(shop.limits_url).check():
        yield ok("What counts requests answers.")
    else:
        yield fail("What counts requests doesn't answer: look at LIMITS_URL. Each process counts for itself.")


def look_at_mail(shop: Settings) -> Iterator[Seen]:
    """Connect, encrypt and log in, as a mail would; none is sent."""
    end_read()
    login = (shop.mail_username, shop.mail_password) if shop.mail_username and shop.mail_password else None
    try:
        server = connect(
            shop.mail_server,
            shop.mail_port,
            timeout_seconds=MAIL_SECONDS,
            use_ssl=shop.mail_use_ssl,
            use_tls=shop.mail_use_tls,
            login=login,
        )
    except MailServerDown as error:
        yield fail(f"The mail server: {error}.")
        return
    server.close()
    how = "encrypted" if shop.mail_use_tls or shop.mail_use_ssl else "not encrypted"
    yield ok(f"The mail server takes a connection ({how}){' and the login' if login else ''}.")
