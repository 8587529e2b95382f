"""What is up: warnings, what needs the owner, figures, the newest orders."""

from flask import make_response, render_template, request
from flask.typing import ResponseReturnValue

from storefront.core.errors import StorefrontError
from storefront.orders.notices import list_open_notices
from storefront.owner.admin.blueprint import admin, here, may_open, needs
from storefront.owner.figures.chart import HEIGHT, WIDTH, bars_of
from storefront.owner.figures.read import Figures, read_figures
from storefront.owner.figures.spans import Named, SpanRefused, read_span, span_of
from storefront.owner.health.needs_you import find_pages
from storefront.owner.health.trouble import read_trouble
from storefront.owner.health.warnings import find_warnings, without_repeats
from storefront.owner.orders.listing import list_orders
from storefront.owner.people.roles import Permission, may
from storefront.owner.readiness.point import count_open
from storefront.owner.readiness.read_facts import read_points
from storefront.shop.profile.zone import shop_zone, today

NEWEST = 10


@admin.get("")
@needs(Permission.READ)
def home() -> ResponseReturnValue:
    now = today(shop_zone())
    asked = [request.args.get(name, "").strip() for name in ("span", "first", "last")]
    try:
        return _home_page(read_figures(read_span(*asked, today=now)), asked)
    except SpanRefused as refusal:
        return _home_page(read_figures(span_of(Named.DAYS, now)), asked, refusal)


def _home_page(figures: Figures, asked: list[str], refusal: StorefrontError | None = None) -> ResponseReturnValue:
    trouble, notices = read_trouble(), list_open_notices()
    page = render_template(
        "owner/admin/home.html",
        open_points=count_open(read_points(trouble)),
        warnings=without_repeats(find_warnings(trouble)),
        notices=notices,
        pages=find_pages(notices),
        may_open=may_open,
        may_close=may(here().role, Permission.SHOP),
        figures=figures,
        charts=[(of, bars_of(of)) for of in figures.currencies],
        size=(WIDTH, HEIGHT),
        may_answer=may(here().role, Permission.MONEY),
        first=asked[1] or figures.span.first.isoformat(),
        last=asked[2] or figures.span.last.isoformat(),
        error=refusal.message if refusal else "",
        newest=list_orders(limit=NEWEST),
    )
    return make_response(page, refusal.status if refusal else 200)
