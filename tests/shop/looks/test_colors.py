"""Accent colors: what cannot be read is refused, and whatever is offered or derived can be read."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storefront.core.config.settings import ROOT
from storefront.shop.looks.colors import contrast, is_readable, read_color
from storefront.shop.looks.palette import (
    DARK_SURFACES,
    DARK_TEXTS,
    LIGHT_SURFACES,
    LIGHT_TEXTS,
    Palette,
    check_accent,
    dark_palette,
    light_palette,
)
from storefront.shop.looks.refusals import AccentRefused

COLORS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")
GROUNDS = ("paper", "sheet", "good-tint", "wait-tint", "bad-tint")


def variables(part: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#\w+);", part))


def assert_readable(palette: Palette, surfaces: tuple[str, ...], texts: tuple[str, ...]) -> None:
    for color in (palette.accent, palette.accent_strong):
        assert is_readable(color, (*surfaces, palette.on_accent))
    assert is_readable(palette.tint, (palette.accent, *texts))


@given(COLORS)
def test_offers_and_derives_only_what_can_be_read(color: str) -> None:
    try:
        accent = check_accent(color)
        assert accent == color
    except AccentRefused as refused:
        accent = refused.offered
        assert check_accent(accent) == accent
    assert_readable(light_palette(accent), LIGHT_SURFACES, LIGHT_TEXTS)
    assert_readable(dark_palette(accent), DARK_SURFACES, DARK_TEXTS)


@given(st.text(max_size=40))
def test_takes_nothing_into_a_stylesheet_that_is_no_color(text: str) -> None:
    color = read_color(text)
    assert color is None or re.fullmatch(r"#[0-9a-f]{6}", color)


def test_computes_contrast_as_the_guidelines_do() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)
    assert contrast("#0d6b55", "#0d6b55") == 1


def test_names_the_ratio_and_the_nearest_shade_of_a_color_that_is_too_light() -> None:
    with pytest.raises(
        AccentRefused, match=r"#ffd400 has a contrast of 1\.2:1 .* needs 4\.5:1.*#7e6800"
    ) as refused:
        check_accent("#FFD400")
    assert refused.value.offered == "#7e6800"


def test_rounds_no_ratio_up_to_what_it_lacks() -> None:
    almost = next(f"#{gray:02x}{gray:02x}{gray:02x}" for gray in range(256) if not passes(gray))
    with pytest.raises(AccentRefused, match=r"contrast of 4\.[0-4]:1"):
        check_accent(almost)


def passes(gray: int) -> bool:
    return is_readable(f"#{gray:02x}{gray:02x}{gray:02x}", LIGHT_SURFACES)


@pytest.mark.parametrize(
    "text",
    [
        "red",
        "red;}body{display:none",
        "#12345",
        "#1234567",
        "#ggg",
        "rgb(0,0,0)",
        "url(x)",
        "\uff11" * 6,
        "#0d6b55;",
        "\0",
    ],
)
def test_refuses_what_is_no_color_and_says_how_one_is_written(text: str) -> None:
    with pytest.raises(AccentRefused, match="written like #0d6b55"):
        check_accent(text)


@pytest.mark.parametrize(("text", "color"), [("#063", "#006633"), (" 0D6B55 ", "#0d6b55"), ("", ""), ("  ", "")])
def test_takes_the_ways_in_which_people_write_colors(text: str, color: str) -> None:
    assert check_accent(text) == color


def test_knows_the_surfaces_that_the_stylesheet_has() -> None:
    css = (ROOT / "static" / "shop.css").read_text(encoding="utf-8")
    light, dark = css.split("@media (prefers-color-scheme: dark)", 1)
    dark = dark.split("/* Ground */", 1)[0]
    for part, surfaces, texts in ((light, LIGHT_SURFACES, LIGHT_TEXTS), (dark, DARK_SURFACES, DARK_TEXTS)):
        colors = variables(part)
        assert set(surfaces) - {"#ffffff"} == {colors[name] for name in GROUNDS}
        assert texts == (colors["ink"], colors["quiet"])
