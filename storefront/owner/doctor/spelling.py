"""Names of settings that look misspelled: what nobody asks for has no effect, and says nothing by itself."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from storefront.core.config.names import find_names
from storefront.core.config.settings import Settings, read_environment
from storefront.owner.doctor.finding import Seen, ok, warn

CLOSE = 0.9  # of difflib: a letter or two. Names of others, as DATABASE_USER, are further from ours
VENDORS = ("AWS_", "AZURE_", "GOOGLE_")  # their programs know more names than we; what is needed is demanded
READ_ELSEWHERE = frozenset({"OLD_SECRET_KEY", "STOREFRONT_ENV_FILE"})
FILE = "_FILE"


def look_at_spelling(_shop: Settings) -> Iterator[Seen]:
    """Read `.env` and the environment. Programs around the shop have variables there as well: these may stand."""
    yield from find_misspelled(read_environment()) or [ok("No name of a setting looks misspelled.")]


def find_misspelled(environ: Mapping[str, str]) -> list[Seen]:
    """Return a line for each name, without its value."""
    known = find_names(environ) | READ_ELSEWHERE
    unknown = (name for name in sorted(environ.keys() - known) if not name.startswith(VENDORS))
    return [warn(text) for name in unknown if (text := _doubt(name, known))]


def _doubt(name: str, known: frozenset[str]) -> str:
    if name.endswith(FILE) and name.removesuffix(FILE) in known:
        return f"{name} has no effect: {name.removesuffix(FILE)} is no secret, and is not read from a file."
    meant = get_close_matches(name, known, n=1, cutoff=CLOSE)
    return f"{name} is no setting of the shop, so it has no effect: is {meant[0]} meant?" if meant else ""
