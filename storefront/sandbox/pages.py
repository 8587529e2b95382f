"""The browser's side of the sandbox (to come)."""

from flask import Blueprint

pages = Blueprint("pages", __name__)
