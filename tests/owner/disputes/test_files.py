"""Files of an answer: attached once, listed, removed, sent; what Stripe refuses is said before."""

import io
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask

from storefront.buyers.account.erase import erase_customer
from tests.owner.disputes.disputed import at_stripe, dispute, save
from tests.support.databases import BOTH
from tests.support.people import make_person, sign_in_at_admin
from tests.support.rows import change_rows, read_rows
from tests.support.sale import Sale
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer

PDF = b"%PDF-1.7 a letter"


@pytest.fixture
def made(sale: Sale, owner: Buyer) -> str:
    """A dispute with a draft."""
    made = dispute(sale)
    save(owner, made, uncategorized_text="It was used.")
    return made


def attach(
    owner: Buyer, made: str, content: bytes = PDF, name: str = "mail.pdf", kind: str = "customer_communication"
) -> Any:
    return owner.post(f"/admin/disputes/{made}/files", file=(io.BytesIO(content), name), kind=kind)


def files(app: Flask) -> list[Any]:
    return read_rows(app, "SELECT id, kind, filename, size_bytes, stripe_file_id FROM dispute_files ORDER BY id")


def uploads(sandbox: SandboxClient) -> int:
    return len(sandbox.stripe.v1.files.list().data)


def test_attaches_lists_removes_and_sends_files(
    app: Flask, sandbox: SandboxClient, owner: Buyer, made: str
) -> None:
    assert attach(owner, made).status_code == 303
    assert owner.post(f"/admin/disputes/{made}/files", own_receipt="yes").status_code == 303
    assert attach(owner, made, b"\x89PNG\r\n\x1a\n", "screen.png", "uncategorized_file").status_code == 303
    letter, receipt, picture = files(app)
    page = owner.get(f"/admin/disputes/{made}/check").text
    for shown in ("mail.pdf", "17 Bytes", receipt["filename"], "screen.png", "Stripe keeps the files"):
        assert shown in page
    assert "own_receipt" not in page
    remove = f"/admin/disputes/{made}/files/{picture['id']}/remove"
    assert [owner.post(remove).status_code for _ in range(2)] == [303, 303]
    assert "Look at it once more" in owner.post(f"/admin/disputes/{made}/submit", version="1").text
    assert at_stripe(sandbox, made).evidence.receipt is None, "Stripe has files, and no dispute has them yet"
    assert owner.post(f"/admin/disputes/{made}/submit", version="5").status_code == 303
    evidence = at_stripe(sandbox, made).evidence
    assert evidence.customer_communication == letter["stripe_file_id"]
    assert (evidence.receipt, evidence.uncategorized_file) == (receipt["stripe_file_id"], None)
    assert "mail.pdf" in owner.get(f"/admin/disputes/{made}").text
    late = attach(owner, made, kind="refund_policy")
    assert (late.status_code, "takes no answer now" in late.text) == (409, True)
    verbs = [
        row["verb"] for row in read_rows(app, "SELECT verb FROM audit_entries WHERE verb LIKE 'dispute.file%'")
    ]
    assert sorted(verbs) == ["dispute.file_attached"] * 3 + ["dispute.file_removed"]


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_keeps_one_file_where_two_press_at_once(
    app: Flask, sandbox: SandboxClient, owner: Buyer, made: str
) -> None:
    other = sign_in_at_admin(app, make_person(app, "b@example.com"))
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda one: attach(one, made).status_code, (owner, other)))
    assert (303 in done, len(files(app)), uploads(sandbox)) == (True, 1, 1)
    assert attach(owner, made).status_code == 303
    assert (uploads(sandbox), read_rows(app, "SELECT version FROM dispute_answers")) == (1, [{"version": 2}])


def test_keeps_one_file_where_stripes_answer_is_lost(
    app: Flask, sandbox: SandboxClient, owner: Buyer, made: str
) -> None:
    sandbox.control("faults", method="POST", path="/v1/files", drop_after_execution=True, times=3)
    lost = attach(owner, made)
    assert (lost.status_code, files(app)) == (503, [])
    assert "Add it again in a minute: it never counts twice." in lost.text
    assert '<option value="customer_communication" selected>' in lost.text
    sandbox.control("faults/clear")
    assert attach(owner, made).status_code == 303
    assert (len(files(app)), uploads(sandbox)) == (1, 1)


def test_refuses_before_stripe_does(app: Flask, sandbox: SandboxClient, owner: Buyer, made: str) -> None:
    assert attach(owner, made, PDF + bytes(2_999_000)).status_code == 303
    for content, name, kind, words in (
        (b"GIF89a", "a.gif", "receipt", "Stripe takes PDF, PNG and JPEG only."),
        (b"", "a.pdf", "receipt", "The file is empty."),
        (PDF + bytes(1_600_000), "b.pdf", "receipt", "All files together have at most 4.5 MB."),
        (PDF, "other.pdf", "customer_communication", "Remove it first, or choose another kind."),
        (PDF, "a.pdf", "customer_signature", "Choose what the file shows."),
        (PDF, "", "receipt", "Choose a file first"),
    ):
        refused = attach(owner, made, content, name, kind)
        assert (refused.status_code, words in refused.text) == (400, True), words
        assert "mail.pdf" in refused.text
    assert (len(files(app)), uploads(sandbox)) == (1, 1)


def test_says_what_stripe_says_and_keeps_the_draft(
    app: Flask, sandbox: SandboxClient, owner: Buyer, made: str
) -> None:
    sandbox.control("faults", method="POST", path="/v1/files", status=400, times=9)
    assert (attach(owner, made).status_code >= 400, files(app)) == (True, [])
    assert "It was used." in owner.get(f"/admin/disputes/{made}").text


@pytest.mark.parametrize("status", [400, 500])
def test_attaches_after_stripe_failed_or_refused(
    app: Flask, sandbox: SandboxClient, owner: Buyer, made: str, status: int
) -> None:
    """Stripe says the same under the same key for a day."""
    sandbox.control("faults", method="POST", path="/v1/files", status=status, times=9)
    assert attach(owner, made).status_code >= 400
    sandbox.control("faults/clear")
    assert attach(owner, made).status_code == 303
    assert len(files(app)) == 1


def test_needs_a_draft_and_knows_no_other_mode(app: Flask, sale: Sale, owner: Buyer) -> None:
    made = dispute(sale)
    assert "Save one first." in attach(owner, made).text
    helper = sign_in_at_admin(app, make_person(app, "acc@example.com"))
    change_rows(app, "UPDATE orders SET mode = 'live'")
    assert attach(helper, made).status_code == 404
    assert helper.post(f"/admin/disputes/{made}/files/1/remove").status_code == 404


def test_forgets_files_with_the_buyer(app: Flask, owner: Buyer, made: str) -> None:
    attach(owner, made)
    customer = int(read_rows(app, "SELECT customer_id FROM orders")[0]["customer_id"])
    with app.app_context():
        erase_customer(customer, even_in_dispute=True)
    assert (files(app), read_rows(app, "SELECT id FROM dispute_answers")) == ([], [])
