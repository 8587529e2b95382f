"""Pages are sent without the indentation of their templates: a phone has nothing of it."""

import re

from jinja2.ext import Extension

INDENTATION = re.compile(r"^[ \t]+", re.MULTILINE)
ONLY_A_TAG = re.compile(r"^(\{%(?:(?!%\}).)*%\})\n", re.MULTILINE)  # such as `{% if … %}`, alone in its line
KEPT = ("<pre", "<textarea")  # whose lines mean something


class CompactPages(Extension):
    """Takes it out of `.html` templates, before Jinja reads them."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:  # noqa: ARG002 - Jinja's
        if not (name or "").endswith(".html") or any(kept in source for kept in KEPT):
            return source
        return ONLY_A_TAG.sub(r"\1", INDENTATION.sub("", source))
