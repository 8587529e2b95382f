"""What must not be when real money moves."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from storefront.core.config.reader import Reader

NEAR = ("localhost", "127.0.0.1", "::1")
# Names that only a network of one's own knows: RFC 6761, RFC 6762, RFC 8375, and what routers use.
PRIVATE_ENDINGS = (".localhost", ".local", ".internal", ".home.arpa", ".lan")


def is_on_internet(address: str) -> bool:
    """Tell whether others may reach this web address: its host is not this machine, nor in a private network."""
    host = (urlsplit(address).hostname or "").rstrip(".")
    try:
        return ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith(PRIVATE_ENDINGS)


def check_live(reader: Reader, base_url: str) -> None:
    if not reader.text("TRUSTED_PROXIES").strip("0"):  # also 00
        reader.problems.append(
            "TRUSTED_PROXIES is 0: `storefront serve` speaks no TLS, and without a proxy that buffers what slow "
            "senders send they can hold up orders. Put nginx in front (docs/nginx.md) and set TRUSTED_PROXIES=1."
        )
    if not base_url.startswith("https://"):
        reader.problems.append(f"BASE_URL={base_url} must start with https:// in live mode.")
    elif urlsplit(base_url).hostname in (*NEAR, "shop.example.com"):
        reader.problems.append(f"BASE_URL={base_url} is not where buyers find the shop.")


def check_live_mail(reader: Reader, mail_server: str, *, is_encrypted: bool) -> None:
    """Demand TLS for email, which carries keys and links. A server on this machine needs no network."""
    if not is_encrypted and mail_server not in NEAR:
        reader.problems.append(
            f"MAIL_USE_TLS=false would send keys and links to {mail_server} in the clear: remove it, or set "
            "MAIL_USE_SSL=true."
        )
