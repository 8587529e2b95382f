"""What `storefront shop plan` and `apply` print: what is made and changed, field by field."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from storefront.cli.output import to_json_value
from storefront.shop.catalog.amounts import ChosenAmount, amount_words
from storefront.shop.files.apply import Applied
from storefront.shop.files.objects import HASH_LETTERS, Kind, Ref
from storefront.shop.files.plan import Act, Change, Conflict, Plan, Step

LONGEST = 70  # letters of a value
REMOVED = {
    Kind.PRODUCT: "retire",
    Kind.EDITION: "switch off",
    Kind.PRICE: "drop",
    Kind.PICTURE: "take off",
    Kind.SAMPLE: "take off",
    Kind.RELEASE: "withdraw",
    Kind.PAGE: "unpublish",
}
HIDDEN = {"slug", "filename", "sha256"}  # of what is new: its name says it


def plan_lines(plan: Plan, notes: Iterable[str]) -> Iterator[str]:
    if plan.is_empty:
        yield "Nothing to do: the shop says what the folder says."
    yield from _steps(plan)
    for conflict in plan.conflicts:
        yield f"{'decide':<11}{conflict.ref.kind} {conflict.path}: changed in the shop since the export"
        yield f"{'':<13}shop:   {_show(conflict.ref, conflict.in_shop)}"
        yield f"{'':<13}folder: {_show(conflict.ref, conflict.in_folder)}"
    if plan.conflicts:
        yield "Say whose words count: `shop apply` takes --keep-shop, --take-folder, --keep PATH and --take PATH."
    yield from _kept(plan.kept)
    yield from notes


def applied_lines(applied: Applied, folder: Path) -> Iterator[str]:
    yield from _steps(applied.plan)
    yield from _kept(applied.plan.kept)
    yield from applied.notes
    count = len(applied.plan.steps)
    yield (
        f"Done: {count} thing{'' if count == 1 else 's'}."
        if count
        else "Nothing to do: the shop says that already."
    )
    if not applied.is_recorded:
        yield f"{folder} cannot be written, so what the shop says now is not noted there."


def _steps(plan: Plan) -> Iterator[str]:
    for step in plan.steps:
        yield f"{_verb(step):<11}{step.ref.kind} {_path(step.ref)}".rstrip()
        for change in step.changes:
            if not (step.act is Act.MAKE and _is_said(change)):
                yield f"{'':<13}{_change(step, change)}"


def _verb(step: Step) -> str:
    return REMOVED[step.ref.kind] if step.act is Act.REMOVE else step.act.value


def _path(ref: Ref) -> str:
    return "" if ref.kind is Kind.SHOP else ref.path


def _is_said(change: Change) -> bool:
    return change.field in HIDDEN or change.after in (None, "", [])


def _change(step: Step, change: Change) -> str:
    after = _show(step.ref, change.after)
    if step.act is Act.MAKE:
        return f"{change.field}: {after}"
    if change.field == "sha256":
        return "another file"
    return f"{change.field}: {_show(step.ref, change.before)} -> {after}"


def _kept(kept: Iterable[Conflict]) -> Iterator[str]:
    for conflict in kept:
        yield f"{'keep':<11}{conflict.ref.kind} {conflict.path}: as in the shop, and not as in the folder"


def _show(ref: Ref, value: Any) -> str:  # noqa: ANN401 - of any field
    if ref.kind is Kind.PRICE and isinstance(value, int | ChosenAmount):
        return amount_words(value, ref.part)
    if value is None or isinstance(value, bool | int):
        return str(value).lower()
    if isinstance(value, datetime):
        return _quote(f"{value:%Y-%m-%d %H:%M} UTC")
    if isinstance(value, list):
        return _quote(", ".join(map(_show_entry, value)))
    return _quote(str(value))


def _show_entry(entry: str | list[str]) -> str:
    return " ".join(entry) if isinstance(entry, list) else _short_hash(entry)


def _quote(words: str) -> str:
    text = " ".join(words.split())
    return f'"{text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"}"'


def _short_hash(entry: str) -> str:
    return entry[:HASH_LETTERS] if len(entry) == 64 else entry


def plan_value(plan: Plan, notes: Iterable[str]) -> dict[str, Any]:
    """Return the plan for programs."""
    return {
        "changes": [
            {
                "act": _verb(step),
                "kind": step.ref.kind.value,
                "path": step.ref.path,
                "fields": [to_json_value(asdict(change)) for change in step.changes],
            }
            for step in plan.steps
        ],
        "decide": [_conflict_value(conflict) for conflict in plan.conflicts],
        "kept": [_conflict_value(conflict) for conflict in plan.kept],
        "notes": list(notes),
        "mistakes": [],
    }


def _conflict_value(conflict: Conflict) -> dict[str, Any]:
    return {
        "path": conflict.path,
        "kind": conflict.ref.kind.value,
        "field": conflict.field,
        "in_shop": to_json_value(conflict.in_shop),
        "in_folder": to_json_value(conflict.in_folder),
    }
