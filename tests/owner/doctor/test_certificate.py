"""What browsers would say of the shop's address, found out by connecting to it."""

import ssl
from pathlib import Path

import pytest
from flask import Flask

from storefront.owner.doctor.certificate import Address, look_at_address
from storefront.owner.doctor.finding import Level, Seen
from tests.owner.doctor.tls_server import answering, make_certificate

HSTS = {"Strict-Transport-Security": "max-age=1"}
TO_HTTPS = {"Location": "https://localhost/"}


def look(app: Flask, address: Address) -> list[Seen]:
    with app.app_context():
        return list(look_at_address(address))


def trusting(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate))


def levels(seen: list[Seen]) -> list[str]:
    return [level.value for level, _text in seen]


@pytest.mark.parametrize(
    ("days", "headers", "found"),
    [
        (60, (HSTS, TO_HTTPS), ["ok", "ok", "ok"]),
        (13, (HSTS, TO_HTTPS), ["warn", "ok", "ok"]),
        (60, ({}, {"Location": "http://localhost/shop"}), ["ok", "warn", "fail"]),
    ],
)
def test_judges_last_day_hsts_and_the_way_to_https(
    app: Flask, tmp_path: Path, days: int, headers: tuple[dict[str, str], dict[str, str]], found: list[str]
) -> None:
    certificate = make_certificate(tmp_path, days=days)
    with answering(headers[0], certificate) as port, answering(headers[1]) as http_port:
        seen = look(app, Address(host="localhost", port=port, http_port=http_port, context=trusting(certificate)))
    assert levels(seen) == found
    assert "is good until" in seen[0][1]


def test_says_what_browsers_refuse(app: Flask, tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path, days=60)
    with answering(HSTS, certificate) as port:
        ((unknown, why),) = look(app, Address(host="localhost", port=port))
        ((other, name),) = look(app, Address(host="127.0.0.1", port=port, context=trusting(certificate)))
    assert (unknown, other) == (Level.FAIL, Level.FAIL)
    assert "self-signed" in why or "self signed" in why
    assert "127.0.0.1" in name


def test_fails_no_shop_that_cannot_reach_itself(app: Flask, free_port: int) -> None:
    ((level, text),) = look(app, Address(host="localhost", port=free_port))
    assert (level, f"localhost:{free_port} doesn't answer" in text) == (Level.WARN, True)


def test_fails_what_speaks_no_tls(app: Flask) -> None:
    with answering({}) as port:
        ((level, _text),) = look(app, Address(host="localhost", port=port))
    assert level is Level.FAIL
