"""An owner's browser that speaks tus by hand, and questions to what is left of uploads."""

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from storefront.core.db import db
from storefront.core.runtime import runtime
from storefront.owner.people.models import Role
from storefront.owner.uploads.parts import part_folder
from storefront.shop.catalog.releases import ListedRelease, list_releases
from tests.support.people import OWNER, make_person, sign_in_at_admin

VERSION = {"Tus-Resumable": "1.0.0"}
OFFSET_TYPE = "application/offset+octet-stream"
SLUG = "twinspot"


def metadata(**fields: str) -> str:
    return ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in fields.items())


class Tus:
    """`say_token`: without it the shop must refuse."""

    def __init__(self, app: Flask, email: str = OWNER, role: Role = Role.OWNER) -> None:
        self.app = app
        self.person_id = make_person(app, email, role)
        self.browser = sign_in_at_admin(app, self.person_id)
        self.token = self.browser.csrf_token()

    def ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        *,
        data: bytes = b"",
        content_type: str | None = None,
        **kwargs: Any,
    ) -> TestResponse:
        sent = VERSION | {"X-CSRFToken": self.token, "Accept": "application/json"} | dict(headers or {})
        sent = {name: value for name, value in sent.items() if value}
        return self.browser.client.open(
            path,
            method=method,
            headers=sent,
            data=data,
            content_type=content_type,
            base_url=self.browser.base_url,
            **kwargs,
        )

    def announce(
        self, size: int, *, filename: str = "tool.zip", version: str = "9.0", slug: str = SLUG, modified: int = 1
    ) -> TestResponse:
        told = metadata(product=slug, version=version, filename=filename, modified=str(modified))
        return self.ask("POST", "/admin/uploads", {"Upload-Length": str(size), "Upload-Metadata": told})

    def begin(self, size: int, **fields: Any) -> str:
        answer = self.announce(size, **fields)
        assert answer.status_code == 201, answer.text
        return str(answer.headers["Location"])

    def patch(self, path: str, offset: int, data: bytes, **headers: str) -> TestResponse:
        told = {"Upload-Offset": str(offset)} | {name.replace("_", "-"): text for name, text in headers.items()}
        return self.ask("PATCH", path, told, data=data, content_type=OFFSET_TYPE)

    def offset(self, path: str) -> int:
        answer = self.ask("HEAD", path)
        assert answer.status_code == 200
        return int(answer.headers["Upload-Offset"])

    def bring(self, data: bytes, **fields: Any) -> str:
        path = self.begin(len(data), **fields)
        answer = self.patch(path, 0, data)
        assert answer.status_code == 204, answer.text
        return path


def find_release(app: Flask, version: str = "9.0", slug: str = SLUG) -> ListedRelease | None:
    with app.app_context():
        listed = {release.version: release for release in list_releases(slug)}
        db.session.remove()
    return listed.get(version)


def parts(app: Flask) -> list[Path]:
    with app.app_context():
        folder = part_folder()
    return sorted(folder.iterdir()) if folder.is_dir() else []


def stored_file(app: Flask, name: str = "tool.zip", version: str = "9.0", slug: str = SLUG) -> Path:
    return runtime(app).settings.files_path / slug / version / name
