"""Identifiers, keys and secrets that look like Stripe's."""

import secrets
import string

_ALPHABET = string.ascii_letters + string.digits


def random_text(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


# The digit after the underscore is Stripe's shard; clients match on the prefix only.
_LENGTHS = {
    "prod_": 14,
    "cus_": 14,
    "txi_1": 23,
    "in_1": 23,
    "il_1": 23,
    "ii_1": 23,
    "inpay_1": 23,
    "price_1": 23,
    "li_1": 23,
    "pm_1": 23,
    "pi_3": 23,
    "ch_3": 23,
    "py_3": 23,
    "re_3": 23,
    "pyr_3": 23,
    "txn_3": 23,
    "promo_1": 23,
    "di_1": 23,
    "du_1": 23,
    "file_1": 23,
    "issfr_1": 23,
    "we_1": 23,
    "evt_1": 23,
    "evt_3": 23,
    "ppage_1": 23,
    "plink_1": 23,
    "test_": 14,
    "mandate_1": 23,
    "ccsbtxn_1": 23,
    "po_1": 23,
    "acct_1": 15,
    "req_": 14,
    "cs_test_a1": 56,
    "sk_test_51": 97,
    "pk_test_51": 97,
    "rk_test_51": 97,
    "whsec_": 32,
    "cliws_": 24,
    "wc_": 24,
    "wh_": 24,
    "dt_": 24,
}


def new_id(prefix: str) -> str:
    return prefix + random_text(_LENGTHS[prefix])


def client_secret(object_id: str, length: int = 25) -> str:
    return f"{object_id}_secret_{random_text(length)}"


def masked(key: str) -> str:
    """Return a key as Stripe repeats it in an error: start and last four characters only."""
    if len(key) <= 12:
        return key[:3] + "*" * max(len(key) - 3, 0)
    return f"{key[:8]}{'*' * (len(key) - 12)}{key[-4:]}"
