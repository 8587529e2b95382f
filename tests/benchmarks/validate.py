"""`validate` of the license API beside a bare Flask endpoint that answers JSON after one indexed query."""

from itertools import islice

from sqlalchemy import insert, select, text

from storefront.core.db import db, transaction
from storefront.delivery.licenses.keys import hash_key, new_key
from storefront.delivery.licenses.models import License
from storefront.delivery.licenses.sealed import kept_hash
from storefront.orders.models import Grant, GrantKind
from tests.benchmarks.load import Load, request
from tests.benchmarks.rounds import Contender, measure, print_comparison
from tests.benchmarks.scenarios import addresses
from tests.benchmarks.world import World

AIM = 0.7
BARE_LICENSES = "CREATE TABLE bare_licenses (key VARCHAR PRIMARY KEY, activation_limit INTEGER)"
KEYS = 5_000
REQUESTS = 50_000  # each key ten times and each client once: far below the limits, as with real buyers


def validate(world: World, *, rounds: int, seconds: float) -> None:
    keys = _sell(world, KEYS)
    limits = list(islice(addresses(), REQUESTS))

    def asked(path: str) -> list[bytes]:
        return [
            request(
                "POST",
                path,
                body=f'{{"license_key": "{keys[number % len(keys)]}"}}'.encode(),
                content_type="application/json",
                x_forwarded_for=address,
            )
            for number, address in enumerate(limits)
        ]

    with world.both() as (shop, bare):
        shop_requests, bare_requests = asked("/v1/licenses/validate"), asked("/validate")
        contenders = [
            Contender(server=shop, load=lambda: Load(port=shop.port, requests=shop_requests, seconds=seconds)),
            Contender(server=bare, load=lambda: Load(port=bare.port, requests=bare_requests, seconds=seconds)),
        ]
        shop_figures, bare_figures = measure(contenders, rounds=rounds)
    print_comparison("License validate | JSON after one indexed query", shop_figures, bare_figures, aim=AIM)


def _sell(world: World, count: int) -> list[str]:
    """One order of so many keys: what is asked later is the same as of so many orders."""
    world.handled_event()
    keys = [new_key("TWIN") for _ in range(count)]
    with world.app.app_context(), transaction() as session:
        known = session.scalars(select(Grant).where(Grant.kind == GrantKind.LICENSE).limit(1)).one()
        ids = session.scalars(
            insert(Grant).returning(Grant.id),
            [
                {
                    "order_item_id": known.order_item_id,
                    "product_id": known.product_id,
                    "kind": GrantKind.LICENSE,
                    "ordinal": number + 2,
                }
                for number in range(count)
            ],
        ).all()
        session.execute(
            insert(License),
            [
                {
                    "grant_id": grant_id,
                    "key": key,
                    "key_hash": kept_hash(hash_key(key)),
                    "mode": world.settings.mode,
                    "activation_limit": 3,
                }
                for grant_id, key in zip(ids, keys, strict=True)
            ],
        )
        session.execute(text(BARE_LICENSES))
        session.execute(text("INSERT INTO bare_licenses VALUES (:key, 3)"), [{"key": key} for key in keys])
    with world.app.app_context():
        db.session.remove()
    return keys
