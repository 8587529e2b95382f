"""Tokens: long enough to be unguessable, searched by hash, renewed by version."""

import hashlib
import hmac
import re

from hypothesis import given
from hypothesis import strategies as st

from storefront.core.tokens import (
    derive_readable,
    derive_seed,
    derive_token,
    hash_token,
    new_readable,
    new_seed,
    new_token,
)

seeds = st.binary(min_size=16, max_size=16)
versions = st.integers(min_value=1, max_value=10_000)


def test_makes_tokens_of_128_bits_that_fit_into_an_address() -> None:
    tokens = {new_token() for _ in range(1000)}
    assert len(tokens) == 1000
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{22}", token) for token in tokens)


def test_makes_another_seed_each_time() -> None:
    seeds_made = {new_seed() for _ in range(1000)}
    assert len(seeds_made) == 1000
    assert {len(seed) for seed in seeds_made} == {16}


@given(seeds, versions)
def test_derives_the_same_token_from_the_same_seed(seed: bytes, version: int) -> None:
    token = derive_token(seed, purpose="order", version=version, secret_key="s")
    assert token == derive_token(seed, purpose="order", version=version, secret_key="s")
    assert re.fullmatch(r"[0-9a-f]{32}", token)


@given(seeds, versions, versions)
def test_makes_old_links_useless_when_the_version_is_raised(seed: bytes, old: int, new: int) -> None:
    before = derive_token(seed, purpose="order", version=old, secret_key="s")
    assert (before == derive_token(seed, purpose="order", version=new, secret_key="s")) is (old == new)


@given(seeds)
def test_derives_another_token_for_another_purpose(seed: bytes) -> None:
    assert derive_token(seed, purpose="order", version=1, secret_key="s") != derive_token(
        seed, purpose="download", version=1, secret_key="s"
    )


@given(seeds, versions)
def test_derives_nothing_from_a_seed_alone(seed: bytes, version: int) -> None:
    token = derive_token(seed, purpose="order", version=version, secret_key="ours")
    assert token != derive_token(seed, purpose="order", version=version, secret_key="theirs")
    assert token != hmac.new(seed, f"order:{version}".encode(), hashlib.sha256).hexdigest()[:32]


@given(st.text(max_size=200))
def test_hashes_whatever_came_in_an_address(text: str) -> None:
    assert re.fullmatch(r"[0-9a-f]{64}", hash_token(text))


def test_hashes_as_sha256_does() -> None:
    assert hash_token("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@given(st.integers(min_value=0, max_value=40))
def test_makes_readable_codes_of_the_asked_length(length: int) -> None:
    assert re.fullmatch(rf"[34679ACDEFGHJKMNPQRTWXY]{{{length}}}", new_readable(length))


@given(st.text(max_size=80), st.text(max_size=80))
def test_derives_one_seed_for_each_name_purpose_and_secret(name: str, other: str) -> None:
    seed = derive_seed(name, purpose="order", secret_key="s")
    assert len(seed) == 16
    assert (seed == derive_seed(other, purpose="order", secret_key="s")) is (name == other)
    assert seed != derive_seed(name, purpose="customer", secret_key="s")
    assert seed != derive_seed(name, purpose="order", secret_key="t")


@given(seeds, st.integers(min_value=0, max_value=50))
def test_derives_readable_letters_that_nobody_guesses_without_the_secret(seed: bytes, length: int) -> None:
    letters = derive_readable(seed, length, purpose="number:1", secret_key="ours")
    assert re.fullmatch(rf"[34679ACDEFGHJKMNPQRTWXY]{{{length}}}", letters)
    assert letters == derive_readable(seed, length, purpose="number:1", secret_key="ours")
    if length > 12:
        assert letters != derive_readable(seed, length, purpose="number:2", secret_key="ours")
        assert letters != derive_readable(seed, length, purpose="number:1", secret_key="theirs")
