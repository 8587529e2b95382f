"""The shop as an installed package: a folder of its own, and not one byte written beside its code."""

import os
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner
from dotenv import dotenv_values

from storefront.cli import main
from storefront.core.places import ROOT
from tests.support.ports import find_free_port
from tests.support.processes import children_of, is_gone
from tests.support.shop import PATIENCE_SECONDS, START_SECONDS, wait_for

pytestmark = pytest.mark.slow
KEYS = {"STRIPE_SECRET_KEY": f"sk_test_{'4x' * 12}", "STRIPE_PUBLISHABLE_KEY": f"pk_test_{'4x' * 12}"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the built wheel was unpacked into, as pip does."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "wsgi.py"):
        shutil.copy(ROOT / name, source)
    for name in ("storefront", "templates", "static"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    build = "import sys; from hatchling.build import build_wheel; build_wheel(sys.argv[1])"
    subprocess.run([sys.executable, "-c", build, str(folder)], cwd=source, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def environment_of(site: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"], "PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1",
        "NO_PROXY": "127.0.0.1",
    }  # fmt: skip


def run(site: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "storefront", *words],
        cwd=folder, env=environment_of(site), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


@pytest.fixture
def folder(site: Path, tmp_path: Path) -> Path:
    """A shop that `storefront init` made, with its settings filled in."""
    made = run(site, tmp_path, "init", "my shop", "--base-url", f"http://127.0.0.1:{find_free_port()}")
    assert made.returncode == 0, made.stderr
    path = tmp_path / "my shop" / ".env"
    values = KEYS | {"MAIL_SERVER": "127.0.0.1", "MAIL_FROM": "shop@storefront.example", "TRUSTED_PROXIES": "0"}
    path.write_text(path.read_text() + "".join(f"{name}={value}\n" for name, value in values.items()))
    return path.parent


@pytest.fixture
def server(site: Path, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`storefront serve --with-worker` in that folder, answering."""
    upgraded = run(site, folder, "db", "upgrade")
    assert upgraded.returncode == 0, upgraded.stderr
    url = address_of(folder)
    words = ["serve", "--with-worker", "--port", url.rsplit(":", 1)[1]]
    process = subprocess.Popen([sys.executable, "-m", "storefront", *words], cwd=folder, env=environment_of(site))

    def answers() -> bool:
        assert process.poll() is None
        try:
            return get(f"{url}/readyz").status_code == 200
        except requests.ConnectionError:
            return False

    try:
        wait_for(answers, seconds=START_SECONDS)
        yield process
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)


def address_of(folder: Path) -> str:
    return str(dotenv_values(folder / ".env")["BASE_URL"])


def get(url: str) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.get(url, timeout=PATIENCE_SECONDS)


def files_of(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_serves_pages_keeps_everything_in_its_folder_and_ends_with_its_worker(
    site: Path, folder: Path, server: subprocess.Popen[bytes]
) -> None:
    before = files_of(site)
    url = address_of(folder)
    page = get(url)
    assert page.status_code == 200
    style = next(word for word in page.text.split('"') if word.startswith("/static/") and ".css" in word)
    assert get(url + style).status_code == 200
    wait_for((folder / "var" / "queue.db").is_file, seconds=START_SECONDS)  # its worker has started as well
    children = children_of(server.pid)
    (worker,) = [pid for pid in children if b"worker" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")]
    os.kill(worker, signal.SIGKILL)
    assert server.wait(PATIENCE_SECONDS) == 1  # so that whoever started the container starts another one
    assert all(is_gone(child) for child in children)
    assert files_of(site) == before
    assert {"shop.db", "queue.db"} <= files_of(folder / "var")


def test_finds_its_folder_by_name_from_anywhere(site: Path, folder: Path, tmp_path: Path) -> None:
    environment = environment_of(site) | {"STOREFRONT_HOME": str(folder)}
    words = [sys.executable, "-m", "storefront", "db", "upgrade"]
    subprocess.run(words, cwd=tmp_path, env=environment, check=True, capture_output=True, timeout=120)
    assert (folder / "var" / "shop.db").is_file()
    assert not (tmp_path / "var").exists()


def test_says_what_is_missing_where_there_is_no_shop(site: Path, tmp_path: Path) -> None:
    refused = run(site, tmp_path, "status")
    assert refused.returncode == 2
    assert "SECRET_KEY is missing" in refused.stderr
    assert not files_of(tmp_path)


def test_makes_a_folder_for_its_user_alone_and_changes_nothing_that_is_there(tmp_path: Path) -> None:
    words = ["init", str(tmp_path / "shop"), "--owner-email", "o'neil@example.com"]
    assert CliRunner().invoke(main, words).exit_code == 0
    path = tmp_path / "shop" / ".env"
    before = path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "shop" / "var").stat().st_mode & 0o777 == 0o700
    values = dotenv_values(path)
    assert values["OWNER_EMAIL"] == "o'neil@example.com"
    assert len(str(values["SECRET_KEY"])) == 64
    again = CliRunner().invoke(main, words)
    assert again.exit_code == 1
    assert f"{path} is there already: nothing was changed." in again.output
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--base-url", "shop.example.com"], "BASE_URL=shop.example.com"),
        (["--owner-email", "nobody"], "OWNER_EMAIL=nobody"),
    ],
)
def test_refuses_settings_that_the_shop_would_refuse(tmp_path: Path, words: list[str], why: str) -> None:
    refused = CliRunner().invoke(main, ["init", str(tmp_path / "shop"), *words])
    assert refused.exit_code == 1
    assert why in refused.output
    assert not (tmp_path / "shop").exists()


def test_says_so_where_it_may_not_write(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refused = CliRunner().invoke(main, ["init", str(tmp_path / "file" / "shop")])
    assert refused.exit_code == 1
    assert "cannot be written (Not a directory): choose another folder." in refused.output
