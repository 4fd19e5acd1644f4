"""Every fault, at every place: the right verdict, nothing half stored, the published set intact."""

from __future__ import annotations

import gzip
import logging
import traceback
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.replay.faults import CASES, answers
from pipeline.settings import Settings
from tests.conftest import ALL_SLOW
from tests.faults.matrix import DOC, EXPECTED, NOT_ASKED, PLACES, SAME, TAKEN, Row, documented
from tests.faults.scene import BATCHES, KEY, SEARCHES, Scene, contents, half_answers

pytestmark = pytest.mark.whole


def is_quick(row: Row, place: str, how: str) -> bool:
    """Whether a cell belongs to the fast tests: every refusal once, as it ends early."""
    return how == "lasting" and place == next(iter(row)) and row[place].lasting.isdecimal()


FIRST_OF_KIND = {
    (case.number, list(EXPECTED[case.name].values())[-1].once): case.name
    for case in reversed(CASES)
    if case.name in EXPECTED
}
"""Of each kind of fault (its number in docs/reliability.md) and each verdict the first fault."""


def is_telling(name: str, row: Row, place: str, how: str) -> bool:
    """Whether .ci/run tries a cell beside the quick ones.

    Of each kind and verdict one fault that strikes once, at the last place; and refusals that
    differ from the quick one.
    """
    first = row[next(iter(row))]
    if how == "once":
        return place == list(row)[-1] and name in FIRST_OF_KIND.values()
    return row[place].lasting.isdecimal() and row[place].lasting != first.lasting


CELLS = [
    pytest.param(
        name, place, how, id=f"{name}-{place.replace(' ', '-')}-{how}",
        marks=() if is_quick(row, place, how) else (pytest.mark.slow,),
    )
    for name, row in EXPECTED.items() for place in row for how in ("once", "lasting")
    if ALL_SLOW or is_quick(row, place, how) or is_telling(name, row, place, how)
]  # fmt: skip


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return Scene(tmp_path_factory.mktemp("scene"))


@pytest.fixture(scope="module")
def first(scene: Scene):
    """What the first set says; each cell begins with this very file."""
    return contents(replace(scene.settings, data=scene.base / "first"))


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
    name, place, how, scene, first, request, tmp_path, caplog, monkeypatch
):
    monkeypatch.setattr(answers, "TRICKLE_SECONDS", 0.002)
    monkeypatch.setattr(logging.getLogger("ketum"), "propagate", True)
    settings = scene.settings_at(tmp_path / "data")
    shown = settings.latest.resolve()
    tool, at = PLACES[place]
    with caplog.at_level(logging.DEBUG):
        outcome = scene.strike(settings, name, tool, at, 1 if how == "once" else None)
    assert outcome.struck, "the fault was never met"
    expected = getattr(EXPECTED[name][place], how)
    if outcome.error is None:
        assert expected in (SAME, TAKEN), "it published"
        assert settings.latest.resolve() != shown
        undisturbed = request.getfixturevalue("undisturbed")  # the fast tests are refusals alone
        assert (contents(settings) == undisturbed) == (expected == SAME)
    else:
        assert str(outcome.error.exit_code) == expected, str(outcome.error)
        assert settings.latest.resolve() == shown
        assert contents(settings) == first
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


def test_every_kind_of_fault_and_every_verdict_is_tried_in_ci():
    tried = [
        (name, getattr(row[place], how))
        for name, row in EXPECTED.items() for place in row for how in ("once", "lasting")
        if is_quick(row, place, how) or is_telling(name, row, place, how)
    ]  # fmt: skip
    kind = {case.name: case.number for case in CASES}
    asked = {kind[name] for name in EXPECTED}
    assert {kind[name] for name, _ in tried} == asked
    for verdict in (SAME, TAKEN, "2", "3", "4", "5"):
        assert verdict in {told for _, told in tried}
    # a fault that passes by is tried of each kind, too: not only those that end the run
    passing = {kind[name] for name, row in EXPECTED.items() if any(
        ends.once in (SAME, TAKEN) for ends in row.values()
    )}  # fmt: skip
    assert {kind[name] for name, told in tried if told in (SAME, TAKEN)} == passing


def test_the_table_in_the_docs_is_this_matrix():
    text = DOC.read_text(encoding="utf-8")
    assert text == documented(text), "python -m tests.faults.matrix --write"
