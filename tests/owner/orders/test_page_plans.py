"""No page or export reads a table that grows with orders whole: each statement has an index."""

import pytest
from flask import Flask

from tests.support.databases import BOTH
from tests.support.people import make_person, sign_in_at_admin
from tests.support.plans import asked_of, read_whole
from tests.support.rows import read_rows
from tests.support.sale import COMPLETED, number_of, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA
from tests.support.sign_in import signed_in


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_reads_no_large_table_whole_for_a_page(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox, email=ADA, name="Ada Reader")
    made = sale.at_charge("dispute", status="needs_response")
    sale.deliver("checkout.session.completed", "charge.dispute")
    owner = sign_in_at_admin(app, make_person(app))
    with asked_of(app) as asked:
        for path in (
            "/admin", f"/admin/orders/{number_of(sale)}", "/admin/orders", f"/admin/orders?q={ADA}",
            f"/admin/orders/{number_of(sale)}/answer?answer=key",
            f"/admin/orders?q={sale.keys[0]}", "/admin/orders?q=reader&country=US",
            "/admin/orders?q=visa+9999", "/admin/orders?q=invoice+AB12CD34-0001", f"/admin/orders?q={sale.link}",
            "/admin/orders?product=twinspot", "/admin/orders?state=disputed", "/admin/orders?state=refunded",
            f"/admin/buyers?email={ADA}", "/admin/buyers?email=reader",
            f"/admin/disputes/{made}", "/admin/audit", "/admin/audit?verb=dispute.drafted",
            "/admin/accounting?quarter=2026-Q4", "/admin/accounting/export?first=2026-11-01&last=2026-12-31",
        ):  # fmt: skip
            assert owner.get(path, follow_redirects=True).status_code == 200, path
        assert owner.post("/admin/buyers/export", email=ADA).status_code == 200
        owner.post(f"/admin/orders/{number_of(sale)}/notes", note="Called.", form="1")
        erased = owner.post("/admin/buyers/erase", email=ADA, sure=ADA, even_in_dispute="yes")
        assert erased.status_code == 303
    assert len(asked) > 50
    assert read_rows(app, "SELECT email FROM orders") == [{"email": ""}]
    reads = {sql: parameters for sql, parameters in asked.items() if sql.startswith("SELECT")}  # erasing is rare
    assert read_whole(app, reads, trusts_limits=True) == []


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_reads_no_large_table_whole_for_a_buyer(app: Flask, sandbox: SandboxClient) -> None:
    """From the front page to what comes after the sale, with webhooks and the license API."""
    first = sell(app, sandbox, email=ADA)
    with asked_of(app) as asked:
        sale = sell(app, sandbox, email=ADA)
        for path in ("/", "/products/twinspot", "/cart", "/sign-in", sale.link, *sale.downloads):
            with sale.buyer.get(path) as page:
                assert page.status_code in (200, 303), path
        key = {"license_key": sale.keys[0], "instance_name": "desk"}
        for act in ("validate", "activate"):
            assert app.test_client().post(f"/v1/licenses/{act}", json=key).status_code == 200
        at_home = signed_in(app, ADA)
        for path in ("/library", "/library?q=twin", "/library/orders", "/library/orders?q=twin", "/account"):
            assert at_home.get(path).status_code == 200, path
        sale.refund(amount=500)  # and it stays open
        sale.deliver(COMPLETED, "charge", "refund")
        sale.refund()
        first.at_charge("dispute", status="needs_response")
        for each in (sale, first):
            each.deliver(COMPLETED, "charge", "refund")
    assert len(asked) > 50
    assert read_whole(app, asked, trusts_limits=True) == []
