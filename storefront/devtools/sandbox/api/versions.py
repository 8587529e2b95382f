"""The `Stripe-Version` header: which versions are answered, and what each of them did differently."""

from dataclasses import dataclass

from storefront.devtools.sandbox.api.errors import StripeApiError, invalid, no_longer_supported, unknown
from storefront.devtools.sandbox.api.parameter_types import Spec

# https://docs.stripe.com/changelog: the day on which each train of versions left.
TRAINS = {
    "acacia": "2024-09-30",
    "basil": "2025-03-31",
    "clover": "2025-09-30",
    "dahlia": "2026-03-25",
    "endive": "2026-09-30",
}
CLOVER, DAHLIA, ENDIVE = TRAINS["clover"], TRAINS["dahlia"], TRAINS["endive"]
API_VERSION = "2026-10-28.endive"
_FIRST_TRAIN = TRAINS["acacia"]
# What came before is answered in the shape of this one.
_OLDEST = TRAINS["basil"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """`day` is ISO's, so that versions compare as text."""

    day: str

    def is_before(self, day: str) -> bool:
        return self.day < day


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """A parameter that older versions take. `since` is the day of the version that no longer does."""

    spec: Spec
    since: str

    def is_taken_in(self, version: Version | None) -> bool:
        """Tell whether a caller may send it; without a version everything goes, as the command line wants it."""
        return version is None or version.is_before(self.since)

    def error(self, name: str) -> StripeApiError:
        return no_longer_supported(name) if self.since == ENDIVE else unknown([name])


NEWEST = Version(day=API_VERSION.partition(".")[0])


def read_version(text: str | None) -> Version | None:
    """Return the version that a caller named; None where it left that to the account.

    Raises:
        StripeApiError: what is no version, or one of the future.
    """
    if text is None:
        return None
    day, _, train = text.partition(".")
    if not _is_day(day) or train != _train_of(day):
        raise _refused(f"Invalid Stripe API version: {text}")
    if day > NEWEST.day:
        raise _refused(f"Invalid Stripe API version: {text}. The local sandbox knows none after {API_VERSION}.")
    return Version(day=max(day, _OLDEST))


def _is_day(text: str) -> bool:
    parts = text.split("-")
    return [len(part) for part in parts] == [4, 2, 2] and all(part.isdecimal() for part in parts)


def _train_of(day: str) -> str:
    """Return the name that a version of that day has; the old ones have none."""
    return "" if day < _FIRST_TRAIN else [name for name, start in TRAINS.items() if start <= day][-1]


def _refused(message: str) -> StripeApiError:
    return invalid(message, is_stored=False)
