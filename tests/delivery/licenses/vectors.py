"""Test vectors for verifiers in other languages: `python -m tests.delivery.licenses.vectors` writes them.

Ed25519 signatures are deterministic (RFC 8032), so the same code always writes the same file.
"""

import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from storefront.delivery.licenses.signing.jws import encode

FILE = Path(__file__).parents[3] / "examples" / "license-test-vectors.json"
NOW = 1_800_000_000
SHOP = "https://shop.example.com"
LICENSE, REVOCATIONS = "license+jwt", "revocations+jwt"
VALID = "valid"
NO_TEXT = {"toString": 1}  # JavaScript fails to make one of it
ABOUT = (
    "Each case is a license file, what the program knows (now, the product it asks for, and where given issuer, "
    "fingerprint, revocations and allow_test), and what a verifier that trusts public_keys says: valid, or its "
    "reason to refuse. See docs/offline-licenses.md."
)


def signed(claims: dict[str, Any], private: Ed25519PrivateKey, **header: object) -> str:
    parts = [{"alg": "EdDSA", "kid": "k1", "typ": LICENSE} | header, claims]
    content = ".".join(encode(json.dumps(part).encode()) for part in parts)
    return f"{content}.{encode(private.sign(content.encode()))}"


def _private(number: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)


def public(private: Ed25519PrivateKey) -> str:
    return encode(private.public_key().public_bytes_raw())


def nested(depth: int = 12_000) -> str:
    """A header that begins more lists than a parser may be able to go down."""
    return f"{encode(b'[' * depth)}.e30.AAAA"


def make_vectors() -> dict[str, Any]:
    """A shop with two keys, one of them after a rotation, and a stranger with a third."""
    first, second, stranger = _private(1), _private(2), _private(3)
    claims: dict[str, Any] = {
        "iss": SHOP,
        "sub": "7",
        "jti": "2f0c1c0a-6f0e-4c53-9a0b-3d1b8f3c5e11",
        "iat": NOW - 3600,
        "exp": NOW + 86_400,
        "key": "TWIN-2X7QK-9MPRD-H4WVC-T3N6F",
        "generation": 2,
        "product": "twinspot",
        "product_name": "Twinspot",
        "edition": "Personal",
        "holder": {"name": "Zo\u00eb Reader", "email": "zoe@example.com"},
        "seats": 1,
        "activation_limit": 3,
        "license_expires_at": None,
        "updates_until": NOW + 10_000_000,
        "fingerprint": None,
        "mode": "live",
    }
    bound = claims | {"fingerprint": "disk-1"}
    good = signed(claims, first)
    unsigned = ".".join(encode(json.dumps(part).encode()) for part in ({"alg": "none"}, claims)) + "."
    head, body, signature = good.split(".")
    renamed = encode(json.dumps(claims | {"edition": "Team"}).encode())

    def listed(private: Ed25519PrivateKey = first, *, kid: object = "k1", iss: str = SHOP, **lists: Any) -> str:
        claims_of_list = {
            "iss": iss,
            "iat": NOW - 60,
            "exp": NOW + 86_400,
            "mode": "live",
            "revoked": {},
            "reissued": {},
        }
        return signed(claims_of_list | lists, private, typ=REVOCATIONS, kid=kid)

    def case(name: str, expected: str, token: str, product: str = "twinspot", **known: Any) -> dict[str, Any]:
        return {"name": name, "expected": expected, "product": product, "token": token, **known}

    refunded = {"7": "REFUNDED"}
    for_tests = signed(claims | {"mode": "test"}, first)
    cases = [
        case("a file from the order page", VALID, good),
        case("of the shop that is asked for", VALID, good, issuer=SHOP),
        case("white space around it", VALID, f"\n {good}\n"),
        case("signed with the newer key", VALID, signed(claims, second, kid="k2")),
        case("of this device", VALID, signed(bound, first), fingerprint="disk-1"),
        case("a clock that is two hours slow", VALID, signed(claims | {"iat": NOW + 7200}, first)),
        case("others are revoked", VALID, good, revocations=listed(revoked={"8": "REFUNDED"})),
        case("a list signed with the newer key", VALID, good, revocations=listed(second, kid="k2")),
        case("its key was replaced before it was made", VALID, good, revocations=listed(reissued={"7": 2})),
        case("of a test order, where those are allowed", VALID, for_tests, allow_test=True),
        case("a list by a stranger", VALID, good, revocations=listed(stranger, revoked=refunded)),
        case("a list by a key it does not carry", VALID, good, revocations=listed(kid="k3", revoked=refunded)),
        case("a list of another shop", VALID, good, revocations=listed(iss="https://b.example", revoked=refunded)),
        case("a file in place of a list", VALID, good, revocations=good),
        case("a list that is no list", VALID, good, revocations="<html>"),
        case("a list that is nested without end", VALID, good, revocations=nested()),
        case(
            "a list by a key whose name is no text", VALID, good, revocations=listed(kid=NO_TEXT, revoked=refunded)
        ),
        case("of another shop", "issuer", good, issuer="https://other.example.com"),
        case("of another product", "product", good, "soft-taps"),
        case("of a test order", "mode", for_tests),
        case("of the sandbox", "mode", signed(claims | {"mode": "sandbox"}, first)),
        case("signed by a stranger", "signature", signed(claims, stranger)),
        case("changed after it was signed", "signature", f"{head}.{renamed}.{signature}"),
        case("signed with the other key", "signature", signed(claims, first, kid="k2")),
        case("a key the program does not carry", "unknown_key", signed(claims, first, kid="k3")),
        case("a key whose name is no text", "unknown_key", signed(claims, first, kid=NO_TEXT)),
        case("a key without a name", "unknown_key", signed(claims, first, kid=None)),
        case("another algorithm", "algorithm", signed(claims, first, alg="HS256")),
        case("no algorithm", "algorithm", unsigned),
        case("a list in place of a file", "algorithm", listed()),
        case(
            "made two days from now", "clock", signed(claims | {"iat": NOW + 172_800, "exp": NOW + 200_000}, first)
        ),
        case("ended a second ago", "expired", signed(claims | {"exp": NOW - 1}, first)),
        case("ends now", "expired", signed(claims | {"exp": NOW}, first)),
        case("of a device, and none is named", "device", signed(bound, first)),
        case("of another device", "device", signed(bound, first), fingerprint="disk-2"),
        case("refunded", "revoked", good, revocations=listed(revoked=refunded)),
        case("refunded by the newer key", "revoked", good, revocations=listed(second, kid="k2", revoked=refunded)),
        case("its key was replaced afterwards", "revoked", good, revocations=listed(reissued={"7": 3})),
        case("one part only", "malformed", "hello"),
        case("three parts of nothing", "malformed", "a.b.c"),
        case("four parts", "malformed", f"{good}.{signature}"),
        case("padded base64", "malformed", f"{head}.{body}.{signature}=="),
        case("empty", "malformed", ""),
        case("nested without end", "malformed", nested()),
    ]
    keys = {"k1": public(first), "k2": public(second)}
    return {"about": ABOUT, "now": NOW, "public_keys": keys, "cases": cases}


def as_text() -> str:
    return json.dumps(make_vectors(), indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(as_text())
