"""A row as a line of JSON, with its table: what the archive keeps of it. Nothing that opens anything is in it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from storefront.mail.models import WRITTEN_BY_HAND, OutboxMessage
from storefront.orders.sent_answers import SentAnswer

OF_METADATA = "checkout"  # the token once more
# Of a checkout: what its browser and Stripe's form are known by.
LEFT_OUT = frozenset({"token", "nonce", "browser_hash", "client_secret", "url"})


def read_lines(session: Session, key: InstrumentedAttribute[Any], ids: Sequence[Any]) -> dict[Any, bytes]:
    """Return a line for each row of the key's table that has one of these ids, by id. Two statements at most."""
    rows = _read(session, key.class_.__table__, ids)
    answers = _read_answers(session, rows) if key.class_ is OutboxMessage else {}
    return {row["id"]: _line(row, answers) for row in rows}


def _read(session: Session, table: Table, ids: Sequence[Any]) -> list[dict[str, Any]]:
    columns = [column for column in table.columns if column.name not in LEFT_OUT]
    found = session.execute(select(*columns).where(table.c.id.in_(ids)).order_by(table.c.id))
    return [{"table": table.name, **row} for row in found.mappings()]


def _read_answers(session: Session, emails: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return what a helper wrote in these emails, which goes with them, by what the email is about."""
    about = [str(email["about"]) for email in emails if email["kind"] in WRITTEN_BY_HAND]
    ids = [int(number) for number in about if number.isdecimal()]
    table = SentAnswer.metadata.tables[SentAnswer.__tablename__]
    return {str(answer["id"]): answer for answer in _read(session, table, ids)} if ids else {}


def _line(row: Mapping[str, Any], answers: Mapping[str, Any]) -> bytes:
    is_answer = row.get("kind") in WRITTEN_BY_HAND
    whole = {**row, "answer": answers.get(row["about"])} if is_answer else row
    return json.dumps(_without_tokens(whole), default=_plain).encode()


def _without_tokens(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Leave out of what was asked of Stripe by which address the checkout opens: it is in its metadata, twice."""
    body = row.get("body")
    if not isinstance(body, dict):
        return row
    body = {**body, "metadata": _without_token(body.get("metadata"))}
    if isinstance(payment := body.get("payment_intent_data"), dict):
        body["payment_intent_data"] = {**payment, "metadata": _without_token(payment.get("metadata"))}
    return {**row, "body": body}


def _without_token(metadata: Any) -> Any:  # noqa: ANN401 - JSON
    return {k: v for k, v in metadata.items() if k != OF_METADATA} if isinstance(metadata, dict) else metadata


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever a column holds that JSON does not know
    return value.isoformat() if isinstance(value, datetime) else asdict(value)
