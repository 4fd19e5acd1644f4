"""How a scheduled update ends: in a state with a sentence; and how a long fetch is watched."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from flows import scheduled, upkeep
from flows.scheduled import PubMed, Source
from pipeline.errors import KetumError, LockedError, MachineError, SourceError

AWAY = SourceError("PubMed is unreachable.", effect="Nothing changed.", next_step="wait.")
BUSY = LockedError("Another run is at work.", effect="This one did nothing.", next_step="wait.")


def ends(error: KetumError, monkeypatch: pytest.MonkeyPatch) -> Any:
    def prepare(_origin: str, _settings: object) -> None:
        raise error

    monkeypatch.setattr(scheduled.housekeeping, "prepare", prepare)
    return scheduled.update.fn(Source(), PubMed())


@pytest.mark.parametrize("error", [AWAY, MachineError("No room.", next_step="make some.")])
def test_what_was_foreseen_is_failed_with_a_sentence(error, settings, monkeypatch):
    state = ends(error, monkeypatch)
    assert state.is_failed()
    assert state.message == f"{error.text()} Nothing is published yet."


def test_a_run_in_the_way_is_cancelled_and_not_failed(settings, monkeypatch):
    state = ends(BUSY, monkeypatch)
    assert state.is_cancelled() and state.message == BUSY.text()


def test_parameters_that_do_not_go_together_are_said_in_the_state(settings):
    state = scheduled.update.fn(Source(offline=True), PubMed(full=True))
    assert state.is_failed() and "--full" in state.message


def test_what_was_not_foreseen_keeps_its_traceback(settings, monkeypatch):
    with pytest.raises(ZeroDivisionError):
        ends(ZeroDivisionError(), monkeypatch)  # type: ignore[arg-type]


def test_a_fetch_is_shown_as_it_goes_on_and_a_server_away_ends_nothing(monkeypatch):
    shown: list[float] = []

    def create(*, progress: float, **_about: str) -> str:
        shown.append(progress)
        return "artifact"

    def update(_artifact: str, *, progress: float) -> None:
        shown.append(progress)
        if progress == 50.0:
            raise OSError("away")

    monkeypatch.setattr(scheduled, "create_progress_artifact", create)
    monkeypatch.setattr(scheduled, "update_progress_artifact", update)
    log = logging.getLogger("ketum")
    monkeypatch.setattr(log, "level", logging.INFO)
    before = list(log.handlers)
    with scheduled._fetch_shown():
        log.info("no share")
        for share in (0.25, 0.5, 1.0):
            log.info("%s of it", share, extra={"share": share})
    assert shown == [25.0, 50.0, 100.0]
    assert log.handlers == before


def test_every_parameter_has_a_title_and_a_description():
    for group in (Source, PubMed):
        for name, field in group.model_fields.items():
            assert field.title and field.description, name


def test_upkeep_says_in_its_state_what_was_done_or_why_not(settings, monkeypatch):
    told = []
    monkeypatch.setattr(upkeep.notify, "tell", lambda _settings, event, _clock: told.append(event))
    assert upkeep._state_of("canary", lambda _settings: "All is well.").message == "All is well."

    def fails(_settings: object) -> str:
        raise AWAY

    assert upkeep._state_of("canary", fails).is_failed()
    assert [event.kind for event in told] == ["failure"] and told[0].key.startswith(
        "failure:canary"
    )

    def locked(_settings: object) -> str:
        raise BUSY

    assert upkeep._state_of("housekeeping", locked).is_cancelled()
    assert len(told) == 1
