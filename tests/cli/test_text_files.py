"""Files with a text, in whatever encoding Windows saves them: read by their mark, or refused in a sentence."""

import json
from pathlib import Path

import pytest
from flask import Flask

from tests.owner.disputes.disputed import dispute
from tests.support.rows import read_rows
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient
from tests.support.terminal import Run

NOTES = "# Gr\u00f6\u00dfer\n\nNeu"
MARKED = pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])


@MARKED
def test_shows_buyers_no_mark_of_an_encoding(app: Flask, run: Run, tmp_path: Path, encoding: str) -> None:
    (notes := tmp_path / "notes.md").write_text(NOTES, encoding=encoding, newline="\r\n")
    (file := tmp_path / "a.zip").write_text("content")
    done = run("releases", "upload", "twinspot", "3.0", file, "--notes-file", notes)
    assert done.exit_code == 0, done.output
    assert read_rows(app, "SELECT notes FROM releases WHERE version = '3.0'") == [{"notes": NOTES}]
    assert run("releases", "publish", "twinspot", "3.0", "--notes-file", notes).exit_code == 0
    assert read_rows(app, "SELECT notes FROM releases WHERE version = '3.0'") == [{"notes": NOTES}]


def test_refuses_a_text_of_another_encoding_in_a_sentence(app: Flask, run: Run, tmp_path: Path) -> None:
    (file := tmp_path / "text").write_text(NOTES, encoding="latin-1")
    for words in (
        ("releases", "upload", "twinspot", "3.0", file, "--notes-file", file),
        ("releases", "publish", "twinspot", "2.0", "--notes-file", file),
        ("products", "edit", "twinspot", "--description-file", file),
        ("shop", "edit", "--about-file", file),
    ):
        refused = run(*words)
        assert (refused.exit_code, "is no UTF-8 text: save it as UTF-8" in refused.output) == (1, True)
    piped = run("keys", "show", "-", stdin=NOTES.encode("latin-1"))
    assert (piped.exit_code, "is no UTF-8 text" in piped.output) == (1, True)


@MARKED
def test_reads_the_draft_of_an_answer(
    app: Flask, sandbox: SandboxClient, run: Run, tmp_path: Path, encoding: str
) -> None:
    dispute_id = dispute(sell(app, sandbox))
    (file := tmp_path / "answer.json").write_text(json.dumps({"service_date": "today"}), encoding=encoding)
    done = run("disputes", "draft", dispute_id, file)
    assert done.exit_code == 0, done.output
