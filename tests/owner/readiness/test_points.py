"""Ready to sell? The rule: each fact with the state and the words that follow from it."""

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from storefront.core.config.checkout_ui import CheckoutUi
from storefront.core.config.settings import Mode, Settings
from storefront.core.email_addresses import Mailbox
from storefront.owner.readiness.answers import Answer, Body
from storefront.owner.readiness.facts import CatalogFacts, Facts, PeopleFacts, ReminderFacts, TaxFacts, TriedMail
from storefront.owner.readiness.point import Action, Point, State, count_open, count_unknown, put_open_first
from storefront.owner.readiness.points import find_points
from storefront.owner.readiness.read_facts import find_placeholders
from storefront.payments.webhook.endpoint import Secret
from storefront.shop.pages.models import LegalKind
from storefront.stripe_api.endpoints import API_VERSION
from tests.owner.health.troubles import FULL_DISK, NO_DISK, NO_FOLDER, NOW, PLENTY, READ_ONLY, WELL


def answer(**body: Any) -> Answer:
    return Answer(asked_at=NOW, body=body)


def problem(message: str, code: str = "stripe_unavailable") -> Answer:
    return answer(problem=message, code=code)


KEY: Body = {
    "account_id": "acct_1",
    "account_name": "Ada's Tools",
    "charges_enabled": True,
    "details_submitted": True,
    "lacking": [],
}
ENDPOINT: Body = {
    "address": "https://shop.example/webhook",
    "endpoint_id": "we_1",
    "is_enabled": True,
    "api_version": API_VERSION,
    "missing": [],
    "superfluous": [],
    "others": [],
    "secret": Secret.SEALED.value,
    "has_delivered": True,
}
OLD = "we_0 at https://old.example/webhook"
SENT = TriedMail(recipient="olga@shop.example", state="sent", error=None, created_at=NOW, sent_at=NOW)
ONE_DRAFT = CatalogFacts(for_sale=0, drafts=1, prices=0, mirrored=0)
READY = Facts(
    mode=Mode.LIVE,
    base_url="https://shop.example",
    is_reachable=True,
    placeholders=(),
    mail_from="shop@shop.example",
    mail_server="smtp.shop.example",
    trusted_proxies=1,
    files="folder",
    database="sqlite",
    trouble=replace(WELL, mode=Mode.LIVE, places=(PLENTY,)),
    stripe=answer(**KEY),
    webhook=answer(**ENDPOINT),
    storage=answer(is_same=True, is_gone=True),
    restored=answer(by="olga@shop.example"),
    test_mail=SENT,
    catalog=CatalogFacts(for_sale=2, drafts=0, prices=3, mirrored=1),
    people=PeopleFacts(owners=1, with_passkey=1),
    unpublished=(),
    samples=(),
    saw_proxy=False,
)


def trouble(**changes: Any) -> dict[str, Any]:
    return {"trouble": replace(READY.trouble, **changes)}


def key(**changes: Any) -> dict[str, Any]:
    return {"stripe": answer(**KEY | changes)}


def hook(**changes: Any) -> dict[str, Any]:
    return {"webhook": answer(**ENDPOINT | changes)}


def point_of(code: str, **changes: Any) -> Point:
    (point,) = [point for point in find_points(replace(READY, **changes)) if point.code == code]
    return point


def tax(*untaxed: str, **changes: Any) -> dict[str, Any]:
    body = {"missing": [], "countries": ["DE"], "preset_code": "txcd_10000000", "preset_behavior": None}
    return {"tax": TaxFacts(answer=answer(**body | changes), untaxed=untaxed)}


def reminding(*, is_refused: bool = False, has_asked: bool = False, **changes: Any) -> dict[str, Any]:
    return {"reminders": ReminderFacts(is_refused=is_refused, has_asked=has_asked)} | changes


NOT_READY: list[tuple[str, dict[str, Any], State, str]] = [
    ("catalog", {"catalog": ONE_DRAFT}, State.TO_DO, "1 draft waits"),
    ("legal_pages", {"unpublished": (LegalKind.IMPRINT, LegalKind.TERMS)}, State.TO_DO, "yet: imprint, terms."),
    (
        "legal_pages",
        {"samples": (LegalKind.TERMS,)},
        State.WRONG,
        "words of the sample shop: terms. Write your own",
    ),
    ("stripe_key", {"stripe": None}, State.UNKNOWN, "Nobody has asked"),
    ("stripe_key", {"stripe": problem("No answer")}, State.UNKNOWN, "Couldn't ask Stripe: No answer."),
    ("stripe_key", {"stripe": answer(is_refused=True)}, State.WRONG, "doesn't accept the key"),
    ("stripe_key", key(lacking=["Products (write)"]), State.WRONG, "lacks Products (write)"),
    ("stripe_key", key(charges_enabled=False), State.WRONG, "Ada's Tools can't take payments yet"),
    ("stripe_key", key(details_submitted=False), State.TO_DO, "Ada's Tools is not complete"),
    ("webhook", {"webhook": None}, State.UNKNOWN, "Nobody has asked"),
    ("webhook", {"webhook": problem("No answer")}, State.UNKNOWN, "Couldn't ask Stripe: No answer."),
    ("webhook", {"webhook": problem("It may not.", "key_not_permitted")}, State.WRONG, "It may not."),
    ("webhook", hook(endpoint_id=None), State.TO_DO, "Make the endpoint"),
    ("webhook", hook(is_enabled=False), State.WRONG, "we_1 is disabled"),
    ("webhook", hook(missing=["charge.refunded"]), State.WRONG, "we_1 lacks charge.refunded"),
    ("webhook", hook(secret="unknown"), State.WRONG, "doesn't know its signing secret"),
    ("webhook", hook(secret="locked"), State.WRONG, "SECRET_KEY was changed"),
    ("webhook", hook(others=["we_0"]), State.TO_DO, "Disable the old one"),
    ("webhook", hook(others=["we_0"], has_delivered=False), State.TO_DO, "Once it has delivered"),
    ("webhook", hook(elsewhere=[OLD]), State.TO_DO, f"{OLD}, where the shop was, is enabled, too. Disable it."),
    ("webhook", hook(elsewhere=[OLD], has_delivered=False), State.TO_DO, "once the new one has delivered"),
    ("webhook", hook(elsewhere=[OLD], endpoint_id=None), State.TO_DO, f"{OLD} still delivers to where"),
    (
        "webhook",
        {"is_reachable": False, **trouble(last_event_at=None)},
        State.TO_DO,
        "stripe listen",
    ),
    ("mail", {"test_mail": None}, State.TO_DO, "Send yourself a test email"),
    ("mail", {"test_mail": replace(SENT, state="queued", sent_at=None)}, State.TO_DO, "waits for the worker"),
    (
        "mail",
        {"test_mail": replace(SENT, state="failed", sent_at=None, error="550 no such user")},
        State.WRONG,
        "was refused: 550 no such user",
    ),
    ("mail", trouble(mail_server_down_since=NOW, mail_server_down_why="no login"), State.WRONG, "(no login)"),
    ("owner_email", trouble(has_owner_email=False), State.TO_DO, "Set OWNER_EMAIL"),
    ("storage", {"storage": None}, State.UNKNOWN, "Nobody has tried"),
    ("storage", {"storage": problem("The folder is full")}, State.WRONG, "The folder is full"),
    ("storage", {"storage": answer(is_same=False, is_gone=True)}, State.WRONG, "other bytes"),
    ("storage", {"storage": answer(is_same=True, is_gone=False)}, State.WRONG, "could not be deleted"),
    ("disk", trouble(places=(FULL_DISK,)), State.WRONG, "little room where the queue"),
    ("disk", trouble(places=(READ_ONLY,)), State.WRONG, "may not write where the files should lie."),
    (
        "disk",
        trouble(places=(NO_FOLDER,)),
        State.WRONG,
        "should lie: there is a file where FILES_URL wants a folder",
    ),
    ("disk", trouble(places=(NO_DISK,)), State.WRONG, "should lie: what FILES_URL names is on no disk"),
    ("open_files", trouble(open_files=("var/shop.db",)), State.WRONG, "Every user of this machine"),
    ("proxy", {"trusted_proxies": 0}, State.TO_DO, "nginx or Caddy"),
    ("proxy", {"trusted_proxies": 0, "saw_proxy": True}, State.WRONG, "isn't trusted"),
    ("placeholders", {"placeholders": ("SHOP_NAME",)}, State.WRONG, "SHOP_NAME still says"),
    ("stripe_tax", {"tax": TaxFacts(answer=None, untaxed=())}, State.UNKNOWN, "Press Ask again"),
    (
        "stripe_tax",
        {"tax": TaxFacts(answer=problem("No."), untaxed=())},
        State.UNKNOWN,
        "Couldn't ask Stripe: No.",
    ),
    ("stripe_tax", tax(missing=["head_office"]), State.WRONG, "no checkout opens: head office is missing"),
    ("stripe_tax", tax(countries=[]), State.TO_DO, "collects tax nowhere yet"),
    ("stripe_tax", tax("Kerf"), State.WRONG, "Choose whether prices have tax in them: Kerf."),
    ("stripe_tax", tax("Kerf", preset_behavior="exclusive"), State.TO_DO, "the account's preset counts: Kerf."),
    ("reminders", reminding(), State.UNKNOWN, "nobody knows if Stripe asks"),
    ("reminders", reminding(is_refused=True), State.WRONG, "so nobody is reminded"),
    ("reminders", reminding(checkout_ui=CheckoutUi.ELEMENTS), State.TO_DO, "own form (CHECKOUT_UI=elements)"),
    ("passkey", {"people": PeopleFacts(owners=1, with_passkey=0)}, State.TO_DO, "No owner has a passkey"),
    (
        "passkey",
        {"people": PeopleFacts(owners=1, with_passkey=0, with_old_passkey=1)},
        State.TO_DO,
        "are for the address that the shop had before",
    ),
    ("backup", {"restored": None}, State.TO_DO, "has seen no backup yet. Try a restore"),
    (
        "backup",
        {"restored": None} | trouble(backed_up_at=NOW),
        State.TO_DO,
        "was made 2026-11-02 12:00",
    ),
    ("mode", {"mode": Mode.TEST}, State.TO_DO, "Live comes next"),
    ("mode", {"mode": Mode.SANDBOX}, State.TO_DO, "Test mode comes next"),
]


def test_has_nothing_open_where_all_is_done() -> None:
    assert [point.code for point in find_points(READY) if point.state is not State.DONE] == []
    assert count_open(find_points(READY)) == 0


def test_counts_nothing_as_open_that_nobody_has_asked() -> None:
    points = [Point(code=state, title="", state=state, sentence="") for state in State]
    assert (count_open(points), count_unknown(points)) == (2, 1)


@pytest.mark.parametrize(("code", "changes", "state", "words"), NOT_READY)
def test_says_what_is_and_what_to_do(code: str, changes: dict[str, Any], state: State, words: str) -> None:
    point = point_of(code, **changes)
    assert point.state is state
    assert words in point.sentence
    others = [other.code for other in find_points(replace(READY, **changes)) if other.state is not State.DONE]
    assert others == [code]


DONE_SO: list[tuple[str, dict[str, Any], str]] = [
    ("stripe_key", {}, "Ada's Tools takes payments in live mode"),
    ("stripe_key", key(account_id=None, account_name=None), "may not say whose account"),
    ("webhook", {}, "Last delivery 2026-11-02 12:00 UTC"),
    ("webhook", trouble(last_event_at=None), "No delivery has arrived yet"),
    ("webhook", {"is_reachable": False}, "through `stripe listen`"),
    ("reminders", reminding(has_asked=True), "who agrees is reminded once"),
    ("stripe_tax", tax(), "Tax is collected in DE, and every product"),
    ("stripe_prices", {}, "1 of 3 prices are at Stripe in live mode. The others are made at their first sale."),
    ("stripe_prices", {"catalog": CatalogFacts(for_sale=1, drafts=0, prices=2, mirrored=2)}, "All 2 prices"),
    (
        "stripe_prices",
        {"catalog": CatalogFacts(for_sale=1, drafts=0, prices=2, mirrored=0)},
        "No price is at Stripe",
    ),
    ("way_back", {"people": PeopleFacts(owners=2, with_passkey=1)}, "2 owners"),
    ("proxy", {"trusted_proxies": 0, "mode": Mode.SANDBOX}, "No proxy is needed"),
    ("disk", trouble(places=()), "other machines"),
]


@pytest.mark.parametrize(("code", "changes", "words"), DONE_SO)
def test_says_how_a_point_is_done(code: str, changes: dict[str, Any], words: str) -> None:
    point = point_of(code, **changes)
    assert (point.state, words in point.sentence) == (State.DONE, True), point.sentence


def test_offers_the_button_that_mends() -> None:
    assert point_of("webhook", **hook(endpoint_id=None)).actions == (Action.MAKE_WEBHOOK,)
    assert point_of("webhook", **hook(secret="unknown")).actions == (Action.REPLACE_WEBHOOK,)
    assert point_of("webhook", **hook(others=["we_0"])).actions == (Action.DISABLE_OLD_WEBHOOK,)
    assert point_of("webhook", **hook(elsewhere=[OLD])).actions == (Action.DISABLE_OLD_WEBHOOK,)


def test_tells_what_is_odd_and_does_no_harm() -> None:
    more = " ".join(point_of("webhook", **hook(superfluous=["a.b"], api_version="2024-06-20")).more)
    assert "this shop ignores: a.b" in more
    assert "API version 2024-06-20" in more
    assert "DMARC" in " ".join(point_of("mail").more)


def test_puts_what_is_left_to_do_first() -> None:
    points = put_open_first(find_points(replace(READY, catalog=ONE_DRAFT, placeholders=("MAIL_FROM",))))
    is_done = [point.state is State.DONE for point in points]
    assert is_done == sorted(is_done)
    assert 0 < is_done.count(False) < len(points)


OF_EXAMPLES = {
    "base_url": "https://shop.example.com",
    "mail_server": "smtp.example.com",
    "mail_username": "…",
    "mail_password": "…",
    "mail_from": Mailbox(name="", address="shop@example.com"),
    "owner_email": "you@example.com",
    "trusted_hosts": ("www.shop.example.com",),
    "terms_url": "https://shop.example.org/terms",
    "security_contact": "security@example.net",
}


@pytest.mark.parametrize(("field", "value"), OF_EXAMPLES.items())
def test_knows_what_an_example_said(app: Flask, settings: Settings, field: str, value: Any) -> None:
    with app.app_context():
        before = find_placeholders(settings)
        assert field.upper() not in before
        found = find_placeholders(replace(settings, **{field: value}))
    assert set(found) - set(before) == {field.upper()}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("mail_username", "dev@acme-tools.test"),
        ("mail_username", "hello@example-agency.test"),
        ("mail_server", "test-mail.acme.test"),
        ("mail_server", "mail.counterexample.test"),
        ("owner_email", "ada@counter-example.test"),
    ],
)
def test_takes_no_name_of_somebodys_own_for_a_sample(
    app: Flask, settings: Settings, field: str, value: Any
) -> None:
    with app.app_context():
        found = find_placeholders(replace(settings, **{field: value}))
    assert field.upper() not in found


def test_closes_files_by_a_line_that_a_shell_takes() -> None:
    facts = replace(READY, trouble=replace(WELL, open_files=("/srv/my shop/.env", "/srv/my shop/shop.db")))
    (point,) = (point for point in find_points(facts) if point.code == "open_files")
    assert point.line == "chmod go= '/srv/my shop/.env' '/srv/my shop/shop.db'"
