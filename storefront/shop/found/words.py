"""Words for search engines and networks: the owner's, or else what the page says, cut between words."""

LONGEST_DESCRIPTION = 160  # what result pages show
ELLIPSIS = "…"


def cut(text: str, longest: int = LONGEST_DESCRIPTION) -> str:
    """Return a text on one line of at most so many characters; what is longer ends in an ellipsis after a word."""
    line = " ".join(text.split())
    if len(line) <= longest:
        return line
    start = line[:longest]
    words = start.rpartition(" ")[0] or start[:-1]  # one word as long as that has no place to be cut at
    return words.rstrip(" ,;:.-") + ELLIPSIS


def is_xml(letter: str) -> bool:
    """Tell whether XML 1.0 can hold it: https://www.w3.org/TR/xml/#charsets."""
    return (
        letter in "\t\n\r"
        or "\x20" <= letter <= "\ud7ff"
        or "\ue000" <= letter <= "\ufffd"
        or letter >= "\U00010000"
    )


def for_xml(text: str) -> str:
    """Return a text without the few characters that no XML document may have."""
    return "".join(filter(is_xml, text))
