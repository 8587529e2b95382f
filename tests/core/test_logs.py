"""Logs: one line each, a fixed phrase plus fields, readable by a program."""

import json
import logging
import logging.config
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask

from storefront.cli.granian_command import server_log_path
from storefront.core.logs import JsonFormatter, request_id, set_up_logs

log = logging.getLogger("storefront.tests")


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    before = root.handlers, root.level
    yield
    root.handlers, root.level = before


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_writes_a_json_line_with_phrase_and_fields(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(as_json=True)
    token = request_id.set("req-1")
    log.info("order fulfilled", extra={"order": "A7", "duration_ms": 12})
    request_id.reset(token)
    (line,) = lines(capsys)
    at = datetime.fromisoformat(str(line.pop("time")))
    assert at.utcoffset() == timedelta(0)
    assert line == {
        "level": "info",
        "logger": "storefront.tests",
        "message": "order fulfilled",
        "request_id": "req-1",
        "order": "A7",
        "duration_ms": 12,
    }


def test_lets_no_field_replace_the_phrase(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(as_json=True)
    log.warning("event run again", extra={"event": "evt_1", "level": "x", "time": "x", "logger": "x"})
    (line,) = lines(capsys)
    assert line["message"] == "event run again"
    assert line["event"] == "evt_1"
    assert (line["level"], line["logger"]) == ("warning", "storefront.tests")
    assert line["time"] != "x"


def test_writes_an_exception_into_the_same_line(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(as_json=True)
    try:
        json.loads("what was looked for")
    except json.JSONDecodeError:
        log.exception("job failed", extra={"job": "outbox"})
    (line,) = lines(capsys)
    assert line["level"] == "error"
    assert line["job"] == "outbox"
    assert "Traceback" in str(line["exception"])
    assert "JSONDecodeError: Expecting value" in str(line["exception"])


def test_writes_values_that_json_does_not_know(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(as_json=True)
    log.info("strange", extra={"at": timedelta(seconds=2), "path": {1: "one"}})
    assert lines(capsys)[0]["at"] == "0:00:02"


def test_writes_a_line_for_people_without_json(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(as_json=False)
    with time_machine.travel(datetime(2026, 11, 2, 12, 5, 9, tzinfo=UTC), tick=False):
        log.info("order fulfilled", extra={"order": "A7"})
    with time_machine.travel(datetime(2026, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC), tick=False):
        log.warning("order refunded")
    assert capsys.readouterr().err.splitlines() == [
        "2026-11-02T12:05:09Z info    storefront.tests: order fulfilled order=A7",
        "2026-12-31T23:59:59Z warning storefront.tests: order refunded",
    ]


def test_lets_no_field_begin_a_line_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(as_json=False)
    log.info("host refused", extra={"host": "a\n2026 info order fulfilled", "other": "b\u2028c", "name_": "Zoë"})
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith(r"host='a\n2026 info order fulfilled' other='b\u2028c' name_=Zoë")


@pytest.mark.parametrize("as_json", [False, True])
def test_dates_the_web_servers_own_lines_too(capsys: pytest.CaptureFixture[str], as_json: bool) -> None:
    """Its configuration is a file, read before the shop is: "Unexpected exit" needs a date most of all."""
    config = json.loads(server_log_path(as_json=as_json).read_text())
    logging.config.dictConfig({**config, "disable_existing_loggers": False})
    logging.getLogger("_granian").error("Unexpected exit from worker-1")
    (line,) = capsys.readouterr().err.splitlines()
    when = json.loads(line)["time"] if as_json else line.split()[0]
    assert datetime.fromisoformat(when).utcoffset() == timedelta(0)
    assert "Unexpected exit from worker-1" in line


def test_writes_each_line_once_however_often_it_was_set_up(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(as_json=True)
    set_up_logs(as_json=True)
    log.info("once")
    assert len(lines(capsys)) == 1


def test_keeps_debug_lines_to_itself(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(as_json=True)
    log.debug("detail")
    logging.getLogger("werkzeug").info("GET /orders/a-token")
    assert capsys.readouterr().err == ""


def test_logs_a_request_by_its_endpoint_not_by_its_path(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    app.test_client().get("/orders/a-secret-token", headers={"X-Request-Id": "req-2"})
    written = [JsonFormatter().format(record) for record in caplog.records]
    assert any('"endpoint": "library.order"' in line and '"status": 404' in line for line in written)
    assert not any("a-secret-token" in line for line in written)
