"""Writes an entry inside the transaction of the change: both are stored, or none."""

import re
from collections.abc import Mapping
from typing import Any

from flask import has_request_context, request
from sqlalchemy.orm import Session

from storefront.audit.actor import current_actor
from storefront.audit.models import ActorKind, AuditEntry
from storefront.core import logs
from storefront.core.db import transaction
from storefront.core.runtime import settings

Fields = Mapping[str, Any]
ADDRESS = r"[^\s<>()]+@[^\s<>()]+"
KEY = r"\b(?:\w+-)?(?:\w{5}-){3}\w{5}\b"  # of those that the shop makes
LONGEST = 2000  # characters of one value: an entry says what changed, it is no backup


def record(
    changes: Session,
    verb: str,
    *,
    subject_kind: str,
    subject: str,
    before: Fields | None = None,
    after: Fields | None = None,
) -> int:
    """Store that the current actor did `verb` to the subject; return the id of the entry.

    Values are what JSON knows, and never a key, a token or a secret. Fields that are the same before and after
    are left out.
    """
    actor = current_actor()
    old, new = _without_same(before or {}, after or {}), _without_same(after or {}, before or {})
    entry = AuditEntry(
        mode=settings().mode,
        actor_kind=actor.kind,
        actor=actor.name,
        client=actor.client,
        browser=actor.browser,
        request_id=logs.request_id.get(),
        verb=verb,
        subject_kind=subject_kind,
        subject=subject,
        before=old or None,
        after=new or None,
    )
    changes.add(entry)
    changes.flush()
    return entry.id


def record_if_asked(
    changes: Session,
    verb: str,
    *,
    subject_kind: str,
    subject: str,
    before: Fields | None = None,
    after: Fields | None = None,
) -> None:
    """Do as `record` does where a person or a command acts: for what buyers and the worker do as well."""
    if current_actor().kind is not ActorKind.SHOP:
        record(changes, verb, subject_kind=subject_kind, subject=subject, before=before, after=after)


def record_reading_if_asked(verb: str, *, subject_kind: str, subject: str, after: Fields | None = None) -> None:
    """Store that a person or a command took data out, in a transaction of its own.

    What buyers read about themselves costs no statement. HEAD takes nothing out: it asks for the headers alone.
    """
    if current_actor().kind is not ActorKind.SHOP and not _is_head():
        with transaction() as changes:
            record(changes, verb, subject_kind=subject_kind, subject=subject, after=after)


def _is_head() -> bool:
    return has_request_context() and request.method == "HEAD"


def reason_field(because: str) -> dict[str, str]:
    """Return the reason that somebody typed as a field, without addresses and keys: an entry is there for good."""
    return {"because": re.sub(f"{ADDRESS}|{KEY}", "…", because)} if because else {}


def _without_same(fields: Fields, others: Fields) -> dict[str, Any]:
    return {name: _short(value) for name, value in fields.items() if name not in others or others[name] != value}


def _short(value: Any) -> Any:  # noqa: ANN401 - whatever JSON knows
    return f"{value[:LONGEST]}…" if isinstance(value, str) and len(value) > LONGEST else value
