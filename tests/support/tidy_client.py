"""A test client that closes what it opens: a form of more than 500 KB is a temporary file on its way."""

from io import BufferedRandom
from typing import Any

from flask.testing import FlaskClient


class TidyClient(FlaskClient):
    """Werkzeug leaves that file to whoever collects garbage, and then another test fails by the warning."""

    def run_wsgi_app(self, environ: dict[str, Any], buffered: bool = False) -> Any:
        body = environ["wsgi.input"]
        answer = super().run_wsgi_app(environ, buffered=buffered)
        if isinstance(body, BufferedRandom):
            body.close()
        return answer
