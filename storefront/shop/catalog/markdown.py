"""Markdown to safe HTML: raw HTML is text, links are http(s) or mailto and carry no credit to their target."""

from collections.abc import Iterable, Iterator
from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markupsafe import Markup

from storefront.core.letters import has_right_to_left, is_seen
from storefront.shop.translations.read import lang_of

# markdown-it already shows raw HTML as text; nh3 is the second lock, for what a future release may let through.
ALLOWED_TAGS = frozenset(
    {"a", "blockquote", "br", "code", "em", "h2", "h3", "h4", "hr", "li", "ol", "p", "pre", "strong", "ul"}
    | {"table", "thead", "tbody", "tr", "th", "td", "s", "div"}
)
ALLOWED_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
# What stands beside each other may be in two scripts: each block begins at the side of its own.
WITH_DIRECTION = ("p", "h2", "h3", "h4", "ul", "ol", "blockquote", "table")
# Every div is around a table. Keys scroll what is wider than the page, also where browsers do not see to it.
SCROLLER = {"class": "table-scroll", "tabindex": "0"}
ALLOWED_VALUES = {"div": {name: {value} for name, value in SCROLLER.items()}}
ALLOWED_VALUES |= {tag: {"dir": {"auto"}} for tag in WITH_DIRECTION}
# One to a tag: nh3 writes several in another order each time, and what is shown would have another ETag.
SET_ATTRIBUTES = {"pre": {"tabindex": "0"}}
ALLOWED_SCHEMES = {"http", "https", "mailto"}
# h1 is the product's name.
HEADINGS = {"h1": "h2", "h5": "h4", "h6": "h4"}

KEPT_TEXTS = 256  # descriptions and notes of what is looked at; of a few kilobytes each

_parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
_as_text = RendererHTML()


def _show_no_pictures(state: StateCore) -> None:
    """Make a link of each picture, which says what the picture is of: pages load nothing from elsewhere."""
    for token in filter(lambda token: token.type == "inline", state.tokens):
        token.children = list(_with_whole_links(_without_pictures(token.children or ())))


def _without_pictures(tokens: Iterable[Token]) -> Iterator[Token]:
    depth = 0  # of links: none stands in another one
    for token in tokens:
        depth += _link_nesting(token)
        if token.type == "image":
            yield from _words_of(token, is_in_link=depth > 0)
        else:
            yield token


def _words_of(picture: Token, *, is_in_link: bool) -> Iterator[Token]:
    words = _as_text.renderInlineAsText(picture.children, _parser.options, {}).strip()
    text = Token("text", "", 0, content=words)
    if is_in_link or not is_seen(words):
        yield text
        return
    title = {"title": picture.attrs["title"]} if "title" in picture.attrs else {}
    yield Token("link_open", "a", 1, attrs={"href": picture.attrs["src"], **title})
    yield text
    yield Token("link_close", "a", -1)


def _with_whole_links(tokens: Iterable[Token]) -> Iterator[Token]:
    link: list[Token] = []  # the outermost that is open: an address in <> may stand in the words of another one
    depth = 0
    for token in tokens:
        depth += _link_nesting(token)
        if not depth and not link:
            yield token
        elif not (_link_nesting(token) and link and depth):
            link.append(token)
        if link and not depth:
            yield from _whole_link(link)
            link = []


def _link_nesting(token: Token) -> int:
    return token.nesting if token.tag == "a" else 0


def _whole_link(link: list[Token]) -> list[Token]:
    """Leave the words alone where a link leads nowhere, and show its address where it has no words."""
    opens, *words, closes = link
    href = str(opens.attrs["href"])
    if not href:
        return words
    if is_seen("".join(word.content for word in words)):
        return link
    return [opens, Token("text", "", 0, content=_parser.normalizeLinkText(href)), closes]


_parser.core.ruler.push("no_pictures", _show_no_pictures)


def render_markdown(source: str) -> Markup:
    """Return HTML; of a text in another language than its page in an element that says so."""
    html, lang = html_of(str(source)), lang_of(source)
    return Markup("<div{}>{}</div>").format(lang, html) if lang and html else html


@lru_cache(maxsize=KEPT_TEXTS)
def html_of(source: str) -> Markup:
    """Kept by its content, so there is nothing to expire: parsing is most of a product page's time."""
    tokens = list(_with_scrollers(_parser.parse(source)))
    for token in tokens:
        token.tag = HEADINGS.get(token.tag, token.tag)
    if has_right_to_left(source):
        _give_directions(tokens)
    html = _parser.renderer.render(tokens, _parser.options, {})
    safe = nh3.clean(
        html,
        tags=set(ALLOWED_TAGS),
        attributes=ALLOWED_ATTRIBUTES,
        tag_attribute_values=ALLOWED_VALUES,
        set_tag_attribute_values=SET_ATTRIBUTES,
        url_schemes=ALLOWED_SCHEMES,
        link_rel="nofollow noopener noreferrer",
    )
    return Markup(safe)  # noqa: S704 - the line above is what makes it safe


def _give_directions(tokens: Iterable[Token]) -> None:
    """Let each outermost block find its own direction: what is in it goes along."""
    for token in tokens:
        if token.level == 0 and token.nesting == 1 and token.tag in WITH_DIRECTION:
            token.attrSet("dir", "auto")


def _with_scrollers(tokens: Iterable[Token]) -> Iterator[Token]:
    """Put each table into an element that scrolls, so that on a phone it is no wider than the page."""
    for token in tokens:
        if token.type == "table_open":
            yield Token("scroller_open", "div", 1, attrs={**SCROLLER}, block=True)
        yield token
        if token.type == "table_close":
            yield Token("scroller_close", "div", -1, block=True)


def parse_markdown(source: str) -> list[Token]:
    return _parser.parse(source)
