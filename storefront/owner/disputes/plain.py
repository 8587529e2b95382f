"""Text that a bank can print: plain spaces and lines, and nothing that no reader sees."""

import re

BREAK = re.compile("\r\n|[\r\u2028\u2029]")


def with_plain_spaces(text: str) -> str:
    """Return it with one kind of line break, and each space of another width, or a tab, as a plain one."""
    lines = BREAK.sub("\n", text).split("\n")
    return "\n".join("".join(" " if letter.isspace() else letter for letter in line) for line in lines)


def without_unshown(text: str) -> str:
    """Leave out controls and marks of direction, which a device or a name of a stranger may hold."""
    return "".join(letter for letter in text if letter.isprintable() or letter == "\n")
