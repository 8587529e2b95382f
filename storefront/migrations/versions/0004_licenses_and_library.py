"""Delivery that lasts: devices, imported keys, custody, signing keys, downloads, proofs of addresses."""

import hashlib
import re
import secrets
import unicodedata
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

import storefront.core.db

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _hash_key(key: str) -> str:
    """As the shop of this revision looks keys up; copied, so that it stays what it was."""
    plain = re.sub(r"[\s\-\u2010-\u2015\u2212]+", "", unicodedata.normalize("NFKC", key)).upper()
    return hashlib.sha256(plain.encode()).hexdigest()


def _fill(table: str, by: str, name: str, kind: TypeEngine[Any], value: Callable[[Any], object]) -> None:
    """A new column of rows that are there, then NOT NULL."""
    rows = sa.table(table, sa.column(by), sa.column(name))
    connection = op.get_bind()
    for known in connection.execute(sa.select(rows.c[by])).scalars().all():
        connection.execute(sa.update(rows).where(rows.c[by] == known).values({name: value(known)}))
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.alter_column(name, existing_type=kind, nullable=False)


def upgrade() -> None:  # noqa: PLR0915 - one list of tables
    op.create_table(
        "address_proofs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column(
            "purpose",
            sa.Enum(
                "sign_in",
                "open_order",
                "leave_address",
                "take_address",
                name="proofpurpose",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("email_key", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=True),
        sa.Column("seed", sa.LargeBinary(), nullable=False),
        sa.Column("link_hash", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", storefront.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", storefront.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_address_proofs")),
        sa.UniqueConstraint("link_hash", name=op.f("uq_address_proofs_link_hash")),
    )
    with op.batch_alter_table("address_proofs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_address_proofs_email_key"), ["email_key"], unique=False)

    op.create_table(
        "signing_keys",
        sa.Column("kid", sa.String(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("private_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", storefront.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("signs_since", storefront.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("retired_at", storefront.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", storefront.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_signing_keys")),
    )
    with op.batch_alter_table("signing_keys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_signing_keys_mode"), ["mode"], unique=False)
        for name, since in (("signs", "signs_since IS NOT NULL"), ("prepared", "signs_since IS NULL")):
            where = sa.text(f"{since} AND retired_at IS NULL")
            batch_op.create_index(
                f"uq_signing_keys_{name}", ["mode"], unique=True, sqlite_where=where, postgresql_where=where
            )

    op.create_table(
        "address_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("new_email", sa.String(), nullable=False),
        sa.Column("old_proven_at", storefront.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("new_proven_at", storefront.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("done_at", storefront.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("created_at", storefront.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_address_changes_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_address_changes")),
    )
    with op.batch_alter_table("address_changes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_address_changes_customer_id"), ["customer_id"], unique=False)

    op.create_table(
        "downloads",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("grant_id", sa.Integer(), nullable=False),
        sa.Column("release_file_id", sa.Integer(), nullable=False),
        sa.Column("at", storefront.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["grant_id"], ["grants.id"], name=op.f("fk_downloads_grant_id")),
        sa.ForeignKeyConstraint(
            ["release_file_id"], ["release_files.id"], name=op.f("fk_downloads_release_file_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_downloads")),
    )
    with op.batch_alter_table("downloads", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_downloads_grant_id_release_file_id_at"),
            ["grant_id", "release_file_id", "at"],
            unique=False,
        )

    op.create_table(
        "pool_keys",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("key_hash", sa.String(), nullable=False),
        sa.Column("grant_id", sa.Integer(), nullable=True),
        sa.Column("handed_out_at", storefront.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", storefront.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("removed_at", storefront.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("created_at", storefront.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["grant_id"], ["grants.id"], name=op.f("fk_pool_keys_grant_id")),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_pool_keys_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pool_keys")),
    )
    with op.batch_alter_table("pool_keys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pool_keys_grant_id"), ["grant_id"], unique=False)
        where = sa.text("grant_id IS NULL AND withdrawn_at IS NULL AND removed_at IS NULL")
        batch_op.create_index(
            "ix_pool_keys_unsold", ["product_id", "mode", "id"], sqlite_where=where, postgresql_where=where
        )
        where = sa.text("removed_at IS NULL")
        batch_op.create_index(
            "uq_pool_keys_key_hash", ["key_hash"], unique=True, sqlite_where=where, postgresql_where=where
        )
        batch_op.create_index(
            batch_op.f("ix_pool_keys_product_id_mode_grant_id"), ["product_id", "mode", "grant_id"], unique=False
        )

    op.create_table(
        "activations",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("license_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=True),
        sa.Column("created_at", storefront.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["license_id"], ["licenses.id"], name=op.f("fk_activations_license_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activations")),
        sa.UniqueConstraint("license_id", "fingerprint", name=op.f("uq_activations_license_id_fingerprint")),
    )
    with op.batch_alter_table("activations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_activations_license_id"), ["license_id"], unique=False)

    op.create_table(
        "key_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", storefront.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("pool_key_id", sa.Integer(), nullable=True),
        sa.Column("license_id", sa.Integer(), nullable=True),
        sa.Column("detail", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["license_id"], ["licenses.id"], name=op.f("fk_key_events_license_id")),
        sa.ForeignKeyConstraint(["pool_key_id"], ["pool_keys.id"], name=op.f("fk_key_events_pool_key_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_events")),
    )
    with op.batch_alter_table("key_events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_key_events_license_id"), ["license_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_key_events_pool_key_id"), ["pool_key_id"], unique=False)

    op.create_table(
        "retired_keys",
        sa.Column("key_hash", sa.String(), nullable=False),
        sa.Column("license_id", sa.Integer(), nullable=False),
        sa.Column("hint", sa.String(), nullable=False),
        sa.Column("retired_at", storefront.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["license_id"], ["licenses.id"], name=op.f("fk_retired_keys_license_id")),
        sa.PrimaryKeyConstraint("key_hash", name=op.f("pk_retired_keys")),
    )
    with op.batch_alter_table("retired_keys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_retired_keys_license_id"), ["license_id"], unique=False)

    with op.batch_alter_table("customers", schema=None) as batch_op:
        batch_op.add_column(sa.Column("token_seed", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("session_version", sa.Integer(), nullable=False, server_default="1"))
        batch_op.add_column(
            sa.Column("unsubscribed_at", storefront.core.db.UtcDateTime(timezone=True), nullable=True)
        )
        batch_op.add_column(sa.Column("erased_at", storefront.core.db.UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("moved_to_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_customers_moved_to_id"), "customers", ["moved_to_id"], ["id"])
    _fill("customers", "id", "token_seed", sa.LargeBinary(), lambda _id: secrets.token_bytes(16))

    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.add_column(sa.Column("erased_at", storefront.core.db.UtcDateTime(timezone=True), nullable=True))

    with op.batch_alter_table("grants", schema=None) as batch_op:
        batch_op.add_column(sa.Column("extra_downloads", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("extra_days", sa.Integer(), nullable=False, server_default="0"))

    with op.batch_alter_table("licenses", schema=None) as batch_op:
        batch_op.add_column(sa.Column("key_hash", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("seats", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("expires_at", storefront.core.db.UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(
            sa.Column("withdrawn_at", storefront.core.db.UtcDateTime(timezone=True), nullable=True)
        )
        batch_op.add_column(sa.Column("generation", sa.Integer(), nullable=False, server_default="1"))
    _fill("licenses", "key", "key_hash", sa.String(), _hash_key)
    with op.batch_alter_table("licenses", schema=None) as batch_op:
        batch_op.create_unique_constraint(batch_op.f("uq_licenses_key_hash"), ["key_hash"])

    with op.batch_alter_table("prices", schema=None) as batch_op:
        batch_op.add_column(sa.Column("activation_limit", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("seats", sa.Integer(), nullable=True))

    with op.batch_alter_table("products", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "key_source",
                sa.Enum("generated", "pool", name="keysource", native_enum=False, length=32),
                nullable=False,
                server_default="generated",
            )
        )
        batch_op.add_column(sa.Column("pool_low_at", sa.Integer(), nullable=False, server_default="20"))
        batch_op.add_column(sa.Column("pool_very_low_at", sa.Integer(), nullable=False, server_default="5"))
        batch_op.add_column(sa.Column("activation_limit", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("seats", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("license_days", sa.Integer(), nullable=True))
        batch_op.add_column(
            sa.Column("license_until", storefront.core.db.UtcDateTime(timezone=True), nullable=True)
        )
        batch_op.add_column(sa.Column("update_days", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("download_limit", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("download_days", sa.Integer(), nullable=True))

    with op.batch_alter_table("releases", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("withdrawn_at", storefront.core.db.UtcDateTime(timezone=True), nullable=True)
        )


def downgrade() -> None:  # noqa: PLR0915 - the same
    with op.batch_alter_table("retired_keys", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_retired_keys_license_id"))

    op.drop_table("retired_keys")
    with op.batch_alter_table("key_events", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_key_events_pool_key_id"))
        batch_op.drop_index(batch_op.f("ix_key_events_license_id"))

    op.drop_table("key_events")
    with op.batch_alter_table("activations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_activations_license_id"))

    op.drop_table("activations")
    with op.batch_alter_table("pool_keys", schema=None) as batch_op:
        batch_op.drop_index("uq_pool_keys_key_hash")
        batch_op.drop_index("ix_pool_keys_unsold")
        batch_op.drop_index(batch_op.f("ix_pool_keys_product_id_mode_grant_id"))
        batch_op.drop_index(batch_op.f("ix_pool_keys_grant_id"))

    op.drop_table("pool_keys")
    with op.batch_alter_table("downloads", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_downloads_grant_id_release_file_id_at"))

    op.drop_table("downloads")
    with op.batch_alter_table("address_changes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_address_changes_customer_id"))

    op.drop_table("address_changes")
    with op.batch_alter_table("signing_keys", schema=None) as batch_op:
        batch_op.drop_index("uq_signing_keys_prepared")
        batch_op.drop_index("uq_signing_keys_signs")
        batch_op.drop_index(batch_op.f("ix_signing_keys_mode"))

    op.drop_table("signing_keys")
    with op.batch_alter_table("address_proofs", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_address_proofs_email_key"))

    op.drop_table("address_proofs")
    with op.batch_alter_table("releases", schema=None) as batch_op:
        batch_op.drop_column("withdrawn_at")

    with op.batch_alter_table("products", schema=None) as batch_op:
        batch_op.drop_column("download_days")
        batch_op.drop_column("download_limit")
        batch_op.drop_column("update_days")
        batch_op.drop_column("license_until")
        batch_op.drop_column("license_days")
        batch_op.drop_column("seats")
        batch_op.drop_column("activation_limit")
        batch_op.drop_column("pool_very_low_at")
        batch_op.drop_column("pool_low_at")
        batch_op.drop_column("key_source")

    with op.batch_alter_table("prices", schema=None) as batch_op:
        batch_op.drop_column("seats")
        batch_op.drop_column("activation_limit")

    with op.batch_alter_table("licenses", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_licenses_key_hash"), type_="unique")
        batch_op.drop_column("generation")
        batch_op.drop_column("withdrawn_at")
        batch_op.drop_column("expires_at")
        batch_op.drop_column("seats")
        batch_op.drop_column("key_hash")

    with op.batch_alter_table("grants", schema=None) as batch_op:
        batch_op.drop_column("extra_days")
        batch_op.drop_column("extra_downloads")

    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.drop_column("erased_at")

    with op.batch_alter_table("customers", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_customers_moved_to_id"), type_="foreignkey")
        batch_op.drop_column("moved_to_id")
        batch_op.drop_column("erased_at")
        batch_op.drop_column("unsubscribed_at")
        batch_op.drop_column("session_version")
        batch_op.drop_column("token_seed")
