"""Collects the evidence of a soak: Stripe's side by its own lists, the holders' side over HTTP."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.soak.buyers import Bought, Visitor
from tests.soak.checker import Evidence, Sale, Seen, State
from tests.soak.letter import DOWNLOAD, KEY, ORDER_PAGE, Letter
from tests.soak.world import World
from tests.support.sandbox_client import SandboxClient

OPEN_DISPUTES = ("won", "prevented", "warning_closed")
AT_ONCE = 4


def collect(world: World, bought: list[Bought]) -> Evidence:
    by_email = {each.story.email: each for each in bought}
    sales = read_sales(world.sandbox, by_email)
    letters: defaultdict[str, list[Letter]] = defaultdict(list)
    for letter in world.post.letters:
        letters[letter.to].append(letter)

    def look(sale: Sale) -> tuple[str, Seen]:
        return sale.email, look_at(world, by_email[sale.email], letters[sale.holder])

    with ThreadPoolExecutor(AT_ONCE) as pool:
        seen = dict(pool.map(look, sales))
    deaths = [when for when, part, _name in world.deaths() if part == "worker"]
    return Evidence(
        sales=tuple(sales),
        seen=seen,
        letters=tuple(world.post.letters),
        lapses=tuple(world.lapses + deaths),
        buyers=frozenset(each.story.email for each in bought if not each.trouble),
        gave_up={each.story.email: each.trouble for each in bought if each.trouble},
    )


def read_sales(sandbox: SandboxClient, bought: Mapping[str, Bought]) -> list[Sale]:
    sessions = [each for each in sandbox.read("sessions")["data"] if each["status"] == "complete"]
    charges = {each["payment_intent"]: each for each in sandbox.read("charges")["data"]}
    refunds = Counter(refund.payment_intent for refund in _all(sandbox.stripe.v1.refunds))
    disputes: defaultdict[str, list[str]] = defaultdict(list)
    for dispute in _all(sandbox.stripe.v1.disputes):
        disputes[dispute.payment_intent].append(dispute.status)
    sales = []
    for session in sessions:
        payment = session["payment_intent"]
        story = bought[session["customer_details"]["email"]].story
        charge = charges.get(payment)
        sales.append(
            Sale(
                email=story.email,
                holder=story.receiver,
                state=_state(session, charge, disputes[payment]),
                keys=story.keys,
                files=story.files,
                refunds=refunds[payment],
                disputes=len(disputes[payment]),
                waiting_disputes=disputes[payment].count("needs_response"),
                was_closed=bool(disputes[payment]) or bool(charge and charge["refunded"]),
            )
        )
    return sales


def _all(service: Any) -> Any:
    return service.list({"limit": 100}).auto_paging_iter()


def _state(session: dict[str, Any], charge: dict[str, Any] | None, disputes: list[str]) -> State:
    if session["payment_status"] == "unpaid":
        return State.UNPAID
    is_disputed = any(status not in OPEN_DISPUTES for status in disputes)
    return State.CLOSED if is_disputed or (charge and charge["refunded"]) else State.OPEN


def look_at(world: World, bought: Bought, letters: list[Letter]) -> Seen:
    """Try everything that was ever shown or written, as its holder does, and as one would who should not."""
    visitor = Visitor(world.url, bought.story.number)
    texts = " ".join(letter.text for letter in letters)
    is_own = not bought.story.is_gift
    pages = frozenset(ORDER_PAGE.findall(texts)) | (bought.pages if is_own else set())
    here = [visitor.get(page).text for page in sorted(pages)]
    keys = bought.keys.union(KEY.findall(texts), *map(KEY.findall, here))
    downloads = bought.downloads.union(DOWNLOAD.findall(texts), *map(DOWNLOAD.findall, here))
    return Seen(
        pages=pages,
        shown=tuple(key for page in here for key in dict.fromkeys(KEY.findall(page))),
        working=frozenset(key for key in keys if is_valid(visitor, key)),
        opened=frozenset(_name_of(address) for address in downloads if opens(visitor, address)),
        devices={device: is_valid(visitor, key, device) for device, key in bought.devices.items()},
        gone={device: is_valid(visitor, key, device) for device, key in bought.gone_devices.items()},
    )


def is_valid(visitor: Visitor, key: str, device: str = "") -> bool:
    form = {"license_key": key} | ({"instance_id": device} if device else {})
    return bool(visitor.post("/v1/licenses/validate", **form).json()["valid"])


def opens(visitor: Visitor, address: str) -> bool:
    place = visitor.get(address).headers.get("Location", "")
    if "/downloads/file/" not in place:
        return False
    return visitor.get(place.removeprefix(visitor.url), headers={"Range": "bytes=0-9"}).status_code == 206


def _name_of(address: str) -> str:
    return re.sub(r".*/", "", address)
