"""The settings of the local shop: what is said to `make run` counts, also for `storefront --local` elsewhere."""

from pathlib import Path

import pytest

from storefront.core.config.names import find_names
from storefront.core.config.settings import load_settings
from storefront.devtools.local.ports import Ports
from storefront.devtools.local.settings import build_environment, keep_settings, use_local_settings

PORTS = Ports(shop=8000, sandbox=8001, mailbox=8002, smtp=8003)
CHOICES = {
    "STRIPE_TAX": "true",
    "INVOICES": "true",
    "ORDER_PAGE_CODE": "true",
    "CHECKOUT_UI": "elements",
    "SHOP_NAME": "Ada's \\ shop $HOME",
}


@pytest.fixture
def around(tmp_path: Path) -> dict[str, str]:
    """What every terminal has."""
    return {"STOREFRONT_DATA": str(tmp_path), "PATH": "/bin", "DATABASE_URL": "sqlite:///live.db"}


@pytest.mark.parametrize("name", CHOICES)
def test_takes_what_is_said_to_make_run(name: str, around: dict[str, str]) -> None:
    """Tax is a choice, though it begins like Stripe's keys, which are never taken."""
    environ = build_environment({**around, **CHOICES, "STRIPE_SECRET_KEY": "sk_live_1"}, PORTS)
    assert environ[name] == CHOICES[name]
    assert environ["STRIPE_SECRET_KEY"].startswith("sk_test_")
    assert load_settings(environ).stripe_tax


def test_acts_as_the_shop_that_runs_and_not_as_this_terminal_says(around: dict[str, str]) -> None:
    shop = build_environment({**around, **CHOICES}, PORTS)
    keep_settings(around, shop)
    here = {**around, "INVOICES": "false", "SECURITY_CONTACT": "eve@example.com", "STRIPE_TAX": "false"}
    for _ in range(2):
        use_local_settings(here)
        assert {name: here.get(name) for name in CHOICES} == CHOICES
        assert "SECURITY_CONTACT" not in here
        assert here["PATH"] == "/bin"
        assert here["STOREFRONT_DATA"] == around["STOREFRONT_DATA"]
        assert load_settings(here) == load_settings(shop)


def test_forgets_what_an_earlier_run_was_told(around: dict[str, str]) -> None:
    keep_settings(around, build_environment({**around, **CHOICES}, PORTS))
    keep_settings(around, build_environment(around, PORTS))
    here = {**around, **CHOICES}
    use_local_settings(here)
    assert [name for name in CHOICES if name in here] == []


def test_finds_the_names_of_all_settings_whatever_is_wrong_with_them() -> None:
    for environ in ({}, {"INVOICES": "perhaps"}):
        assert {*CHOICES, "SECRET_KEY", "SECRET_KEY_FILE", "KEEP_EVENTS_DAYS"} <= find_names(environ)
