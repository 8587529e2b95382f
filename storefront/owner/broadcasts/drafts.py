"""A broadcast before it leaves: what the owner types, cleaned and kept. A save of an older draft is refused."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from storefront.audit.record import record
from storefront.core.db import db, transaction
from storefront.core.errors import NotFound
from storefront.core.languages import Language, offered
from storefront.core.runtime import settings
from storefront.owner.broadcasts.audience import Goods
from storefront.owner.broadcasts.models import Broadcast, BroadcastState, BroadcastText
from storefront.shop.catalog.models import Edition, Product
from storefront.shop.catalog.queries import is_called
from storefront.shop.editor.refusals import FieldsRefused
from storefront.shop.editor.texts import TextRule, clean_text

SUBJECT = TextRule(label="The subject", longest=150, is_needed=True)
BODY = TextRule(label="The text", longest=20_000, is_line=False, is_needed=True)
SLOWEST, FASTEST = 1, 600  # emails a minute; the most is also how many rows one transaction writes
PER_MINUTE = 60
STARTED = "This broadcast has begun to leave, so it can't be changed any more."


class BroadcastRefused(FieldsRefused):
    code = "broadcast_refused"


class BroadcastMoved(BroadcastRefused):
    """Somebody else saved it, or it has begun to leave."""

    status = 409


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What is to be saved. `texts` are (subject, text) by language; `goods` are `slug` or `slug/edition`."""

    texts: Mapping[str, tuple[str, str]]
    goods: Sequence[str]
    per_minute: str = str(PER_MINUTE)


def get_broadcast(session: Session, broadcast_id: int, *, locked: bool = False) -> Broadcast:
    """Return a broadcast of the running mode as committed now. Raises NotFound."""
    found = session.get(Broadcast, broadcast_id, populate_existing=True, with_for_update=locked or None)
    if found is None or found.mode != settings().mode:
        raise NotFound(f"There is no broadcast {broadcast_id}.")
    return found


def goods_of(broadcast: Broadcast) -> Goods:
    return Goods(product_ids=tuple(broadcast.product_ids), edition_ids=tuple(broadcast.edition_ids))


def create_broadcast(typed: Typed) -> int:
    """Return the id of the new draft.

    Raises:
        BroadcastRefused: a sentence for each field that cannot be.
    """
    texts, goods, per_minute = _clean(typed)
    with transaction() as session:
        made = Broadcast(mode=settings().mode, per_minute=per_minute, product_ids=[], edition_ids=[])
        session.add(made)
        session.flush()
        _write(session, made, texts, goods)
        _note(session, made, "broadcast.created", texts)
        return made.id


def save_broadcast(broadcast_id: int, typed: Typed, *, version: int) -> None:
    """Save a draft over the `version` that was shown.

    Raises:
        NotFound, BroadcastRefused: as above.
        BroadcastMoved: it is another version by now, or no draft any more.
    """
    texts, goods, per_minute = _clean(typed)
    with transaction() as session:
        draft = get_broadcast(session, broadcast_id, locked=True)
        check_is_draft(draft, version)
        draft.version += 1
        draft.per_minute = per_minute
        _write(session, draft, texts, goods)
        _note(session, draft, "broadcast.changed", texts)


def check_is_draft(broadcast: Broadcast, version: int) -> None:
    """Raise BroadcastMoved for what has begun to leave, or was saved since."""
    if broadcast.state is not BroadcastState.DRAFT:
        raise BroadcastMoved({"broadcast": STARTED})
    if broadcast.version != version:
        raise BroadcastMoved(
            {"broadcast": "Somebody else saved it meanwhile. Open it anew, and put in what you typed."}
        )


def _write(session: Session, draft: Broadcast, texts: Mapping[Language, tuple[str, str]], goods: Goods) -> None:
    draft.product_ids, draft.edition_ids = list(goods.product_ids), list(goods.edition_ids)
    session.execute(delete(BroadcastText).where(BroadcastText.broadcast_id == draft.id))
    session.add_all(
        BroadcastText(broadcast_id=draft.id, language=language.value, subject=subject, body=body)
        for language, (subject, body) in texts.items()
    )
    session.flush()


def _note(session: Session, draft: Broadcast, verb: str, texts: Mapping[Language, tuple[str, str]]) -> None:
    after = {"subject": texts[offered().own][0], "languages": sorted(texts)}
    record(session, verb, subject_kind="broadcast", subject=str(draft.id), after=after)


def _clean(typed: Typed) -> tuple[dict[Language, tuple[str, str]], Goods, int]:
    problems: dict[str, str] = {}
    texts = _clean_texts(typed.texts, problems)
    goods = _find_goods(typed.goods, problems)
    per_minute = _clean_pace(typed.per_minute, problems)
    if problems:
        raise BroadcastRefused(problems)
    return texts, goods, per_minute


def _clean_texts(
    typed: Mapping[str, tuple[str, str]], problems: dict[str, str]
) -> dict[Language, tuple[str, str]]:
    """Return the original, and each translation of which something was typed."""
    shop = offered()
    texts: dict[Language, tuple[str, str]] = {}
    for language in (shop.own, *(each for each in shop.languages if each is not shop.own)):
        subject, body = typed.get(language, ("", ""))
        if language is shop.own or subject.strip() or body.strip():
            texts[language] = (
                _clean_field(f"subject-{language}", subject, SUBJECT, problems),
                _clean_field(f"body-{language}", body, BODY, problems),
            )
    return texts


def _clean_field(name: str, text: str, rule: TextRule, problems: dict[str, str]) -> str:
    try:
        return clean_text(text, rule)
    except ValueError as wrong:
        problems[name] = str(wrong)
        return ""


def _clean_pace(typed: str, problems: dict[str, str]) -> int:
    text = typed.strip()
    if text.isascii() and text.isdecimal() and len(text) < 5 and SLOWEST <= int(text) <= FASTEST:
        return int(text)
    problems["per_minute"] = f"Emails a minute are a number from {SLOWEST} to {FASTEST}."
    return PER_MINUTE


def _find_goods(typed: Iterable[str], problems: dict[str, str]) -> Goods:
    products: set[int] = set()
    editions: set[int] = set()
    for words in typed:
        slug, _, key = words.partition("/")
        product_id = db.session.scalar(select(Product.id).where(is_called(slug)))
        edition_id = _find_edition(product_id, key) if product_id and key else None
        if product_id is None or (key and edition_id is None):
            problems["goods"] = f"There is no {words[:100]!r} in the shop any more. Choose again."
        elif edition_id is None:
            products.add(product_id)
        else:
            editions.add(edition_id)
    return Goods(product_ids=tuple(sorted(products)), edition_ids=tuple(sorted(editions)))


def _find_edition(product_id: int, key: str) -> int | None:
    return db.session.scalar(select(Edition.id).where(Edition.product_id == product_id, Edition.key == key))
