"""Every command that changes something leaves one entry in the audit log; what only reads, or refuses, none."""

import getpass
import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask

from storefront.cli import main
from tests.cli.audited_commands import CASES, Case, Told, World
from tests.cli.commands import find_commands, run
from tests.delivery.licenses.pools import make_pool, numbered
from tests.support.databases import BOTH
from tests.support.rows import change_rows, read_license_keys, read_rows
from tests.support.sale import number_of
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA

READING = {
    "webhook check", "backup list", "backup check", "backup key", "backup secret-key",
    "products list", "products show", "products link", "payment-link list",
    "media list", "releases list", "releases check",
    "orders show", "orders list", "orders downloads", "orders link", "keys list", "keys show",
    "signing-keys list", "disputes show", "accounting oss",
    "answers list", "answers show", "mail list", "mail texts list", "mail texts show", "mail texts preview",
    "events list", "events show", "owner list", "audit", "status", "shop export", "shop plan",
    "shop schema", "shop show", "pages list", "pages show", "discounts list", "broadcasts list",
    "broadcasts count", "discounts show", "figures",
    "retention", "doctor",
}  # fmt: skip
SERVING = {
    "serve", "worker", "run", "sandbox", "mailbox",
    "init",  # there is no shop yet
    "db upgrade",  # it makes the table of the log
    "restore",  # its entry is in the log of the shop that is back, see tests/owner/backup/
}  # fmt: skip

MAKING_MUCH = {"seed"}  # an entry for each thing


@pytest.fixture
def world(
    app: Flask, sandbox: SandboxClient, command: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> World:
    monkeypatch.setenv("SSH_CONNECTION", "203.0.113.9 50000 192.0.2.1 22")
    return World(app, sandbox, command, tmp_path)


def test_knows_of_every_command_whether_it_leaves_an_entry() -> None:
    """A new command that changes something needs a case in audited_commands.py, a reading one its name here."""
    assert {name for name, _prepare in CASES} | READING | SERVING | MAKING_MUCH == set(find_commands(main))


@pytest.mark.parametrize(("name", "prepare"), CASES, ids=[f"{name}{case.__name__}" for name, case in CASES])
def test_leaves_one_entry_of_who_did_what(world: World, name: str, prepare: Case) -> None:
    words, told = prepare(world)
    earlier = len(world.entries())
    world.do(*name.split(), *words)
    (entry,) = world.entries()[earlier:]
    assert Told(entry["verb"], entry["subject"], entry["before"], entry["after"]) == told
    assert (entry["actor_kind"], entry["actor"]) == ("command", getpass.getuser())
    assert (entry["client"], entry["mode"]) == ("203.0.113.9", "sandbox")
    assert_discreet(world)


def test_leaves_an_entry_for_each_thing_that_is_seeded(world: World) -> None:
    tables = ("release_files", "releases", "prices", "editions", "products")
    change_rows(world.app, *(f"DELETE FROM {table}" for table in tables))
    world.do("seed", "--without-pictures")
    entries = world.entries()
    made = [entry["subject"] for entry in entries if entry["verb"] == "product.created"]
    rows = read_rows(world.app, "SELECT slug FROM products")
    assert sorted(made) == sorted(row["slug"] for row in rows)
    assert {(entry["actor_kind"], entry["actor"]) for entry in entries} == {("command", getpass.getuser())}
    assert_discreet(world)


def assert_discreet(world: World) -> None:
    said = json.dumps(world.entries(), default=str, ensure_ascii=False).lower()
    keys = [*read_license_keys(world.app), *read_license_keys(world.app, "SELECT key FROM pool_keys")]
    links = [sale.link.removeprefix("/orders/") for sale in world.sales]
    settings = [value for name, value in world.command.env.items() if value and "SECRET" in name]
    for secret in (*keys, *links, *settings, "@example.com"):
        assert secret.lower() not in said


@dataclass(frozen=True, slots=True)
class Silent:
    words: tuple[str, ...]
    exit_code: int = 0


SILENT = [
    Silent(("shop", "edit", "--name", "")),
    Silent(("shop", "edit", "--support-email", "nobody"), 1),
    Silent(("products", "set", "twinspot", "--activation-limit", "3")),
    Silent(("products", "set", "twinspot", "--activation-limit", "0"), 1),
    Silent(("products", "set", "nothing", "--activation-limit", "2"), 1),
    Silent(("releases", "publish", "twinspot", "2.1")),
    Silent(("releases", "publish", "twinspot", "9.9"), 1),
    Silent(("releases", "withdraw", "twinspot", "9.9"), 1),
    Silent(("releases", "tell-buyers", "twinspot", "2.1", "--dry-run")),
    Silent(("payment-link", "create", "gridling"), 1),
    Silent(("payment-link", "close", "plink_gone"), 1),
    Silent(("orders", "decide", "{number}", "follow_payment")),
    Silent(("orders", "decide", "AAAAAAAA", "withdraw"), 1),
    Silent(("orders", "refund", "{number}", "--amount", "9000"), 1),
    Silent(("orders", "resend", "{number}", "--to", "nowhere"), 1),
    Silent(("orders", "raise-limit", "AAAAAAAA"), 1),
    Silent(("customers", "export", "nobody@example.com"), 1),
    Silent(("customers", "erase", "nobody@example.com", "--yes"), 1),
    Silent(("customers", "move", "nobody@example.com", "else@example.com"), 1),
    Silent(("needs-you", "--done", "99"), 1),
    Silent(("keys", "import", "gridling", "-"), 1),
    Silent(("keys", "replace", "AAAAAAAA"), 1),
    Silent(("keys", "restore", "{key}")),
    Silent(("keys", "serve")),
    Silent(("keys", "seal", "--yes")),
    Silent(("signing-keys", "rotate"), 1),
    Silent(("signing-keys", "revoke", "none"), 1),
    Silent(("mail", "retry", "99"), 1),
    Silent(("mail", "retry", "--failed")),
    Silent(("events", "run", "evt_gone"), 1),
    Silent(("fulfill", "ada@example.com")),
    Silent(("reconcile", "--dry-run")),
    Silent(("seed",)),
]


def test_leaves_nothing_where_nothing_was_changed(world: World) -> None:
    (key,) = world.sell().keys
    number = number_of(world.sales[0])
    for silent in SILENT:
        answer = run(world.command, *(word.format(key=key, number=number) for word in silent.words))
        assert (silent.words, answer.exit_code) == (silent.words, silent.exit_code), answer.output
        assert (silent.words, world.entries()) == (silent.words, [])


def test_leaves_nothing_of_a_dry_import_and_of_the_same_files_again(world: World) -> None:
    make_pool(world.app)
    file = world.file("twinspot-3.zip", "three")
    world.do("releases", "upload", "twinspot", "3.0", file)
    earlier = world.entries()
    world.do("releases", "upload", "twinspot", "3.0", file)
    world.do("keys", "import", "twinspot", world.file("keys.txt", "\n".join(numbered(3))), "--dry-run")
    assert world.entries() == earlier


def test_keeps_addresses_and_keys_out_of_reasons(world: World) -> None:
    number, (key,) = world.order(), world.sales[0].keys
    world.do("orders", "decide", number, "withdraw", "--because", f"<{ADA}> shared {key.lower()}, twice")
    (entry,) = world.entries()
    assert entry["after"]["because"] == "<…> shared …, twice"


def test_tells_that_a_refund_was_asked_for_where_stripe_does_not_say(world: World) -> None:
    number = world.order()
    world.sandbox.control("faults", method="POST", path="/v1/refunds", drop_after_execution=True, times=9)
    assert run(world.command, "orders", "refund", number).exit_code == 1
    (entry,) = world.entries()
    assert (entry["verb"], entry["subject"]) == ("order.refund_asked", number)
    assert entry["after"] == {"amount_minor": 1900, "currency": "usd", "items": []}


def test_leaves_nothing_of_what_buyers_and_the_worker_do(world: World) -> None:
    sale = world.sell()
    sale.deliver("checkout.session.")
    sale.buyer.post(f"{sale.link}/receipt")
    sale.work()
    assert world.entries() == []


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_names_no_customer_who_is_erased(world: World) -> None:
    number = world.order()
    world.do("customers", "export", ADA)
    world.do("orders", "resend", number, "--to", "ada.2@example.com")
    world.do("customers", "move", "ada.2@example.com", "ada.3@example.com")
    world.do("orders", "decide", number, "allow")
    world.do("customers", "erase", "ada.3@example.com", "--yes")
    entries = world.entries()
    assert [entry["verb"] for entry in entries] == [
        "customer.exported", "order.resent", "customer.moved", "order.decided", "customer.erased",
    ]  # fmt: skip
    assert "example.com" not in json.dumps(entries, default=str)
