"""The lines of "needs you" on the home page, and their buttons."""

import html
import re

from tests.support.shop import Buyer


def needs_you(browser: Buyer) -> str:
    page = browser.get("/admin").text.partition('id="needs-title"')[2]
    return html.unescape(page.partition("</section>")[0])


def forms_of(page: str) -> list[tuple[str, str]]:
    """The path of each Done, and what it sends along."""
    return re.findall(r'action="(/admin/notices/\d+/done)".*?name="opened" value="([^"]+)"', page)


def press(browser: Buyer, form: tuple[str, str]) -> str:
    """Return the page that follows."""
    answer = browser.post(form[0], opened=form[1])
    assert (answer.status_code, answer.location) == (303, "/admin")
    return html.unescape(browser.get("/admin").text)
