"""Does what a plan says of the shop's pages and emails, by their editors' acts, in the caller's transaction."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy.orm import Session

from storefront.core.languages import Language
from storefront.shop.emails.edit import write_reset, write_words
from storefront.shop.files import fields
from storefront.shop.files.objects import Fields
from storefront.shop.files.plan import Act, Step
from storefront.shop.pages.edit import make_page, write_page, write_publication
from storefront.shop.pages.models import LegalKind
from storefront.shop.pages.queries import lock_page

COLUMNS = {known.name: known.column for known in (*fields.PAGE, fields.BODY) if known.name != "is_published"}

EMAIL = (*fields.EMAIL, fields.EMAIL_BODY)


def _columns_of(values: Fields) -> dict[str, Any]:
    columns: dict[str, Any] = {column: values[name] for name, column in COLUMNS.items() if name in values}
    if columns.get("legal_kind") is not None:
        columns["legal_kind"] = LegalKind(columns["legal_kind"])
    return columns


def write_page_steps(session: Session, steps: Iterable[Step]) -> None:
    """A kind may go from one page to another: each page gives up its own before any takes one."""
    planned = list(steps)
    for step in planned:
        if step.act is Act.CHANGE and "legal_kind" in step.values:
            write_page(session, lock_page(session, step.ref.name), {"legal_kind": None})
    session.flush()
    for step in planned:
        _write_page_step(session, step)


def _write_page_step(session: Session, step: Step) -> None:
    slug, values = step.ref.name, step.values
    cleaned = _columns_of(values)
    if step.act is Act.MAKE:
        make_page(session, slug, {"body_markdown": "", "legal_kind": None, **cleaned})
    page = lock_page(session, slug)
    is_hidden = step.act is Act.REMOVE or values.get("is_published") is False
    if is_hidden:
        write_publication(session, page, is_published=False)
    if step.act is Act.CHANGE and cleaned:
        write_page(session, page, cleaned)


def publish_pages(session: Session, steps: Iterable[Step]) -> None:
    """Publish last: a page may need what is written of its other languages."""
    session.flush()
    for step in steps:
        if step.values.get("is_published"):
            write_publication(session, lock_page(session, step.ref.name), is_published=True)


def write_email_step(session: Session, step: Step) -> None:
    kind, _, code = step.ref.name.partition(".")
    if step.act is Act.REMOVE:
        write_reset(session, kind, Language(code))
        return
    columns = {known.column: step.values[known.name] for known in EMAIL if known.name in step.values}
    write_words(session, kind, Language(code), columns)
