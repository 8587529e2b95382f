"""The header that gives a download its name."""

import re
from urllib.parse import quote

# In quotes everything else is read alike. Some browsers decode a percent sign (RFC 6266, appendix D).
PLAIN_NAME = re.compile(r'[^ -~]|["\\%?]')


def disposition(filename: str) -> str:
    """Return `attachment` with a name in any language: RFC 6266 and, for what ASCII cannot say, RFC 8187."""
    plain = PLAIN_NAME.sub("_", filename)
    if plain == filename:
        return f'attachment; filename="{plain}"'
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='', errors='replace')}"
