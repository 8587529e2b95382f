"""No id is given twice, also on SQLite, and mails of codes are named by the code's own random link.

Erasing a customer left `proof:<id>` of each code in the outbox, SQLite gave the id again, and the mail of the next
code was taken for made. Such leftovers go here: what they brought has ended.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from storefront.migrations.ids import raise_ids

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Codes and changes of address that are gone may still be named by cookies, which nobody can look through.
GAP = 1000

outbox = sa.table("outbox", *map(sa.column, ("id", "kind", "dedupe_key", "about", "created_at")))
proofs = sa.table("address_proofs", *map(sa.column, ("id", "link_hash", "purpose", "about", "created_at")))
OF_A_PROOF = outbox.c.kind == "proof"
PROOF_ID = sa.cast(proofs.c.id, sa.String)


def upgrade() -> None:
    known = _find_named_ids() if op.get_bind().dialect.name == "sqlite" else {}
    _rename_mails(PROOF_ID, proofs.c.link_hash)
    if op.get_bind().dialect.name == "sqlite":
        _count_up()
        raise_ids(op.get_bind(), known)


def downgrade() -> None:
    """Tables go on counting up: the shop of the revision below does not mind."""
    _rename_mails(proofs.c.link_hash, PROOF_ID)


def _rename_mails(old: sa.ColumnElement[Any], new: sa.ColumnElement[Any]) -> None:
    """A mail was promised after its proof was made: an older one was of another proof with the same id."""
    same = sa.and_(old == outbox.c.about, outbox.c.created_at >= proofs.c.created_at)
    name = sa.select(new).where(same).correlate(outbox).scalar_subquery()
    connection = op.get_bind()
    connection.execute(sa.delete(outbox).where(OF_A_PROOF, ~sa.exists().where(same).correlate(outbox)))
    connection.execute(
        sa.update(outbox).where(OF_A_PROOF).values(about=name, dedupe_key=sa.literal("proof:") + name)
    )


def _find_named_ids() -> dict[str, int]:
    """Ids that were given to rows which may be gone: what is left of them in mails and codes, and a gap."""
    connection = op.get_bind()

    def highest(text: sa.ColumnElement[Any], *where: sa.ColumnElement[bool]) -> int:
        return connection.scalar(sa.select(sa.func.max(sa.cast(text, sa.Integer))).where(*where)) or 0

    of_a_change = proofs.c.purpose.in_(("leave_address", "take_address"))
    found = {
        "address_proofs": max(highest(outbox.c.about, OF_A_PROOF), highest(proofs.c.id)),
        "address_changes": highest(proofs.c.about, of_a_change),
        "reconcile_passes": highest(outbox.c.about, outbox.c.kind == "reconcile_report"),
    }
    if connection.scalar(sa.text("SELECT 1 FROM customers LIMIT 1")) is None:
        return found
    return {name: last + GAP for name, last in found.items()}


def _count_up() -> None:
    """Makes each table anew that does not, and the one check, where batch mode has lost it before."""
    connection = op.get_bind()
    check = sa.CheckConstraint("amount_minor >= 0", name=op.f("ck_prices_amount_not_negative"))
    checks = {"prices": (check,)}
    tables = connection.execute(sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'table' ORDER BY name"))
    for table, statement in tables.all():
        if table.startswith("sqlite_"):
            continue
        is_counted = "AUTOINCREMENT" in statement or not _has_number(table)
        lost = tuple(each for each in checks.get(table, ()) if str(each.name) not in statement)
        if not is_counted or lost:
            with op.batch_alter_table(table, recreate="always", table_args=lost):
                pass


def _has_number(table: str) -> bool:
    found = sa.inspect(op.get_bind())
    names = found.get_pk_constraint(table)["constrained_columns"]
    kinds = [column["type"] for column in found.get_columns(table) if column["name"] in names]
    return len(kinds) == 1 and isinstance(kinds[0], sa.Integer)
