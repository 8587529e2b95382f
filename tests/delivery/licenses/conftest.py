"""Both verifiers that the shop publishes."""

import os
import shutil
from pathlib import Path

import pytest

from tests.delivery.licenses.offline import Verify, make_verifier, program

NODE = shutil.which("node")


@pytest.fixture
def node() -> str:
    if NODE is None:
        assert not os.environ.get("CI"), "Node.js is missing"
        pytest.skip("Node.js is not installed: it runs the JavaScript verifier")
    return NODE


@pytest.fixture(params=["python", "node"])
def verify(request: pytest.FixtureRequest, tmp_path: Path) -> Verify:
    if request.param == "node":
        request.getfixturevalue("node")
    return make_verifier(program(request.param, NODE), tmp_path)
