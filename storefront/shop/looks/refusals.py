"""Why a change of the shop's looks is refused, each with a sentence that says what to do."""

from storefront.core.errors import StorefrontError


class LooksRefused(StorefrontError):
    code = "looks_refused"
    title = "This cannot be saved"


class AccentRefused(LooksRefused):
    """`offered` is the nearest color that would do; nothing for what is no color."""

    code = "accent_refused"

    def __init__(self, message: str, *, offered: str = "") -> None:
        super().__init__(message)
        self.offered = offered
