"""Where the shop's own pages lie, and where one shop keeps what is its own.

In a checkout both are its folder. Installed as a package, templates and static files lie inside the package, where
nothing is ever written, and a shop is a folder of its own that `storefront init` makes.
"""

from collections.abc import Mapping
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
ROOT = PACKAGE.parent  # of a checkout; installed it is the folder of all packages
IS_CHECKOUT = (ROOT / "templates").is_dir() and (ROOT / "wsgi.py").is_file()
FRONT = ROOT if IS_CHECKOUT else PACKAGE / "front"  # holds `templates` and `static`


def home(environ: Mapping[str, str]) -> Path:
    """Return the folder of the shop, which has `.env` and `var`.

    That is `STOREFRONT_HOME`, or else the checkout, or where the package is installed the folder one is in.
    """
    named = environ.get("STOREFRONT_HOME", "").strip()
    if named:
        return Path(named).absolute()
    return ROOT if IS_CHECKOUT else Path.cwd()
