"""A real nginx sends what the shop allows: whole, in parts, and nothing after a refund."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from flask import Flask

from storefront.config import load_settings
from tests.downloads.nginx import nginx
from tests.downloads.sent import get, short_address
from tests.messages.sold import sell
from tests.races.served import served
from tests.sandbox_client import SandboxClient

pytestmark = pytest.mark.slow


def test_nginx_sends_what_the_shop_allows(
    app: Flask, sandbox: SandboxClient, free_port: int, environment: dict[str, str], tmp_path: Path
) -> None:
    sale = sell(app, sandbox, ("the-patient-toolmaker", "E-book"))
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
        part = get(address, headers={"Range": "bytes=5-14"})
        assert (part.status_code, part.content) == (206, content[5:15])
        path = next(files.rglob("*.epub")).relative_to(files)
        assert get(f"{url}/protected/{path}").status_code == 404
        sale.refund()
        sale.deliver("charge.refunded", "refund.")
        assert get(address).status_code == 403


def test_curl_goes_on_where_it_was_interrupted(
    app: Flask, sandbox: SandboxClient, free_port: int, environment: dict[str, str], tmp_path: Path
) -> None:
    curl = shutil.which("curl")
    if curl is None:
        assert not os.environ.get("CI"), "curl is missing"
        pytest.skip("curl is not installed")
    sale = sell(app, sandbox, ("the-patient-toolmaker", "E-book"))
    content = next(load_settings(environment).files_path.rglob("*.epub")).read_bytes()
    target = tmp_path / "book.epub"
    target.write_bytes(content[:1000])
    with served(environment, workers=1) as shop:
        address = short_address(shop, sale)
        subprocess.run(
            [curl, "-sS", "--noproxy", "*", "-C", "-", "-o", str(target), address], check=True, timeout=60
        )
    assert target.read_bytes() == content
