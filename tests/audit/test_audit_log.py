"""The audit log: who, from where, what; altered by nobody, searched, exported."""

import csv
import io

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from storefront.audit.actor import Actor, acting_as
from storefront.audit.csv_export import BLANKS, FORMULA_SIGNS, csv_line
from storefront.audit.models import ActorKind
from storefront.audit.queries import PAGE, Filter, read_page
from storefront.audit.record import LONGEST, record, record_if_asked
from storefront.core.db import db, transaction
from tests.support.databases import BOTH
from tests.support.people import OWNER, make_person, sign_in_at_admin
from tests.support.rows import read_rows
from tests.support.shop import Buyer

ADA = Actor(kind=ActorKind.PERSON, name="ada@example.com", client="192.0.2.7", browser="Firefox on Windows")


def write(app: Flask, subject: str, actor: Actor = ADA, **fields: object) -> None:
    with app.app_context():
        with acting_as(actor), transaction() as changes:
            record(changes, "product.changed", subject_kind="product", subject=subject, after=fields)
        db.session.remove()


def subjects(app: Flask, **chosen: str) -> list[str]:
    with app.app_context():
        listed = [entry.subject for entry in read_page(Filter(**chosen)).entries]
        db.session.remove()
    return listed


def test_keeps_only_what_changed_with_who_and_from_where(app: Flask) -> None:
    with app.app_context():
        with acting_as(ADA), transaction() as changes:
            record(
                changes,
                "product.changed",
                subject_kind="product",
                subject="twinspot",
                before={"name": "Twin", "seats": 1, "text": "x" * (LONGEST + 1)},
                after={"name": "Twinspot", "seats": 1},
            )
        (entry,) = read_page(Filter()).entries
        db.session.remove()
    assert (entry.actor, entry.client, entry.browser) == (ADA.name, ADA.client, ADA.browser)
    assert (entry.before["name"], entry.after) == ("Twin", {"name": "Twinspot"})
    assert len(entry.before["text"]) == LONGEST + 1


@pytest.mark.parametrize("engine", BOTH, indirect=True)
@pytest.mark.parametrize("statement", ["UPDATE audit_entries SET actor = 'eve'", "DELETE FROM audit_entries"])
def test_is_altered_by_nobody(app: Flask, statement: str) -> None:
    write(app, "twinspot")
    with app.app_context():
        with pytest.raises(DBAPIError, match="append-only"), transaction() as session:
            session.execute(text(statement))
        db.session.remove()
    assert [row["actor"] for row in read_rows(app, "SELECT actor FROM audit_entries")] == [ADA.name]


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_finds_words_as_they_are_written(app: Flask) -> None:
    for subject in ("100% wool", "100 wool", "a_b", "acb", "Ünder"):
        write(app, subject)
    assert subjects(app, words="100%") == ["100% wool"]
    assert subjects(app, words="A_B") == ["a_b"]
    assert subjects(app, words="üNDER") == ["Ünder"]
    assert subjects(app, words="192.0.2.7", verb="product.changed") == [
        "Ünder",
        "acb",
        "a_b",
        "100 wool",
        "100% wool",
    ]
    assert subjects(app, verb="product") == []


def test_shows_the_newest_first_a_page_at_a_time(app: Flask) -> None:
    browser = sign_in_at_admin(app, make_person(app))
    for number in range(PAGE * 2 + 5):
        write(app, f"product-{number}")
    page, seen = "/admin/audit?verb=product.changed", []
    for _ in range(3):
        shown = browser.get(page).text
        seen += [line.split("<")[0] for line in shown.split('data-label="Subject">')[1:]]
        older = [
            part for part in shown.split('href="') if part.startswith("/admin/audit?") and "older_than" in part
        ]
        page = older[0].split('"')[0].replace("&amp;", "&") if older else ""
    assert seen == [f"product-{number}" for number in reversed(range(PAGE * 2 + 5))]
    assert page == ""


@pytest.mark.parametrize(
    "query", ["older_than=x", "older_than=-1", f"older_than={10**30}", "q=" + "x" * 3000, "q=%F0%9F%98%80"]
)
def test_answers_odd_questions(app: Flask, query: str) -> None:
    assert sign_in_at_admin(app, make_person(app)).get(f"/admin/audit?{query}").status_code == 200


def test_says_when_nothing_matches(app: Flask) -> None:
    browser = sign_in_at_admin(app, make_person(app))
    assert "Nothing matches." in browser.get("/admin/audit?q=nobody-has-this").text


def test_exports_everything_that_was_chosen_and_no_formula(app: Flask) -> None:
    browser = sign_in_at_admin(app, make_person(app))
    for number in range(PAGE + 1):
        write(app, f"=HYPERLINK({number})", name='a "b", c')
    answer = browser.get("/admin/audit.csv?verb=product.changed")
    assert answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert "Content-Length" not in answer.headers, "it is sent while it is read"
    assert answer.text.startswith("\ufeffid,"), "or a spreadsheet takes it for the code page of its country"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["subject"] for row in rows] == [f"'=HYPERLINK({number})" for number in reversed(range(PAGE + 1))]
    assert rows[0]["after"] == '{"name": "a \\"b\\", c"}'


def test_writes_nothing_where_the_headers_of_a_file_are_asked_for(app: Flask) -> None:
    browser = sign_in_at_admin(app, make_person(app))
    known = read_rows(app, "SELECT id FROM audit_entries")
    for path in ("audit.csv", "accounting/export", "accounting/export?format=xlsx", "accounting/oss.csv"):
        answer = browser.client.head(f"/admin/{path}", base_url=browser.base_url)
        answer.close()
        assert answer.status_code == 200
        assert "attachment" in answer.headers["Content-Disposition"]
        assert read_rows(app, "SELECT id FROM audit_entries") == known, path


def test_says_of_itself_that_it_was_taken_out(app: Flask) -> None:
    browser = sign_in_at_admin(app, make_person(app))
    for query, subject in (("", "all"), ("?q=ada@example.com", "a part"), ("?verb=person", "a part")) * 2:
        assert browser.get(f"/admin/audit.csv{query}").status_code == 200
        entries = "SELECT subject_kind, subject, actor, after FROM audit_entries WHERE verb = 'audit.exported'"
        newest = read_rows(app, f"{entries} ORDER BY id DESC")[0]
        assert list(newest.values()) == ["audit", subject, OWNER, "null"]


@pytest.mark.parametrize("before", ["", "\n", "\r\n", "\t", " ", "\v", "\u00a0", "\ufeff", "\0", " \n\t "])
@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\uff1d", "\uff20"])
def test_lets_no_blank_hide_a_formula(before: str, sign: str) -> None:
    (cell,), _end = csv.reader(io.StringIO(csv_line([f"{before}{sign}HYPERLINK(1)"]) + "\r\n", newline=""))
    assert cell == f"'{before}{sign}HYPERLINK(1)"


@pytest.mark.parametrize(
    "text", ["Ada;=A1;", "Ada, L.;\u00a0 +1", "a;b;\t@x;-1", "Ada\t =A1", "=A1;=B1", "\t=A1;=B1"]
)
def test_begins_no_formula_where_a_spreadsheet_parts_lines_at_semicolons_or_tabs(text: str) -> None:
    line = csv_line(["ada@example.com", text, "US"])
    (_mail, cell, _country), _end = csv.reader(io.StringIO(line + "\r\n", newline=""))
    assert cell.replace("'", "") == text
    for separator in ";\t":
        parts = cell.removeprefix("'\t").split(separator)  # what begins with one has its sign before it
        assert [part for part in parts[1:] if part.strip(BLANKS).startswith(FORMULA_SIGNS)] == []


def test_leaves_what_is_no_formula_as_it_is() -> None:
    assert csv_line(["a=b", "", " a", 5, "1-2"]) == "a=b,, a,5,1-2\r\n"
    assert csv_line(["Ada; Bob-Jane;", "x,=y", "a; b = c"]) == 'Ada; Bob-Jane;,"x,=y",a; b = c\r\n'


def test_names_the_person_of_a_request_and_nobody_in_the_next_one(app: Flask) -> None:
    owner = sign_in_at_admin(app, make_person(app))
    owner.post("/admin/people", email="sue@example.com", role="reader")
    Buyer(app).get("/")
    with app.app_context():
        with transaction() as changes:
            record(changes, "product.changed", subject_kind="product", subject="twinspot")
            record_if_asked(changes, "order.resent", subject_kind="order", subject="1")
        db.session.remove()
    rows = read_rows(app, "SELECT verb, actor, actor_kind FROM audit_entries ORDER BY id DESC")
    assert [tuple(row.values()) for row in rows[:2]] == [
        ("product.changed", "shop", "shop"),
        ("person.invited", OWNER, "person"),
    ]
