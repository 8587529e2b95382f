"""A page that shows a form again leads to what is wrong in it: by its title, and by where the keyboard begins.

Without a script, and for every form: a field has `aria-invalid="true"`, a sentence about the whole form
`data-first-error=""`.
"""

import re

from flask import Flask
from markupsafe import Markup

# In a tag, and between its attributes: quotation marks in their values are escaped, those in texts need not be.
MARKS = ('aria-invalid="true"', 'data-first-error=""')
FIRST_ERROR = re.compile(rf"(<[a-z][^<>]*) (?={'|'.join(MARKS)})")


def set_up_first_error(app: Flask) -> None:
    app.jinja_env.filters["leads_to_error"] = leads_to_error
    app.jinja_env.tests["refused"] = is_refused


def leads_to_error(body: Markup) -> Markup:
    """Return the page's HTML with `autofocus` at what is wrong first; as it is, where nothing is."""
    if not _may_be_refused(body):
        return body
    led = FIRST_ERROR.sub(r"\1 autofocus ", str(body), count=1)  # a Markup would escape its own parts
    return Markup(led)  # noqa: S704 - of a template, which escaped it


def is_refused(body: Markup) -> bool:
    """Tell whether this is an answer to a form that was not taken."""
    return _may_be_refused(body) and FIRST_ERROR.search(body) is not None


def _may_be_refused(body: Markup) -> bool:
    """A search for words costs a page a twentieth of one for tags."""
    return any(mark in body for mark in MARKS)
