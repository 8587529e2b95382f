"""What browser and shop say to each other about passkeys: offered, read and checked.

The only importer of `webauthn`. `passkeys.py` loads it when somebody uses one: with all the formats of keys it
takes a twelfth of a start.
"""

import json
from collections.abc import Iterable
from typing import Any

import webauthn
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

from storefront.owner.people.models import Passkey
from storefront.owner.people.passkeys import UNREADABLE, PasskeyRefused, Place

UNCHECKED = "Your browser's answer could not be checked. Try once more."
NOT_AN_ANSWER = (WebAuthnException, ValueError, KeyError, TypeError)


def offer_adding(
    handle: bytes, email: str, place: Place, *, shop_name: str, known: Iterable[Passkey]
) -> tuple[bytes, dict[str, Any]]:
    """Return the challenge, and what `navigator.credentials.create()` takes, as JSON.

    A device keeps one passkey for each host and `handle`: another of the same two replaces it without a word
    (https://www.w3.org/TR/webauthn-3/#sctn-op-make-cred).
    """
    options = webauthn.generate_registration_options(
        rp_id=place.host,
        rp_name=shop_name,
        user_id=handle,
        user_name=email,
        user_display_name=email,
        exclude_credentials=[_descriptor(passkey) for passkey in known],
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
    )
    return options.challenge, _as_json(webauthn.options_to_json(options))


def offer_using(place: Place, *, known: Iterable[Passkey]) -> tuple[bytes, dict[str, Any]]:
    """Return the challenge, and what `navigator.credentials.get()` takes, as JSON."""
    options = webauthn.generate_authentication_options(
        rp_id=place.host,
        allow_credentials=[_descriptor(passkey) for passkey in known],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options.challenge, _as_json(webauthn.options_to_json(options))


def check_added(answer: dict[str, Any], challenge: bytes, place: Place) -> VerifiedRegistration:
    try:
        return webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=place.host,
            expected_origin=place.origins,
            require_user_verification=True,
        )
    except NOT_AN_ANSWER as error:
        raise PasskeyRefused(UNCHECKED) from error


def check_used(answer: dict[str, Any], challenge: bytes, place: Place, passkey: Passkey) -> VerifiedAuthentication:
    """Check all but the count of uses, which says something else: see `has_gone_back`."""
    try:
        return webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=place.host,
            expected_origin=place.origins,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except NOT_AN_ANSWER as error:
        raise PasskeyRefused(UNCHECKED) from error


def has_gone_back(passkey: Passkey, used: VerifiedAuthentication) -> bool:
    """Tell whether a device counted fewer uses than were seen here: there may be two of it. Many count none.

    https://www.w3.org/TR/webauthn-3/#sctn-sign-counter
    """
    counts = passkey.sign_count > 0 or used.new_sign_count > 0
    return counts and used.new_sign_count <= passkey.sign_count


def challenge_of(answer: dict[str, Any]) -> bytes:
    """Return the challenge that the browser says it signed; whether it did, the library checks."""
    try:
        client_data = json.loads(base64url_to_bytes(answer["response"]["clientDataJSON"]))
        return base64url_to_bytes(client_data["challenge"])
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise PasskeyRefused(UNREADABLE) from error


def credential_id_of(answer: dict[str, Any]) -> bytes:
    try:
        return base64url_to_bytes(answer["rawId"])
    except (KeyError, TypeError, ValueError) as error:
        raise PasskeyRefused(UNREADABLE) from error


def transports_of(answer: dict[str, Any]) -> list[str]:
    sent = answer["response"].get("transports")
    known = [transport.value for transport in AuthenticatorTransport]  # what is sent may be unhashable
    return [name for name in sent if name in known] if isinstance(sent, list) else []


def _descriptor(passkey: Passkey) -> PublicKeyCredentialDescriptor:
    return PublicKeyCredentialDescriptor(
        id=passkey.credential_id, transports=[AuthenticatorTransport(name) for name in passkey.transports]
    )


def _as_json(text: str) -> dict[str, Any]:
    options: dict[str, Any] = json.loads(text)
    return options
