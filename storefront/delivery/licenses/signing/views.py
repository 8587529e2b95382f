"""`/.well-known/…`: the public keys that license files are verified with, and the list of revoked licenses."""

from flask import Blueprint, Response, jsonify, make_response, request
from flask.typing import ResponseReturnValue

from storefront.delivery.licenses.signing.jws import encode
from storefront.delivery.licenses.signing.keys import ensure_signing_key, list_keys
from storefront.delivery.licenses.signing.license_file import issue_license_file
from storefront.delivery.licenses.signing.revocations import KEPT_SECONDS, signed_revocation_list
from storefront.orders.browsers import get_goods_here
from storefront.web.limits import limiter

# Open: public by nature; a license file is opened by its order's token.
well_known = Blueprint("well_known", __name__)

KEYS_SECONDS = 300


def _for_everybody(answer: Response, seconds: int) -> ResponseReturnValue:
    answer.headers["Cache-Control"] = f"public, max-age={seconds}"
    answer.add_etag()
    return answer.make_conditional(request)


@well_known.get("/.well-known/storefront-keys.json")
def public_keys() -> ResponseReturnValue:
    """Return a JWK Set (RFC 7517, RFC 8037); revoked keys are not in it."""
    ensure_signing_key()
    keys = [
        {"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": key.kid, "x": encode(key.public_key)}
        for key in list_keys()
        if key.revoked_at is None
    ]
    return _for_everybody(jsonify(keys=keys), KEYS_SECONDS)


@well_known.get("/.well-known/storefront-revocations.jws")
def revocations() -> ResponseReturnValue:
    answer = make_response(signed_revocation_list())
    answer.mimetype = "application/jose"
    return _for_everybody(answer, KEPT_SECONDS)


@well_known.get("/orders/<token>/licenses/<row:license_id>/license-file")
@limiter.limit("30/minute")
def license_file(token: str, license_id: int) -> ResponseReturnValue:
    """Send the file of a license from the order page, for a device that is not online."""
    order = get_goods_here(token)
    answer = make_response(issue_license_file(license_id, order_id=order.id) + "\n")
    answer.mimetype = "application/octet-stream"
    name = f"order-{order.number}-{license_id}.license"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer
