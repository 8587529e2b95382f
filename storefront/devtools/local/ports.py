"""The ports of the local shop's programs."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass

import click

HOST = "127.0.0.1"
DEFAULTS = {"PORT": 8000, "SANDBOX_PORT": 12111, "MAILBOX_PORT": 8025, "SMTP_PORT": 1025}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    shop: int
    sandbox: int
    mailbox: int
    smtp: int


def read_ports(environ: Mapping[str, str]) -> Ports:
    """Read `PORT`, `SANDBOX_PORT`, `MAILBOX_PORT` and `SMTP_PORT`, or take their defaults.

    Raises:
        click.ClickException: one is not a port, is taken, or is named twice.
    """
    ports = {name: _read_port(name, environ.get(name, "") or str(default)) for name, default in DEFAULTS.items()}
    if len(set(ports.values())) != len(ports):
        raise click.ClickException(f"Each of {', '.join(ports)} needs a port of its own.")
    return Ports(
        shop=ports["PORT"],
        sandbox=ports["SANDBOX_PORT"],
        mailbox=ports["MAILBOX_PORT"],
        smtp=ports["SMTP_PORT"],
    )


def _read_port(name: str, raw: str) -> int:
    if not (raw.isascii() and raw.isdigit() and 0 < int(raw) < 65536):
        raise click.ClickException(f"{name}={raw} must be a number from 1 to 65535.")
    port = int(raw)
    if _is_taken(port):
        raise click.ClickException(
            f"Port {raw} is taken by another program. Stop it, or choose another: {name}={port + 1} make run"
        )
    return port


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    return False
