"""The shop's looks: accent color, type, logos, icon and own font, all as the shop comes until they are set."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

FILES = ("logo", "logo_dark", "icon", "font")


def upgrade() -> None:
    with op.batch_alter_table("shop_profile") as profile:
        profile.add_column(sa.Column("accent", sa.String(), nullable=False, server_default=""))
        profile.add_column(
            sa.Column("type_pairing", sa.String(length=32), nullable=False, server_default="classic")
        )
        profile.add_column(sa.Column("font_for_text", sa.Boolean(), nullable=False, server_default=sa.false()))
        for name in FILES:
            profile.add_column(sa.Column(name, sa.JSON(), nullable=True))
    with op.batch_alter_table("shop_profile") as profile:
        profile.alter_column("accent", existing_type=sa.String(), server_default=None)
        profile.alter_column("type_pairing", existing_type=sa.String(length=32), server_default=None)
        profile.alter_column("font_for_text", existing_type=sa.Boolean(), server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("shop_profile") as profile:
        for name in (*FILES, "font_for_text", "type_pairing", "accent"):
            profile.drop_column(name)
