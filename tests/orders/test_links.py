"""Links and codes: no copy of the database makes one, and no change of SECRET_KEY breaks one that was mailed."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from flask import Flask
from itsdangerous import BadSignature
from sqlalchemy import select

from storefront.app import create_app
from storefront.buyers.library.news import get_reader, news_token
from storefront.core.config.settings import load_settings
from storefront.core.db import db, transaction
from storefront.core.errors import StorefrontError
from storefront.customers import proofs
from storefront.customers.models import AddressProof, Customer, ProofPurpose
from storefront.customers.spend_proofs import Reader, find_by_link, spend_code
from storefront.delivery.downloads.granted_files import get_file_of_grant
from storefront.delivery.downloads.tickets import new_ticket
from storefront.delivery.licenses.models import SigningKey
from storefront.delivery.licenses.signing.keys import ensure_signing_key
from storefront.delivery.licenses.signing.sealing import SigningKeySealed, unseal
from storefront.orders.links import order_token, renew_link
from storefront.orders.models import Grant, GrantKind, Order
from tests.support.databases import BOTH
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer

BOOK = ("the-patient-toolmaker", "E-book")
MakeShop = Callable[..., Flask]


@pytest.fixture
def with_key(environment: dict[str, str], app: Flask) -> Iterator[MakeShop]:
    """A shop with another SECRET_KEY: this one after a rotation, or, over a copy of its database, a thief's."""
    apps: list[Flask] = []

    def make(letter: str, **changes: str) -> Flask:
        key = f"{letter}-9f86d081884c7d659a2feaa0c55ad015"
        apps.append(create_app(load_settings(environment | {"SECRET_KEY": key} | changes)))
        return apps[-1]

    yield make
    for one_app in apps:
        with one_app.app_context():
            db.session.remove()
            db.engine.dispose()


@contextmanager
def inside(app: Flask) -> Iterator[Order]:
    with app.app_context():
        yield db.session.scalars(select(Order)).one()
        db.session.remove()


def link_of(app: Flask) -> str:
    with inside(app) as order:
        return f"/orders/{order_token(order)}"


def secrets_of(app: Flask, file_id: int) -> dict[str, str]:
    """Everything that opens something, as a shop makes it from its rows and its SECRET_KEY."""
    with inside(app) as order:
        grant_id = db.session.scalars(select(Grant.id).where(Grant.kind == GrantKind.DOWNLOAD)).first()
        assert grant_id is not None
        proof = db.session.scalars(select(AddressProof)).one()
        session = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
        return {
            "order": order_token(order),
            "news": news_token(db.session.scalars(select(Customer)).one()),
            "link": proofs.link_of(proof.seed),
            "code": proofs.code_of(proof.seed),
            "ticket": new_ticket(get_file_of_grant(grant_id, file_id)),
            "cookie": session.dumps({"customer": [order.customer_id, 1], "orders": [order.id]}),
        }


def opened_by(app: Flask, made: dict[str, str]) -> set[str]:
    """Which of them this shop takes."""
    client, found = app.test_client(), set()
    for name, path in (("order", "/orders/{}"), ("news", "/news/{}"), ("ticket", "/downloads/file/{}/x")):
        with client.get(path.format(made[name])) as answer:
            found |= {name} if answer.status_code == 200 else set()
    with inside(app):
        proof = db.session.scalars(select(AddressProof)).one()
        proof_id, purpose, reader = proof.id, proof.purpose, Reader(browser="one", client="")
        if find_by_link(made["link"]) is not None:
            found.add("link")
        with transaction() as session:
            if spend_code(session, proof_id, made["code"], purpose=purpose, reader=reader)[1] is not None:
                found.add("code")
        try:
            app.session_interface.get_signing_serializer(app).loads(made["cookie"])  # type: ignore[attr-defined]
            found.add("cookie")
        except BadSignature:
            pass
    return found


def test_opens_nothing_to_who_copied_the_database(
    app: Flask, sandbox: SandboxClient, with_key: MakeShop, tmp_path: Path
) -> None:
    file_id = int(sell(app, sandbox, BOOK).downloads[0].split("/")[-2])
    with inside(app) as order:
        proofs.start_proof(purpose=ProofPurpose.ERASE, email=order.email)
        ensure_signing_key()
    own_secrets = secrets_of(app, file_id)
    with (
        closing(sqlite3.connect(tmp_path / "shop.db")) as source,
        closing(sqlite3.connect(tmp_path / "stolen.db")) as copy,
    ):
        source.backup(copy)
    thief = with_key("t", DATABASE_URL=f"sqlite:///{tmp_path / 'stolen.db'}")
    stolen_secrets = secrets_of(thief, file_id)
    assert opened_by(app, own_secrets) == set(own_secrets)
    assert opened_by(app, stolen_secrets) == set()
    text = (tmp_path / "stolen.db").read_bytes()
    assert [name for name, secret in own_secrets.items() if secret.encode() in text] == []
    with inside(thief), pytest.raises(SigningKeySealed):
        unseal(db.session.scalars(select(SigningKey)).one(), thief.config["SECRET_KEY"])


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_keeps_every_link_through_changes_of_the_secret(
    app: Flask, sandbox: SandboxClient, with_key: MakeShop
) -> None:
    mailed = [sell(app, sandbox, BOOK).link]
    with inside(app):
        news = [news_token(db.session.scalars(select(Customer)).one())]
    shops = [app, with_key("b"), with_key("c")]
    for shop in shops[1:]:
        mailed += [link_of(shop), link_of(shop)]
        page = shop.test_client().get(mailed[0])
        assert mailed[-1].rpartition("/")[2] in page.text, page.text  # what the page itself links to is good, too
        with inside(shop):
            news.append(news_token(db.session.scalars(select(Customer)).one()))
    assert len(set(mailed)) == len(set(news)) == len(shops)
    for shop in shops:
        assert {shop.test_client().get(link).status_code for link in mailed} == {200}
        with inside(shop):
            assert {get_reader(token).id for token in news} == {1}


def test_makes_every_link_useless_when_the_order_has_a_new_one(
    app: Flask, sandbox: SandboxClient, with_key: MakeShop
) -> None:
    sale = sell(app, sandbox, BOOK)
    rotated = with_key("b")
    old = [sale.link, link_of(rotated)]
    with inside(app) as order, transaction() as session:
        renew_link(session.get_one(Order, order.id))
    for shop in (app, rotated):
        assert {shop.test_client().get(link).status_code for link in old} == {404}
        assert Buyer(shop).get(link_of(shop)).status_code == 200


def test_makes_a_link_inside_a_transaction_as_well(app: Flask, sandbox: SandboxClient, with_key: MakeShop) -> None:
    sell(app, sandbox, BOOK)
    rotated = with_key("b")
    with inside(rotated) as order, transaction() as session:
        token = order_token(session.get_one(Order, order.id))
    assert rotated.test_client().get(f"/orders/{token}").status_code == 200


@pytest.mark.parametrize("token", ["", "1-", "x" * 5000, "1-" + "0" * 32, "\x00", "%ff%fe", "%ed%a0%80"])
def test_knows_no_link_that_it_did_not_make(app: Flask, token: str) -> None:
    for path in ("/orders/", "/news/", "/confirm/", "/downloads/file/"):
        assert app.test_client().get(f"{path}{token}").status_code in ((400,) if token == "\0" else (200, 404))
    with app.app_context(), pytest.raises(StorefrontError):
        get_reader(token)
