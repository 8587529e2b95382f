"""Codes and links are used up by the POST that succeeds, in the transaction of what they open.

Wrong codes count for who types them, never for who the code belongs to: a stranger ends their own tries.
"""

import hmac
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from storefront.core import clock, tokens
from storefront.core.db import db, insert_missing
from storefront.core.runtime import settings
from storefront.core.texts import marked
from storefront.customers.models import AddressProof, CodeTries, ProofPurpose
from storefront.customers.proofs import Proof, codes_of, proof_of
from storefront.customers.queries import proof_in_running_mode

log = logging.getLogger(__name__)

WRONG_PER_BROWSER = 5
WRONG_PER_CLIENT = 20  # several people may share an address
WRONG_TOGETHER = 200  # from then on only who asked for the code may type it; its link works on


class CodeResult(StrEnum):
    PROVEN = "proven"
    WRONG = "wrong"
    TOO_MANY = "too_many"
    EXPIRED = "expired"


CODE_SENTENCES = {
    CodeResult.WRONG: marked(
        "That isn't the code in the latest email. Please check each letter. "
        "If it was used already, send a new one."
    ),
    CodeResult.TOO_MANY: marked("Too many wrong codes. Use the link in the email, or send a new one."),
    CodeResult.EXPIRED: marked("That code has expired. Send a new one."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who types a code or presses a link: the browser (hashed, from its cookie) and its client address."""

    browser: str
    client: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """`is_again` where this browser used it before: a double click, a page that was loaded again."""

    proof: Proof
    seed: bytes
    is_again: bool


def spend_code(
    session: Session, proof_id: int, code: str, *, purpose: ProofPurpose, reader: Reader
) -> tuple[CodeResult, Spent | None]:
    """Use up a code, typed in any spelling; the codes of all mails that are open for the same thing will do.

    What locks a customer locks it before this. Each try is logged, by the proof's number.
    """
    result, spent = _try_code(session, proof_id, code, purpose=purpose, reader=reader)
    log.info("code tried", extra={"purpose": purpose.value, "result": result.value, "proof": proof_id})
    return result, spent


def _try_code(
    session: Session, proof_id: int, code: str, *, purpose: ProofPurpose, reader: Reader
) -> tuple[CodeResult, Spent | None]:
    rows = {row.id: row for row in _lock_open(session, proof_id, purpose=purpose)}
    asked = rows.get(proof_id)
    usable = [row for row in rows.values() if _is_usable(row, reader.browser)]
    if asked is None or not usable:
        return CodeResult.EXPIRED, None
    tries = _lock_tries(session, asked, reader)
    if _has_tried_enough(asked, tries, reader):
        return CodeResult.TOO_MANY, None
    proven = next((row for row in usable if _is_code_of(row, code)), None)
    if proven is not None:
        return CodeResult.PROVEN, _spend(proven, reader)
    _count_wrong(asked, tries)
    return CodeResult.WRONG, None


def _is_usable(row: AddressProof, browser: str) -> bool:
    """Return whether nobody used it up, or this browser did."""
    return row.spent_at is None or row.spent_by == browser


def _is_code_of(row: AddressProof, code: str) -> bool:
    typed = "".join(filter(str.isalnum, code.upper()))
    return any(
        hmac.compare_digest(typed.encode(), mailed.replace("-", "").encode()) for mailed in codes_of(row.seed)
    )


def _count_wrong(asked: AddressProof, tries: Sequence[CodeTries]) -> None:
    asked.attempts += 1
    for counter in tries:
        counter.wrong += 1


def _lock_open(session: Session, proof_id: int, *, purpose: ProofPurpose) -> Sequence[AddressProof]:
    """Lock the proof that was asked for, and others of the same thing that have not expired."""
    asked = session.get(AddressProof, proof_id)
    if asked is None or asked.purpose is not purpose or asked.mode != settings().mode:
        return ()
    return session.scalars(
        select(AddressProof)
        .where(
            AddressProof.mode == asked.mode,
            AddressProof.purpose == purpose,
            AddressProof.email_key == asked.email_key,
            AddressProof.about == asked.about,
            AddressProof.expires_at > clock.now(),
        )
        .order_by(AddressProof.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def _lock_tries(session: Session, asked: AddressProof, reader: Reader) -> Sequence[CodeTries]:
    """Lock what this browser and this client tried; the locked proof keeps others from counting at once."""
    names = [f"browser {reader.browser}", f"client {tokens.hash_token(reader.client)}"]
    insert_missing(session, CodeTries, [{"proof_id": asked.id, "who": name, "wrong": 0} for name in names])
    tries = (
        select(CodeTries).where(CodeTries.proof_id == asked.id, CodeTries.who.in_(names)).order_by(CodeTries.who)
    )
    return session.scalars(tries.execution_options(populate_existing=True)).all()


def _has_tried_enough(asked: AddressProof, tries: Sequence[CodeTries], reader: Reader) -> bool:
    browser, client = tries
    is_closed = asked.attempts >= WRONG_TOGETHER and asked.asked_by != reader.browser
    return is_closed or browser.wrong >= WRONG_PER_BROWSER or client.wrong >= WRONG_PER_CLIENT


def _spend(row: AddressProof, reader: Reader) -> Spent:
    spent = _spent(row)
    row.spent_at = row.spent_at or clock.now()
    row.spent_by = reader.browser
    return spent


def _spent(row: AddressProof) -> Spent:
    return Spent(proof=proof_of(row), seed=row.seed, is_again=row.spent_at is not None)


def find_by_link(token: str, *, browser: str = "") -> Proof | None:
    """Return the proof for a page with a button, which uses up nothing. None: unknown, expired or used."""
    found = look_at_link(token, browser=browser)
    return found.proof if found else None


def look_at_link(token: str, *, browser: str) -> Spent | None:
    """Return what `spend_link` would, and use up nothing."""
    row = db.session.scalars(select(AddressProof).where(_is_linked(token))).one_or_none()
    return _spent(row) if row is not None and _is_usable(row, browser) else None


def spend_link(session: Session, token: str, *, reader: Reader) -> Spent | None:
    """Use up a link. What locks a customer locks it before this. Each try is logged, by the proof's number."""
    locked = select(AddressProof).where(_is_linked(token)).with_for_update()
    row = session.scalars(locked.execution_options(populate_existing=True)).one_or_none()
    if row is None or not _is_usable(row, reader.browser):
        log.info("link tried", extra={"result": "expired", "proof": row.id if row else 0})
        return None
    log.info("link tried", extra={"result": "proven", "purpose": row.purpose.value, "proof": row.id})
    return _spend(row, reader)


def _is_linked(token: str) -> ColumnElement[bool]:
    known = tokens.hash_token(token) if tokens.is_token(token) else ""
    return (AddressProof.link_hash == known) & proof_in_running_mode() & (AddressProof.expires_at > clock.now())
