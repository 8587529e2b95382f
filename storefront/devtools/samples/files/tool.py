"""The command-line tool: a zip with a Python script that runs as it is, its README and its license."""

from pathlib import Path

from storefront.devtools.samples.files.archive import make_zip

# The script is kept as .txt: it is goods, not a part of this program, and our checks leave it alone.
CONTENT = Path(__file__).parent / "twinspot"
MEMBERS = {"twinspot.py": "twinspot.py.txt", "README.txt": "README.txt", "LICENSE.txt": "LICENSE.txt"}


def make_tool() -> bytes:
    return make_zip({f"twinspot/{name}": (CONTENT / kept).read_bytes() for name, kept in MEMBERS.items()})
