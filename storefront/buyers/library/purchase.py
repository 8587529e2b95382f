"""An order as its buyer sees it: `Purchase`, for the order page, the return page and the emails alike."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby

from markupsafe import Markup

from storefront.buyers.library.gift_words import GiftWords
from storefront.core.texts import marked
from storefront.delivery.licenses.activations import DevicePage
from storefront.orders.refund_words import NO_REFUNDS, RefundTotals
from storefront.orders.tax_words import NO_TAXES, TaxWords
from storefront.orders.waits_for import WaitsFor
from storefront.shop.catalog.markdown_text import write_plain

NO_NOTES = Markup("")
NO_DEVICES = DevicePage(total=0, page=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchasedFile:
    name: str
    url: str
    size_bytes: int
    sha256: str
    version: str
    content_type: str
    downloads_left: int | None = None  # None: as often as you like
    notes: Markup = NO_NOTES  # what is new in its release


class KeyState(StrEnum):
    WORKS = "works"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedUpgrade:
    """What this grant may become, and for how much more, in minor units; `quantity` is what one key is for."""

    grant_id: int
    from_edition_id: int
    edition_id: int
    edition: str
    amount_minor: int
    currency: str
    quantity: int

    @property
    def total_minor(self) -> int:
        return self.amount_minor * self.quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchasedKey:
    """`devices` and `upgrades` are read for the order page only; None is no limit, and never."""

    license_id: int
    key: str
    state: KeyState
    activation_limit: int | None
    seats: int | None
    expires_at: datetime | None
    devices: DevicePage = NO_DEVICES
    edition: str = ""  # what it was upgraded to
    label: str = ""  # what its holder calls it
    upgrades: tuple[OfferedUpgrade, ...] = ()


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """What the owner says to who has a product: `text` is Markdown, `html` is made of it."""

    product_name: str
    text: str
    html: Markup

    @property
    def plain(self) -> str:
        return write_plain(self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchasedGoods:
    """What came of one product; `name` is that of a part of a bundle. Empty while access is denied."""

    keys: tuple[PurchasedKey, ...]
    files: tuple[PurchasedFile, ...]
    is_owned_already: bool  # a free thing this address got before: its earlier receipt is mailed again
    downloads_end_at: datetime | None = None
    downloads_ended: bool = False  # that time is over: only the owner can give more
    backordered: int = 0  # keys that follow: the shop has none left
    name: str = ""
    first_steps: tuple[FirstSteps, ...] = ()
    product_id: int | None = None  # None for a line that the shop does not know
    upgrades: tuple[OfferedUpgrade, ...] = ()  # of downloads without a key

    @property
    def working_keys(self) -> list[PurchasedKey]:
        return [key for key in self.keys if key.state is KeyState.WORKS]

    @property
    def dead_keys(self) -> list[PurchasedKey]:
        """Return keys that expired or that the shop withdrew."""
        return [key for key in self.keys if key.state is not KeyState.WORKS]

    @property
    def is_empty(self) -> bool:
        return not (self.keys or self.files or self.backordered or self.is_owned_already)

    @property
    def releases(self) -> list["PurchasedRelease"]:
        """Newest first, as the files are."""
        by_version = groupby(self.files, key=lambda file: file.version)
        return [_release(version, tuple(files)) for version, files in by_version]


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchasedItem(PurchasedGoods):
    """A line of an order with its own goods; `parts` are those of a bundle. Amounts in minor units."""

    description: str
    quantity: int
    amount_minor: int
    is_known: bool
    price_id: int | None
    is_refunded: bool  # this item alone: a refund names it
    being_refunded: str = ""  # what who paid reads where that refund waits for an answer
    parts: tuple[PurchasedGoods, ...] = ()
    upgrade_words: str = ""  # what came of an upgrade, which has no goods

    @property
    def goods(self) -> tuple[PurchasedGoods, ...]:
        """Return its own goods and those of its parts; of a bundle its own only where there are any."""
        return self.parts if self.parts and self.is_empty else (self, *self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchasedRelease:
    version: str
    notes: Markup
    files: tuple[PurchasedFile, ...]


def _release(version: str, files: tuple[PurchasedFile, ...]) -> PurchasedRelease:
    return PurchasedRelease(version=version, notes=files[0].notes, files=files)


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """`order_url` and `again_url` are absolute, under BASE_URL: they go into mails."""

    number: str
    state: str
    state_text: str
    access_allowed: bool
    access_reason: str
    email: str
    placed_at: datetime
    paid_at: datetime | None
    currency: str
    subtotal_minor: int
    discount_minor: int
    discount_label: str = marked("Discount")
    tax_minor: int
    total_minor: int
    presentment: str | None
    payment_method_type: str | None
    payment_method: str | None
    order_url: str
    again_url: str
    items: tuple[PurchasedItem, ...]
    mail_state: str
    taxes: TaxWords = NO_TAXES
    invoice_number: str | None = None
    invoice_url: str | None = None
    waits_for: WaitsFor | None = None  # a voucher to pay, or money to send
    failure: str = ""  # why it came to nothing
    refunds: RefundTotals = NO_REFUNDS
    to_answer: tuple[str, ...] = ()  # of each refund that waits for who paid, what to do
    is_unproven: bool = False  # free, and nobody has proven its address yet: in nobody's library
    gift: GiftWords | None = None  # for who gives it: `items` have no goods
    is_received: bool = False  # a gift, for who received it: nothing of money is to be shown
    is_upgrade: bool = False  # of something that was bought before: `items` have no goods

    @property
    def once_paid(self) -> str:
        """Return what comes of it then."""
        if self.is_upgrade:
            return marked("You get the upgrade as soon as it's paid.")
        if self.gift is not None:
            return marked("We send your gift once it's paid.")
        return marked("We'll email your keys and downloads as soon as it's paid.")

    @property
    def goods(self) -> list[PurchasedGoods]:
        """Return what came of each product, with its own line or in a bundle."""
        return [goods for item in self.items for goods in item.goods]

    @property
    def has_keys_and_files(self) -> bool:
        """Tell whether both can be used now."""
        files = [goods.files for goods in self.goods if not goods.downloads_ended]
        return any(files) and any(goods.working_keys for goods in self.goods)

    @property
    def keys(self) -> list[PurchasedKey]:
        return [key for goods in self.goods for key in goods.keys]

    @property
    def file_count(self) -> int:
        """Return how many files may be downloaded."""
        return sum(len(goods.files) for goods in self.goods if not goods.downloads_ended)
