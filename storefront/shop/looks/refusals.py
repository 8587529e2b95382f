"""Why a change of the shop's looks is refused, each with a sentence that says what to do."""

from storefront.core.errors import StorefrontError
from storefront.shop.editor.refusals import FieldsRefused


class LooksRefused(FieldsRefused):
    code = "looks_refused"


class AccentRefused(LooksRefused):
    """`offered` is the nearest color that would do; nothing for what is no color."""

    code = "accent_refused"

    def __init__(self, message: str, *, offered: str = "") -> None:
        super().__init__({"accent": message})
        self.offered = offered


class AnotherFile(StorefrontError):
    """Somebody put another file there since the page was shown. Nothing was removed."""

    code = "another_file"
    status = 409
    title = "Somebody changed this meanwhile"
