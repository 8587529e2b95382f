"""License files: signed with what is published; both verifiers refuse for each reason; revoked and given back."""

import base64
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from storefront import clock
from storefront.app import create_app
from storefront.config import load_settings
from storefront.errors import StorefrontError
from storefront.licenses import signing
from storefront.licenses.care import replace_key, restore_key, withdraw_key
from tests.databases import BOTH
from tests.licenses import vectors
from tests.licenses.licensed import ask, sell_license
from tests.licenses.vectors import signed
from tests.messages.sold import Sale
from tests.sandbox_client import SandboxClient

ROOT = Path(__file__).parents[2]
NODE = shutil.which("node")
both = pytest.mark.parametrize("engine", BOTH, indirect=True)

# RFC 8037, appendix A: key, and the JWS made with it.
RFC_8037_X = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
RFC_8037_JWS = (
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
)
# RFC 8032, section 7.1, TEST 3: seed, message, signature.
RFC_8032_SEED = "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7"
RFC_8032_MESSAGE = "af82"
RFC_8032_SIGNATURE = (
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
    "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
)

Verify = Callable[..., tuple[bool, Any]]


def _run(command: list[str]) -> tuple[bool, Any]:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return (True, json.loads(done.stdout)) if done.returncode == 0 else (False, done.stderr.strip())


@pytest.fixture(params=["python", "node"])
def verify(request: pytest.FixtureRequest, tmp_path: Path) -> Verify:
    """Runs the example as a seller's programmer would."""
    if request.param == "node" and NODE is None:
        assert not os.environ.get("CI"), "Node.js is missing"
        pytest.skip("Node.js is not installed: it runs the JavaScript verifier")

    def run(token: str, keys: dict[str, str], **options: str) -> tuple[bool, Any]:
        file = tmp_path / "a.license"
        file.write_text(token)
        if "revocations" in options:
            listed = tmp_path / "a.jws"
            listed.write_text(options["revocations"])
            options["revocations"] = str(listed)
        pairs = [f"{kid}={x}" for kid, x in keys.items()]
        flags = [f"--{name}={value}" for name, value in options.items()]
        program = (
            [sys.executable, str(ROOT / "examples/verify_license.py")]
            if request.param == "python"
            else [str(NODE), str(ROOT / "examples/verify-license.mjs")]
        )
        return _run([*program, str(file), *pairs, *flags])

    return run


def published(app: Flask) -> dict[str, str]:
    keys = app.test_client().get("/.well-known/storefront-keys.json").get_json()["keys"]
    assert all((key["kty"], key["crv"], key["alg"]) == ("OKP", "Ed25519", "EdDSA") for key in keys)
    return {key["kid"]: key["x"] for key in keys}


def file_of(sale: Sale) -> str:
    page = sale.buyer.get(f"{sale.link}/licenses/1/license-file")
    assert page.status_code == 200, page.text
    assert page.headers["Content-Disposition"].startswith("attachment")
    return page.text.strip()


def revocations(app: Flask) -> str:
    app.extensions.pop("revocations", None)
    return app.test_client().get("/.well-known/storefront-revocations.jws").text


def claims_of(token: str) -> dict[str, Any]:
    body = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return claims


def test_both_verifiers_accept_the_file_of_the_order_page(
    app: Flask, sandbox: SandboxClient, verify: Verify
) -> None:
    sale = sell_license(app, sandbox)
    is_good, claims = verify(file_of(sale), published(app), issuer="http://localhost")
    assert is_good, claims
    assert (claims["sub"], claims["key"], claims["product"], claims["edition"]) == (
        "1",
        sale.keys[0],
        "twinspot",
        "Personal",
    )
    assert claims["holder"]["email"]
    assert claims["mode"] == "sandbox"
    assert timedelta(days=29) < timedelta(seconds=claims["exp"] - claims["iat"]) <= timedelta(days=30)


@both
def test_activation_brings_a_file_for_this_device_alone(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell_license(app, sandbox, expires_at=clock.now() + timedelta(days=3))
    made = ask(app, "activate", license_key=sale.keys[0], instance_name="a", fingerprint="disk-1").get_json()
    claims = claims_of(made["license_file"])
    assert claims["fingerprint"] == "disk-1"
    assert claims["exp"] == claims["license_expires_at"]


@pytest.mark.parametrize("case", vectors.make_vectors()["cases"], ids=lambda case: case["name"])
def test_says_of_every_published_vector_what_it_expects(verify: Verify, case: dict[str, str]) -> None:
    """Read from the file: that is what others build on."""
    published_file = json.loads(vectors.FILE.read_text())
    known = dict(next(each for each in published_file["cases"] if each["name"] == case["name"]))
    token, expected = known.pop("token"), known.pop("expected")
    del known["name"]
    is_good, said = verify(token, published_file["public_keys"], now=str(published_file["now"]), **known)
    assert (is_good, said if not is_good else "") == (
        expected == "valid",
        f"refused: {expected}" if not is_good else "",
    )


def test_the_published_vectors_are_what_this_code_signs() -> None:
    assert vectors.FILE.read_text() == vectors.as_text(), "run `python -m tests.licenses.vectors`"


def test_verifies_the_examples_of_the_standards(verify: Verify) -> None:
    """The header of the RFC's example names no key and no kind, so only its signature is asked."""
    head, body, signature = RFC_8037_JWS.split(".")
    sys.path.insert(0, str(ROOT / "examples"))
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    padded = RFC_8037_X + "=" * (-len(RFC_8037_X) % 4)
    key = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(padded))
    key.verify(base64.urlsafe_b64decode(signature + "=="), f"{head}.{body}".encode())
    is_good, said = verify(RFC_8037_JWS, {"k1": RFC_8037_X})
    assert (is_good, said) == (False, "refused: algorithm")
    private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(RFC_8032_SEED))
    assert private.sign(bytes.fromhex(RFC_8032_MESSAGE)).hex() == RFC_8032_SIGNATURE
    x = signing.encode(private.public_key().public_bytes_raw())
    now = int(time.time())
    token = signed({"iss": "a", "sub": "1", "iat": now, "exp": now + 60, "fingerprint": None}, private)
    assert verify(token, {"k1": x})[0]


@hypothesis_settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_character_can_be_changed(data: st.DataObject) -> None:
    sys.path.insert(0, str(ROOT / "examples"))
    import verify_license  # type: ignore[import-not-found]  # an example for others, not a part of the shop

    private = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    keys = {"k1": signing.encode(private.public_key().public_bytes_raw())}
    token = signed({"iss": "a", "sub": "1", "iat": 0, "exp": 10**10, "fingerprint": None}, private)
    assert verify_license.verify_license(token, keys)["sub"] == "1"
    at = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.sampled_from("ABCDEFGHabcdefgh0123456789-_."))
    changed = token[:at] + letter + token[at + 1 :]
    if changed != token:
        with pytest.raises(verify_license.Refused):
            verify_license.verify_license(changed, keys)


def test_what_is_taken_away_is_listed_and_leaves_the_list_when_it_is_given_back(
    app: Flask, sandbox: SandboxClient
) -> None:
    sale = sell_license(app, sandbox)
    assert claims_of(revocations(app))["revoked"] == {}
    for _ in range(2):
        with app.app_context():
            withdraw_key(sale.keys[0])
        assert claims_of(revocations(app))["revoked"] == {"1": "WITHDRAWN"}
        answer = sale.buyer.get(f"{sale.link}/licenses/1/license-file")
        assert answer.status_code == 403
        with app.app_context():
            restore_key(sale.keys[0])
        assert claims_of(revocations(app))["revoked"] == {}
        assert file_of(sale)
    sale.refund()
    sale.deliver("charge.refunded", "refund.")
    assert claims_of(revocations(app))["revoked"] == {"1": "REFUNDED"}
    refused = sale.buyer.get(f"{sale.link}/licenses/1/license-file")
    assert refused.status_code == 403
    assert "refunded" in refused.text


def test_a_replaced_key_voids_the_files_from_before(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell_license(app, sandbox)
    with app.app_context():
        replace_key(sale.keys[0])
    reissued = claims_of(revocations(app))["reissued"]
    assert list(reissued) == ["1"]
    assert abs(reissued["1"] - time.time()) < 60


def test_a_license_of_another_order_is_not_found(app: Flask, sandbox: SandboxClient) -> None:
    first, second = sell_license(app, sandbox), sell_license(app, sandbox)
    assert first.buyer.get(f"{second.link}/licenses/1/license-file").status_code == 404
    assert first.buyer.get(f"{second.link}/licenses/2/license-file").status_code == 200
    assert first.buyer.get(f"/orders/{'0' * 32}/licenses/1/license-file").status_code == 404


@both
def test_rotation_keeps_old_files_verifying_and_revoking_ends_them(app: Flask) -> None:
    with app.app_context():
        first = signing.ensure_signing_key().kid
        second = signing.rotate()
        assert signing.ensure_signing_key().kid == second
    assert published(app).keys() == {first, second}
    with app.app_context():
        signing.revoke(first)
        signing.revoke(first)
        with pytest.raises(StorefrontError, match="no signing key"):
            signing.revoke("unknown")
    assert published(app).keys() == {second}


def test_a_changed_secret_key_says_what_to_do_and_can_be_resealed(app: Flask, environment: dict[str, str]) -> None:
    with app.app_context():
        signing.sign({"a": 1}, kind="x")
    changed = create_app(load_settings(environment | {"SECRET_KEY": "another-secret-" + "y" * 20}))
    with changed.app_context():
        with pytest.raises(StorefrontError, match="OLD_SECRET_KEY"):
            signing.sign({"a": 1}, kind="x")
        with pytest.raises(StorefrontError, match="SECRET_KEY"):
            signing.reseal("wrong")
        assert signing.reseal(environment["SECRET_KEY"]) == 1
        assert signing.reseal(environment["SECRET_KEY"]) == 0
        assert signing.sign({"a": 1}, kind="x").count(".") == 2
        from storefront.db import db

        db.session.remove()
        db.engine.dispose()


def test_public_lists_may_be_kept_and_asked_again(app: Flask) -> None:
    client = app.test_client()
    for path in ("/.well-known/storefront-keys.json", "/.well-known/storefront-revocations.jws"):
        first = client.get(path)
        assert first.status_code == 200
        assert "max-age" in first.headers["Cache-Control"]
        assert first.headers["Access-Control-Allow-Origin"] == "*"
        again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert again.status_code == 304
