"""The nginx of deploy/nginx held against every address: what its log keeps, and how much it lets through."""

import re
import socket
from itertools import product
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from werkzeug.routing import Rule

from storefront.core.config.settings import load_settings
from storefront.core.languages import Language
from storefront.core.page_addresses import has_languages
from storefront.core.tokens import derive_token, new_token
from storefront.web.bodies import MOST_BYTES, STREAM_MARK, WITH_BODY, most_bytes
from tests.delivery.downloads.nginx import CONFIG, has_ipv6, nginx, plain_nginx
from tests.delivery.downloads.sent import get
from tests.races.served import served

SECRET_PARTS = {"token", "ticket"}
# Names, numbers and words that open nothing by themselves. A new part of an address belongs here or above.
OPEN_PARTS = {
    "action", "broadcast_id", "code", "dispute_id", "edition_id", "end", "file_id", "filename", "grant_id",
    "instance_id", "key", "kind", "language", "license_id", "name", "note_id", "notice_id", "number", "part",
    "passkey_id", "person_id", "picture_id", "row", "sample_id", "session_id", "side", "sign_in_id", "slug", "tag",
    "version",
}  # fmt: skip
SECRET = "4f"  # so short that it is known by what stands before it alone
PLAIN = (
    "/", "/de/", "/cart", "/library/orders", "/fr/products/a-long-name-for-a-tool",
    "/v1/licenses/validate", "/products/the-patient-toolmaker",
    "/admin/orders", "/admin/uploads", "/admin/products/twinspot/files",
)  # fmt: skip


def filled(rule: Rule, secret: str) -> str:
    return re.sub(r"<(?:[^<>]*:)?(\w+)>", lambda part: secret if part[1] in SECRET_PARTS else "1", rule.rule)


def secret_paths(app: Flask, secret: str) -> list[str]:
    paths = [filled(rule, secret) for rule in app.url_map.iter_rules() if rule.arguments & SECRET_PARTS]
    spoken = [f"/{language}{path}" for language, path in product(Language, paths) if has_languages(path)]
    assert len(spoken) > len(paths) > 20
    return paths + spoken


def logged(address: str) -> str:
    """What the log keeps of it, by the file's own patterns, of which the first that matches counts."""
    block = re.search(r"^map \$request_uri \$shop_path \{\n(.*?)^\}", CONFIG.read_text(), re.DOTALL | re.MULTILINE)
    assert block
    for pattern, value in re.findall(r'^ +"?~(.+?)"? "?([^" ]+)"?;$', block[1], re.MULTILINE):
        if found := re.search(pattern.replace("(?<", "(?P<"), address):
            return found.expand(re.sub(r"\$(\w+)", r"\\g<\1>", value))
    return ""


def test_judges_every_part_of_an_address(app: Flask) -> None:
    parts = {name for rule in app.url_map.iter_rules() for name in rule.arguments}
    assert parts - SECRET_PARTS - OPEN_PARTS == set()


def test_keeps_no_secret_of_any_address_in_any_language(app: Flask) -> None:
    for path in secret_paths(app, SECRET):
        kept = logged(f"{path}?license_key={SECRET}")
        assert kept.endswith("/..."), path
        assert SECRET not in kept, path


@pytest.mark.parametrize(
    "address",
    [
        "/a/new/door/{}",
        "/%6Frders/{}",
        "/orders%2F{}",
        "//de//orders/{}",
        "/{}/orders/1",
        "/ORDERS/{}/x",
        "/cart?of={}",
    ],
)
def test_keeps_nothing_that_looks_like_a_token(address: str) -> None:
    for token in (new_token(), derive_token(b"seed", purpose="p", version=1, secret_key="k")):
        assert token not in logged(address.format(token))


def test_keeps_whole_what_has_no_secret() -> None:
    assert [logged(f"{path}?q=a") for path in PLAIN] == list(PLAIN)


@pytest.mark.slow
def test_shows_the_proof_for_the_certificate_and_leads_all_else_to_https(tmp_path: Path) -> None:
    with plain_nginx(tmp_path / "nginx", webroot=tmp_path / "www") as url:
        assert get(f"{url}/.well-known/acme-challenge/here", allow_redirects=False).text == "proof"
        for path in ("/", "/orders/1?a=b", "/.well-known/security.txt"):
            answer = get(url + path, allow_redirects=False)
            assert (answer.status_code, answer.headers["Location"]) == (301, f"https://127.0.0.1{path}")


@pytest.mark.slow
def test_answers_over_ipv6_as_the_site_that_debian_has_from_the_start(tmp_path: Path) -> None:
    """That site listens there as well: it would take the shop's requests, and write their addresses down."""
    assert re.findall(r"^ +listen ([^;]+);", CONFIG.read_text(), re.MULTILINE) == [
        "443 ssl", "[::]:443 ssl", "80", "[::]:80",
    ]  # fmt: skip
    if not has_ipv6():
        pytest.skip("there is no IPv6 here")
    with plain_nginx(tmp_path / "nginx", webroot=tmp_path / "www") as url:
        answer = get(f"{url.replace('127.0.0.1', '[::1]')}/orders/1", allow_redirects=False)
    assert answer.headers["Location"] == "https://[::1]/orders/1"


def most_of(app: Flask, rule: Rule) -> int:
    streamed = getattr(app.view_functions[rule.endpoint], STREAM_MARK, None)
    return max(most_bytes(app, rule.endpoint), streamed.most if streamed else 0)


def first_line(url: str, method: str, path: str, length: int) -> str:
    """What it answers to the announcement of a body, before one byte of that is sent."""
    place = urlsplit(url)
    with socket.create_connection((place.hostname, place.port), timeout=60) as connection:
        told = f"Host: {place.netloc}\r\nContent-Length: {length}\r\nExpect: 100-continue\r\nConnection: close"
        connection.sendall(f"{method} {path} HTTP/1.1\r\n{told}\r\n\r\n".encode())
        return connection.makefile("rb").readline().decode().split(" ", 1)[1].strip()


@pytest.mark.slow
@pytest.mark.usefixtures("free_port")
def test_lets_every_body_through_that_the_shop_takes(
    app: Flask, environment: dict[str, str], tmp_path: Path
) -> None:
    rules = [
        (rule, method) for rule in app.url_map.iter_rules() for method in (rule.methods or set()) & {*WITH_BODY}
    ]
    paths = secret_paths(app, new_token())
    changed = environment | {"TRUSTED_PROXIES": "1"}
    files = load_settings(environment).files_path
    with served(changed, workers=1) as shop, nginx(tmp_path / "nginx", shop=shop, files=files) as url:
        for rule, method in rules:
            # One byte more gets through as well: the shop says what the limit is.
            answer = first_line(url, method, filled(rule, SECRET), most_of(app, rule) + 1)
            assert answer == "100 Continue", rule
            if most_of(app, rule) <= MOST_BYTES and not rule.rule.startswith("/admin/"):
                assert first_line(url, method, filled(rule, SECRET), 2 * MOST_BYTES).startswith("413 "), rule
        for path in ("/webhook", "/admin/pages/terms", "/admin/products/1/texts"):
            assert first_line(url, "POST", path, 2_000_000).startswith("413 "), path
        for path in paths:
            get(url + path, allow_redirects=False)
        assert get(f"{url}/admin", allow_redirects=False).headers["Location"].startswith("/admin/sign-in")
    log = (tmp_path / "nginx" / "shop.log").read_text()
    assert paths[0].rsplit("/", 1)[1] not in log
    assert log.count("/... ") >= len(paths)
