"""What an owner does with answers: written, given back to the shop, made, moved and deleted."""

from collections.abc import Mapping
from itertools import chain
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from storefront.audit.record import record
from storefront.core import clock
from storefront.core.db import insert_missing, transaction
from storefront.core.errors import NotFound
from storefront.core.languages import Language
from storefront.shop.answers.models import Answer, AnswerText
from storefront.shop.answers.ours import OURS
from storefront.shop.answers.queries import in_order, starter_of, words_of
from storefront.shop.answers.words import clean_answer
from storefront.shop.editor.places import move_within
from storefront.shop.editor.stale import pick_changes
from storefront.shop.editor.texts import TextRule, clean_texts, slug_from
from storefront.shop.emails.words import EmailTextRefused

TITLE = {"title": TextRule(label="The name", longest=80, is_needed=True)}
MOST_ANSWERS = 100


def make_answer(title: str) -> str:
    """Make an answer at the end of the list; return its key, made from its name. The same name is the same one.

    Raises:
        EmailTextRefused: a name that cannot be or that the shop's own answers have, or there are too many.
    """
    cleaned = clean_texts({"title": title}, TITLE, refused=EmailTextRefused)["title"]
    key = slug_from(cleaned, kind="answer")
    if key in OURS:
        raise EmailTextRefused({"title": f"There is an answer called {key}. Take another name."})
    with transaction() as session:
        rows = _lock_all(session)
        key = _find_key(key, cleaned, rows)
        if key in rows:
            return key
        if len(rows) >= MOST_ANSWERS + len(OURS):
            raise EmailTextRefused({"title": f"There is room for {MOST_ANSWERS} answers."})
        last = (session.scalar(select(func.max(Answer.position))) or 0) + 1
        if insert_missing(session, Answer, [{"key": key, "title": cleaned, "position": last}]):
            record(session, "answer.created", subject_kind="answer", subject=key, after={"title": cleaned})
    return key


def _find_key(wanted: str, title: str, rows: Mapping[str, Answer]) -> str:
    """Return the key of the answer of this title, or one that is free: beside `refund`, `refund-2`."""
    of_title = (key for key, row in rows.items() if row.title == title)  # whatever such a name made before
    keys = (wanted, *(f"{wanted}-{number}" for number in range(2, len(rows) + 3)))
    return next(chain(of_title, (key for key in keys if key not in rows)))


def change_answer(
    key: str, language: Language, submitted: Mapping[str, Any], *, shown: Mapping[str, str] | None = None
) -> list[str]:
    """Write what changed of subject and body; see `pick_changes` for `shown`. Returns their names.

    Raises:
        NotFound: no such answer.
        EmailTextRefused: a text that cannot be, or an unknown variable; nothing is changed.
        StaleSave: somebody else changed the same text meanwhile; nothing is changed.
    """
    cleaned = clean_answer(submitted)
    with transaction() as session:
        _lock(session, key)
        row = _find_text(session, key, language)
        current = (words_of(row) if row else starter_of(key, language)).as_fields()
        changes = pick_changes(current, cleaned, shown)
        if changes:
            _write(session, key, language, current | changes)
            before = {name: current[name] for name in changes}
            subject = f"{key}/{language}"
            record(session, "answer.changed", subject_kind="answer", subject=subject, before=before, after=changes)
        return list(changes)


def _write(session: Session, key: str, language: Language, fields: Mapping[str, str]) -> None:
    row = _find_text(session, key, language)
    if row is None:
        session.add(AnswerText(answer=key, language=language, **fields))
        return
    row.subject, row.body, row.updated_at = fields["subject"], fields["body"], clock.now()


def reset_answer(key: str, language: Language) -> bool:
    """Take the owner's words of one language away. False where there are none. The audit log keeps them."""
    with transaction() as session:
        _lock(session, key)
        row = _find_text(session, key, language)
        if row is None:
            return False
        before = words_of(row).as_fields()
        record(session, "answer.reset", subject_kind="answer", subject=f"{key}/{language}", before=before)
        session.delete(row)
        return True


def delete_answer(key: str) -> bool:
    """Delete an answer that the owner made, in all languages. False: it is gone already. Emails that left stay.

    Raises:
        EmailTextRefused: it is one of the shop's own.
    """
    if key in OURS:
        raise EmailTextRefused({"title": "The shop's own answers stay. You can write them anew."})
    with transaction() as session:
        row = session.scalars(select(Answer).where(Answer.key == key).with_for_update()).one_or_none()
        if row is None:
            return False
        record(session, "answer.deleted", subject_kind="answer", subject=key, before={"title": row.title})
        session.execute(delete(AnswerText).where(AnswerText.answer == key))
        session.delete(row)
        return True


def move_answer(key: str, position: int, *, shown: str | None = None) -> None:
    """Move it to a place of the list: 1 is the first. `shown` is the digest of the list on the form.

    Raises:
        NotFound: no such answer.
        StaleOrder: somebody else changed the list meanwhile.
    """
    with transaction() as session:
        rows = _lock_all(session)
        titles = dict(in_order(rows.values()))
        if key not in titles:
            raise NotFound("There is no such answer.")
        keys = list(titles)
        places = move_within(keys, key, position, keys=list(titles), what=titles[key], shown=shown)
        if places is None:
            return
        for place, each in enumerate(keys):
            rows[each].position = place
        before, after = ({"place": place} for place in places)
        record(session, "answer.moved", subject_kind="answer", subject=key, before=before, after=after)


def _lock_all(session: Session) -> dict[str, Answer]:
    """Lock every place, those of the shop's own answers included."""
    ours = [{"key": key, "title": "", "position": place} for place, key in enumerate(OURS)]
    insert_missing(session, Answer, ours)
    locked = select(Answer).order_by(Answer.id).with_for_update().execution_options(populate_existing=True)
    session.scalars(locked).all()
    rows = session.scalars(locked)  # once more: what was made while this waited is among them
    return {row.key: row for row in rows}


def _lock(session: Session, key: str) -> None:
    """Raises NotFound. Who writes an answer and who deletes it wait for each other."""
    if key in OURS:
        insert_missing(session, Answer, [{"key": key, "title": "", "position": list(OURS).index(key)}])
    found = session.scalars(select(Answer.id).where(Answer.key == key).with_for_update()).one_or_none()
    if found is None:
        raise NotFound("There is no such answer.")


def _find_text(session: Session, key: str, language: Language) -> AnswerText | None:
    found = select(AnswerText).where(AnswerText.answer == key, AnswerText.language == language)
    return session.scalars(found.with_for_update().execution_options(populate_existing=True)).one_or_none()
