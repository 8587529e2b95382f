"""The settings of a shop that begins, and what is said of those that are wrong."""

import pytest

from storefront.core.config.settings import SettingsError, load_settings

SECRET = "3c1f9a0e7b6d48f2a5c8e4d1b7f09623"
SANDBOX = {
    "SECRET_KEY": SECRET,
    "STRIPE_SECRET_KEY": "sk_test_" + "1" * 24,
    "STRIPE_PUBLISHABLE_KEY": "pk_test_" + "1" * 24,
    "STRIPE_API_BASE": "http://127.0.0.1:12111",
}


def problems_of(environ: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load_settings(environ)
    return caught.value.problems
