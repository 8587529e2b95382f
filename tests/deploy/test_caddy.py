"""A real Caddy in front of a shop, with the configuration of deploy/caddy."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from flask import Flask

from storefront.core.places import ROOT
from storefront.web.bodies import MOST_BYTES
from tests.races.served import served
from tests.support.ports import find_free_port
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import PATIENCE_SECONDS, START_SECONDS, wait_for

pytestmark = pytest.mark.slow
CONFIG = ROOT / "deploy" / "caddy" / "Caddyfile"
CADDY = Path(sys.executable).with_name("caddy")


def is_up(address: str) -> bool:
    """Tell whether it answers at all: behind it there may be no shop."""
    try:
        return requests.get(address, timeout=PATIENCE_SECONDS).status_code > 0
    except (requests.ConnectionError, requests.Timeout):
        return False


@contextmanager
def caddy(folder: Path, *, address: str, shop: str) -> Iterator[None]:
    """In front of `shop`, at `address` without TLS; it keeps to `folder`."""
    folder.mkdir()
    config = folder / "Caddyfile"
    config.write_text(CONFIG.read_text().replace("{\n", "{\n\tadmin off\n\tpersist_config off\n", 1))
    environment = {
        "HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder),
        "SHOP_HOST": address, "SHOP_UPSTREAM": shop.removeprefix("http://"),
    }  # fmt: skip
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [str(CADDY), "run", "--config", str(config), "--adapter", "caddyfile"], env=environment, stderr=log
        )
    try:
        wait_for(lambda: process.poll() is not None or is_up(address), seconds=START_SECONDS)
        assert process.poll() is None, (folder / "log").read_text()
        yield
    finally:
        process.terminate()
        process.wait(20)


def test_lets_through_what_a_shop_needs_and_refuses_what_is_too_large(
    app: Flask, sandbox: SandboxClient, free_port: int, environment: dict[str, str], tmp_path: Path
) -> None:
    sale = sell(app, sandbox)
    address = environment["BASE_URL"]
    changed = environment | {"TRUSTED_PROXIES": "1", "METRICS_TOKEN": "a-token-for-tests"}
    with (
        served(changed, workers=1, port=find_free_port()) as shop,
        caddy(tmp_path / "caddy", address=address, shop=shop),
        requests.Session() as session,
    ):
        session.trust_env = False
        page = session.get(address + sale.link)
        assert page.status_code == 200
        assert sale.keys[0] in page.text
        assert session.post(f"{address}/webhook", data=b"{" + b" " * (256 * 1024 - 1)).status_code == 400
        assert session.post(f"{address}/cart/add", data=b" " * MOST_BYTES).status_code == 400
        # The shop refuses it by its length and closes: Caddy, which still sends, may notice that first (502), or
        # in the middle of the answer, whose words nobody reads here.
        assert session.post(f"{address}/webhook", data=b" " * 300_000, stream=True).status_code in (413, 502)
        assert session.post(f"{address}/cart", data=b" " * 100_000).status_code == 413
        token = {"Authorization": "Bearer a-token-for-tests"}
        assert session.get(f"{shop}/metrics", headers=token).status_code == 200
        assert session.get(f"{address}/metrics", headers=token).status_code == 404
        log = (tmp_path / "caddy" / "log").read_text()
    assert sale.link.rsplit("/", 1)[1] not in log


def test_names_no_address_where_the_shop_does_not_answer(free_port: int, tmp_path: Path) -> None:
    address = f"http://127.0.0.1:{free_port}"
    nobody = f"http://127.0.0.1:{find_free_port()}"
    with caddy(tmp_path / "caddy", address=address, shop=nobody), requests.Session() as session:
        session.trust_env = False
        page = session.get(f"{address}/orders/a-token", headers={"Referer": f"{address}/orders/another-token"})
        assert page.status_code == 502
        log = (tmp_path / "caddy" / "log").read_text()
    assert "connection refused" in log
    assert "token" not in log
