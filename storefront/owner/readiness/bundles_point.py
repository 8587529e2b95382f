"""The point about bundles, of a shop that sells one: whether each part hands something out."""

from storefront.owner.readiness.facts import Facts
from storefront.owner.readiness.point import Point, State


def bundles_point(facts: Facts) -> Point | None:
    if not facts.bundles:
        return None
    empty = [trouble for trouble in facts.part_troubles if trouble.is_empty]
    if empty:
        state, sentence = State.TO_DO, f"{empty[0].bundle}: {empty[0].sentence}"
    else:
        words = "One bundle hands" if facts.bundles == 1 else f"{facts.bundles} bundles hand"
        state, sentence = State.DONE, f"{words} out something of each part."
    others = [trouble for trouble in facts.part_troubles if trouble not in empty[:1]]
    return Point(
        code="bundles",
        title="Bundles",
        state=state,
        sentence=sentence,
        where="/admin/products",
        more=tuple(f"{trouble.bundle}: {trouble.sentence}" for trouble in others),
    )
