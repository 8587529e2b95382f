"""One answer to a dispute: collected, saved as a draft, submitted once. Stripe sees only what is submitted."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from storefront.audit.actor import current_actor
from storefront.audit.queries import list_changes
from storefront.audit.record import record
from storefront.core import clock
from storefront.core.db import db, insert_missing, transaction
from storefront.core.errors import (
    NotFound,
    StorefrontError,
    StripeFault,
    StripeKeyUsed,
    StripeRefused,
    StripeUnavailable,
)
from storefront.orders.after_sale import Dispute
from storefront.orders.dispute_answers import DisputeAnswer, DisputeFile
from storefront.orders.disputes import answer_stage
from storefront.orders.models import Order
from storefront.orders.queries import order_in_running_mode
from storefront.owner.disputes.evidence import LABELS, ONE_LINE, collect_evidence, longest_of
from storefront.owner.disputes.plain import with_plain_spaces, without_unshown
from storefront.payments.fulfillment.fulfill import Look, fulfill_checkout
from storefront.stripe_api.evidence import count_submissions, submit_evidence


class WrongEvidence(StorefrontError):
    code = "wrong_evidence"
    status = 400
    title = "This cannot be sent"


class NothingToAnswer(StorefrontError):
    code = "nothing_to_answer"
    status = 409
    title = "This dispute takes no answer now"


class ChangedMeanwhile(StorefrontError):
    code = "changed_meanwhile"
    status = 409
    title = "The answer was changed meanwhile"


class SubmitUncertain(StorefrontError):
    code = "submit_uncertain"
    status = 503
    title = "Stripe did not say whether it has the answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachedFile:
    """`kind` is Stripe's name of the field that it is sent as."""

    id: int
    kind: str
    stripe_file_id: str
    filename: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`fields` are the draft, or what our rows know while there is none; what was sent once it was.

    `version` is 0 without a draft. `needs_answer`: it can be submitted now.
    """

    dispute_id: str
    order_number: str
    amount_minor: int
    currency: str
    reason: str
    status: str
    respond_by: datetime | None
    needs_answer: bool
    version: int
    fields: dict[str, str]
    saved_by: str | None
    submitted_at: datetime | None
    submitted_by: str | None
    files: tuple[AttachedFile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedDispute:
    """A dispute at its order's page; `submitted_at` is when the shop answered it last."""

    id: str
    amount_minor: int
    currency: str
    reason: str
    status: str
    respond_by: datetime | None
    needs_answer: bool
    submitted_at: datetime | None


FAILED = "dispute.answer_failed"  # in the audit log
BEFORE = "answers_before"  # how many Stripe had before a try that it failed in


def list_disputes(order: Order) -> list[ListedDispute]:
    """Return the disputes of an order, oldest first. One statement."""
    rows = db.session.execute(
        select(Dispute, DisputeAnswer.submitted_at)
        .outerjoin(DisputeAnswer, DisputeAnswer.dispute_id == Dispute.id)
        .where(Dispute.order_id == order.id)
        .order_by(Dispute.created_at, Dispute.id, DisputeAnswer.id)
    )
    listed: dict[str, ListedDispute] = {}
    for row, submitted_at in rows:
        listed[row.id] = ListedDispute(
            id=row.id,
            amount_minor=row.amount_minor,
            currency=row.currency,
            reason=row.reason,
            status=row.status,
            respond_by=row.respond_by,
            needs_answer=answer_stage(row.status) is not None,
            submitted_at=submitted_at or (listed[row.id].submitted_at if row.id in listed else None),
        )
    return list(listed.values())


def read_answer(dispute_id: str) -> Answer:
    """Return the answer as it stands.

    Raises:
        NotFound: no order of the running mode has such a dispute.
    """
    dispute, order = get_dispute(dispute_id)
    row = _newest(db.session(), dispute)
    return Answer(
        dispute_id=dispute.id,
        order_number=order.number,
        amount_minor=dispute.amount_minor,
        currency=dispute.currency,
        reason=dispute.reason,
        status=dispute.status,
        respond_by=dispute.respond_by,
        needs_answer=answer_stage(dispute.status) is not None and (row is None or row.submitted_at is None),
        version=row.version if row is not None else 0,
        fields=dict(row.fields) if row is not None else collect_evidence(order),
        saved_by=row.saved_by if row is not None else None,
        submitted_at=row.submitted_at if row is not None else None,
        submitted_by=row.submitted_by if row is not None else None,
        files=read_files(row.id) if row is not None else (),
    )


def read_files(answer_id: int) -> tuple[AttachedFile, ...]:
    rows = db.session.scalars(
        select(DisputeFile)
        .where(DisputeFile.answer_id == answer_id)
        .order_by(DisputeFile.id)
        .execution_options(populate_existing=True)
    )
    return tuple(
        AttachedFile(
            id=row.id,
            kind=row.kind,
            stripe_file_id=row.stripe_file_id,
            filename=row.filename,
            size_bytes=row.size_bytes,
        )
        for row in rows
    )


def save_draft(dispute_id: str, fields: Mapping[str, str], *, version: int | None = None) -> int:
    """Keep a draft, which Stripe does not see; return its version. `version` is the one that was edited.

    Raises:
        NotFound: no order of the running mode has such a dispute.
        WrongEvidence: a field that Stripe has not, or a text that is too long or cannot be shown.
        NothingToAnswer: it was answered, or it is over.
        ChangedMeanwhile: somebody else saved it since; nothing is changed.
    """
    clean = _clean(fields)
    dispute, order = get_dispute(dispute_id)
    with transaction() as session:
        row = _lock_draft(session, dispute)
        if clean == row.fields:
            return row.version
        if version is not None and version != row.version:
            raise ChangedMeanwhile("Somebody saved this answer meanwhile. Choose which one stays, then save.")
        row.fields, row.version = clean, row.version + 1
        row.saved_at, row.saved_by = clock.now(), current_actor().name
        note(session, "dispute.drafted", dispute, order)
        return row.version


def submit_answer(dispute_id: str, *, version: int) -> Answer:
    """Send the draft to Stripe, once and for good. `version` is the draft that was looked at.

    Sent twice, at the same moment or after a lost answer, it is one submission: the key for Stripe is the draft's.
    A failure of Stripe's own, or its no, it says again under the same key for a day: the next try has another one,
    and ends there where Stripe has the answer in spite of its failure.

    Raises:
        NotFound, NothingToAnswer: as above.
        ChangedMeanwhile: the draft is another one by now.
        StripeRefused: Stripe's own sentence; nothing was sent.
        StripeUnavailable: no answer before; nothing was sent.
        SubmitUncertain: no usable answer; the same again asks for the same.
    """
    dispute, order = get_dispute(dispute_id)
    stage, session_id = demand_stage(dispute), order.checkout_session_id
    draft: dict[str, Any] = {"stage": stage, "version": version}
    failed = _find_failed(order, {"dispute": dispute_id, **draft})
    fields, files = _read_draft(dispute, version)
    there = count_submissions(dispute_id)
    if all(there <= tried.get(BEFORE, there) for tried in failed):
        key = f"evidence:{dispute_id}:{stage}:{version}" + (f":{len(failed)}" if failed else "")
        evidence = {name: text for name, text in fields.items() if text} | files
        _send(dispute_id, evidence, draft | {BEFORE: there}, key)
    _note_submitted(dispute_id, stage, fields, version, files)
    _look_again(session_id)
    return read_answer(dispute_id)


def _find_failed(order: Order, draft: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the tries of this very draft that Stripe answered with a failure or a no, as they were noted."""
    tries = list_changes(FAILED, subject_kind="order", subject=order.number)
    return [tried for tried in tries if draft.items() <= tried.items()]


def _send(dispute_id: str, evidence: dict[str, str], draft: dict[str, Any], key: str) -> None:
    """Raises StripeRefused and SubmitUncertain."""
    try:
        submit_evidence(dispute_id, evidence, idempotency_key=key)
    except StripeKeyUsed:
        raise
    except StripeRefused as refusal:
        _note_asked(dispute_id, FAILED, {name: draft[name] for name in ("stage", "version")})
        raise _with_its_field(refusal) from refusal
    except StripeUnavailable as error:
        _note_asked(dispute_id, FAILED if isinstance(error, StripeFault) else "dispute.answer_asked", draft)
        raise SubmitUncertain(
            "Stripe did not say whether it has the answer. Send it again in a minute: it never counts twice."
        ) from error


def _with_its_field(refusal: StripeRefused) -> StripeRefused:
    """Name the field as the form does: Stripe's sentence alone does not say which text it means."""
    label = LABELS.get((refusal.param or "").removeprefix("evidence[").removesuffix("]"))
    if label is None:
        return refusal
    return StripeRefused(f"{label}: {refusal.message}", stripe_code=refusal.stripe_code, param=refusal.param)


def _look_again(session_id: str) -> None:
    """The answer is sent, whether or not Stripe says at once what that means."""
    try:
        fulfill_checkout(session_id, Look.NOW)
    except StorefrontError:
        return


def get_dispute(dispute_id: str) -> tuple[Dispute, Order]:
    """Raises NotFound: no order of the running mode has it."""
    row = db.session.execute(
        select(Dispute, Order)
        .join(Order, Order.id == Dispute.order_id)
        .where(Dispute.id == dispute_id, order_in_running_mode())
        .execution_options(populate_existing=True)
    ).first()
    if row is None:
        raise NotFound("There is no such dispute. `storefront orders show` lists those of an order.")
    return row.Dispute, row.Order


def _newest(session: Session, dispute: Dispute) -> DisputeAnswer | None:
    """Return the answer of the stage that it is at, or else the last one that was sent."""
    rows = session.scalars(
        select(DisputeAnswer)
        .where(DisputeAnswer.dispute_id == dispute.id)
        .order_by(DisputeAnswer.id.desc())
        .execution_options(populate_existing=True)
    ).all()
    stage = answer_stage(dispute.status)
    if stage is None:
        return rows[0] if rows else None
    return next((row for row in rows if row.stage == stage.value), None)


def demand_stage(dispute: Dispute) -> str:
    """Raises NothingToAnswer."""
    stage = answer_stage(dispute.status)
    if stage is None:
        words = dispute.status.replace("_", " ")
        raise NothingToAnswer(f"This dispute is {words}, so Stripe takes no answer now.")
    return stage.value


def _lock_draft(session: Session, dispute: Dispute) -> DisputeAnswer:
    stage = demand_stage(dispute)
    empty = {"dispute_id": dispute.id, "stage": stage, "fields": {}, "version": 0}
    insert_missing(session, DisputeAnswer, [empty | {"saved_by": current_actor().name, "saved_at": clock.now()}])
    row = session.scalars(
        select(DisputeAnswer)
        .where(DisputeAnswer.dispute_id == dispute.id, DisputeAnswer.stage == stage)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if row.submitted_at is not None:
        raise NothingToAnswer(f"This was answered on {row.submitted_at:%Y-%m-%d %H:%M} UTC by {row.submitted_by}.")
    return row


def _read_draft(dispute: Dispute, version: int) -> tuple[dict[str, str], dict[str, str]]:
    """Return texts and ids of files to send, by their fields; ends the read, since Stripe is asked next."""
    row = _newest(db.session(), dispute)
    if row is None or row.version == 0:
        raise ChangedMeanwhile("There is no draft to send. Save one first.")
    if row.submitted_at is not None:
        raise NothingToAnswer(f"This was answered on {row.submitted_at:%Y-%m-%d %H:%M} UTC by {row.submitted_by}.")
    if row.version != version:
        raise ChangedMeanwhile("Somebody saved this answer meanwhile. Look at it once more before it is sent.")
    return dict(row.fields), {file.kind: file.stripe_file_id for file in read_files(row.id)}


def _note_asked(dispute_id: str, verb: str, draft: dict[str, Any]) -> None:
    dispute, order = get_dispute(dispute_id)
    with transaction() as session:
        note(session, verb, dispute, order, **draft)


def _note_submitted(
    dispute_id: str, stage: str, sent: dict[str, str], version: int, files: dict[str, str]
) -> None:
    """Keep what Stripe has, even where somebody saved another draft while it was asked.

    Nothing is kept where the buyer was erased meanwhile: that Stripe has an answer is in the audit log.
    """
    dispute, order = get_dispute(dispute_id)
    with transaction() as session:
        row = session.scalars(
            select(DisputeAnswer)
            .where(DisputeAnswer.dispute_id == dispute_id, DisputeAnswer.stage == stage)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).one_or_none()
        if row is not None and row.submitted_at is not None:
            return
        if row is not None:
            row.fields, row.version = sent, version
            row.submitted_at, row.submitted_by = clock.now(), current_actor().name
            _forget_unsent(session, row, files)
        note(session, "dispute.answered", dispute, order)


def _forget_unsent(session: Session, row: DisputeAnswer, sent: dict[str, str]) -> None:
    """What came while Stripe was asked was not sent."""
    unsent = DisputeFile.stripe_file_id.not_in(sent.values())
    session.execute(delete(DisputeFile).where(DisputeFile.answer_id == row.id, unsent))


def note(session: Session, verb: str, dispute: Dispute, order: Order, **more: Any) -> None:  # noqa: ANN401 - JSON
    record(session, verb, subject_kind="order", subject=order.number, after={"dispute": dispute.id, **more})


def _clean(fields: Mapping[str, str]) -> dict[str, str]:
    unknown = sorted(set(fields) - set(LABELS))
    if unknown:
        raise WrongEvidence(f"There is no field {unknown[0]}. The fields are: {', '.join(LABELS)}.")
    clean = {name: _clean_one(name, fields.get(name, "")) for name in LABELS}
    if not any(clean.values()):
        raise WrongEvidence("All fields are empty: an answer needs at least one.")
    return clean


def _clean_one(name: str, text: str) -> str:
    text = with_plain_spaces(text).strip()
    if name in ONE_LINE:
        text = " ".join(text.split())
    if len(text) > longest_of(name):
        raise WrongEvidence(f"{LABELS[name]}: at most {longest_of(name)} characters; these are {len(text)}.")
    if text != without_unshown(text):
        raise WrongEvidence(f"{LABELS[name]}: there are characters that cannot be shown. Type plain text.")
    return text
