"""The sandbox's own documents: a page for people, a description for programs, made from what it answers."""

from flask import Blueprint, Response, jsonify, render_template, request

from storefront.devtools.sandbox.api.versions import API_VERSION, TRAINS
from storefront.devtools.sandbox.pages.openapi import describe, described_calls, path_of
from storefront.devtools.sandbox.pages.policy import PLAIN, protect
from storefront.devtools.sandbox.payments.stripe_test_cards import ACH_ACCOUNTS, CARDS, IBANS, BankAccount, Card
from storefront.devtools.sandbox.tax.places import PLACES

reference = Blueprint("reference", __name__)


@reference.get("/docs")
def show_reference() -> Response:
    page = render_template(
        "devtools/sandbox/reference.html",
        url=request.host_url.rstrip("/"),
        version=API_VERSION,
        trains=list(TRAINS.items())[1:],
        calls=[(call.method, path_of(call), sorted(call.unsupported)) for call in described_calls()],
        places=list(PLACES.values()),
        cards=[(card.number, about_card(card)) for card in CARDS.values()],
        accounts=[
            (account.number, about_account(account)) for account in (*IBANS.values(), *ACH_ACCOUNTS.values())
        ],
    )
    return protect(Response(page), PLAIN)


@reference.get("/openapi.json")
def show_openapi() -> Response:
    return jsonify(describe(request.host_url.rstrip("/")))


def about_card(card: Card) -> str:
    """Say what a payment with the card goes through."""
    words = [f"{card.brand}, {_end(card)}"]
    if card.risk_level != "normal":
        words.append(f"risk {card.risk_level}")
    if card.is_suspected:
        words.append("early fraud warning follows")
    words += [f"dispute follows: {dispute.reason} ({dispute.status})" for dispute in card.planned_disputes]
    if card.refund.value != "succeeded":
        words.append(f"its refund is {card.refund.value} for a while or at last")
    return "; ".join(words)


def _end(card: Card) -> str:
    asks = "3-D Secure first, then " if card.challenges else ""
    return asks + (f"declined: {card.decline}" if card.decline else "succeeds")


def about_account(account: BankAccount) -> str:
    """Say how a debit of the account ends."""
    if account.is_blocked:
        return "refused at once"
    if not account.settles:
        return "stays processing"
    end = f"fails: {account.failure}" if account.failure else "settles"
    return "; ".join([end, *(f"dispute follows: {dispute.reason}" for dispute in account.planned_disputes)])
