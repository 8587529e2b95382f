"""A real Chromium for tests: found or said how to get, one per session, and pages that tell of their errors."""

import os
import re
import shutil
from collections.abc import Iterator
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Error, Frame, Page, expect, sync_playwright

from tests.support.databases import missing

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# The first is the same Chromium without windows, which takes half as much of a processor.
PROGRAMS = ("chromium-headless-shell", "chromium", "google-chrome")
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
PATIENCE_MS = 60_000  # a busy machine is no fault of the page
PHONE: Any = {"width": 390, "height": 844}
DESKTOP: Any = {"width": 1280, "height": 900}


def find_chromium() -> str:
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, PROGRAMS)), None)
    if not program:
        missing("No Chromium found: `apt install chromium-headless-shell`, or set CHROMIUM to its path.")
    return str(program)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = find_chromium()
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


class Complaints(list[str]):
    """What the console and the page complained of; `expected` are parts of what a test provokes."""

    def __init__(self) -> None:
        super().__init__()
        self.expected: list[str] = []

    def unexpected(self) -> list[str]:
        return [text for text in self if not any(part in text for part in self.expected)]

    def listen(self, page: Page) -> None:
        def note(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning"):
                self.append(f"{message.text} ({message.location.get('url', '')})")

        page.on("console", note)
        page.on("pageerror", lambda error: self.append(str(error)))


@pytest.fixture
def complaints() -> Complaints:
    return Complaints()


@pytest.fixture
def viewport() -> Any:
    return DESKTOP


@pytest.fixture
def page(
    request: pytest.FixtureRequest, chromium: Browser, complaints: Complaints, viewport: Any
) -> Iterator[Page]:
    """A new browser profile; the test fails on console errors it did not announce in `complaints.expected`."""
    if "shop" in request.fixturenames:
        request.getfixturevalue("shop")  # made first, it ends last: a page that still loads from it would complain
    context = chromium.new_context(viewport=viewport, locale="en-US", ignore_https_errors=True)
    context.set_default_timeout(PATIENCE_MS)
    new_page = context.new_page()
    complaints.listen(new_page)
    yield new_page
    context.close()
    assert complaints.unexpected() == []


def _runs_scripts(frame: Frame) -> bool:
    if frame.parent_frame is None:
        return True
    if frame.url == "about:blank":  # a preview that is still to come
        return False
    try:
        sandbox = frame.frame_element().get_attribute("sandbox")
    except Error as error:
        if "detached" in error.message:  # a preview that gave way to a newer one: nobody sees it any more
            return False
        raise
    return sandbox is None or "allow-scripts" in sandbox


ELEMENT = "/elements/"  # frames of these addresses are parts of a form and no pages
# Nothing is painted there, and the page shows through: axe, which sees one document, would take it for white.
_PAINT = "color => { document.documentElement.style.backgroundColor = color; }"
_BEHIND = """(node) => {
  const colors = [];
  for (; node; node = node.parentElement) colors.push(getComputedStyle(node).backgroundColor);
  return colors.find((color) => !/^rgba.*, 0\\)$/.test(color)) ?? "white";
}"""
OF_PAGES = ("landmark-one-main", "page-has-heading-one", "region")


def assert_accessible(page: Page) -> None:
    """axe finds nothing, light and dark, in the page and each of its frames: it cannot look into other origins."""
    page.wait_for_load_state()  # its styles too, on a busy machine
    script = Axe().axe_script
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # no color on its way to another
        for frame in filter(_runs_scripts, page.frames):  # where scripts may not run, axe would never answer
            frame.wait_for_load_state()
            is_part = ELEMENT in frame.url
            if is_part:
                frame.evaluate(_PAINT, frame.frame_element().evaluate(_BEHIND))
            if not frame.evaluate("'axe' in window"):  # half a megabyte, once for both schemes
                frame.evaluate(script)
            violations = frame.evaluate(
                "async options => (await axe.run(document, options)).violations",  # what passes is long
                _axe_options(scheme, is_part=is_part),
            )
            problems = [
                f"{rule['id']}: {node['target']} {node['html'][:120]}"
                for rule in violations
                for node in rule["nodes"]
            ]
            assert problems == [], f"{frame.url} ({scheme}): {problems}"


def _axe_options(scheme: Scheme, *, is_part: bool) -> dict[str, Any]:
    """Everything in one scheme, the colors in the other: nothing else differs between them."""
    every: dict[str, Any] = {"iframes": False, "resultTypes": ["violations"]}
    if is_part:
        every["rules"] = {rule: {"enabled": False} for rule in OF_PAGES}
    return every if scheme == SCHEMES[0] else every | {"runOnly": ["color-contrast"]}


_WIDE = """() => [...document.querySelectorAll("body *")]
  .filter((node) => node.getBoundingClientRect().right > window.innerWidth + 1)
  .map((node) => `${node.tagName} ${node.className} #${node.id} ${node.getBoundingClientRect().right}`)"""


def assert_fits(page: Page) -> None:
    """Nothing is wider than the screen; what is, is named."""
    page.wait_for_load_state()
    width, room = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert width <= room, page.evaluate(_WIDE)


_MOVED = """() => new Promise((resolve) => {
  let moved = 0;
  const add = (entries) => entries.forEach((entry) => { if (!entry.hadRecentInput) moved += entry.value; });
  new PerformanceObserver((list) => add(list.getEntries())).observe({ type: "layout-shift", buffered: true });
  requestAnimationFrame(() => requestAnimationFrame(() => resolve(moved)));
})"""


def assert_nothing_moved(page: Page) -> None:
    """Pictures have their room before they arrive, and scripts take none away."""
    assert page.evaluate(_MOVED) == 0


def visible_text(page: Page) -> str:
    return re.sub(r"\s+", " ", page.locator("body").inner_text())
