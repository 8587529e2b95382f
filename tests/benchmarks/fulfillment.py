"""New orders by webhook beside the handler of Stripe's guide: one and two processes, Stripe near and far away."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from itertools import product

import click

from tests.benchmarks.load import Load
from tests.benchmarks.rounds import Contender, measure, print_comparison
from tests.benchmarks.servers import Server
from tests.benchmarks.world import World

AIM = 0.7
CONNECTIONS = 16
PROCESSES = (1, 2)
STRIPE_MS = (0, 100)  # one call to Stripe an order, for both


def webhook_orders(world: World, *, rounds: int, orders: int) -> None:
    """Both get the same events, each once, and keep them in tables of their own of one database."""
    runs = list(product(PROCESSES, STRIPE_MS))
    count = orders * (rounds + 1) * len(runs)
    click.echo(f"\n(paying {count} sessions in the sandbox)")
    events = _events(world, world.pay_sessions(count))
    for processes, stripe_ms in runs:
        with ExitStack() as stack:
            servers = [stack.enter_context(serve(workers=processes)) for serve in (world.shop, world.guide)]
            _slow_down(world, stripe_ms)
            title = f"New order by webhook: {world.engine}, {processes} x 8 threads, Stripe takes {stripe_ms} ms"
            _compare(world, f"{title} | the guide's handler", servers, events, rounds=rounds, orders=orders)
    _slow_down(world, 0)


def _compare(
    world: World,
    title: str,
    servers: list[Server],
    events: Iterator[dict[str, object]],
    *,
    rounds: int,
    orders: int,
) -> None:
    shares = [[next(events) for _ in range(orders)] for _ in range(rounds + 1)]

    def deliveries(server: Server, share: Iterator[list[dict[str, object]]]) -> Load:
        posts = [world.signed("/webhook", event) for event in next(share)]
        return Load(port=server.port, requests=posts, seconds=None, connections=CONNECTIONS)

    both = [Contender(server=server, load=partial(deliveries, server, iter(shares))) for server in servers]
    measure(both, rounds=1)  # the first orders meet cold caches
    shop, guide = measure(both, rounds=rounds)
    print_comparison(title, shop, guide, aim=AIM)
    click.echo(f"  memory: shop {servers[0].memory_mb():.0f} MB, guide {servers[1].memory_mb():.0f} MB")


def _events(world: World, session_ids: list[str]) -> Iterator[dict[str, object]]:
    """As large as Stripe sends them: the sandbox's own of the last Session, under the others' ids."""
    last = session_ids[-1]
    text = json.dumps(world.completed_event(last))
    event_id = json.loads(text)["id"]
    for number, session_id in enumerate(session_ids):
        yield json.loads(text.replace(last, session_id).replace(event_id, f"evt_{number:024}"))


def _slow_down(world: World, stripe_ms: int) -> None:
    """The sandbox answers at once; Stripe is some way away."""
    world.sandbox.control("faults/clear")
    if stripe_ms:
        world.sandbox.control("faults", path="/v1/", times=None, delay_seconds=stripe_ms / 1000)
