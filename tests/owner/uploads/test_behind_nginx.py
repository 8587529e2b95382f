"""Through a real nginx with the lines of docs/nginx.md: pieces and forms get through, and nothing larger."""

import hashlib
from pathlib import Path

import pytest
import requests
from flask import Flask

from storefront.core.config.settings import load_settings
from tests.delivery.downloads.nginx import nginx
from tests.owner.uploads.program import MB, Owner
from tests.owner.uploads.tus import SLUG, find_release
from tests.races.served import served
from tests.support.people import link_for, make_person

pytestmark = pytest.mark.slow


def test_lets_pieces_and_forms_through(
    app: Flask, environment: dict[str, str], free_port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    content = bytes(range(256)) * 4 * 1024 * 17
    path = tmp_path / "tool.zip"
    path.write_bytes(content)
    door, files = link_for(app, make_person(app)), load_settings(environment).files_path
    changed = environment | {"TRUSTED_PROXIES": "1"}
    with served(changed, workers=1) as shop, nginx(tmp_path / "nginx", shop=shop, files=files) as url:
        owner = Owner(url, door)
        with path.open("rb") as opened:
            owner.uploader(opened, pieces=16 * MB).upload()
        form = {"csrf_token": owner.headers["X-CSRFToken"], "version": "9.1"}
        answer = requests.post(
            f"{url}/admin/products/{SLUG}/files",
            data=form,
            files={"files": ("tool.zip", content)},
            headers={"Cookie": owner.headers["Cookie"]},
            allow_redirects=False,
            timeout=60,
        )
        assert answer.status_code == 303, answer.text
        too_large = requests.post(f"{url}/cart/add", data=b"a" * 70_000, timeout=60)
        assert too_large.status_code == 413
    for version in ("9.0", "9.1"):
        release = find_release(app, version)
        assert release
        assert [file.sha256 for file in release.files] == [hashlib.sha256(content).hexdigest()]
