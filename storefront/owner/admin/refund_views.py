"""A refund in two steps: what to give back; then what will happen, with the amount on the button."""

from dataclasses import dataclass

from flask import flash, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from storefront.core import money
from storefront.core.errors import StorefrontError
from storefront.orders.lookup import get_order
from storefront.orders.paid_with import paid_with
from storefront.owner.admin.blueprint import admin, here, needs
from storefront.owner.history.order import OrderHistory, read_history
from storefront.owner.people.roles import Permission
from storefront.payments.fulfillment.refund import (
    REASONS,
    NothingToRefund,
    RefundedBefore,
    RefundPlan,
    RefundUncertain,
    WrongAmount,
    plan_refund,
    refund_order,
)
from storefront.payments.fulfillment.taken_back import warn_of_taken

MOST_ITEMS = 1000
UNCERTAIN = (
    "Stripe did not say whether the refund is made. This page shows it once Stripe answers, within 15 minutes. "
    "Please wait for that before you try again."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What was chosen: `everything`, some `items` or an `amount`; empty where nothing is."""

    what: str
    amount: str
    positions: tuple[int, ...]
    reason: str
    is_again: bool

    def plan(self, number: str) -> RefundPlan:
        """Raises StorefrontError with a sentence for the page."""
        self._check()
        return plan_refund(number, amount=self._amount, positions=self._positions, again=self.is_again)

    def refund(self, number: str) -> str:
        self._check()
        refund = refund_order(
            number,
            amount=self._amount,
            positions=self._positions,
            reason=self.reason or None,
            again=self.is_again,
            known=request.form.get("known"),
        )
        amount = money.format_money(refund.amount_minor, refund.currency)
        if refund.answer_by:
            return (
                f"Stripe has emailed the buyer to ask where {amount} should go. Without an answer by "
                f"{refund.answer_by:%B} {refund.answer_by.day} the refund ends ({refund.id})."
            )
        return f"{amount} is on its way back to the buyer ({refund.id}: {refund.status})."

    @property
    def _amount(self) -> str | None:
        return self.amount if self.what == "amount" else None

    @property
    def _positions(self) -> tuple[int, ...]:
        return self.positions if self.what == "items" else ()

    def _check(self) -> None:
        if self.what not in ("everything", "items", "amount"):
            raise WrongAmount("Choose what to give back.")
        if self.what == "items" and not self.positions:
            raise WrongAmount("Tick the items to give back.")
        if self.reason and self.reason not in REASONS:
            raise WrongAmount("Choose one of the reasons, or none.")


def _read() -> _Asked:
    sent = request.values
    typed = [value for value in sent.getlist("item") if value.isascii() and value.isdigit() and len(value) < 6]
    return _Asked(
        what=sent.get("what", ""),
        amount=sent.get("amount", "").strip()[:40],
        positions=tuple(int(value) for value in typed[:MOST_ITEMS]),
        reason=sent.get("reason", ""),
        is_again="again" in sent,
    )


@admin.get("/orders/<number>/refund")
@needs(Permission.MONEY)
def plan_order_refund(number: str) -> ResponseReturnValue:
    """The first step; with `check` in the address the second. Neither changes anything."""
    asked = _read()
    if "check" not in request.args:
        return _refund_page(number, asked)
    try:
        plan = asked.plan(number)
    except StorefrontError as refusal:
        return _refund_page(number, asked, refusal)
    row = get_order(number)
    return render_template(
        "owner/orders/refund_check.html",
        order=read_history(row),
        plan=plan,
        asked=asked,
        amount=money.format_money(plan.amount_minor, plan.currency),
        paid_with=paid_with(row),
        page=request.full_path,
        is_fresh=here().is_fresh,
    )


@admin.post("/orders/<number>/refund")
@needs(Permission.MONEY, fresh=True)
def refund_order_here(number: str) -> ResponseReturnValue:
    asked = _read()
    try:
        words = asked.refund(number)
    except (NothingToRefund, RefundedBefore) as refusal:  # as by a form that was sent twice
        flash(refusal.message, "bad")
        return redirect(f"/admin/orders/{number}", 303)
    except RefundUncertain:
        flash(UNCERTAIN, "bad")
        return redirect(f"/admin/orders/{number}", 303)
    except StorefrontError as refusal:
        return _refund_page(number, asked, refusal)
    flash(words, "good")
    return redirect(f"/admin/orders/{number}", 303)


def _left_minor(history: OrderHistory) -> int:
    return max(history.total_minor - history.refunded_minor, 0) if history.is_paid else 0


def _refund_page(number: str, asked: _Asked, refusal: StorefrontError | None = None) -> ResponseReturnValue:
    row = get_order(number)
    history = read_history(row)
    page = render_template(
        "owner/orders/refund.html",
        order=history,
        left_minor=_left_minor(history),
        warning=warn_of_taken(row),
        asked=asked,
        reasons=REASONS,
        error=refusal.message if refusal else "",
        was_refunded_before=isinstance(refusal, RefundedBefore),
    )
    return make_response(page, refusal.status if refusal else 200)
