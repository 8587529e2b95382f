"""The shop as it is served for real: a process of its own with several workers and threads."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import requests

from storefront.core.config.settings import ROOT
from tests.support.shop import PATIENCE_SECONDS, START_SECONDS, wait_for


def answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/readyz", timeout=PATIENCE_SECONDS).status_code == 200
    except (requests.ConnectionError, requests.Timeout):
        return False


@contextmanager
def served(environment: dict[str, str], *, workers: int = 2, port: int | None = None) -> Iterator[str]:
    """Its address; `port` where a proxy has the one of BASE_URL. The server is ended by its process id."""
    url = f"http://127.0.0.1:{port}" if port else environment["BASE_URL"]
    command = [
        sys.executable,
        "-m",
        "storefront",
        "serve",
        "--port",
        url.rsplit(":", 1)[1],
        "--workers",
        str(workers),
    ]
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("STRIPE_", "MAIL_"))}
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=clean | environment | {"STOREFRONT_ENV_FILE": "", "NO_PROXY": "127.0.0.1,localhost"},
        stdin=subprocess.DEVNULL,  # by a terminal it would stay above the server
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(lambda: process.poll() is not None or answers(url), seconds=START_SECONDS)
        assert process.poll() is None, "the server ended at its start"
        yield url
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)
