"""Stripe's keys and addresses; they alone decide the mode."""

from enum import StrEnum

from storefront.core.config.reader import Reader
from storefront.core.config.strength import is_complete

STRIPE_API = "https://api.stripe.com"
LEAST_LIVE = 16  # letters after the prefix; Stripe's own have 24 and more
STRIPE_JS = "https://js.stripe.com/endive/stripe.js"


class Mode(StrEnum):
    SANDBOX = "sandbox"
    TEST = "test"
    LIVE = "live"


def key_mode(key: str) -> Mode | None:
    if key.startswith(("sk_live_", "rk_live_", "pk_live_")):
        return Mode.LIVE
    return Mode.TEST if key.startswith(("sk_test_", "rk_test_", "pk_test_")) else None


def read_mode(reader: Reader, secret: str, publishable: str, api_base: str) -> Mode:
    if not secret:
        reader.problems.append(
            "STRIPE_SECRET_KEY is missing: add it (sk_test_… or sk_live_… from the Stripe Dashboard), "
            "or type `make run` for the local sandbox."
        )
    elif not secret.startswith(("sk_", "rk_")) or key_mode(secret) is None:
        reader.problems.append("STRIPE_SECRET_KEY must start with sk_test_, rk_test_, sk_live_ or rk_live_.")
    if not publishable:
        reader.problems.append("STRIPE_PUBLISHABLE_KEY is missing: add it (pk_test_… or pk_live_…).")
    elif not publishable.startswith("pk_") or key_mode(publishable) is None:
        reader.problems.append("STRIPE_PUBLISHABLE_KEY must start with pk_test_ or pk_live_.")
    elif secret and key_mode(secret) is not None and key_mode(secret) != key_mode(publishable):
        reader.problems.append("STRIPE_SECRET_KEY and STRIPE_PUBLISHABLE_KEY are of different modes.")
    for name, key in (("STRIPE_SECRET_KEY", secret), ("STRIPE_PUBLISHABLE_KEY", publishable)):
        found = key_mode(key)
        if found is not None and not is_complete(key, least=LEAST_LIVE if found is Mode.LIVE else 1):
            reader.problems.append(f"{name} is not complete: copy all of it from the Stripe Dashboard.")
    mode = key_mode(secret) or Mode.TEST
    if api_base == STRIPE_API:
        return mode
    if mode is Mode.LIVE:
        reader.problems.append(
            f"STRIPE_API_BASE={api_base} is a sandbox address: live keys work with Stripe only. Remove it."
        )
    return Mode.SANDBOX


def read_webhook_secrets(reader: Reader) -> tuple[str, ...]:
    """Several, separated by commas: the old and the new one while a secret is rotated."""
    secrets = tuple(part.strip() for part in reader.secret("STRIPE_WEBHOOK_SECRET").split(",") if part.strip())
    if any(not part.startswith("whsec_") for part in secrets):
        reader.problems.append("STRIPE_WEBHOOK_SECRET must be whsec_… (several: separated by commas).")
    elif not all(is_complete(part, least=1) for part in secrets):
        reader.problems.append("STRIPE_WEBHOOK_SECRET is not complete: copy all of it from your endpoint.")
    return secrets
