"""What an upgrade will do, read from the migrations' files before any of them runs.

A migration is of one of two kinds. One that expands leaves everything that older code reads and writes, so old and
new code serve side by side: tables and columns are added, and a column that may not be null has a default in the
database. One that contracts takes something away. It comes in a later release, and says in `oldest_code` to which
schema the oldest code belongs that may still run: older code has to be gone before.
"""

import ast
from dataclasses import dataclass
from pathlib import Path

from storefront.migrations.head import FOLDER, revisions


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """`rebuilt`: tables that SQLite makes anew, row by row. `oldest_code` is empty where the step expands."""

    revision: str
    title: str
    oldest_code: str
    rebuilt: tuple[str, ...]


def find_steps(current: str | None) -> list[Step]:
    """Return what is missing of a database that has had `current`; None for one that has had nothing."""
    return [read_step(revision) for revision in revisions() if current is None or revision > current]


def read_step(revision: str) -> Step:
    (path,) = (FOLDER / "versions").glob(f"{revision}_*.py")
    return _parse(revision, path)


def _parse(revision: str, path: Path) -> Step:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    title = (ast.get_docstring(tree) or "").partition("\n")[0]
    return Step(
        revision=revision, title=title, oldest_code=_oldest_code(tree), rebuilt=tuple(sorted(_rebuilt(tree)))
    )


def _oldest_code(tree: ast.Module) -> str:
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "oldest_code":
            return str(ast.literal_eval(node.value))
    return ""


def _rebuilt(tree: ast.Module) -> set[str]:
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {
        str(call.args[0].value)
        for call in calls
        if isinstance(call.func, ast.Attribute)
        and call.func.attr == "batch_alter_table"
        and isinstance(call.args[0], ast.Constant)
    }
