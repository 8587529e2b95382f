"""People who run the shop: made, and signed in to /admin as they would be."""

from flask import Flask

from storefront.core import clock
from storefront.core.db import db, transaction
from storefront.owner.people.links import make_link
from storefront.owner.people.models import Person, Role
from tests.support.shop import Buyer

OWNER = "owner@example.com"


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
