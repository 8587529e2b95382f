"""A shop of several machines: whichever of them stops, every sale is made once and told once.

One test, because its world takes longer to make than all that happens to it.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from storefront.core.queue import Queue
from storefront.devtools.mailbox.server import MailboxServer
from storefront.devtools.sandbox.server import SandboxServer
from storefront.worker import WORKERS
from tests.cluster.programs import find_program
from tests.cluster.shoppers import Sales
from tests.cluster.world import HOSTS, World
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import PATIENCE_SECONDS, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.postgresql]
log = logging.getLogger(__name__)
STALLED_SECONDS = 4
# All but what the killed worker had in hand, and what waits for an hour of its own.
SENT_SOON = (
    "SELECT id FROM outbox WHERE state = 'queued' AND due_at <= now() OR state = 'sending' AND claimed_at > %s"
)
MAILED_SECONDS = 120  # a nudge that Redis lost is made good by the next minute


@pytest.fixture
def world(
    sandbox: SandboxClient, sandbox_server: SandboxServer, mailbox: MailboxServer, s3: str, tmp_path: Path
) -> Iterator[World]:
    find_program("faketime")
    sandbox.control("config", retry_delays=[0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0])
    made = World(tmp_path, sandbox, mailbox)
    try:
        made.start(s3)
        yield made
    finally:
        made.end()


def restart_each_host(world: World) -> None:
    for host in HOSTS:
        programs = (world.web[host], world.workers[host])
        for program in programs:
            program.ask_to_end()
        assert [program.wait() for program in programs] == [0, 0]
        world.start_host(host)
        world.wait_until_ready(host)


def kill_a_host(world: World) -> None:
    world.web["one"].kill()
    world.workers["one"].kill()
    world.killed_at = world.ask("SELECT now()")[0][0]


def bring_it_back_five_minutes_late(world: World) -> None:
    world.start_host("one", find_program("faketime"), "-f", "-300s")
    world.wait_until_ready("one")


def stall_and_cut_the_network(world: World) -> None:
    world.wire.stall()
    time.sleep(STALLED_SECONDS)
    world.wire.flow()
    world.wire.cut()


def lose_redis(world: World) -> None:
    world.redis.kill()


def bring_redis_back_empty(world: World) -> None:
    world.start_redis()


def restart_postgresql(world: World) -> None:
    world.postgresql.primary.stop()
    world.postgresql.primary.start()


def fail_over(world: World) -> None:
    world.postgresql.primary.stop("immediate")
    world.postgresql.replica.promote()


def leave_it_alone(_world: World) -> None:
    """After all that it goes on selling."""


EVENTS: tuple[Callable[[World], None], ...] = (
    restart_each_host, kill_a_host, bring_it_back_five_minutes_late, stall_and_cut_the_network, restart_postgresql,
    lose_redis, bring_redis_back_empty, fail_over, leave_it_alone,
)  # fmt: skip


def sell_while(world: World, name: str, happen: Callable[[World], None]) -> dict[str, str]:
    """Return the Sessions that were paid meanwhile, with the address of each."""
    begun = time.monotonic()
    sales = Sales(world, name)
    assert sales.is_paid.wait(PATIENCE_SECONDS)
    happen(world)
    paid = sales.finish()
    log.info("%s: %.1f s, %s sales, %s", happen.__name__, time.monotonic() - begun, len(paid), sales.failures())
    return paid


def let_five_minutes_pass(world: World) -> set[str]:
    """Return whose emails the killed worker had in hand: they may have left already.

    Of the others only those wait that a host whose clock is late could not let go.
    """
    rows = world.ask(
        "UPDATE outbox SET due_at = due_at - interval '5 minutes', claimed_at = claimed_at - interval '5 minutes'"
        " WHERE state IN ('queued', 'sending') RETURNING state, recipient"
    )
    log.info("waiting: %s", Counter(state for state, _recipient in rows))
    return {recipient for state, recipient in rows if state == "sending"}


def has_sent_all(world: World) -> bool:
    return not world.ask("SELECT id FROM outbox WHERE state <> 'sent'")


def demand_one_grant_of_each_kind(world: World, paid: dict[str, str]) -> None:
    rows = world.ask(
        "SELECT o.checkout_session_id, g.kind, count(*) FROM grants g JOIN order_items i ON i.id = g.order_item_id"
        " JOIN orders o ON o.id = i.order_id GROUP BY 1, 2"
    )
    assert {row[0] for row in rows} == set(paid)
    assert {count for _session, _kind, count in rows} == {1}


def demand_one_email_each(world: World, paid: dict[str, str], in_dead_hands: set[str]) -> None:
    """What the killed worker had in hand may have come twice, as one email of one Message-ID."""
    came = [(address, mail.message_id) for mail in world.mailbox.find() for address in mail.to]
    assert Counter(address for address, _message_id in set(came)) == Counter(paid.values())
    assert {address for (address, _message_id), count in Counter(came).items() if count > 1} <= in_dead_hands


def test_makes_each_sale_once_whatever_stops(world: World) -> None:
    paid: dict[str, str] = {}
    for name, happen in zip("abcdefghi", EVENTS, strict=True):
        paid |= sell_while(world, name, happen)
    wait_for(lambda: not world.ask(SENT_SOON, world.killed_at), seconds=MAILED_SECONDS)
    in_dead_hands = let_five_minutes_pass(world)
    assert len(in_dead_hands) <= WORKERS
    assert Queue(world.environment["QUEUE_URL"]).nudge("outbox")
    wait_for(lambda: has_sent_all(world), seconds=MAILED_SECONDS)
    demand_one_grant_of_each_kind(world, paid)
    demand_one_email_each(world, paid, in_dead_hands)
