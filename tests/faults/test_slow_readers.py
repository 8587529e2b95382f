"""Forty readers that take their time: pages answer, and the forty-first is asked to wait."""

from contextlib import ExitStack, closing

import pytest
from flask import Flask

from storefront.delivery.downloads.concurrent_downloads import SLOTS_PER_GRANT
from tests.delivery.downloads.sent import SlowReader, get, make_sparse, short_address
from tests.races.served import served
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import wait_for

pytestmark = pytest.mark.slow
GIB = 1024**3
BOOK = ("the-patient-toolmaker", "E-book")


def is_served(address: str, **headers: str) -> bool:
    with closing(SlowReader(address, **headers)) as reader:
        return reader.status == 200


def test_keeps_nobody_waiting_for_forty_slow_readers(
    app: Flask, sandbox: SandboxClient, free_port: int, environment: dict[str, str]
) -> None:
    sales = [sell(app, sandbox, BOOK, email=f"buyer{number}@example.com") for number in range(6)]
    make_sparse(app, 5 * GIB)
    with served(environment | {"DOWNLOAD_THREADS": "40"}, workers=1) as url, ExitStack() as held:
        *addresses, last = [short_address(url, sale) for sale in sales]
        readers = [
            held.enter_context(closing(SlowReader(address)))
            for address in addresses
            for _ in range(SLOTS_PER_GRANT)
        ]
        assert {reader.status for reader in readers} == {200}
        assert len(readers) == 40
        assert [get(f"{url}/").status_code for _ in range(10)] == [200] * 10
        assert get(f"{url}/products/twinspot").status_code == 200
        busy = get(last)
        assert (busy.status_code, busy.headers["Retry-After"]) == (503, "10")
        readers[0].close()
        wait_for(lambda: is_served(last))


def test_holds_nothing_for_slow_readers_with_a_failing_condition(
    app: Flask, sandbox: SandboxClient, free_port: int, environment: dict[str, str]
) -> None:
    sale = sell(app, sandbox, BOOK)
    make_sparse(app, 5 * GIB)
    with (
        served(environment | {"DOWNLOAD_THREADS": "4", "WEB_THREADS": "2"}, workers=1) as url,
        ExitStack() as held,
    ):
        address = short_address(url, sale)
        readers = [held.enter_context(closing(SlowReader(address, If_Match='"another"'))) for _ in range(12)]
        assert {reader.status for reader in readers} == {412}
        assert get(f"{url}/").status_code == 200
        assert is_served(address)


def test_lets_one_buyer_hold_some_slots_and_not_all(
    app: Flask, sandbox: SandboxClient, free_port: int, environment: dict[str, str]
) -> None:
    greedy, other = (sell(app, sandbox, BOOK, email=f"{name}@example.com") for name in ("greedy", "other"))
    make_sparse(app, 5 * GIB)
    with served(environment | {"DOWNLOAD_THREADS": "10"}, workers=1) as url, ExitStack() as held:
        address = short_address(url, greedy)
        readers = [held.enter_context(closing(SlowReader(address))) for _ in range(SLOTS_PER_GRANT + 1)]
        assert [reader.status for reader in readers] == [200] * SLOTS_PER_GRANT + [503]
        assert is_served(short_address(url, other))
        readers[0].close()
        wait_for(lambda: is_served(address))
