"""AuditEntry: one change, with who made it. Triggers in the schema refuse to alter or delete a row."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core import clock
from storefront.core.db import Base


class ActorKind(StrEnum):
    PERSON = "person"  # signed in to /admin
    COMMAND = "command"  # somebody at the machine
    SHOP = "shop"  # the shop by itself: the worker, a webhook


class AuditEntry(Base):
    __tablename__ = "audit_entries"
    __table_args__ = (Index(None, "subject_kind", "subject"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now, index=True)
    mode: Mapped[str]
    actor_kind: Mapped[ActorKind]
    actor: Mapped[str] = mapped_column(index=True)  # an owner's address, or a user of the machine
    client: Mapped[str]  # the network address; empty for commands
    browser: Mapped[str]  # in words; empty for commands
    request_id: Mapped[str]  # as in the log
    verb: Mapped[str] = mapped_column(index=True)  # such as `person.invited`
    subject_kind: Mapped[str]  # such as `person`, `product`, `order`
    subject: Mapped[str]  # what a reader knows it by: a slug, a number, an address
    before: Mapped[dict[str, Any] | None]  # only the fields that changed
    after: Mapped[dict[str, Any] | None]
