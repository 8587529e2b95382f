"""A preview in a frame: the policies of the page that shows it, and of what it shows."""

from flask import Response, g

from storefront.core.runtime import settings
from storefront.web.headers import content_security_policy


def with_frame(response: Response) -> Response:
    """Let this page show another one of ours in a frame."""
    policy = content_security_policy(settings(), g.csp_nonce, has_own_frames=True)
    response.headers["Content-Security-Policy"] = policy
    return response


def framed(response: Response) -> Response:
    """Let an editor show this in a frame, and let its forms lead nowhere."""
    policy = content_security_policy(settings(), g.csp_nonce, is_framed=True)
    response.headers["Content-Security-Policy"] = policy
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
