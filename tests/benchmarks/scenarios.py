"""The pages of `make bench`: catalog page, duplicate webhook, new order, each beside a bare endpoint."""

from collections.abc import Callable, Iterator
from functools import partial

import click

from tests.benchmarks.load import Load, request
from tests.benchmarks.rounds import Contender, measure, print_also, print_comparison
from tests.benchmarks.servers import Server
from tests.benchmarks.world import World

CATALOG_AIM = 0.6
DUPLICATE_AIM = 0.5
ORDER_CLIENTS = 4
BUSY_CLIENTS = 16


def catalog_page(world: World, *, rounds: int, seconds: float) -> None:
    """A first visit, without cookies, and one with a cart: the first is rendered once, the second every time."""
    first = [request("GET", "/")]
    with_cart = [request("GET", "/", cookie=world.cart_cookie())]
    with world.both() as (shop, bare):
        contenders = [
            _steady(shop, lambda: first, seconds),
            _steady(bare, lambda: first, seconds),
            _steady(shop, lambda: with_cart, seconds, label="shop, with a cart"),
        ]
        shop_figures, bare_figures, cart_figures = measure(contenders, rounds=rounds)
    title = "Catalog page | Flask + Jinja page, one statement, the same rows"
    print_comparison(title, shop_figures, bare_figures, aim=CATALOG_AIM)
    print_also(cart_figures, "with a cart", cart_figures.per_second / bare_figures.per_second)


def product_page(world: World, *, rounds: int, seconds: float) -> None:
    """With its description and the notes of its release, which are Markdown, and a form for each edition."""
    with world.both() as (shop, bare):
        contenders = [
            _steady(shop, lambda: [request("GET", "/products/twinspot")], seconds),
            _steady(bare, lambda: [request("GET", "/")], seconds),
        ]
        shop_figures, bare_figures = measure(contenders, rounds=rounds)
    title = "Product page | Flask + Jinja page, one statement: the bare catalog"
    print_comparison(title, shop_figures, bare_figures, aim=None)


def duplicate_webhook(world: World, *, rounds: int, seconds: float) -> None:
    """The bare endpoint does what Stripe's guide shows; by hand means without the SDK's event object."""
    event = world.handled_event()

    def deliveries(path: str) -> Callable[[], list[bytes]]:
        return lambda: [world.signed(path, event)]

    with world.both() as (shop, bare):
        contenders = [
            _steady(shop, deliveries("/webhook"), seconds),
            _steady(bare, deliveries("/webhook"), seconds),
            _steady(bare, deliveries("/webhook-by-hand"), seconds, label="bare, by hand"),
        ]
        shop_figures, bare_figures, by_hand = measure(contenders, rounds=rounds)
    title = "Duplicate webhook | verify the signature, read one row"
    print_comparison(title, shop_figures, bare_figures, aim=DUPLICATE_AIM)
    print_also(by_hand, "beside the one by hand", shop_figures.per_second / by_hand.per_second)


def new_order(world: World, *, rounds: int, orders: int) -> None:
    """Each return page once, each from an address of its own: the limit for unknown sessions is per client."""
    click.echo(f"\n(paying {orders * (rounds + 1)} sessions in the sandbox)")
    paid = iter(world.pay_sessions(orders * (rounds + 1)))
    pages = iter([_return_pages([next(paid) for _ in range(orders)]) for _ in range(rounds + 1)])
    in_sandbox: list[float] = []

    def landings() -> Load:
        world.sandbox.forget_calls()
        return Load(port=shop.port, requests=next(pages), seconds=None, connections=ORDER_CLIENTS)

    def commits() -> Load:
        log = world.sandbox.read("requests")["data"]
        in_sandbox.extend(row["duration_ms"] for row in log if row["path"].startswith("/v1/"))
        posts = [world.invented("/order", f"cs_test_{number:024}") for number in range(orders)]
        return Load(port=bare.port, requests=posts, seconds=None, connections=ORDER_CLIENTS)

    with world.both() as (shop, bare):
        both = [Contender(server=shop, load=landings), Contender(server=bare, load=commits)]
        measure(both, rounds=1)  # the first orders meet cold caches
        in_sandbox.clear()
        shop_figures, bare_figures = measure(both, rounds=rounds)
    print_comparison(
        "New order: the page after paying | verify the signature, commit one row",
        shop_figures,
        bare_figures,
        aim=None,
    )
    per_order = sum(in_sandbox) / (orders * rounds)
    click.echo(f"  inside the sandbox {per_order:.2f} ms an order, {len(in_sandbox) / orders / rounds:.2f} calls")


def busy_orders(world: World, *, rounds: int, orders: int) -> None:
    """The page after paying, many at once: what processes do to each other where one may write at a time."""
    click.echo(f"\n(paying {orders * (rounds + 1) * 2} sessions in the sandbox)")
    paid = iter(world.pay_sessions(orders * (rounds + 1) * 2))
    pages = iter([_return_pages([next(paid) for _ in range(orders)]) for _ in range((rounds + 1) * 2)])
    with world.shop(workers=1) as one, world.shop(workers=2) as two:

        def landings(server: Server) -> Load:
            return Load(port=server.port, requests=next(pages), seconds=None, connections=BUSY_CLIENTS)

        both = [Contender(server=server, load=partial(landings, server)) for server in (one, two)]
        measure(both, rounds=1)  # the first orders meet cold caches
        of_one, of_two = measure(both, rounds=rounds)
    click.echo(f"\nNew order, {BUSY_CLIENTS} at once: 1 and 2 processes")
    click.echo(of_one.line())
    click.echo(of_two.line())
    click.echo(f"  2 processes: {of_two.per_second / of_one.per_second:.2f} of the orders of one, ", nl=False)
    click.echo(f"p99 {of_two.p99_ms / of_one.p99_ms:.2f} of that of one")


def _return_pages(session_ids: list[str]) -> list[bytes]:
    return [
        request("GET", f"/checkout/return?session_id={session_id}", x_forwarded_for=address)
        for session_id, address in zip(session_ids, addresses(), strict=False)
    ]


def addresses() -> Iterator[str]:
    for high in range(256):
        for low in range(1, 255):
            yield f"10.20.{high}.{low}"


def _steady(server: Server, requests: Callable[[], list[bytes]], seconds: float, *, label: str = "") -> Contender:
    def load() -> Load:
        return Load(port=server.port, requests=requests(), seconds=seconds)

    return Contender(server=server, load=load, label=label)
