"""A real nginx sends what the shop allows: whole, in parts, and nothing after a refund."""

import re
from pathlib import Path
from urllib.parse import urljoin

import pytest
import requests
import trustme
from flask import Flask

from storefront.core.config.settings import load_settings
from storefront.core.db import db
from storefront.core.disposition import disposition
from storefront.delivery.downloads.models import Download
from tests.delivery.downloads.nginx import nginx
from tests.delivery.downloads.sent import get, head, short_address
from tests.races.served import served
from tests.support.ports import find_free_port
from tests.support.releases import add_release_file
from tests.support.rows import count_rows
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")]
BOOK = ("the-patient-toolmaker", "E-book")
NAMES = [
    "Größe ☕ & more 100%25 #1+2;'=.epub",
    "日本 語.epub",
    "資料\u3000最新.epub",
    "نمونه\u200cها.epub",  # noqa: RUF001 - Persian
    "👩\u200d💻 tools.epub",
    "a%2fb%2e%2e.epub",
    "x&y=z,(1).epub",
]


def test_lets_nginx_send_what_the_shop_allows(
    app: Flask, sandbox: SandboxClient, free_port: int, environment: dict[str, str], tmp_path: Path
) -> None:
    sale = sell(app, sandbox, BOOK)
    files = load_settings(environment).files_path
    content = next(files.rglob("*.epub")).read_bytes()
    changed = environment | {"ACCEL_PREFIX": "/protected/", "TRUSTED_PROXIES": "1"}
    with served(changed, workers=1) as shop, nginx(tmp_path / "nginx", shop=shop, files=files) as url:
        address = short_address(url, sale)
        whole = get(address)
        assert whole.content == content
        assert whole.headers["Content-Type"] == "application/epub+zip"
        assert whole.headers["Content-Disposition"].startswith("attachment; filename=")
        assert "X-Accel-Redirect" not in whole.headers
        assert whole.headers["X-Content-Type-Options"] == "nosniff"
        assert whole.headers["X-Robots-Tag"] == "noindex"
        assert whole.headers["Cache-Control"] == "private, no-store"
        part = get(address, headers={"Range": "bytes=5-14"})
        assert (part.status_code, part.content) == (206, content[5:15])
        path = next(files.rglob("*.epub")).relative_to(files)
        assert get(f"{url}/protected/{path}").status_code == 404
        sale.refund()
        sale.deliver("charge.refunded", "refund.")
        assert get(address).status_code == 403
        assert get(f"{url}/v1/licenses/validate?license_key=SECRET-KEY").status_code == 405
    log = (tmp_path / "nginx" / "shop.log").read_text()
    assert "GET /downloads/... 206 10" in log
    assert "GET /v1/licenses/validate 405" in log
    assert not [secret for secret in ("SECRET-KEY", address.split("/")[5], "?") if secret in log]


def test_leaves_uncounted_what_nginx_knows_by_its_own_version_of_a_file(
    app: Flask, sandbox: SandboxClient, free_port: int, environment: dict[str, str], tmp_path: Path
) -> None:
    sale = sell(app, sandbox, BOOK)
    files = load_settings(environment).files_path
    changed = environment | {"ACCEL_PREFIX": "/protected/", "TRUSTED_PROXIES": "1"}
    with served(changed, workers=1) as shop, nginx(tmp_path / "nginx", shop=shop, files=files) as url:
        address = short_address(url, sale)
        assert head(address).status_code == 200
        tag, at = head(address).headers["ETag"], head(address).headers["Last-Modified"]
        assert get(address, headers={"If-None-Match": tag}).status_code == 304
        assert get(address, headers={"If-Modified-Since": at}).status_code == 304
        assert get(address, headers={"If-Match": '"another"'}).status_code == 412
        assert get(address, headers={"Range": "bytes=99999999-"}).status_code == 416
        assert count_rows(app, Download)["downloads"] == 0
        assert get(address, headers={"If-Match": tag, "Range": "bytes=5-"}).status_code == 206
        assert count_rows(app, Download)["downloads"] == 1


@pytest.mark.usefixtures("free_port")
@pytest.mark.parametrize("prefix", ["/protected/", ""], ids=["nginx", "shop"])
def test_sends_names_of_every_script(
    app: Flask, sandbox: SandboxClient, environment: dict[str, str], tmp_path: Path, prefix: str
) -> None:
    with app.app_context():
        for number, name in enumerate(NAMES):
            (tmp_path / name).write_bytes(f"content {number}".encode())
            add_release_file(slug=BOOK[0], version=f"5% ü {number}", source=tmp_path / name)
        db.session.remove()
    sale = sell(app, sandbox, BOOK)
    links = [re.sub(r"https?://[^/]+", "", url) for url in sale.downloads]
    files = load_settings(environment).files_path
    changed = environment | {"ACCEL_PREFIX": prefix, "TRUSTED_PROXIES": "1"}
    with served(changed, workers=1) as shop, nginx(tmp_path / "nginx", shop=shop, files=files) as url:
        arrived = [get(f"{url}{link}") for link in links]
    assert {answer.status_code for answer in arrived} == {200}
    names = {
        answer.content.decode(): answer.headers["Content-Disposition"]
        for answer in arrived
        if len(answer.content) < 20
    }
    assert names == {f"content {number}": disposition(name) for number, name in enumerate(NAMES)}


@pytest.mark.usefixtures("app")
def test_takes_forms_through_the_documented_block_on_another_port_than_443(
    environment: dict[str, str], free_port: int, tmp_path: Path
) -> None:
    """Over TLS, as it stands there: a form whose Referer has a port that its Host lacks is refused as too old."""
    secure = tmp_path / "127.0.0.1.pem"
    trustme.CA().issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(secure))
    public = find_free_port()
    changed = environment | {"BASE_URL": f"https://127.0.0.1:{public}", "TRUSTED_PROXIES": "1"}
    files = load_settings(environment).files_path
    with (
        served(changed, workers=1, port=free_port) as shop,
        nginx(tmp_path / "nginx", shop=shop, files=files, secure=secure, port=public) as url,
        requests.Session() as browser,
    ):
        browser.trust_env, browser.verify = False, False
        page = browser.get(f"{url}/products/twinspot", timeout=60)
        form = {name: _value_on(page.text, name) for name in ("price_id",)}
        headers = {"Referer": page.url, "Origin": url}
        answer = browser.post(f"{url}/cart/add", data=form, headers=headers, timeout=60, allow_redirects=False)
        assert answer.status_code == 303, answer.text
        leads_to = urljoin(page.url, answer.headers["Location"])
        assert leads_to.startswith(f"{url}/cart")
        assert "Twinspot" in browser.get(leads_to, timeout=60).text


def _value_on(page: str, name: str) -> str:
    field = re.search(rf'name="{name}"[^>]*value="([^"]+)"', page)
    assert field, name
    return field[1]
