"""`storefront discounts`: codes that take something off. As the page under /admin does."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from storefront.cli.output import as_json, print_result, to_json_value
from storefront.cli.shop import open_shop

if TYPE_CHECKING:
    from storefront.owner.discounts.listing import DiscountView


@click.group()
def discounts() -> None:
    """Codes that take something off, at Stripe as well. Terms never change: others are another discount."""


@discounts.command("list")
@as_json
def list_all(as_json: bool) -> None:
    """Every discount, newest first, with its state and how many orders used it."""
    from storefront.owner.discounts.listing import list_discounts

    with open_shop():
        listed = list_discounts()
    print_result(
        [to_json_value(asdict(view)) for view in listed],
        [f"{view.code:<24}{view.state:<11}{view.off:<18}{_uses(view)}{_trouble(view)}" for view in listed],
        as_json=as_json,
        if_none="No discounts yet: `storefront discounts create SPRING --percent 20` makes one.",
    )


@discounts.command()
@click.argument("code")
@as_json
def show(code: str, as_json: bool) -> None:
    """One discount, its link, and how often Stripe counted it."""
    from storefront.owner.discounts.listing import ask_uses, get_discount

    with open_shop():
        view, at_stripe = get_discount(code), ask_uses(code)
    value = {
        **to_json_value(asdict(view)),
        "uses_at_stripe": at_stripe.times,
        "problem_at_stripe": at_stripe.problem,
    }
    print_result(value, [*_lines(view), at_stripe.words], as_json=as_json)


@discounts.command()
@click.argument("code")
@click.option("--percent", default="", help="What comes off, from 0.01 to 100.")
@click.option("--amount", "amounts", multiple=True, help="5.00 USD: once for each currency.")
@click.option("--product", "products", multiple=True, help="Slug; again for more. Not given: all products.")
@click.option("--minimum", multiple=True, help="20.00 USD: what the order must reach.")
@click.option("--first-purchase", is_flag=True, help="Only for addresses that have bought nothing yet.")
@click.option("--automatic", is_flag=True, help="A promotion: applies by itself, and CODE is its name.")
@click.option("--uses", "most_uses", default="", help="How often it can be used in all.")
@click.option(
    "--starts", default="", help="A day or a minute in UTC: 2027-03-01, 2027-03-01T09:30; an offset may follow."
)
@click.option("--ends", default="", help="The same; a day alone counts as a whole.")
@as_json
def create(
    code: str,
    products: tuple[str, ...],
    first_purchase: bool,
    automatic: bool,
    as_json: bool,
    **typed: str | tuple[str, ...],
) -> None:
    """Make a discount, and a Coupon and a Promotion Code for it at Stripe."""
    from storefront.owner.discounts.listing import get_discount
    from storefront.shop.discounts.change import create_discount

    values = {name: value if isinstance(value, str) else ", ".join(value) for name, value in typed.items()}
    values |= {"code": code, "first_purchase": "yes" * first_purchase, "automatic": "yes" * automatic}
    with open_shop():
        trouble = create_discount(values, products=products)
        view = get_discount(code)
    value = {**to_json_value(asdict(view)), "trouble": trouble}
    print_result(value, [*_lines(view), *([trouble] if trouble else [])], as_json=as_json)


@discounts.command()
@click.argument("code")
@as_json
def stop(code: str, as_json: bool) -> None:
    """Let nobody use it any more, here and at Stripe. What was bought with it stays as it is."""
    from storefront.shop.discounts.change import stop_discount

    with open_shop():
        trouble = stop_discount(code)
    stopped = f"{code.upper()} is stopped."
    lines = [stopped, *([trouble] if trouble else [])]
    print_result({"code": code.upper(), "stopped": True, "trouble": trouble}, lines, as_json=as_json)


def _uses(view: "DiscountView") -> str:
    return f"{view.uses} of {view.most_uses} used" if view.most_uses is not None else f"{view.uses} used"


def _trouble(view: "DiscountView") -> str:
    return f"  {view.trouble}" if view.trouble else ""


def _conditions(view: "DiscountView") -> Iterator[str]:
    if view.minimum:
        yield f"from {view.minimum}"
    if view.is_first_purchase:
        yield "first purchase only"


def _end(moment: datetime) -> str:
    """A day that was typed is said as one."""
    from storefront.core.days import find_whole_day

    day = find_whole_day(moment, ZoneInfo("UTC"))
    return f"the end of {day} (UTC)" if day else f"{moment:%Y-%m-%d %H:%M} UTC"


def _lines(view: "DiscountView") -> list[str]:
    ends = f", until {_end(view.ends_at)}" if view.ends_at else ""
    lines = [
        f"{view.code} ({view.state.replace('_', ' ')}): {', '.join([view.off, *_conditions(view)])}",
        f"For {', '.join(view.products) or 'all products'}",
        f"From {view.starts_at:%Y-%m-%d %H:%M} UTC{ends}",
        f"{_uses(view)} by orders of this shop",
        view.link or "Applies by itself, without a code",
    ]
    return lines + ([view.trouble] if view.trouble else [])
