"""Every fault, at every place: the right verdict, nothing half stored, the published set intact."""

from __future__ import annotations

import gzip
import logging
import traceback
from pathlib import Path

import pytest

from pipeline.replay.faults import CASES, transport
from pipeline.settings import Settings
from tests.conftest import ALL_SLOW
from tests.faults.matrix import DOC, EXPECTED, NOT_ASKED, PLACES, SAME, TAKEN, Row, documented
from tests.faults.scene import BATCHES, KEY, SEARCHES, Scene, contents, half_answers

pytestmark = pytest.mark.whole


def is_quick(row: Row, place: str, how: str) -> bool:
    """Whether a cell belongs to the fast tests: every refusal once, as it ends early."""
    return how == "lasting" and place == next(iter(row)) and row[place].lasting.isdecimal()


def is_telling(row: Row, place: str, how: str) -> bool:
    """Whether a cell may differ from the quick one: the last place, and any other verdict."""
    first = row[next(iter(row))]
    if how == "once":
        return place == list(row)[-1]
    return row[place].lasting != first.lasting


CELLS = [
    pytest.param(
        name, place, how, id=f"{name}-{place.replace(' ', '-')}-{how}",
        marks=() if is_quick(row, place, how) else (pytest.mark.slow,),
    )
    for name, row in EXPECTED.items() for place in row for how in ("once", "lasting")
    if ALL_SLOW or is_quick(row, place, how) or is_telling(row, place, how)
]  # fmt: skip


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return Scene(tmp_path_factory.mktemp("scene"))


@pytest.fixture(scope="module")
def undisturbed(scene: Scene, tmp_path_factory: pytest.TempPathFactory):
    """What the second run publishes when nothing strikes; it also counts the requests."""
    settings = scene.settings_at(tmp_path_factory.mktemp("undisturbed") / "data")
    outcome = scene.strike(settings, "hang", "esearch", 99, 1)
    assert outcome.error is None
    assert outcome.receipt.requests == SEARCHES + BATCHES
    return contents(settings)


@pytest.mark.parametrize(("name", "place", "how"), CELLS)
def test_a_fault_gets_its_verdict(
    name, place, how, scene, undisturbed, tmp_path, caplog, monkeypatch
):
    monkeypatch.setattr(transport, "TRICKLE_SECONDS", 0.002)
    monkeypatch.setattr(logging.getLogger("ketum"), "propagate", True)
    settings = scene.settings_at(tmp_path / "data")
    before, shown = contents(settings), settings.latest.resolve()
    tool, at = PLACES[place]
    with caplog.at_level(logging.DEBUG):
        outcome = scene.strike(settings, name, tool, at, 1 if how == "once" else None)
    assert outcome.struck, "the fault was never met"
    expected = getattr(EXPECTED[name][place], how)
    if outcome.error is None:
        assert expected in (SAME, TAKEN), "it published"
        assert settings.latest.resolve() != shown
        assert (contents(settings) == undisturbed) == (expected == SAME)
    else:
        assert str(outcome.error.exit_code) == expected, str(outcome.error)
        assert settings.latest.resolve() == shown
        assert contents(settings) == before
        assert outcome.error.cause
        assert outcome.error.effect
        assert outcome.error.next_step
    assert half_answers(settings) == []
    assert leaks(settings, caplog.text, outcome.error) == []


def leaks(settings: Settings, logged: str, error: BaseException | None) -> list[str]:
    """Where the key can be seen: files (compressed ones opened), log, exception and all behind."""
    found = [str(path) for path in settings.data.rglob("*") if path.is_file() and holds_key(path)]
    found += ["log"] if KEY in logged else []
    link = error
    while link is not None:
        told = f"{link!r} {link} {''.join(traceback.format_exception(link))} {vars(link)}"
        found += ["exception"] if KEY in told else []
        link = link.__cause__ or link.__context__
    return found


def holds_key(path: Path) -> bool:
    body = path.read_bytes()
    if path.suffix == ".gz":
        body = gzip.decompress(body)
    return KEY.encode() in body


def test_the_key_was_sent_at_all(scene, tmp_path):
    """Or its absence everywhere would show nothing."""
    outcome = scene.strike(scene.settings_at(tmp_path / "data"), "api-key-invalid", "esearch", 1, 1)
    assert outcome.error.exit_code == 2
    assert "NCBI_API_KEY" in outcome.error.next_step


def test_the_matrix_has_a_row_for_every_case():
    assert {case.name for case in CASES} == EXPECTED.keys() | NOT_ASKED
    assert {case.number for case in CASES} == set(range(1, 26))
    for case in CASES:
        tools = {tool for tool, _ in PLACES.values()} & case.strikes
        assert {PLACES[place][0] for place in EXPECTED.get(case.name, {})} == tools


def test_the_table_in_the_docs_is_this_matrix():
    text = DOC.read_text(encoding="utf-8")
    assert text == documented(text), "python -m tests.faults.matrix --write"
