"""`/admin/broadcasts`: written, seen, counted and sent by one person, and not sent twice by a second click."""

import json
import re

from click.testing import CliRunner
from flask import Flask

from tests.cli.commands import done, run
from tests.support.people import OWNER, make_person, sign_in_at_admin
from tests.support.readers import draft, make_readers
from tests.support.rows import change_rows, read_rows

TEXTS = {"subject-en": "Twinspot 3", "body-en": "It has **more**.", "subject-de": "Neu", "body-de": "Mit *mehr*."}


def test_leads_from_an_empty_page_to_a_broadcast_that_leaves(app: Flask) -> None:
    make_readers(app, "ada", "bob")
    make_readers(app, "no", agrees=False)
    browser = sign_in_at_admin(app, make_person(app, OWNER))
    assert "Nothing here yet" in browser.get("/admin/broadcasts").text
    assert "Twinspot, Team only" in browser.get("/admin/broadcasts/new").text
    refused = browser.post("/admin/broadcasts", **TEXTS | {"subject-en": ""}, goods="twinspot")
    assert refused.status_code == 400
    assert "The subject is empty" in refused.text
    assert "It has **more**." in refused.text
    assert re.search(r'value="twinspot" checked', refused.text)
    page = browser.post("/admin/broadcasts", **TEXTS, goods="twinspot").location
    shown = browser.get(page).text
    assert "Goes to 2 of 3 buyers: 1 has not agreed." in shown
    assert "Send 2 emails" in shown
    preview = browser.get(f"{page}/preview/de")
    assert "<em>mehr</em>" in preview.text
    assert preview.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert browser.get(f"{page}/preview/xx").status_code == 404
    assert 'value="Neu"' in browser.get(f"{page}/edit").text
    assert browser.post(page, **TEXTS, goods="twinspot", version="1").location == page
    late = browser.post(page, **TEXTS, version="1")
    assert late.status_code == 409
    assert "Somebody else saved it meanwhile" in late.text
    assert browser.post(f"{page}/send", version="1").status_code == 409
    assert browser.post(f"{page}/test", language="de").location == page
    assert read_rows(app, "SELECT recipient, language FROM outbox WHERE kind = 'broadcast'") == [
        {"recipient": OWNER, "language": "de"}
    ]
    for words in ("It leaves now", "It had begun to leave already"):
        assert browser.post(f"{page}/send", version="2").location == page
        assert words in browser.get(page).text
    assert browser.post(page, **TEXTS, version="2").status_code == 409
    assert browser.post(f"{page}/cancel").location == page
    assert "Canceled" in browser.get("/admin/broadcasts").text
    assert browser.get("/admin/broadcasts/4711").status_code == 404


def copy_first(app: Flask, count: int) -> None:
    for _ in range(count):
        change_rows(
            app,
            "INSERT INTO broadcasts (mode, state, version, product_ids, edition_ids, per_minute, last_customer_id,"
            " promised, created_at) SELECT mode, state, version, product_ids, edition_ids, per_minute, 0, 0,"
            " created_at FROM broadcasts WHERE id = 1",
        )


def test_shows_older_ones_on_a_second_page(app: Flask) -> None:
    first = draft(app)
    copy_first(app, 50)
    browser = sign_in_at_admin(app, make_person(app, OWNER))
    page = browser.get("/admin/broadcasts").text
    assert f'href="/admin/broadcasts/{first}"' not in page
    assert ">Newest<" not in page
    older = re.search(r'href="(/admin/broadcasts\?older_than=\d+)"', page)
    assert older
    second = browser.get(older[1]).text
    assert f'href="/admin/broadcasts/{first}"' in second
    assert '<a href="/admin/broadcasts">Newest</a>' in second


def test_leads_to_no_page_where_the_last_one_is_full(app: Flask) -> None:
    first = draft(app)
    copy_first(app, 49)
    browser = sign_in_at_admin(app, make_person(app, OWNER))
    page = browser.get("/admin/broadcasts").text
    assert f'href="/admin/broadcasts/{first}"' in page
    assert "older_than" not in page
    beyond = browser.get(f"/admin/broadcasts?older_than={first}").text  # of an old link
    assert "No older ones." in beyond
    assert "Nothing here yet" not in beyond
    assert '<a href="/admin/broadcasts">Newest</a>' in beyond


def test_says_in_a_command_whether_there_are_older_ones(app: Flask, command: CliRunner) -> None:
    assert "No broadcasts yet" in done(command, "broadcasts", "list")
    first = draft(app)
    copy_first(app, 49)
    whole = run(command, "broadcasts", "list", "--json")
    assert (len(json.loads(whole.stdout)), whole.stderr) == (50, "")
    assert done(command, "broadcasts", "list", "--older-than", str(first)) == "No older ones.\n"
    copy_first(app, 1)
    more = f"There are more: `--older-than {first + 1}` shows older ones.\n"
    part = run(command, "broadcasts", "list", "--json")
    assert (len(json.loads(part.stdout)), part.stderr) == (50, more)
    assert done(command, "broadcasts", "list").endswith(more)


def test_keeps_whom_it_goes_to_where_their_edition_is_gone_or_the_only_one(app: Flask) -> None:
    """Without a box in its form, a corrected word would send it to everybody."""
    owner = sign_in_at_admin(app, make_person(app))
    make_readers(app, "ada", "bob", edition="team")
    make_readers(app, "eve", slug="soft-taps")
    words = {"subject-en": "For teams", "body-en": "One."}
    page = owner.post("/admin/broadcasts", **words, goods="twinspot/team").location
    owner.post("/admin/products/twinspot/editions/personal/delete")
    assert 'value="twinspot/team" checked' in owner.get(f"{page}/edit").text
    owner.post("/admin/products/twinspot/editions", name="Studio")
    studio = owner.post("/admin/broadcasts", **words, goods="twinspot/studio").location
    owner.post("/admin/products/twinspot/editions/studio/delete")
    (gone,) = re.findall(r'value="(deleted-[^"]+)" checked', owner.get(f"{studio}/edit").text)
    refused = owner.post(studio, **words, goods=gone, version="1")
    assert refused.status_code == 400
    assert f"There is no &#39;{gone}&#39; in the shop any more" in refused.text
    assert "Tick none and it is for buyers of anything" in refused.text
