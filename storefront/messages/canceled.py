"""The answer of a composer whose email is not true any more."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Canceled:
    """The mail is not true; `reason` is kept on its row. `may_return`: it waits until it is true again."""

    reason: str
    may_return: bool = False


Composed = Mapping[str, Any] | Canceled
