"""`/v1/licenses/…`: activate, validate, deactivate, compatible with Lemon Squeezy's."""

from flask import Blueprint

# Open: the license key in the body is the permission.
licenses = Blueprint("licenses", __name__)
