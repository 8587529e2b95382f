"""What a seller's program has: the published keys, a license file, the newest list, and a verifier."""

import base64
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask

from storefront.delivery.licenses.signing.revocations import NEWEST_LIST, NewestList
from tests.support.sale import Sale

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "examples"

Verify = Callable[..., tuple[bool, Any]]


def make_verifier(program: list[str], folder: Path) -> Verify:
    """Runs an example as a seller's programmer would: (True, claims) or (False, what it said).

    Halves of pairs, as in "\udcff", stand for bytes that are no text.
    """

    def run(token: str, keys: dict[str, str], **options: Any) -> tuple[bool, Any]:
        file = folder / "a.license"
        file.write_text(token, "utf-8", "surrogateescape")
        if "revocations" in options:
            listed = folder / "a.jws"
            listed.write_text(options["revocations"], "utf-8", "surrogateescape")
            options["revocations"] = str(listed)
        pairs = [f"{kid}={x}" for kid, x in keys.items()]
        flags = [
            f"--{name.replace('_', '-')}" if value is True else f"--{name}={value}"
            for name, value in ({"product": "twinspot"} | options).items()
        ]
        return _run([*program, str(file), *pairs, *flags])

    return run


ALL_VECTORS = """
import { readFileSync } from "node:fs";
const [file, module] = process.argv.slice(1);
const { Refused, verifyLicense } = await import(module);
const { cases, now, public_keys } = JSON.parse(readFileSync(file, "utf8"));
const said = ({ token, allow_test, ...options }) => {
  const given = { product: "twinspot", now, allowTest: allow_test, ...options };
  try { return verifyLicense(token, public_keys, given); }
  catch (error) { if (error instanceof Refused) return `refused: ${error.message}`; throw error; }
};
console.log(JSON.stringify(cases.map(said)));
"""


def say_of_all(node: str, vectors: Path) -> list[Any]:
    """What the JavaScript verifier says of each case in a file: its claims, or why it is refused."""
    command = [node, "--input-type=module", "-e", ALL_VECTORS, str(vectors), str(EXAMPLES / "verify-license.mjs")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    said: list[Any] = json.loads(done.stdout)
    return said


def _run(command: list[str]) -> tuple[bool, Any]:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return (True, json.loads(done.stdout)) if done.returncode == 0 else (False, done.stderr.strip())


def program(language: str, node: str | None) -> list[str]:
    if language == "python":
        return [sys.executable, str(EXAMPLES / "verify_license.py")]
    return [str(node), str(EXAMPLES / "verify-license.mjs")]


def published(app: Flask) -> dict[str, str]:
    keys = app.test_client().get("/.well-known/storefront-keys.json").get_json()["keys"]
    assert all((key["kty"], key["crv"], key["alg"]) == ("OKP", "Ed25519", "EdDSA") for key in keys)
    return {key["kid"]: key["x"] for key in keys}


def file_of(sale: Sale) -> str:
    page = sale.buyer.get(f"{sale.link}/licenses/1/license-file")
    assert page.status_code == 200, page.text
    assert page.headers["Content-Disposition"].startswith("attachment")
    return page.text.strip()


def revocations(app: Flask) -> str:
    """The newest, as a minute later."""
    NEWEST_LIST.set(NewestList(), app)
    return app.test_client().get("/.well-known/storefront-revocations.jws").text


def part_of(token: str, number: int) -> dict[str, Any]:
    text = token.split(".")[number]
    part: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return part


def claims_of(token: str) -> dict[str, Any]:
    return part_of(token, 1)
