"""People who run the shop: made, and signed in to /admin as they would be."""

import re

from flask import Flask

from storefront.core import clock
from storefront.core.db import db, transaction
from storefront.owner.people.links import make_link
from storefront.owner.people.models import Passkey, Person, Role
from tests.support.shop import Buyer
from tests.support.sign_in import code_in, waiting_mails

OWNER = "owner@example.com"
OLD_HOST = "staging.shop.example"  # where the shop was before


def make_person(app: Flask, email: str = OWNER, role: Role = Role.OWNER, *, has_come: bool = True) -> int:
    with app.app_context():
        with transaction() as changes:
            person = Person(email=email, email_key=email, role=role, came_at=clock.now() if has_come else None)
            changes.add(person)
            changes.flush()
            person_id = person.id
        db.session.remove()
    return person_id


def link_for(app: Flask, person_id: int) -> str:
    """The path of a link that was made at the machine."""
    with app.app_context():
        token = make_link(person_id)
        db.session.remove()
    return f"/admin/link/{token}"


def sign_in_at_admin(app: Flask, person_id: int) -> Buyer:
    browser = Buyer(app)
    path = link_for(app, person_id)
    assert browser.get(path).status_code == 200
    assert browser.post(path).location == "/admin"
    return browser


def admin_cookie(browser: Buyer, name: str = "storefront_admin") -> str:
    cookie = browser.client.get_cookie(name, domain="localhost", path="/")
    return cookie.value if cookie else ""


def give_passkey(app: Flask, person_id: int, host: str = OLD_HOST) -> None:
    with app.app_context():
        with transaction() as changes:
            changes.add(
                Passkey(
                    person_id=person_id,
                    credential_id=host.encode(),
                    public_key=b"key",
                    sign_count=0,
                    transports=[],
                    rp_id=host,
                    name="Laptop",
                )
            )
        db.session.remove()


def ask_for_code(app: Flask, email: str = OWNER) -> Buyer:
    browser = Buyer(app)
    assert browser.post("/admin/sign-in", email=email).location == "/admin/sign-in/code"
    return browser


def mailed(app: Flask) -> tuple[str, str]:
    """Code and link of the newest mail."""
    mail = waiting_mails(app)[-1]
    link = re.search(r"/admin/sign-in/link/[0-9a-f]{32}", mail.text)
    assert link
    return code_in(mail), link[0]


def is_in(browser: Buyer) -> bool:
    return browser.get("/admin").status_code == 200
