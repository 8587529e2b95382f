"""The only importer of `css_inline`: writes styles at each element: many mail programs read no others.

A `<style>` with `data-css-inline="keep"` stays as it is: only there can a mail say how it looks on dark screens.
"""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from css_inline import CSSInliner


@cache
def _inliner() -> "CSSInliner":
    from css_inline import CSSInliner  # noqa: PLC0415 - a web process writes a mail for its owner's eyes alone

    return CSSInliner(load_remote_stylesheets=False)  # nothing of a mail is fetched


def inline_styles(html: str) -> str:
    return _inliner().inline(html)
