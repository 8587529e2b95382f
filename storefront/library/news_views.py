"""`/news/<token>`: a buyer ends the mails about new releases."""

from flask import Blueprint

# Open: the token in the address is the permission.
news = Blueprint("news", __name__)
