"""The local shop's owner, and a link that signs them in: trying the owner's side costs one click."""

from datetime import timedelta

from storefront.core.db import transaction
from storefront.owner.people.links import add_link
from storefront.owner.people.people import get_first_owner_id, make_first_owner

OWNER = "owner@example.com"
LIFETIME = timedelta(hours=12)


def make_admin_link() -> str:
    """Return the token. The link of an earlier start ends."""
    make_first_owner(OWNER)
    person_id = get_first_owner_id()
    with transaction() as changes:
        token, _ = add_link(changes, person_id, lifetime=LIFETIME)
    return token
