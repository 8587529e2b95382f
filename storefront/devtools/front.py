"""Where templates and static files lie, in a checkout and in an installed package, as in `core/places.py`."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]
_CHECKOUT = _PACKAGE.parent
FRONT = _CHECKOUT if (_CHECKOUT / "templates").is_dir() else _PACKAGE / "front"
TEMPLATES = FRONT / "templates"
STATIC = FRONT / "static" / "devtools"
