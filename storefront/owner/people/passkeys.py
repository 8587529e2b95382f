"""Passkeys (WebAuthn, https://www.w3.org/TR/webauthn-3/): added, used to come in or to confirm, removed.

A challenge is stored by its hash and deleted when it is answered. `passkey_protocol.py` knows what is said.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from storefront.audit.actor import Actor, acting_as
from storefront.audit.models import ActorKind, AuditEntry
from storefront.core import clock, tokens
from storefront.core.db import db, transaction
from storefront.core.errors import StorefrontError
from storefront.core.queue import nudge
from storefront.owner.people import links, sessions
from storefront.owner.people.locks import lock_person
from storefront.owner.people.models import Passkey, PasskeyChallenge, Person
from storefront.owner.people.security_notices import tell_person
from storefront.owner.people.sign_in import Browser, Entry, Way, begin_session
from storefront.shop.catalog.mirrors import shop_id
from storefront.shop.profile.read import read_profile
from storefront.web.hosts import is_ip

CHALLENGE_LIFETIME = timedelta(minutes=5)
MOST_PASSKEYS = 20  # of one person
LONGEST_NAME = 60
UNREADABLE = "Your browser's answer could not be read. Try once more."
COPIED = "passkey.maybe_copied"
TOLD_EVERY = timedelta(hours=1)
MAYBE_COPIED = (
    "This passkey counted fewer uses than this shop has seen, so somebody may have a copy of it. Use another one, "
    "or a link from `storefront owner link` on the shop's machine. Then remove this passkey and add it again."
)


class PasskeyRefused(StorefrontError):
    code = "passkey_refused"
    title = "That passkey was not taken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the browser is: `host` is what a passkey is bound to, `origin` what the browser signs.

    It signs `tunneled` where it comes through a tunnel that begins at another port of its machine.
    """

    host: str
    origin: str
    tunneled: str = ""

    @property
    def origins(self) -> list[str]:
        return [self.origin, self.tunneled] if self.tunneled else [self.origin]

    @property
    def seen_origin(self) -> str:
        """What stands in the address bar."""
        return self.tunneled or self.origin

    @property
    def can_have_passkeys(self) -> bool:
        """Browsers bind passkeys to names, never to IP addresses, and only over https or on `localhost`."""
        is_local = self.host == "localhost" or self.host.endswith(".localhost")
        return not is_ip(self.host) and (is_local or self.origin.startswith("https:"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPasskey:
    id: int
    name: str
    rp_id: str
    created_at: Any
    last_used_at: Any


def with_a_name(url: str) -> str:
    """Return an address of this machine with `localhost` in place of its number, where no passkey can be had."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if not is_ip(host) or not ip_address(host).is_loopback:
        return url
    return parts._replace(netloc=f"localhost:{parts.port}" if parts.port else "localhost").geturl()


def list_passkeys(person_id: int) -> list[ListedPasskey]:
    rows = db.session.scalars(select(Passkey).where(Passkey.person_id == person_id).order_by(Passkey.id))
    return [
        ListedPasskey(
            id=row.id, name=row.name, rp_id=row.rp_id, created_at=row.created_at, last_used_at=row.last_used_at
        )
        for row in rows
    ]


def start_adding(person_id: int, email: str, place: Place) -> dict[str, Any]:
    """Return what `navigator.credentials.create()` takes, as JSON.

    Raises:
        PasskeyRefused: there are as many as may be.
    """
    from storefront.owner.people import passkey_protocol  # noqa: PLC0415 - see there: few starts need it

    known = db.session.scalars(select(Passkey).where(Passkey.person_id == person_id)).all()
    if len(known) >= MOST_PASSKEYS:
        raise PasskeyRefused(f"You have {MOST_PASSKEYS} passkeys. Remove one that you no longer use first.")
    challenge, options = passkey_protocol.offer_adding(
        _user_handle(person_id), email, place, shop_name=read_profile().name, known=known
    )
    _keep_challenge(challenge, person_id)
    return options


def _user_handle(person_id: int) -> bytes:
    """Return 32 bytes that are one person's in this shop alone, and say nothing of them.

    Two shops at one host name may well have a first person each, and one device. By what the database holds, so
    that a restored shop is the same one: SECRET_KEY may change.
    """
    return hashlib.sha256(f"passkey:{shop_id()}:{person_id}".encode()).digest()


def add(person_id: int, answer: dict[str, Any], *, name: str, place: Place) -> None:
    """Store the passkey that the browser made.

    Raises:
        PasskeyRefused: the answer is not to our challenge, or the passkey is known.
    """
    from storefront.owner.people import passkey_protocol  # noqa: PLC0415 - see there: few starts need it

    challenge = passkey_protocol.challenge_of(answer)
    with transaction() as changes:
        lock_person(changes, Person.id == person_id)
        _demand_challenge(changes, challenge, person_id)
        verified = passkey_protocol.check_added(answer, challenge, place)
        if changes.scalar(select(Passkey.id).where(Passkey.credential_id == verified.credential_id)) is not None:
            raise PasskeyRefused("This passkey is on the list already.")
        changes.add(
            Passkey(
                person_id=person_id,
                credential_id=verified.credential_id,
                public_key=verified.credential_public_key,
                sign_count=verified.sign_count,
                transports=passkey_protocol.transports_of(answer),
                rp_id=place.host,
                name=_storable(name),
            )
        )
        links.end_unused_links(changes, person_id)  # made for who had none
        person = changes.get_one(Person, person_id)
        tell_person(changes, person, "passkey.added", {"name": _storable(name)})
    nudge("outbox")


def _storable(name: str) -> str:
    """Without NUL and lone surrogates, which JSON carries and PostgreSQL refuses."""
    kept = name.replace("\0", "").encode("utf-8", "ignore").decode()
    return kept.strip()[:LONGEST_NAME] or "Passkey"


def remove(person_id: int, passkey_id: int) -> bool:
    """Remove one of a person's own; False for one that is not there any more."""
    with transaction() as changes:
        is_named = Passkey.id == passkey_id, Passkey.person_id == person_id
        name = changes.scalar(delete(Passkey).where(*is_named).returning(Passkey.name))
        if name is not None:
            tell_person(changes, changes.get_one(Person, person_id), "passkey.removed", {"name": name})
    nudge("outbox")
    return name is not None


def remove_all(person_id: int) -> int:
    """At the machine, for who lost them. Their sessions end too, with links and codes that would let one in."""
    with transaction() as changes:
        lock_person(changes, Person.id == person_id)
        links.end_ways_in(changes, person_id)
        gone = changes.scalars(delete(Passkey).where(Passkey.person_id == person_id).returning(Passkey.id)).all()
        sessions.end_all(changes, person_id)
        tell_person(changes, changes.get_one(Person, person_id), "passkey.all_removed", {"count": str(len(gone))})
    nudge("outbox")
    return len(gone)


def start_using(place: Place, *, person_id: int | None = None) -> dict[str, Any]:
    """Return what `navigator.credentials.get()` takes, as JSON. Without a person the browser offers its own."""
    from storefront.owner.people import passkey_protocol  # noqa: PLC0415 - see there: few starts need it

    known = db.session.scalars(select(Passkey).where(Passkey.person_id == person_id)).all() if person_id else ()
    challenge, options = passkey_protocol.offer_using(place, known=known)
    _keep_challenge(challenge, person_id)
    return options


def sign_in(answer: dict[str, Any], place: Place, browser: Browser) -> Entry:
    """Begin a session.

    Raises:
        PasskeyRefused: the passkey is unknown or may have been copied, or the answer is not to our challenge.
    """
    shop = Actor(kind=ActorKind.SHOP, name="shop", client=browser.reader.client, browser=browser.words)
    with transaction() as changes, acting_as(shop):
        passkey = _verify(changes, answer, place, person_id=None)
        entry = _enter(changes, passkey.person_id, browser) if passkey else None
    nudge("outbox")
    if entry is None:
        raise PasskeyRefused(MAYBE_COPIED)
    return entry


def _enter(changes: Session, person_id: int, browser: Browser) -> Entry:
    entry = Entry(token=tokens.new_token(), person_id=person_id)
    person = changes.get_one(Person, person_id)
    begin_session(changes, person, token=entry.token, browser=browser, way=Way.PASSKEY)
    return entry


def confirm(answer: dict[str, Any], place: Place, *, person_id: int, session_id: int) -> None:
    """Prove once more that it is them. Raises as `sign_in` does."""
    with transaction() as changes:
        passkey = _verify(changes, answer, place, person_id=person_id)
        if passkey:
            sessions.prove_again(changes, session_id)
    if passkey is None:
        nudge("outbox")
        raise PasskeyRefused(MAYBE_COPIED)


def _verify(changes: Session, answer: dict[str, Any], place: Place, *, person_id: int | None) -> Passkey | None:
    """Return the passkey that was used. None: it may have been copied; its person is told once this is stored."""
    from storefront.owner.people import passkey_protocol  # noqa: PLC0415 - see there: few starts need it

    challenge = passkey_protocol.challenge_of(answer)
    credential_id = passkey_protocol.credential_id_of(answer)
    lock_person(changes, Person.id.in_(select(Passkey.person_id).where(Passkey.credential_id == credential_id)))
    _demand_challenge(changes, challenge, person_id)
    passkey = _lock_known(changes, credential_id, person_id)
    verified = passkey_protocol.check_used(answer, challenge, place, passkey)
    if passkey_protocol.has_gone_back(passkey, verified):
        _tell_of_copy(changes, passkey)
        return None
    passkey.sign_count = verified.new_sign_count
    passkey.last_used_at = clock.now()
    return passkey


def _lock_known(changes: Session, credential_id: bytes, person_id: int | None) -> Passkey:
    """Raises PasskeyRefused where nobody has it, or somebody else than the person."""
    known = select(Passkey).where(Passkey.credential_id == credential_id).with_for_update()
    passkey = changes.scalars(known.execution_options(populate_existing=True)).one_or_none()
    if passkey is None or person_id not in (None, passkey.person_id):
        raise PasskeyRefused("This passkey is not known here. It may have been removed. Sign in another way.")
    return passkey


def _tell_of_copy(changes: Session, passkey: Passkey) -> None:
    """Tell of each passkey at most once an hour: who has a copy presses often."""
    person = changes.get_one(Person, passkey.person_id)
    told = (
        AuditEntry.verb == COPIED,
        AuditEntry.subject == person.email,
        AuditEntry.created_at > clock.now() - TOLD_EVERY,
    )
    said = {"name": passkey.name, "passkey": str(passkey.id)}  # two may have one name
    if said not in changes.scalars(select(AuditEntry.after).where(*told)).all():
        tell_person(changes, person, COPIED, said)


def _keep_challenge(challenge: bytes, person_id: int | None) -> None:
    with transaction() as changes:
        expires_at = clock.now() + CHALLENGE_LIFETIME
        changes.add(PasskeyChallenge(challenge_hash=_hash(challenge), person_id=person_id, expires_at=expires_at))
        changes.flush()  # which locks the person, before challenges of others
        changes.execute(delete(PasskeyChallenge).where(PasskeyChallenge.expires_at < clock.now()))


NOBODY = -1  # of a challenge that is not there: no person has this id


def _demand_challenge(changes: Session, challenge: bytes, person_id: int | None) -> None:
    """Use up a challenge that was given to this person, or to nobody who is signed in. Raises PasskeyRefused."""
    if _spend_challenge(changes, challenge) != person_id:
        raise PasskeyRefused("That took too long. Try once more.")


def _spend_challenge(changes: Session, challenge: bytes) -> int | None:
    """Return who it was given to: None for somebody who is not signed in, NOBODY for an unknown or expired one."""
    this = PasskeyChallenge.challenge_hash == _hash(challenge), PasskeyChallenge.expires_at > clock.now()
    spent = changes.execute(
        delete(PasskeyChallenge).where(*this).returning(PasskeyChallenge.person_id)
    ).one_or_none()
    return NOBODY if spent is None else spent.person_id


def _hash(challenge: bytes) -> str:
    return tokens.hash_token(challenge.hex())
