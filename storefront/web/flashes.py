"""A sentence for the next page, said in the language of the page that leads there."""

import flask

from storefront.core.languages import say


def flash(text: str, kind: str) -> None:
    """Keep a sentence until a page shows it. `kind` is `good` or `bad`."""
    flask.flash(say(text), kind)
