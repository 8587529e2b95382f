"""Chromium shows the pictures and plays the samples that pages hold, under the shop's own policy."""

import wave
from collections.abc import Iterator
from io import BytesIO

import pytest
from flask import Flask, render_template_string
from playwright.sync_api import Page, expect

from storefront.shop.media.sending import PIECE_BYTES
from tests.shop.media.drawn import add, add_one_sample, pictures_of, samples_of
from tests.support.browser import assert_accessible
from tests.support.web_server import serve

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
SECONDS = 30
PAGE = """
{% extends "base.html" %}
{% import "shop/media/_media.html" as media %}
{% block main %}
<h1>A product</h1>
{{ media.picture(picture, sizes="50vw", is_first=true) }}
{{ media.drawn_cover("twinspot", alt="Twinspot", is_first=true) }}
{% for sample in samples %}{{ media.sample(sample) }}{% endfor %}
{% endblock %}
"""


def silence() -> bytes:
    output = BytesIO()
    with wave.open(output, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(44_100)
        file.writeframes(bytes(4 * 44_100 * SECONDS))
    return output.getvalue()


@pytest.fixture
def address(app: Flask, free_port: int) -> Iterator[str]:
    content = silence()
    assert len(content) > 4 * PIECE_BYTES
    add(app, alt="A blue field")
    add_one_sample(app, "silence.wav", content)
    add_one_sample(app, "chapter.pdf", title="A chapter")
    shown, samples = pictures_of(app)[0], samples_of(app)

    def show() -> str:
        return render_template_string(PAGE, picture=shown, samples=samples)

    app.add_url_rule("/shown", view_func=show)
    with serve(app, port=free_port):
        yield f"http://127.0.0.1:{free_port}/shown"


def test_shows_pictures_and_plays_from_the_middle(address: str, page: Page) -> None:
    page.goto(address)
    picture = page.get_by_alt_text("A blue field")
    expect(picture).to_have_js_property("complete", value=True)
    assert picture.evaluate("image => image.currentSrc").endswith(".avif")
    assert picture.evaluate("image => image.naturalWidth > 0")
    assert page.get_by_alt_text("Twinspot").evaluate("image => image.complete && image.naturalWidth > 0")
    seconds = page.locator("audio").evaluate(
        """async (audio) => {
          audio.muted = true;
          await audio.play();
          audio.currentTime = 28;
          await new Promise((done) => audio.addEventListener("seeked", done, { once: true }));
          await new Promise((done) => audio.addEventListener("ended", done, { once: true }));
          return [audio.duration, audio.currentTime];
        }"""
    )
    assert [round(second) for second in seconds] == [SECONDS, SECONDS]
    assert_accessible(page)
    with page.expect_download() as download:
        page.get_by_text("A chapter").click()
    assert download.value.suggested_filename == "chapter.pdf"
