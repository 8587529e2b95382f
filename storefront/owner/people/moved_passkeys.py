"""What a passkey is still good for: each works at the host it was made for, and a shop may get another name."""

from urllib.parse import urlsplit

from sqlalchemy import select

from storefront.core.db import db
from storefront.core.runtime import settings
from storefront.owner.people.models import Passkey, Role
from storefront.web.hosts import is_ip, is_this_machine, trusted_names

SIGN_IN_WITH_IT = (
    "You have a passkey, so a code alone doesn't open the admin. Sign in with the passkey. "
    "Lost it? Run `storefront owner link` on the shop's machine."
)
NEW_LINK = {
    True: "Run `storefront owner link` on the shop's machine",
    False: "Ask an owner for a new link (`storefront owner link` with your address makes one)",
}


def works_here(rp_id: str, *, host: str = "") -> bool:
    """Tell whether a browser comes to that host at this shop: by its settings, or now, at `host`."""
    shop = settings()
    is_local = is_this_machine(rp_id) and is_this_machine(urlsplit(shop.base_url).hostname or "")
    return is_local or rp_id == host or rp_id in trusted_names(shop)


def why_no_passkey_works(person_id: int, role: Role, *, origin: str) -> str:
    """Return a sentence for who has passkeys and none that works at `origin`; empty for everybody else."""
    hosts = set(db.session.scalars(select(Passkey.rp_id).where(Passkey.person_id == person_id)))
    host = urlsplit(origin).hostname or ""
    if not hosts or host in hosts:
        return ""
    names = sorted(rp_id for rp_id in hosts if works_here(rp_id))
    if names:
        return _lead_to(next((name for name in names if not is_ip(name)), ""), role, origin=origin)
    return _say_all_moved(hosts, role)


def _say_all_moved(hosts: set[str], role: Role) -> str:
    return (
        f"Your passkeys are for {' and '.join(sorted(hosts))}, as this shop was called before, and work nowhere "
        f"else. {NEW_LINK[role is Role.OWNER]}, open it in this browser, and add a new passkey to your account."
    )


def _lead_to(name: str, role: Role, *, origin: str) -> str:
    """Say under which name of the shop they work; nothing without one: no browser has a passkey for a number."""
    if not name:
        return ""
    return (
        f"Your passkeys work under another name of this shop. Open {_admin_at(name, origin)} and sign in there. "
        f"Lost them? {NEW_LINK[role is Role.OWNER]}."
    )


def _admin_at(name: str, origin: str) -> str:
    shop = urlsplit(origin if is_this_machine(name) else settings().base_url)
    return shop._replace(netloc=f"{name}:{shop.port}" if shop.port else name, path="/admin").geturl()
