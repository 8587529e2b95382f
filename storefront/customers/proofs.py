"""An address proves itself by a code or a link that was mailed to it: made, mailed, forgotten.

Both derive from a stored seed and SECRET_KEY: a copy of the database opens nothing. `spend_proofs.py` uses them.
"""

import hashlib
import hmac
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, delete, literal, select
from sqlalchemy.orm import Session

from storefront.core import clock, tokens
from storefront.core.db import transaction
from storefront.core.queue import nudge
from storefront.core.runtime import settings
from storefront.customers import ceilings
from storefront.customers.models import AddressProof, Customer, ProofPurpose, email_key, spelling
from storefront.customers.queries import is_known_customer
from storefront.customers.unproven import unproven_key
from storefront.mail import outbox
from storefront.mail.models import MailKind, OutboxMessage

LIFETIME_MINUTES = 10
LIFETIME = timedelta(minutes=LIFETIME_MINUTES)
MOST_MAILS = ceilings.MOST_MAILS
KEPT = timedelta(days=1)
CODE_LENGTH = 8
LINK = "link"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """This spelling of an address, for this purpose. `about` is the order or the change of address."""

    id: int
    purpose: ProofPurpose
    email: str
    about: str | None


def proof_of(row: AddressProof) -> Proof:
    return Proof(id=row.id, purpose=row.purpose, email=row.email, about=row.about)


def derive(seed: bytes, what: str, secret_key: str | None = None) -> bytes:
    secret = secret_key or settings().secret_key
    return hmac.new(secret.encode(), f"proof:{what}:".encode() + seed, hashlib.sha256).digest()


def codes_of(seed: bytes) -> tuple[str, ...]:
    """Return what opens it: the code of the present SECRET_KEY first, then those of the keys before it."""
    return tuple(code_of(seed, secret_key) for secret_key in settings().secret_keys)


def code_of(seed: bytes, secret_key: str | None = None) -> str:
    """Return a code like `7KQ4-X3AC`: one of 78 thousand million."""
    number, letters = int.from_bytes(derive(seed, "code", secret_key)), ""
    for _ in range(CODE_LENGTH):
        number, at = divmod(number, len(tokens.READABLE_ALPHABET))
        letters += tokens.READABLE_ALPHABET[at]
    return f"{letters[:4]}-{letters[4:]}"


def link_of(seed: bytes) -> str:
    """Return the token of a new link: 128 bits."""
    return derive(seed, LINK).hex()[:32]


def mailed_link_of(proof: AddressProof) -> str:
    """Return the token of its link, whichever SECRET_KEY was the present one when it was made."""
    return derive_known_link(proof.seed, LINK, proof.link_hash)


def derive_known_link(seed: bytes, what: str, link_hash: str) -> str:
    made = [derive(seed, what, secret_key).hex()[:32] for secret_key in settings().secret_keys]
    return tokens.choose_known(made, link_hash)


def start_proof(*, purpose: ProofPurpose, email: str, about: str | None = None, asked_by: str = "") -> int:
    """Add a proof in a transaction of its own; see `add_proof`."""
    with transaction() as session:
        proof_id = add_proof(session, purpose=purpose, email=email, about=about, asked_by=asked_by)
    nudge("outbox")
    return proof_id


def add_proof(
    session: Session, *, purpose: ProofPurpose, email: str, about: str | None = None, asked_by: str = ""
) -> int:
    """Store a proof and promise its email; return its id. The caller nudges the outbox.

    The mail goes to the spelling on file, where there is one: another spelling may be another mailbox. The same
    work for every address: that nothing was bought with it is said by no page. `asked_by` is the browser, hashed.

    Raises:
        TooManyMails: the shop's ceiling is met.
    """
    shared = _find_shared(session, purpose=purpose, email=email, about=about)
    if shared is not None:
        return shared
    on_file = session.scalar(
        select(Customer.email)
        .where(
            is_known_customer(),
            Customer.email_key.in_((email_key(email), unproven_key(email))),
        )
        .order_by(Customer.email_key == unproven_key(email))  # the customer's, where there is one
        .limit(1)
    )
    return _add_new(session, purpose=purpose, email=email, on_file=on_file, about=about, asked_by=asked_by)


def add_proof_on_file(
    session: Session,
    *,
    purpose: ProofPurpose,
    email: str,
    on_file: str | None,
    about: str | None = None,
    asked_by: str = "",
) -> int:
    """Do as `add_proof` does, for addresses that are on file elsewhere than with the customers (None: nowhere).

    Raises:
        TooManyMails: the shop's ceiling is met.
    """
    shared = _find_shared(session, purpose=purpose, email=email, about=about)
    if shared is not None:
        return shared
    return _add_new(session, purpose=purpose, email=email, on_file=on_file, about=about, asked_by=asked_by)


def _find_shared(session: Session, *, purpose: ProofPurpose, email: str, about: str | None) -> int | None:
    mailed = ceilings.find_mailed(session, purpose=purpose, email=email, about=about)
    return ceilings.choose_shared(mailed, clock.now())


def _add_new(
    session: Session, *, purpose: ProofPurpose, email: str, on_file: str | None, about: str | None, asked_by: str
) -> int:
    ceilings.demand_room(session, purpose=purpose, is_customer=on_file is not None)
    now, seed = clock.now(), tokens.new_seed()
    proof = AddressProof(
        mode=settings().mode,
        purpose=purpose,
        email=spelling(email) if on_file is None else on_file,
        email_key=email_key(email),
        is_customer=on_file is not None,
        about=about,
        asked_by=asked_by,
        seed=seed,
        link_hash=tokens.hash_token(link_of(seed)),
        created_at=now,
        expires_at=now + LIFETIME,
    )
    session.add(proof)
    session.flush()
    outbox.promise(
        session,
        kind=MailKind.PROOF,
        order_id=None,
        mode=proof.mode,
        recipient=proof.email,
        about=proof.link_hash,  # not the row's id: nobody's next proof may find this mail made already
        hold=False,
    )
    return proof.id


def forget_proofs() -> None:
    """Forget what expired a day ago, with its email's row: addresses of people who may never have bought."""
    with transaction() as session:
        _forget(session, AddressProof.expires_at < clock.now() - KEPT)


def forget_proofs_of(session: Session, addresses: Collection[str]) -> None:
    """Forget what was mailed to who has gone from these addresses, inside the caller's transaction.

    What proves the ends of a change stays with the change.
    """
    keys = {email_key(address) for address in addresses}
    is_buyers = AddressProof.purpose.in_((ProofPurpose.SIGN_IN, ProofPurpose.OPEN_ORDER, ProofPurpose.ERASE))
    _forget(session, AddressProof.email_key.in_(keys) & (AddressProof.mode == settings().mode) & is_buyers)


def _forget(session: Session, which: ColumnElement[bool]) -> None:
    # By the key that has an index: nobody waits while all emails are read.
    keys = select(literal(f"{MailKind.PROOF}:") + AddressProof.link_hash).where(which)
    for deletion in (
        delete(OutboxMessage).where(OutboxMessage.dedupe_key.in_(keys)),
        delete(AddressProof).where(which),
    ):
        session.execute(deletion.execution_options(synchronize_session=False))
