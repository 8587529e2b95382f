"""The mailbox in a real browser: readable for everybody, and deaf to what a mail wants to run."""

from collections.abc import Iterator
from email.message import EmailMessage

import pytest
from playwright.sync_api import Page, expect

from storefront.devtools.mailbox.server import MailboxServer
from tests.support.browser import PHONE, Complaints, assert_accessible, assert_fits

pytestmark = [pytest.mark.browser, pytest.mark.slow]

HOSTILE = """<!doctype html><html><body><p>Hello Ada, <a href="{url}/?to=ada">your inbox</a></p>
<script>parent.document.title = document.title = "ran"</script>
<img src="{url}/pixel.png" onerror="document.title = 'ran'">
<form action="{url}/clear" method="post"><button>Win</button></form>
<meta http-equiv="refresh" content="0; url={url}/?gone"></body></html>"""


@pytest.fixture
def box() -> Iterator[MailboxServer]:
    with MailboxServer(smtp_port=0, web_port=0, data_path=None) as server:
        yield server


def put(box: MailboxServer, *, subject: str, html: str) -> None:
    message = EmailMessage()
    message["From"] = "Arvola & Daughters <shop@example.com>"
    message["Subject"] = subject
    message.set_content("Hello Ada")
    message.add_alternative(html, subtype="html")
    box.store.add(sender="shop@example.com", to=["ada@example.com"], raw=message.as_bytes())


@pytest.mark.parametrize("viewport", [PHONE], ids=["phone"])
def test_is_accessible_and_fits_a_phone(page: Page, box: MailboxServer) -> None:
    page.goto(box.url)
    expect(page.get_by_text("No mail yet.")).to_be_visible()
    assert_accessible(page)
    put(box, subject="A" * 120, html="<p>Hello</p>")
    put(box, subject="Your receipt", html="<p>Hello</p>")
    page.reload()
    assert_accessible(page)
    assert_fits(page)
    page.get_by_role("link", name="Your receipt").click()
    for view in ("HTML", "Text", "Source"):
        page.get_by_role("link", name=view).click()
        expect(page.get_by_role("link", name=view)).to_have_attribute("aria-current", "page")
        assert_accessible(page)
        assert_fits(page)


def test_lets_a_mail_run_load_and_submit_nothing(page: Page, box: MailboxServer, complaints: Complaints) -> None:
    put(box, subject="<script>document.title = 'ran'</script>", html=HOSTILE.replace("{url}", box.url))
    complaints.expected += [
        "Blocked script",
        "Content Security Policy",
        "Blocked form",
        "Refused to execute the redirect",
    ]
    got: list[str] = []
    page.on("requestfinished", lambda request: got.append(request.url))
    page.goto(box.url)
    page.get_by_role("link", name="document.title").click()
    mail = page.frame_locator("iframe")
    expect(mail.get_by_text("Hello Ada")).to_be_visible()
    mail.get_by_role("button", name="Win").click()
    with page.context.expect_page() as opened:
        mail.get_by_role("link", name="your inbox").click()
    expect(opened.value).to_have_url(f"{box.url}/?to=ada")
    expect(mail.get_by_text("Hello Ada")).to_be_visible()
    assert "ran" not in page.title().split()
    assert [url for url in got if url.endswith("/html")]
    assert not [url for url in got if "pixel" in url or "gone" in url or "clear" in url]
    assert len(box.messages()) == 1
