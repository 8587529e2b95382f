"""Broadcasts as the owner's page and the command show them, and what one says in a language."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from storefront.core.db import db
from storefront.core.languages import Language, offered
from storefront.core.runtime import settings
from storefront.mail.broadcasts import count_broadcasts
from storefront.mail.models import MailState
from storefront.owner.broadcasts.audience import Goods
from storefront.owner.broadcasts.drafts import get_broadcast, goods_of
from storefront.owner.broadcasts.models import Broadcast, BroadcastState, BroadcastText
from storefront.shop.catalog.models import Edition, Product

PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What became of its emails: `left_out` were not wanted, or not true, any more when they should have left."""

    sent: int
    waiting: int
    left_out: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BroadcastView:
    """`goods` name its products and editions as commands do; `subject` is of the original."""

    id: int
    state: BroadcastState
    version: int
    subject: str
    goods: tuple[str, ...]
    per_minute: int
    promised: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    canceled_at: datetime | None
    progress: Progress

    @property
    def state_words(self) -> str:
        if self.state is BroadcastState.SENT and self.progress.waiting:
            return BroadcastState.SENDING.value
        return self.state.value

    @property
    def may_be_canceled(self) -> bool:
        return self.state is not BroadcastState.CANCELED and (
            self.state is not BroadcastState.SENT or self.progress.waiting > 0
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BroadcastPage:
    """Newest first; `older_than` is the id to ask for the next page with, None on the last one."""

    broadcasts: tuple[BroadcastView, ...]
    older_than: int | None


def read_view(broadcast_id: int) -> BroadcastView:
    """Raises NotFound."""
    (view,) = _view([get_broadcast(db.session(), broadcast_id)])
    return view


def list_broadcasts(*, older_than: int | None = None) -> BroadcastPage:
    """Return the newest 50, or those older than one, in a handful of statements."""
    found = select(Broadcast).where(Broadcast.mode == settings().mode)
    if older_than is not None:
        found = found.where(Broadcast.id < older_than)
    rows = db.session.scalars(found.order_by(Broadcast.id.desc()).limit(PAGE + 1)).all()
    shown = rows[:PAGE]
    return BroadcastPage(broadcasts=tuple(_view(shown)), older_than=shown[-1].id if len(rows) > PAGE else None)


def _view(rows: Sequence[Broadcast]) -> list[BroadcastView]:
    ids = [row.id for row in rows]
    subjects, counts, names = _read_subjects(ids), count_broadcasts(ids), _name_goods(rows)
    return [
        BroadcastView(
            id=row.id,
            state=row.state,
            version=row.version,
            subject=subjects.get(row.id, ""),
            goods=tuple(names.get(key, f"deleted-{key[0]}-{key[1]}") for key in _goods_keys(row)),
            per_minute=row.per_minute,
            promised=row.promised,
            created_at=row.created_at,
            started_at=row.started_at,
            finished_at=row.finished_at,
            canceled_at=row.canceled_at,
            progress=_progress(counts.get(row.id, {})),
        )
        for row in rows
    ]


def _progress(counts: Mapping[MailState, int]) -> Progress:
    return Progress(
        sent=counts.get(MailState.SENT, 0),
        waiting=counts.get(MailState.QUEUED, 0) + counts.get(MailState.SENDING, 0),
        left_out=counts.get(MailState.CANCELED, 0),
        failed=counts.get(MailState.FAILED, 0),
    )


def _read_subjects(ids: Sequence[int]) -> dict[int, str]:
    """Return the subjects of the originals; of any language, where the shop speaks another one by now."""
    rows = db.session.execute(
        select(BroadcastText.broadcast_id, BroadcastText.subject)
        .where(BroadcastText.broadcast_id.in_(ids))
        .order_by(BroadcastText.language == offered().own.value)
    )
    return {row.broadcast_id: row.subject for row in rows}


def _goods_keys(row: Broadcast) -> list[tuple[str, int]]:
    return [*(("product", one) for one in row.product_ids), *(("edition", one) for one in row.edition_ids)]


def _name_goods(rows: Iterable[Broadcast]) -> dict[tuple[str, int], str]:
    keys = {key for row in rows for key in _goods_keys(row)}
    products = db.session.execute(select(Product.id, Product.slug).where(Product.id.in_(_ids(keys, "product"))))
    editions = db.session.execute(
        select(Edition.id, Product.slug, Edition.key)
        .join(Product, Product.id == Edition.product_id)
        .where(Edition.id.in_(_ids(keys, "edition")))
    )
    return {("product", row.id): row.slug for row in products} | {
        ("edition", row.id): f"{row.slug}/{row.key}" for row in editions
    }


def _ids(keys: Iterable[tuple[str, int]], kind: str) -> list[int]:
    return [each for name, each in keys if name == kind]


def read_goods(broadcast_id: int) -> Goods:
    """Return what its readers have. Raises NotFound."""
    return goods_of(get_broadcast(db.session(), broadcast_id))


def read_texts(broadcast_id: int) -> dict[str, tuple[str, str]]:
    """Return (subject, text) by language."""
    rows = db.session.scalars(select(BroadcastText).where(BroadcastText.broadcast_id == broadcast_id))
    return {row.language: (row.subject, row.body) for row in rows}


def find_text(broadcast_id: int, language: Language) -> tuple[str, str] | None:
    """Return (subject, text) in this language, else the original."""
    texts = read_texts(broadcast_id)
    own = offered().own.value
    return texts.get(language.value) or texts.get(own) or next(iter(texts.values()), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoosableGoods:
    """A product to choose, with its editions where it has several: (words that name it, what people read)."""

    words: str
    name: str
    editions: tuple[tuple[str, str], ...]


def list_goods() -> list[ChoosableGoods]:
    """Two statements."""
    products = db.session.execute(
        select(Product.id, Product.slug, Product.name).order_by(Product.position, Product.id)
    ).all()
    editions: dict[int, list[tuple[str, str]]] = {}
    rows = db.session.execute(
        select(Edition.product_id, Edition.key, Edition.name).order_by(Edition.position, Edition.id)
    )
    for row in rows:
        editions.setdefault(row.product_id, []).append((row.key, row.name))
    return [
        ChoosableGoods(words=each.slug, name=each.name, editions=_choosable(each.slug, editions.get(each.id, [])))
        for each in products
    ]


def _choosable(slug: str, editions: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((f"{slug}/{key}", name) for key, name in editions) if len(editions) > 1 else ()
