"""The audit log for readers: newest first, filtered, a page at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, or_, select

from storefront.audit.models import ActorKind, AuditEntry
from storefront.core.db import db, end_read
from storefront.core.text_search import has_text

PAGE = 50  # entries
BATCH = 500  # rows that an export reads at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """`words` is looked for in who, what and whom; `verb` is a whole verb or one with its parts (`person`)."""

    words: str = ""
    verb: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    id: int
    created_at: datetime
    mode: str
    actor_kind: ActorKind
    actor: str
    client: str
    browser: str
    request_id: str
    verb: str
    subject_kind: str
    subject: str
    before: dict[str, Any]
    after: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """`older_than` is the id to ask for the next page with; None on the last one."""

    entries: tuple[Entry, ...]
    older_than: int | None


def read_page(chosen: Filter, *, older_than: int | None = None, limit: int = PAGE) -> Page:
    rows = db.session.scalars(_newest(chosen, older_than).limit(limit + 1)).all()
    entries = tuple(_entry(row) for row in rows[:limit])
    return Page(entries=entries, older_than=entries[-1].id if len(rows) > limit else None)


def list_changes(verb: str, *, subject_kind: str, subject: str) -> list[dict[str, Any]]:
    """Return what this made of the subject, each time that it was done, oldest first."""
    done = (AuditEntry.verb == verb, AuditEntry.subject_kind == subject_kind, AuditEntry.subject == subject)
    rows = db.session.scalars(select(AuditEntry.after).where(*done).order_by(AuditEntry.id))
    return [after or {} for after in rows]


def read_all(chosen: Filter) -> Iterator[Entry]:
    """Yield every entry, newest first. A batch is in memory, and nothing stays open while its reader takes it."""
    older_than: int | None = None
    while True:
        page = read_page(chosen, older_than=older_than, limit=BATCH)
        end_read()
        yield from page.entries
        if page.older_than is None:
            return
        older_than = page.older_than


def list_verbs() -> list[str]:
    """Return each verb once, in order: from one to the next by the index, however many entries there are."""
    verbs = select(func.min(AuditEntry.verb).label("verb")).cte("verbs", recursive=True)
    after = select(func.min(AuditEntry.verb)).where(AuditEntry.verb > verbs.c.verb).scalar_subquery()
    verbs = verbs.union_all(select(after).where(verbs.c.verb.is_not(None)))
    return list(db.session.scalars(select(verbs.c.verb).where(verbs.c.verb.is_not(None)).order_by(verbs.c.verb)))


def _newest(chosen: Filter, older_than: int | None) -> Select[AuditEntry]:
    statement = select(AuditEntry).order_by(AuditEntry.id.desc())
    if chosen.words:
        searched = (AuditEntry.actor, AuditEntry.subject, AuditEntry.verb, AuditEntry.client)
        statement = statement.where(or_(*(has_text(column, chosen.words) for column in searched)))
    if chosen.verb:
        statement = statement.where(AuditEntry.verb == chosen.verb)
    if older_than is not None:
        statement = statement.where(AuditEntry.id < older_than)
    return statement


def _entry(row: AuditEntry) -> Entry:
    return Entry(
        id=row.id,
        created_at=row.created_at,
        mode=row.mode,
        actor_kind=row.actor_kind,
        actor=row.actor,
        client=row.client,
        browser=row.browser,
        request_id=row.request_id,
        verb=row.verb,
        subject_kind=row.subject_kind,
        subject=row.subject,
        before=row.before or {},
        after=row.after or {},
    )
