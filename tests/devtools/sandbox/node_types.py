"""Holds JSON against the types of Stripe's library for Node, by the TypeScript compiler."""

import json
import os
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from storefront.core.config.settings import ROOT

HOW_TO_GET_IT = "Stripe's types for Node not found: `npm install --no-save stripe@23.1.0 typescript@7.0.2` here"
TYPES = {
    "account": "Account",
    "balance_transaction": "BalanceTransaction",
    "charge": "Charge",
    "checkout.session": "Checkout.Session",
    "coupon": "Coupon",
    "customer": "Customer",
    "discount": "Discount",
    "dispute": "Dispute",
    "file": "File",
    "invoice": "Invoice",
    "invoice_payment": "InvoicePayment",
    "item": "LineItem",
    "line_item": "InvoiceLineItem",
    "payment_intent": "PaymentIntent",
    "payment_link": "PaymentLink",
    "payment_method": "PaymentMethod",
    "price": "Price",
    "product": "Product",
    "promotion_code": "PromotionCode",
    "radar.early_fraud_warning": "Radar.EarlyFraudWarning",
    "refund": "Refund",
    "tax.registration": "Tax.Registration",
    "tax.settings": "Tax.Settings",
    "tax_code": "TaxCode",
    "tax_id": "TaxId",
    "tax_rate": "TaxRate",
    "webhook_endpoint": "WebhookEndpoint",
}
OPTIONS = ["--noEmit", "--strict", "--skipLibCheck", "--pretty", "false", "--module", "nodenext"]


def find_compiler() -> Path | None:
    """Return TypeScript's compiler where it and Stripe's library are installed here; in CI they must be."""
    compiler = ROOT / "node_modules" / ".bin" / "tsc"
    if compiler.exists() and (ROOT / "node_modules" / "stripe").exists():
        return compiler
    assert "CI" not in os.environ, HOW_TO_GET_IT
    return None


def problems_of(compiler: Path, folder: Path, objects: Iterable[Any]) -> str:
    """Return what the compiler says: a member that is unknown, missing or of another type, object by object."""
    lines = ['import Stripe from "stripe";']
    for number, value in enumerate(objects):
        lines.append(f"export const a{number}: Stripe.{TYPES[value['object']]} = {_typescript(value)};")
    source = folder / "objects.ts"
    source.write_text("\n".join(lines))
    (folder / "node_modules").symlink_to(ROOT / "node_modules")
    done = subprocess.run([compiler, *OPTIONS, source], capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 0 or done.stdout, done.stderr
    return done.stdout


def _typescript(value: Any, name: str = "") -> str:
    """Write JSON as TypeScript. Decimals come as text, and the library makes numbers of its own of them."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)}: {_typescript(one, key)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_typescript(one, name) for one in value) + "]"
    if isinstance(value, str) and (name.endswith("_decimal") or name == "fx_rate"):
        return f"null as unknown as Stripe.Decimal /* {value} */"
    return json.dumps(value)
