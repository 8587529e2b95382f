"""`/.well-known/…`: the public keys that license files are verified with, and the list of revoked licenses."""

from flask import Blueprint

# Open: public by nature.
well_known = Blueprint("well_known", __name__)
