"""The point about bundles, of a shop that sells one: whether each part hands something out."""

from storefront.owner.readiness.facts import Facts
from storefront.owner.readiness.point import Point, State


def bundles_point(facts: Facts) -> Point | None:
    if not facts.bundles:
        return None
    empty = next((trouble for trouble in facts.part_troubles if trouble.is_empty), None)
    if empty is not None:
        state, sentence = State.TO_DO, f"{empty.bundle}: {empty.sentence}"
    else:
        words = "One bundle hands" if facts.bundles == 1 else f"{facts.bundles} bundles hand"
        state, sentence = State.DONE, f"{words} out something of each part."
    others = [trouble for trouble in facts.part_troubles if trouble != empty]
    return Point(
        code="bundles",
        title="Bundles",
        state=state,
        sentence=sentence,
        where="/admin/products",
        more=tuple(f"{trouble.bundle}: {trouble.sentence}" for trouble in others),
    )
