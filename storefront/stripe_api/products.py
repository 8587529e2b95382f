"""Products at Stripe: what its form, receipts and Payment Links show."""

from typing import Any

from storefront.stripe_api.gateway import gateway


def create_product(
    *,
    name: str,
    description: str,
    image: str,
    tax_code: str,
    metadata: dict[str, str],
    idempotency_key: str,
) -> str:
    """Return the id. What is empty is not said: Stripe takes no empty text here. `image` is a whole address.

    Raises:
        StripeUnavailable, StripeRefused: the same call may be repeated.
    """
    said = {"description": description, "images": [image] if image else None, "tax_code": tax_code}
    params: Any = {"name": name, "metadata": metadata} | {key: value for key, value in said.items() if value}
    options: Any = {"idempotency_key": idempotency_key}
    return str(gateway().ask(lambda client: client.v1.products.create(params, options))["id"])


def show_product(product_id: str, name: str, description: str, image: str) -> None:
    """Change what Stripe shows; an empty text takes away what was there.

    Raises:
        StripeMissing: Stripe has no such product.
        StripeUnavailable, StripeRefused: the same call may be repeated.
    """
    params: Any = {"name": name, "description": description, "images": [image] if image else ""}
    gateway().ask(lambda client: client.v1.products.update(product_id, params))
