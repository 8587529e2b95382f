"""Buyers over HTTP, without JavaScript: they click again where a page did not come, and never know why."""

import html
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import requests
import stripe

from tests.soak.letter import DOWNLOAD, KEY, ORDER_PAGE
from tests.soak.stories import EDITIONS, PAYMENT, After, Story, Way
from tests.soak.world import CODE, World

PATIENCE_SECONDS = 150
ONE_TRY_SECONDS = 20
OWNER_TRIES = 3
BUSY = (429, 500, 502, 503, 504)
SESSION = re.compile(r"cs_test_[A-Za-z0-9]+")


class GaveUpError(Exception):
    """A page that did not come for minutes: worse than any trouble that a soak makes."""


@dataclass(slots=True, kw_only=True)
class Bought:
    """What a buyer has seen until now: of an order that is closed later, too."""

    story: Story
    session_id: str = ""
    pages: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)
    downloads: set[str] = field(default_factory=set)
    devices: dict[str, str] = field(default_factory=dict)  # its id -> the key it is of
    gone_devices: dict[str, str] = field(default_factory=dict)
    trouble: str = ""


class Visitor:
    """One browser: its cookies, its address, its patience."""

    def __init__(self, url: str, number: int) -> None:
        self.url = url
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.headers["X-Forwarded-For"] = f"10.{number // 62500 + 1}.{number // 250 % 250}.{number % 250 + 1}"
        self.http.headers["Referer"] = f"{url}/"

    def ask(self, method: str, path: str, **how: Any) -> requests.Response:
        """Ask again until there is an answer that is one."""
        answer: requests.Response = until(lambda: self._try(method, path, **how))
        return answer

    def _try(self, method: str, path: str, **how: Any) -> requests.Response | None:
        try:
            answer = self.http.request(
                method, f"{self.url}{path}", timeout=ONE_TRY_SECONDS, allow_redirects=False, **how
            )
        except requests.RequestException:
            return None
        return None if answer.status_code in BUSY else answer

    def get(self, path: str, **how: Any) -> requests.Response:
        return self.ask("GET", path, **how)

    def post(self, path: str, **form: Any) -> requests.Response:
        return self.ask("POST", path, data=form)


def until(act: Callable[[], Any]) -> Any:
    """Return the first answer that is not None."""
    begun, wait = time.monotonic(), 0.2
    while (done := act()) is None:
        if time.monotonic() - begun > PATIENCE_SECONDS:
            raise GaveUpError
        time.sleep(wait)
        wait = min(wait * 1.5, 3)
    return done


def field_of(page: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]*value="([^"]+)"', page)
    assert found, f"no {name} on the page"
    return html.unescape(found[1])


class Buyer:
    def __init__(self, world: World, story: Story) -> None:
        self.world = world
        self.story = story
        self.visitor = Visitor(world.url, story.number)
        self.bought = Bought(story=story)

    def live(self) -> Bought:
        """From the first page to what comes after the sale."""
        try:
            self.bought.session_id = self._open_form()
            self._pay()
            if self.story.comes_back:
                self._land()
            time.sleep(self.story.waits)
            self._go_on()
        except Exception as error:  # noqa: BLE001 - one buyer does not end an hour of others
            self.bought.trouble = f"{type(error).__name__} {error}"
        return self.bought

    def _open_form(self) -> str:
        return self._follow_link() if self.story.way is Way.LINK else self._check_out()

    def _follow_link(self) -> str:
        answer = until(lambda: _quiet(lambda: requests.get(self.world.link, allow_redirects=False, timeout=30)))
        return _session_in(answer.headers["Location"])

    def _check_out(self) -> str:
        token = field_of(self.visitor.get("/sign-in").text, "csrf_token")
        for slug, quantity in self.story.goods:
            price = self.world.prices[slug, EDITIONS[slug]]
            self.visitor.post("/cart/add", csrf_token=token, price_id=price, quantity=quantity)
        cart = self.visitor.get("/cart").text
        form = {"csrf_token": field_of(cart, "csrf_token"), "nonce": field_of(cart, "nonce")} | self._gift()
        answer = until(lambda: self._begin(form))
        return _session_in(answer)

    def _begin(self, form: dict[str, str]) -> str | None:
        """Return what names the Session: Stripe's address, or the page with its form."""
        answer = self.visitor.post("/checkout", **form)
        place = answer.headers.get("Location", "")
        if SESSION.search(place):
            return place
        if not place.removeprefix(self.world.url).startswith("/checkout/"):
            return None
        page = self.visitor.get(place.removeprefix(self.world.url)).text
        return page if SESSION.search(page) else None

    def _gift(self) -> dict[str, str]:
        if not self.story.is_gift:
            return {}
        return {"is_gift": "1", "gift_email": self.story.receiver, "gift_from": "Ada", "gift_message": "For you."}

    def _pay(self) -> None:
        how: dict[str, Any] = {"payment_method": PAYMENT[self.story.way], "email": self.story.email, "name": "Ada"}
        if self.story.has_code:
            how["promotion_code"] = CODE
        until(lambda: self._try_to_pay(how))

    def _try_to_pay(self, how: dict[str, Any]) -> bool | None:
        """Stripe may be silent after all that it has done: who is refused then has paid already."""
        try:
            self.world.sandbox.control(f"sessions/{self.bought.session_id}/pay", **how)
        except requests.HTTPError as error:
            if self._session()["status"] != "complete":
                raise GaveUpError(error.response.text) from error
        except requests.RequestException:
            return None
        return True

    def _session(self) -> Any:
        """As Stripe knows it, with its payment and the charge of that."""
        expand: Any = {"expand": ["payment_intent.latest_charge"]}
        read = self.world.sandbox.stripe.v1.checkout.sessions.retrieve

        def read_whole() -> Any:
            seen = _quiet(lambda: read(self.bought.session_id, expand))
            return seen if getattr(seen, "object", "") == "checkout.session" else None

        return until(read_whole)

    def _land(self) -> None:
        page = self.visitor.get(f"/checkout/return?session_id={self.bought.session_id}")
        self._read(page.text)

    def _read(self, page: str) -> None:
        shown = html.unescape(page)
        self.bought.pages |= set(ORDER_PAGE.findall(shown))
        self.bought.keys |= set(KEY.findall(shown))
        self.bought.downloads |= set(DOWNLOAD.findall(shown))

    def _go_on(self) -> None:
        if self.story.way in (Way.DELAYED, Way.FAILING):
            self._settle()
            self._land()
        if self.story.uses_devices:
            self._use_devices()
        if self.bought.downloads:
            self._download(min(self.bought.downloads))
        if self.story.after is not After.NOTHING:
            self._change_mind()

    def _settle(self) -> None:
        result = "failed" if self.story.way is Way.FAILING else "succeeded"
        payment = self._session().payment_intent.id
        settle = f"payment_intents/{payment}/settle"
        until(lambda: _done(lambda: self.world.sandbox.control(settle, result=result)))

    def _use_devices(self) -> None:
        """Two computers, of which one is given up."""
        for key in sorted(self.bought.keys)[:1]:
            names = [self._activate(key, name) for name in ("desk", "bag")]
            for each in filter(None, names):
                self.bought.devices[each] = key
            if names[0]:
                self._deactivate(key, names[0])

    def _activate(self, key: str, name: str) -> str | None:
        answer = self.visitor.post("/v1/licenses/activate", license_key=key, instance_name=name).json()
        return answer["instance"]["id"] if answer["activated"] else None

    def _deactivate(self, key: str, device: str) -> None:
        answer = self.visitor.post("/v1/licenses/deactivate", license_key=key, instance_id=device)
        if answer.status_code in (200, 404):  # the answer of the first try may have been lost
            self.bought.gone_devices[device] = self.bought.devices.pop(device)

    def _download(self, address: str) -> None:
        """The first bytes, then the rest: together as long as the whole."""
        place = self.visitor.get(address).headers.get("Location", "").removeprefix(self.world.url)
        if not place:
            return
        first = self.visitor.get(place, headers={"Range": "bytes=0-99"})
        if first.status_code != 206:
            return
        rest = self.visitor.get(place, headers={"Range": "bytes=100-"})
        whole = int(first.headers["Content-Range"].rpartition("/")[2])
        assert rest.status_code != 206 or len(first.content) + len(rest.content) == whole, "a resumed file differs"

    def _ask_owner(self) -> None:
        """The owner types it again where the command died: Stripe has one refund all the same."""
        for _ in range(OWNER_TRIES):
            self.world.command("fulfill", self.bought.session_id)
            if self.world.command("orders", "refund", self.bought.session_id) == 0:
                return

    def _change_mind(self) -> None:
        if self.story.after is After.OWNER:
            self._ask_owner()
            return
        charge = self._session().payment_intent.latest_charge
        how = {After.REFUND: ("refund", {}), After.PART: ("refund", {"amount": 100})}
        name, body = how.get(self.story.after, ("dispute", {}))
        made = until(lambda: _done(lambda: self.world.sandbox.control(f"charges/{charge.id}/{name}", **body)))
        ends = {After.WON: "won", After.LOST: "lost"}
        if self.story.after in ends and isinstance(made, dict):
            move = f"disputes/{made['id']}/move"
            until(lambda: _done(lambda: self.world.sandbox.control(move, status=ends[self.story.after])))


def _session_in(text: str) -> str:
    found = SESSION.search(text)
    assert found, "no Session"
    return found[0]


def _done(act: Callable[[], Any]) -> Any:
    """None where nobody answered. Stripe refusing the same a second time is as good as done."""
    try:
        return act()
    except requests.HTTPError:
        return True
    except requests.RequestException:
        return None


def _quiet(act: Callable[[], Any]) -> Any:
    try:
        return act()
    except (requests.RequestException, stripe.StripeError):
        return None
