"""Messages: one line each, JSON where no terminal is, with the run they are of, without the key."""

from __future__ import annotations

import json
import logging
from dataclasses import replace

import pytest

from pipeline import logs

log = logging.getLogger("ketum")


@pytest.fixture
def said(settings, capsys, monkeypatch):
    """Configure as on a schedule, run something, and read back what was said."""

    def run(work):
        monkeypatch.delenv("KETUM_LOG")
        logs.configure(replace(settings, api_key="canary"))
        work()
        return [json.loads(line) for line in capsys.readouterr().err.splitlines()]

    yield run
    log.handlers.clear()
    log.propagate = True


def test_a_message_is_a_line_of_json_with_its_run(said):
    def work():
        log.info("before")
        with logs.of_run("run-1"):
            log.warning("two\nlines \u2028 of %s", "canary")
        log.info("after")

    found = said(work)
    assert [one["run"] for one in found] == [None, "run-1", None]
    assert [one["level"] for one in found] == ["info", "warning", "info"]
    assert found[1]["message"] == "two\nlines \u2028 of [key]"
    assert all(one["at"].endswith("+00:00") for one in found)


def test_a_traceback_stays_on_the_line(said):
    def work():
        try:
            raise ValueError("odd")
        except ValueError:
            log.exception("it failed")

    (one,) = said(work)
    assert one["message"] == "it failed" and "ValueError: odd" in one["traceback"]


def test_at_a_terminal_or_by_wish_it_is_plain_text(settings, capsys, monkeypatch):
    monkeypatch.setenv("KETUM_LOG", "text")
    logs.configure(settings)
    log.info("a message")
    assert capsys.readouterr().err == "a message\n"
    log.handlers.clear()
    log.propagate = True
