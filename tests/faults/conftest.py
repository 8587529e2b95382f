"""A terminal, and the shops of the ground's tests."""

from tests.cli.conftest import command
from tests.ground.conftest import make_shop

__all__ = ["command", "make_shop"]
