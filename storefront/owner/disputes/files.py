"""Files of an answer: Stripe keeps them from the moment they are attached, the bank gets them with the answer.

https://docs.stripe.com/disputes/responding
"""

import hashlib

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.audit.actor import current_actor
from storefront.buyers.library.read_receipt import get_receipt
from storefront.core import tokens
from storefront.core.db import db, end_read, insert_missing, transaction
from storefront.core.errors import StorefrontError, StripeFault, StripeRefused, StripeUnavailable
from storefront.orders.dispute_answers import DisputeAnswer, DisputeFile
from storefront.owner.disputes.answer import (
    AttachedFile,
    ChangedMeanwhile,
    NothingToAnswer,
    WrongEvidence,
    demand_stage,
    get_dispute,
    note,
    read_files,
)
from storefront.shop.media.words import clean_filename
from storefront.stripe_api.evidence import SeenFile, upload_file

KINDS = {
    "receipt": "Receipt or proof of the sale",
    "customer_communication": "Messages with the buyer",
    "service_documentation": "Proof that it was delivered",
    "refund_policy": "Terms of refunds, as shown",
    "duplicate_charge_documentation": "Proof that it was no second charge",
    "uncategorized_file": "Anything else",
}
MOST_BYTES = 4_500_000  # all files of an answer together
SIGNS = (b"%PDF-", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")


class UploadUncertain(StorefrontError):
    code = "upload_uncertain"
    status = 503
    title = "Stripe did not say whether it has the file"


def attach_file(dispute_id: str, content: bytes, filename: str, kind: str) -> int:
    """Give Stripe the file and keep its id with the draft; return the draft's version.

    The same file twice, at the same moment or after a lost answer, is one file.

    Raises:
        NotFound, NothingToAnswer: no such dispute; it was answered, or it is over.
        ChangedMeanwhile: there is no draft.
        WrongEvidence: the kind, or the files together, are not what Stripe takes, or there is one of the kind.
        StripeRefused: Stripe's own sentence.
        UploadUncertain: no usable answer; the same again asks for the same.
    """
    _check(content, kind)
    dispute, order = get_dispute(dispute_id)
    stage, digest = demand_stage(dispute), hashlib.sha256(content).hexdigest()
    answer = _find_draft(dispute_id, stage)
    name = clean_filename(filename)
    same, others = _beside(answer.id, kind)
    _refuse_second(same, is_same=same is None or (same.filename, same.size_bytes) == (name, len(content)))
    _refuse_large(others, len(content))
    key = f"evidence-file:{answer.id}:{kind}:{digest[:40]}:{hashlib.sha256(name.encode()).hexdigest()[:16]}"
    try:
        seen = _upload(content, name, key)
    except StripeUnavailable as error:
        raise UploadUncertain(
            "Stripe did not say whether it has the file. Add it again in a minute: it never counts twice."
        ) from error
    dispute, order = get_dispute(dispute_id)
    with transaction() as session:
        row = _lock(session, dispute_id, stage)
        same, others = _beside(row.id, kind)
        _refuse_second(same, is_same=same is None or same.stripe_file_id == seen.id)
        _refuse_large(others, len(content))
        made = insert_missing(session, DisputeFile, [{
            "answer_id": row.id, "kind": kind, "stripe_file_id": seen.id, "filename": name,
            "size_bytes": len(content), "added_by": current_actor().name,
        }])  # fmt: skip
        if made:
            row.version += 1
            note(session, "dispute.file_attached", dispute, order)
        return row.version


def _upload(content: bytes, name: str, key: str) -> SeenFile:
    try:
        return upload_file(content, name, idempotency_key=key)
    except (StripeFault, StripeRefused):
        # Stripe says that again under the key for a day; a twin file harms nobody.
        return upload_file(content, name, idempotency_key=f"{key}:{tokens.new_token()}")


def attach_receipt(dispute_id: str) -> int:
    """Attach the shop's own receipt. Raises what `attach_file` raises, and NoReceiptYet."""
    from storefront.buyers.library.receipt_pdf import draw_receipt  # noqa: PLC0415 - few processes draw one

    _, order = get_dispute(dispute_id)
    receipt = get_receipt(order)
    end_read()
    return attach_file(dispute_id, draw_receipt(receipt), f"receipt-{receipt.number}.pdf", "receipt")


def remove_file(dispute_id: str, file_id: int) -> bool:
    """Take a file out of the draft; False if it is gone already. Stripe keeps it, and shows it to nobody.

    Raises NotFound, NothingToAnswer and ChangedMeanwhile as above.
    """
    dispute, order = get_dispute(dispute_id)
    stage = demand_stage(dispute)
    with transaction() as session:
        row = _lock(session, dispute_id, stage)
        file = session.get(DisputeFile, file_id)
        if file is None or file.answer_id != row.id:
            return False
        session.delete(file)
        row.version += 1
        note(session, "dispute.file_removed", dispute, order)
        return True


def _check(content: bytes, kind: str) -> None:
    if not content:
        raise WrongEvidence("The file is empty.")
    if kind not in KINDS:
        raise WrongEvidence(f"Choose what the file shows. The kinds are: {', '.join(KINDS)}.")
    if not content.startswith(SIGNS):
        raise WrongEvidence("Stripe takes PDF, PNG and JPEG only. Save the file as one of them, and add it again.")


def _beside(answer_id: int, kind: str) -> tuple[AttachedFile | None, list[AttachedFile]]:
    """Return the file of this kind, and those of others."""
    files = read_files(answer_id)
    return next((file for file in files if file.kind == kind), None), [file for file in files if file.kind != kind]


def _refuse_second(file: AttachedFile | None, *, is_same: bool) -> None:
    if file is not None and not is_same:
        raise WrongEvidence(f"There is a file as “{KINDS[file.kind]}”. Remove it first, or choose another kind.")


def _refuse_large(others: list[AttachedFile], size_bytes: int) -> None:
    if sum(file.size_bytes for file in others) + size_bytes > MOST_BYTES:
        raise WrongEvidence("All files together have at most 4.5 MB. Make this one smaller, or remove another.")


def _demand_open(row: DisputeAnswer | None) -> DisputeAnswer:
    if row is None or row.version == 0:
        raise ChangedMeanwhile("There is no draft to add files to. Save one first.")
    if row.submitted_at is not None:
        raise NothingToAnswer(f"This was answered on {row.submitted_at:%Y-%m-%d %H:%M} UTC by {row.submitted_by}.")
    return row


def _find_draft(dispute_id: str, stage: str) -> DisputeAnswer:
    wanted = select(DisputeAnswer).where(DisputeAnswer.dispute_id == dispute_id, DisputeAnswer.stage == stage)
    return _demand_open(db.session.scalars(wanted.execution_options(populate_existing=True)).one_or_none())


def _lock(session: Session, dispute_id: str, stage: str) -> DisputeAnswer:
    wanted = select(DisputeAnswer).where(DisputeAnswer.dispute_id == dispute_id, DisputeAnswer.stage == stage)
    locked = wanted.with_for_update().execution_options(populate_existing=True)
    return _demand_open(session.scalars(locked).one_or_none())
