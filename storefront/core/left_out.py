"""Leaves out what a library loads wherever it is installed, and a process of ours never needs."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def left_out(*names: str) -> Iterator[None]:
    """Let imports of these fail, as Python does where it finds None. What is loaded already stays.

    For the start of a process, while there is one thread.
    """
    hidden = [name for name in names if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment] # https://docs.python.org/3/reference/import.html#the-module-cache
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
