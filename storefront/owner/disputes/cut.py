"""Lines that fit into the room for a text: none of them is cut in two."""

from collections.abc import Iterable


def cut(text: str, room: int) -> str:
    """Return the lines that fit into so many characters; of one that is longer by itself, its beginning."""
    return text if len(text) <= room else text[: room + 1].rpartition("\n")[0] or text[:room]


def cut_longest(parts: Iterable[str], room: int) -> list[str]:
    """Return those that are not empty, whole while they are short: the long ones share what room is left."""
    full = [part for part in parts if part]
    left = share = room + 1
    for place, length in enumerate(sorted(len(part) + 1 for part in full)):  # with the break between two of them
        share = left // (len(full) - place)
        if length > share:
            break
        left -= length
    return [cut(part, share - 1) for part in full]
