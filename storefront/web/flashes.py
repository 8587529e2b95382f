"""A sentence for the next page, said in the language of the page that leads there."""

import flask

from storefront.core.languages import say


def flash(text: str, kind: str) -> None:
    """Keep a sentence until a page shows it. `kind` is `good` or `bad`."""
    flask.flash(say(text), kind)


def forget_flashes() -> None:
    """Forget what waits for a page of ours, where the next page is somebody else's: it would be said too late."""
    flask.get_flashed_messages()
