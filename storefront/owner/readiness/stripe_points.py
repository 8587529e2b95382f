"""The key, the webhook endpoint, prices at Stripe and the way from sandbox to live: pure, from facts."""

from collections.abc import Iterator

from storefront.core.config.settings import Mode
from storefront.owner.readiness.answers import Body
from storefront.owner.readiness.facts import Facts
from storefront.owner.readiness.point import Action, Point, State
from storefront.payments.webhook.endpoint import LISTEN, Secret
from storefront.stripe_api.endpoints import API_VERSION

KEY_LINE = "STRIPE_SECRET_KEY="


def key_point(facts: Facts) -> Point:
    state, sentence = _of_key(facts)
    line = "" if state is State.DONE else KEY_LINE
    return Point(code="stripe_key", title="Stripe key", state=state, sentence=sentence, line=line)


def _of_key(facts: Facts) -> tuple[State, str]:
    answer = facts.stripe
    if answer is None:
        return State.UNKNOWN, "Nobody has asked Stripe yet."
    if answer.problem is not None:
        return State.UNKNOWN, _could_not(answer.problem)
    body = answer.body
    if body.get("is_refused"):
        return State.WRONG, "Stripe doesn't accept the key. Copy a new one from the Dashboard."
    if body["lacking"]:
        lacking = ", ".join(body["lacking"])
        return State.WRONG, f"The restricted key lacks {lacking}. Add what is missing in the Dashboard."
    whose = body["account_name"] or body["account_id"]
    if whose is None:
        return State.DONE, f"The restricted key works in {facts.mode} mode. It may not say whose account it is of."
    return _of_account(whose, body, facts.mode)


def _of_account(whose: str, body: Body, mode: str) -> tuple[State, str]:
    if not body["details_submitted"]:
        return State.TO_DO, f"The account {whose} is not complete. Finish its details in the Stripe Dashboard."
    if not body["charges_enabled"]:
        return State.WRONG, f"The account {whose} can't take payments yet. The Stripe Dashboard says why."
    return State.DONE, f"{whose} takes payments in {mode} mode."


def _could_not(problem: str) -> str:
    return f"Couldn't ask Stripe: {problem.rstrip('.')}."


def webhook_point(facts: Facts) -> Point:
    state, sentence, actions = _of_webhook(facts)
    line = "" if state is State.DONE else "storefront webhook create"
    return Point(
        code="webhook",
        title="Webhook endpoint",
        state=state,
        sentence=f"{sentence} {_last_delivery(facts)}",
        line=line,
        actions=actions,
        more=tuple(_notes(facts)),
    )


def _last_delivery(facts: Facts) -> str:
    last = facts.trouble.last_event_at
    return f"Last delivery {last:%Y-%m-%d %H:%M} UTC." if last else "No delivery has arrived yet."


def _of_webhook(facts: Facts) -> tuple[State, str, tuple[Action, ...]]:
    if not facts.is_reachable:
        return (*_of_listener(facts), ())
    answer = facts.webhook
    if answer is None:
        return State.UNKNOWN, "Nobody has asked Stripe yet.", ()
    if answer.body.get("code") == "key_not_permitted":
        return State.WRONG, str(answer.problem), ()
    if answer.problem is not None:
        return State.UNKNOWN, _could_not(answer.problem), ()
    if answer.body["endpoint_id"] is None:
        return State.TO_DO, _no_endpoint(answer.body), (Action.MAKE_WEBHOOK,)
    return _of_endpoint(answer.body)


def _no_endpoint(body: Body) -> str:
    old = _listed(body.get("elsewhere"))
    moved = f" {old} still delivers to where the shop was." if old else ""
    return f"Stripe doesn't know this shop's address yet.{moved} Make the endpoint."


def _of_listener(facts: Facts) -> tuple[State, str]:
    if facts.trouble.has_webhook_secret and facts.trouble.last_event_at is not None:
        return State.DONE, "Deliveries reach this machine through `stripe listen`."
    words = f"Stripe can't reach {facts.base_url}. {LISTEN}, or give the shop an https address on the internet."
    return State.TO_DO, words


def _of_endpoint(body: Body) -> tuple[State, str, tuple[Action, ...]]:
    name, missing = body["endpoint_id"], body["missing"]
    if body["secret"] == Secret.LOCKED:
        why = f"SECRET_KEY was changed, so the secret of {name} can't be read any more. Make a new endpoint."
        return State.WRONG, why, (Action.MAKE_WEBHOOK,)
    if body["secret"] == Secret.UNKNOWN:
        why = f"{name} is there, and the shop doesn't know its signing secret. Make a new endpoint."
        return State.WRONG, why, (Action.REPLACE_WEBHOOK,)
    if not body["is_enabled"]:
        return State.WRONG, f"{name} is disabled. Switch it on.", (Action.MAKE_WEBHOOK,)
    if missing:
        return State.WRONG, f"{name} lacks {_listed(missing)}. Add them.", (Action.MAKE_WEBHOOK,)
    if body["others"]:
        return _of_older_endpoint(name, has_delivered=body["has_delivered"])
    if body.get("elsewhere"):
        return _of_old_address(body)
    return State.DONE, f"{name} delivers to {body['address']}.", (Action.REPLACE_WEBHOOK,)


def _of_old_address(body: Body) -> tuple[State, str, tuple[Action, ...]]:
    why = f"{body['endpoint_id']} works. {_listed(body['elsewhere'])}, where the shop was, is enabled, too."
    if body["has_delivered"]:
        return State.TO_DO, f"{why} Disable it.", (Action.DISABLE_OLD_WEBHOOK,)
    return State.TO_DO, f"{why} Disable it here once the new one has delivered, for example a test purchase.", ()


def _listed(names: object) -> str:
    return ", ".join(str(name) for name in names) if isinstance(names, list | tuple) else ""


def _of_older_endpoint(name: str, *, has_delivered: bool) -> tuple[State, str, tuple[Action, ...]]:
    if has_delivered:
        why = f"{name} works, and an older endpoint delivers the same again. Disable the old one."
        return State.TO_DO, why, (Action.DISABLE_OLD_WEBHOOK,)
    why = f"{name} is new. Once it has delivered, for example a test purchase, disable the old one here."
    return State.TO_DO, why, ()


def _endpoint_body(facts: Facts) -> Body:
    """Return what Stripe told of the endpoint; nothing where nobody asked, or no answer came."""
    return facts.webhook.body if facts.webhook and facts.webhook.problem is None else {}


def _notes(facts: Facts) -> Iterator[str]:
    body = _endpoint_body(facts)
    if body.get("endpoint_id") is None:
        return
    if body["secret"] == Secret.ENVIRONMENT:
        yield "Its secret is the one in STRIPE_WEBHOOK_SECRET, if a delivery has arrived."
    if body["superfluous"]:
        yield f"It also sends what this shop ignores: {_listed(body['superfluous'])}."
    if body["api_version"] not in (None, API_VERSION):
        yield f"It has API version {body['api_version']}; new ones get {API_VERSION}. The shop reads both."


def prices_point(facts: Facts) -> Point:
    catalog = facts.catalog
    if not catalog.prices:
        sentence = "Nothing has a price yet. Each is made at Stripe when it is sold for the first time."
    elif not catalog.mirrored:
        sentence = f"No price is at Stripe in {facts.mode} mode yet. Each is made at its first sale."
    elif catalog.mirrored == catalog.prices:
        sentence = f"All {catalog.prices} prices for sale are at Stripe in {facts.mode} mode."
    else:
        waiting = catalog.prices - catalog.mirrored
        sentence = f"{catalog.mirrored} of {catalog.prices} prices are at Stripe in {facts.mode} mode. " + (
            "The other is made at its first sale." if waiting == 1 else "The others are made at their first sale."
        )
    return Point(code="stripe_prices", title="Prices at Stripe", state=State.DONE, sentence=sentence)


STAYS = (
    "Every product, edition, price, picture and file stays, and so do people and settings of the shop. "
    "Orders, keys and deliveries of a mode are shown in that mode only."
)
PASSKEYS = (
    "Passkeys belong to the address of the shop: when BASE_URL gets another name, everybody comes in by a new "
    "link (`storefront owner link`) and adds one anew."
)
SETTINGS = "STRIPE_SECRET_KEY, STRIPE_PUBLISHABLE_KEY and BASE_URL change, and STRIPE_API_BASE goes away."


def mode_point(facts: Facts) -> Point:
    state, sentence = {
        Mode.SANDBOX: (
            State.TO_DO,
            "The shop runs in the sandbox: no payment is real. Test mode comes next.",
        ),
        Mode.TEST: (State.TO_DO, "The shop runs in test mode: cards aren't charged. Live comes next."),
        Mode.LIVE: (State.DONE, "The shop is live: payments are real."),
    }[facts.mode]
    more = () if facts.mode is Mode.LIVE else (STAYS, SETTINGS, PASSKEYS)
    line = {Mode.SANDBOX: "STRIPE_SECRET_KEY=sk_test_…", Mode.TEST: "STRIPE_SECRET_KEY=sk_live_…"}.get(
        facts.mode, ""
    )
    return Point(code="mode", title="Sandbox, test, live", state=state, sentence=sentence, line=line, more=more)
