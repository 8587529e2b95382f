"""What monitors and owners ask again and again, one question at a time: it must not grow with the shop.

A command's time is mostly that of its start, so the owner's pages are asked, too.
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import click
import requests

from storefront.core.db import db
from storefront.owner.health.totals import keep_totals
from tests.benchmarks.world import World
from tests.support.people import link_for, make_person

TIMES = 9
TOKEN = "a-token-for-measurements"
PAGES = ("/admin", "/admin/orders", "/admin/orders?state=refunded", "/admin/buyers")
COMMANDS = (("status", "--json"), ("orders", "list", "--state", "refunded"), ("mail", "list", "--state", "failed"))


def monitors(world: World) -> None:
    """Ask before a worker has counted everything, and after."""
    with world.shop(METRICS_TOKEN=TOKEN) as shop:
        click.echo("\n| asked | ms |\n|---|---|")
        _print("/readyz", lambda: _get(f"{shop.url}/readyz"))
        _print("/metrics, nobody has counted", lambda: _get(f"{shop.url}/metrics"), times=3)
        _print("a worker's count", lambda: _count(world), times=1)
        _print("/metrics, counted", lambda: _get(f"{shop.url}/metrics"))
        with _signed_in(world, shop.url) as owner:
            for page in PAGES:
                _print(page, partial(_look, owner, shop.url + page))
        for command in COMMANDS:
            _print(f"storefront {' '.join(command)}", partial(_run, world, *command), times=3)


def _print(what: str, ask: Callable[[], object], *, times: int = TIMES) -> None:
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        ask()
        taken.append((time.perf_counter() - begun) * 1000)
    click.echo(f"| {what} | {statistics.median(taken):,.0f} |")


def _get(url: str) -> None:
    answer = requests.get(url, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=60)
    answer.raise_for_status()


@contextmanager
def _signed_in(world: World, url: str) -> Iterator[requests.Session]:
    with requests.Session() as owner:
        owner.trust_env = False
        link = url + link_for(world.app, make_person(world.app))
        form = owner.get(link, timeout=60).text
        sent = {"csrf_token": form.partition('name="csrf_token" value="')[2].partition('"')[0]}
        owner.post(link, data=sent, timeout=60).raise_for_status()
        yield owner


def _look(owner: requests.Session, address: str) -> None:
    owner.get(address, timeout=60).raise_for_status()


def _count(world: World) -> None:
    with world.app.app_context():
        keep_totals()
        db.session.remove()


def _run(world: World, *arguments: str) -> None:
    environment = dict(os.environ) | world.environment
    subprocess.run(
        [sys.executable, "-m", "storefront", *arguments], check=True, env=environment, stdout=subprocess.DEVNULL
    )
