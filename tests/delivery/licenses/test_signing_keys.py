"""The life of a signing key, as both verifiers see it: prepared and shipped, then signing, then retired."""

from typing import Any

import pytest
from flask import Flask

from storefront.app import create_app
from storefront.core.config.settings import load_settings
from storefront.core.db import db
from storefront.core.errors import StorefrontError
from storefront.delivery.licenses.signing import keys as signing_keys
from storefront.delivery.licenses.signing.jws import sign
from storefront.delivery.licenses.signing.keys import KeyState, ensure_signing_key
from storefront.delivery.licenses.signing.sealing import reseal
from tests.delivery.licenses.licensed import sell_license
from tests.delivery.licenses.offline import Verify, file_of, part_of, published, revocations
from tests.support.databases import BOTH
from tests.support.rows import change_rows
from tests.support.sandbox_client import SandboxClient

both = pytest.mark.parametrize("engine", BOTH, indirect=True)


def states(app: Flask) -> dict[str, KeyState]:
    with app.app_context():
        state_by_kid = {key.kid: key.state for key in signing_keys.list_keys()}
        db.session.remove()
    return state_by_kid


def test_lets_a_shipped_program_verify_through_a_rotation(
    app: Flask, sandbox: SandboxClient, verify: Verify
) -> None:
    """The program was shipped with both keys: files and lists from before and after hold in it."""
    sale = sell_license(app, sandbox)
    before = file_of(sale)
    with app.app_context():
        next_kid = signing_keys.prepare()
    shipped = published(app)
    assert len(shipped) == 2
    assert part_of(file_of(sale), 0)["kid"] != next_kid
    old_list = revocations(app)
    with app.app_context():
        assert signing_keys.rotate() == next_kid
    after, new_list = file_of(sale), revocations(app)
    assert part_of(after, 0)["kid"] == part_of(new_list, 0)["kid"] == next_kid
    for file in (before, after):
        for listed in (old_list, new_list):
            is_good, said = verify(file, shipped, revocations=listed, allow_test=True)
            assert is_good, said
    sale.refund()
    sale.deliver("charge.refunded", "refund.")
    assert verify(before, shipped, revocations=revocations(app), allow_test=True) == (False, "refused: revoked")


def test_leaves_a_program_without_the_new_key_the_file_it_has(
    app: Flask, sandbox: SandboxClient, verify: Verify
) -> None:
    """After a leak: the new list says nothing to it, and the new file is not better than the old one."""
    sale = sell_license(app, sandbox)
    shipped, file = published(app), file_of(sale)
    with app.app_context():
        signing_keys.rotate(now=True)
    assert verify(file, shipped, revocations=revocations(app), allow_test=True)[0]
    assert verify(file_of(sale), shipped, allow_test=True) == (False, "refused: unknown_key")


@both
def test_rotates_to_a_prepared_key_only_unless_one_leaked(app: Flask) -> None:
    with app.app_context():
        first = ensure_signing_key().kid
        with pytest.raises(StorefrontError, match="signing-keys prepare"):
            signing_keys.rotate()
        second = signing_keys.prepare()
        assert signing_keys.prepare() == second
    assert states(app) == {second: KeyState.PREPARED, first: KeyState.SIGNS}
    with app.app_context():
        assert ensure_signing_key().kid == first
        assert signing_keys.rotate() == second
        third = signing_keys.rotate(now=True)
        assert ensure_signing_key().kid == third
    assert states(app) == {third: KeyState.SIGNS, second: KeyState.RETIRED, first: KeyState.RETIRED}
    assert published(app).keys() == {first, second, third}


@both
def test_is_published_no_more_once_revoked_and_the_prepared_one_takes_its_place(app: Flask) -> None:
    with app.app_context():
        first, second = ensure_signing_key().kid, signing_keys.prepare()
        signing_keys.revoke(first)
        signing_keys.revoke(first)
        with pytest.raises(StorefrontError, match="no signing key"):
            signing_keys.revoke("unknown")
        assert ensure_signing_key().kid == second
    assert published(app).keys() == {second}
    assert states(app)[first] is KeyState.REVOKED


def test_ends_its_files_once_revoked_for_programs_shipped_without_it(
    app: Flask, sandbox: SandboxClient, verify: Verify
) -> None:
    file = file_of(sell_license(app, sandbox))
    with app.app_context():
        signing_keys.revoke(part_of(file, 0)["kid"])
    assert verify(file, published(app), allow_test=True) == (False, "refused: unknown_key")


@both
def test_signs_and_shows_nothing_in_another_mode(app: Flask) -> None:
    with app.app_context():
        first, second = ensure_signing_key().kid, signing_keys.prepare()
    change_rows(app, "UPDATE signing_keys SET mode = 'live'")
    assert not {first, second} & published(app).keys()
    with app.app_context():
        assert signing_keys.prepare() not in {first, second}
        assert signing_keys.rotate() not in {first, second}
        with pytest.raises(StorefrontError, match="no signing key"):
            signing_keys.revoke(first)


def with_secret(environment: dict[str, str], secret: str) -> Flask:
    return create_app(load_settings(environment | {"SECRET_KEY": secret * 20}))


def close(app: Flask) -> None:
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def test_says_what_to_do_after_a_changed_secret_key_and_can_be_resealed(
    app: Flask, environment: dict[str, str]
) -> None:
    with app.app_context():
        sign({"a": 1}, kind="x")
    changed = with_secret(environment, "another-secret-")
    with changed.app_context():
        with pytest.raises(StorefrontError, match="OLD_SECRET_KEY"):
            sign({"a": 1}, kind="x")
        with pytest.raises(StorefrontError, match="SECRET_KEY"):
            reseal("wrong")
        assert reseal(environment["SECRET_KEY"]).changed == 1
        assert reseal(environment["SECRET_KEY"]).changed == 0
        assert sign({"a": 1}, kind="x").count(".") == 2
    close(changed)


def test_holds_up_no_others_when_no_secret_opens_an_old_one(
    app: Flask, environment: dict[str, str], run: Any
) -> None:
    with app.app_context():
        first = ensure_signing_key().kid
    second_shop = with_secret(environment, "second-secret-")
    with second_shop.app_context():
        second = signing_keys.rotate(now=True)
        prepared = signing_keys.prepare()
    third_shop = with_secret(environment, "third-secret-")
    with third_shop.app_context():
        done = reseal("second-secret-" * 20)
        assert (done.changed, done.skipped) == (2, (first,))
        assert sign({"a": 1}, kind="x").count(".") == 2
        assert signing_keys.rotate() == prepared
        assert sign({"a": 1}, kind="x").count(".") == 2
    assert published(app).keys() == {first, second, prepared}
    close(second_shop)
    close(third_shop)


def test_is_rotated_by_the_commands(app: Flask, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = run("signing-keys", "rotate")
    assert (refused.exit_code, "signing-keys prepare" in refused.output) == (1, True)
    prepared = run("signing-keys", "prepare").output.split()
    assert published(app)[prepared[0]] == prepared[1]
    assert "prepared: ship it, then rotate" in run("signing-keys", "list").output
    assert f"{prepared[0]} signs from now on" in run("signing-keys", "rotate").output
    assert run("signing-keys", "rotate", "--now").exit_code == 0
    monkeypatch.setenv("OLD_SECRET_KEY", "x" * 30)
    assert "0 signing keys were sealed" in run("signing-keys", "reseal").output


def test_opens_under_its_own_name_only(app: Flask) -> None:
    """Who may write to the table cannot make one key sign as another: the seal holds the name."""
    with app.app_context():
        first, second = ensure_signing_key().kid, signing_keys.prepare()
        sealed = f"(SELECT private_sealed FROM signing_keys WHERE kid = '{second}')"
        change_rows(app, f"UPDATE signing_keys SET private_sealed = {sealed} WHERE kid = '{first}'")
        with pytest.raises(StorefrontError, match="SECRET_KEY"):
            sign({"a": 1}, kind="x")
