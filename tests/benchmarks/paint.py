"""When a phone has painted the largest thing of a page, and whether anything moved: a slow line and processor."""

from statistics import median

import click
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from storefront.core.db import db
from storefront.devtools.samples.seed import add_pictures
from tests.benchmarks.world import World
from tests.support.browser import FLAGS, PATIENCE_MS, PHONE, find_chromium

# Lighthouse's phone: https://github.com/GoogleChrome/lighthouse/blob/main/docs/throttling.md
LINE = {"offline": False, "latency": 150, "downloadThroughput": 1_600_000 / 8, "uploadThroughput": 750_000 / 8}
SLOWER = 4  # the processor
PAGES = {"catalog": "/", "product": "/products/twinspot", "cart": "/cart"}
AIM_MS = 1000
WATCH = """() => {
  window.painted = []; window.moved = 0;
  new PerformanceObserver((list) => list.getEntries().forEach((entry) => window.painted.push(
    [entry.startTime, entry.element?.tagName ?? "", entry.url.split("/").pop()])))
    .observe({ type: "largest-contentful-paint", buffered: true });
  new PerformanceObserver((list) => list.getEntries().forEach((entry) => { window.moved += entry.value; }))
    .observe({ type: "layout-shift", buffered: true });
}"""


def paint(world: World, *, rounds: int) -> None:
    """Print for each page the median of so many cold visits."""
    with world.app.app_context():
        add_pictures()
        db.session.remove()
    click.echo(f"\nlargest contentful paint: {LINE['latency']} ms, 1.6 Mbit/s, processor {SLOWER} times slower")
    with world.shop() as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        for name, path in PAGES.items():
            seen = [_visit(browser, server.url, path, cookie=world.cart_cookie()) for _ in range(rounds)]
            milliseconds = median(each[0] for each in seen)
            moved = max(each[1] for each in seen)
            aim = "" if milliseconds < AIM_MS else f", over {AIM_MS} ms"
            click.echo(f"{name:10} {milliseconds:6.0f} ms{aim}, moved {moved:.3f}, {seen[0][2]}")
        browser.close()


def _visit(browser: Browser, url: str, path: str, *, cookie: str) -> tuple[float, float, str]:
    """Return milliseconds, how far things moved (0 is nothing), and what was largest."""
    context = browser.new_context(viewport=PHONE, device_scale_factor=2, is_mobile=True, has_touch=True)
    context.set_default_timeout(PATIENCE_MS)
    if path == PAGES["cart"]:
        name, _, value = cookie.partition("=")
        context.add_cookies([{"name": name, "value": value, "url": url}])
    try:
        return _measure(context, url + path)
    finally:
        context.close()


def _measure(context: BrowserContext, address: str) -> tuple[float, float, str]:
    page = context.new_page()
    protocol = context.new_cdp_session(page)
    protocol.send("Network.enable")
    protocol.send("Network.emulateNetworkConditions", LINE)
    protocol.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.add_init_script(f"({WATCH})()")
    page.goto(address, wait_until="networkidle")
    page.wait_for_function("window.painted.length")
    started, element, file = page.evaluate("window.painted.at(-1)")
    return started, page.evaluate("window.moved"), f"{element.lower()} {file}".strip()
