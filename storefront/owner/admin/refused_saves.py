"""What an editor shows after a save that was refused, and which digests its form carries on."""

from collections.abc import Mapping
from typing import Any

from storefront.core.errors import StorefrontError
from storefront.owner.admin.product_forms import SHOWN, shown_digests
from storefront.shop.editor.refusals import Conflict, FieldsRefused, PriceMoved, StaleOrder, StaleSave
from storefront.shop.editor.stale import THEIRS


def refusal_words(refusal: StorefrontError | None) -> dict[str, Any]:
    """Return the sentence, those beside fields, and what somebody else saved, as templates know them."""
    return {
        "error": refusal.message if refusal else "",
        "problems": refusal.problems if isinstance(refusal, FieldsRefused) else {},
        "conflicts": _conflicts(refusal),
        "moved_price": refusal.saved if isinstance(refusal, PriceMoved) else None,
        "stale": refusal if isinstance(refusal, StaleOrder) else None,
    }


def kept_digests(form: Mapping[str, str], refusal: StorefrontError | None) -> dict[str, str]:
    """Return what the form was sent with: fields that nobody touched stay so.

    Those in conflict, too: a second press saves nothing until somebody has chosen.
    """
    if refusal is None:
        return {}
    return {
        name: form[SHOWN + name] if digest == THEIRS else digest for name, digest in shown_digests(form).items()
    }


def _conflicts(refusal: StorefrontError | None) -> Mapping[str, Conflict]:
    return refusal.conflicts if isinstance(refusal, StaleSave) else {}
