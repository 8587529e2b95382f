"""A real nginx in front of a shop, as docs/nginx.md describes it."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.downloads.sent import get
from tests.shop import wait_for

CONFIG = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
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
        {more}
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
def nginx(folder: Path, *, shop: str, files: Path, more: str = "") -> Iterator[str]:
    """In front of a shop; `more` is a part of its configuration. Its address; ended by its process."""
    program = find_nginx()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder.mkdir()
    config = folder / "nginx.conf"
    config.write_text(CONFIG.format(folder=folder, port=port, shop=shop, files=files, more=more))
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
