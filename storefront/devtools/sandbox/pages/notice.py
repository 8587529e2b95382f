"""A page with one sentence on it."""

from flask import render_template
from flask.typing import ResponseReturnValue


def notice(title: str, message: str, status: int) -> ResponseReturnValue:
    return render_template("devtools/sandbox/notice.html", title=title, message=message), status
