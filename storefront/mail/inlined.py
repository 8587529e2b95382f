"""The only importer of `css_inline`: writes styles at each element: many mail programs read no others.

A `<style>` with `data-css-inline="keep"` stays as it is: only there can a mail say how it looks on dark screens.
"""

from css_inline import CSSInliner

_INLINER = CSSInliner(load_remote_stylesheets=False)  # nothing of a mail is fetched


def inline_styles(html: str) -> str:
    return _INLINER.inline(html)
