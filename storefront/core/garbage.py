"""When Python looks for garbage: seldom while a program starts, as usual in a server, never at the end."""

import gc

# A start makes up to 400,000 objects, and they stay: looking through them for garbage after each 700 new ones, as
# Python does by itself, took a fifth of every start, and once through them all is a tenth. Not more than needed:
# a command that runs long keeps as many objects as garbage before they go.
AT_START = 600_000
IN_SERVERS = 50_000


def look_seldom_at_start() -> None:
    gc.set_threshold(AT_START, 10, 10)


def keep_what_is_loaded() -> None:
    """Leave out, in a server, what the app is made of: looking through it again would hold up every request."""
    gc.freeze()
    gc.set_threshold(IN_SERVERS, 10, 10)


def leave_all() -> None:
    """Let a program end at once, with its memory as a whole: to look through it was a quarter of a command."""
    gc.freeze()
