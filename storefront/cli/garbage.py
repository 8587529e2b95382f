"""How often Python looks for garbage: seldom while a command loads the shop, which makes next to none."""

import gc

USUAL = gc.get_threshold()
WHILE_LOADING = 50_000  # things made before each look: a program that stays with it does no harm either


def look_seldom() -> None:
    """Spare a tenth of a start."""
    gc.set_threshold(WHILE_LOADING)


def look_as_usual() -> None:
    gc.set_threshold(*USUAL)
