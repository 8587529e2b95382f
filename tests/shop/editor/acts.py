"""Does what several owners do at the same moment."""

from collections.abc import Callable
from threading import Barrier, Thread

from flask import Flask

from storefront.core.db import db
from storefront.core.errors import StorefrontError

PATIENCE_SECONDS = 60


def at_once(app: Flask, *acts: Callable[[], object]) -> list[str]:
    """Do these at the same moment; returns what each was refused with, sorted, and "" where it was done."""
    start, refusals = Barrier(len(acts)), [""] * len(acts)

    def do(place: int, act: Callable[[], object]) -> None:
        with app.app_context():
            start.wait(PATIENCE_SECONDS)
            try:
                act()
            except StorefrontError as refusal:
                refusals[place] = refusal.code
            finally:
                db.session.remove()

    threads = [Thread(target=do, args=(place, act)) for place, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()
    return sorted(refusals)
