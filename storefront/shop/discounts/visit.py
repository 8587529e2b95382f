"""The code of a visit: of a link that was followed (`?code=SPRING`) or typed in the cart, kept in the session.

What comes off an order is by the code, or by the best promotion of the day.

Whoever follows no such link gets no cookie, and pages that are the same for everybody stay so. A code that is not
known costs one look-up and is kept nowhere; a client has so many tries.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from flask import request, session

from storefront.core import clock
from storefront.core.errors import StorefrontError
from storefront.core.texts import joined, marked
from storefront.shop.discounts.promotion import read_promotions
from storefront.shop.discounts.queries import clean_code, find_terms
from storefront.shop.discounts.rules import Line, Terms, Why, discount_on, find_trouble, find_use_trouble
from storefront.shop.discounts.words import off_words, why_words
from storefront.web.limits import Tries

CODE_KEY = "discount_code"
ASKED = "code"
TRIES = Tries("10/minute;60/hour", scope="discount codes")
TOO_MANY = marked("Too many attempts. Please wait a minute and try the code again.")


class CodeRefused(StorefrontError):
    """A code that cannot be used now; the message is what the buyer reads."""

    code = "code_refused"
    title = marked("This code can't be used")

    def __init__(self, message: str, *, is_for_all: bool = True) -> None:
        super().__init__(message)
        self.is_for_all = is_for_all  # everybody who asks reads the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """What a visitor's code offers. `terms` are None without a code that can be used now.

    `notice` says why a code cannot, also where the visit's own one counts in its place. `is_for_all` is False
    where that is this visitor's alone. `promotions` run for everybody, with a code or without.
    """

    terms: Terms | None = None
    notice: str = ""
    is_for_all: bool = True
    promotions: tuple[Terms, ...] = ()

    @property
    def code(self) -> str:
        return self.terms.code if self.terms else ""

    @property
    def words(self) -> str:
        return off_words(self.terms) if self.terms else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What comes off an order, in minor units, and by what; or a sentence why a code takes nothing off.

    `kept_code` is that of the visit, `code` of what takes something off: of the two, what is better for the buyer.
    """

    code: str = ""
    kept_code: str = ""
    promotion_id: int | None = None  # where nobody typed anything
    discount_id: int | None = None
    off_minor: int = 0
    is_first_purchase: bool = False  # whoever buys says with which address, and it has bought nothing
    notice: str = ""


def read_offered() -> Offered:
    """Return what the code in the address offers, or else that of the visit. A code that runs is remembered."""
    asked = request.args.get(ASKED, "").strip()
    if not asked:
        return _read_kept()
    try:
        return Offered(terms=take_code(asked), promotions=read_promotions())
    except CodeRefused as refused:
        return _say_refused(refused, _read_kept())


def _read_kept() -> Offered:
    """Return what the code of the visit offers. That it cannot be used any more is said once."""
    promotions = read_promotions()
    remembered = session.get(CODE_KEY)
    if not isinstance(remembered, str):
        return Offered(promotions=promotions)
    try:
        return Offered(terms=_check(remembered, find_terms(remembered)), promotions=promotions)
    except CodeRefused as refused:
        session.pop(CODE_KEY)
        return Offered(notice=refused.message, is_for_all=refused.is_for_all, promotions=promotions)


def _say_refused(refused: CodeRefused, kept: Offered) -> Offered:
    """Say why the code in the address counts for nothing, and which one counts."""
    notice = refused.message
    if kept.terms is not None:
        notice = joined(notice, marked("%(code)s stays on.", code=kept.code))
    return replace(kept, notice=notice, is_for_all=refused.is_for_all)


def offer_code(text: str) -> Offered:
    """Return what a code offers, without a visit: nothing is remembered, and nothing remembered counts."""
    promotions = read_promotions()
    try:
        return Offered(terms=_look_up(text) if text.strip() else None, promotions=promotions)
    except CodeRefused as refused:
        return Offered(notice=refused.message, is_for_all=refused.is_for_all, promotions=promotions)


def take_code(text: str) -> Terms:
    """Use this code from now on, in this visit.

    Raises:
        CodeRefused: nobody knows it, it cannot be used now, or there were too many tries.
    """
    terms = _look_up(text)
    if session.get(CODE_KEY) != terms.code:
        session[CODE_KEY] = terms.code
    return terms


def _look_up(text: str) -> Terms:
    if not TRIES.are_left():
        raise CodeRefused(TOO_MANY, is_for_all=False)
    terms = find_terms(text)
    if terms is None:
        TRIES.count()
    return _check(clean_code(text), terms)


def forget_code() -> None:
    session.pop(CODE_KEY, None)


def _check(code: str, terms: Terms | None) -> Terms:
    if terms is not None and terms.is_automatic:
        raise CodeRefused(_promotion_words(terms))
    why = Why.UNKNOWN if terms is None else find_use_trouble(terms, clock.now())
    if terms is None or why is not None:
        raise CodeRefused(why_words(why or Why.UNKNOWN, code, terms=terms))
    return terms


def _promotion_words(terms: Terms) -> str:
    """Say nothing of one that does not run: nobody has told its name yet, or it is over for everybody."""
    if terms in read_promotions():
        return marked("You need no code for %(code)s. It's in the prices already.", code=terms.code)
    return why_words(Why.UNKNOWN, terms.code)


def apply_to(offered: Offered, lines: Iterable[Line], currency: str) -> Applied:
    """Return what comes off an order with these lines: by the visitor's code, or a promotion if that is more.

    Stripe takes one discount for an order: of several promotions the one that takes most off counts.
    """
    goods = tuple(lines)
    by_code = _apply_code(offered, goods, currency)
    applying = [each for each in (apply_promotion(one, goods, currency) for one in offered.promotions) if each]
    promoted = max(applying, key=lambda each: each.off_minor, default=None)
    if promoted is None or by_code.off_minor >= promoted.off_minor:
        return by_code
    notice = by_code.notice
    if by_code.off_minor:
        notice = marked("%(promotion)s takes more off than %(code)s.", promotion=promoted.code, code=by_code.code)
    elif len(applying) > 1 and len(goods) > 1:
        most = marked("One promotion counts in an order. %(promotion)s takes most off.", promotion=promoted.code)
        notice = joined(notice, most) if notice else most
    return replace(promoted, kept_code=by_code.kept_code, notice=notice)


def apply_promotion(promotion: Terms, goods: tuple[Line, ...], currency: str) -> Applied | None:
    """Return what a promotion takes off; None where it takes nothing off."""
    if find_trouble(promotion, goods, currency, clock.now()) is not None:
        return None
    off_minor = discount_on(promotion, goods, currency)
    return Applied(code=promotion.code, discount_id=promotion.id, promotion_id=promotion.id, off_minor=off_minor)


def find_price_trouble(offered: Offered, shown: str) -> str:
    """Say why a price may not be what its page showed: the code is over, or the promotion `shown` there, by id."""
    if offered.notice or shown in ("", *(str(promotion.id) for promotion in offered.promotions)):
        return offered.notice
    return marked("The promotion has ended, so nothing was charged. This is the price now.")


def _apply_code(offered: Offered, goods: tuple[Line, ...], currency: str) -> Applied:
    terms = offered.terms
    if terms is None or not goods:
        return Applied(code=offered.code, kept_code=offered.code, notice=offered.notice)
    why = find_trouble(terms, goods, currency, clock.now())
    if why is not None:
        words = why_words(why, terms.code, terms=terms, currency=currency)
        return Applied(code=terms.code, kept_code=terms.code, notice=words)
    return Applied(
        code=terms.code,
        kept_code=terms.code,
        discount_id=terms.id,
        off_minor=discount_on(terms, goods, currency),
        is_first_purchase=terms.is_first_purchase,
        notice=offered.notice,
    )
