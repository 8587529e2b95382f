"""ShopProfile: one row with the owner's words about the shop. An empty text is none."""

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core.db import Base

THE_ONE = 1


class ShopProfile(Base):
    """`about` is Markdown; what stands in mails is plain text. Without a name the setting SHOP_NAME counts."""

    __tablename__ = "shop_profile"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(default="")
    tagline: Mapped[str] = mapped_column(default="")
    about: Mapped[str] = mapped_column(default="")
    announcement: Mapped[str] = mapped_column(default="")
    support_email: Mapped[str] = mapped_column(default="")
    mail_sender_name: Mapped[str] = mapped_column(default="")
    mail_greeting: Mapped[str] = mapped_column(default="")
    mail_signature: Mapped[str] = mapped_column(default="")
    mail_footer: Mapped[str] = mapped_column(default="")
