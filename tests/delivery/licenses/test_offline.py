"""License files: signed with what is published; both verifiers refuse for each reason; revoked and given back."""

import base64
import importlib.util
import json
import time
from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from storefront.core import clock
from storefront.core.languages import Language
from storefront.delivery.licenses.api import views
from storefront.delivery.licenses.owner_actions import replace_key, restore_key, withdraw_key
from storefront.delivery.licenses.signing.jws import encode
from storefront.delivery.licenses.signing.license_file import issue_license_file
from storefront.shop.profile.change import change_profile
from storefront.shop.translations.change import change_product_texts
from tests.delivery.licenses import vectors
from tests.delivery.licenses.licensed import ask, sell_license
from tests.delivery.licenses.offline import (
    EXAMPLES,
    Verify,
    claims_of,
    file_of,
    published,
    revocations,
    say_of_all,
)
from tests.delivery.licenses.vectors import signed
from tests.support.databases import BOTH
from tests.support.rows import change_rows, read_license_keys, read_rows
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient
from tests.support.upgrades import sell_upgrade

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


def test_passes_both_verifiers_as_the_file_of_the_order_page(
    app: Flask, sandbox: SandboxClient, verify: Verify
) -> None:
    sale = sell_license(app, sandbox)
    is_good, claims = verify(file_of(sale), published(app), issuer="http://localhost", allow_test=True)
    assert is_good, claims
    assert (claims["sub"], claims["key"], claims["product"], claims["edition"]) == (
        "1",
        sale.keys[0],
        "twinspot",
        "Personal",
    )
    assert claims["holder"]["email"]
    assert claims["mode"] == "sandbox"
    assert claims["generation"] == 1
    assert timedelta(days=29) < timedelta(seconds=claims["exp"] - claims["iat"]) <= timedelta(days=30)


@both
def test_comes_with_an_activation_for_this_device_alone(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell_license(app, sandbox, expires_at=clock.now() + timedelta(days=3))
    activated = ask(app, "activate", license_key=sale.keys[0], instance_name="a", fingerprint="disk-1").get_json()
    claims = claims_of(activated["license_file"])
    assert claims["fingerprint"] == "disk-1"
    assert claims["exp"] == claims["license_expires_at"]


def test_fits_a_device_that_ends_its_name_with_its_line(
    app: Flask, sandbox: SandboxClient, verify: Verify
) -> None:
    """As `/etc/machine-id` is read; with and without it the device is the same."""
    (key,) = sell_license(app, sandbox, activation_limit=1).keys
    for fingerprint in ("disk-1\n", "disk-1", " disk-1\r\n"):
        answer = ask(app, "activate", license_key=key, instance_name="a", fingerprint=fingerprint).get_json()
        is_good, said = verify(answer["license_file"], published(app), fingerprint=fingerprint, allow_test=True)
        assert is_good, said
        assert ask(app, "validate", license_key=key, fingerprint=fingerprint).get_json()["code"] == "VALID"
    blank = ask(app, "activate", license_key=key, instance_name="a", fingerprint=" \n").get_json()
    assert (blank["code"], blank["license_file"]) == ("ACTIVATION_LIMIT_REACHED", None)


def test_comes_with_no_activation_of_a_device_without_a_name_for_itself(
    app: Flask, sandbox: SandboxClient
) -> None:
    """A file for any device would go around the limit of devices."""
    sale = sell_license(app, sandbox)
    activated = ask(app, "activate", license_key=sale.keys[0], instance_name="a").get_json()
    assert (activated["activated"], activated["license_file"]) == (True, None)


def test_names_the_edition_as_the_owner_does_whatever_page_it_is_from(app: Flask, sandbox: SandboxClient) -> None:
    with app.app_context():
        change_profile({"languages": "en, de"})
        names = {"editions/personal/name": "Persönlich", "editions/team/name": "Mannschaft"}
        change_product_texts("twinspot", Language.GERMAN, names)
    sale, _upgrade = sell_upgrade(app, sandbox)
    german = sale.buyer.get(f"/de{sale.link}/licenses/1/license-file").text
    assert [claims_of(file)["edition"] for file in (file_of(sale), german)] == ["Team", "Team"]
    assert "Mannschaft" in sale.buyer.get(f"/de{sale.link}").text


@pytest.mark.parametrize("language", ["python", "node"])
def test_says_of_every_published_vector_what_it_expects(request: pytest.FixtureRequest, language: str) -> None:
    """Read from the file: that is what others build on. As modules: as programs both run in the other tests."""
    file = json.loads(vectors.FILE.read_text())
    if language == "node":
        said = say_of_all(request.getfixturevalue("node"), vectors.FILE)
    else:
        said = [say(file, **case) for case in file["cases"]]
    assert len(said) > 40
    assert {case["name"]: one for case, one in zip(file["cases"], said, strict=True)} == {
        case["name"]: (claims_of(case["token"]) if case["expected"] == "valid" else f"refused: {case['expected']}")
        for case in file["cases"]
    }


def say(file: dict[str, Any], *, token: str, name: str, expected: str, **known: Any) -> Any:
    try:
        options = {"product": "twinspot", "now": file["now"]} | known
        return EXAMPLE.verify_license(token, file["public_keys"], **options)
    except EXAMPLE.Refused as refused:
        return f"refused: {refused}"


def test_takes_bytes_that_are_no_text_for_a_bad_file_and_for_no_list(verify: Verify) -> None:
    file = json.loads(vectors.FILE.read_text())
    good, noise = file["cases"][0]["token"], "\udcff\udcfe<html>"
    assert verify(good, file["public_keys"], now=file["now"], revocations=noise)[0]
    assert verify(noise, file["public_keys"], now=file["now"]) == (False, "refused: malformed")


def test_signs_what_the_published_vectors_say() -> None:
    assert vectors.FILE.read_text() == vectors.as_text(), "run `python -m tests.delivery.licenses.vectors`"


def _example() -> ModuleType:
    """An example for others, not a part of the shop."""
    spec = importlib.util.spec_from_file_location("verify_license", EXAMPLES / "verify_license.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


EXAMPLE = _example()
LEAST = {
    "iss": "a", "sub": "1", "iat": 0, "exp": 10**10, "fingerprint": None, "product": "twinspot", "mode": "live",
    "generation": 1,
}  # fmt: skip


def test_verifies_the_examples_of_the_standards(verify: Verify) -> None:
    """The header of the RFC's example names no key and no kind, so only its signature is asked."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    head, body, signature = RFC_8037_JWS.split(".")
    padded = RFC_8037_X + "=" * (-len(RFC_8037_X) % 4)
    key = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(padded))
    key.verify(base64.urlsafe_b64decode(signature + "=="), f"{head}.{body}".encode())
    is_good, said = verify(RFC_8037_JWS, {"k1": RFC_8037_X})
    assert (is_good, said) == (False, "refused: algorithm")
    private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(RFC_8032_SEED))
    assert private.sign(bytes.fromhex(RFC_8032_MESSAGE)).hex() == RFC_8032_SIGNATURE
    x = encode(private.public_key().public_bytes_raw())
    now = int(time.time())
    assert verify(signed(LEAST | {"iat": now, "exp": now + 60}, private), {"k1": x})[0]


@hypothesis_settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_lets_no_character_be_changed(data: st.DataObject) -> None:
    private = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    keys = {"k1": encode(private.public_key().public_bytes_raw())}
    token = signed(LEAST, private)
    assert EXAMPLE.verify_license(token, keys, product="twinspot")["sub"] == "1"
    at = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.sampled_from("ABCDEFGHabcdefgh0123456789-_."))
    changed = token[:at] + letter + token[at + 1 :]
    if changed != token:
        with pytest.raises(EXAMPLE.Refused):
            EXAMPLE.verify_license(changed, keys, product="twinspot")


def test_asks_a_program_to_say_what_it_sells(verify: Verify) -> None:
    private = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    keys = {"k1": encode(private.public_key().public_bytes_raw())}
    with pytest.raises(TypeError):
        EXAMPLE.verify_license(signed(LEAST, private), keys)
    assert verify(signed(LEAST, private), keys, product="") == (False, "refused: product")


def test_lists_what_is_taken_away_until_it_is_given_back(app: Flask, sandbox: SandboxClient) -> None:
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


def test_lists_an_item_alone_that_was_refunded_alone(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox, ("twinspot", "Personal"), ("twinspot", "Team"))
    ids = [row["id"] for row in read_rows(app, "SELECT id FROM licenses ORDER BY id")]
    assert len(ids) == 2
    sale.refund(amount=100, metadata={"storefront_items": "1"})
    sale.deliver("charge.refunded", "refund.")
    assert claims_of(revocations(app))["revoked"] == {str(ids[0]): "REFUNDED"}
    change_rows(app, "UPDATE orders SET refunded_minor = 0")  # as when the amount is read later than the refund
    assert claims_of(revocations(app))["revoked"] == {str(ids[0]): "REFUNDED"}


def test_lists_a_disputed_license_until_the_dispute_is_won(
    app: Flask, sandbox: SandboxClient, verify: Verify
) -> None:
    sale = sell_license(app, sandbox)
    file, keys = file_of(sale), published(app)
    dispute = sale.at_charge("dispute")
    sale.deliver("charge.dispute.")
    listed = revocations(app)
    assert claims_of(listed)["revoked"] == {"1": "DISPUTED"}
    assert verify(file, keys, revocations=listed, allow_test=True) == (False, "refused: revoked")
    sandbox.control(f"disputes/{dispute}/move", status="won")
    sale.deliver("charge.dispute.")
    assert verify(file, keys, revocations=revocations(app), allow_test=True)[0]


def test_lists_no_licenses_of_another_mode(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell_license(app, sandbox)
    with app.app_context():
        withdraw_key(replace_key(sale.keys[0]).key)
    assert claims_of(revocations(app))["revoked"].keys() == claims_of(revocations(app))["reissued"].keys() == {"1"}
    change_rows(app, "UPDATE licenses SET mode = 'live'")
    listed = claims_of(revocations(app))
    assert (listed["revoked"], listed["reissued"]) == ({}, {})


def test_voids_the_files_from_before_a_key_was_replaced(
    app: Flask, sandbox: SandboxClient, verify: Verify
) -> None:
    """Also files of the same second; a second replacement voids those of the first."""
    sale = sell_license(app, sandbox)
    keys, files, lists = published(app), [file_of(sale)], [revocations(app)]
    key = sale.keys[0]
    for _ in range(2):
        with app.app_context():
            key = replace_key(key).key
        files.append(file_of(sale))
        lists.append(revocations(app))
    assert [claims_of(file)["generation"] for file in files] == [1, 2, 3]
    for made, file in enumerate(files):
        for asked, listed in enumerate(lists):
            assert verify(file, keys, revocations=listed, allow_test=True)[0] is (made >= asked)


def test_shows_the_new_key_in_no_file_to_whoever_has_the_old_one(
    app: Flask, sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The window is widened: the key is replaced after the activation, and before its file is made."""
    sale = sell_license(app, sandbox)

    def overtaken(license_id: int, **how: Any) -> str:
        replace_key(sale.keys[0])
        return issue_license_file(license_id, **how)

    monkeypatch.setattr(views, "issue_license_file", overtaken)
    activated = ask(app, "activate", license_key=sale.keys[0], instance_name="a", fingerprint="disk-1").get_json()
    assert (activated["code"], activated["license_file"]) == ("VALID", None)
    monkeypatch.undo()
    (new,) = read_license_keys(app)
    again = ask(app, "activate", license_key=new, instance_name="a", fingerprint="disk-1").get_json()
    assert claims_of(again["license_file"])["key"] == new


def test_finds_no_license_of_another_order(app: Flask, sandbox: SandboxClient) -> None:
    first, second = sell_license(app, sandbox), sell_license(app, sandbox)
    assert first.buyer.get(f"{second.link}/licenses/1/license-file").status_code == 404
    assert first.buyer.get(f"{second.link}/licenses/2/license-file").status_code == 200
    assert first.buyer.get(f"/orders/{'0' * 32}/licenses/1/license-file").status_code == 404


def test_lets_public_lists_be_kept_and_asked_again(app: Flask) -> None:
    client = app.test_client()
    for path in ("/.well-known/storefront-keys.json", "/.well-known/storefront-revocations.jws"):
        first = client.get(path)
        assert first.status_code == 200
        assert "max-age" in first.headers["Cache-Control"]
        asked = client.options(path, headers={"Access-Control-Request-Headers": "cache-control"})
        assert "GET" in asked.headers["Access-Control-Allow-Methods"]
        assert "cache-control" in asked.headers["Access-Control-Allow-Headers"].lower()
        for answer in (first, asked, client.post(path)):  # whatever comes, a page of another origin may read it
            assert answer.headers["Access-Control-Allow-Origin"] == "*"
        again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert again.status_code == 304
