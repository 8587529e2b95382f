"""Stripe Tax on the list: set up at Stripe, registered somewhere, and every product says how it is taxed."""

from storefront.owner.readiness.answers import Body
from storefront.owner.readiness.facts import Facts
from storefront.owner.readiness.point import Point, State

SETTINGS = "https://dashboard.stripe.com/settings/tax"
SHOWN_PRODUCTS = 5


def tax_point(facts: Facts) -> Point | None:
    """Return None for a shop that collects no tax through Stripe."""
    if facts.tax is None:
        return None
    state, sentence = _of_tax(facts)
    where = "/admin/products" if facts.tax.untaxed and state is not State.UNKNOWN else ""
    more = (f"Stripe Tax is set up at {SETTINGS}: address, registrations, and what counts by itself.",)
    return Point(code="stripe_tax", title="Stripe Tax", state=state, sentence=sentence, where=where, more=more)


def _of_setup(body: Body, untaxed: tuple[str, ...]) -> tuple[State, str]:
    if body["missing"]:
        what = ", ".join(name.replace("_", " ") for name in body["missing"])
        return State.WRONG, f"Stripe Tax isn't set up, and no checkout opens: {what} is missing at {SETTINGS}."
    if not body["countries"]:
        return State.TO_DO, f"Stripe collects tax nowhere yet. Add where you are registered at {SETTINGS}."
    return _of_products(body, untaxed)


def _of_tax(facts: Facts) -> tuple[State, str]:
    answer = facts.tax.answer if facts.tax else None
    if answer is None or ("missing" not in answer.body and answer.problem is None):
        return State.UNKNOWN, "Nobody has asked Stripe yet. Press Ask again."
    if answer.body.get("code") == "key_not_permitted":
        return State.UNKNOWN, f"{answer.problem} Without that the shop can't see whether tax is set up."
    if answer.problem is not None:
        return State.UNKNOWN, f"Couldn't ask Stripe: {answer.problem.rstrip('.')}. Press Ask again in a minute."
    return _of_setup(answer.body, facts.tax.untaxed if facts.tax else ())


def _of_products(body: Body, untaxed: tuple[str, ...]) -> tuple[State, str]:
    countries = ", ".join(body["countries"])
    if not untaxed:
        return State.DONE, f"Tax is collected in {countries}, and every product says how it is taxed."
    names = ", ".join(untaxed[:SHOWN_PRODUCTS]) + (" and others" if len(untaxed) > SHOWN_PRODUCTS else "")
    if not body["preset_behavior"]:
        why = (
            f"Choose whether prices have tax in them: {names}. The account presets nothing, so Stripe sells none."
        )
        return State.WRONG, why
    return State.TO_DO, f"These don't say how they are taxed, so the account's preset counts: {names}."
