"""Test vectors for verifiers in other languages: `python -m tests.licenses.vectors` writes them.

Ed25519 signatures are deterministic (RFC 8032), so the same code always writes the same file.
"""

import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from storefront.licenses.signing import encode

FILE = Path(__file__).parents[2] / "examples" / "license-test-vectors.json"
NOW = 1_800_000_000
SHOP = "https://shop.example.com"
LICENSE, REVOCATIONS = "license+jwt", "revocations+jwt"
VALID = "valid"
ABOUT = (
    "Each case is a license file, what the program knows (now, and where given issuer, fingerprint and "
    "revocations), and what a verifier that trusts public_keys says: valid, or its reason to refuse. "
    "See docs/offline-licenses.md."
)


def signed(claims: dict[str, Any], private: Ed25519PrivateKey, **header: str) -> str:
    parts = [{"alg": "EdDSA", "kid": "k1", "typ": LICENSE} | header, claims]
    content = ".".join(encode(json.dumps(part).encode()) for part in parts)
    return f"{content}.{encode(private.sign(content.encode()))}"


def _private(number: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)


def public(private: Ed25519PrivateKey) -> str:
    return encode(private.public_key().public_bytes_raw())


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

    def listed(private: Ed25519PrivateKey = first, **lists: dict[str, Any]) -> str:
        made = {"iss": SHOP, "iat": NOW - 60, "exp": NOW + 86_400, "revoked": {}, "reissued": {}} | lists
        return signed(made, private, typ=REVOCATIONS)

    def case(name: str, expected: str, token: str, **known: str) -> dict[str, str]:
        return {"name": name, "expected": expected, "token": token, **known}

    cases = [
        case("a file from the order page", VALID, good),
        case("of the shop that is asked for", VALID, good, issuer=SHOP),
        case("white space around it", VALID, f"\n {good}\n"),
        case("signed with the newer key", VALID, signed(claims, second, kid="k2")),
        case("of this device", VALID, signed(bound, first), fingerprint="disk-1"),
        case("a clock that is two hours slow", VALID, signed(claims | {"iat": NOW + 7200}, first)),
        case("others are revoked", VALID, good, revocations=listed(revoked={"8": "REFUNDED"})),
        case(
            "its key was replaced before it was made", VALID, good, revocations=listed(reissued={"7": NOW - 7200})
        ),
        case("of another shop", "issuer", good, issuer="https://other.example.com"),
        case("signed by a stranger", "signature", signed(claims, stranger)),
        case("changed after it was signed", "signature", f"{head}.{renamed}.{signature}"),
        case("signed with the other key", "signature", signed(claims, first, kid="k2")),
        case("a key the program does not carry", "unknown_key", signed(claims, first, kid="k3")),
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
        case("refunded", "revoked", good, revocations=listed(revoked={"7": "REFUNDED"})),
        case("its key was replaced afterwards", "revoked", good, revocations=listed(reissued={"7": NOW - 60})),
        case("a list by a stranger", "signature", good, revocations=listed(stranger)),
        case("a file in place of a list", "algorithm", good, revocations=good),
        case("one part only", "malformed", "hello"),
        case("three parts of nothing", "malformed", "a.b.c"),
        case("four parts", "malformed", f"{good}.{signature}"),
        case("padded base64", "malformed", f"{head}.{body}.{signature}=="),
        case("empty", "malformed", ""),
    ]
    keys = {"k1": public(first), "k2": public(second)}
    return {"about": ABOUT, "now": NOW, "public_keys": keys, "cases": cases}


def as_text() -> str:
    return json.dumps(make_vectors(), indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(as_text())
