"""Stripe's keys and addresses; they alone decide the mode."""

from enum import StrEnum

from storefront.core.config.reader import Reader, is_web_address, split_list
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


def read_js_url(reader: Reader, api_base: str) -> str:
    """Return where Stripe.js comes from: a sandbox has its own, and Stripe wants nobody else to serve it."""
    is_sandbox = api_base != STRIPE_API and is_web_address(api_base)
    js_url = reader.url("STRIPE_JS_URL", f"{api_base}/endive/stripe.js" if is_sandbox else STRIPE_JS)
    if api_base == STRIPE_API and not js_url.startswith("https://js.stripe.com/"):
        reader.problems.append("STRIPE_JS_URL must be served by js.stripe.com (PCI): remove the setting.")
    return js_url


def _check_keys(reader: Reader, secret: str, publishable: str) -> None:
    problems = (_problem_of_secret(secret, publishable), _problem_of_publishable(secret, publishable))
    reader.problems.extend(filter(None, problems))
    for name, key in (("STRIPE_SECRET_KEY", secret), ("STRIPE_PUBLISHABLE_KEY", publishable)):
        if _is_cut_off(key):
            reader.problems.append(f"{name} is not complete: copy all of it from the Stripe Dashboard.")


def read_mode(reader: Reader, secret: str, publishable: str, api_base: str) -> Mode:
    _check_keys(reader, secret, publishable)
    mode = key_mode(secret) or Mode.TEST
    if api_base == STRIPE_API:
        return mode
    if mode is Mode.LIVE:
        reader.problems.append(
            f"STRIPE_API_BASE={api_base} is a sandbox address: live keys work with Stripe only. Remove it."
        )
    return Mode.SANDBOX


def _problem_of_secret(secret: str, _publishable: str) -> str:
    """Return what is wrong; empty for nothing."""
    if not secret:
        return (
            "STRIPE_SECRET_KEY is missing: add it (sk_test_… or sk_live_… from the Stripe Dashboard), "
            "or type `make run` for the local sandbox."
        )
    if not secret.startswith(("sk_", "rk_")) or key_mode(secret) is None:
        return "STRIPE_SECRET_KEY must start with sk_test_, rk_test_, sk_live_ or rk_live_."
    return ""


def _problem_of_publishable(secret: str, publishable: str) -> str:
    """Return what is wrong with it, alone or beside the secret key; empty for nothing."""
    if not publishable:
        return "STRIPE_PUBLISHABLE_KEY is missing: add it (pk_test_… or pk_live_…)."
    if not publishable.startswith("pk_") or key_mode(publishable) is None:
        return "STRIPE_PUBLISHABLE_KEY must start with pk_test_ or pk_live_."
    if key_mode(secret) not in (None, key_mode(publishable)):
        return "STRIPE_SECRET_KEY and STRIPE_PUBLISHABLE_KEY are of different modes."
    return ""


def _is_cut_off(key: str) -> bool:
    mode = key_mode(key)
    return mode is not None and not is_complete(key, least=LEAST_LIVE if mode is Mode.LIVE else 1)


def read_webhook_secrets(reader: Reader) -> tuple[str, ...]:
    """Return one or more, separated by commas: the old and the new one while a secret is rotated."""
    secrets = split_list(reader.secret("STRIPE_WEBHOOK_SECRET"))
    if any(not part.startswith("whsec_") for part in secrets):
        reader.problems.append("STRIPE_WEBHOOK_SECRET must be whsec_… (several: separated by commas).")
    elif not all(is_complete(part, least=1) for part in secrets):
        reader.problems.append("STRIPE_WEBHOOK_SECRET is not complete: copy all of it from your endpoint.")
    return secrets
