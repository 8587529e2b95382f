"""Who acts now. The edges say it (a request to /admin, a command), so that no function in between can forget it.

It is kept in Flask's `g`, which ends with the request or the command.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from flask import g

from storefront.audit.models import ActorKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """`name` is an owner's address or a user of the machine; `client` a network address; `browser` in words."""

    kind: ActorKind
    name: str
    client: str = ""
    browser: str = ""


THE_SHOP = Actor(kind=ActorKind.SHOP, name="shop")


def current_actor() -> Actor:
    actor: Actor = g.get("actor", THE_SHOP)
    return actor


def act_as(actor: Actor) -> None:
    """Set who acts, until the end of this request or of this command."""
    g.actor = actor


@contextmanager
def acting_as(actor: Actor) -> Iterator[None]:
    before = current_actor()
    g.actor = actor
    try:
        yield
    finally:
        g.actor = before
