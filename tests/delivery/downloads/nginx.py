"""A real nginx in front of a shop, with the lines of deploy/nginx/storefront.conf.

Around them stands a log as in Debian's nginx.conf, which has whole addresses: it has to stay empty.
"""

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from storefront.core.config.settings import ROOT
from tests.delivery.downloads.sent import get
from tests.support.ports import find_free_port
from tests.support.shop import START_SECONDS, wait_for

CONFIG = ROOT / "deploy" / "nginx" / "storefront.conf"
AROUND = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
    access_log {folder}/access.log;
    {log}
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {server}
}}
"""


def documented(*, folder: Path, port: int, shop: str, files: Path, more: str, secure: Path | None) -> str:
    """The shop's own server block, with this test's addresses in place of its own."""
    tls = f"ssl_certificate {secure}; ssl_certificate_key {secure};" if secure else ""
    server = next(block for block in documented_blocks() if block.startswith("server {") and "ssl" in block)
    for theirs, ours in (
        ("listen 443 ssl;", f"listen 127.0.0.1:{port}{' ssl' if secure else ''};"),
        ("listen [::]:443 ssl;", f"listen [::1]:{port}{' ssl' if secure else ''};" if has_ipv6() else ""),
        ("/var/log/nginx/shop.log", f"{folder}/shop.log"),
        ("# ssl_certificate …;", tls),
        ("http://127.0.0.1:8000", shop),
        ("/srv/storefront/files/", f"{files}/"),
        ("    location / {", f"    {more}\n    location / {{"),
    ):
        assert theirs in server, theirs
        server = server.replace(theirs, ours)
    return server


def documented_blocks() -> list[str]:
    """What stands between two empty lines and begins at the left margin, comments first."""
    return re.split(r"\n\n(?=\S)", CONFIG.read_text())


def documented_log() -> str:
    """The lines that keep tokens and keys out of its log."""
    return next(block for block in documented_blocks() if "map " in block)


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def find_nginx() -> str:
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        assert not os.environ.get("CI"), "nginx is missing"
        pytest.skip("nginx is not installed (Debian: apt install nginx-light)")
    return program


@contextmanager
def nginx(
    folder: Path, *, shop: str, files: Path, more: str = "", secure: Path | None = None, port: int = 0
) -> Iterator[str]:
    """In front of a shop; with TLS where `secure` holds key and certificate; `more` is more configuration.

    Its address; ended by its process.
    """
    port = port or find_free_port()
    server = documented(folder=folder, port=port, shop=shop, files=files, more=more, secure=secure)
    url = f"{'https' if secure else 'http'}://127.0.0.1:{port}"
    with _running(folder, server, seen_at=f"{url}/healthz"):
        yield url


@contextmanager
def plain_nginx(folder: Path, *, webroot: Path) -> Iterator[str]:
    """The block of port 80 alone."""
    port = find_free_port()
    server = next(block for block in documented_blocks() if "listen 80;" in block)
    for theirs, ours in (
        ("listen 80;", f"listen 127.0.0.1:{port};"),
        ("listen [::]:80;", f"listen [::1]:{port};" if has_ipv6() else ""),
        ("/var/www/html", f"{webroot}"),
    ):
        assert theirs in server, theirs
        server = server.replace(theirs, ours)
    (webroot / ".well-known" / "acme-challenge").mkdir(parents=True)
    (webroot / ".well-known" / "acme-challenge" / "here").write_text("proof")
    url = f"http://127.0.0.1:{port}"
    with _running(folder, server, seen_at=f"{url}/.well-known/acme-challenge/here"):
        yield url


@contextmanager
def _running(folder: Path, server: str, *, seen_at: str) -> Iterator[None]:
    program = find_nginx()
    folder.mkdir()
    config = folder / "nginx.conf"
    config.write_text(AROUND.format(folder=folder, log=documented_log(), server=server))
    process = subprocess.Popen([program, "-c", str(config), "-e", str(folder / "error.log"), "-p", str(folder)])

    def answers() -> bool:
        assert process.poll() is None, (folder / "error.log").read_text()
        try:
            return get(seen_at, verify=False).status_code == 200
        except requests.ConnectionError:
            return False

    try:
        wait_for(answers, seconds=START_SECONDS)
        yield
    finally:
        process.terminate()
        process.wait(20)
    kept = (folder / "access.log").read_text()
    assert kept == "", kept
