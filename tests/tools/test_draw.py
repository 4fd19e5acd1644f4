"""Drawing records to be read: the same every time, none that was read, harms apart."""

from __future__ import annotations

import json
import tomllib

from pipeline.evidence.record import Record, Term
from pipeline.rules.text import Section
from tests.evidence.conftest import REFERENCE
from tools.draw import (
    PARITIES,
    SEEDS,
    STRATA,
    by_stratum,
    draw_pairs,
    draw_records,
    line,
)

STAND_IN = [(n, "mood", "measured") for n in range(1, 200)] + [(1, "safety.liver", "measured")]
WAIVED = [(1, "mood", "measured"), (3, "analgesia", "measured"), (5, "safety.heart", "measured")]


def test_harms_of_both_modes_are_one_stratum_and_no_pair_counts_twice() -> None:
    strata = by_stratum(STAND_IN, WAIVED)
    assert [pmid for pmid, _, _ in strata["harms"]] == [1, 5]
    assert len(strata["stand-in records"]) == 199
    assert strata["pain records"] == [(3, "analgesia", "measured")]


def test_a_draw_is_the_same_every_time_and_takes_what_nobody_read() -> None:
    read = {(7, "mood"), (3, "analgesia")}
    rows = draw_pairs(by_stratum(STAND_IN, WAIVED), read, "3")
    assert rows == draw_pairs(by_stratum(reversed(STAND_IN), WAIVED), read, "3")
    drawn = [(int(pmid), claim) for pmid, claim, _, _ in rows]
    assert len(drawn) == len(set(drawn)) == 2 + STRATA["3"]["stand-in records"]
    assert all(pmid % 2 for pmid, _ in drawn) and not read & set(drawn)


def test_later_draws_take_records_of_which_no_pair_was_read() -> None:
    rows = draw_pairs(by_stratum(STAND_IN, ()), {(2, "anxiety")}, "6")
    drawn = {int(pmid) for pmid, _, _, _ in rows}
    assert drawn and 2 not in drawn and not any(pmid % 2 for pmid in drawn)


def test_each_draw_has_a_seed_strata_and_stand_ins() -> None:
    stand_in = tomllib.loads(
        (REFERENCE / "evaluation" / "claim_stand_in.toml").read_text(encoding="utf-8")
    )
    assert SEEDS.keys() == STRATA.keys() == stand_in["draw"].keys() >= PARITIES.keys()
    assert set(stand_in["draw"].values()) == stand_in["names"].keys()


LISTED = range(100, 400)


def test_records_drawn_are_the_same_every_time_and_odd_and_unread() -> None:
    read = set(range(101, 200))
    drawn = draw_records(LISTED, read, parity="odd", seed=3, size=20)
    assert drawn == draw_records(list(reversed(LISTED)), read, parity="odd", seed=3, size=20)
    assert drawn != draw_records(LISTED, read, parity="odd", seed=4, size=20)
    assert len(set(drawn)) == 20
    assert all(pmid % 2 and pmid not in read for pmid in drawn)


def test_even_ones_are_drawn_where_they_are_asked_for() -> None:
    drawn = draw_records(LISTED, {102}, parity="even", seed=5, size=20)
    assert len(set(drawn)) == 20
    assert all(pmid % 2 == 0 and pmid != 102 for pmid in drawn)


def test_fewer_are_drawn_where_fewer_are_left() -> None:
    assert draw_records([1, 2, 3, 5], [3], parity="odd", seed=3, size=100) in ([1, 5], [5, 1])


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
