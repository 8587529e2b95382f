"""Values that are none: what an example left behind, or what anybody guesses."""

import re

from storefront.core.config.reader import Reader

PLACEHOLDER = re.compile(
    r"^(secret|dev|test|password|todo)|change[-_ ]?(me|this|it)|placeholder|replace[-_ ]|your[-_ ]|insert[-_ ]|"
    r"example|\.\.\.|…|^<.*>$|^\$?\{.*\}$|^\[.*\]$|^\$[A-Z_]+$",
    re.IGNORECASE,
)
NOBODYS = re.compile(r"(^|[@.])example\.(com|net|org)$", re.IGNORECASE)  # RFC 2606, 3
FEWEST_SIGNS = 6  # `kkkk…` and `abcabc…` can have any length


def is_placeholder(value: str) -> bool:
    return PLACEHOLDER.search(value) is not None


def is_nobodys(name: str | None) -> bool:
    """Tell whether a host or a mail address is of those that are kept for examples: nobody is behind it."""
    return NOBODYS.search(name or "") is not None


def check_secret(reader: Reader, name: str, value: str, *, shortest: int) -> None:
    """Check a secret that the owner made: SECRET_KEY, METRICS_TOKEN. The complaint never repeats the value."""
    mend = "make one with `openssl rand -hex 32`."
    if len(value) < shortest:
        reader.problems.append(f"{name} must have at least {shortest} characters: {mend}")
    elif is_placeholder(value):
        reader.problems.append(f"{name} is a placeholder: {mend}")
    elif len(set(value)) < FEWEST_SIGNS:
        reader.problems.append(f"{name} is the same few letters again and again: {mend}")


def is_complete(key: str, *, least: int) -> bool:
    """Tell whether a Stripe key is whole: a prefix, letters and digits. Examples have dots, stars or crosses."""
    after = key.rpartition("_")[2]
    is_whole = len(after) >= least and "xxxxxx" not in after.lower()
    return is_whole and re.fullmatch(r"[A-Za-z0-9+/=]+", after) is not None
