"""What an editor shows after a save that was refused, and which digests its form carries on."""

from collections.abc import Mapping
from typing import Any

from storefront.core.errors import StorefrontError
from storefront.owner.admin.product_forms import shown_digests
from storefront.shop.editor.refusals import Conflict, FieldsRefused, StaleOrder, StaleSave


def refusal_words(refusal: StorefrontError | None) -> dict[str, Any]:
    """Return the sentence, those beside fields, and what somebody else saved, as templates know them."""
    return {
        "error": refusal.message if refusal else "",
        "problems": refusal.problems if isinstance(refusal, FieldsRefused) else {},
        "conflicts": _conflicts(refusal),
        "stale": refusal if isinstance(refusal, StaleOrder) else None,
    }


def kept_digests(form: Mapping[str, str], refusal: StorefrontError | None) -> dict[str, str]:
    """Return what the form was sent with: fields that nobody touched stay so. Those in conflict are told anew."""
    conflicts = _conflicts(refusal)
    return {name: digest for name, digest in shown_digests(form).items() if name not in conflicts}


def _conflicts(refusal: StorefrontError | None) -> Mapping[str, Conflict]:
    return refusal.conflicts if isinstance(refusal, StaleSave) else {}
