"""`/sign-in…`: an address proves itself by a mailed code or link."""

from flask import Blueprint

# Open: whoever signs in is not signed in yet.
customers = Blueprint("customers", __name__)
