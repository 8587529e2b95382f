"""Every email we send, on one page. Rendered when it leaves, after `access()`: no key leaves after a refund."""

from collections.abc import Callable, Iterator
from typing import Any

from flask import render_template
from sqlalchemy import select

from storefront.buyers.account.change_address import ENDS as CHANGE_ENDS
from storefront.buyers.account.change_address import find_change
from storefront.buyers.availability.tell import find_mail
from storefront.buyers.library.news import find_reader, news_token
from storefront.buyers.library.purchase import KeyState, Purchase, PurchasedGoods, PurchasedItem, PurchasedKey
from storefront.buyers.library.read_purchase import read_purchase, read_received
from storefront.buyers.library.read_receipt import read_receipt
from storefront.core import clock
from storefront.core.db import db
from storefront.core.languages import Language, find_language, offered, speaking
from storefront.core.runtime import absolute_url, settings
from storefront.customers.browser_session import get_customer_now
from storefront.customers.models import AddressProof, Customer, ProofPurpose, email_key
from storefront.customers.proofs import code_of, mailed_link_of
from storefront.customers.unproven import find_known
from storefront.mail.failures import is_left_out
from storefront.mail.inlined import inline_styles
from storefront.mail.letter import Mail
from storefront.mail.models import WRITTEN_BY_HAND, MailKind, MailState, OutboxMessage
from storefront.messages.answers import compose_answer
from storefront.messages.broadcasts import compose_broadcast
from storefront.messages.canceled import Canceled, Composed
from storefront.messages.gifts import ELSEWHERE, compose_gift, goes_elsewhere
from storefront.messages.people import (
    PERSON_PURPOSES,
    SHOWN_KIND,
    compose_invitation,
    compose_person_proof,
    compose_security_notice,
    compose_test_email,
    compose_test_mail,
    compose_test_receipt,
    is_person_proof,
)
from storefront.orders.after_sale import TO_ANSWER, Dispute, FraudWarning, Refund
from storefront.orders.disputes import AnswerStage, answer_stage
from storefront.orders.languages import find_language_of
from storefront.orders.made_again import find_made_again
from storefront.orders.models import Order
from storefront.orders.refund_words import refund_amounts, words_to_answer
from storefront.owner.emails.values import fill_own
from storefront.payments.reconcile.models import ReconcilePass
from storefront.payments.recovery.reminder import prepare_reminder
from storefront.shop.catalog.markdown import render_markdown
from storefront.shop.catalog.markdown_text import write_plain
from storefront.shop.catalog.models import Product, Release
from storefront.shop.found.mail_face import find_mail_pictures
from storefront.shop.profile.read import Profile, read_profile_anew
from storefront.shop.translations.read import said

# Whose answers go to the shop's support; they begin and end with the owner's words.
TO_BUYERS = (
    MailKind.RECEIPT, MailKind.WAITING_FOR_BANK, MailKind.PAYMENT_FAILED, MailKind.REFUNDED, MailKind.KEYS_ARRIVED,
    MailKind.KEY_REPLACED, MailKind.GIFT, MailKind.NEW_RELEASE, MailKind.CHECKOUT_REMINDER, MailKind.PROOF,
    MailKind.AVAILABILITY_CONFIRM, MailKind.AVAILABLE, *WRITTEN_BY_HAND,
    MailKind.BROADCAST, MailKind.REFUND_FAILED,
    MailKind.TEST_RECEIPT, MailKind.TEST_EMAIL,  # as theirs
)  # fmt: skip
NEWS_URL = "news_url"  # of mails that nobody has to get: their programs show a way out


def _order(message: OutboxMessage) -> Order:
    return db.session.get_one(Order, message.order_id)


def _about_purchase(message: OutboxMessage) -> dict[str, Any]:
    order = _order(message)
    purchase = read_purchase(order)
    return {
        "purchase": purchase,
        "order_url": purchase.order_url,
        "again_url": purchase.again_url,
        "receipt": read_receipt(order),
        "receipt_url": f"{purchase.order_url}/receipt" if order.is_paid else "",
        "pictures": find_mail_pictures(sold.product_id for sold in (*purchase.items, *purchase.goods)),
    }


def _receipt(message: OutboxMessage) -> Composed:
    context = _about_purchase(message)
    purchase: Purchase = context["purchase"]
    return context if purchase.access_allowed else Canceled(purchase.access_reason, may_return=True)


def _keys_arrived(message: OutboxMessage) -> Composed:
    """Write all keys of the order, whichever delivery brought them."""
    order = _order(message)
    if goes_elsewhere(message, order):
        return Canceled(ELSEWHERE)
    purchase = read_received(order)
    keys = [key for key in purchase.keys if key.state is KeyState.WORKS]
    if not keys:
        return Canceled(purchase.access_reason, may_return=True)
    return {
        "purchase": purchase,
        "order_url": purchase.order_url,
        "pictures": find_mail_pictures(sold.product_id for sold in (*purchase.items, *purchase.goods)),
        "keys": keys,
        "waiting": sum(goods.backordered for goods in purchase.goods),
    }


def _key_replaced(message: OutboxMessage) -> Composed:
    order = _order(message)
    if goes_elsewhere(message, order):
        return Canceled(ELSEWHERE)
    purchase = read_received(order, devices_page=1)
    about = _find_key(purchase, message.about)
    if about is None:
        return Canceled("the key does not work now", may_return=True)
    pictures = find_mail_pictures([about["product_id"]])
    return {"purchase": purchase, "order_url": purchase.order_url, "pictures": pictures, **about}


def _find_key(purchase: Purchase, license_id: str | None) -> dict[str, Any] | None:
    """Return what a mail says of a key; None where it does not work now."""
    for item, goods, key in _keys(purchase):
        if str(key.license_id) == license_id and key.state is KeyState.WORKS:
            what = goods.name or item.description
            return {"what": what, "product_id": goods.product_id, "license_key": key}
    return None


def _keys(purchase: Purchase) -> Iterator[tuple[PurchasedItem, PurchasedGoods, PurchasedKey]]:
    for item in purchase.items:
        for goods in item.goods:
            for key in goods.keys:
                yield item, goods, key


def _is_open(proof: AddressProof) -> bool:
    return proof.expires_at > clock.now() and proof.spent_at is None


def _proof(message: OutboxMessage) -> Composed:
    """Return a code and a link. An address that bought nothing gets no mail: here, where nobody waits and sees."""
    proof = db.session.scalars(select(AddressProof).where(AddressProof.link_hash == message.about)).one_or_none()
    if proof is None or not _is_open(proof):
        return Canceled("the code has ended")
    if proof.purpose in PERSON_PURPOSES:
        return compose_person_proof(proof)
    customer = find_known(proof.email)
    # Two spellings of one customer may be two mailboxes.
    if customer is not None and customer.email != proof.email:
        return Canceled("another spelling of the address is on file by now")
    if proof.purpose is ProofPurpose.SIGN_IN:
        if customer is None:
            return Canceled("nothing was bought with this address")
        return _code_and_link(proof, "customers.open_link")
    change = find_change(int(proof.about or 0)) if proof.purpose in CHANGE_ENDS else None
    return {**_code_and_link(proof, "confirm.open_link"), "change": change}


def _code_and_link(proof: AddressProof, endpoint: str) -> dict[str, Any]:
    link_url = absolute_url(endpoint, token=mailed_link_of(proof))
    return {"code": code_of(proof.seed), "purpose": proof.purpose.value, "link_url": link_url}


def _why_no_news(customer: Customer, recipient: str) -> Canceled | None:
    if customer.unsubscribed_at is not None or customer.erased_at is not None:
        return Canceled("no news are wanted")
    if email_key(customer.email) != email_key(recipient):
        return Canceled("the address is another one by now")
    return None


def _new_release(message: OutboxMessage) -> Composed:
    release_id, _, customer_id = (message.about or "").partition(":")
    release = db.session.get_one(Release, int(release_id))
    customer = get_customer_now(int(customer_id))
    product = db.session.get_one(Product, release.product_id)
    canceled = _why_no_news(customer, message.recipient)
    if canceled is not None:
        return canceled
    order = find_reader(release, product, customer.id)
    if release.withdrawn_at is not None:
        return Canceled("the release is not to be had any more")
    if release.published_at is None or release.published_at > clock.now():
        return Canceled("the release is not to be had yet", may_return=True)
    if order is None:
        return Canceled("no order opens this release now", may_return=True)
    purchase = read_received(order)
    return {
        "release": release,
        "product": said(product),
        "pictures": find_mail_pictures([product.id]),
        "notes": render_markdown(release.notes),
        "notes_text": write_plain(release.notes),
        "purchase": purchase,
        "order_url": purchase.order_url,
        NEWS_URL: absolute_url("news.choose", token=news_token(customer)),
    }


def _checkout_reminder(message: OutboxMessage) -> Composed:
    """Write once of what was left at Checkout, to who agreed to that, if it is still to be had and wanted."""
    reminder = prepare_reminder(message.about or "")
    if isinstance(reminder, str):
        return Canceled(reminder)
    pictures = find_mail_pictures(line.product_id for line in reminder.left.lines)
    return {"left": reminder.left, "pictures": pictures, NEWS_URL: reminder.stop_url}


def _availability_confirm(message: OutboxMessage) -> Composed:
    asked = find_mail(int(message.about or 0))
    return {"asked": asked, NEWS_URL: asked.choose_url} if asked else Canceled("what it tells of was deleted")


def _available(message: OutboxMessage) -> Composed:
    """Write once, while it can be bought: a switch that was on for a moment tells nobody."""
    asked = find_mail(int(message.about or 0))
    if asked is None:
        return Canceled("what it tells of was deleted")
    if not asked.can_be_bought:
        return Canceled("it is not for sale now", may_return=True)
    return {"asked": asked, NEWS_URL: asked.choose_url}


def _waiting_for_bank(message: OutboxMessage) -> Composed:
    order = _order(message)
    if order.is_paid or order.has_failed:
        return Canceled("the bank has answered meanwhile")
    return _unless_withdrawn(message)


def _payment_failed(message: OutboxMessage) -> Composed:
    if _order(message).is_paid:
        return Canceled("the payment went through after all")
    return _unless_withdrawn(message)


def _unless_withdrawn(message: OutboxMessage) -> Composed:
    """Cancel the mail about an unpaid order only if the owner withdrew it."""
    context = _about_purchase(message)
    purchase: Purchase = context["purchase"]
    if purchase.state == "withdrawn":
        return Canceled(purchase.access_reason, may_return=True)
    return context


def _refunded(message: OutboxMessage) -> Composed:
    """Tell the buyer how much, and what still works."""
    refund = db.session.get_one(Refund, message.about)
    if refund.status in ("failed", "canceled"):
        return Canceled(f"the refund is {refund.status}")
    if (refund.status == TO_ANSWER) != message.dedupe_key.endswith(f":{TO_ANSWER}"):
        return Canceled(f"the refund is {refund.status}", may_return=refund.status != "succeeded")
    to_answer = words_to_answer(refund)
    return {**_about_purchase(message), **refund_amounts(refund), "refund": refund, "to_answer": to_answer}


def _refund_failed(message: OutboxMessage) -> Composed:
    """Correct what the buyer was told of a refund, if it was told."""
    refund = db.session.get_one(Refund, message.about)
    told = select(OutboxMessage.state).where(
        OutboxMessage.order_id == message.order_id,
        OutboxMessage.kind == MailKind.REFUNDED,
        OutboxMessage.about == message.about,
    )
    states = set(db.session.scalars(told))
    if MailState.SENT not in states:
        return Canceled("nobody was told of the refund", may_return=MailState.SENDING in states)
    if _is_given_back_since(refund, _order(message)):
        return Canceled("another refund gives it back", may_return=True)
    return {**_about_purchase(message), **refund_amounts(refund), "refund": refund}


def _is_given_back_since(refund: Refund, order: Order) -> bool:
    """Tell whether other refunds cover it: all of the order, or the same items. An amount alone proves nothing."""
    if order.refunded_minor >= order.total_minor:
        return True
    of_order = select(Refund).where(Refund.order_id == order.id).execution_options(populate_existing=True)
    return bool(refund.items) and refund.id in find_made_again(db.session.scalars(of_order))


def _dispute_opened(message: OutboxMessage) -> Composed:
    """Tell the owner that a buyer disputed a payment."""
    dispute = db.session.get_one(Dispute, message.about)
    stage = answer_stage(dispute.status)
    if stage is None or not message.dedupe_key.endswith(f":{stage.value}"):
        return Canceled(f"the dispute is {dispute.status}")
    order = _order(message)
    return {
        "order": order,
        "dispute": dispute,
        "is_inquiry": stage is AnswerStage.INQUIRY,
        "dashboard_url": _dashboard_url(order),
    }


def _fraud_warning(message: OutboxMessage) -> Composed:
    """Tell the owner that a bank warns of fraud."""
    warning = db.session.get_one(FraudWarning, message.about)
    if not warning.is_actionable:
        return Canceled("it is refunded or disputed meanwhile", may_return=True)
    order = _order(message)
    return {"order": order, "warning": warning, "dashboard_url": _dashboard_url(order)}


def _reconcile_report(message: OutboxMessage) -> Composed:
    """Tell the owner what the comparison with Stripe found. Passes are forgotten after some months."""
    reconciled = db.session.get(ReconcilePass, int(message.about or 0))
    return {"reconciled": reconciled} if reconciled else Canceled("what it tells of was deleted")


def _dashboard_url(order: Order) -> str:
    shop = settings()
    if shop.mode == "sandbox":
        return shop.stripe_api_base
    return f"https://dashboard.stripe.com/{'' if shop.is_live else 'test/'}payments/{order.payment_intent_id}"


COMPOSERS: dict[str, Callable[[OutboxMessage], Composed]] = {
    MailKind.RECEIPT: _receipt,
    MailKind.WAITING_FOR_BANK: _waiting_for_bank,
    MailKind.PAYMENT_FAILED: _payment_failed,
    MailKind.REFUNDED: _refunded,
    MailKind.REFUND_FAILED: _refund_failed,
    MailKind.DISPUTE_OPENED: _dispute_opened,
    MailKind.FRAUD_WARNING: _fraud_warning,
    MailKind.RECONCILE_REPORT: _reconcile_report,
    MailKind.PROOF: _proof,
    MailKind.NEW_RELEASE: _new_release,
    MailKind.CHECKOUT_REMINDER: _checkout_reminder,
    MailKind.AVAILABILITY_CONFIRM: _availability_confirm,
    MailKind.AVAILABLE: _available,
    MailKind.BROADCAST: compose_broadcast,
    MailKind.KEYS_ARRIVED: _keys_arrived,
    MailKind.KEY_REPLACED: _key_replaced,
    MailKind.GIFT: compose_gift,
    MailKind.ANSWER: compose_answer,
    MailKind.GIFT_ANSWER: compose_answer,
    MailKind.INVITATION: compose_invitation,
    MailKind.SECURITY_NOTICE: compose_security_notice,
    MailKind.TEST_RECEIPT: compose_test_receipt,
    MailKind.TEST_EMAIL: compose_test_email,
    MailKind.TEST_MAIL: compose_test_mail,
}


def language_of(message: OutboxMessage) -> Language:
    """Return what a buyer's mail speaks: its order's language, else that of the page that asked for it."""
    shop = offered()
    language = find_language(_language_code(message) or shop.own)
    return language if language in shop.languages else shop.own


def _language_code(message: OutboxMessage) -> str | None:
    """Return what is known; nothing stands for the shop's own language."""
    if message.kind == MailKind.TEST_RECEIPT:
        return None
    if message.order_id is not None and message.kind not in WRITTEN_BY_HAND:
        return _order(message).language
    if message.kind == MailKind.NEW_RELEASE or message.broadcast_id is not None:
        return find_language_of(int((message.about or "").rpartition(":")[2]))
    return message.language


def compose(message: OutboxMessage) -> Mail | Canceled:
    """Render the mail from `templates/messages/<kind>/`, which holds subject, text and HTML."""
    if not message.recipient:
        return Canceled("there is no address")  # paid without one, or erased meanwhile
    profile = read_profile_anew()  # as the owner wrote it by now
    is_to_buyer = message.kind in TO_BUYERS and not is_person_proof(message)
    with speaking(language_of(message) if is_to_buyer else Language.ENGLISH):
        return _write(message, profile, is_to_buyer=is_to_buyer)


def _write(message: OutboxMessage, profile: Profile, *, is_to_buyer: bool) -> Mail | Canceled:
    composer = COMPOSERS.get(message.kind)
    if composer is None:
        return Canceled("newer code promised it, and has to send it", may_return=True)
    composed = Canceled("its address takes no email") if is_left_out(message) else composer(message)
    if isinstance(composed, Canceled):
        return composed
    folder = f"messages/{message.kind}"
    own = fill_own(composed.get(SHOWN_KIND, message.kind), composed)
    context = {**composed, "is_to_buyer": is_to_buyer, "own": own}
    is_plain = SHOWN_KIND not in composed
    subject = own.subject if own and is_plain else render_template(f"{folder}/subject.txt", **context)
    return Mail(
        sender_name=profile.mail_sender.name,
        reply_to=profile.support_email or None if is_to_buyer else None,
        recipient=message.recipient,
        message_id=message.message_id,
        subject=" ".join(subject.split()),
        text=render_template(f"{folder}/body.txt", **context),
        html=inline_styles(render_template(f"{folder}/body.html", **context)),
        unsubscribe_url=composed.get(NEWS_URL),
    )
