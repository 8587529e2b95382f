"""Sandbox and mailbox have no passwords: a name that a stranger points at this machine must not read them.

DNS rebinding needs a name with a dot in it; an IP address and a machine's plain name are whoever typed them.
"""

from ipaddress import ip_address

from flask import Flask, Response, jsonify, request


def is_allowed(host: str, *, from_anywhere: bool) -> bool:
    """`from_anywhere`: it was started to be reached by other machines, under names that only its owner knows."""
    name = (host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]).lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ip_address(name.strip("[]"))
    except ValueError:
        return from_anywhere and bool(name) and "." not in name
    return from_anywhere or address.is_loopback


def refuse_foreign_hosts(app: Flask, *, from_anywhere: bool) -> None:
    @app.before_request
    def check_host() -> tuple[Response, int] | None:
        if is_allowed(request.headers.get("Host", "localhost"), from_anywhere=from_anywhere):
            return None
        message = "Open this by its IP address or as localhost: other names are refused (DNS rebinding)."
        return jsonify(error={"type": "invalid_request_error", "message": message}), 403
