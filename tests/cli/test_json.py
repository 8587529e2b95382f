"""Whatever an owner does or reads by command, a program can read, too."""

from pathlib import Path

from click.testing import CliRunner
from flask import Flask

from storefront.cli import main
from tests.cli.commands import find_commands, read_json
from tests.support.sale import number_of, sell
from tests.support.sandbox_client import SandboxClient

WITHOUT = {
    "serve", "worker", "run", "sandbox", "mailbox",  # they run until they are ended
    "init",  # it makes one file
    "seed", "fulfill", "db upgrade", "mail retry", "events run", "payment-link close",  # their exit status says it
    "customers export", "shop schema",  # they are JSON
    "orders csv", "accounting export",  # they are CSV
}  # fmt: skip


def test_has_json_for_every_command_of_the_owner() -> None:
    commands = find_commands(main)
    assert set(commands) >= WITHOUT
    assert {
        name for name, command in commands.items() if "as_json" not in {p.name for p in command.params}
    } == WITHOUT


def test_gives_programs_what_becomes_of_keys(app: Flask, sandbox: SandboxClient, command: CliRunner) -> None:
    (key,) = sell(app, sandbox).keys
    withdrawn = read_json(command, "keys", "withdraw", key)
    assert withdrawn == {"key": withdrawn["key"], "state": "withdrawn"}
    assert key not in withdrawn["key"]
    assert read_json(command, "keys", "restore", key)["state"] == "restored"
    assert read_json(command, "keys", "serve") == {"served_keys": 0}
    first = read_json(command, "signing-keys", "list")[0]["kid"]
    second = read_json(command, "signing-keys", "prepare")["kid"]
    assert read_json(command, "signing-keys", "rotate") == {"kid": second}
    assert read_json(command, "signing-keys", "revoke", first) == {"kid": first, "state": "revoked"}
    listed = read_json(command, "signing-keys", "list")
    assert {key["kid"]: key["state"] for key in listed} == {second: "signs", first: "revoked"}


def test_gives_programs_products_and_releases(app: Flask, command: CliRunner, tmp_path: Path) -> None:
    listed = [(product["slug"], product["name"]) for product in read_json(command, "products", "list")]
    assert ("twinspot", "Twinspot") in listed
    file = tmp_path / "twinspot-3.zip"
    file.write_bytes(b"three")
    uploaded = read_json(command, "releases", "upload", "twinspot", "3.0", str(file), "--draft")
    assert (uploaded["version"], uploaded["state"], uploaded["files"][0]["size_bytes"]) == ("3.0", "draft", 5)
    published = {"version": "3.0", "state": "published", "changed": True}
    assert read_json(command, "releases", "publish", "twinspot", "3.0") == published
    assert read_json(command, "releases", "publish", "twinspot", "3.0") == published | {"changed": False}
    withdrawn = {"version": "3.0", "state": "withdrawn", "changed": True, "sells_nothing": False}
    assert read_json(command, "releases", "withdraw", "twinspot", "3.0") == withdrawn
    assert read_json(command, "releases", "withdraw", "twinspot", "3.0") == withdrawn | {"changed": False}


def test_gives_programs_orders_and_decisions(app: Flask, sandbox: SandboxClient, command: CliRunner) -> None:
    sale = sell(app, sandbox)
    number = number_of(sale)
    link = read_json(command, "orders", "link", sale.session_id)
    assert link["number"] == number
    assert link["url"].endswith(sale.link)
    refund = read_json(command, "orders", "refund", number, "--amount", "5.00")
    assert (refund["refund"]["amount_minor"], refund["order"]["number"]) == (500, number)
    decided = read_json(command, "orders", "decide", sale.session_id, "withdraw")
    assert decided == {"number": number, "before": "partly_refunded", "now": "withdrawn"}
