"""Sounds on a product's page: a wave, a button and a slider, or without JavaScript the browser's own player."""

import math
import re
import wave
from collections.abc import Iterator
from io import BytesIO

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from tests.shop.media.drawn import MP3, add_one_sample
from tests.support.browser import PHONE, assert_accessible, assert_fits
from tests.support.shop import Buyer
from tests.support.web_server import serve

RATE, SECONDS = 8000, 20


def tone() -> bytes:
    """A sound that grows louder."""
    output = BytesIO()
    with wave.open(output, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(RATE)
        length = RATE * SECONDS
        file.writeframes(bytes(128 + int(120 * at / length * math.sin(at / 3)) for at in range(length)))
    return output.getvalue()


def test_leaves_the_browsers_player_to_who_has_no_javascript(app: Flask, buyer: Buyer) -> None:
    assert "player.js" not in buyer.get("/products/twinspot").text
    add_one_sample(app)
    page = buyer.get("/products/twinspot").text
    assert "player.js" in page
    assert "<audio controls" in page
    assert 'data-player="A tap"' in page


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    add_one_sample(app, "tone.wav", tone(), "A tone")
    add_one_sample(app, "broken.mp3", MP3, "Broken")
    with serve(app) as port:
        yield f"http://127.0.0.1:{port}/products/twinspot"


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
def test_draws_the_wave_and_is_played_by_keyboard(address: str, page: Page) -> None:
    page.set_viewport_size(PHONE)
    page.goto(address)
    page.locator(".player").last.scroll_into_view_if_needed()
    expect(page.locator(".player-wave path").first).to_have_attribute("d", re.compile("v40h"))  # not flat any more
    slider = page.get_by_role("slider", name="Position in A tone")
    expect(slider).to_have_attribute("aria-valuetext", "0:00 of 0:20")
    slider.focus()
    page.keyboard.press("End")
    page.keyboard.press("PageDown")
    audio = page.locator("audio").first
    expect(slider).to_have_attribute("aria-valuetext", "0:18 of 0:20")
    page.locator("audio").first.evaluate("audio => { audio.muted = true; }")
    play = page.get_by_role("button", name="Play A tone")
    play.focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Pause A tone").press("Enter")
    expect(play).to_be_visible()
    assert not audio.is_visible()
    assert_accessible(page)
    assert_fits(page)


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
def test_gives_way_to_the_browsers_player_for_what_it_cannot_play(address: str, page: Page) -> None:
    page.goto(address)
    page.get_by_role("button", name="Play Broken").click()
    expect(page.locator("audio").last).to_be_visible()
    assert page.locator("audio").last.get_attribute("controls") is not None
    expect(page.get_by_role("button", name="Play A tone")).to_be_visible()
