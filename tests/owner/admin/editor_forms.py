"""What the forms of the product editor carry, and what the page says after one was sent."""

import re

from werkzeug.test import TestResponse

from tests.support.shop import Buyer

TWINSPOT = "/admin/products/twinspot"


def shown(page: str) -> dict[str, str]:
    """The digests that a form carries, of what it showed and of what somebody else saved meanwhile."""
    return dict(re.findall(r'name="((?:shown|seen)-\w+)" value="(\w+)"', page))


def shown_in(page: str, part: str) -> dict[str, str]:
    return shown(page.split(f'id="{part}"')[1].split("</form>", maxsplit=1)[0])


def texts_of(owner: Buyer, slug: str = "twinspot") -> dict[str, str]:
    return shown_in(owner.get(f"/admin/products/{slug}").text, "texts")


def said(owner: Buyer, answer: TestResponse) -> str:
    assert answer.status_code == 303
    return owner.get(answer.location).text
