"""A real nginx sends what the shop allows: whole, in parts, and nothing after a refund."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from flask import Flask

from storefront.config import load_settings
from tests.downloads.sent import get, short_address
from tests.messages.sold import sell
from tests.races.served import served
from tests.sandbox_client import SandboxClient
from tests.shop import wait_for

pytestmark = pytest.mark.slow

CONFIG = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass {shop};
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Forwarded-Host $http_host;
        }}
        location /protected/ {{
            internal;
            alias {files}/;
        }}
    }}
}}
"""


def find_nginx() -> str:
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if found is None:
        assert not os.environ.get("CI"), "nginx is missing"
        pytest.skip("nginx is not installed (Debian: apt install nginx-light)")
    return found


@contextmanager
def nginx(folder: Path, *, shop: str, files: Path) -> Iterator[str]:
    program = find_nginx()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder.mkdir()
    config = folder / "nginx.conf"
    config.write_text(CONFIG.format(folder=folder, port=port, shop=shop, files=files))
    process = subprocess.Popen([program, "-c", str(config), "-e", str(folder / "error.log"), "-p", str(folder)])
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        assert process.poll() is None, (folder / "error.log").read_text()
        try:
            return get(f"{url}/healthz").status_code == 200
        except requests.ConnectionError:
            return False

    try:
        wait_for(answers, seconds=20)
        yield url
    finally:
        process.terminate()
        process.wait(20)


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
