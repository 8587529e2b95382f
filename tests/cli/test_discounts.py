"""`storefront discounts`: what an owner makes, sees and stops."""

from datetime import timedelta

from click.testing import CliRunner
from flask import Flask

from storefront.core import clock
from tests.cli.commands import done, read_json, refused, run
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient


def test_makes_shows_and_stops_a_discount(app: Flask, sandbox: SandboxClient, command: CliRunner) -> None:
    assert "discounts create SPRING" in done(command, "discounts", "list")
    made = read_json(
        command,
        "discounts",
        "create",
        "spring",
        "--amount",
        "5.00 USD",
        "--amount",
        "4.50 EUR",
        "--product",
        "twinspot",
    )
    assert (made["code"], made["state"], made["off"]) == ("SPRING", "running", "$5.00 or €4.50 off")
    assert (made["products"], made["trouble"]) == (["twinspot"], "")
    assert made["link"].endswith("/?code=SPRING")
    sell(app, sandbox, promotion_code="SPRING")
    shown = read_json(command, "discounts", "show", "Spring")
    assert (shown["uses"], shown["uses_at_stripe"]) == (1, 1)
    assert "1 used" in done(command, "discounts", "list")
    assert "Stripe counted 1." in done(command, "discounts", "show", "SPRING")
    assert read_json(command, "discounts", "stop", "spring")["stopped"] is True
    assert "No discount" in refused(command, "discounts", "stop", "spring")
    assert [row["state"] for row in read_json(command, "discounts", "list")] == ["stopped"]
    done(command, "discounts", "create", "SPRING", "--percent", "5")
    assert [row["state"] for row in read_json(command, "discounts", "list")] == ["running", "stopped"]


def test_makes_one_for_first_purchases(app: Flask, sandbox: SandboxClient, command: CliRunner) -> None:
    made = read_json(command, "discounts", "create", "WELCOME", "--percent", "10", "--first-purchase")
    assert (made["is_first_purchase"], made["trouble"]) == (True, "")
    shown = done(command, "discounts", "show", "WELCOME")
    assert "10% off, first purchase only" in shown
    assert "Stripe counted 0." in shown


def test_makes_a_promotion(app: Flask, sandbox: SandboxClient, command: CliRunner) -> None:
    words = ("discounts", "create", "SALE", "--percent", "10", "--automatic")
    assert "needs an end" in refused(command, *words)
    day = f"{clock.now() + timedelta(days=9):%Y-%m-%d}"
    made = read_json(command, *words, "--ends", day)
    assert (made["is_automatic"], made["trouble"], made["link"]) == (True, "", "")
    shown = done(command, "discounts", "show", "SALE")
    assert f"until the end of {day} (UTC)" in shown
    assert "Applies by itself" in shown


def test_refuses_what_cannot_be_a_discount(app: Flask, sandbox: SandboxClient, command: CliRunner) -> None:
    assert "not both" in refused(command, "discounts", "create", "SPRING")
    assert "no product nothing" in refused(
        command, "discounts", "create", "SPRING", "--percent", "5", "--product", "nothing"
    )
    done(command, "discounts", "create", "SPRING", "--percent", "5")
    assert "is a discount already" in refused(command, "discounts", "create", "spring", "--percent", "9")
    assert run(command, "discounts", "show", "NOTHING").exit_code == 1
