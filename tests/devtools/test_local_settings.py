"""The settings of the local shop: what is said to `make run` counts, also for `storefront --local` elsewhere."""

from pathlib import Path

import pytest

from storefront.core.config.names import find_names, find_secret_names
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


def test_finds_the_names_of_all_settings_whichever_are_set() -> None:
    """Where backups have keys of their own, nobody asks for the others."""
    everything = find_names({})
    for name in sorted(everything):
        assert find_names({name: "set"}) == everything, name


OF_TERMINAL = {
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AZURE_STORAGE_ACCOUNT_KEY",
    "GOOGLE_APPLICATION_CREDENTIALS", "BACKUP_AWS_SECRET_ACCESS_KEY", "BACKUP_RECIPIENT", "METRICS_TOKEN",
    "METRICS_TOKEN_FILE", "AWS_SECRET_ACCESS_KEY_FILE", "SENTRY_DSN", "GITHUB_TOKEN",
}  # fmt: skip


@pytest.mark.parametrize("names", [OF_TERMINAL, OF_TERMINAL - {"BACKUP_AWS_SECRET_ACCESS_KEY"}])
def test_writes_no_secret_of_the_terminal_into_a_file(around: dict[str, str], names: set[str]) -> None:
    said = {
        name: f"live-{name}" for name in names | find_secret_names({}) | {"STRIPE_SECRET_KEY", "MAIL_PASSWORD"}
    }
    shop = build_environment({**around, **CHOICES, **said}, PORTS)
    for _ in range(2):
        keep_settings(around, shop)
        kept = "".join(path.read_text() for path in Path(around["STOREFRONT_DATA"]).iterdir())
        assert "INVOICES" in kept
        assert "live-" not in kept
        assert [name for name in OF_TERMINAL if f"{name}=" in kept] == []


def test_leaves_the_keys_of_buckets_and_backups_as_this_terminal_says(around: dict[str, str]) -> None:
    keep_settings(around, build_environment({**around, "AWS_REGION": "there", "METRICS_TOKEN": "there"}, PORTS))
    said = dict.fromkeys([*OF_TERMINAL, "AWS_REGION"], "here")
    here = {**around, **said, "MAIL_PASSWORD": "live"}
    for _ in range(2):
        use_local_settings(here)
        assert {name: here.get(name) for name in said} == said
        assert "MAIL_PASSWORD" not in here


def test_closes_files_that_others_could_read(around: dict[str, str]) -> None:
    paths = [Path(around["STOREFRONT_DATA"]) / name for name in ("shop.env", "secrets.new")]
    for path in paths:
        path.write_text("")
        path.chmod(0o644)
    keep_settings(around, build_environment(around, PORTS))
    modes = {path.name: path.stat().st_mode & 0o777 for path in paths[0].parent.iterdir()}
    assert modes == {"shop.env": 0o600, "secrets.env": 0o600}
