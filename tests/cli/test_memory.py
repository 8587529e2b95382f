"""What programs of a shop leave out, by what they begin with and what they load: nothing here is measured."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.databases import Databases, base_environment

SERVE = """
import os, sys
from storefront.cli import main
os.execv = lambda _program, _words: sys.exit(os.environ["MALLOC_ARENA_MAX"])
main(["serve"])
"""
SERVED = """
import json, sys
from wsgi import app
templates = {name for _loader, name in app.jinja_env.cache.keys()}
buyer = app.test_client()
statuses = [buyer.get(path).status_code for path in ("/", "/products/twinspot", "/cart")]
more = {name for _loader, name in app.jinja_env.cache.keys()} - templates
from storefront.core.queue import nudge
with app.app_context():
    nudged = nudge("outbox")
seen = {"statuses": statuses, "nudged": nudged, "compiled": sorted(more), "loaded": sorted(sys.modules)}
print(json.dumps(seen))
"""
COMMAND = """
import json, sys
from storefront.cli import main
main(json.loads(sys.argv[1]), standalone_mode=False)
print()
print(json.dumps({"loaded": sorted(sys.modules)}))
"""
GARBAGE = """
import json, sys
from storefront.cli import main

class Told:
    def __init__(self):
        self.itself = self

    def __del__(self):
        print("looked for")

main(["--version"], standalone_mode=False)
print(json.dumps("ended"))
Told()
"""
STARTED = """
import gc, json
import storefront
looks = []
gc.callbacks.append(lambda phase, found: looks.append(found["generation"]) if phase == "start" else None)
import wsgi
print(json.dumps(looks))
"""
# What a shop on SQLite with a folder of files has no use for, or seldom: it comes with the request that needs it.
SELDOM = {
    "PIL", "css_inline", "fpdf", "obstore", "prometheus_client", "pyrage", "webauthn", "xlsxwriter", "yaml",
}  # fmt: skip
OF_OTHERS = {"psycopg", "redis", "sqlalchemy.dialects.postgresql"}
OF_REQUESTS = {"chardet", "charset_normalizer"}  # a server leaves them out, and no command waits for that


@pytest.fixture
def environ(tmp_path: Path, all_databases: Databases) -> dict[str, str]:
    all_databases.make("sqlite", tmp_path)
    return base_environment(tmp_path) | {"STOREFRONT_ENV_FILE": ""}


def last_line(environ: dict[str, str], *words: str) -> Any:
    script = [sys.executable, "-c", *words]
    done = subprocess.run(script, capture_output=True, text=True, timeout=60, check=True, env=environ)
    return json.loads(done.stdout.splitlines()[-1])


def test_serves_without_what_few_requests_need(environ: dict[str, str]) -> None:
    served = last_line(environ, SERVED)
    assert served["statuses"] == [200, 200, 200]
    assert served["nudged"] is True
    assert set(served["loaded"]) & (SELDOM | OF_OTHERS | OF_REQUESTS) == set()
    assert {"stripe", "huey"} <= set(served["loaded"])


def test_has_its_first_pages_compiled_before_many_ask_at_once(environ: dict[str, str]) -> None:
    assert last_line(environ, SERVED)["compiled"] == []


@pytest.mark.parametrize("words", [["orders", "list"], ["status"]])
def test_runs_a_command_without_what_few_need(environ: dict[str, str], words: list[str]) -> None:
    ran = last_line(environ, COMMAND, json.dumps(words))
    assert set(ran["loaded"]) & (SELDOM | OF_OTHERS) == set()


def test_ends_a_command_without_looking_for_garbage(environ: dict[str, str]) -> None:
    assert last_line(environ, GARBAGE) == "ended"


def test_starts_a_server_without_looking_for_garbage(environ: dict[str, str]) -> None:
    """When it fails, a start makes more objects than AT_START of core/garbage.py."""
    assert last_line(environ, STARTED) == []


@pytest.mark.parametrize(("own", "begun_with"), [({}, "1"), ({"MALLOC_ARENA_MAX": "4"}, "4")])
def test_starts_the_web_server_with_one_heap_for_all_threads(
    tmp_path: Path, own: dict[str, str], begun_with: str
) -> None:
    environ = base_environment(tmp_path) | {"STOREFRONT_ENV_FILE": ""} | own
    script = [sys.executable, "-c", SERVE]
    done = subprocess.run(
        script, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False, env=environ
    )
    assert done.stderr.strip() == begun_with
