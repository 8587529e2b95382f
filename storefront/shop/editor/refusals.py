"""Why a change is refused: a sentence for each field, and the values of a save that came too late."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from storefront.core.errors import StorefrontError

# Columns that people know by another name.
WORDS = {"summary": "tagline", "description_markdown": "description"}


def in_words(name: str) -> str:
    """Return what people call this column."""
    return WORDS.get(name, name.replace("_", " "))


class FieldsRefused(StorefrontError):
    """`problems` are sentences by the name of the field; all of them at once."""

    code = "fields_refused"
    title = "This cannot be saved"

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = dict(problems)


class ProductRefused(FieldsRefused):
    code = "product_refused"


class PriceMoved(ProductRefused):
    """There is a price that the form did not show. `saved` is that one, None where somebody took it away."""

    status = 409

    def __init__(self, sentence: str, saved: Any) -> None:  # noqa: ANN401 - an amount, of the catalog above
        super().__init__({"amount": sentence})
        self.saved = saved


@dataclass(frozen=True, slots=True)
class Conflict:
    """`saved` is what somebody else saved meanwhile, `yours` is what this save would have put there.

    `seen` is the digest of what was saved: a choice between both is one for that, and not for what comes later.
    """

    saved: Any
    yours: Any
    seen: str

    @property
    def saved_words(self) -> str:
        """Return what was saved as people read it, a list with a line for each row."""
        if isinstance(self.saved, bool):
            return "On" if self.saved else "Off"
        if isinstance(self.saved, list | tuple):
            return _list_words(self.saved) or "Nothing"
        return "Nothing" if self.saved in (None, "") else str(self.saved)


def _list_words(entries: Sequence[Any]) -> str:
    if all(isinstance(entry, str) for entry in entries):
        return ", ".join(entries)
    return "\n".join(" · ".join(filter(None, map(str, entry))) for entry in entries)


class StaleSave(StorefrontError):
    """Somebody else changed the same fields since the form was shown. Nothing was saved."""

    code = "stale_save"
    status = 409
    title = "Somebody changed this meanwhile"

    def __init__(self, conflicts: Mapping[str, Conflict]) -> None:
        names = ", ".join(map(in_words, conflicts))
        super().__init__(f"Changed meanwhile: {names}. Nothing was saved. Choose which one stays, then save.")
        self.conflicts = dict(conflicts)


class StaleOrder(StorefrontError):
    """Somebody else changed a list since it was shown, and nothing was moved.

    `key` was to stand at `position`, which counts from 1; `what` is its name in words.
    """

    code = "stale_order"
    status = 409
    title = "Somebody changed this meanwhile"

    def __init__(self, *, what: str, key: int | str, position: int) -> None:
        super().__init__(
            f"Somebody else changed this list meanwhile. Below it is as it is saved now. Yours: {what} at place "
            f"{position}. Nothing was moved."
        )
        self.what = what
        self.key = key
        self.position = position


class NotReady(StorefrontError):
    """What stands in the way of selling a product: `blockers` are sentences."""

    code = "not_ready"
    status = 409
    title = "Not ready to be sold"

    def __init__(self, blockers: tuple[str, ...]) -> None:
        super().__init__(" ".join(blockers))
        self.blockers = blockers
