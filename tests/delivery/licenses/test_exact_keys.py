"""Imported keys: sold, found and told apart exactly as they are written, also long ones of several lines."""

from typing import Any

import pytest
from flask import Flask

from storefront.core.db import db
from storefront.delivery.licenses.keys import hash_key, hint
from storefront.delivery.licenses.models import KeyEvent, PoolKey
from storefront.delivery.licenses.owner_actions import replace_key
from storefront.delivery.licenses.pools.import_keys import import_keys
from storefront.delivery.licenses.pools.key_files import one_key, read_keys
from tests.delivery.licenses.licensed import ask
from tests.delivery.licenses.pools import bring, fulfill, make_pool, pay, sold_keys
from tests.support.databases import BOTH
from tests.support.rows import change_rows, count_rows
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Shop

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
CASE = ["aGVsbG8td29ybGQ9", "aGVsbG8td29ybgQ9"]
DASH = ["AB-CD123", "ABC-D123"]
BLOCK = "-----BEGIN LICENSE-----\nAda\nEA7E-1\n\n  12345678 ABCDEFGH\n-----END LICENSE-----"
LONG = "LIC-" + "A1b2C3d4" * 511 + "/+=="


def state_of(app: Flask, key: str) -> str:
    return str(ask(app, "validate", license_key=key).get_json()["code"])


@both
def test_takes_a_key_for_what_is_written(app: Flask, sandbox: SandboxClient, run: Any) -> None:
    make_pool(app)
    assert bring(app, [*CASE, *DASH]).imported == 4
    for session_id in pay(app, sandbox, 3):
        fulfill(app, session_id)
    assert sold_keys(app) == [*CASE, DASH[0]]
    asked = [*CASE, DASH[0], DASH[1], "AB CD123", "ab-cd123", CASE[0].upper()]
    assert [state_of(app, key) for key in asked] == ["VALID"] * 3 + ["MISTYPED"] * 4
    activated = ask(app, "activate", license_key=CASE[1], instance_name="a", fingerprint="f").get_json()
    assert (activated["license_key"]["key"], bool(activated["license_file"])) == (CASE[1], True)

    assert run("keys", "withdraw", CASE[0]).exit_code == 0
    assert [state_of(app, key) for key in CASE] == ["WITHDRAWN", "VALID"]
    assert run("keys", "restore", CASE[0]).exit_code == 0
    with app.app_context():
        assert replace_key(CASE[0]).key == DASH[1]
    assert [state_of(app, key) for key in (*CASE, *DASH)] == ["REPLACED", "VALID", "VALID", "VALID"]
    assert "replaced by another key" in run("keys", "show", CASE[0]).output
    assert f"Key        {CASE[1]}" in run("keys", "show", CASE[1]).output
    again = run("keys", "import", "twinspot", "-", stdin="\n".join([*CASE, *DASH, CASE[0].upper()]).encode())
    assert [line.split(":")[0] for line in again.output.splitlines()[:4]] == [f"line {n}" for n in (1, 2, 3, 4)]
    assert bring(app, [DASH[0].lower()]).unsold == 1
    assert run("keys", "remove", "twinspot", DASH[0]).exit_code == 1
    assert run("keys", "remove", "twinspot", DASH[0].lower()).exit_code == 0


@both
def test_forgives_the_spelling_of_a_key_of_the_shop_beside_them(
    app: Flask, sandbox: SandboxClient, run: Any
) -> None:
    key = sell(app, sandbox).keys[0]
    make_pool(app)
    for spelled in (key, key.lower(), key.replace("-", " ")):
        assert state_of(app, spelled) == "VALID"
        refused = run("keys", "import", "twinspot", "-", stdin=spelled.encode())
        assert (refused.exit_code, "is sold already" in refused.output) == (1, True)


@both
def test_finds_a_key_sold_while_spelling_did_not_count_in_any_spelling(
    app: Flask, sandbox: SandboxClient, run: Any
) -> None:
    make_pool(app)
    bring(app, ["OLD-KEY-0001"])
    fulfill(app, pay(app, sandbox, 1)[0])
    for table in ("licenses", "pool_keys"):
        change_rows(app, f"UPDATE {table} SET key_hash = '{hash_key('OLD-KEY-0001')}'")
    assert [state_of(app, key) for key in ("OLD-KEY-0001", "old key 0001")] == ["VALID", "VALID"]
    assert run("keys", "import", "twinspot", "-", stdin=b"OLD-KEY-0001").exit_code == 1
    assert "is sold" in run("keys", "remove", "twinspot", "OLD-KEY-0001").output
    assert "handed_out" in run("keys", "show", "old-key-0001").output
    assert bring(app, ["old-key-0001"]).imported == 1, "another key"


@both
def test_brings_long_keys_and_keys_of_several_lines_whole_to_their_buyers(
    app: Flask, shop: Shop, run: Any
) -> None:
    assert len(LONG) == 4096
    make_pool(app)
    quoted = f'key\r\n"{BLOCK}"\r\n{LONG}\r\n'.replace("\n", "\r\n").replace("\r\r", "\r")
    done = run("keys", "import", "twinspot", "-", stdin=quoted.encode())
    assert (done.exit_code, "Keys of several lines: 1 (from line 2)" in done.output) == (0, True)
    sale = sell(app, shop.sandbox, ("twinspot", "Personal"), email="ada@example.com")
    page = sale.order_page()
    assert f">{BLOCK}</code>" in page
    assert sell(app, shop.sandbox, email="bob@example.com").order_page().count(LONG) == 1
    for key in (BLOCK, BLOCK.replace("\n", "\r\n"), f"\n{LONG}\n"):
        for form in ({"json": {"license_key": key}}, {"data": {"license_key": key}}):
            answer: Any = app.test_client().post("/v1/licenses/validate", **form)
            assert answer.get_json()["valid"] is True
    assert state_of(app, BLOCK.replace("\n", " ")) == "MISTYPED"
    shown = run("keys", "show", "-", stdin=BLOCK.encode()).output
    assert "           EA7E-1\n" in shown
    assert "\ufffd" not in shown
    assert hint(BLOCK) == "\u2026DEFGH"
    number = shown.split("Order")[1].split()[0]
    assert "-----BEGIN LICENSE----- (and 5 more lines" in run("orders", "show", number, "--keys").output
    shop.wait_for_event("checkout.session.completed", count=2)
    shop.work()
    mails = {mail["to"][0]: mail for mail in shop.mails() if "license key" in mail["subject"]}
    assert BLOCK in mails["ada@example.com"]["text"].replace("\r\n", "\n")
    assert LONG in mails["bob@example.com"]["text"]


def test_says_in_a_dry_run_what_the_run_says_and_changes_nothing(
    app: Flask, sandbox: SandboxClient, run: Any
) -> None:
    make_pool(app)
    bring(app, ["FIRST-KEY-1"])
    for session_id in pay(app, sandbox, 3):
        fulfill(app, session_id)
    before = count_rows(app, PoolKey, KeyEvent)
    files = [
        b"GOOD-KEY-1\n\n# ours\nGOOD-KEY-2\nGOOD-KEY-3\n",
        b"FIRST-KEY-1\nGOOD-KEY-1\n1.23457E+15\n",
        b"a,b\n1,2\n",
        b"",
        b"\xff",
    ]
    for content in reversed(files):
        dry = run("keys", "import", "twinspot", "-", "--dry-run", stdin=content)
        assert count_rows(app, PoolKey, KeyEvent) == before
        real = run("keys", "import", "twinspot", "-", stdin=content)
        assert (dry.exit_code, dry.stdout) == (real.exit_code, real.stdout)
        assert dry.stderr.splitlines()[-1:] == real.stderr.splitlines()[-1:] or content == files[0]
    assert "2 went to 2 orders that waited" in real.output
    assert "--as-is" in run("keys", "import", "twinspot", "-", stdin=b"1.23457E+15").output
    assert run("keys", "import", "twinspot", "-", "--as-is", stdin=b"1.23457E+15").exit_code == 0
    assert run("keys", "remove", "twinspot", "1.23457E+15").exit_code == 0


def test_takes_a_long_key_out_of_its_pool_that_no_file_could_be_named(app: Flask, run: Any) -> None:
    make_pool(app)
    bring(app, [LONG, DASH[0]])
    assert "Removed 1 key. 1 is for sale." in run("keys", "remove", "twinspot", LONG).output
    refused = run("keys", "remove", "twinspot", "-", stdin=b"\xff")
    assert (refused.exit_code, refused.output.startswith("Error: Line 1 is not UTF-8 text")) == (1, True)


def test_keeps_what_is_read() -> None:
    assert [line.key for line in read_keys(f'key\n"{BLOCK}"\n'.encode()).keys] == [BLOCK]


@both
@pytest.mark.parametrize("lines", [["{}", "AAA-1111", "BBB-2222"], ["AAA-1111", "{}", "BBB-2222", "{}"]])
def test_removes_with_its_file_a_heading_that_was_imported_as_a_key(
    app: Flask, run: Any, lines: list[str]
) -> None:
    """When the shop knew fewer headings it would have gone to the next buyer."""
    make_pool(app)
    heading = "Cl\u00e9 de licence"
    bring(app, ["AAA-1111", "BBB-2222", "CCC-3333"])
    with app.app_context():
        import_keys("twinspot", one_key(heading))
        db.session.remove()
    text = "\n".join(lines).format(heading, heading).encode()
    assert "Removed 3 keys. 1 is for sale." in run("keys", "remove", "twinspot", "-", stdin=text).output
    assert bring(app, ["AAA-1111", "BBB-2222"]).unsold == 3
    assert "Removed 2 keys. 1 is for sale." in run("keys", "remove", "twinspot", "-", stdin=text).output
    again = run("keys", "remove", "twinspot", "-", stdin=text)
    assert (again.exit_code, "is not in this pool" in again.output, "heading" in again.output) == (1, True, False)


def test_leaves_a_heading_that_was_sold_with_its_buyer(app: Flask, sandbox: SandboxClient, run: Any) -> None:
    make_pool(app)
    with app.app_context():
        import_keys("twinspot", one_key("Licencia"))
        db.session.remove()
    fulfill(app, pay(app, sandbox, 1)[0])
    bring(app, ["AAA-1111"])
    assert (
        "Removed 1 key. 0 are for sale."
        in run("keys", "remove", "twinspot", "-", stdin=b"Licencia\nAAA-1111\n").output
    )
    assert sold_keys(app) == ["Licencia"]
