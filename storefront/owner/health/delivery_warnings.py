"""Warnings about deliveries of Stripe: a secret that is missing or wrong, and a clock that is."""

from datetime import datetime, timedelta

from storefront.core.config.settings import Mode
from storefront.owner.health.trouble import Trouble

SEEN_LATELY = timedelta(hours=1)


def find_missing_secret(trouble: Trouble) -> str | None:
    if trouble.has_webhook_secret or trouble.mode is Mode.SANDBOX:
        return None
    return (
        "No webhook secret is known, so every delivery of Stripe is refused: make the endpoint at /admin/ready or "
        "with `storefront webhook create`, or set STRIPE_WEBHOOK_SECRET to the whsec_… of yours."
    )


def _is_all_that_comes(seen: datetime | None, trouble: Trouble) -> bool:
    """Seen lately, and no good delivery came since or in the hour before."""
    good = trouble.last_event_at
    return seen is not None and trouble.now - seen <= SEEN_LATELY and (good is None or good <= seen - SEEN_LATELY)


def _has_bad_signatures(trouble: Trouble) -> bool:
    """Anybody may send rubbish; it is the secret that is wrong where nothing comes that it signed."""
    return _is_all_that_comes(trouble.bad_signature_at, trouble) and find_stale_signatures(trouble) is None


def find_refused_deliveries(trouble: Trouble) -> str | None:
    """Strangers alone cannot bring this about: something real was found by comparing that no delivery brought."""
    missed = trouble.event_missed_at
    if missed is None or trouble.now - missed > SEEN_LATELY or not _has_bad_signatures(trouble):
        return None
    return (
        "Every delivery of Stripe is refused because its signature does not match, and buyers may get their goods "
        "a quarter of an hour late: compare STRIPE_WEBHOOK_SECRET with the signing secret of your endpoint in the "
        "Stripe Dashboard."
    )


def find_bad_signatures(trouble: Trouble) -> str | None:
    if not _has_bad_signatures(trouble) or find_refused_deliveries(trouble):
        return None
    return (
        "Deliveries come to the webhook whose signature does not match, and none whose does: compare "
        "STRIPE_WEBHOOK_SECRET with the signing secret of your endpoint in the Stripe Dashboard."
    )


def find_stale_signatures(trouble: Trouble) -> str | None:
    """Only who knows the secret, or repeats what it signed, can send one: see `verify_event`."""
    if not _is_all_that_comes(trouble.stale_signature_at, trouble):
        return None
    return (
        "Deliveries come to the webhook whose signature is too old by the clock of this machine, and none whose "
        "is fresh: the secret is right, so set the clock (`timedatectl` shows it) or find the proxy that holds "
        "deliveries back."
    )
