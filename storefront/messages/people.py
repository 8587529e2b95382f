"""Emails to the people who run the shop: an invitation, a code for /admin, news of their account, a test."""

from typing import Any

from sqlalchemy import select

from storefront.audit.models import AuditEntry
from storefront.core import clock
from storefront.core.db import db
from storefront.core.runtime import absolute_url
from storefront.customers.models import AddressProof, ProofPurpose
from storefront.customers.proofs import code_of, mailed_link_of
from storefront.mail.models import MailKind, OutboxMessage
from storefront.messages.canceled import Canceled, Composed
from storefront.owner.emails.samples import sample_of
from storefront.owner.people.links import INVITATION, link_token
from storefront.owner.people.models import Person, PersonLink
from storefront.owner.people.passkeys import with_a_name
from storefront.owner.people.people import find_person
from storefront.owner.shop.sample_purchase import sample_mail

SHOWN_KIND = "shown_kind"  # of a test: the email that it is a sample of
PERSON_PURPOSES = (ProofPurpose.PERSON_SIGN_IN, ProofPurpose.PERSON_CONFIRM)


def is_person_proof(message: OutboxMessage) -> bool:
    """Tell whether it is a code for /admin, whose pages are English: buyers get codes of the same kind."""
    if message.kind != MailKind.PROOF:
        return False
    purpose = select(AddressProof.purpose).where(AddressProof.link_hash == message.about)
    return db.session.scalar(purpose) in PERSON_PURPOSES


def compose_person_proof(proof: AddressProof) -> Composed:
    """Write the code, and for signing in a link; nothing leaves to who may not come in."""
    person = find_person(proof.email)
    if person is None or person.email != proof.email:
        return Canceled("nobody with this address may come in")
    values: dict[str, Any] = {"code": code_of(proof.seed), "purpose": proof.purpose.value, "link_url": None}
    if proof.purpose is ProofPurpose.PERSON_SIGN_IN:
        values["link_url"] = absolute_url("admin.open_mailed_link", token=mailed_link_of(proof))
    return values


def compose_invitation(message: OutboxMessage) -> Composed:
    row = db.session.execute(
        select(PersonLink, Person)
        .join(Person, Person.id == PersonLink.person_id)
        .where(PersonLink.link_hash == message.about)
    ).one_or_none()
    if row is None or row.PersonLink.used_at is not None or row.PersonLink.expires_at <= clock.now():
        return Canceled("the invitation was used, replaced or taken back")
    link_url = with_a_name(absolute_url("admin.open_link", token=link_token(row.PersonLink)))
    return {"link_url": link_url, "role": row.Person.role.value, "days": INVITATION.days}


def compose_test_receipt(message: OutboxMessage) -> Composed:
    return sample_mail(message.recipient)


def compose_test_email(message: OutboxMessage) -> Composed:
    kind = message.about or ""
    return sample_of(kind, message.recipient) | {SHOWN_KIND: kind}


def compose_security_notice(message: OutboxMessage) -> Composed:
    entry = db.session.get_one(AuditEntry, int(message.about or 0))
    return {"entry": entry, "values": entry.after or {}, "admin_url": absolute_url("admin.account")}


def compose_test_mail(_message: OutboxMessage) -> Composed:
    return {"ready_url": absolute_url("admin.ready")}
