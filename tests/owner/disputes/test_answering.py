"""A dispute answered from the shop: what our rows know, edited by an owner, sent to Stripe once."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask

from storefront.buyers.account.erase import erase_customer
from storefront.owner.disputes import answer
from storefront.owner.disputes.answer import read_answer
from storefront.owner.disputes.evidence import LABELS, ONE_LINE, longest_of
from storefront.owner.people.models import Role
from storefront.stripe_api.evidence import submit_evidence
from tests.owner.disputes.disputed import at_stripe, dispute, save, text_of
from tests.support.databases import BOTH
from tests.support.people import make_person, sign_in_at_admin
from tests.support.rows import change_rows, read_rows
from tests.support.sale import Sale
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, Buyer

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
UPDATES = "/v1/disputes"


@both
def test_collects_edits_and_sends_an_answer_once(
    app: Flask, sandbox: SandboxClient, sale: Sale, owner: Buyer
) -> None:
    made = dispute(sale)
    number = read_rows(app, "SELECT number FROM orders")[0]["number"]
    page = owner.get(f"/admin/orders/{number}").text
    assert "Answer until" in page
    assert f'href="/admin/disputes/{made}"' in page
    assert f"Order {number}: a dispute over" in owner.get("/admin").text
    page = owner.get(f"/admin/disputes/{made}").text
    for known in ("Twinspot", "Ada Reader", ADA, "downloaded with: curl", "Ada&#39;s laptop", sale.keys[0][-5:]):
        assert known in page
    assert sale.keys[0] not in page
    check = save(owner, made, uncategorized_text="winning_evidence", customer_name="Ada")
    assert "Send it to the bank" in owner.get(check).text
    assert at_stripe(sandbox, made).evidence_details.submission_count == 0, "Stripe sees no draft"
    for _ in range(2):
        sent = owner.post(f"/admin/disputes/{made}/submit", version="1")
    assert "takes no answer now" in sent.text
    seen = at_stripe(sandbox, made)
    assert (seen.evidence.customer_name, seen.evidence_details.submission_count) == ("Ada", 1)
    assert read_rows(app, "SELECT status FROM disputes") == [{"status": "under_review"}]
    assert "This is what was sent." in owner.get(f"/admin/disputes/{made}").text
    sandbox.control(f"disputes/{made}/move", status="won")
    sale.deliver("charge.dispute.closed")
    assert "won. Answered on" in owner.get(f"/admin/orders/{number}").text


def test_collects_what_speaks_for_the_shop_and_nothing_else(
    app: Flask, sale: Sale, owner: Buyer, mailbox: Any
) -> None:
    """An answer is sent once: what the owner was warned of, and when, is not the bank's."""
    sale.deliver("checkout.session.completed")
    sale.work()
    sale.at_charge("fraud_warning")
    sale.deliver("radar.")
    sale.work()
    made = dispute(sale)
    sale.work()
    sent = read_rows(app, "SELECT kind FROM outbox WHERE order_id IS NOT NULL AND state = 'sent'")
    assert {row["kind"] for row in sent} == {"receipt", "fraud_warning", "dispute_opened"}
    page = owner.get(f"/admin/disputes/{made}").text
    assert f"UTC  Email “receipt” sent to {ADA}" in page
    for owners in ("fraud", "dispute opened", "owner@storefront.example"):
        assert owners not in text_of(page, "uncategorized_text"), owners
    # As the owner's retention leaves it.
    change_rows(app, "UPDATE outbox SET recipient = ''")
    change_rows(app, "UPDATE downloads SET client = NULL")
    page = owner.get(f"/admin/disputes/{made}").text
    assert text_of(page, "uncategorized_text").endswith("UTC  Email “receipt” sent")
    assert text_of(page, "access_activity_log").endswith("UTC  twinspot-2.1.zip downloaded")


@both
def test_sends_one_answer_where_two_press_at_once(app: Flask, sandbox: SandboxClient, sale: Sale) -> None:
    made = dispute(sale)
    owners = [sign_in_at_admin(app, make_person(app, f"{name}@example.com")) for name in ("a", "b")]
    save(owners[0], made, uncategorized_text="It was used.")
    with ThreadPoolExecutor(2) as pool:
        sent = list(pool.map(lambda one: one.post(f"/admin/disputes/{made}/submit", version="1"), owners))
    assert 303 in {one.status_code for one in sent}
    assert at_stripe(sandbox, made).evidence_details.submission_count == 1
    assert len(read_rows(app, "SELECT id FROM audit_entries WHERE verb = 'dispute.answered'")) == 1


def test_sends_nothing_twice_where_stripes_answer_is_lost(
    app: Flask, sandbox: SandboxClient, sale: Sale, owner: Buyer
) -> None:
    made = dispute(sale)
    save(owner, made, uncategorized_text="It was used.")
    sandbox.control("faults", method="POST", path=UPDATES, drop_after_execution=True, times=3)
    lost = owner.post(f"/admin/disputes/{made}/submit", version="1")
    assert "Stripe did not say whether it has the answer." in owner.get(lost.location).text
    assert read_rows(app, "SELECT submitted_at FROM dispute_answers") == [{"submitted_at": None}]
    sandbox.control("faults/clear")
    assert owner.post(f"/admin/disputes/{made}/submit", version="1").status_code == 303
    assert at_stripe(sandbox, made).evidence_details.submission_count == 1


def submit(owner: Buyer, dispute_id: str) -> str:
    """Return what the page says then."""
    done = owner.post(f"/admin/disputes/{dispute_id}/submit", version="1")
    return owner.get(done.location).text if done.status_code == 303 else done.text


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"status": 500}, "Stripe did not say whether it has the answer."),
        ({"status": 400, "type": "invalid_request_error", "message": "Not now."}, "Not now."),
    ],
    ids=["failed", "refused"],
)
def test_sends_the_answer_after_stripe_failed_or_refused(
    sandbox: SandboxClient, sale: Sale, owner: Buyer, fault: dict[str, Any], words: str
) -> None:
    """Stripe says the same under the same key for a day."""
    made = dispute(sale)
    save(owner, made, uncategorized_text="It was used.")
    for _ in range(2):
        sandbox.control("faults", method="POST", path=UPDATES, times=1, **fault)
        assert words in submit(owner, made)
    assert at_stripe(sandbox, made).evidence_details.submission_count == 0
    assert "The answer is sent." in submit(owner, made)
    assert at_stripe(sandbox, made).evidence_details.submission_count == 1


def test_sends_nothing_twice_where_stripe_has_it_in_spite_of_its_failure(
    app: Flask, sandbox: SandboxClient, sale: Sale, owner: Buyer
) -> None:
    made = dispute(sale)
    save(owner, made, uncategorized_text="It was used.")
    sandbox.control("faults", method="POST", path=UPDATES, status=500, times=1)
    submit(owner, made)
    sandbox.stripe.v1.disputes.update(made, {"evidence": {"uncategorized_text": "It was used."}, "submit": True})
    assert "The answer is sent." in submit(owner, made)
    assert at_stripe(sandbox, made).evidence_details.submission_count == 1
    assert [row["submitted_by"] for row in read_rows(app, "SELECT submitted_by FROM dispute_answers")] != [None]


def test_sends_nothing_where_stripe_does_not_say_what_it_has(
    sandbox: SandboxClient, sale: Sale, owner: Buyer
) -> None:
    made = dispute(sale)
    save(owner, made, uncategorized_text="It was used.")
    sandbox.control("faults", method="GET", path=UPDATES, status=503, times=9)
    assert "Stripe isn&#39;t answering" in submit(owner, made)
    sandbox.control("faults/clear")
    assert at_stripe(sandbox, made).evidence_details.submission_count == 0


def test_keeps_what_two_people_write_apart(app: Flask, sandbox: SandboxClient, sale: Sale, owner: Buyer) -> None:
    made = dispute(sale)
    save(owner, made, uncategorized_text="First.")
    for _ in range(2):
        page = save(owner, made, uncategorized_text="Second.")
        assert "Somebody saved this answer meanwhile. Choose which one stays" in page
        assert page.index("Second.") < page.index('<blockquote dir="auto">First.')
        assert 'name="version" value="0"' in page
        assert 'name="seen" value="1"' in page
    assert save(owner, made, uncategorized_text="Second.", keep="theirs").endswith(made)
    assert read_rows(app, "SELECT version FROM dispute_answers") == [{"version": 1}]
    assert save(owner, made, uncategorized_text="Second.", keep="yours", seen="1").endswith("/check")
    assert "<blockquote" in save(owner, made, uncategorized_text="Third.", keep="yours", seen="1")
    refused = owner.post(f"/admin/disputes/{made}/submit", version="1")
    assert "Look at it once more before it is sent." in refused.text
    assert at_stripe(sandbox, made).evidence_details.submission_count == 0


def test_offers_nothing_that_it_refuses_itself(
    app: Flask, sandbox: SandboxClient, sale: Sale, owner: Buyer
) -> None:
    made = dispute(sale)
    change_rows(app, "UPDATE activations SET name = 'a\u202eb\u200dc'")
    change_rows(app, "UPDATE order_items SET description = 'Twinspot\u00a02\u202f!'")
    with app.app_context():
        known = read_answer(made).fields
    assert "on the device abc" in known["access_activity_log"]
    save(owner, made, **known)
    save(owner, made, version="1", **known | {"uncategorized_text": "5\u00a0€\u2028paid"})
    kept = json.loads(read_rows(app, "SELECT fields FROM dispute_answers")[0]["fields"])
    assert (kept["uncategorized_text"], "Twinspot 2 !" in kept["product_description"]) == ("5 €\npaid", True)


def test_keeps_what_was_sent_where_somebody_saves_meanwhile(
    app: Flask, sandbox: SandboxClient, sale: Sale, owner: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = dispute(sale)
    save(owner, made, uncategorized_text="First.")

    def submit_while_saving(*arguments: Any, **more: Any) -> None:
        save(owner, made, version="1", uncategorized_text="Second.")
        submit_evidence(*arguments, **more)

    monkeypatch.setattr(answer, "submit_evidence", submit_while_saving)
    assert owner.post(f"/admin/disputes/{made}/submit", version="1").status_code == 303
    assert at_stripe(sandbox, made).evidence.uncategorized_text == "First."
    assert "First." in owner.get(f"/admin/disputes/{made}").text


def test_keeps_no_copy_where_the_buyer_is_erased_while_it_is_sent(
    app: Flask, sandbox: SandboxClient, sale: Sale, owner: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = dispute(sale)
    save(owner, made, uncategorized_text="It was used.")

    def submit_while_erasing(*arguments: Any, **more: Any) -> None:
        customer_id = int(read_rows(app, "SELECT customer_id FROM orders")[0]["customer_id"])
        erase_customer(customer_id, even_in_dispute=True)
        submit_evidence(*arguments, **more)

    monkeypatch.setattr(answer, "submit_evidence", submit_while_erasing)
    assert owner.post(f"/admin/disputes/{made}/submit", version="1").status_code == 303
    assert at_stripe(sandbox, made).evidence_details.submission_count == 1
    assert read_rows(app, "SELECT id FROM dispute_answers") == []
    assert len(read_rows(app, "SELECT id FROM audit_entries WHERE verb = 'dispute.answered'")) == 1


REFUSED: list[tuple[dict[str, str], str]] = [
    ({"uncategorized_text": " "}, "All fields are empty"),
    ({"uncategorized_text": "x" * 20_001}, "at most 20000 characters"),
    ({"customer_name": "x" * 5_001}, "Buyer's name: at most 5000 characters; these are 5001."),
    ({"service_date": "x" * 5_001}, "When it was delivered: at most 5000 characters"),
    ({"product_description": "a\x1b[2J"}, "What was sold: there are characters that cannot be shown."),
]


def test_refuses_what_stripe_would(sale: Sale, owner: Buyer) -> None:
    disputed = dispute(sale)
    for fields, words in REFUSED:
        assert words in save(owner, disputed, **fields), words
    assert read_rows(sale.app, "SELECT id FROM dispute_answers") == []


def test_sends_texts_as_long_as_stripe_takes_them(sandbox: SandboxClient, sale: Sale, owner: Buyer) -> None:
    made = dispute(sale)
    full = {name: "x" * longest_of(name) for name in LABELS}
    save(owner, made, **full)
    assert owner.post(f"/admin/disputes/{made}/submit", version="1").status_code == 303
    kept = at_stripe(sandbox, made).evidence
    assert {name: len(kept[name]) for name in LABELS} == {
        name: 5_000 if name in ONE_LINE else 20_000 for name in LABELS
    }


def test_names_the_field_that_stripe_refuses(app: Flask, sandbox: SandboxClient, sale: Sale, owner: Buyer) -> None:
    """As in a draft from before the limit of a line was known."""
    made = dispute(sale)
    save(owner, made, customer_name="Ada")
    kept = json.dumps({name: "x" * 5_001 if name == "customer_name" else "" for name in LABELS})
    change_rows(app, f"UPDATE dispute_answers SET fields = '{kept}'")
    for _twice in range(2):
        page = submit(owner, made).replace("&#39;", "'")
        assert "Buyer's name: Invalid string: xxxxx" in page
        assert "must be at most 5000 characters" in page
    assert at_stripe(sandbox, made).evidence_details.submission_count == 0


def test_answers_an_inquiry_and_what_becomes_of_it_each_once(
    app: Flask, sandbox: SandboxClient, sale: Sale, owner: Buyer
) -> None:
    made = dispute(sale, "warning_needs_response")
    save(owner, made, uncategorized_text="It was used.")
    assert owner.post(f"/admin/disputes/{made}/submit", version="1").status_code == 303
    sandbox.control(f"disputes/{made}/move", status="needs_response")
    sale.deliver("charge.dispute.")
    save(owner, made, uncategorized_text="It was used, as we said.")
    assert owner.post(f"/admin/disputes/{made}/submit", version="1").status_code == 303
    assert at_stripe(sandbox, made).evidence_details.submission_count == 2


def test_knows_no_dispute_of_another_mode_and_nobody_without_money(app: Flask, sale: Sale, owner: Buyer) -> None:
    made = dispute(sale)
    assert owner.get("/admin/disputes/dp_unknown").status_code == 404
    helper = sign_in_at_admin(app, make_person(app, "ben@example.com", Role.SUPPORT))
    assert helper.get(f"/admin/disputes/{made}").status_code == 403
    change_rows(app, "UPDATE orders SET mode = 'live'")
    assert owner.get(f"/admin/disputes/{made}").status_code == 404
