"""What a reader sees of an email's body, text or HTML: so that both are held to the same words."""

import html
import re


def words_of(body: str) -> str:
    """Return the words without tags, styles and colons, each run of blanks as one: `Total (USD) $19.00`."""
    body = re.sub(r"<(style|title)\b.*?</\1>|<!--.*?-->", " ", body, flags=re.DOTALL)
    seen = html.unescape(re.sub(r"<[^>]+>", " ", body))
    return " ".join(seen.replace(":", " ").replace("\N{MINUS SIGN}", "-").split())


def plain(page: str) -> str:
    """Return what stands between tags, each run of blanks as one."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))
