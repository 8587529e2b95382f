"""Small help at one order: a later last day, a device, a note. Each once, however often it is sent."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from storefront.buyers.account.erase import erase_customer
from storefront.owner.people.models import Role
from tests.support.databases import BOTH
from tests.support.people import make_person, sign_in_at_admin
from tests.support.rows import change_rows, read_rows
from tests.support.sale import Sale, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, Buyer

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
LAST = "2099-12-31"


@pytest.fixture
def sale(app: Flask, sandbox: SandboxClient) -> Sale:
    return sell(app, sandbox, email=ADA)


@pytest.fixture
def helper(app: Flask) -> Buyer:
    return sign_in_at_admin(app, make_person(app, "ben@example.com", Role.SUPPORT))


def home(sale: Sale) -> str:
    return f"/admin/orders/{read_rows(sale.app, 'SELECT number FROM orders')[0]['number']}"


def act(helper: Buyer, sale: Sale, path: str, **fields: str) -> str:
    answer = helper.post(f"{home(sale)}/{path}", **fields)
    return (helper.get(home(sale)) if answer.status_code == 303 else answer).text.replace("&#39;", "'")


def last_day(sale: Sale) -> str:
    return str(read_rows(sale.app, "SELECT expires_at FROM licenses")[0]["expires_at"])[:10]


def extend(helper: Buyer, sale: Sale, **fields: str) -> str:
    license_id = read_rows(sale.app, "SELECT id FROM licenses")[0]["id"]
    return act(helper, sale, f"keys/{license_id}/extend", **({"shown": "1"} | fields))


@both
def test_lets_a_license_expire_later_once(sale: Sale, helper: Buyer) -> None:
    assert "This license never expires" in extend(helper, sale, until=LAST)
    change_rows(sale.app, "UPDATE licenses SET expires_at = '2020-01-31 23:59:59+00:00'")
    assert "Extend, replace or withdraw" in helper.get(home(sale)).text
    for _ in range(2):
        assert "works until December 31, 2099." in extend(helper, sale, until=LAST, because="was ill")
    assert last_day(sale) == LAST
    key = read_rows(sale.app, "SELECT what FROM key_events WHERE what = 'extended'")
    assert (
        len(key) == len(read_rows(sale.app, "SELECT id FROM order_changes WHERE what = 'license_extended'")) == 1
    )
    assert "never expires from now on." in extend(helper, sale, never="yes")


@pytest.mark.parametrize(
    ("until", "words"),
    [
        ("", "Choose the last day"),
        ("31.12.2099", "Choose the last day"),
        ("2020-06-01", "2020-06-01 is over"),
        ("2019-01-01", "works until 2020-01-31 already"),
    ],
)
def test_extends_to_a_later_day_to_come_only(sale: Sale, helper: Buyer, until: str, words: str) -> None:
    change_rows(sale.app, "UPDATE licenses SET expires_at = '2020-01-31 23:59:59+00:00'")
    assert words in extend(helper, sale, until=until)
    assert last_day(sale) == "2020-01-31"


def test_deactivates_a_device_and_says_so_the_second_time(sale: Sale, helper: Buyer) -> None:
    sent = {"license_key": sale.keys[0], "instance_name": "Ada's <b>laptop"}
    device = sale.app.test_client().post("/v1/licenses/activate", json=sent).get_json()["instance"]["id"]
    license_id = read_rows(sale.app, "SELECT id FROM licenses")[0]["id"]
    assert "Ada's &lt;b&gt;laptop" in act(helper, sale, "notes", note="x", form="1")
    assert "Device deactivated." in act(helper, sale, f"devices/{license_id}/{device}")
    assert "already deactivated" in act(helper, sale, f"devices/{license_id}/{device}")
    assert helper.post(f"{home(sale)}/devices/{license_id + 1}/{device}").status_code == 404
    entries = read_rows(sale.app, "SELECT verb FROM audit_entries WHERE verb LIKE 'key.%'")
    assert entries == [{"verb": "key.device_deactivated"}]


@both
def test_keeps_one_note_of_a_form_that_is_sent_twice_at_once(sale: Sale, app: Flask) -> None:
    helpers = [sign_in_at_admin(app, make_person(app, f"{name}@example.com", Role.SUPPORT)) for name in ("a", "b")]
    sent = {"note": "Called.\nWill <b>write</b>.", "form": "one"}
    with ThreadPoolExecutor(2) as pool:
        statuses = list(pool.map(lambda one: one.post(f"{home(sale)}/notes", **sent).status_code, helpers))
    assert statuses == [303, 303]
    assert [row["text"] for row in read_rows(app, "SELECT text FROM order_notes")] == [
        "Called.\nWill <b>write</b>."
    ]
    page = helpers[0].get(home(sale)).text
    assert "Will &lt;b&gt;write&lt;/b&gt;." in page
    assert "Called" not in sale.order_page()


@both
def test_says_that_a_form_was_sent_with_other_words_and_keeps_the_new_ones(sale: Sale, helper: Buyer) -> None:
    """Back in the browser the form is the one that was sent."""
    for _ in range(2):
        assert "Note added." in act(helper, sale, "notes", note="Called her.", form="one")
    page = act(helper, sale, "notes", note="She wants a refund.", form="one")
    assert "This was sent already" in page
    assert "\nShe wants a refund.</textarea>" in page
    assert helper.post(f"{home(sale)}/notes", note="She wants a refund.", form="one").status_code == 409
    form = page.split('name="form" value="')[1].split('"')[0]
    assert "Note added." in act(helper, sale, "notes", note="She wants a refund.", form=form)
    assert len(read_rows(sale.app, "SELECT id FROM order_notes")) == 2


@both
def test_keeps_one_note_of_the_same_words_after_back(sale: Sale, helper: Buyer, app: Flask) -> None:
    """The browser asks for the page again, whose form has another name, and keeps what was typed."""
    forms = []
    for _time in range(3):
        forms.append(helper.get(home(sale)).text.split('name="form" value="')[1].split('"')[0])
        assert "Note added." in act(helper, sale, "notes", note="Called her.", form=forms[-1])
    assert len(set(forms)) == 3
    assert len(read_rows(app, "SELECT id FROM order_notes")) == 1
    other = sign_in_at_admin(app, make_person(app, "cleo@example.com", Role.SUPPORT))
    act(other, sale, "notes", note="Called her.", form="theirs")
    act(helper, sale, "notes", note="Called her again.", form="other words")
    change_rows(app, "UPDATE order_notes SET at = '2026-01-01 00:00:00'")
    act(helper, sale, "notes", note="Called her.", form="hours later")
    assert len(read_rows(app, "SELECT id FROM order_notes")) == 4


def test_lets_only_its_writer_delete_a_note(sale: Sale, helper: Buyer, app: Flask) -> None:
    act(helper, sale, "notes", note="Mine", form="1")
    note = read_rows(app, "SELECT id FROM order_notes")[0]["id"]
    other = sign_in_at_admin(app, make_person(app, "cleo@example.com", Role.OWNER))
    assert f"/notes/{note}/delete" not in other.get(home(sale)).text
    assert "Only who wrote a note can delete it." in act(other, sale, f"notes/{note}/delete")
    assert f"/notes/{note}/delete" in helper.get(home(sale)).text
    assert "Note deleted." in act(helper, sale, f"notes/{note}/delete")
    assert "already deleted" in act(helper, sale, f"notes/{note}/delete")


@pytest.mark.parametrize(
    ("note", "words"),
    [
        (" \n ", "Type a note."),
        ("x" * 2001, "at most 2000"),
        ("a\x1b[2J", "cannot be"),
    ],
)
def test_takes_plain_notes_only_and_keeps_what_was_typed(sale: Sale, helper: Buyer, note: str, words: str) -> None:
    page = act(helper, sale, "notes", note=note, form="1")
    assert words in page
    assert f' required aria-describedby="note-hint" aria-invalid="true">\n{note}<' in page
    assert read_rows(sale.app, "SELECT id FROM order_notes") == []


def test_keeps_the_spaces_of_every_language(sale: Sale, helper: Buyer) -> None:
    typed = "Dit\u202f: «\u00a0merci\u00a0»\u3000ありがとう\U0001faff"
    assert typed in act(helper, sale, "notes", note=typed, form="1")
    assert read_rows(sale.app, "SELECT text FROM order_notes") == [{"text": typed}]


def test_forgets_notes_with_their_buyer(sale: Sale, helper: Buyer, app: Flask) -> None:
    act(helper, sale, "notes", note="Ada moved to Bern", form="1")
    with app.app_context():
        erase_customer(int(read_rows(app, "SELECT customer_id FROM orders")[0]["customer_id"]))
    assert read_rows(app, "SELECT id FROM order_notes") == []


def test_folds_events_away_and_says_that_emails_are_not_kept(sale: Sale, helper: Buyer) -> None:
    sale.deliver("checkout.session.completed")
    page = helper.get(home(sale)).text
    emails, rest = page[page.index('id="emails-title"') :].split('id="timeline-title"')
    assert "mail receipt: " in emails
    assert "is not kept" in emails
    assert "event checkout" not in rest[: rest.index("Events from Stripe")]
