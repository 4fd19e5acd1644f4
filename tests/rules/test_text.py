"""Background openings and calls for research are blotted out; places stay valid."""

from __future__ import annotations

import pytest

from pipeline.rules.text import (
    Section,
    Unit,
    abstract_units,
    load_language,
    plain_unit,
    sentence_units,
)
from pipeline.settings import ROOT

LANGUAGE = load_language(ROOT / "data" / "reference" / "language.toml")
OPENING = "Kratom is a tree of Southeast Asia. Randomized trials are rare."
OWN = "We gave tea to 20 adults. Scores were lower after tea."
OUTLOOK = "Randomized controlled trials are needed."


def unit(text: str, category: str | None = None, label: str | None = None) -> Unit:
    (found,) = abstract_units([Section(1, label, category, True, text)], LANGUAGE)
    return found


def test_unlabelled_abstract() -> None:
    text = f"{OPENING} {OWN} {OUTLOOK}"
    found = unit(text)
    whole, judged, outcome = (found.forms[form].folded for form in ("whole", "judged", "outcome"))
    assert found.zone == "body"
    assert len(whole) == len(judged) == len(outcome) == len(text)
    assert judged.strip(". ") == OWN.lower().strip(".")
    assert judged.index("we gave") == text.index("We gave")
    assert "scores" not in outcome


@pytest.mark.parametrize(
    ("category", "text", "zone", "judged"),
    [
        ("BACKGROUND", "Trials are randomized.", "objective", ""),
        ("BACKGROUND", "Trials are rare. We did a survey.", "objective", "we did a survey"),
        ("OBJECTIVE", "To compare two teas.", "objective", "to compare two teas"),
        ("METHODS", "A survey was sent.", "methods", "a survey was sent"),
        ("CONCLUSIONS", f"Tea helped. {OUTLOOK}", "conclusions", "tea helped"),
    ],
)
def test_sections(category: str, text: str, zone: str, judged: str) -> None:
    found = unit(text, category)
    assert found.zone == zone
    assert found.forms["judged"].folded.strip(". ") == judged


@pytest.mark.parametrize(
    ("label", "category", "zone"),
    [
        ("SETTING", None, "methods"),
        ("MAIN RESULTS", "UNASSIGNED", "results"),
        ("TEA", None, "body"),
        ("METHODS", "RESULTS", "results"),
        (None, None, "body"),
    ],
)
def test_a_stated_category_comes_before_words_of_the_label(
    label: str | None, category: str | None, zone: str
) -> None:
    assert unit("Tea was weighed.", category, label).zone == zone


def test_one_sentence_is_judged() -> None:
    assert unit("A 39-year-old man took kratom.").forms["judged"].folded.startswith("a 39-year-old")


def test_another_abstract_is_judged_only_where_there_is_no_main_one() -> None:
    main, other = Section(1, None, None, True, "We wait."), Section(2, None, None, False, "We go.")
    units = abstract_units([main, other], LANGUAGE)
    zones = [(found.zone, found.forms["judged"].folded) for found in units]
    assert zones == [("body", "we wait."), ("other_abstract", "")]
    assert [found.zone for found in abstract_units([other], LANGUAGE)] == ["body"]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Tea was shown. Coffee was found.", ["tea was shown.", "coffee was found."]),
        ("We found what J. Smith found. It is so.", ["we found what j. smith found.", "it is so."]),
        ("We found 1. 2. 3 is shown.", ["we found 1.", "2. 3 is shown."]),
    ],
)  # fmt: skip
def test_sentences_stand_at_their_place(text: str, sentences: list[str]) -> None:
    units = list(sentence_units([unit(text)]))
    found = [one.forms["sentence"].folded for one in units]
    assert [one.lstrip(".") for one in found] == sentences
    for padded, sentence in zip(found, sentences, strict=True):
        assert text.lower()[len(padded) - len(sentence) : len(padded)] == sentence


def test_invisible_characters_move_no_place() -> None:
    text = f"{OPENING} We found that mitra\u00adgynine \U0001f33f he\u200blped. {OUTLOOK}"
    found = unit(text)
    for form in ("whole", "judged", "outcome"):
        held = found.forms[form]
        start = held.raw.index(b"mitragynine")
        place = held.place(start, held.raw.index(b"helped") + 6)
        assert text[slice(*place)] == "mitra\u00adgynine \U0001f33f he\u200blped"
    (sentence,) = sentence_units([found])
    held = sentence.forms["sentence"]
    start = held.raw.index(b"helped")
    assert text[slice(*held.place(start, start + 6))] == "he\u200blped"


def test_titles_and_keywords_are_sentences_as_they_are() -> None:
    title = plain_unit("title", None, "title", "Tea. Or Coffee?")
    (found,) = sentence_units([title])
    assert found.forms["sentence"].folded == "tea. or coffee?"
