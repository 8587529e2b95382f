"""The only importer of `css_inline`: writes styles at each element: many mail programs read no others.

Links and pictures get the shop's address: its owner writes `/pages/terms`, which leads nowhere in an email.

A `<style>` with `data-css-inline="keep"` stays as it is: only there can a mail say how it looks on dark screens.
"""

import re
from functools import cache
from typing import TYPE_CHECKING

from storefront.core.runtime import settings

if TYPE_CHECKING:
    from css_inline import CSSInliner

# Only in an element: in a text its `<` is written `&lt;`.
PATH_IN_ELEMENT = re.compile(r"""(<[a-z][^<>]*\s(?:href|src)=")/(?![/\\])""")


@cache
def _inliner() -> "CSSInliner":
    from css_inline import CSSInliner  # noqa: PLC0415 - a web process writes a mail for its owner's eyes alone

    return CSSInliner(load_remote_stylesheets=False)  # nothing of a mail is fetched


def inline_styles(html: str) -> str:
    base_url = settings().base_url
    return _inliner().inline(PATH_IN_ELEMENT.sub(lambda found: f"{found[1]}{base_url}/", html))
