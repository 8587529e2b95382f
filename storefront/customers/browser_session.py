"""Who is signed in: a random token in the signed cookie, whose row says who that is and ends it."""

from datetime import datetime

from flask import request, session
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from storefront.core import clock, tokens
from storefront.core.db import db, transaction
from storefront.customers import signed_in_browsers
from storefront.customers.browser_words import browser_words
from storefront.customers.models import AddressProof, Customer, email_key
from storefront.customers.queries import is_known_customer
from storefront.customers.spend_proofs import Reader
from storefront.web.limits import client

KEY = "sign_in"
READER_KEY = "reader"
# What somebody signed in has begun, by ids of proofs. It ends with the signing in of anybody, and signing out.
CHANGE_KEY = "change"
ERASE_KEY = "erase"
OLD_KEYS = ("customer", "orders")  # of cookies from before there were rows: they open nothing


def find_customer(email: str) -> Customer | None:
    return db.session.scalars(
        select(Customer).where(is_known_customer(), Customer.email_key == email_key(email))
    ).one_or_none()


def get_customer_now(customer_id: int) -> Customer:
    """Return who has that id, or who it became part of. Raises NoResultFound for an unknown one."""
    customer = db.session.get_one(Customer, customer_id, populate_existing=True)
    while customer.moved_to_id is not None:
        customer = db.session.get_one(Customer, customer.moved_to_id, populate_existing=True)
    return customer


def token_here() -> str:
    """Return this browser's token, or nothing. Whether it opens anything, its row says."""
    kept = session.get(KEY)
    return kept if isinstance(kept, str) and tokens.is_token(kept) else ""


def reader_here() -> Reader:
    """Return who types codes here; drawn before a code is asked for, so it is the same in what comes twice."""
    if not isinstance(session.get(READER_KEY), str):
        session[READER_KEY] = tokens.new_token()
    return Reader(browser=tokens.hash_token(session[READER_KEY]), client=client())


def browser_here() -> str:
    return browser_words(request.headers.get("User-Agent", ""))


def sign_in(customer: Customer) -> None:
    """Sign in with this browser, by a new token. Its cart stays, and orders that codes opened in it."""
    token, customer_id = tokens.new_token(), customer.id
    with transaction() as changes:
        signed_in_browsers.begin(
            changes, token=token, customer_id=customer_id, browser=browser_here(), before=token_here()
        )
    keep_token(token)


def keep_token(token: str) -> None:
    """Keep the token of a row that is committed."""
    _forget_what_was_begun()
    session[KEY] = token
    session.permanent = True


def sign_out() -> None:
    """Sign this browser out: its rows go, so that no copy of its cookie opens anything.

    It reads on as another one, so that a link which it used up says that it has ended.
    """
    token = token_here()
    if token:
        with transaction() as changes:
            signed_in_browsers.end_browser(changes, tokens.hash_token(token))
            signed_in_browsers.close_opened(changes, None)
    session.pop(KEY, None)
    session.pop(READER_KEY, None)
    _forget_what_was_begun()


def _forget_what_was_begun() -> None:
    for name in (CHANGE_KEY, ERASE_KEY, *OLD_KEYS):
        session.pop(name, None)


def find_signed_in() -> Customer | None:
    """Return who is signed in; None for nobody, and for a cookie whose row has expired."""
    token = token_here()
    signed_in = signed_in_browsers.find_customer_of(token) if token else None
    if signed_in is None:
        return None
    customer, last_seen_at = signed_in
    note_seen(token, last_seen_at)
    return customer


def note_seen(token: str, last_seen_at: datetime) -> None:
    if signed_in_browsers.see(token, last_seen_at) and last_seen_at.date() != clock.now().date():
        session.modified = True  # once a day: a cookie has 30 days of its own


def trust_order_here(*, customer_id: int, order_id: int) -> None:
    """Open the order's page here until somebody signs out: this browser paid, or reads its emails."""
    token = token_here()
    if not token or not signed_in_browsers.has_any(token):
        token = tokens.new_token()
    with transaction() as changes:
        signed_in_browsers.begin(
            changes, token=token, customer_id=customer_id, order_id=order_id, browser=browser_here()
        )
    keep_order_token(token)


def keep_order_token(token: str) -> None:
    """Keep the token of a row that is committed, beside whatever was begun by who is signed in."""
    session[KEY] = token
    session.permanent = True


def is_order_trusted_here(*, customer_id: int, order_id: int) -> bool:
    token = token_here()
    seen_at = (
        signed_in_browsers.find_seen_with(token, customer_id=customer_id, order_id=order_id) if token else None
    )
    if seen_at is None:
        return False
    note_seen(token, seen_at)
    return True


def end_proofs(changes: Session, *, mode: str, key: str) -> None:
    """End the codes and links that were mailed to an address and have not expired."""
    changes.execute(
        update(AddressProof)
        .where(AddressProof.mode == mode, AddressProof.email_key == key, AddressProof.expires_at > clock.now())
        .values(expires_at=clock.now())
    )


def sign_out_everywhere(customer: Customer) -> None:
    """Sign out all browsers. Mailed codes and links end, too: one who reads the mailbox could come back."""
    customer_id, mode, key = customer.id, customer.mode, customer.email_key
    with transaction() as changes:
        signed_in_browsers.end_all(changes, customer_id)
        end_proofs(changes, mode=mode, key=key)
