"""An address proves itself by a code or a link that was mailed to it.

Both derive from a stored seed and SECRET_KEY: a copy of the database opens nothing. Neither is used up by being
used, since mail scanners open links and people click twice: they end after their minutes.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from storefront import clock, tokens
from storefront.customers.models import AddressProof, ProofPurpose, email_key
from storefront.db import db, transaction
from storefront.errors import StorefrontError
from storefront.mail import outbox
from storefront.mail.models import OutboxMessage
from storefront.queue import nudge
from storefront.web import settings

LIFETIME = timedelta(minutes=20)
MAX_WRONG_CODES = 5
MOST_MAILS = 5  # to one address for one purpose within the minutes of a code, whoever asks
KEPT = timedelta(days=1)
CODE_LENGTH = 8


class CodeResult(StrEnum):
    PROVEN = "proven"
    WRONG = "wrong"
    TOO_MANY = "too_many"
    EXPIRED = "expired"


CODE_SENTENCES = {
    CodeResult.WRONG: "That is not the code in the newest mail. Compare it letter by letter.",
    CodeResult.TOO_MANY: "There were too many wrong codes. Use the link in the mail, or have a new mail sent.",
    CodeResult.EXPIRED: "That code has ended. Have a new mail sent.",
}


class TooManyMails(StorefrontError):
    code = "too_many_mails"
    status = 429
    title = "Too many mails"
    retry_after_seconds = 20 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What was proven: this address, for this purpose. `about` is the order or the change of address."""

    id: int
    purpose: ProofPurpose
    email: str
    about: str | None


def _derive(seed: bytes, what: str) -> bytes:
    return hmac.new(settings().secret_key.encode(), f"proof:{what}:".encode() + seed, hashlib.sha256).digest()


def code_of(seed: bytes) -> str:
    """`7KQ4-X3AC`: one of 78 thousand million."""
    number, letters = int.from_bytes(_derive(seed, "code")), ""
    for _ in range(CODE_LENGTH):
        number, at = divmod(number, len(tokens.READABLE_ALPHABET))
        letters += tokens.READABLE_ALPHABET[at]
    return f"{letters[:4]}-{letters[4:]}"


def link_of(seed: bytes) -> str:
    """The token of the link: 128 bits."""
    return _derive(seed, "link").hex()[:32]


def start_proof(*, purpose: ProofPurpose, email: str, about: str | None = None) -> int:
    """`add_proof` in a transaction of its own."""
    with transaction() as session:
        proof_id = add_proof(session, purpose=purpose, email=email, about=about)
    nudge("outbox")
    return proof_id


def add_proof(session: Session, *, purpose: ProofPurpose, email: str, about: str | None = None) -> int:
    """Stores the proof and promises its mail; returns its id. The caller nudges the outbox.

    The same work for every address: whether anything was bought with it is asked when the mail leaves.
    Where several mails went there lately it is the newest of those: their codes and links still work, so that
    nobody who asks in another's name can keep them out.

    Raises:
        TooManyMails: there were as many, and none of them is about this.
    """
    lately = _find_lately(session, purpose, email)
    if len(lately) >= MOST_MAILS:
        same = [row.id for row in lately if row.about == about]
        if not same:
            raise TooManyMails("Several mails went to this address just now. Try again in 20 minutes.")
        return int(same[0])
    now, seed = clock.now(), tokens.new_seed()
    made = AddressProof(
        mode=settings().mode,
        purpose=purpose,
        email=email.strip(),
        email_key=email_key(email),
        about=about,
        seed=seed,
        link_hash=tokens.hash_token(link_of(seed)),
        created_at=now,
        expires_at=now + LIFETIME,
    )
    session.add(made)
    session.flush()
    outbox.promise(
        session,
        kind=outbox.PROOF,
        order_id=None,
        mode=made.mode,
        recipient=made.email,
        about=made.link_hash,  # not the row's id: nobody's next proof may find this mail made already
        hold=False,
    )
    return made.id


def _find_lately(session: Session, purpose: ProofPurpose, email: str) -> list[Any]:
    """Those that have not ended, newest first."""
    rows = session.execute(
        select(AddressProof.id, AddressProof.about)
        .where(
            AddressProof.mode == settings().mode,
            AddressProof.email_key == email_key(email),
            AddressProof.purpose == purpose,
            AddressProof.expires_at > clock.now(),
        )
        .order_by(AddressProof.id.desc())
    )
    return list(rows.all())


def forget_proofs() -> None:
    """Those that ended a day ago, and the rows of their mails: addresses of people who may never have bought."""
    ended = AddressProof.expires_at < clock.now() - KEPT
    with transaction() as session:
        mails = OutboxMessage.about.in_(select(AddressProof.link_hash).where(ended))
        for gone in (
            delete(OutboxMessage).where(OutboxMessage.kind == outbox.PROOF, mails),
            delete(AddressProof).where(ended),
        ):
            session.execute(gone.execution_options(synchronize_session=False))


def _proof(row: AddressProof) -> Proof:
    return Proof(id=row.id, purpose=row.purpose, email=row.email, about=row.about)


def check_code(proof_id: int, code: str, *, purpose: ProofPurpose) -> tuple[CodeResult, Proof | None]:
    """In any spelling. Five wrong ones end a proof, however many guess at once; a right one may be typed again."""
    with transaction() as session:
        row = session.scalars(
            select(AddressProof)
            .where(AddressProof.id == proof_id, AddressProof.mode == settings().mode)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).one_or_none()
        if row is None or row.purpose is not purpose or row.expires_at <= clock.now():
            return CodeResult.EXPIRED, None
        if row.attempts >= MAX_WRONG_CODES:
            return CodeResult.TOO_MANY, None
        typed = "".join(letter for letter in code.upper() if letter.isalnum()).encode()
        if not hmac.compare_digest(typed, code_of(row.seed).replace("-", "").encode()):
            row.attempts += 1
            return CodeResult.WRONG, None
        return CodeResult.PROVEN, _proof(row)


def find_by_link(token: str) -> Proof | None:
    """While it lasts, as often as it is opened; None for an unknown or ended one."""
    if not tokens.is_token(token):
        return None
    row = db.session.scalars(
        select(AddressProof).where(
            AddressProof.link_hash == tokens.hash_token(token),
            AddressProof.mode == settings().mode,
            AddressProof.expires_at > clock.now(),
        )
    ).one_or_none()
    return _proof(row) if row else None
