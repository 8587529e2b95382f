"""Through a real nginx with the lines of docs/nginx.md: pieces and forms get through, and nothing far larger."""

import hashlib
import io
import random
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask
from PIL import Image

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
        assert "at most 65536 bytes" in too_large.text  # the shop's own words
        assert "nginx" in requests.post(f"{url}/cart/add", data=b"a" * 100_000, timeout=60).text
    for version in ("9.0", "9.1"):
        release = find_release(app, version)
        assert release
        assert [file.sha256 for file in release.files] == [hashlib.sha256(content).hexdigest()]


def photo() -> bytes:
    """Of a megabyte, as a telephone makes them."""
    content = io.BytesIO()
    Image.frombytes("RGB", (1200, 1200), random.Random(1).randbytes(3 * 1200 * 1200)).save(
        content, "JPEG", quality=90
    )
    assert content.tell() > MB
    return content.getvalue()


def test_lets_pictures_samples_logos_and_long_texts_through(
    app: Flask, environment: dict[str, str], free_port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    door, files = link_for(app, make_person(app)), load_settings(environment).files_path
    changed = environment | {"TRUSTED_PROXIES": "1"}
    with served(changed, workers=1) as shop, nginx(tmp_path / "nginx", shop=shop, files=files) as url:
        owner = Owner(url, door)

        def send(path: str, fields: dict[str, str], **sent: Any) -> requests.Response:
            return requests.post(
                f"{url}/admin/{path}",
                data={"csrf_token": owner.headers["X-CSRFToken"]} | fields,
                headers={"Cookie": owner.headers["Cookie"]},
                allow_redirects=False,
                timeout=60,
                **sent,
            )

        picture, sample = (
            ("desk.jpg", photo(), "image/jpeg"),
            ("one.pdf", b"%PDF-1.7\n" + b" " * MB, "application/pdf"),
        )
        for path, sent in (
            (f"products/{SLUG}/pictures", {"files": picture}),
            (f"products/{SLUG}/samples", {"files": sample}),
            ("shop/looks/logo", {"file": picture}),
        ):
            answer = send(path, {"alt": "A desk", "title": "One"}, files=sent)
            assert answer.status_code == 303, path
        made = send("pages", {"title": "Terms"}).headers["Location"]
        # 54,000 characters of 60,000, and 144 KB on their way
        answer = send(made.removeprefix("/admin/"), {"body_markdown": "Größe " * 9_000})
        assert answer.status_code == 303, answer.text
