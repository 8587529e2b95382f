"""JSON as Stripe prints it: two spaces, `id` and `object` first, the rest by name."""

import json
from typing import Any


def render(value: dict[str, Any]) -> str:
    return json.dumps(_ordered(value), indent=2, ensure_ascii=False)


def _ordered(value: Any) -> Any:  # noqa: ANN401 - a JSON value
    if isinstance(value, dict):
        return {key: _ordered(value[key]) for key in sorted(value, key=_rank)}
    if isinstance(value, list):
        return [_ordered(item) for item in value]
    return value


def _rank(key: str) -> tuple[int, str]:
    return ({"id": 0, "object": 1}.get(key, 2), key)
