"""`storefront payment-link`: an owner makes, lists and closes links, and is told what is wrong with a wish."""

import json

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from storefront.cli import main
from tests.support.goods import change_price
from tests.support.rows import read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import find_price


def run(command: CliRunner, *words: str) -> Result:
    return command.invoke(main, ["payment-link", *words])


def create(command: CliRunner, *words: str) -> str:
    answer = run(command, "create", *words)
    assert answer.exit_code == 0, answer.output
    return answer.stdout.strip()


def test_makes_a_link_that_leads_back_to_the_shop(command: CliRunner, app: Flask, sandbox: SandboxClient) -> None:
    url = create(command, "twinspot/personal", "the-patient-toolmaker", "--quantity", "2")
    assert url.startswith(f"{sandbox.url}/b/")
    (link,) = sandbox.stripe.v1.payment_links.list().data
    lines = sandbox.stripe.v1.payment_links.line_items.list(link.id).data
    assert [(line.description, line.quantity) for line in lines] == [
        ("Twinspot (Personal)", 2),
        ("The Patient Toolmaker (E-book)", 2),
    ]
    after = link.after_completion
    assert after.redirect is not None
    assert after.redirect.url == "http://localhost/checkout/return?session_id={CHECKOUT_SESSION_ID}"
    shop = read_rows(app, "SELECT shop_id FROM shop_identity")[0]["shop_id"]
    assert link.metadata.to_dict() == {"storefront": shop}


def test_gives_the_same_link_for_the_same_wish_and_another_for_another(
    command: CliRunner, sandbox: SandboxClient
) -> None:
    first = create(command, "twinspot/Personal")
    assert create(command, "twinspot/Personal") == first
    assert create(command, "twinspot/Team") != first
    assert create(command, "twinspot/Personal", "--adjustable") != first


def test_takes_a_price_id(command: CliRunner, app: Flask, sandbox: SandboxClient) -> None:
    price_id = find_price(app, "twinspot", "Personal")
    assert create(command, str(price_id)) == create(command, "twinspot/Personal")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nothing"], "nothing is not for sale. What is: twinspot/Personal, twinspot/Team,"),
        (["twinspot"], "twinspot has several prices. Name one: twinspot/Personal, twinspot/Team"),
        (["twinspot/Galactic"], "twinspot/Galactic is not for sale."),
        (["99999"], "99999 is not for sale."),
        (["gridling"], "There is nothing to pay"),
        (["twinspot/Team", "twinspot/Team"], "twinspot/Team is named twice. Name it once, with --quantity."),
        (["twinspot/Team"] * 21, "A Payment Link has at most 20 lines; these are 21."),
    ],
)
def test_says_why_it_makes_no_link(
    command: CliRunner, sandbox: SandboxClient, words: list[str], said: str
) -> None:
    answer = run(command, "create", *words)
    assert answer.exit_code == 1
    assert said in answer.stderr
    assert sandbox.stripe.v1.payment_links.list().data == []


def test_refuses_two_currencies(command: CliRunner, app: Flask, sandbox: SandboxClient) -> None:
    change_price(app, find_price(app, "twinspot", "Team"), currency="eur")
    answer = run(command, "create", "twinspot/Team", "twinspot/Personal")
    assert "One payment has one currency, and these are in EUR and USD." in answer.stderr


def test_refuses_what_is_not_published(command: CliRunner, app: Flask, sandbox: SandboxClient) -> None:
    change_price(app, find_price(app, "twinspot", "Team"), is_active=False)
    assert "twinspot/Team is not for sale" in run(command, "create", "twinspot/Team").stderr


def test_takes_over_what_the_owner_chose_for_every_checkout(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, sandbox: SandboxClient
) -> None:
    monkeypatch.setenv("STOREFRONT_ENV_FILE", "")
    chosen = {"STRIPE_TAX": "1", "INVOICES": "1", "TERMS_URL": "https://shop.example.com/terms"}
    create(CliRunner(env=environment | chosen), "twinspot/Personal")
    (link,) = sandbox.stripe.v1.payment_links.list().data
    assert (link.automatic_tax.enabled, link.tax_id_collection.enabled) == (True, True)
    assert link.invoice_creation is not None
    assert link.invoice_creation.enabled
    assert link.custom_text.submit is not None
    assert "https://shop.example.com/terms" in link.custom_text.submit.message


def test_makes_the_mirrors_anew_when_stripe_lost_them(command: CliRunner, sandbox: SandboxClient) -> None:
    create(command, "twinspot/Personal")
    sandbox.reset()
    assert create(command, "twinspot/Personal")


def test_gets_past_a_failure_that_stripe_replays(command: CliRunner, sandbox: SandboxClient) -> None:
    sandbox.control("faults", method="POST", path="/v1/payment_links", times=1, status=500)
    assert create(command, "twinspot/Personal")


def test_makes_a_link_once_the_cause_of_a_refusal_is_gone(command: CliRunner, sandbox: SandboxClient) -> None:
    """Stripe says no under the same key for a day."""
    no = {"status": 400, "type": "invalid_request_error", "message": "Not yet."}
    sandbox.control("faults", method="POST", path="/v1/payment_links", times=9, **no)
    assert "Not yet." in run(command, "create", "twinspot/Personal").stderr
    sandbox.control("faults/clear")
    create(command, "twinspot/Personal")


def test_says_so_when_stripe_does_not_answer(command: CliRunner, sandbox: SandboxClient) -> None:
    sandbox.control("faults", method="POST", path="/v1/payment_links", times=9, status=503)
    answer = run(command, "create", "twinspot/Personal")
    assert answer.exit_code == 1
    assert "answering" in answer.stderr


def test_lists_what_can_be_paid_and_closes_it(command: CliRunner, sandbox: SandboxClient) -> None:
    assert "No links yet" in run(command, "list").stdout
    first, second = create(command, "twinspot/Personal"), create(command, "twinspot/Team")
    listed = json.loads(run(command, "list", "--json").stdout)
    assert [link["url"] for link in listed] == [second, first]
    for _ in range(2):
        answer = run(command, "close", listed[1]["id"])
        assert f"{first} sells nothing any more." in answer.stdout
    assert first not in run(command, "list").stdout
    assert "sells nothing" in run(command, "close", second).stdout
    unknown = run(command, "close", "https://example.com/b/1")
    assert unknown.exit_code == 1
    assert "There is no open link https://example.com/b/1." in unknown.stderr


def test_makes_another_link_when_the_same_one_was_closed(command: CliRunner, sandbox: SandboxClient) -> None:
    links = [create(command, "twinspot/Personal")]
    for _ in range(2):
        assert run(command, "close", links[-1]).exit_code == 0
        links.append(create(command, "twinspot/Personal"))
    assert len(set(links)) == 3
    assert create(command, "twinspot/Personal") == links[-1]


def test_lists_no_link_of_another_shop(command: CliRunner, sandbox: SandboxClient) -> None:
    product = sandbox.stripe.v1.products.create({"name": "Foreign"})
    price = sandbox.stripe.v1.prices.create({"product": product.id, "currency": "usd", "unit_amount": 500})
    sandbox.stripe.v1.payment_links.create({"line_items": [{"price": price.id, "quantity": 1}]})
    assert json.loads(run(command, "list", "--json").stdout) == []


def test_closes_no_link_of_another_shop(command: CliRunner, sandbox: SandboxClient) -> None:
    product = sandbox.stripe.v1.products.create({"name": "Foreign"})
    price = sandbox.stripe.v1.prices.create({"product": product.id, "currency": "usd", "unit_amount": 500})
    link = sandbox.stripe.v1.payment_links.create({"line_items": [{"price": price.id, "quantity": 1}]})
    refused = {
        link.id: f"This shop did not make {link.id}: close it in the Stripe Dashboard.",
        link.url: f"There is no open link {link.url}. `storefront payment-link list` shows them.",
        "plink_unknown": "There is no open link plink_unknown. `storefront payment-link list` shows them.",
    }
    for named, words in refused.items():
        answer = run(command, "close", named)
        assert (answer.exit_code, words in answer.stderr) == (1, True)
    assert sandbox.stripe.v1.payment_links.retrieve(link.id).active


def test_lists_and_closes_a_link_that_is_older_than_a_page(command: CliRunner, sandbox: SandboxClient) -> None:
    """More links than one page of Stripe's list has, of whatever program on the account."""
    own = create(command, "twinspot/Personal")
    product = sandbox.stripe.v1.products.create({"name": "Foreign"})
    price = sandbox.stripe.v1.prices.create({"product": product.id, "currency": "usd", "unit_amount": 500})
    for _ in range(100):
        sandbox.stripe.v1.payment_links.create({"line_items": [{"price": price.id, "quantity": 1}]})
    assert [link["url"] for link in json.loads(run(command, "list", "--json").stdout)] == [own]
    assert f"{own} sells nothing any more." in run(command, "close", own).stdout


def test_asks_for_no_page_more_than_it_needs_to_close_a_link(command: CliRunner, sandbox: SandboxClient) -> None:
    product = sandbox.stripe.v1.products.create({"name": "Foreign"})
    price = sandbox.stripe.v1.prices.create({"product": product.id, "currency": "usd", "unit_amount": 500})
    for _ in range(100):
        sandbox.stripe.v1.payment_links.create({"line_items": [{"price": price.id, "quantity": 1}]})
    own = create(command, "twinspot/Personal")
    sandbox.forget_calls()
    assert run(command, "close", own).exit_code == 0
    assert [path for method, path in sandbox.calls() if method == "GET"] == ["/v1/payment_links"]
