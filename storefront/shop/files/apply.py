"""Brings a folder into the shop: files first, then everything else in one transaction, whole or not at all."""

from dataclasses import dataclass, replace
from pathlib import Path

from flask import g
from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.core.db import db, end_read, transaction
from storefront.core.errors import StorefrontError
from storefront.core.leases import take_turn
from storefront.shop.catalog.models import Product
from storefront.shop.emails.models import EmailText
from storefront.shop.emails.queries import select_texts
from storefront.shop.files.compare import Comparison, compare, compare_with
from storefront.shop.files.folder import Folder
from storefront.shop.files.plan import Conflict, Decisions, Plan
from storefront.shop.files.read_folder import read_folder
from storefront.shop.files.renew import renew_record
from storefront.shop.files.shop_state import read_shop
from storefront.shop.files.store import StoredThings, forget, is_whole, store_things
from storefront.shop.files.write_steps import AfterProduct, write_plan
from storefront.shop.pages.models import Page
from storefront.shop.pages.queries import select_pages
from storefront.shop.profile.row import lock_profile

MOST_TRIES = 5


class Undecided(StorefrontError):
    """The shop and the folder both changed something. Nothing was done."""

    code = "undecided"
    status = 409
    title = "Somebody changed the shop since the export"

    def __init__(self, conflicts: tuple[Conflict, ...]) -> None:
        paths = ", ".join(conflict.path for conflict in conflicts)
        super().__init__(
            f"Changed in the shop since the export: {paths}. Nothing was done. `storefront shop plan` shows both; "
            "say --keep-shop or --take-folder, or for one of them --keep PATH or --take PATH."
        )
        self.conflicts = conflicts


class BusyShop(StorefrontError):
    code = "busy_shop"
    status = 409
    title = "The shop keeps changing"


class UnknownPath(StorefrontError):
    code = "unknown_path"
    title = "There is nothing to decide"


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """`plan` is what was done. `is_recorded` is False where the folder cannot be written."""

    plan: Plan
    notes: tuple[str, ...]
    is_recorded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a plan shows: nothing was done."""

    plan: Plan
    notes: tuple[str, ...]


def plan_folder(root: Path, *, prune: bool = False, decisions: Decisions | None = None) -> Seen:
    """Return what `apply_folder` would do.

    Raises:
        NoFolder, FolderRefused: it cannot be read as a shop.
    """
    folder = read_folder(root)
    seen = compare(db.session(), folder, prune=prune, decisions=decisions or Decisions())
    return Seen(plan=seen.plan, notes=(*folder.notes, *seen.notes))


def apply_folder(
    root: Path,
    *,
    prune: bool = False,
    decisions: Decisions | None = None,
    after_product: AfterProduct | None = None,
    renews_record: bool = True,
) -> Applied:
    """Make the shop say what the folder says. Safe to repeat: a second time does nothing.

    `after_product` is called inside the transaction with each product whose settings changed.
    `renews_record` is False for a folder that is not the owner's: it stays as it is.

    Raises:
        NoFolder, FolderRefused: it cannot be read as a shop.
        Undecided: the shop changed since the export, and nobody said whose words count.
        UnknownPath: a decision names nothing that waits for one.
        StorefrontError: what the editor refuses. Nothing was changed.
    """
    folder = read_folder(root)
    choices = decisions or Decisions()
    stored = StoredThings()
    try:
        done = _try_until_calm(folder, stored, prune=prune, decisions=choices, after_product=after_product)
    except StorefrontError as error:
        if error.status < 500:
            forget(stored)
        raise
    g.pop("profile", None)  # a page of this process says what it read last
    is_recorded = renews_record and renew_record(folder, done)
    return Applied(plan=done.plan, notes=(*folder.notes, *done.notes), is_recorded=is_recorded)


def _try_until_calm(
    folder: Folder, stored: StoredThings, *, prune: bool, decisions: Decisions, after_product: AfterProduct | None
) -> Comparison:
    """Plan, store what it needs, and write what the plan is under the lock; again where that needs other files."""
    for _try in range(MOST_TRIES):
        seen = compare(db.session(), folder, prune=prune, decisions=decisions)
        _check(seen.plan, decisions)
        end_read()
        if not seen.plan.steps:
            return seen
        store_things(seen.folder, seen.plan, stored)
        with transaction() as session:
            _lock(session)
            locked, shop = seen, read_shop(session)
            if shop != seen.shop:  # all that takes long was done before the lock, and holds
                locked = compare_with(shop, folder, prune=prune, decisions=decisions)
                _check(locked.plan, decisions)
            if is_whole(locked.plan, stored):
                write_plan(session, locked.plan, locked.folder.orders, stored, after_product)
                return replace(locked, shop=read_shop(session))  # before anybody else can change it
    raise BusyShop("Somebody changes the shop at the same time: try again.")


def _lock(session: Session) -> None:
    """Let changes of the shop, and other folders, wait: what is read from now on stays until the end."""
    take_turn(session, "shop files")
    session.execute(select(Product.id).order_by(Product.id).with_for_update(key_share=True)).all()
    session.execute(select_pages().with_only_columns(Page.id).with_for_update()).all()
    session.execute(select_texts().with_only_columns(EmailText.id).with_for_update()).all()
    lock_profile(session)


def _paths_of(plan: Plan) -> set[str]:
    fields = {f"{step.ref.path}/{change.field}" for step in plan.steps for change in step.changes}
    return fields | {conflict.path for conflict in plan.kept} | {step.ref.path for step in plan.steps}


def _check(plan: Plan, decisions: Decisions) -> None:
    if plan.conflicts:
        raise Undecided(plan.conflicts)
    known = _paths_of(plan)
    unknown = [path for path in decisions.paths if path not in known]
    if unknown:
        raise UnknownPath(
            f"{', '.join(unknown)}: nothing of this name changed. `storefront shop plan` says what did."
        )
