"""Stripe's errors: status, body members and whether the answer is stored under an idempotency key."""

from typing import Any

API_KEYS_PAGE = "https://dashboard.stripe.com/account/apikeys"


class StripeApiError(Exception):
    """One error answer.

    `keeps_work`: what was done before stays done (a declined payment is a fact).
    `is_stored`: a retry with the same idempotency key gets this answer again.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        keeps_work: bool = False,
        is_stored: bool = True,
        headers: dict[str, str] | None = None,
        **members: object,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.kind = kind
        self.code = code
        self.param = param
        self.keeps_work = keeps_work
        self.is_stored = is_stored
        self.headers = headers or {}
        self.members = members

    def body(self, request_id: str) -> dict[str, Any]:
        error: dict[str, Any] = {
            "message": self.message,
            "request_log_url": f"https://dashboard.stripe.com/test/logs/{request_id}",
            "type": self.kind,
            **self.members,
        }
        if self.code is not None:
            error["code"] = self.code
            error["doc_url"] = f"https://stripe.com/docs/error-codes/{self.code.replace('_', '-')}"
        if self.param is not None:
            error["param"] = self.param
        return {"error": dict(sorted(error.items()))}


def invalid(
    message: str, *, param: str | None = None, code: str | None = None, is_stored: bool = True
) -> StripeApiError:
    return StripeApiError(400, message, param=param, code=code, is_stored=is_stored)


def missing(param: str) -> StripeApiError:
    return invalid(f"Missing required param: {param}.", param=param, code="parameter_missing", is_stored=False)


def unknown(params: list[str]) -> StripeApiError:
    plural = "s" if len(params) > 1 else ""
    return invalid(
        f"Received unknown parameter{plural}: {', '.join(params)}",
        code="parameter_unknown",
        param=params[0],
        is_stored=False,
    )


def unsupported(params: list[str]) -> StripeApiError:
    """Refuse parameters that Stripe knows and this sandbox does not act on, all at once."""
    plural = "s" if len(params) > 1 else ""
    return invalid(
        f"The local sandbox does not support the parameter{plural} {', '.join(params)}.",
        param=params[0],
        is_stored=False,
    )


def not_here(what: str, instead: str) -> StripeApiError:
    """Refuse a part of Stripe's API that the sandbox leaves out."""
    return StripeApiError(
        400, f"The local sandbox does not have {what}. {instead}", code="not_in_the_sandbox", is_stored=False
    )


def no_longer_supported(param: str) -> StripeApiError:
    """https://docs.stripe.com/changelog (2026-09-30.endive): `payment_method_types` became read-only."""
    return invalid(
        f"The `{param}` parameter is no longer supported. Use `allowed_{param}` or `excluded_{param}` instead.",
        param=param,
        code=f"{param}_no_longer_supported",
        is_stored=False,
    )


def too_small(param: str) -> StripeApiError:
    return invalid(
        "This value must be greater than or equal to 1.",
        param=param,
        code="parameter_invalid_integer",
        is_stored=False,
    )


def exclusive(*params: str) -> StripeApiError:
    return invalid(
        f"You may only specify one of these parameters: {', '.join(params)}.",
        code="parameters_exclusive",
        is_stored=False,
    )


def not_found(kind: str, object_id: str, param: str = "id") -> StripeApiError:
    """Say that the object named in the path does not exist."""
    return StripeApiError(
        404, f"No such {kind}: '{object_id}'", param=param, code="resource_missing", is_stored=False
    )


def no_such(kind: str, object_id: str, param: str) -> StripeApiError:
    """Say that an object named in a parameter does not exist."""
    return invalid(f"No such {kind}: '{object_id}'", param=param, code="resource_missing")


def unrecognized_url(method: str, path: str) -> StripeApiError:
    return StripeApiError(
        404,
        f"Unrecognized request URL ({method}: {path}). If you are trying to list objects, remove the trailing"
        " slash. If you are trying to retrieve an object, make sure you passed a valid (non-empty) identifier in"
        " your code. Please see https://stripe.com/docs or we can help at https://support.stripe.com/.",
        is_stored=False,
    )
