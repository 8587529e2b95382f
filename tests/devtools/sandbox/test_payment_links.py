"""Payment links: every visit opens a Session; limits, messages and what the address may carry."""

from typing import Any

import pytest
import stripe

from tests.devtools.sandbox.calls import Answer, Calls

REDIRECT = "https://shop.example/thanks?session_id={CHECKOUT_SESSION_ID}"


def make_link(sandbox: Calls, **more: Any) -> stripe.PaymentLink:
    params: Any = {"line_items": [{"price": sandbox.make_price(), "quantity": 2}], **more}
    return sandbox.v1.payment_links.create(params)


def go(sandbox: Calls, url: str) -> tuple[int, str, str]:
    """Status, where it leads, text."""
    answer = sandbox.http.get(url, allow_redirects=False, timeout=60)
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.status_code, answer.headers.get("Location", ""), answer.text


def visit(sandbox: Calls, link: stripe.PaymentLink, query: str = "") -> Any:
    """The Session of a new visitor."""
    status, address, _ = go(sandbox, link.url + query)
    assert status == 303
    session = sandbox.session(address.rpartition("/")[2])
    assert session["url"] == address
    return session


def pay(sandbox: Calls, session: Any) -> Answer:
    return sandbox.pay(session["id"])


def test_sells_through_a_link(sandbox: Calls) -> None:
    link = make_link(
        sandbox,
        after_completion={"type": "redirect", "redirect": {"url": REDIRECT}},
        metadata={"campaign": "spring"},
        payment_intent_data={"metadata": {"order": "7"}},
        submit_type="donate",
    )
    assert link.url.startswith(f"{sandbox.url}/b/test_")
    assert link.after_completion.redirect is not None
    assert link.after_completion.redirect.url == REDIRECT
    session = visit(sandbox, link)
    assert (session["payment_link"], session["metadata"]) == (link.id, {"campaign": "spring"})
    assert (session["amount_total"], session["success_url"], session["submit_type"]) == (3800, REDIRECT, "donate")
    assert sandbox.event_types() == ["payment_link.created"]
    paid = pay(sandbox, session)
    assert paid.json["payment_status"] == "paid"
    assert sandbox.event_types()[1:] == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
        "charge.updated",
    ]
    assert sandbox.get(f"/v1/payment_intents/{paid.json['payment_intent']['id']}")["metadata"] == {"order": "7"}
    leads_to = sandbox.page(session["id"], "/poll").json["redirect_url"]
    assert leads_to == f"https://shop.example/thanks?session_id={session['id']}"


def test_opens_a_session_for_each_visitor(sandbox: Calls) -> None:
    link = make_link(sandbox)
    first, second = visit(sandbox, link), visit(sandbox, link)
    assert first["id"] != second["id"]
    lines = [sandbox.get(f"/v1/checkout/sessions/{entry['id']}/line_items")["data"] for entry in (first, second)]
    assert lines[0][0]["id"] != lines[1][0]["id"]
    assert len(sandbox.get("/v1/checkout/sessions", f"payment_link={link.id}")["data"]) == 2
    assert sandbox.http.head(link.url, timeout=60).status_code == 200
    assert len(sandbox.look("sessions")["data"]) == 2


def test_thanks_where_no_redirect_is_asked_for(sandbox: Calls) -> None:
    after = {"type": "hosted_confirmation", "hosted_confirmation": {"custom_message": "<b>Merci</b>"}}
    link = make_link(sandbox, after_completion=after)
    session = visit(sandbox, link)
    status, _, text = go(sandbox, session["success_url"])
    assert status == 200
    assert "&lt;b&gt;Merci" in text
    assert "<b>Merci" not in text
    plain = go(sandbox, visit(sandbox, make_link(sandbox))["success_url"])
    assert "Thanks for your payment" in plain[2]


def test_closes_after_the_last_allowed_session(sandbox: Calls) -> None:
    link = make_link(
        sandbox, restrictions={"completed_sessions": {"limit": 2}}, inactive_message="Sold <out>, sorry."
    )
    first, second = visit(sandbox, link), visit(sandbox, link)
    pay(sandbox, first)
    seen = sandbox.v1.payment_links.retrieve(link.id)
    assert seen.active
    assert seen.restrictions is not None
    assert seen.restrictions.completed_sessions.count == 1
    assert "payment_link.updated" not in sandbox.event_types()
    pay(sandbox, second)
    assert sandbox.event_types()[-2:] == ["payment_link.updated", "charge.updated"]
    update = sandbox.look("events?type=payment_link.updated")["data"][0]["data"]
    assert update["object"]["restrictions"] == {"completed_sessions": {"count": 2, "limit": 2}}
    assert update["previous_attributes"]["active"] is True
    status, _, text = go(sandbox, link.url)
    assert status == 410
    assert "Sold &lt;out&gt;, sorry." in text
    sandbox.v1.payment_links.update(link.id, {"active": True, "restrictions": ""})
    assert visit(sandbox, link)["status"] == "open"


def test_is_switched_off_and_changed(sandbox: Calls) -> None:
    link = make_link(sandbox, metadata={"a": "1"}, inactive_message="Later")
    sandbox.v1.payment_links.update(link.id, {"active": False, "metadata": {"b": "2"}, "inactive_message": ""})
    update = sandbox.look("events?type=payment_link.updated")["data"][0]["data"]
    assert update["previous_attributes"] == {
        "active": True,
        "metadata": {"b": None},
        "inactive_message": "Later",
    }
    assert update["object"]["metadata"] == {"a": "1", "b": "2"}
    assert "no longer active" in go(sandbox, link.url)[2]
    assert sandbox.v1.payment_links.list({"active": True}).data == []
    assert [entry.id for entry in sandbox.v1.payment_links.list({"active": False}).data] == [link.id]
    sandbox.v1.payment_links.update(link.id, {"active": False})
    assert sandbox.event_types().count("payment_link.updated") == 1


def test_changes_quantities(sandbox: Calls) -> None:
    link = make_link(sandbox)
    (line,) = sandbox.v1.payment_links.line_items.list(link.id).data
    assert (line.quantity, line.amount_total, line.price.currency if line.price else "") == (2, 3800, "usd")
    sandbox.v1.payment_links.update(
        link.id, {"line_items": [{"id": line.id, "quantity": 3, "adjustable_quantity": {"enabled": True}}]}
    )
    (item,) = sandbox.get(f"/v1/payment_links/{link.id}", "expand[]=line_items")["line_items"]["data"]
    assert (item["quantity"], item["amount_total"]) == (3, 5700)
    assert visit(sandbox, link)["amount_total"] == 5700
    with pytest.raises(stripe.InvalidRequestError, match="No such item"):
        sandbox.v1.payment_links.update(link.id, {"line_items": [{"id": "li_none", "quantity": 1}]})


@pytest.mark.parametrize(
    ("reference", "kept"),
    [("order_7-A", "order_7-A"), ("x" * 200, "x" * 200), ("x" * 201, None), ("a+b", None), ("%3Cb%3E", None)],
)
def test_takes_a_reference_from_the_address(sandbox: Calls, reference: str, kept: str | None) -> None:
    session = visit(sandbox, make_link(sandbox), f"?client_reference_id={reference}&utm_source=mail")
    assert session["client_reference_id"] == kept


def test_takes_an_email_from_the_address(sandbox: Calls) -> None:
    link = make_link(sandbox)
    offered = visit(sandbox, link, "?prefilled_email=ada%40example.com")
    page = sandbox.page(offered["id"]).json
    assert (page["prefilled_email"], page["customer_email"]) == ("ada@example.com", None)
    fixed = visit(sandbox, link, "?locked_prefilled_email=ada%40example.com")
    assert fixed["customer_email"] == "ada@example.com"
    odd = visit(sandbox, link, "?prefilled_email=nonsense&locked_prefilled_email=nonsense")
    assert (odd["customer_email"], sandbox.page(odd["id"]).json["prefilled_email"]) == (None, None)


def test_takes_a_code_from_the_address(sandbox: Calls) -> None:
    sandbox.make_promotion_code("SAVE", percent_off=50)
    link = make_link(sandbox, allow_promotion_codes=True)
    session = visit(sandbox, link, "?prefilled_promo_code=SAVE")
    assert (session["amount_total"], len(session["discounts"])) == (1900, 1)
    assert visit(sandbox, link, "?prefilled_promo_code=OTHER")["amount_total"] == 3800
    assert visit(sandbox, link, "?prefilled_promo_code=")["discounts"] == []
    assert visit(sandbox, make_link(sandbox), "?prefilled_promo_code=SAVE")["amount_total"] == 3800
    sandbox.page(session["id"], promotion_code="")
    assert sandbox.session(session["id"])["amount_total"] == 3800  # the buyer may take it off


@pytest.mark.parametrize(("asked", "spoken"), [("de", "de"), ("pt-BR", "pt-BR"), ("xx", None), ("", None)])
def test_takes_a_language_from_the_address(sandbox: Calls, asked: str, spoken: str | None) -> None:
    assert visit(sandbox, make_link(sandbox), f"?locale={asked}")["locale"] == spoken


def test_refuses_to_sell_subscriptions(sandbox: Calls) -> None:
    """The command line makes such a link; the sandbox has no subscriptions."""
    price = sandbox.make_price(recurring={"interval": "month"})
    link = make_link(sandbox, line_items=[{"price": price, "quantity": 1}])
    status, _, text = go(sandbox, link.url)
    assert (status, "payment mode only" in text) == (400, True)
    assert sandbox.look("sessions")["data"] == []


def test_knows_no_other_address(sandbox: Calls) -> None:
    for path in ("/b/test_none", "/b/test_none/thanks"):
        assert go(sandbox, sandbox.url + path)[0] == 404


@pytest.mark.parametrize(
    ("text", "param"),
    [
        ("", "line_items"),
        ("line_items[0][price]=price_none&line_items[0][quantity]=1", "line_items[0][price]"),
        ("{line}&after_completion[type]=redirect", "after_completion[redirect]"),
        (
            "{line}&after_completion[type]=redirect&after_completion[redirect][url]=thanks",
            "after_completion[redirect][url]",
        ),
        ("{line}&restrictions[completed_sessions][limit]=0", "restrictions[completed_sessions][limit]"),
        ("{line}&payment_intent_data[capture_method]=manual", "payment_intent_data[capture_method]"),
        ("{line}&currency=eur", "currency"),
    ],
)
def test_refuses_wrong_parameters(sandbox: Calls, text: str, param: str) -> None:
    line = f"line_items[0][price]={sandbox.make_price()}&line_items[0][quantity]=1"
    answer = sandbox.call("POST", "/v1/payment_links", text.replace("{line}", line))
    assert (answer.status, answer.json["error"]["param"]) == (400, param)
