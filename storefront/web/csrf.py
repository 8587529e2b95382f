"""Form tokens: every form has one, and a blueprint that programs call is exempt (`csrf.exempt`)."""

from flask import Flask
from flask_wtf.csrf import CSRFError, CSRFProtect


class FormTokens(CSRFProtect):  # type: ignore[misc] # it has no types
    """Refuses a Referer that is no address, too: Flask-WTF reads it over https, and fails."""

    def protect(self, apply_exemptions: bool = False) -> None:
        try:
            super().protect(apply_exemptions)
        except ValueError as error:
            raise CSRFError("The Referer is no address.") from error


csrf = FormTokens()


def set_up_csrf(app: Flask) -> None:
    app.config.update(WTF_CSRF_TIME_LIMIT=None, WTF_CSRF_SSL_STRICT=True)
    csrf.init_app(app)
