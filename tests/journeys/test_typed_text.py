"""What an owner typed and did not save yet, in a browser: nothing takes it away unasked or brings it back."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Dialog, Page, Route, expect

from tests.journeys.parts import come_in
from tests.shop.media.drawn import add, draw, pictures_of, saved
from tests.support.browser import PHONE, Complaints, assert_accessible, assert_fits
from tests.support.people import link_for, make_person
from tests.support.rows import change_rows, read_rows
from tests.support.sale import number_of, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Shop

pytestmark = [pytest.mark.browser, pytest.mark.slow]
EDITOR = "/admin/products/twinspot"
QUESTION = "You typed something else on this page that isn’t saved. Go on without it?"  # noqa: RUF001 - as it is said


class Questions(list[str]):
    """What the browser asked; `goes_on` is the answer."""

    goes_on = False

    def answer(self, dialog: Dialog) -> None:
        self.append(dialog.message)
        if self.goes_on:
            dialog.accept()
        else:
            dialog.dismiss()


@pytest.fixture
def questions(page: Page) -> Questions:
    asked = Questions()
    page.on("dialog", asked.answer)
    return asked


def look(page: Page) -> None:
    expect(page.locator(".is-loading")).to_have_count(0)  # the preview changes its frame
    assert_accessible(page)
    assert_fits(page)


@pytest.mark.parametrize("path", ["/admin/emails/receipt/de", "/admin/answers/key/de"])
def test_leaves_discarded_words_discarded(shop: Shop, page: Page, path: str) -> None:
    come_in(shop, page, path)
    subject = page.get_by_label("Subject")
    usual = subject.input_value()
    subject.fill("Half a thought")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".notices")).to_contain_text("Saved.")
    page.get_by_role("button", name="own words").click()
    expect(page.get_by_role("button", name="own words")).to_have_count(0)
    expect(subject).to_have_value(usual)
    expect(page.get_by_text("What you typed before is back.")).to_have_count(0)
    subject.fill("Typed, then the browser broke")
    expect(page.get_by_text("Kept in this browser.")).to_be_visible()
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(subject).to_have_value("Typed, then the browser broke")


def test_asks_before_one_part_takes_away_what_was_typed_in_another(
    shop: Shop, page: Page, questions: Questions
) -> None:
    come_in(shop, page, "/admin/shop")
    about = page.get_by_label("About")
    about.fill("An hour of work.")
    page.get_by_label("Support address").fill("help@example.com")
    save = page.get_by_role("button", name="Save the address")
    save.click()
    assert questions == [QUESTION]
    expect(about).to_be_focused()
    expect(about).to_have_value("An hour of work.")
    expect(page.get_by_label("Support address")).to_have_value("help@example.com")
    page.get_by_role("button", name="Sign out").click()
    assert questions == [QUESTION] * 2
    questions.goes_on = True
    save.click()
    expect(page.locator(".notices")).to_contain_text("Saved.")
    page.get_by_label("About").fill("A few words.")
    page.get_by_role("button", name="Save the words").click()
    expect(page.locator(".notices")).to_contain_text("Saved.")
    page.get_by_role("link", name="Orders", exact=True).click()
    expect(page.get_by_role("heading", name="Orders", level=1)).to_be_visible()
    assert questions == [QUESTION] * 3, "and nothing where nothing else was typed"


def choose(field: str) -> Callable[[Page], None]:
    def act(page: Page) -> None:
        node = page.locator(field)
        kind = node.evaluate("node => node.type")
        if kind == "checkbox":
            node.click()
        elif kind == "select-one":
            node.select_option(index=1)
        elif kind == "file":
            node.set_input_files({"name": "x.png", "mimeType": "image/png", "buffer": b"x"})
        else:
            node.fill("7")

    return act


@pytest.mark.parametrize(
    "field", ["#grants_download", "#tax_behavior", "#pictures-files", "#set-seats", "#edition-personal-name"]
)
def test_counts_every_kind_of_field(shop: Shop, page: Page, questions: Questions, field: str) -> None:
    come_in(shop, page, EDITOR)
    page.locator("details").evaluate_all("all => all.forEach((one) => { one.open = true; })")
    choose(field)(page)
    page.locator("details").evaluate_all("all => all.forEach((one) => { one.open = false; })")
    page.get_by_role("button", name="Publish without listing it").click()
    assert questions == [QUESTION]
    expect(page.locator(field)).to_be_focused()
    assert read_rows(shop.app, "SELECT state FROM products WHERE slug = 'twinspot'") == [{"state": "published"}]


def test_asks_for_what_was_refused_and_is_not_saved_yet(
    shop: Shop, page: Page, questions: Questions, complaints: Complaints
) -> None:
    complaints.expected.append("400")
    come_in(shop, page, EDITOR)
    page.locator("#set-seats").fill("many")
    page.locator("#settings").get_by_role("button", name="Save").click()
    expect(page.locator("#set-seats")).to_have_value("many")
    page.get_by_role("button", name="Publish without listing it").click()
    assert questions == [QUESTION]


def test_lets_the_editor_warn_once_more_after_it_stayed(shop: Shop, page: Page, questions: Questions) -> None:
    come_in(shop, page, EDITOR)
    page.get_by_label("Tagline").fill("Not saved.")
    page.locator("#set-seats").fill("3")
    page.get_by_role("button", name="Save the page").click()
    assert questions == [QUESTION]
    page.locator("#set-seats").fill("")
    page.get_by_role("link", name="Orders", exact=True).click(no_wait_after=True)
    expect(page.get_by_label("Tagline")).to_have_value("Not saved.")
    assert questions == [QUESTION, ""], "the browser's own words have no message"


def test_keeps_half_a_note_while_the_order_is_helped(
    shop: Shop, sandbox: SandboxClient, page: Page, questions: Questions
) -> None:
    sale = sell(shop.app, sandbox)
    come_in(shop, page, f"/admin/orders/{number_of(sale)}")
    page.get_by_role("button", name="Send the receipt again").click()
    expect(page.locator(".notices")).to_be_visible()
    assert questions == []
    page.get_by_label("New note").fill("She wrote that")
    page.get_by_role("button", name="Send the receipt again").click()
    assert questions == [QUESTION]
    expect(page.get_by_label("New note")).to_have_value("She wrote that")


@pytest.mark.parametrize("viewport", [PHONE])
def test_saves_what_one_picture_shows_and_keeps_what_is_typed_beside_the_others(
    shop: Shop, page: Page, questions: Questions, complaints: Complaints
) -> None:
    complaints.expected.append("400")
    for number in (1, 2):
        add(shop.app, saved(draw(color=(number * 60, 90, 160))), alt="")
    come_in(shop, page, EDITOR)
    first, second = (page.locator("#pictures .alt").nth(number) for number in (0, 1))
    first.fill("Two dots")
    second.fill("y" * 201)
    page.get_by_role("button", name="Save what picture 1 shows").click()
    expect(page.locator("#pictures [data-note]")).to_have_text("Saved.")
    expect(second).to_have_value("y" * 201)
    page.get_by_role("button", name="Save what picture 2 shows").click()
    expect(page.locator("#pictures").get_by_role("alert").first).to_contain_text("201 characters, and 200 fit")
    expect(second).to_have_value("y" * 201)
    look(page)
    second.fill("Three dots")
    second.press("Enter")
    expect(page.locator("#pictures [data-note]")).to_have_text("Saved.")
    assert [view.alt for view in pictures_of(shop.app)] == ["Two dots", "Three dots"]
    assert questions == []


def test_keeps_what_was_refused_or_chosen_while_another_picture_is_saved(
    shop: Shop, page: Page, complaints: Complaints
) -> None:
    complaints.expected.append("400")
    for number in (1, 2):
        add(shop.app, saved(draw(color=(number * 60, 90, 160))), alt="")
    come_in(shop, page, EDITOR)
    first, second = (page.locator("#pictures .alt").nth(number) for number in (0, 1))
    second.fill("y" * 201)
    second.press("Enter")
    expect(page.locator("#pictures").get_by_role("alert").first).to_contain_text("201 characters, and 200 fit")
    choose("#pictures-files")(page)
    first.fill("Two dots")
    first.press("Enter")
    expect(page.locator("#pictures [data-note]")).to_have_text("Saved.")
    expect(second).to_have_value("y" * 201)
    assert page.locator("#pictures-files").evaluate("field => field.files.length") == 1


def test_keeps_what_is_typed_while_it_saves(shop: Shop, page: Page) -> None:
    add(shop.app, saved(draw(color=(60, 90, 160))), alt="")
    come_in(shop, page, EDITOR)
    alt = page.locator("#pictures .alt").first
    held: list[Route] = []
    page.route("**/pictures/**", lambda route: held.append(route))  # noqa: PLW0108 - Playwright looks into what it calls
    alt.fill("Two dots")
    with page.expect_request("**/pictures/**"):
        alt.press("Enter")
    alt.press_sequentially(" and a word more")
    held.pop().continue_()
    expect(page.locator("#pictures [data-note]")).to_have_text("Saved.")
    expect(alt).to_have_value("Two dots and a word more")
    assert [view.alt for view in pictures_of(shop.app)] == ["Two dots"]


def test_saves_what_a_picture_shows_in_a_browser_that_was_restarted(
    shop: Shop, page: Page, complaints: Complaints
) -> None:
    complaints.expected += ["400", "frame-ancestors"]  # of the preview, which may ask meanwhile
    add(shop.app, saved(draw(color=(60, 90, 160))), alt="")
    come_in(shop, page, EDITOR)
    page.context.clear_cookies(name="storefront_session")
    page.locator("#pictures .alt").first.fill("Two dots")
    page.locator("#pictures .alt").first.press("Enter")
    expect(page.locator("#pictures [data-note]")).to_have_text("Saved.")
    assert [view.alt for view in pictures_of(shop.app)] == ["Two dots"]


def test_sends_a_text_of_a_browser_that_was_restarted(shop: Shop, page: Page, complaints: Complaints) -> None:
    complaints.expected += ["400", "frame-ancestors"]  # of the preview, which may ask once more
    come_in(shop, page, "/admin/answers/key/en")
    body = page.locator("#body")
    body.fill("A long letter. " * 30)
    page.context.clear_cookies(name="storefront_session")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Press once more")
    look(page)
    page.get_by_role("button", name="Send it").click()
    expect(page.locator(".notices")).to_contain_text("Saved.")
    expect(body).to_have_value(("A long letter. " * 30).strip())


def test_says_that_its_writer_is_signed_out_and_keeps_the_preview(
    shop: Shop, page: Page, complaints: Complaints
) -> None:
    complaints.expected += ["frame-ancestors", "chrome-error"]
    page.goto(shop.url + link_for(shop.app, person := make_person(shop.app)))
    page.get_by_role("button", name="Sign in").click()
    page.goto(shop.url + EDITOR)
    shown = page.frame_locator(".live-preview iframe:not(.is-loading)").get_by_role("heading", level=1)
    expect(shown).to_have_text("Twinspot")
    change_rows(shop.app, "DELETE FROM person_sessions")
    for letter in "ab":
        page.locator("#name").press_sequentially(letter)
        expect(page.locator("[data-unsaved]")).to_contain_text("You’re signed out. Sign in in another tab")  # noqa: RUF001
        expect(page.locator(".live-preview iframe")).to_have_count(1)
        expect(shown).to_have_text("Twinspot")
        expect(page.locator("#name")).to_be_focused()
    other = page.context.new_page()
    other.goto(shop.url + link_for(shop.app, person))
    other.get_by_role("button", name="Sign in").click()
    expect(other.get_by_role("heading", name="Newest orders")).to_be_visible()
    other.close()
    page.locator("#name").press_sequentially("c")
    expect(page.locator("[data-unsaved]")).to_have_text("Not saved yet. Kept in this browser.")


def test_says_that_the_preview_could_not_be_shown(shop: Shop, page: Page, complaints: Complaints) -> None:
    complaints.expected += ["frame-ancestors", "chrome-error", "500"]
    come_in(shop, page, EDITOR)
    shown = page.frame_locator(".live-preview iframe:not(.is-loading)").get_by_role("heading", level=1)
    expect(shown).to_have_text("Twinspot")
    headers = {"content-type": "text/html", "content-security-policy": "frame-ancestors 'none'"}
    page.route("**/preview", lambda route: route.fulfill(status=500, headers=headers, body="<h1>Wrong</h1>"))
    for letter in "ab":
        page.locator("#name").press_sequentially(letter)
        expect(page.locator("[data-unsaved]")).to_have_text(
            "The preview is old: the shop could not show it. What you type is kept in this browser."
        )
        expect(shown).to_have_text("Twinspot")
    page.unroute_all()
    page.locator("#name").press_sequentially("c")
    expect(page.locator("[data-unsaved]")).to_have_text("Not saved yet. Kept in this browser.")
