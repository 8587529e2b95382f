"""Answers as an owner writes them: changed, moved, made, given back; each once, whoever else does it."""

import html

import pytest
from flask import Flask

from storefront.core.languages import Language
from storefront.shop.answers.edit import MOST_ANSWERS, change_answer, delete_answer, make_answer, move_answer
from storefront.shop.answers.ours import OURS
from storefront.shop.answers.queries import list_answers, starter_of
from storefront.shop.editor.stale import digest_of
from storefront.shop.emails.words import EmailTextRefused
from tests.owner.admin.editor_forms import said, shown
from tests.shop.editor.acts import at_once
from tests.support.databases import BOTH
from tests.support.people import make_person, sign_in_at_admin
from tests.support.rows import change_rows, read_rows
from tests.support.shop import Buyer

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
KEY = "/admin/answers/key/en"


@pytest.fixture
def owner(app: Flask) -> Buyer:
    return sign_in_at_admin(app, make_person(app))


def verbs(app: Flask) -> list[str]:
    rows = read_rows(app, "SELECT verb FROM audit_entries WHERE verb LIKE 'answer%' ORDER BY id")
    return [row["verb"] for row in rows]


def test_is_written_previewed_and_given_back(app: Flask, owner: Buyer) -> None:
    page = owner.get(KEY)
    before = shown(page.text)
    assert "own words</span>" in page.text
    words = {"subject": "Key of {products}", "body": "{hello} <script> [x]({order_url})"}
    assert "Hello Ada, &lt;script&gt;" in owner.post(f"{KEY}/preview", **words).text
    assert "Saved." in said(owner, owner.post(KEY, **words, **before))
    assert "Your words</span>" in owner.get(KEY).text
    late = owner.post(KEY, **words | {"subject": "Mine"}, **before)
    assert late.status_code == 409
    assert "Somebody else saved this meanwhile" in late.text
    refused = owner.post(KEY, subject="{nmae}", **shown(owner.get(KEY).text))
    assert refused.status_code == 400
    assert "{nmae} is no variable" in html.unescape(refused.text)
    assert "Your words are gone" in said(owner, owner.post(f"{KEY}/reset"))
    assert "no words of yours" in said(owner, owner.post(f"{KEY}/reset"))
    assert owner.get("/admin/answers/nothing/en").status_code == 404
    assert owner.get("/admin/answers/key/xx").status_code == 404
    assert owner.post("/admin/answers/key/delete").status_code == 400
    assert verbs(app) == ["answer.changed", "answer.reset"]


def test_is_made_once_moved_and_deleted(app: Flask, owner: Buyer) -> None:
    for _ in range(2):
        assert "Nothing yet" not in said(owner, owner.post("/admin/answers", title="Fonts & more"))
    page = owner.get("/admin/answers").text
    assert page.count("Fonts &amp; more</a>") == 1
    order = shown(page)
    assert owner.post("/admin/answers/fonts-more/move", position="1", **order).status_code == 303
    with app.app_context():
        assert [each.key for each in list_answers()][:2] == ["fonts-more", "free-text"]
    late = owner.post("/admin/answers/key/move", position="1", **order)
    assert late.status_code == 409
    assert "at place 1 now" in late.text
    for title, words in (("", "empty"), ("Key", "Take another name")):
        answer = owner.post("/admin/answers", title=title)
        assert answer.status_code == 400
        assert words in answer.text
    assert "Deleted." in said(owner, owner.post("/admin/answers/fonts-more/delete"))
    assert "already" in said(owner, owner.post("/admin/answers/fonts-more/delete"))
    assert owner.post("/admin/answers/fonts-more/en", subject="x").status_code == 404
    assert owner.post("/admin/answers/fonts-more/move", position="1").status_code == 404
    assert verbs(app) == ["answer.created", "answer.moved", "answer.deleted"]


def test_has_a_key_of_its_own_whatever_its_name_is_like(app: Flask) -> None:
    """Names of other letters give no key, and some differ by their signs alone. The same name is the same one."""
    named = {"Refund?": "refund", "Refund!": "refund-2", "返金": "answer", "払い戻し": "answer-2"}
    with app.app_context():
        for _ in range(2):
            assert {title: make_answer(title) for title in named} == named
        for number in range(len(named), MOST_ANSWERS):
            make_answer(f"Number {number}")
        assert make_answer("Refund!") == "refund-2"
        with pytest.raises(EmailTextRefused, match="room for 100"):
            make_answer("One more")
        assert len(list_answers()) == MOST_ANSWERS + len(OURS)


def test_keeps_the_key_that_such_a_name_once_made(app: Flask) -> None:
    with app.app_context():
        assert make_answer("Maße") == "masse"
        change_rows(app, "UPDATE answers SET key = 'mae' WHERE key = 'masse'")
        assert make_answer("Maße") == "mae"


@both
def test_is_made_written_moved_and_deleted_by_several_at_once(app: Flask) -> None:
    assert at_once(app, *[lambda: make_answer("Fonts")] * 2) == ["", ""]
    with app.app_context():
        digests = {name: digest_of(text) for name, text in starter_of("key", Language.ENGLISH).as_fields().items()}
    refusals = at_once(
        app,
        lambda: change_answer("key", Language.ENGLISH, {"subject": "One"}, shown=digests),
        lambda: change_answer("key", Language.ENGLISH, {"subject": "Two"}, shown=digests),
    )
    assert refusals == ["", "stale_save"]
    at_once(app, lambda: move_answer("key", 1), lambda: move_answer("download", 1))
    with app.app_context():
        assert {each.key for each in list_answers()[:2]} == {"key", "download"}
    at_once(app, lambda: delete_answer("fonts"), lambda: change_answer("fonts", Language.FRENCH, {"subject": "x"}))
    assert read_rows(app, "SELECT id FROM answer_texts WHERE answer = 'fonts'") == []
    assert verbs(app).count("answer.created") == verbs(app).count("answer.deleted") == 1
    at_once(app, lambda: make_answer("Serif?"), lambda: make_answer("Serif!"))
    with app.app_context():
        assert {"Serif?", "Serif!"} <= {each.title for each in list_answers()}
