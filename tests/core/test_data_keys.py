"""A column that nobody reads without SECRET_KEY, and the key behind it."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import delete

from storefront.core.config.settings import Settings
from storefront.core.data_keys import (
    KNOWN,
    LOOK_AGAIN_SECONDS,
    DataKey,
    DataKeySealed,
    KnownDataKeys,
    SealedText,
    has_data_key,
    hash_forms,
    is_sealed_by_fallback,
    keyed_hash,
    make_data_key,
    reseal_data_key,
)
from storefront.core.db import db, transaction
from storefront.core.measurements import Measurement, flush
from storefront.core.runtime import runtime
from storefront.delivery.licenses.sealed import LICENSE_KEYS
from storefront.delivery.licenses.signing.jws import sign
from storefront.delivery.licenses.signing.sealing import reseal as reseal_signing_keys
from storefront.owner.health.trouble import read_trouble
from storefront.owner.health.warnings import find_warnings
from tests.support.databases import BOTH

NAME, COLUMN = "secrets of tests", "tests.secret"
OTHER = "another-secret-of-tests-" + "y" * 20
both = pytest.mark.parametrize("engine", BOTH, indirect=True)


def kept(value: str | None, column: str = COLUMN) -> str | None:
    return SealedText(NAME, column).process_bind_param(value, db.engine.dialect)


def read(value: str | None, column: str = COLUMN) -> str | None:
    return SealedText(NAME, column).process_result_value(value, db.engine.dialect)


def change_secret(app: Flask, settings: Settings, *before: str) -> None:
    runtime(app).settings = replace(settings, secret_key=OTHER, old_secret_keys=before)
    KNOWN.get(app).forget()


@both
def test_keeps_what_it_seals_unreadable_and_finds_it(app: Flask) -> None:
    with app.app_context():
        assert make_data_key(NAME)
        sealed = kept("TWIN-1")
        assert sealed is not None
        assert "TWIN-1" not in sealed
        assert kept("TWIN-1") != sealed, "two of the same value cannot be told to be one"
        assert read(sealed) == "TWIN-1"
        assert (
            keyed_hash("a digest", NAME) == keyed_hash("a digest", NAME) != keyed_hash("a digest", "license keys")
        )
        assert hash_forms("a digest", NAME) == (keyed_hash("a digest", NAME), "a digest")


def test_leaves_what_is_plain_as_it_is(app: Flask) -> None:
    with app.app_context():
        assert (kept("TWIN-1"), read("TWIN-1"), kept(None), read(None)) == ("TWIN-1", "TWIN-1", None, None)
        assert hash_forms("a digest", NAME) == ("a digest", "a digest")
        make_data_key(NAME)
        assert (read("TWIN-1"), kept(None), read(None)) == ("TWIN-1", None, None)


def test_opens_no_value_of_another_column_and_none_that_was_changed(app: Flask) -> None:
    with app.app_context():
        make_data_key(NAME)
        sealed = str(kept("TWIN-1"))
        for wrong in (sealed[:-4] + "AAA=", sealed[:20], "sealed:1:", "sealed:1:no base64 at all"):
            with pytest.raises(DataKeySealed, match="cannot read this"):
                read(wrong)
        with pytest.raises(DataKeySealed, match="cannot read this"):
            read(sealed, "tests.other")


@both
def test_makes_one_key_however_many_begin(app: Flask) -> None:
    def make(_number: int) -> bool:
        with app.app_context():
            try:
                return make_data_key(NAME)
            finally:
                db.session.remove()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(make, range(4))) == [False, False, False, True]


def test_opens_with_a_fallback_and_seals_anew(app: Flask, settings: Settings) -> None:
    with app.app_context():
        make_data_key(NAME)
        sealed = kept("TWIN-1")
        assert not reseal_data_key(NAME), "nothing is to do"
        change_secret(app, settings, settings.secret_key)
        assert read(sealed) == "TWIN-1"
        assert is_sealed_by_fallback(NAME)
        assert reseal_data_key(NAME)
        change_secret(app, settings)
        assert read(sealed) == "TWIN-1"
        assert not is_sealed_by_fallback(NAME)


def test_says_what_to_do_where_no_secret_opens_it(app: Flask, settings: Settings) -> None:
    with app.app_context():
        make_data_key(NAME)
        sealed = kept("TWIN-1")
        change_secret(app, settings)
        for ask in (lambda: read(sealed), lambda: kept("TWIN-2"), lambda: reseal_data_key(NAME)):
            with pytest.raises(DataKeySealed, match="cannot read this"):
                ask()


def closed_keys() -> list[str]:
    """What whoever watches the shop reads of it."""
    flush(only_when_due=False)
    return [warning.message for warning in find_warnings(read_trouble()) if warning.code == "keys_closed"]


@both
def test_tells_whoever_watches_the_shop_as_long_as_no_secret_opens_it(app: Flask, settings: Settings) -> None:
    """However long nobody has asked for a key, and not a moment longer."""
    with app.app_context():
        make_data_key(LICENSE_KEYS)
        for _ in range(2):
            change_secret(app, settings)
            (told,) = closed_keys()
            assert "put the SECRET_KEY of before into SECRET_KEY_FALLBACKS" in told
            with pytest.raises(DataKeySealed):
                keyed_hash("a digest", LICENSE_KEYS)
            assert closed_keys() == [told]
            change_secret(app, settings, settings.secret_key)
            assert closed_keys() == []
        reseal_data_key(LICENSE_KEYS)
        change_secret(app, settings)
        assert closed_keys() == []


@both
def test_tells_whoever_watches_the_shop_of_a_closed_signing_key(app: Flask, settings: Settings) -> None:
    """As after `keys seal` without `signing-keys reseal`: no buyer's page shows it, only programs are refused."""
    with app.app_context():
        change_secret(app, settings, settings.secret_key)
        reseal_data_key(LICENSE_KEYS)
        change_secret(app, settings)
        assert closed_keys() == [], "nothing was signed yet"
        runtime(app).settings = settings
        sign({}, kind="test")
        for _ in range(2):
            change_secret(app, settings)
            (told,) = closed_keys()
            assert "The key that signs license files does not open" in told
            change_secret(app, settings, settings.secret_key)
            assert closed_keys() == []
        reseal_signing_keys(settings.secret_key)
        change_secret(app, settings)
        assert closed_keys() == []


def test_tells_whoever_watches_the_shop_of_values_without_their_key(app: Flask) -> None:
    """Without the table, or with that of another database."""
    with app.app_context():
        make_data_key(NAME)
        sealed = kept("TWIN-1")
        for is_made_anew in (False, True):
            with transaction() as session:
                session.execute(delete(DataKey).where(DataKey.name == NAME))
                session.execute(delete(Measurement))
            if is_made_anew:
                make_data_key(NAME)
            KNOWN.get().forget()
            assert closed_keys() == []
            for _ in range(2):
                with pytest.raises(DataKeySealed):
                    read(sealed)
                (told,) = closed_keys()
                assert "the table data_keys are not of the same database" in told


def test_learns_of_a_key_that_another_process_made(app: Flask) -> None:
    seconds = [0.0]
    with app.app_context():
        known = KnownDataKeys(lambda: seconds[0])
        assert known.find(NAME) is None
        make_data_key(NAME)
        assert known.find(NAME) is None, "not asked again at once"
        assert known.find(NAME, at_once=True) is not None, "unless a sealed value is met"
        late = KnownDataKeys(lambda: seconds[0])
        with transaction() as session:
            session.execute(delete(DataKey).where(DataKey.name == NAME))
        assert late.find(NAME) is None
        make_data_key(NAME)
        seconds[0] += LOOK_AGAIN_SECONDS
        assert late.find(NAME) is not None
        assert has_data_key(NAME)


def test_needs_no_connection_of_the_pool(app: Flask, settings: Settings) -> None:
    """Every thread holds one while it writes a sealed value, and the first one has to learn of the key."""
    with app.app_context():
        make_data_key(NAME)
        held = [db.engine.connect() for _thread in range(settings.web_threads)]
        assert read(kept("TWIN-1")) == "TWIN-1"
        for connection in held:
            connection.close()
