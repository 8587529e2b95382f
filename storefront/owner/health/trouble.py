"""What may be wrong with the shop, read from its rows and settings: the facts that warnings are made of."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import String, case, cast, exists, func, literal, or_, select, union_all

from storefront.core import clock
from storefront.core.config.settings import Mode
from storefront.core.config.strength import is_nobodys
from storefront.core.data_keys import is_closed, select_sealed
from storefront.core.db import db
from storefront.core.leases import Lease
from storefront.core.measurements import (
    ANSWERS,
    ARCHIVE_REFUSED_AT,
    ARCHIVED_AT,
    BACKED_UP_AT,
    BACKUP_LACKS_AT,
    BAD_SIGNATURE_AT,
    CLOSED_KEY_AT,
    CODE_CEILING_AT,
    EVENT_MISSED_AT,
    GOOD_SIGNATURE_AT,
    REPLICA_ASKED_AT,
    REPLICA_REFUSED_AT,
    STALE_SIGNATURE_AT,
    UNTRUSTED_PROXY_AT,
    WORKER_KEPT,
    WORKER_SEEN_AT,
    hour_of,
    read_measurements,
)
from storefront.core.runtime import settings
from storefront.delivery.licenses.sealed import LICENSE_KEYS
from storefront.delivery.licenses.signing import sealing as signing
from storefront.delivery.licenses.signing.keys import select_signer
from storefront.mail.failures import AT_ADDRESS, TO_ANYBODY, has_failed_lately
from storefront.mail.models import MailKind, MailState, OutboxMessage
from storefront.mail.trouble import mail_trouble
from storefront.migrations.head import is_newer
from storefront.migrations.state import REVISION
from storefront.orders.after_sale import Notice
from storefront.orders.notices import NoticeKind
from storefront.owner.health.open_files import find_open_files
from storefront.owner.health.room import Place, look_at_places
from storefront.payments.reconcile.models import ReconcilePass
from storefront.payments.reconcile.sweep import BROADCAST, NEWS
from storefront.payments.webhook import ledger
from storefront.payments.webhook.endpoint_rows import has_sealed_secret
from storefront.payments.webhook.models import StripeEvent
from storefront.shop.editor.goods import find_selling_nothing

# The worker takes this lease every minute, for less than one: its end says when a worker was last at work.
HEARTBEAT = "retry_events"

EVENTS_LOOKED_THROUGH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class OldestEvent:
    """The delivery that waits longest; `error` is a code of ours, never Stripe's payload."""

    type: str
    received_at: datetime
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSeen:
    """One worker, `HOST:PID`, and when it was last at work by its own clock. What was stopped is not listed."""

    name: str
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Trouble of the running mode at `now`. `mails` are those that may leave.

    `reconcile_begun_at` is when the first pass began, complete or not.
    """

    now: datetime
    mode: Mode
    worker_seen_at: datetime | None
    mails: dict[MailState, int]
    oldest_due_mail_at: datetime | None
    mail_server_down_since: datetime | None
    mail_server_down_why: str | None
    mails_stubborn: int
    oldest_unhandled: OldestEvent | None
    reconciled_at: datetime | None
    reconcile_begun_at: datetime | None
    notices: dict[str, int]
    has_webhook_secret: bool
    has_owner_email: bool  # of somebody, and not of an example
    last_event_at: datetime | None
    bad_signature_at: datetime | None  # of what may be Stripe's
    stale_signature_at: datetime | None
    untrusted_proxy_at: datetime | None
    code_ceiling_at: datetime | None
    measured: dict[str, dict[str, float]]
    places: tuple[Place, ...] = ()
    failed_answers: int = 0  # within this hour and the last
    answers: int = 0
    mails_given_up: int = 0  # that the owner can act on, and has not called done
    mail_given_up_at: datetime | None = None  # the newest of them
    open_files: tuple[str, ...] = ()  # on this machine
    newer_schema: str | None = None  # of code that is newer than this
    is_backed_up: bool = False  # there is a key for backups
    backed_up_at: datetime | None = None  # by `storefront backup`
    backup_lacks_at: datetime | None = None  # the last time that one lacked files
    archive_refused_at: datetime | None = None  # of a shop with an archive
    archived_at: datetime | None = None
    replica_refused_at: datetime | None = None  # of a shop with a replica to read from
    replica_asked_at: datetime | None = None
    event_missed_at: datetime | None = None  # the last time that comparing found what no delivery had brought
    selling_nothing: tuple[str, ...] = ()  # slugs of what takes money for nothing
    workers: tuple[WorkerSeen, ...] = ()  # of the last hour, dead ones included
    is_data_key_closed: bool = False  # no SECRET_KEY of the settings opens the license keys
    is_signing_key_closed: bool = False  # nor the key that signs license files
    closed_key_at: datetime | None = None  # somebody met a sealed license key of no data key that is here
    is_key_refused: bool = False  # by the last comparison, also where the owner called its notice done


def read_trouble() -> Trouble:
    """Read what is wrong: a few small statements, no network."""
    shop = settings()
    mail = mail_trouble()
    now = clock.now()
    has_been = ReconcilePass.finished_at <= now + clock.AHEAD
    reconciled_at, begun_at = db.session.execute(
        select(func.max(ReconcilePass.finished_at).filter(has_been), func.min(ReconcilePass.started_at)).where(
            ReconcilePass.mode == shop.mode
        )
    ).one()
    measured = read_measurements()
    lease_until, schema, data_key, signer, signing_key = db.session.execute(
        select(func.max(Lease.until), REVISION, select_sealed(LICENSE_KEYS), *select_signer()).where(
            Lease.name == HEARTBEAT
        )
    ).one()
    notices, is_key_refused = _count_notices(shop.mode)
    given_up, given_up_at = _count_given_up(shop.mode) if mail.counts[MailState.FAILED] else (0, None)
    return Trouble(
        open_files=find_open_files(shop),
        now=now,
        mode=shop.mode,
        worker_seen_at=min(lease_until, now) if lease_until and not clock.is_ahead(lease_until, now) else None,
        mails=mail.counts,
        oldest_due_mail_at=mail.oldest_due_at,
        mail_server_down_since=mail.since,
        mail_server_down_why=mail.why,
        mails_stubborn=mail.stubborn,
        mails_given_up=given_up,
        mail_given_up_at=given_up_at,
        oldest_unhandled=_find_oldest_unhandled(shop.mode),
        reconciled_at=reconciled_at,
        reconcile_begun_at=begun_at,
        notices=notices,
        is_key_refused=is_key_refused,
        has_webhook_secret=bool(shop.stripe_webhook_secrets) or has_sealed_secret(),
        has_owner_email=shop.owner_email is not None and not is_nobodys(shop.owner_email),
        last_event_at=_find_last_event_at(measured, shop.mode),
        bad_signature_at=_moment(measured, BAD_SIGNATURE_AT),
        event_missed_at=_moment(measured, EVENT_MISSED_AT),
        stale_signature_at=_moment(measured, STALE_SIGNATURE_AT),
        untrusted_proxy_at=_moment(measured, UNTRUSTED_PROXY_AT),
        code_ceiling_at=_moment(measured, CODE_CEILING_AT),
        is_data_key_closed=is_closed(LICENSE_KEYS, data_key),
        is_signing_key_closed=signing.is_closed(signer, signing_key),
        closed_key_at=_moment(measured, CLOSED_KEY_AT),
        measured=measured,
        places=look_at_places(shop),
        failed_answers=_count_answers(measured, now, "failed"),
        answers=_count_answers(measured, now, "failed", "good"),
        newer_schema=schema if schema is not None and is_newer(schema) else None,
        is_backed_up=shop.backup_recipient is not None,
        backed_up_at=_moment(measured, BACKED_UP_AT),
        backup_lacks_at=_moment(measured, BACKUP_LACKS_AT),
        archive_refused_at=_moment(measured, ARCHIVE_REFUSED_AT) if shop.archive_dir else None,
        archived_at=_moment(measured, ARCHIVED_AT),
        replica_refused_at=_moment(measured, REPLICA_REFUSED_AT) if shop.database_read_url else None,
        replica_asked_at=_moment(measured, REPLICA_ASKED_AT),
        selling_nothing=find_selling_nothing(db.session()),
        workers=_find_workers(measured, now),
    )


def _count_given_up(mode: Mode) -> tuple[int, datetime | None]:
    """Return how many, and when the last of them was tried."""
    of_broadcast = OutboxMessage.broadcast_id.is_not(None)
    subject = case(
        (of_broadcast, BROADCAST + cast(OutboxMessage.broadcast_id, String)), else_=cast(OutboxMessage.id, String)
    )
    is_done = exists().where(
        Notice.mode == mode,
        Notice.kind == NoticeKind.MAIL_FAILED,
        or_(
            Notice.subject == subject,
            (OutboxMessage.kind == MailKind.NEW_RELEASE)
            & (NEWS + OutboxMessage.about).startswith(Notice.subject + ":"),
        ),
        Notice.is_closed_by_owner,
        Notice.closed_at >= OutboxMessage.due_at,  # what failed after that is new
    )
    is_lost = OutboxMessage.kind.in_(TO_ANYBODY) & AT_ADDRESS
    count, last = db.session.execute(
        select(func.count(), func.max(OutboxMessage.due_at))
        .select_from(OutboxMessage)
        .where(has_failed_lately(), ~is_lost, ~is_done)
    ).one()
    return count, last


def _find_workers(measured: dict[str, dict[str, float]], now: datetime) -> tuple[WorkerSeen, ...]:
    moments = sorted(measured.get(WORKER_SEEN_AT, {}).items())
    seen = (WorkerSeen(name=name, seen_at=clock.from_unix(int(seconds))) for name, seconds in moments)
    return tuple(
        worker
        for worker in seen
        if now - worker.seen_at <= WORKER_KEPT and not clock.is_ahead(worker.seen_at, now)
    )


def _count_answers(measured: dict[str, dict[str, float]], now: datetime, *kinds: str) -> int:
    counts = measured.get(ANSWERS, {})
    hours = (hour_of(now), hour_of(now - timedelta(hours=1)))
    return int(sum(counts.get(f"{hour} {kind}", 0) for hour in hours for kind in kinds))


def _find_last_event_at(measured: dict[str, dict[str, float]], mode: Mode) -> datetime | None:
    """Each good delivery is measured, and the ledger has most of them before their process has stored that.

    What comparing found, or left to the worker, says nothing of the webhook, nor does what an endpoint of Stripe's
    other mode brought. A shop whose webhook never worked has
    nothing else: only the newest are looked through.
    """
    lately = (
        select(StripeEvent.received_at, StripeEvent.handled_at, StripeEvent.outcome, StripeEvent.livemode)
        .where(StripeEvent.mode == mode, StripeEvent.received_at <= clock.now() + clock.AHEAD)
        .order_by(StripeEvent.received_at.desc())
        .limit(EVENTS_LOOKED_THROUGH)
        .subquery()
        .c
    )
    has_come = (lately.handled_at == lately.received_at) & (lately.outcome != ledger.RECONCILED)
    newest = select(func.max(lately.received_at)).where(has_come, lately.livemode == settings().is_live)
    moments = db.session.scalar(newest), _moment(measured, GOOD_SIGNATURE_AT, mode)
    return max(filter(None, moments), default=None)


def _moment(measured: dict[str, dict[str, float]], name: str, label: str = "") -> datetime | None:
    """Return when it was seen last; None also for a moment that is still to come, of a clock that was ahead."""
    seconds = measured.get(name, {}).get(label)
    moment = clock.from_unix(int(seconds)) if seconds else None
    return moment if moment and not clock.is_ahead(moment) else None


def _find_oldest_unhandled(mode: Mode) -> OldestEvent | None:
    row = db.session.execute(
        select(StripeEvent.type, StripeEvent.received_at, StripeEvent.last_error)
        .where(StripeEvent.mode == mode, StripeEvent.handled_at.is_(None), ~ledger.IS_ELSEWHERE)
        .order_by(StripeEvent.received_at)
        .limit(1)
    ).one_or_none()
    return OldestEvent(type=row.type, received_at=row.received_at, error=row.last_error) if row else None


def _count_notices(mode: Mode) -> tuple[dict[str, int], bool]:
    """Return the open ones by kind, and whether Stripe takes the key no more.

    A pass that may read closes that notice, and forgets who called it done: until then nothing has changed.
    """
    opened = (
        select(Notice.kind, func.count())
        .where(Notice.mode == mode, Notice.closed_at.is_(None))
        .group_by(Notice.kind)
    )
    done = select(Notice.kind, literal(0)).where(
        Notice.mode == mode, Notice.kind == NoticeKind.KEY_REFUSED, Notice.is_closed_by_owner
    )
    counted = db.session.execute(union_all(opened, done))
    counts: dict[str, int] = dict(sorted((str(kind), int(count)) for kind, count in counted))  # open ones last
    return {kind: count for kind, count in counts.items() if count}, NoticeKind.KEY_REFUSED in counts
