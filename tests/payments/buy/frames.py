"""The frame on another site, as its own script walks through it: without a cookie, with a key in its forms."""

import re
from html import unescape
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from storefront.core.runtime import runtime
from storefront.shop.profile.change import change_profile

SITE = "https://blog.example"


def allow(app: Flask, *sites: str) -> None:
    with app.app_context():
        change_profile({"frame_origins": "\n".join(sites or (SITE,))})


class Frame:
    """One frame. A request of it comes with no cookie, and says what browsers say of where its form stands."""

    def __init__(self, app: Flask, *, site: str = SITE) -> None:
        self.app, self.site = app, site
        self.base_url: str = runtime(app).settings.base_url

    def look(self, link: str) -> TestResponse:
        """What the script of the other site loads."""
        path, _, query = link.partition("?")
        return self.app.test_client().get(f"{path}/frame?{query}&origin={self.site}", base_url=self.base_url)

    def send(self, page: TestResponse, *, fetch_site: str = "same-origin", **more: Any) -> TestResponse:
        """Send the one form of the page."""
        action, fields = form_of(page.text)
        client = self.app.test_client()
        headers = {"Sec-Fetch-Site": fetch_site}
        return client.post(action, data=fields | more, base_url=self.base_url, headers=headers)


def form_of(page: str) -> tuple[str, dict[str, str]]:
    form = page.rsplit('method="post" action="', maxsplit=1)[-1].split("</form>", maxsplit=1)[0]
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
    return unescape(form.split('"')[0]), fields


def session_on(page: TestResponse) -> str:
    secret = re.search(r"(cs_test_[A-Za-z0-9]+)_secret_", page.text)
    assert secret, page.text
    return secret[1]
