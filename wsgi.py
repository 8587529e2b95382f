"""What a WSGI server imports in a checkout: `wsgi:app`. An installed package has it as `storefront.wsgi:app`."""

from storefront.wsgi import app

__all__ = ["app"]
