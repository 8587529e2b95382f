"""Loads Huey with the driver of a queue, and of no other.

Huey loads those of PostgreSQL and Redis wherever they are installed: 16 MB in each process that uses neither.
"""

from importlib import import_module

from storefront.core.left_out import left_out

DRIVERS = {"psycopg": "postgres", "redis": "redis"}  # how the addresses begin that need them


def load_engine(url: str) -> None:
    """Do so in a process that has this one shop to its end."""
    with left_out(*(driver for driver, beginning in DRIVERS.items() if not url.startswith(beginning))):
        import_module("storefront.core.queue_engine")
