"""Every form address of /admin with every name that forms there have: texts, numbers, several of each, or none."""

import re
from collections.abc import Iterator
from typing import Any

from flask import Flask

from storefront.core.config.settings import ROOT
from storefront.web.bodies import MOST_FIELDS
from storefront.web.limits import limiter
from tests.support.kept_rows import kept_rows
from tests.support.people import make_person, sign_in_at_admin
from tests.support.rows import read_rows
from tests.support.sale import Sale, number_of, sell
from tests.support.sandbox_client import SandboxClient

LEAVES = "/sign-out"  # ends the session that the others need
ONE_OF_EACH = ("x", "-1", "9" * 20, "yes")
SEVERAL = ["", "x", "twinspot/personal"]
NAMED = re.compile(r"""name="([a-z_]+)"|\b[a-z_]+\("([a-z_]+)\"""")  # in an element, or what a macro makes one of
HIDDEN = {"promotion", "shown_minor"}  # without a field of their own in a template


def names_of_forms() -> list[str]:
    templates = sorted((ROOT / "templates" / "owner").rglob("*.html"))
    found = {name for path in templates for pair in NAMED.findall(path.read_text("utf-8")) for name in pair}
    return sorted((found | HIDDEN) - {"", "csrf_token"})


def odd_forms() -> Iterator[dict[str, Any]]:
    """All names at once, since a form ignores those that it does not know; and none of them."""
    names = names_of_forms()
    assert {"includes", "amount", "quote", "state", "seats"} <= set(names)
    assert len(names) < MOST_FIELDS - 1
    yield {}
    yield from (dict.fromkeys(names, value) for value in ONE_OF_EACH)
    at_once = MOST_FIELDS // len(SEVERAL) - 1
    yield from (dict.fromkeys(names[first : first + at_once], SEVERAL) for first in range(0, len(names), at_once))


def addresses(app: Flask, sale: Sale) -> list[str]:
    """Each POST address of /admin, of things that there are."""
    real = {
        "slug": "twinspot", "key": "personal", "number": number_of(sale), "language": "de", "kind": "receipt",
        "version": "1.0", "action": "replace",
        "license_id": str(read_rows(app, "SELECT id FROM licenses")[0]["id"]),
    }  # fmt: skip
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("admin.")]
    posted = sorted(rule.rule for rule in rules if "POST" in (rule.methods or ()))
    every = [re.sub(r"<(?:\w+:)?(\w+)>", lambda part: real.get(part[1], "1"), rule) for rule in posted]
    return [address for address in every if not address.endswith(LEAVES)]


def test_fails_at_no_form_of_the_owners(app: Flask, sandbox: SandboxClient) -> None:
    sale, owner = sell(app, sandbox), sign_in_at_admin(app, make_person(app))
    forms, failed = list(odd_forms()), list[str]()
    walked = addresses(app, sale)
    assert len(walked) > 100
    with kept_rows(app) as rows:
        for address, (place, form) in ((one, numbered) for one in walked for numbered in enumerate(forms)):
            rows.put_back()
            limiter.reset()
            status = owner.post(address, **form).status_code
            if status >= 500:
                failed.append(f"{address} with form {place}: {status}")
        rows.put_back()
    assert "\n".join(failed) == ""
    assert owner.get("/admin").status_code == 200
