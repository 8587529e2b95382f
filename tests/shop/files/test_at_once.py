"""Two folders at the same moment, and a program that is killed in the middle: nothing is half there."""

import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from storefront.shop.files.apply import apply_folder
from tests.shop.editor.acts import at_once
from tests.shop.files.folders import apply, empty_catalog, export, full_folder, plan, snapshot
from tests.support.databases import BOTH
from tests.support.rows import read_rows

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
KILLED = """
import os, signal, sys
from pathlib import Path
from storefront.app import create_app
from storefront.core.config.settings import load_settings
from storefront.shop.files.apply import apply_folder

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

with create_app(load_settings(dict(os.environ))).app_context():
    apply_folder(Path(sys.argv[1]), after_product=die)
"""


@both
def test_makes_everything_once(app: Flask, tmp_path: Path) -> None:
    empty_catalog(app)
    folders = [full_folder(tmp_path / name) for name in ("one", "two", "three")]
    assert at_once(app, *(lambda root=root: apply_folder(root) for root in folders)) == ["", "", ""]
    assert len(read_rows(app, "SELECT id FROM products")) == 3
    assert len(read_rows(app, "SELECT id FROM prices")) == 8
    assert len(read_rows(app, "SELECT id FROM bundle_parts")) == 2
    assert len(read_rows(app, "SELECT id FROM audit_entries WHERE verb = 'product.created'")) == 3
    assert all(plan(app, root).plan.is_empty for root in folders)


@both
def test_leaves_nothing_half_made_when_it_is_killed(
    app: Flask, environment: dict[str, str], tmp_path: Path
) -> None:
    empty_catalog(app)
    folder = full_folder(tmp_path / "shop")
    killed = subprocess.run([sys.executable, "-c", KILLED, folder], env=environment, check=False, cwd=Path.cwd())
    assert killed.returncode == -9
    assert read_rows(app, "SELECT id FROM products") == []
    assert read_rows(app, "SELECT id FROM audit_entries") == []
    apply(app, folder)
    export(app, tmp_path / "out")
    assert "products/tidy-tool/product.md" in snapshot(tmp_path / "out")
