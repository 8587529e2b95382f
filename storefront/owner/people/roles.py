"""What each role may do. One table; every page of /admin names the permission that it needs."""

from enum import StrEnum

from storefront.owner.people.models import Role


class Permission(StrEnum):
    OPEN = "open"  # pages of signing in, which nobody is signed in for
    OWN_ACCOUNT = "own_account"  # one's own passkeys and sessions
    READ = "read"
    ORDERS = "orders"  # orders, resending, keys
    MONEY = "money"  # refunds
    ACCOUNTING = "accounting"  # files of every movement of money
    SHOP = "shop"  # products, prices, texts, settings
    PEOPLE = "people"


PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.OWNER: frozenset(Permission),
    Role.SUPPORT: frozenset({Permission.OPEN, Permission.OWN_ACCOUNT, Permission.READ, Permission.ORDERS}),
    Role.ACCOUNTANT: frozenset({Permission.OPEN, Permission.OWN_ACCOUNT, Permission.READ, Permission.ACCOUNTING}),
    Role.READER: frozenset({Permission.OPEN, Permission.OWN_ACCOUNT, Permission.READ}),
}

ROLE_SENTENCES = {
    Role.OWNER: "May do everything, people and money included.",
    Role.SUPPORT: "Helps buyers: orders, resending, keys. No products, no refunds, no settings.",
    Role.ACCOUNTANT: "Sees figures, orders and buyers, changes nothing, and takes out the files for bookkeeping.",
    Role.READER: "Sees figures, orders and buyers, and changes nothing.",
}


def may(role: Role, permission: Permission | None) -> bool:
    """Tell whether a role has a permission. What names none is closed to everybody."""
    return permission in PERMISSIONS[role]
