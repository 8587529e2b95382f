"""What somebody typed at /admin and did not save, in a browser that another person uses next."""

import time

import pytest
from playwright.sync_api import Dialog, Page, Route, expect

from tests.support.people import link_for, make_person
from tests.support.shop import Shop

pytestmark = [pytest.mark.browser, pytest.mark.slow]
EDITOR = "/admin/products/twinspot"
TYPED = "Half a thought"
BACK = "What you typed before is back."


def come_in(shop: Shop, page: Page, person_id: int) -> None:
    page.goto(shop.url + link_for(shop.app, person_id))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Newest orders")).to_be_visible()


def type_draft(shop: Shop, page: Page) -> None:
    page.goto(shop.url + EDITOR)
    page.get_by_label("Name", exact=True).first.fill(TYPED)
    expect(page.get_by_text("Kept in this browser.")).to_be_visible()


def kept(page: Page) -> list[str]:
    return [str(key) for key in page.evaluate("Object.keys(localStorage)")]


def test_shows_a_draft_to_nobody_else_and_keeps_it_for_who_typed_it(shop: Shop, page: Page) -> None:
    """A session ends by itself, or at another machine: nothing tells the browser to forget."""
    page.on("dialog", lambda dialog: dialog.accept())  # it asks before it leaves what is not saved
    ada, bob = make_person(shop.app, "ada@example.com"), make_person(shop.app, "bob@example.com")
    come_in(shop, page, ada)
    type_draft(shop, page)
    page.context.clear_cookies()
    come_in(shop, page, bob)
    page.goto(shop.url + EDITOR)
    expect(page.get_by_text(BACK)).to_have_count(0)
    expect(page.get_by_label("Name", exact=True).first).to_have_value("Twinspot")
    page.context.clear_cookies()
    come_in(shop, page, ada)
    page.goto(shop.url + EDITOR)
    expect(page.get_by_text(BACK)).to_be_visible()
    expect(page.get_by_label("Name", exact=True).first).to_have_value(TYPED)


def test_forgets_drafts_at_the_button_and_those_of_earlier_versions(shop: Shop, page: Page) -> None:
    """Also where the browser does not know the header that says so."""
    page.on("dialog", lambda dialog: dialog.accept())
    come_in(shop, page, make_person(shop.app))
    page.goto(shop.url + EDITOR)
    page.evaluate("localStorage.setItem('storefront-editor-twinspot', 'of before')")
    type_draft(shop, page)
    assert [key.startswith("storefront-draft-") for key in kept(page)] == [True]
    page.route(
        "**/admin/sign-out",
        lambda route: route.fulfill(status=303, headers={"Location": f"{shop.url}/admin/sign-in"}),
    )
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.wait_for_url("**/admin")
    page.goto(shop.url + "/")
    assert kept(page) == []


def be_slow(shop: Shop, page: Page) -> None:
    """A server that takes its time to sign out; what the page does meanwhile it does."""

    def answer(route: Route) -> None:
        time.sleep(1.5)
        route.fulfill(status=303, headers={"Location": f"{shop.url}/admin/sign-in"})

    page.route("**/admin/sign-out", answer)


def press_sign_out(page: Page) -> None:
    page.get_by_role("button", name="Sign out", exact=True).click(no_wait_after=True)


def test_keeps_the_draft_of_who_stays(shop: Shop, page: Page) -> None:
    """Also when they leave later by another way; and forgets it when they sign out after all."""
    answers = ["stay", "leave", "leave"]

    def answer(dialog: Dialog) -> None:
        if answers.pop(0) == "stay":
            dialog.dismiss()
        else:
            dialog.accept()

    page.on("dialog", answer)
    come_in(shop, page, make_person(shop.app))
    type_draft(shop, page)
    press_sign_out(page)
    page.wait_for_timeout(500)
    assert (page.url, len(kept(page))) == (shop.url + EDITOR, 1)
    page.goto(shop.url + "/")
    assert len(kept(page)) == 1
    page.goto(shop.url + EDITOR)
    expect(page.get_by_text(BACK)).to_be_visible()
    press_sign_out(page)
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert (kept(page), answers) == ([], [])


def test_forgets_what_was_typed_just_before_the_button(shop: Shop, page: Page) -> None:
    """The page keeps it half a second later, while the server still signs out."""
    page.on("dialog", lambda dialog: dialog.accept())
    come_in(shop, page, make_person(shop.app))
    page.goto(shop.url + EDITOR)
    expect(page.get_by_label("Name", exact=True).first).to_have_value("Twinspot")
    be_slow(shop, page)
    page.get_by_label("Name", exact=True).first.fill(TYPED)
    press_sign_out(page)
    page.wait_for_timeout(4000)
    page.unroute("**/admin/sign-out")
    page.goto(shop.url + "/")
    assert kept(page) == []
