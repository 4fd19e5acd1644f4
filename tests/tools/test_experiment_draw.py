"""Drawing experiments to be read: always the same, and nothing rules were written beside."""

from __future__ import annotations

import json

from pipeline.evidence.record import Record, Term
from pipeline.rules.text import Section
from tools.experiment_draw import draw, line

LISTED = range(100, 400)


def test_a_draw_is_the_same_every_time_and_odd_and_unread() -> None:
    read = set(range(101, 200))
    drawn = draw(LISTED, read, parity="odd", seed=3, size=20)
    assert drawn == draw(list(reversed(LISTED)), read, parity="odd", seed=3, size=20)
    assert drawn != draw(LISTED, read, parity="odd", seed=4, size=20)
    assert len(set(drawn)) == 20
    assert all(pmid % 2 and pmid not in read for pmid in drawn)


def test_even_ones_are_drawn_where_they_are_asked_for() -> None:
    drawn = draw(LISTED, {102}, parity="even", seed=5, size=20)
    assert len(set(drawn)) == 20
    assert all(pmid % 2 == 0 and pmid != 102 for pmid in drawn)


def test_fewer_are_drawn_where_fewer_are_left() -> None:
    assert draw([1, 2, 3, 5], [3], parity="odd", seed=3, size=100) in ([1, 5], [5, 1])


def test_a_reader_sees_title_and_abstract_alone() -> None:
    record = Record(
        7,
        "Kratom tea and sway",
        publication_types=(Term("Randomized Controlled Trial"),),
        sections=(
            Section(1, "METHODS", "METHODS", True, "Ten adults drank tea."),
            Section(2, None, None, True, "They swayed."),
            Section(3, None, None, False, "Dix adultes."),
        ),
    )
    assert json.loads(line(record)) == {
        "pmid": 7,
        "title": "Kratom tea and sway",
        "abstract": "METHODS: Ten adults drank tea. They swayed.",
    }
