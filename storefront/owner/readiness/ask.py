"""The questions of the list that leave this process: to Stripe, and to the storage."""

import io
from collections.abc import Callable
from dataclasses import asdict

from storefront.core import tokens
from storefront.core.bucket_refusals import advise
from storefront.core.errors import StripeRefused
from storefront.core.runtime import settings
from storefront.core.storage import StorageUnavailable, storage
from storefront.owner.readiness.answers import PROBLEM, Body, ask_again
from storefront.owner.readiness.models import Question
from storefront.shop.discounts.queries import has_discounts
from storefront.shop.profile.saved_cards import may_save_cards
from storefront.stripe_api.key_check import look_at_key
from storefront.stripe_api.tax_check import look_at_tax

FOLDER = "readiness"


def look_at_everything(*, even_if_fresh: bool = False) -> None:
    ask_again(QUESTIONS, even_if_fresh=even_if_fresh)


def look_at_webhook() -> None:
    """Ask again after the endpoint was changed."""
    ask_again({Question.WEBHOOK: _ask_webhook}, even_if_fresh=True)


def _ask_stripe() -> Body:
    try:
        return asdict(look_at_key(saves_cards=may_save_cards(), has_discounts=has_discounts()))
    except StripeRefused as error:
        if error.stripe_code != "key":
            raise
        return {"is_refused": True}


def _ask_webhook() -> Body:
    from storefront.payments.webhook.endpoint import check_endpoint  # noqa: PLC0415 - with all of fulfillment

    return asdict(check_endpoint())


def _ask_storage() -> Body:
    try:
        return _try_storage()
    except StorageUnavailable as error:
        if not error.why:
            raise
        why = _ask_why(error)
        return {PROBLEM: f"it says {why}. {advise(why)}.", "code": error.code}


def _ask_why(error: StorageUnavailable) -> str:
    """Read once more: the first question of a write is a HEAD, and the answer to it has a status and no word."""
    try:
        next(storage().read(f"{FOLDER}/none.txt", stop=1), None)
    except StorageUnavailable as said:
        return said.why
    except FileNotFoundError:
        pass
    return error.why


def _try_storage() -> Body:
    """Write, read back and delete a small object."""
    content = tokens.new_token().encode()
    stored = storage().put(
        io.BytesIO(content), folder=FOLDER, filename=f"{tokens.new_token()}.txt", content_type="text/plain"
    )
    try:
        back = b"".join(storage().read(stored.path))
    except (FileNotFoundError, StorageUnavailable):
        back = None
    finally:
        storage().delete(stored.path)
    return {
        "is_read": back is not None,
        "is_same": back == content,
        "is_gone": storage().find_size(stored.path) is None,
    }


def _ask_tax() -> Body:
    return asdict(look_at_tax()) if settings().stripe_tax else {}


QUESTIONS: dict[Question, Callable[[], Body]] = {
    Question.STRIPE: _ask_stripe,
    Question.WEBHOOK: _ask_webhook,
    Question.STORAGE: _ask_storage,
    Question.TAX: _ask_tax,
}
