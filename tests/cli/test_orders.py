"""`storefront orders show`, `list`, `link` and `decide` as an owner types them, and as a program reads them."""

import json
import re
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask

from storefront.owner.orders import listing
from storefront.shop.profile.change import change_profile
from tests.cli.commands import done, read_json, refused, run
from tests.payments.reconcile.sales import add_price_in_euros, payment_of, start
from tests.support.databases import BOTH
from tests.support.many_orders import copy_order
from tests.support.rows import change_rows, read_rows
from tests.support.sale import COMPLETED, number_of, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import keys_on

both = pytest.mark.parametrize("engine", BOTH, indirect=True)


@both
def test_shows_an_order_whole(command: CliRunner, app: Flask, sandbox: SandboxClient, mailbox: Any) -> None:
    sale = sell(app, sandbox, ("twinspot", "Team"), email="ada@example.com", name="Ada Reader", country="DE")
    sale.deliver(COMPLETED)
    mailbox.trouble.refuse_times = 1
    mailbox.trouble.refuse_with = "550 5.1.1 No such user"
    sale.work()
    sale.at_charge("refund", outcome="failed")
    sale.deliver("refund.", "charge.refunded")
    number = number_of(sale)
    shown = done(command, "orders", "show", number.lower())
    lines = shown.splitlines()
    assert lines[0] == f"Order {number} (sandbox)"
    assert lines[2] == "Needs you", "open notices come first"
    assert "the refund of" in lines[3]
    assert "Ada Reader <ada@example.com> DE" in shown
    assert f"{sale.session_id} {payment_of(sandbox, sale.session_id)}" in shown
    assert "open (paid). Paid." in shown
    assert f"license Twinspot: \u2026{sale.keys[0][-5:]}" in shown
    assert keys_on(shown) == []
    assert sale.link in shown
    timeline = [line[23:] for line in lines[lines.index("Timeline (UTC)") + 1 :]]
    assert timeline[0] == "placed"
    assert "mail receipt: failed to ada@example.com, 1 attempt (recipient refused (550 5.1.1))" in timeline
    assert any(line.startswith(f"event {COMPLETED} (evt_") and "looked at once" in line for line in timeline)
    assert any(line.startswith("refund re_") and line.endswith("now failed") for line in timeline)


@both
def test_finds_it_by_number_session_and_payment(command: CliRunner, app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox)
    payment = payment_of(sandbox, sale.session_id)
    for name in (number_of(sale), f" {number_of(sale).lower()} ", sale.session_id, payment):
        assert read_json(command, "orders", "show", name)["number"] == number_of(sale)


@both
def test_gives_programs_every_field_and_keys_only_when_asked(
    command: CliRunner, app: Flask, sandbox: SandboxClient
) -> None:
    sale = sell(app, sandbox)
    shown = read_json(command, "orders", "show", sale.session_id)
    assert shown["access"] == {"allowed": True, "reason": "paid", "sentence": "Paid."}
    assert (shown["total_minor"], shown["currency"], shown["is_paid"]) == (1900, "usd", True)
    assert [grant["kind"] for grant in shown["items"][0]["grants"]] == ["download", "license"]
    assert shown["items"][0]["grants"][1]["key"] == f"\u2026{sale.keys[0][-5:]}"
    assert shown["timeline"][0]["text"] == "placed"
    whole = read_json(command, "orders", "show", sale.session_id, "--keys")
    assert whole["items"][0]["grants"][1]["key"] == sale.keys[0]
    assert sale.keys[0] in done(command, "orders", "show", sale.session_id, "--keys")


def test_shows_an_order_that_waits_for_the_bank(command: CliRunner, app: Flask, sandbox: SandboxClient) -> None:
    add_price_in_euros(app)
    buyer, session_id = start(app, "Euro")
    sandbox.pay(session_id, payment_method="sepa_success")
    buyer.land(session_id)
    shown = done(command, "orders", "show", session_id)
    assert "closed (awaiting_payment). We're waiting for your bank." in shown
    assert "Facts     not paid, decision follow_payment" in shown
    assert "mail waiting_for_bank: queued to ada@example.com, 0 attempts, next " in shown
    assert "license" not in shown


def test_shows_which_item_is_closed(command: CliRunner, app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox, ("twinspot", "Personal"), ("the-patient-toolmaker", ""))
    sale.refund(amount=1400, metadata={"storefront_items": "2"})
    sale.deliver("refund.")
    shown = done(command, "orders", "show", sale.session_id)
    assert "Part of this order was refunded. Below you see what still works." in shown
    assert shown.count("closed (item_refunded). This part of the order was refunded") == 1
    items = read_json(command, "orders", "show", sale.session_id)["items"]
    assert [item["access"]["allowed"] for item in items] == [True, False]


def test_marks_lines_it_does_not_know(command: CliRunner, app: Flask, sandbox: SandboxClient) -> None:
    sell(app, sandbox)
    mirrored_price = read_rows(app, "SELECT stripe_price_id FROM stripe_mirrors")[0]["stripe_price_id"]
    foreign = {
        "price_data": {"currency": "usd", "unit_amount": 500, "product_data": {"name": "A mug"}},
        "quantity": 1,
    }
    session_id = sandbox.create_session([{"price": mirrored_price, "quantity": 1}, foreign])
    sandbox.pay(session_id)
    done(command, "fulfill", session_id)
    shown = done(command, "orders", "show", session_id)
    assert "A mug \u00d7 1, $5.00  [not known to this shop: nothing was handed out]" in shown
    assert "has a line this shop does not know" in shown


def test_shows_nothing_that_could_move_the_terminals_cursor(
    command: CliRunner, app: Flask, sandbox: SandboxClient
) -> None:
    sale = sell(app, sandbox, name="Ada\x1b[2J\rReader")
    for words in (["show", number_of(sale)], ["list"]):
        shown = done(command, "orders", *words)
        assert "\x1b" not in shown
        assert "\r" not in shown


@pytest.mark.parametrize("words", [["show"], ["link"], ["decide"], ["refund"]])
@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("NEVER123", "`storefront orders list` shows the newest"),
        ("cs_test_nothing", "`storefront fulfill cs_test_nothing` asks Stripe for it."),
        ("pi_nothing", "`storefront reconcile --since 30d` asks Stripe"),
        ("not-a-number", "`storefront orders list` shows the newest"),
    ],
)
def test_says_what_to_do_about_an_order_it_does_not_know(
    command: CliRunner, app: Flask, words: list[str], name: str, hint: str
) -> None:
    more = ["withdraw"] if words == ["decide"] else []
    sentence = refused(command, "orders", *words, name, *more)
    assert f"There is no order {name} in sandbox mode." in sentence
    assert hint in sentence


def test_finds_an_order_by_a_number_with_signs_around_it(
    command: CliRunner, app: Flask, sandbox: SandboxClient
) -> None:
    number = number_of(sell(app, sandbox))
    for name in (f"#{number}", f" (#{number.lower()}). ", f"\u200e{number}", f'"{number}",'):
        assert number in done(command, "orders", "show", name)
        assert "(withdrawn)" in done(command, "orders", "decide", name, "withdraw")
    for name in ("#", "##NEVER123"):
        assert f"There is no order {name} in sandbox mode." in refused(command, "orders", "show", name)


@both
def test_lists_the_newest_first_and_says_where_to_go_on(
    command: CliRunner, app: Flask, sandbox: SandboxClient
) -> None:
    assert "No orders." in done(command, "orders", "list")
    assert read_json(command, "orders", "list") == []
    sales = [
        sell(app, sandbox, email=email) for email in ("Ada@Example.com", "bob@example.com", "ada@example.com")
    ]
    numbers = [number_of(sale) for sale in sales]
    shown = done(command, "orders", "list", "--limit", "2").splitlines()
    assert [line.split()[0] for line in shown[:2]] == numbers[:0:-1]
    assert shown[0].endswith("$19.00  paid  ada@example.com")
    assert shown[2] == f"There are more: `--older-than {numbers[1]}` shows older ones."
    assert done(command, "orders", "list", "--older-than", numbers[1].lower()).split()[0] == numbers[0]
    listed = read_json(command, "orders", "list", "--email", " ADA@example.com")
    assert [order["number"] for order in listed] == [numbers[2], numbers[0]]
    assert "No such orders." in done(command, "orders", "list", "--email", "eve@example.com")


@both
def test_lists_the_orders_of_one_state(command: CliRunner, app: Flask, sandbox: SandboxClient) -> None:
    sales = [sell(app, sandbox, email=f"buyer{number}@example.com") for number in range(3)]
    for sale in sales[:2]:
        done(command, "orders", "refund", number_of(sale))
    refunded = read_json(command, "orders", "list", "--state", "refunded")
    assert [order["number"] for order in refunded] == [number_of(sales[1]), number_of(sales[0])]
    shown = done(command, "orders", "list", "--state", "refunded", "--limit", "1")
    assert f"--older-than {number_of(sales[1])}` shows older ones." in shown
    assert [order["state"] for order in read_json(command, "orders", "list", "--state", "paid")] == ["paid"]
    assert run(command, "orders", "list", "--state", "lovely").exit_code == 2


def test_lists_what_a_search_and_the_filters_find(command: CliRunner, app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox, email="bob@example.com")
    day = str(read_rows(app, "SELECT placed_at FROM orders")[0]["placed_at"])[:10]
    found = [
        ["--search", sale.keys[0]], ["--search", "bob"], ["--product", "twinspot"], ["--country", "us"],
        ["--since", day, "--until", day],
    ]  # fmt: skip
    for options in found:
        listed = read_json(command, "orders", "list", *options)
        assert [order["number"] for order in listed] == [number_of(sale)], options
    assert "No such orders." in done(command, "orders", "list", "--until", "2020-01-01")
    for zone in ("Asia/Tokyo", "America/Los_Angeles"):  # the calendar ends a day earlier or later in UTC
        with app.app_context():
            change_profile({"time_zone": zone})
        assert number_of(sale) in done(command, "orders", "list", "--since", "0001-01-01", "--until", "9999-12-31")
    assert "no product lovely" in refused(command, "orders", "list", "--product", "lovely")
    for options in (["--since", "soon"], ["--limit", "0"], ["--limit", "1001"]):
        assert run(command, "orders", "list", *options).exit_code == 2


def test_refuses_what_no_order_could_match(command: CliRunner, app: Flask) -> None:
    """As the page does: a slip of a finger looks like an empty shop otherwise, above all to a program."""
    for country in ("DEU", "d'", "ß1"):
        sentence = f"“{country}” is no country. Type two letters, such as DE or US."
        assert sentence in refused(command, "orders", "list", "--country", country)
        assert sentence in refused(command, "orders", "list", "--country", country, "--json")
    days = ("--since", "2026-10-25", "--until", "2026-10-01")
    assert "2026-10-01 is before 2026-10-25, where the list begins." in refused(command, "orders", "list", *days)
    assert read_json(command, "orders", "list", "--since", "2026-10-25", "--until", "2026-10-25") == []


def test_looks_through_all_orders_before_it_says_that_there_is_none(
    command: CliRunner, app: Flask, sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    sell(app, sandbox)
    copies = copy_order(app, 40, name="Eve")
    change_rows(app, "UPDATE orders SET invoice_number = 'AB12-0001' WHERE number = :oldest", oldest=copies[-1])
    change_rows(app, "UPDATE orders SET name = 'Rosa' WHERE number IN (:a, :b)", a=copies[20], b=copies[-1])
    monkeypatch.setattr(listing, "BATCH", 5)
    monkeypatch.setattr(listing, "MOST_READ", 10)
    search = ("orders", "list", "--search")
    for words, found in (("AB12-0001", [copies[-1]]), ("rosa", [copies[20], copies[-1]])):
        assert [order["number"] for order in read_json(command, *search, words)] == found
        assert [line.split()[0] for line in done(command, *search, words).splitlines()] == found
    assert read_json(command, *search, "nobody") == []
    assert done(command, *search, "nobody") == "No such orders.\n"


def test_tells_programs_beside_the_list_that_there_are_more(
    command: CliRunner, app: Flask, sandbox: SandboxClient
) -> None:
    sell(app, sandbox)
    (older,) = copy_order(app, 1)
    answer = run(command, "orders", "list", "--limit", "1", "--json")
    (listed,) = json.loads(answer.stdout)
    assert answer.stderr == f"There are more: `--older-than {listed['number']}` shows older ones.\n"
    rest = run(command, "orders", "list", "--older-than", listed["number"], "--json")
    assert ([order["number"] for order in json.loads(rest.stdout)], rest.stderr) == ([older], "")


def test_shows_only_the_running_mode(command: CliRunner, app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox)
    number = number_of(sale)
    change_rows(app, "UPDATE orders SET mode = 'test'")
    assert "No orders." in done(command, "orders", "list")
    for words in (["show", number], ["link", number], ["refund", number], ["decide", number, "withdraw"]):
        assert f"There is no order {number} in sandbox mode." in refused(command, "orders", *words)


def test_says_of_each_moment_in_which_zone_it_is(
    command: CliRunner, app: Flask, sandbox: SandboxClient, mailbox: Any
) -> None:
    """Where several commands tell of one moment, none is an hour off without a word."""
    sale = sell(app, sandbox)
    sale.deliver(COMPLETED)
    sale.work()
    sale.buyer.get(sale.downloads[0].removeprefix(sale.buyer.base_url)).close()
    number = number_of(sale)
    done(command, "orders", "note", number, "Called.")
    done(command, "keys", "replace", sale.keys[0], "--because", "it leaked")
    sale.at_charge("dispute", status="needs_response")
    sale.deliver("charge.dispute")
    with app.app_context():
        change_profile({"time_zone": "Asia/Tokyo"})
    moment = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d)?(.{0,4})")
    for words, zone in (
        ("orders list", " JST"), (f"orders show {number}", " UTC"), (f"orders downloads {number}", " UTC"),
        ("needs-you", " UTC"), ("audit", " UTC"), ("mail list", " UTC"), ("events list", " UTC"),
        (f"keys show {sale.keys[0]}", " UTC"),
    ):  # fmt: skip
        shown, _its_title, _in_utc = done(command, *words.split()).partition("Timeline (UTC)")
        assert set(moment.findall(shown)) == {zone}, shown


def test_writes_a_note_each_time_it_says_so(command: CliRunner, app: Flask, sandbox: SandboxClient) -> None:
    """A command has no form that could be sent twice after Back."""
    number = number_of(sell(app, sandbox))
    for _time in range(2):
        assert f"Noted at order {number}." in done(command, "orders", "note", number, "Called, nobody there.")
    noted = read_rows(app, "SELECT text FROM order_notes")
    assert [row["text"] for row in noted] == ["Called, nobody there."] * 2
    assert len(read_rows(app, "SELECT id FROM audit_entries WHERE verb = 'order.noted'")) == 2


def test_gives_the_link_of_the_buyers_mails(command: CliRunner, app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox)
    link = done(command, "orders", "link", number_of(sale)).strip()
    assert link.endswith(sale.link)
    assert keys_on(sale.buyer.get(link).text) == sale.keys


@both
def test_decides_and_says_what_was_and_is_true(command: CliRunner, app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox)
    number = number_of(sale)
    because = ["--because", "bought with a stolen card"]
    first = done(command, "orders", "decide", number, "withdraw", *because)
    assert "Before: open (paid). Paid." in first
    assert "Now:    closed (withdrawn). The shop has withdrawn this order." in first
    assert "Before: closed (withdrawn)." in done(command, "orders", "decide", number, "withdraw", *because)
    changes = [moment["text"] for moment in read_json(command, "orders", "show", number)["timeline"]]
    assert changes.count("decision: withdraw: bought with a stolen card") == 1
    for _twice in range(2):  # it stands already, and the reason is another one
        done(command, "orders", "decide", number, "withdraw", "--because", "the bank says so, too")
    done(command, "orders", "decide", number, "withdraw")
    changes = [moment["text"] for moment in read_json(command, "orders", "show", number)["timeline"]]
    assert [text for text in changes if text.startswith("decision: ")] == [
        "decision: withdraw: bought with a stolen card",
        "decision: withdraw: the bank says so, too",
    ]
    entries = read_rows(app, "SELECT after FROM audit_entries WHERE verb = 'order.decided' ORDER BY id")
    assert "the bank says so, too" in str(entries[-1]["after"])
    assert "Now:    open (paid). Paid." in done(command, "orders", "decide", number, "follow_payment")


def test_takes_what_a_decision_settles_off_the_owners_list(
    command: CliRunner, app: Flask, sandbox: SandboxClient
) -> None:
    sale = sell(app, sandbox)
    sale.at_charge("refund", outcome="failed")
    sale.deliver("refund.", "charge.refunded")
    assert sale.open_notices() == ["refund_failed"]
    done(command, "orders", "decide", number_of(sale), "withdraw")
    assert sale.open_notices() == []


def test_keeps_a_decision_when_stripe_does_not_answer(
    command: CliRunner, app: Flask, sandbox: SandboxClient
) -> None:
    sale = sell(app, sandbox)
    sandbox.control("faults", path="/v1/checkout/sessions", times=9, status=503)
    answer = run(command, "orders", "decide", number_of(sale), "withdraw")
    assert answer.exit_code == 0
    assert "The decision stands." in answer.stderr
    assert keys_on(sale.order_page()) == []


def test_refuses_to_keep_an_unpaid_order_open(command: CliRunner, app: Flask, sandbox: SandboxClient) -> None:
    add_price_in_euros(app)
    buyer, session_id = start(app, "Euro")
    sandbox.pay(session_id, payment_method="sepa_success")
    buyer.land(session_id)
    for _twice in range(2):
        sentence = refused(command, "orders", "decide", session_id, "allow")
        assert "is not paid, so nothing was handed out that could stay open." in sentence
    assert run(command, "orders", "decide", session_id, "perhaps").exit_code == 2


@both
def test_says_whether_the_buyer_can_download_and_what_was_refused(
    command: CliRunner, app: Flask, sandbox: SandboxClient
) -> None:
    sale = sell(app, sandbox, ("the-patient-toolmaker", "E-book"))
    number, link = number_of(sale), sale.downloads[0].removeprefix(sale.buyer.base_url)
    change_rows(app, "UPDATE order_items SET download_limit = 1")
    sale.buyer.get(link).close()
    change_rows(app, "UPDATE downloads SET at = '2026-01-01 00:00:00+00:00'")
    sale.buyer.get(link, headers={"User-Agent": "curl/8.1"}).close()
    told = read_json(command, "orders", "downloads", number)
    assert told["sentence"] == read_json(command, "orders", "show", number)["downloads"]["sentence"]
    assert told["sentence"].startswith("They cannot, because ")
    newest, oldest = told["attempts"]
    assert (newest["outcome"], newest["reason"]) == ("refused", "download_limit_reached")
    assert (newest["client"], oldest["outcome"]) == ("curl", "downloaded")
    lines = done(command, "orders", "downloads", number).splitlines()
    assert lines[0] == told["sentence"]
    assert "downloaded 1 of 1 times" in lines[1]
    assert "(curl)" in lines[2]
    assert "Downloads and refusals" in done(command, "orders", "show", number)


def test_gives_once_where_the_same_command_is_typed_twice(command: CliRunner, app: Flask) -> None:
    words = ("orders", "give", "ada@example.com", "twinspot/personal", "--because", "won a raffle")
    first, second = read_json(command, *words), read_json(command, *words)
    assert (first["is_new"], second) == (True, first | {"is_new": False})
    assert "Given before" in done(command, *words)
    assert read_json(command, *words, "--again")["number"] != first["number"]
    assert "for free: won a raffle" in done(command, "orders", "show", first["number"])
