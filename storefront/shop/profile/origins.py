"""Which other sites may show the shop's checkout in a frame: an origin a line, as an owner names them."""

import re
from urllib.parse import SplitResult, urlsplit

from storefront.shop.profile.read import read_profile

MOST_ORIGINS = 50
NAME = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
LOCAL = re.compile(r"localhost|([a-z0-9-]+\.)+localhost|127\.0\.0\.1|\[::1\]")
PORTS = {"https": 443, "http": 80}


def read_origins(text: str) -> tuple[str, ...]:
    """Read `https://blog.example`, a line each, as browsers write origins: small letters, no usual port, no path.

    Raises:
        ValueError: with a sentence that names the line and the cure.
    """
    origins = tuple(dict.fromkeys(_read_line(line) for line in re.split(r"[\s,]+", text) if line))
    if len(origins) > MOST_ORIGINS:
        raise ValueError(f"Name up to {MOST_ORIGINS} sites.")
    return origins


def clean_origins(text: str) -> str:
    """Return the text as it is stored. Raises ValueError as `read_origins` does."""
    return "\n".join(read_origins(text))


def find_allowed(origin: str) -> str:
    """Return the origin if the owner named it; else nothing."""
    return origin if origin in allowed_origins() else ""


def allowed_origins() -> tuple[str, ...]:
    return read_origins(read_profile().frame_origins)  # a folder's text is kept as it was written


def _has_more_than_a_name(parts: SplitResult) -> bool:
    return parts.path not in ("", "/") or bool(parts.query or parts.fragment)


def _read_line(line: str) -> str:
    if "*" in line:
        raise ValueError(f"{line}: name each site by itself. A star would let strangers show your checkout.")
    parts = _split(line)
    if parts is None or parts.scheme not in PORTS or not parts.hostname or "@" in parts.netloc:
        raise ValueError(f"{line}: write an address like https://blog.example.")
    if _has_more_than_a_name(parts):
        raise ValueError(f"{line}: leave out what follows the name, as in {parts.scheme}://{parts.netloc}.")
    host = _host(parts.hostname)
    is_local = LOCAL.fullmatch(host) is not None
    if not is_local and not NAME.fullmatch(host):
        raise ValueError(f"{line}: write an address like https://blog.example.")
    if not is_local and parts.scheme == "http":
        raise ValueError(f"{line}: use https. A site without it can be changed on its way to the buyer.")
    port = "" if parts.port in (None, PORTS[parts.scheme]) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def _split(line: str) -> SplitResult | None:
    """Return the parts; None for what is no address."""
    try:
        parts = urlsplit(line)
        parts.port  # noqa: B018 - a port that is none is noticed when it is asked for
    except ValueError:
        return None
    return parts


def _host(name: str) -> str:
    """Return it as it stands in an origin: in letters of ASCII."""
    if ":" in name:
        return f"[{name}]"
    try:
        return name if name.isascii() else name.encode("idna").decode("ascii")
    except UnicodeError:
        return ""
