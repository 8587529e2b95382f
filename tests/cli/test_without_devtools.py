"""A shop in production works without `storefront/devtools`, and says so where a command needs it."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from storefront.core.config.settings import ROOT

PREPARED = """
import json, sys
from importlib import import_module

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.startswith("storefront.devtools"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
"""
IMPORT_ALL = """
for name in json.loads(sys.argv[1]):
    import_module(name)
print(json.dumps(sorted(sys.modules)))
"""
RUN_EACH = """
from click.testing import CliRunner
from storefront.cli import main
answers = [CliRunner().invoke(main, words) for words in json.loads(sys.argv[1])]
print(json.dumps([(answer.exit_code, answer.output) for answer in answers]))
"""


def run_without_devtools(script: str, value: object, environ: dict[str, str] | None = None) -> Any:
    done = subprocess.run(
        [sys.executable, "-c", PREPARED + script, json.dumps(value)],
        env=(environ or {}) | {"PATH": os.environ["PATH"], "STOREFRONT_ENV_FILE": ""},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def modules_of_the_shop() -> list[str]:
    """All but what Alembic loads by its path, and what a server loads with its settings."""
    paths = (path.relative_to(ROOT) for path in (ROOT / "storefront").rglob("*.py"))
    names = (".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in paths)
    left_out = (
        "storefront.devtools",
        "storefront.migrations.versions",
        "storefront.migrations.env",
        "storefront.wsgi",
    )
    return sorted(name for name in names if not name.startswith(left_out))


def test_imports_every_module_of_the_shop() -> None:
    names = modules_of_the_shop()
    loaded = run_without_devtools(IMPORT_ALL, names)
    assert set(names) <= set(loaded)
    assert [name for name in loaded if name.startswith("storefront.devtools")] == []


@pytest.mark.usefixtures("app")
def test_says_in_a_sentence_which_commands_need_it(environment: dict[str, str]) -> None:
    words = [["run"], ["seed"], ["sandbox"], ["mailbox"], ["--local", "status"]]
    sentence = (
        "Error: This installation has no development tools: "
        "install Storefront with its folder `storefront/devtools`.\n"
    )
    assert run_without_devtools(RUN_EACH, words, environment) == [[1, sentence]] * len(words)
