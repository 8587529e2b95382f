"""What programs of a shop leave out, by what they begin with and what they load: nothing here is measured."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.databases import base_environment

SERVE = """
import os, sys
from storefront.cli import main
os.execv = lambda _program, _words: sys.exit(os.environ["MALLOC_ARENA_MAX"])
main(["serve"])
"""


@pytest.mark.parametrize(("own", "begun_with"), [({}, "1"), ({"MALLOC_ARENA_MAX": "4"}, "4")])
def test_starts_the_web_server_with_one_heap_for_all_threads(
    tmp_path: Path, own: dict[str, str], begun_with: str
) -> None:
    environ = base_environment(tmp_path) | {"STOREFRONT_ENV_FILE": ""} | own
    script = [sys.executable, "-c", SERVE]
    done = subprocess.run(script, capture_output=True, text=True, timeout=60, check=False, env=environ)
    assert done.stderr.strip() == begun_with
