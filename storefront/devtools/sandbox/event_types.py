"""Patterns of event types, such as `checkout.session.*`."""

import fnmatch
from collections.abc import Iterable


def matches_any(event_type: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(event_type, pattern) for pattern in patterns)
