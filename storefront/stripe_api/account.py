"""Whose the key is. Where a restricted key may not ask that, what the shop made tells: only its account has it.

What was stored while nothing told is taken over once something tells.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import g

from storefront.core.db import in_transaction
from storefront.core.errors import StripeRefused
from storefront.core.runtime import Part
from storefront.stripe_api.refusals import readable

if TYPE_CHECKING:
    from storefront.stripe_api.gateway import Gateway

log = logging.getLogger(__name__)

UNKNOWN = "unknown"
MOST_ASKED = 3  # accounts that the shop had before: each is a question
SAID = "stripe_account"  # of `g`: whose key it is, as this request or job was told


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredByAccount:
    """What the drawers above keep by account, in the running mode.

    `find_objects` returns the address of one of Stripe's objects for each account, those of the newest first.
    `has_left` tells whether there is more of UNKNOWN than what an account has itself. `take_over` gives it that,
    and returns whether there was any; it is safe to repeat.
    """

    find_objects: Callable[[], Mapping[str, str]]
    has_left: Callable[[str], bool]
    take_over: Callable[[str], bool]


STORED = Part[StoredByAccount]("what is stored by account")


class KeysAccount:
    """What a process knows of the account of its key; while that is nothing, it looks at what others stored."""

    def __init__(self, gateway: "Gateway") -> None:
        self._gateway = gateway
        self._known: str | None = None
        self._asked: Mapping[str, str] | None = None  # what told nothing

    def find(self) -> str:
        """Return Stripe's id of the account, or UNKNOWN where nothing tells: the same for a whole request or job.

        Asks at most MOST_ASKED + 2 questions, and none where nothing has changed since.

        Raises:
            StripeUnavailable: no answer, and the same call may be repeated.
        """
        said: dict[KeysAccount, str] = g.setdefault(SAID, {})
        if self not in said:
            said[self] = self._known or self._learn()
        return said[self]

    def _learn(self) -> str:
        if self._asked is not None and in_transaction():
            return UNKNOWN
        objects = dict(STORED.get().find_objects())
        of_unknown = objects.pop(UNKNOWN, None)
        asked = dict(list(objects.items())[:MOST_ASKED])
        if asked == self._asked:
            return UNKNOWN
        try:
            named = _ask_its_id(self._gateway) if self._asked is None else None
            account = named or _recognize(self._gateway, asked)
        except StripeRefused:
            return UNKNOWN  # it is no key at all, perhaps only now: asked again
        if account is None:
            self._asked = asked
            return UNKNOWN
        if of_unknown is not None:
            _take_over(self._gateway, account, of_unknown)
        self._known = account
        return account


@readable()
def _ask_its_id(gateway: "Gateway") -> str | None:
    """Return None where a restricted key may not ask."""
    import stripe

    try:
        answer = gateway.ask(lambda client: client.v1.accounts.retrieve_current(), but=(stripe.PermissionError,))
    except stripe.PermissionError:
        log.info("stripe does not say whose a restricted key is")
        return None
    return str(answer["id"])


def _recognize(gateway: "Gateway", asked: Mapping[str, str]) -> str | None:
    return next((account for account, path in asked.items() if gateway.has(path)), None)


def _take_over(gateway: "Gateway", account: str, of_unknown: str) -> None:
    stored = STORED.get()
    if stored.has_left(account) and gateway.has(of_unknown) and stored.take_over(account):
        log.info("rows of an unknown account taken over")
