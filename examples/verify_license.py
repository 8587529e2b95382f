"""Checks a Storefront license file without a network. Needs `cryptography`; copy it into your program.

python verify_license.py FILE KID=PUBLIC_KEY… --product SLUG [--issuer URL] [--fingerprint TEXT]
    [--revocations FILE] [--allow-test]
"""

import argparse
import base64
import json
import time

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

TOLERANCE = 24 * 3600  # a clock that is a day wrong is nobody's fault


class Refused(Exception):
    """malformed, algorithm, unknown_key, signature, issuer, product, mode, clock, expired, device, or revoked."""


def decode(text):
    content = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if base64.urlsafe_b64encode(content).rstrip(b"=").decode() != text:
        raise ValueError("not the one spelling of these bytes")
    return content


def read_signed(token, public_keys, kind):
    """The claims of a JWS. `public_keys` maps key ids to 32 bytes in base64url, as your program ships them."""
    try:
        head, body, signature = token.strip().split(".")
        header, signed = json.loads(decode(head)), decode(signature)
        if header.get("alg") != "EdDSA" or header.get("typ") != kind:  # never what the file asks for
            raise Refused("algorithm")
        if not isinstance(header.get("kid"), str) or header["kid"] not in public_keys:
            raise Refused("unknown_key")
        key = Ed25519PublicKey.from_public_bytes(decode(public_keys[header["kid"]]))
        key.verify(signed, f"{head}.{body}".encode())
        return json.loads(decode(body))
    except InvalidSignature:
        raise Refused("signature") from None
    except (ValueError, AttributeError, TypeError, RecursionError):  # the last of what is nested without end
        raise Refused("malformed") from None


def is_revoked(claims, revocations, public_keys):
    """A list that does not verify, or is of another shop, says nothing: whoever forges one could withhold it."""
    try:
        listed = read_signed(revocations, public_keys, "revocations+jwt")
    except Refused:
        return False
    if listed["iss"] != claims["iss"]:
        return False
    return claims["sub"] in listed["revoked"] or claims["generation"] < listed["reissued"].get(claims["sub"], 1)


def verify_license(
    token, public_keys, *, product, issuer=None, fingerprint=None, revocations=None, allow_test=False, now=None
):
    """The file's claims, or Refused. `product` is the slug of what you sell here: any other license is not enough.

    `revocations` is the newest list your program could fetch, if any.
    """
    now = time.time() if now is None else now
    claims = read_signed(token, public_keys, "license+jwt")
    if issuer is not None and claims["iss"] != issuer:
        raise Refused("issuer")
    if claims["product"] != product:
        raise Refused("product")
    if claims["mode"] != "live" and not allow_test:
        raise Refused("mode")
    if claims["iat"] > now + TOLERANCE:
        raise Refused("clock")
    if claims["exp"] <= now:
        raise Refused("expired")
    if claims["fingerprint"] is not None and claims["fingerprint"] != fingerprint:
        raise Refused("device")
    if revocations is not None and is_revoked(claims, revocations, public_keys):
        raise Refused("revoked")
    return claims


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    # Other bytes are refused below, as any other text.
    text = argparse.FileType(encoding="utf-8", errors="replace")
    parser.add_argument("file", type=text)
    parser.add_argument("keys", nargs="+")
    parser.add_argument("--product", required=True)
    parser.add_argument("--issuer")
    parser.add_argument("--fingerprint")
    parser.add_argument("--revocations", type=text)
    parser.add_argument("--allow-test", action="store_true")
    parser.add_argument("--now", type=float, help="Unix seconds, for the test vectors")
    given = parser.parse_args()
    keys = dict(pair.split("=", 1) for pair in given.keys)
    listed = given.revocations.read() if given.revocations else None
    try:
        found = verify_license(
            given.file.read(),
            keys,
            product=given.product,
            issuer=given.issuer,
            fingerprint=given.fingerprint,
            revocations=listed,
            allow_test=given.allow_test,
            now=given.now,
        )
    except Refused as refusal:
        raise SystemExit(f"refused: {refusal}") from None
    print(json.dumps(found))  # noqa: T201 - a command's answer
