"""ShopProfile: one row with the owner's words about the shop, and its looks. An empty text is none."""

from typing import Any

from sqlalchemy import JSON, CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core.db import Base
from storefront.shop.looks.type_pairings import TypePairing
from storefront.shop.translations.column import Translated

THE_ONE = 1
KeptFile = JSON(none_as_null=True)


class ShopProfile(Base):
    """`about` is Markdown; what stands in mails is plain text. Without a name the setting SHOP_NAME counts.

    `accent` is `#rrggbb`. Files of the looks say where their bytes are: see `shop/looks/files.py`.
    """

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
    form_fields: Mapped[str] = mapped_column(default="")  # what Checkout asks besides, see `form_fields.py`
    frame_origins: Mapped[str] = mapped_column(default="")  # sites that may show the checkout, see `origins.py`
    legal_name: Mapped[str] = mapped_column(default="")  # who sells, on receipts
    postal_address: Mapped[str] = mapped_column(default="")
    tax_id: Mapped[str] = mapped_column(default="")
    time_zone: Mapped[str] = mapped_column(default="")  # by its IANA name, for figures; empty is UTC
    main_currency: Mapped[str] = mapped_column(default="")  # that comes first, see `main_currency.py`
    accent: Mapped[str] = mapped_column(default="")
    type_pairing: Mapped[TypePairing] = mapped_column(default=TypePairing.CLASSIC)
    font_for_text: Mapped[bool] = mapped_column(default=False)
    logo: Mapped[dict[str, Any] | None] = mapped_column(KeptFile)
    logo_dark: Mapped[dict[str, Any] | None] = mapped_column(KeptFile)
    icon: Mapped[dict[str, Any] | None] = mapped_column(KeptFile)
    font: Mapped[dict[str, Any] | None] = mapped_column(KeptFile)
    asks_consent: Mapped[bool] = mapped_column(default=False)  # Checkout asks to agree to immediate delivery
    consent_text: Mapped[str] = mapped_column(default="")
    saves_cards: Mapped[bool] = mapped_column(default=False)  # of buyers who are signed in, at Stripe
    languages: Mapped[str] = mapped_column(default="")  # that it speaks, its own first, see `languages.py`
    translations: Mapped[dict[str, Any] | None] = mapped_column(Translated)
    ignores_referrers: Mapped[bool] = mapped_column(default=False)  # no order says where its buyer came from
    sends_reminders: Mapped[bool] = mapped_column(default=False)  # who agreed at Checkout, of what they left there
