"""A migration that takes away what older code needs says so; all others leave older code serving."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from storefront.migrations.head import FOLDER, revisions
from storefront.migrations.plan import read_step

LAST_BEFORE_THE_RULE = "0051"
TAKING = {"drop_column", "drop_table", "rename_table"}


def takings(path: Path) -> Iterator[str]:
    """What `upgrade` does that older code may not survive."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    (upgrade,) = (node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "upgrade")
    for call in ast.walk(upgrade):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
            yield from takings_of(call.func.attr, call)


def takings_of(name: str, call: ast.Call) -> Iterator[str]:
    words = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
    if name in TAKING:
        yield name
    if name == "alter_column" and ({"new_column_name", "nullable"} & set(words)):
        yield f"alter_column({', '.join(map(str, words))})"
    if name == "alter_column" and words.get("server_default") == "None":
        yield "takes a default away that older code writes by"
    if name == "add_column":
        yield from (problem for argument in call.args for problem in new_column(argument))


def new_column(argument: ast.expr) -> Iterator[str]:
    words = {keyword.arg: ast.unparse(keyword.value) for keyword in getattr(argument, "keywords", [])}
    if words.get("nullable") == "False" and "server_default" not in words:
        yield "a column that older code does not fill"


@pytest.mark.parametrize(
    "revision", [number for number in revisions() if number > LAST_BEFORE_THE_RULE] or ["0051"]
)
def test_says_the_oldest_code_where_it_takes_something_away(revision: str) -> None:
    (path,) = (FOLDER / "versions").glob(f"{revision}_*.py")
    found = list(takings(path))
    assert bool(read_step(revision).oldest_code) == bool(found), (
        f"{path.name}: {found or 'takes nothing away'}. Add only, with defaults in the database; or, in a later "
        "release, say `oldest_code` (CONTRIBUTING, add a migration)"
    )


@pytest.mark.parametrize(
    "line",
    [
        "op.drop_column('orders', 'note')",
        "op.rename_table('orders', 'sales')",
        "table.alter_column('note', nullable=False)",
        "op.alter_column('orders', 'note', server_default=None)",
        "op.add_column('orders', sa.Column('note', sa.String(), nullable=False))",
    ],
)
def test_knows_what_older_code_does_not_survive(tmp_path: Path, line: str) -> None:
    path = tmp_path / "0100_x.py"
    path.write_text(f"def upgrade():\n    {line}\n\n\ndef downgrade():\n    pass\n")
    assert len(list(takings(path))) == 1
    added = "sa.Column('note', sa.String(), nullable=False, server_default='')"
    path.write_text(f"def upgrade():\n    op.add_column('orders', {added})\n")
    assert list(takings(path)) == []
