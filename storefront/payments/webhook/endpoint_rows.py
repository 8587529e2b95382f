"""The rows of endpoints that the shop makes: one is current for each mode and account."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from storefront.audit.record import record
from storefront.core import clock, tokens
from storefront.core.db import db, insert_missing, transaction
from storefront.core.runtime import settings
from storefront.payments.webhook.models import WebhookEndpoint
from storefront.payments.webhook.secrets import SECRETS, seal_secret
from storefront.stripe_api.endpoints import SeenEndpoint

TOKEN_LETTERS = 20


def find_current(account: str) -> WebhookEndpoint | None:
    return db.session.scalar(select(WebhookEndpoint).where(*_current(account)))


def find_made(endpoint_ids: list[str]) -> WebhookEndpoint | None:
    """Return the newest row of these endpoints whose secret is kept, of whatever account.

    A key whose account nothing tells is another account to us, and BASE_URL may lead back to an older endpoint.
    """
    made = (
        WebhookEndpoint.mode == settings().mode,
        WebhookEndpoint.endpoint_id.in_(endpoint_ids),
        WebhookEndpoint.sealed.is_not(None),
    )
    return db.session.scalar(select(WebhookEndpoint).where(*made).order_by(WebhookEndpoint.id.desc()).limit(1))


def has_sealed_secret() -> bool:
    """Tell whether the running mode has a secret that the shop made."""
    in_mode = WebhookEndpoint.mode == settings().mode, WebhookEndpoint.sealed.is_not(None)
    return db.session.scalar(select(WebhookEndpoint.id).where(*in_mode).limit(1)) is not None


def replace_current(account: str, *, shown: str | None) -> WebhookEndpoint:
    """Return the row of an endpoint to come. Who names what is no longer current gets what came instead.

    `shown` is the Stripe id of the endpoint that a person saw and wants to replace; None for none.
    """
    with transaction() as session:
        old = session.scalar(select(WebhookEndpoint).where(*_current(account)).with_for_update())
        if old is not None and old.endpoint_id is not None and old.endpoint_id == shown:
            old.replaced_at = clock.now()
            session.flush()
        row = _ensure(session, account)
        session.expunge(row)
    return row


def keep_made(row: WebhookEndpoint, seen: SeenEndpoint, secret: str) -> bool:
    """Keep what Stripe answered, with its audit entry. False where another caller has kept it already.

    The token that the secret is sealed under is kept with it: another caller may have renewed that of the row.
    """
    sealed = seal_secret(secret, mode=row.mode, token=row.token)
    with transaction() as session:
        kept_id = session.scalar(
            update(WebhookEndpoint)
            .where(WebhookEndpoint.id == row.id, WebhookEndpoint.endpoint_id.is_(None))
            .values(endpoint_id=seen.id, sealed=sealed, token=row.token)
            .returning(WebhookEndpoint.id)
        )
        if kept_id is not None:
            record_change(session, "webhook.made", seen.id, after={"address": seen.url})
    SECRETS.get().forget()
    return kept_id is not None


def renew_token(row: WebhookEndpoint) -> None:
    """Take another idempotency key, once: Stripe keeps a 500, and a no, under the old one for a day."""
    with transaction() as session:
        session.execute(
            update(WebhookEndpoint)
            .where(WebhookEndpoint.token == row.token, WebhookEndpoint.endpoint_id.is_(None))
            .values(token=tokens.new_readable(TOKEN_LETTERS))
        )


def keep_disabled(endpoint_id: str, *, url: str) -> None:
    """Forget the secret of an endpoint that was disabled, with an audit entry."""
    with transaction() as session:
        session.execute(
            update(WebhookEndpoint)
            .where(WebhookEndpoint.endpoint_id == endpoint_id)
            .values(sealed=None, replaced_at=func.coalesce(WebhookEndpoint.replaced_at, clock.now()))
        )
        record_change(session, "webhook.disabled", endpoint_id, after={"address": url})
    SECRETS.get().forget()


def forget_replaced(account: str, *, but: Collection[str]) -> None:
    """Forget the secrets of replaced endpoints that Stripe has no longer, or that somebody disabled there."""
    is_left = (
        WebhookEndpoint.mode == settings().mode,
        WebhookEndpoint.account == account,
        WebhookEndpoint.replaced_at.is_not(None),
        WebhookEndpoint.sealed.is_not(None),
        WebhookEndpoint.endpoint_id.not_in(but),
    )
    left = list(db.session.scalars(select(WebhookEndpoint.id).where(*is_left)))
    if not left:
        return
    with transaction() as session:
        session.execute(update(WebhookEndpoint).where(WebhookEndpoint.id.in_(left)).values(sealed=None))
    SECRETS.get().forget()


def take_over_endpoints(session: Session, old: str, new: str) -> None:
    """Give rows to another account. Of two that are current the newest that Stripe has made stays so."""
    in_mode = WebhookEndpoint.mode == settings().mode
    current = session.scalars(
        select(WebhookEndpoint)
        .where(in_mode, WebhookEndpoint.account.in_([old, new]), WebhookEndpoint.replaced_at.is_(None))
        .order_by(WebhookEndpoint.endpoint_id.is_not(None), WebhookEndpoint.id)
        .with_for_update()
    ).all()
    for row in current[:-1]:
        row.replaced_at = clock.now()
    session.flush()
    session.execute(
        update(WebhookEndpoint)
        .where(in_mode, WebhookEndpoint.account == old)
        .values(account=new)
        .execution_options(synchronize_session=False)
    )


def record_change(session: Session, verb: str, endpoint_id: str, *, after: dict[str, object]) -> None:
    record(session, verb, subject_kind="webhook", subject=endpoint_id, after=after)


def _current(account: str) -> tuple[ColumnElement[bool], ...]:
    return (
        WebhookEndpoint.mode == settings().mode,
        WebhookEndpoint.account == account,
        WebhookEndpoint.replaced_at.is_(None),
    )


def _ensure(session: Session, account: str) -> WebhookEndpoint:
    row = {"mode": settings().mode, "account": account, "token": tokens.new_readable(TOKEN_LETTERS)}
    insert_missing(session, WebhookEndpoint, [row])
    return session.scalars(select(WebhookEndpoint).where(*_current(account)).with_for_update()).one()
