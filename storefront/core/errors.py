"""Refusals: errors with a stable code that `web/` turns into a page or JSON. Anything else is a bug."""

from storefront.core.texts import marked


class StorefrontError(Exception):
    """A refusal. `code` is stable and for programs; the message is one sentence for people."""

    code = "error"
    status = 400
    title: str = marked("That did not work")
    retry_after_seconds: int | None = None

    def __init__(self, message: str = "") -> None:
        super().__init__(message or self.title)

    @property
    def message(self) -> str:
        """Return what to say; a marked text is said in the language of its reader."""
        text: str = self.args[0]
        return text


class NotFound(StorefrontError):
    code = "not_found"
    status = 404
    title = marked("Page not found")


class AccessDenied(StorefrontError):
    """An order's access was taken away; the message says why in a sentence a buyer can read.

    `reason` is the same as a word for programs.
    """

    code = "access_denied"
    status = 403
    title = marked("No longer available")

    def __init__(self, message: str = "", *, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason


class TooLarge(StorefrontError):
    code = "too_large"
    status = 413
    title = marked("Too large")


class StripeUnavailable(StorefrontError):
    """No answer, or not a usable one: the outcome is unknown and the same request may be repeated."""

    code = "stripe_unavailable"
    status = 503
    title = marked("Stripe isn't answering")
    retry_after_seconds = 5


class StripeBusy(StripeUnavailable):
    """429: too many requests at once. The same request may be repeated after a moment."""

    code = "stripe_busy"


class StripeInProgress(StripeUnavailable):
    """409: the same request, with the same idempotency key, is under way from another caller of ours."""

    code = "stripe_in_progress"


class StripeFault(StripeUnavailable):
    """Stripe answered with a 5xx: stored under the idempotency key, so the next try needs a new one."""

    code = "stripe_fault"


class StripeUnreadable(StripeUnavailable):
    """An answer in which something is missing or of another kind: not Stripe's, or of a version to come."""

    code = "stripe_unreadable"


class StripeRefused(StorefrontError):
    """A definite no from Stripe. `stripe_code` and `param` are Stripe's."""

    code = "stripe_refused"
    status = 502
    title = marked("The payment service refused")

    def __init__(self, message: str, *, stripe_code: str | None = None, param: str | None = None) -> None:
        super().__init__(message)
        self.stripe_code = stripe_code
        self.param = param


class StripeKeyUsed(StripeRefused):
    """Under this idempotency key something else was asked for before, and may have been done."""

    code = "stripe_key_used"


class StripeWantsTerms(StripeRefused):
    """The account has no address of terms, so no form can have a box to accept them."""

    code = "stripe_wants_terms"


class StripeAsksNobody(StripeRefused):
    """The account may not ask buyers whether they want news and offers by email: terms, or its country."""

    code = "stripe_asks_nobody"


class StripeMissing(StripeRefused):
    """`resource_missing`: Stripe does not know an object of ours."""

    code = "stripe_missing"
