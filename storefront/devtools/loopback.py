"""Keeps sandbox and mailbox on this machine: they have no passwords, so only loopback may reach them.

A name that a stranger points at this machine must not reach them either. DNS rebinding needs a name with a dot in
it; an IP address and a machine's plain name are whoever typed them.
"""

from ipaddress import ip_address

from flask import Flask, Response, jsonify, request


class ConfigError(ValueError):
    """A start that would be unsafe or cannot work; the text is for the person who typed it."""


def is_loopback(host: str) -> bool:
    return host in {"localhost", "::1", "[::1]"} or host.startswith("127.")


def is_allowed(host: str, *, from_anywhere: bool) -> bool:
    """Tell whether a `Host` header names this machine in a way that no stranger can choose.

    `from_anywhere`: it was started to be reached by other machines, under names that only its owner knows.
    """
    name = _without_port(host).lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ip_address(name.strip("[]"))
    except ValueError:
        return from_anywhere and _is_plain_name(name)
    return from_anywhere or address.is_loopback


def _is_plain_name(name: str) -> bool:
    return name != "" and "." not in name


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]


def refuse_foreign_hosts(app: Flask, *, from_anywhere: bool) -> None:
    """Answer 403 to every request whose `Host` header is not allowed."""

    @app.before_request
    def check_host() -> tuple[Response, int] | None:
        if is_allowed(request.headers.get("Host", "localhost"), from_anywhere=from_anywhere):
            return None
        message = "Open this by its IP address or as localhost: other names are refused (DNS rebinding)."
        return jsonify(error={"type": "invalid_request_error", "message": message}), 403
