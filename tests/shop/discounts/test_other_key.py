"""A code under another key of the same Stripe account: it is the shop's own, and goes on."""

import pytest
from flask import Flask

from storefront.devtools.sandbox.config import SandboxConfig
from storefront.devtools.sandbox.server import SandboxServer
from storefront.shop.discounts.at_stripe import TAKEN
from tests.support.databases import BOTH
from tests.support.discounts import codes_at_stripe, discount, trouble_of, uses_of, work
from tests.support.keys import (
    account_of,
    another_process,
    use_other_account,
    use_restricted_key,
    use_secret_key,
    use_secret_key_of_older_version,
    use_untold_key,
)
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer

GOODS: list[tuple[str, ...]] = [(), ("twinspot",)]


def takes_off(app: Flask, sandbox: SandboxClient) -> int:
    """Type the code, go on to Stripe, and say what it takes off."""
    buyer = Buyer(app)
    buyer.get("/?code=SPRING")
    buyer.add("twinspot", "Personal")
    session = sandbox.stripe.v1.checkout.sessions.retrieve(buyer.check_out())
    return session.total_details.amount_discount if session.total_details else 0


@pytest.mark.parametrize("goods", GOODS)
def test_goes_on_under_a_restricted_key_and_back(
    goods: tuple[str, ...], app: Flask, sandbox: SandboxClient
) -> None:
    assert discount(app, products=goods) == ""
    whole = takes_off(app, sandbox)
    assert whole > 0
    for use_key in (use_restricted_key, use_secret_key):
        use_key(app, sandbox)
        work(app)
        assert trouble_of(app) == ""
        assert takes_off(app, sandbox) == whole
    assert len(codes_at_stripe(sandbox)) == 1


def test_goes_on_after_a_restricted_key_was_the_first(app: Flask, sandbox: SandboxClient) -> None:
    use_restricted_key(app, sandbox)
    assert discount(app, products=("twinspot",)) == ""
    whole = takes_off(app, sandbox)
    use_secret_key(app, sandbox)
    work(app)
    assert (trouble_of(app), takes_off(app, sandbox)) == ("", whole)
    assert len(codes_at_stripe(sandbox)) == 1


@pytest.mark.parametrize("goods", GOODS)
def test_forgets_that_it_took_its_own_code_for_a_strangers(
    goods: tuple[str, ...], app: Flask, sandbox: SandboxClient
) -> None:
    assert discount(app, products=goods) == ""
    whole = takes_off(app, sandbox)
    use_untold_key(app, sandbox)
    work(app)
    assert trouble_of(app) == TAKEN
    use_restricted_key(app, sandbox)
    work(app)
    assert (trouble_of(app), takes_off(app, sandbox)) == ("", whole)


@pytest.mark.parametrize("goods", GOODS)
def test_goes_on_with_the_code_that_was_made_when_the_first_was_switched_off(
    goods: tuple[str, ...], app: Flask, sandbox: SandboxClient
) -> None:
    """As its owner was told to do: the code is the one of the time when nothing told."""
    assert discount(app, products=goods, most_uses="5") == ""
    whole = takes_off(app, sandbox)
    use_untold_key(app, sandbox)
    (first,) = codes_at_stripe(sandbox)
    sandbox.stripe.v1.promotion_codes.update(first.id, {"active": False})
    work(app)
    assert takes_off(app, sandbox) == whole
    use_secret_key(app, sandbox)
    work(app)
    assert (trouble_of(app), takes_off(app, sandbox)) == ("", whole)
    assert [code.active for code in codes_at_stripe(sandbox)].count(True) == 1
    assert uses_of(app) == 0


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_goes_on_with_the_code_that_was_made_when_the_one_of_an_unknown_account_was_switched_off(
    app: Flask, sandbox: SandboxClient
) -> None:
    """As its owner was told to do, in the other order: the restricted key came first."""
    use_restricted_key(app, sandbox)
    assert discount(app) == ""
    use_secret_key_of_older_version(app, sandbox)
    work(app)
    assert trouble_of(app) == TAKEN
    (first,) = codes_at_stripe(sandbox)
    sandbox.stripe.v1.promotion_codes.update(first.id, {"active": False})
    work(app)
    whole = takes_off(app, sandbox)
    assert whole > 0
    use_secret_key(app, sandbox)
    assert account_of(app) == sandbox.server.store.account_id
    for _ in range(2):
        work(app)
        assert (trouble_of(app), takes_off(app, sandbox)) == ("", whole)
    assert [code.active for code in codes_at_stripe(sandbox)] == [True, False]


def test_goes_on_in_a_process_that_began_before_rows_were_taken_over(app: Flask, sandbox: SandboxClient) -> None:
    use_restricted_key(app, sandbox)
    assert discount(app) == ""
    whole = takes_off(app, sandbox)
    with another_process(app):
        use_secret_key(app, sandbox)
        account_of(app)
    assert takes_off(app, sandbox) == whole
    work(app)
    assert (trouble_of(app), len(codes_at_stripe(sandbox))) == ("", 1)


def test_sells_at_another_account_after_its_rows_were_taken_over(app: Flask, sandbox: SandboxClient) -> None:
    """A row that was taken over keeps the name of its Coupon, and nothing tells the other account either."""
    use_restricted_key(app, sandbox)
    assert discount(app) == ""
    whole = takes_off(app, sandbox)
    use_secret_key(app, sandbox)
    assert account_of(app) == sandbox.server.store.account_id
    with SandboxServer(SandboxConfig(port=0)) as server:
        other = SandboxClient(server)
        use_other_account(app, other, is_restricted=True)
        assert takes_off(app, other) == whole
        work(app)
        assert (trouble_of(app), len(codes_at_stripe(other))) == ("", 1)
