"""Markdown as plain text for emails: paragraphs, lists and links as people write them without markup."""

from collections.abc import Iterator, Sequence

from markdown_it.token import Token

from storefront.core.runtime import settings
from storefront.shop.catalog.markdown import parse_markdown

OPENS = {"bullet_list_open", "ordered_list_open"}
CLOSES = {"bullet_list_close", "ordered_list_close"}
INDENT = "  "
ROW = "row"  # of a table
AS_TYPED = {"fence", "code_block", "html_block", ROW}


def write_plain(source: str) -> str:
    """Return the words of a Markdown text. A link is its words, with its address behind them, the whole of it."""
    return "\n\n".join(_join_items(_blocks(parse_markdown(source))))


def _join_items(blocks: Iterator[tuple[bool, str]]) -> Iterator[str]:
    """Put the items of a list below one another, and a line between everything else."""
    together: list[str] = []
    for is_item, text in blocks:
        if not is_item and together:
            yield "\n".join(together)
            together = []
        if is_item:
            together.append(text)
        else:
            yield text
    if together:
        yield "\n".join(together)


def _blocks(tokens: Sequence[Token]) -> Iterator[tuple[bool, str]]:
    counts: list[int | None] = []  # of lists that are open: the number of the next item, None for bullets
    mark = ""
    for token in _with_rows(tokens):
        if token.type in OPENS:
            counts.append(_first_number(token))
        elif token.type in CLOSES:
            counts.pop()
        elif token.type == "list_item_open":
            mark, counts[-1] = _next_mark(counts[-1])
        elif text := _text_of(token):
            yield bool(counts) or token.type == ROW, _indented(text, _begin(len(counts), mark))
            mark = ""


def _with_rows(tokens: Sequence[Token]) -> Iterator[Token]:
    """Make one of all that is in the row of a table."""
    cells: list[str] = []
    is_in_row = False
    for token in tokens:
        is_in_row = token.type == "tr_open" or (is_in_row and token.type != "tr_close")
        if is_in_row:
            cells += [_text_of(token)] if token.type == "inline" else []
        elif token.type == "tr_close":
            yield Token(ROW, "", 0, content=" | ".join(cells))
            cells.clear()
        else:
            yield token


def _first_number(token: Token) -> int | None:
    return int(token.attrGet("start") or 1) if token.type.startswith("ordered") else None


def _begin(depth: int, mark: str) -> str:
    return f"{INDENT * (depth - 1)}{mark or INDENT}" if depth else ""


def _indented(text: str, begin: str) -> str:
    """Begin its first line so, and all others below it: what is typed from a code's lines needs their indents."""
    return begin + text.replace("\n", "\n" + " " * len(begin))


def _next_mark(count: int | None) -> tuple[str, int | None]:
    return ("- ", None) if count is None else (f"{count}. ", count + 1)


def _text_of(token: Token) -> str:
    if token.type == "inline":
        return "".join(_words(token.children or []))
    return token.content.rstrip("\n") if token.type in AS_TYPED else ""


def _words(tokens: Sequence[Token]) -> Iterator[str]:
    href, begin, said = "", False, ""
    for token in tokens:
        if token.type == "link_open":
            href, begin, said = str(token.attrGet("href") or ""), True, ""
        elif token.type == "link_close":
            begin = False
            if href.removeprefix("mailto:") != said:
                yield f" ({_whole(href)})"
        elif token.type in ("softbreak", "hardbreak"):
            yield "\n"
        else:
            said += token.content if begin else ""
            yield token.content


def _whole(href: str) -> str:
    is_path = href.startswith("/") and not href.startswith("//")
    return settings().base_url + href if is_path else href
