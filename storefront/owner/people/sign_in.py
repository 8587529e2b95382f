"""Coming in: a mailed code, a mailed link, or a link made at the machine. Passkeys are in `passkeys.py`.

Who has a passkey comes in with it, and no longer with a mailbox alone.
"""

import logging
from dataclasses import dataclass, replace
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.audit.actor import Actor, acting_as
from storefront.audit.models import ActorKind
from storefront.core.db import db, transaction
from storefront.core.queue import nudge
from storefront.customers.models import AddressProof, ProofPurpose, email_key
from storefront.customers.proofs import Proof, add_proof_on_file, derive
from storefront.customers.spend_proofs import CodeResult, Reader, Spent, find_by_link, look_at_link, spend_code
from storefront.customers.spend_proofs import spend_link as spend_mailed_link
from storefront.owner.people import invitations, links, sessions
from storefront.owner.people.locks import lock_person
from storefront.owner.people.models import Passkey, Person
from storefront.owner.people.moved_passkeys import SIGN_IN_WITH_IT, why_no_passkey_works
from storefront.owner.people.people import find_person, note_coming
from storefront.owner.people.security_notices import tell_person

log = logging.getLogger(__name__)


class Way(StrEnum):
    """How somebody came in."""

    CODE = "code"
    LINK = "link"
    PASSKEY = "passkey"


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    """Who knocks, and where: the reader (hashed), the browser in words, the token of its session before."""

    reader: Reader
    words: str
    before: str
    origin: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """`token` is empty where nobody came in; `advice` says why the right code was not enough.

    `person_id` is who came in, or who that advice is for.
    """

    token: str = ""
    person_id: int = 0
    code_result: CodeResult = CodeResult.EXPIRED
    advice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Whom a link signs in. It is not open where this browser used it and what it began has ended since."""

    person_id: int
    email: str
    is_open: bool


def has_passkey(person_id: int) -> bool:
    return db.session.scalar(select(Passkey.id).where(Passkey.person_id == person_id).limit(1)) is not None


def mail_code(email: str, *, asked_by: str, purpose: ProofPurpose = ProofPurpose.PERSON_SIGN_IN) -> int:
    """Return the proof's id. The same for every address: who may come in is said by no page.

    Raises:
        TooManyMails: the shop's ceiling is met.
    """
    person = find_person(email)
    on_file = person.email if person else None
    with transaction() as changes:
        proof_id = add_proof_on_file(changes, purpose=purpose, email=email, on_file=on_file, asked_by=asked_by)
    nudge("outbox")
    return proof_id


def sign_in_by_code(proof_id: int, code: str, browser: Browser) -> Entry:
    with transaction() as changes:
        proof = changes.get(AddressProof, proof_id)
        person = _lock_addressed(changes, proof.email) if proof else None
        result, spent = spend_code(
            changes, proof_id, code, purpose=ProofPurpose.PERSON_SIGN_IN, reader=browser.reader
        )
        if spent is None:
            return _stay_out(Way.CODE, code_result=result)
        entry = _enter_by_mail(changes, person, spent, browser, Way.CODE)
    nudge("outbox")
    return entry


def find_mailed_door(token: str, browser: Browser) -> Door | None:
    """Look at a link for a page with a button; use up nothing. None: unknown, expired, or used elsewhere."""
    found = look_at_link(token, browser=browser.reader.browser)
    if found is None or not is_for_sign_in(found.proof):
        return None
    person = find_person(found.proof.email)
    if person is None or person.email != found.proof.email:
        return None
    return _door(person, found.seed, browser, is_used=found.is_again)


def find_door(token: str, browser: Browser) -> Door | None:
    """Do the same for an invitation, or a link that was made at the machine."""
    found = links.find_link(token, browser=browser.reader.browser)
    if found is None:
        return None
    person, link = found
    return _door(person, link.seed, browser, is_used=link.used_at is not None)


def _door(person: Person, seed: bytes, browser: Browser, *, is_used: bool) -> Door:
    is_open = not is_used or sessions.has_session(session_token(seed, browser))
    return Door(person_id=person.id, email=person.email, is_open=is_open)


def sign_in_by_mailed_link(token: str, browser: Browser) -> Entry:
    found = find_by_link(token, browser=browser.reader.browser)
    if found is None or not is_for_sign_in(found):
        return _stay_out(Way.LINK)  # a buyer's link is not used up here
    with transaction() as changes:
        person = _lock_addressed(changes, found.email)
        spent = spend_mailed_link(changes, token, reader=browser.reader)
        if spent is None:
            return _stay_out(Way.LINK)
        entry = _enter_by_mail(changes, person, spent, browser, Way.LINK)
    nudge("outbox")
    return entry


def _lock_addressed(changes: Session, email: str) -> Person | None:
    return lock_person(changes, Person.email_key == email_key(email))


def is_for_sign_in(proof: Proof | None) -> bool:
    return proof is not None and proof.purpose is ProofPurpose.PERSON_SIGN_IN


def _enter_by_mail(changes: Session, person: Person | None, spent: Spent, browser: Browser, way: Way) -> Entry:
    if person is None or person.email != spent.proof.email:
        return _stay_out(way)
    why, advice = _why_mail_is_not_enough(person, browser)
    if advice:
        return _stay_out(way, code_result=CodeResult.PROVEN, why=why, advice=advice, person_id=person.id)
    token = session_token(spent.seed, browser)
    if not spent.is_again:
        begin_session(changes, person, token=token, browser=browser, way=way)
    elif not sessions.has_session(token):
        token = ""
    return Entry(token=token, person_id=person.id, code_result=CodeResult.PROVEN)


def _why_mail_is_not_enough(person: Person, browser: Browser) -> tuple[str, str]:
    """Return a word for the log, and a sentence; both empty where it is."""
    if has_passkey(person.id):
        moved = why_no_passkey_works(person.id, person.role, origin=browser.origin)
        return "needs_passkey", moved or SIGN_IN_WITH_IT
    return ("needs_invitation", invitations.EXPIRED) if invitations.has_expired(person.id) else ("", "")


def sign_in_by_link(token: str, browser: Browser) -> Entry:
    """Sign in by an invitation, or a link that was made at the machine: the way back for who lost a passkey."""
    with transaction() as changes:
        person = links.lock_person_of(changes, token)
        spent = links.spend_link(changes, token, browser=browser.reader.browser)
        if person is None or spent is None:
            return _stay_out(Way.LINK)
        link, is_again = spent
        entry = Entry(token=session_token(link.seed, browser), person_id=person.id)
        if is_again:
            return entry if sessions.has_session(entry.token) else replace(entry, token="")
        begin_session(changes, person, token=entry.token, browser=browser, way=Way.LINK)
    nudge("outbox")
    return entry


def _stay_out(
    way: Way,
    *,
    code_result: CodeResult = CodeResult.EXPIRED,
    why: str = "",
    advice: str = "",
    person_id: int = 0,
) -> Entry:
    """Log that somebody did not come in. Who did is in the audit log."""
    log.info("admin sign-in refused", extra={"by": way.value, "why": why or code_result.value})
    return Entry(person_id=person_id, code_result=code_result, advice=advice)


def session_token(seed: bytes, browser: Browser) -> str:
    """Return a token, the same for one seed and one browser: who clicks twice is signed in by either answer."""
    return derive(seed, f"admin:{browser.reader.browser}").hex()[:32]


def begin_session(changes: Session, person: Person, *, token: str, browser: Browser, way: Way) -> None:
    """Store the session, say so in the audit log and promise a mail about it.

    Links that nobody has used end: who is in needs none, and each would let another browser in.
    """
    links.end_unused_links(changes, person.id)  # also of who came before, under a version that left them open
    note_coming(person)
    client = browser.reader.client
    sessions.begin(
        changes, token=token, person_id=person.id, browser=browser.words, client=client, before=browser.before
    )
    with acting_as(Actor(kind=ActorKind.PERSON, name=person.email, client=client, browser=browser.words)):
        tell_person(changes, person, "person.signed_in", {"by": way.value})


def confirm_by_code(proof_id: int, code: str, *, email: str, session_id: int, reader: Reader) -> CodeResult:
    """Prove once more that it is them, before what cannot be undone."""
    with transaction() as changes:
        result, spent = spend_code(changes, proof_id, code, purpose=ProofPurpose.PERSON_CONFIRM, reader=reader)
        if spent is None:
            return result
        if spent.proof.email != email:
            return CodeResult.EXPIRED
        sessions.prove_again(changes, session_id)
    return CodeResult.PROVEN
