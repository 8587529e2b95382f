"""What a server shows while an upgrade of the code puts other templates there, and what who edits them sees."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from storefront.core.places import FRONT
from tests.support.databases import Databases, base_environment

CHANGED = "the version after {{ nothing_of_before() }}"
BEGIN = f"""
import json, sys
from pathlib import Path
from storefront.core import places
places.FRONT = Path(sys.argv[1])

def change():
    for path in (places.FRONT / "templates").rglob("*.*"):
        path.write_text({CHANGED!r})

def has_all(app):
    names = app.jinja_env.list_templates()
    return len(names) > 100 and all("nothing_of_before" not in read(app, name) for name in names)

def read(app, name):
    return app.jinja_env.loader.get_source(app.jinja_env, name)[0]
"""
WEB_SERVER = f"""{BEGIN}
from wsgi import app
change()
buyer = app.test_client()
paths = ("/", "/products/twinspot", "/cart", "/sign-in", "/nowhere", "/admin/sign-in")
print(json.dumps([has_all(app), {{path: buyer.get(path).status_code for path in paths}}]))
"""
WORKER = f"""{BEGIN}
import storefront.worker

def run(app):
    change()
    print(json.dumps(has_all(app)))

storefront.worker.run_worker = run
from storefront.cli import main
main(["worker"])
"""
BESIDE_STRAYS = f"""{BEGIN}
from wsgi import app
print(json.dumps([app.jinja_env.list_templates(), app.test_client().get("/cart").status_code]))
"""
EDITED = f"""{BEGIN}
from wsgi import app
buyer = app.test_client()
assert buyer.get("/cart").status_code == 200
(places.FRONT / "templates/shop/cart/cart.html").write_text("as it was edited")
print(json.dumps(buyer.get("/cart").text))
"""


@pytest.fixture
def environ(tmp_path: Path, all_databases: Databases) -> dict[str, str]:
    all_databases.make("sqlite", tmp_path)
    return base_environment(tmp_path) | {"STOREFRONT_ENV_FILE": ""}


@pytest.fixture
def front(tmp_path: Path) -> Path:
    for name in ("templates", "static"):
        shutil.copytree(FRONT / name, tmp_path / "front" / name)
    return tmp_path / "front"


def said(script: str, front: Path, environ: dict[str, str]) -> Any:
    words = [sys.executable, "-c", script, str(front)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True, env=environ)
    return json.loads(done.stdout.splitlines()[-1])


def test_goes_on_with_the_pages_of_its_own_version(environ: dict[str, str], front: Path) -> None:
    has_all, statuses = said(WEB_SERVER, front, environ)
    assert has_all
    assert statuses == {
        "/": 200, "/products/twinspot": 200, "/cart": 200, "/sign-in": 200, "/nowhere": 404, "/admin/sign-in": 200,
    }  # fmt: skip


def test_goes_on_with_the_mails_of_its_own_version(environ: dict[str, str], front: Path) -> None:
    assert said(WORKER, front, environ) is True


def test_starts_beside_what_editors_and_other_programs_leave(environ: dict[str, str], front: Path) -> None:
    templates = front / "templates"
    ours = {str(path.relative_to(templates)) for path in templates.rglob("*") if path.is_file()}
    (templates / "shop/cart/.#cart.html").symlink_to("ada@laptop.1234:1")
    (templates / ".idea").mkdir()
    for name in ("shop/cart/.cart.html.swp", "shop/cart/cart.html.orig", "shop/cart/cart.html~",
                 ".DS_Store", "._base.html", ".idea/page.html"):  # fmt: skip
        (templates / name).write_bytes("für".encode("latin-1"))
    (templates / "shop/cart/old.html").write_bytes("für".encode("latin-1"))
    (templates / "shop/cart/gone.html").symlink_to(templates / "nowhere.html")
    names, status = said(BESIDE_STRAYS, front, environ)
    assert set(names) == {name for name in ours if not name.startswith("devtools/")}
    assert status == 200


def test_shows_an_edited_template_to_who_asks_for_that(environ: dict[str, str], front: Path) -> None:
    assert said(EDITED, front, environ | {"RELOAD_TEMPLATES": "true"}) == "as it was edited"
