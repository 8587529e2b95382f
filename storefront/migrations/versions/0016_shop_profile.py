"""The shop's profile: one row, whose name is empty until the owner writes one."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TEXTS = (
    "name", "tagline", "about", "announcement", "support_email",
    "mail_sender_name", "mail_greeting", "mail_signature", "mail_footer",
)  # fmt: skip


def upgrade() -> None:
    profile = op.create_table(
        "shop_profile",
        sa.Column("id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in TEXTS),
        sa.CheckConstraint("id = 1", name=op.f("ck_shop_profile_only_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shop_profile")),
    )
    op.bulk_insert(profile, [{"id": 1, **dict.fromkeys(TEXTS, "")}])


def downgrade() -> None:
    op.drop_table("shop_profile")
