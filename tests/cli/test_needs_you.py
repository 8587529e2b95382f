"""`storefront needs-you`: what only the owner can settle, oldest first, and what they call done."""

import pytest
from click.testing import CliRunner
from flask import Flask

from tests.cli.commands import done, read_json, refused, run
from tests.support.databases import BOTH
from tests.support.rows import change_rows
from tests.support.sale import number_of, sell
from tests.support.sandbox_client import SandboxClient

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
DISPUTES = ("charge.dispute.",)


@both
def test_lists_what_is_open_oldest_first(command: CliRunner, app: Flask, sandbox: SandboxClient) -> None:
    assert "Nothing needs you." in done(command, "needs-you")
    assert read_json(command, "needs-you") == []
    sales = [sell(app, sandbox, email=f"buyer{number}@example.com") for number in range(2)]
    for sale in sales:
        sale.at_charge("dispute", status="needs_response")
        sale.deliver(*DISPUTES)
    numbers = [number_of(sale) for sale in sales]
    listed = read_json(command, "needs-you")
    assert [line["order"] for line in listed] == numbers
    assert [line["kind"] for line in listed] == ["dispute_open", "dispute_open"]
    lines = done(command, "needs-you").splitlines()
    assert [f"order {number}" in line for line, number in zip(lines, numbers, strict=False)] == [True, True]
    assert "Answer it at the order, or in Stripe" in lines[0]
    assert lines[-1] == f"What is settled: storefront needs-you --done {listed[0]['id']}"


@both
def test_keeps_done_what_the_owner_called_done(command: CliRunner, app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox)
    sale.at_charge("dispute", status="needs_response")
    sale.deliver(*DISPUTES)
    (line,) = read_json(command, "needs-you")
    for _twice in range(2):
        assert f"Done: {line['text']}" in done(command, "needs-you", "--done", str(line["id"]))
        sale.deliver(*DISPUTES)
        done(command, "fulfill", sale.session_id)
        assert "Nothing needs you." in done(command, "needs-you")


@both
def test_closes_several_at_once_and_names_the_one_that_is_not_there(
    command: CliRunner, app: Flask, sandbox: SandboxClient
) -> None:
    for number in range(3):
        sale = sell(app, sandbox, email=f"buyer{number}@example.com")
        sale.at_charge("dispute", status="needs_response")
        sale.deliver(*DISPUTES)
    first, second, third = (str(line["id"]) for line in read_json(command, "needs-you"))
    answer = refused(command, "needs-you", "--done", first, "9999", "9998")
    assert "There is no notice 9999, 9998. Nothing was closed." in answer
    assert len(read_json(command, "needs-you")) == 3
    assert done(command, "needs-you", "--done", first, second, first).count("Done: ") == 2
    assert "There is no notice 9999." in refused(command, "needs-you", "--done", "9999")
    assert [str(line["id"]) for line in read_json(command, "needs-you")] == [third]


def test_shows_and_closes_only_what_is_of_the_running_mode(
    command: CliRunner, app: Flask, sandbox: SandboxClient
) -> None:
    sale = sell(app, sandbox)
    sale.at_charge("dispute", status="needs_response")
    sale.deliver(*DISPUTES)
    (line,) = read_json(command, "needs-you")
    change_rows(app, "UPDATE notices SET mode = 'test'")
    assert "Nothing needs you." in done(command, "needs-you")
    assert "There is no notice" in refused(command, "needs-you", "--done", str(line["id"]))


@pytest.mark.parametrize("words", [["3"], ["--done"], ["--done", "three"], ["--done", "3", "--json"]])
def test_asks_which_lines_are_done(command: CliRunner, app: Flask, words: list[str]) -> None:
    assert run(command, "needs-you", *words).exit_code == 2
