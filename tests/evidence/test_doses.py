"""Doses of a sentence: amounts, units and substances, and what is no dose."""

from __future__ import annotations

import pytest

from pipeline.evidence.doses import Known, sums_up
from pipeline.evidence.facet_values import schedule
from pipeline.rules.patterns import fold, visible
from tests.evidence.conftest import SHIPPED

DOSED = SHIPPED.facets.dosed
OF_LEAF = Known({}, "leaf")


def read(text: str, known: Known = OF_LEAF) -> list[str]:
    """The doses of a sentence, in their order."""
    return [dose.value for dose in DOSED.read(visible(text), fold(text), known)]


@pytest.mark.parametrize(
    ("text", "doses"),
    [
        ("It took 1,200 mg.", ["1200 mg leaf"]),
        ("It took 5.0 to 7.50 g.", ["5-7.5 g leaf"]),
        ("It took 5, 10, or 20 µg.", ["5 μg leaf", "10 μg leaf", "20 μg leaf"]),
        ("It took 2–4 mg kg−1.", ["2-4 mg/kg leaf"]),
        ("It took 3 mg/kg/day.", ["3 mg/kg/day leaf"]),
        ("It took 3 mg/kg once a day.", ["3 mg/kg leaf"]),
        ("It took 3 mg/kg every day.", ["3 mg/kg/day leaf"]),
        ("It took 3 mg twice daily.", ["3 mg leaf"]),
        ("It drank two glasses.", ["2 cup decoction"]),
        ("It took twenty mg.", []),
        ("It took 3 mg/100 ml.", []),
        ("It took 3 mg%.", []),
        ("It ran 3 g/min.", []),
        ("It weighed CYP2D6 mg.", []),
    ],
)
def test_amounts(text: str, doses: list[str]) -> None:
    assert read(text) == doses


@pytest.mark.parametrize(
    ("text", "doses"),
    [
        ("Mitragynine 3 mg and morphine 4 mg.", ["3 mg mitragynine", "4 mg other_drug"]),
        (
            "They got 3 mg of mitragynine with 4 mg morphine.",
            ["3 mg mitragynine", "4 mg other_drug"],
        ),
        ("An extract of kratom leaves (3 mg).", ["3 mg extract"]),
        ("Mitragynine pseudoindoxyl, 3 mg.", ["3 mg pseudoindoxyl"]),
        ("A kratom leaf decoction, 3 ml.", ["3 ml decoction"]),
        ("MG (3 mg) and STZ (4 mg).", ["3 mg mitragynine", "4 mg other_drug"]),
        ("Rats of 3 mg for mitragynine.", ["3 mg mitragynine"]),
        ("Given i.p. (3 mg).", ["3 mg leaf"]),
    ],
)
def test_what_a_dose_is_of(text: str, doses: list[str]) -> None:
    assert read(text, Known({"mg": "mitragynine"}, "leaf")) == doses


@pytest.mark.parametrize(
    ("title", "text", "subject"),
    [
        ("mitragynine in mice", "kratom has mitragynine", "mitragynine"),
        ("kratom in mice", "an extract of it", "kratom"),
        ("pain in mice", "an extract was made", "extract"),
        ("pain in mice", "mitragynine or an extract", "unclear"),
        ("pain in mice", "morphine was used", "other_drug"),
        ("pain in mice", "it was used", "unclear"),
    ],
)
def test_the_subject_of_a_record(title: str, text: str, subject: str) -> None:
    assert DOSED.known(title, [(title, title), (text, text)]).subject == subject


def test_a_short_name_is_known_where_the_record_gives_it() -> None:
    text = "Mitragynine (MG) was given."
    assert DOSED.known("", [(text, fold(text))]).short == {"mg": "mitragynine"}


@pytest.mark.parametrize(
    ("value", "is_one"),
    [
        ("5 mg/kg mitragynine", True), ("5-10 g/day leaf", True), ("1 g/kg/day extract", True),
        ("5 mg", False), ("five mg leaf", False), ("5 mg/ml leaf", False), ("5 mg tea", False),
    ],
)  # fmt: skip
def test_what_a_person_may_decide(value: str, is_one: bool) -> None:
    assert DOSED.is_dose(value) is is_one


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a single dose", "single"), ("once daily", "repeated"), ("for 1 day", "repeated"),
        ("for two weeks", "repeated 14 days"), ("15 daily doses", "repeated 15 days"),
        ("acutely", "single"),
    ],
)  # fmt: skip
def test_schedules(text: str, value: str) -> None:
    assert schedule(text) == value


@pytest.mark.parametrize(
    ("values", "left_out"),
    [
        (["5 mg leaf", "10 mg leaf", "20 mg leaf", "5-20 mg leaf"], {"5-20 mg leaf"}),
        (["5 mg leaf", "20 mg/kg leaf", "5-20 mg leaf"], set()),
        (["5 mg leaf", "20 mg tea", "5-20 mg leaf"], set()),
        (["5-20 mg leaf"], set()),
    ],
)
def test_a_range_that_sums_up_doses_is_no_dose_of_its_own(values, left_out):
    assert sums_up(values) == left_out
