"""What the shop warns its owner of."""

from flask import Flask

from storefront.core.db import db
from storefront.owner.health.trouble import read_trouble
from storefront.owner.health.warnings import find_warnings


def warnings_of(app: Flask) -> set[str]:
    """Return their codes."""
    with app.app_context():
        codes = {warning.code for warning in find_warnings(read_trouble())}
        db.session.remove()
    return codes
