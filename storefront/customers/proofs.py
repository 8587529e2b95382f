"""An address proves itself by a code or a link that was mailed to it.

Both derive from a stored seed and SECRET_KEY: a copy of the database opens nothing. Neither is used up by being
used, since mail scanners open links and people click twice: they end after their minutes.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storefront import clock, tokens
from storefront.customers.models import AddressProof, ProofPurpose, email_key
from storefront.db import db, transaction
from storefront.mail import outbox
from storefront.queue import nudge
from storefront.web import settings

LIFETIME = timedelta(minutes=20)
MAX_WRONG_CODES = 5
MAILS_AN_HOUR = 5  # to one address, whoever asks
CODE_LENGTH = 8


class CodeResult(StrEnum):
    PROVEN = "proven"
    WRONG = "wrong"
    TOO_MANY = "too_many"
    EXPIRED = "expired"


CODE_SENTENCES = {
    CodeResult.WRONG: "That is not the code in the newest mail. Compare it letter by letter.",
    CodeResult.TOO_MANY: "There were too many wrong codes. Have a new mail sent.",
    CodeResult.EXPIRED: "That code has ended. Have a new mail sent.",
}


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
    """Stores the proof and promises its mail; returns its id.

    The same work for every address: whether anything was bought with it is asked when the mail leaves.
    """
    mode, now = settings().mode, clock.now()
    with transaction() as session:
        mails = _count_lately(session, email)
        seed = tokens.new_seed()
        made = AddressProof(
            mode=mode,
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
        if mails < MAILS_AN_HOUR:
            outbox.promise(
                session,
                kind=outbox.PROOF,
                order_id=None,
                mode=mode,
                recipient=made.email,
                about=str(made.id),
                hold=False,
            )
        proof_id = made.id
    nudge("outbox")
    return proof_id


def _count_lately(session: Session, email: str) -> int:
    return (
        session.scalar(
            select(func.count())
            .select_from(AddressProof)
            .where(
                AddressProof.mode == settings().mode,
                AddressProof.email_key == email_key(email),
                AddressProof.created_at > clock.now() - timedelta(hours=1),
            )
        )
        or 0
    )


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
