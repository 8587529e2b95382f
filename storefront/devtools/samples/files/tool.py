"""The command-line tools: zips with a Python script that runs as it is, its README and its license."""

from pathlib import Path

from storefront.devtools.samples.files.archive import make_zip

# The scripts are kept as .txt: they are goods, not a part of this program, and our checks leave them alone.
FOLDER = Path(__file__).parent


def _make(name: str) -> bytes:
    kept_as = {f"{name}.py": f"{name}.py.txt", "README.txt": "README.txt", "LICENSE.txt": "LICENSE.txt"}
    return make_zip({f"{name}/{shown}": (FOLDER / name / kept).read_bytes() for shown, kept in kept_as.items()})


def make_tool() -> bytes:
    return _make("twinspot")


def make_daybook() -> bytes:
    return _make("daybook")
