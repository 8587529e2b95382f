"""Whose the key is. Where a restricted key may not ask that, what the shop made tells: only its account has it.

What was stored while nothing told is taken over once something tells.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from storefront.core.errors import StripeRefused
from storefront.core.runtime import Part
from storefront.stripe_api.refusals import readable

if TYPE_CHECKING:
    from storefront.stripe_api.gateway import Gateway

log = logging.getLogger(__name__)

UNKNOWN = "unknown"
MOST_ASKED = 3  # accounts that the shop had before: each is a question


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredByAccount:
    """What the drawers above keep by account, in the running mode.

    `find_objects` returns the address of one of Stripe's objects for each account, those of the newest first.
    `take_over` gives what is of UNKNOWN to an account; it is safe to repeat.
    """

    find_objects: Callable[[], Mapping[str, str]]
    take_over: Callable[[str], None]


STORED = Part[StoredByAccount]("what is stored by account")


def find_account(gateway: "Gateway") -> str:
    """Return Stripe's id of the account, or UNKNOWN where nothing tells. Asks at most MOST_ASKED + 2 questions.

    Raises:
        StripeUnavailable: no answer, and the same call may be repeated.
    """
    stored = STORED.get()
    objects = dict(stored.find_objects())
    of_unknown = objects.pop(UNKNOWN, None)
    account = _ask_its_id(gateway) or _recognize(gateway, objects)
    if account is None:
        return UNKNOWN
    if of_unknown is not None and gateway.has(of_unknown):
        stored.take_over(account)
        log.info("rows of an unknown account taken over")
    return account


@readable()
def _ask_its_id(gateway: "Gateway") -> str | None:
    try:
        return str(gateway.ask(lambda client: client.v1.accounts.retrieve_current())["id"])
    except StripeRefused:
        return None


def _recognize(gateway: "Gateway", objects: Mapping[str, str]) -> str | None:
    asked = list(objects.items())[:MOST_ASKED]
    return next((account for account, path in asked if gateway.has(path)), None)
