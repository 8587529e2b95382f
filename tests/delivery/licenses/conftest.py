"""A terminal of the shop under test, and both verifiers that it publishes."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask

from storefront.cli.root import main
from tests.delivery.licenses.offline import Verify, make_verifier, program

NODE = shutil.which("node")


@pytest.fixture
def run(environment: dict[str, str], app: Flask) -> Any:
    def call(*words: str, stdin: bytes = b"") -> Any:
        env = environment | {"STOREFRONT_ENV_FILE": ""}
        return CliRunner().invoke(main, list(words), env=env, input=stdin)

    return call


@pytest.fixture(params=["python", "node"])
def verify(request: pytest.FixtureRequest, tmp_path: Path) -> Verify:
    if request.param == "node" and NODE is None:
        assert not os.environ.get("CI"), "Node.js is missing"
        pytest.skip("Node.js is not installed: it runs the JavaScript verifier")
    return make_verifier(program(request.param, NODE), tmp_path)
