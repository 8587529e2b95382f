"""The point about bundles, of a shop that sells one: whether each part hands something out."""

from storefront.owner.readiness.facts import Facts
from storefront.owner.readiness.point import Point, State


def bundles_point(facts: Facts) -> Point | None:
    if not facts.bundles:
        return None
    empty = next((trouble for trouble in facts.part_troubles if trouble.is_empty), None)
    others = [trouble for trouble in facts.part_troubles if trouble != empty]
    return Point(
        code="bundles",
        title="Bundles",
        state=State.DONE if empty is None else State.TO_DO,
        sentence=_all_well(facts.bundles) if empty is None else f"{empty.bundle}: {empty.sentence}",
        where="/admin/products",
        more=tuple(f"{trouble.bundle}: {trouble.sentence}" for trouble in others),
    )


def _all_well(bundles: int) -> str:
    words = "One bundle hands" if bundles == 1 else f"{bundles} bundles hand"
    return f"{words} out something of each part."
