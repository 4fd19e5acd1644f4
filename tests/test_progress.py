"""Progress of long steps: what it says, and that nothing is said where no terminal is."""

from __future__ import annotations

import io
import logging
import sys
import threading
from collections.abc import Iterator

import pytest

from pipeline import logs, progress
from pipeline.progress import Bar


@pytest.fixture(autouse=True)
def nobody_looks() -> Iterator[None]:
    yield
    progress.show(False)


def test_a_step_says_how_much_how_fast_and_how_long():
    bar = Bar("judge", 100.0)
    assert bar.text(103.0) == "judge  0:03"
    bar.note(0, 4000, "records", 100.0)
    bar.note(1000, 4000, "records", 110.0)
    assert bar.text(110.0) == "judge  1,000 of 4,000 records  100 a second  0:30 left"


def test_a_slow_step_counts_by_the_minute_and_hours_are_shown():
    bar = Bar("fetch", 0.0)
    bar.note(1, 400, "files", 0.0)
    assert bar.text(60.0) == "fetch  1 of 400 files  1 a minute  6:39:00 left"


def test_without_a_total_there_is_no_time_left():
    bar = Bar("parse", 0.0)
    bar.note(500, None, "records", 0.0)
    assert bar.text(2.0) == "parse  500 records  250 a second"


def test_another_unit_begins_a_new_count():
    bar = Bar("publish", 0.0)
    bar.note(10, 10, "tables", 5.0)
    bar.note(0, 4, "files", 10.0)
    bar.note(2, 4, "files", 12.0)
    assert bar.text(12.0) == "publish  2 of 4 files  1 a second  0:02 left"


def test_where_no_terminal_is_nothing_runs_and_nothing_is_said(capsys, monkeypatch):
    monkeypatch.setattr(progress, "DELAY", 0.0)
    before = threading.active_count()
    with progress.of("judge"):
        progress.note(1, 2)
        assert threading.active_count() == before
    assert capsys.readouterr() == ("", "")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_long_step_is_drawn_on_stderr_with_messages_above_it(monkeypatch, settings):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    logger = logging.getLogger("ketum")
    held = logger.handlers[:], logger.propagate, logger.level
    try:
        logs.configure(settings)
        bar = Bar("judge", 0.0)
        bar.note(12, 40, "records", 0.0)
        bar.show()
        logger.warning("a message")
        bar.end()
    finally:
        logger.handlers[:], logger.propagate, logger.level = held
    drawn = terminal.getvalue()
    assert "12 of 40 records" in drawn and "a message\n" in drawn
    assert sys.stderr is terminal


def test_a_step_that_is_over_is_not_drawn(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    bar = Bar("judge", 0.0)
    bar.end()
    bar.show()
    assert terminal.getvalue() == ""


def test_a_step_within_another_is_shown_as_the_outer_one():
    progress.show(True)
    with progress.of("rebuild"), progress.of("judge"):
        progress.note(1, 2)
        assert progress._bar is not None
        assert progress._bar.what == "rebuild" and progress._bar.total == 2
    assert progress._bar is None
    progress.note(1, 2)  # nobody is at work
