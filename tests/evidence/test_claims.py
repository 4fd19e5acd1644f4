"""The claim map: what claims.toml may say, and which sentences address a claim."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import ConfigurationError
from pipeline.evidence.claim_finding import claims_of
from pipeline.evidence.claims import load_claims
from pipeline.evidence.findings import together
from pipeline.evidence.questions import Claims
from pipeline.evidence.record import ClaimHit, Proof
from pipeline.evidence.study_types import types_of
from pipeline.evidence.topics import topics_of
from tests.evidence.conftest import REFERENCE, SHIPPED, record_of


def load(path: Path = REFERENCE / "claims.toml", *, stand_in: Sequence[str] = ()) -> Claims:
    return load_claims(path, SHIPPED.study_types.codes(), SHIPPED.topics, stand_in=stand_in)


def judged(
    title: str, *, claims: Claims | None = None, instead: str | None = None, **record: Any
) -> tuple[tuple[ClaimHit, ...], tuple[Proof, ...]]:
    """The claims a made-up record addresses, and their proofs."""
    one = record_of({"title": title, **record})
    units, tags = one.units(SHIPPED.language), one.tags()
    return claims_of(
        claims or SHIPPED.claims,
        units,
        tags,
        topics=topics_of(SHIPPED.topics, units, tags).hits,
        labels=types_of(SHIPPED.study_types, one, units, tags).labels,
        instead=instead,
    )


def found(title: str, **record: Any) -> set[str]:
    return {hit.claim for hit in judged(title, **record)[0]}


# -- which sentences count


def test_the_unmatched_claims_have_no_rule_and_the_rest_do() -> None:
    claims = SHIPPED.claims
    assert {claim.code for claim in claims.claims} - {claim.code for claim in claims.matched()} == {
        "routes_and_forms", "burden_back_pain", "burden_chronic_pain", "safety",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("category", "text", "is_found"),
    [
        ("BACKGROUND", "Kratom reduced pain in older work.", False),
        ("OBJECTIVE", "Kratom reduces pain. We asked whether it lifts mood.", False),
        ("OBJECTIVE", "Kratom is sold. We asked whether it reduces pain.", True),
        ("METHODS", "Kratom was held to have an analgesic effect.", False),
        ("METHODS", "Mice were put on a hot plate.", True),
        ("RESULTS", "Kratom reduced pain.", True),
        (None, "Kratom reduces pain. Its price is high. We bought it. It was cheap.", False),
        (None, "Kratom is sold. Its price is high. We gave it. It reduces pain.", True),
    ],
)
def test_aims_and_what_is_measured_count_and_background_does_not(
    category: str | None, text: str, is_found: bool
) -> None:
    abstract = [(category, text), ("RESULTS", "Body temperature did not move.")]
    assert ("analgesia" in found("Kratom in mice", abstract=abstract)) is is_found


@pytest.mark.parametrize(
    ("defined", "text", "is_found"),
    [
        ("Of mitragynine (MG) we know little.", "MG-induced jaundice was seen.", True),
        ("Of magnesium (MG) and mitragynine we know.", "MG-induced jaundice came.", False),
        ("Of mitragynine (MG) we know little.", "Doses in mg: jaundice was seen.", False),
        ("Extract of Mitragyna leaves (MLE) is sold.", "MLE-induced jaundice came.", True),
        ("Mitragynine (USP) is sold.", "USP-induced jaundice was seen.", False),
        ("Mitragynine (Thailand) is sold.", "Thailand-induced jaundice was seen.", False),
    ],
)  # fmt: skip
def test_an_abbreviation_stands_for_what_the_record_says(
    defined: str, text: str, is_found: bool
) -> None:
    record = {"abstract": [("BACKGROUND", defined), ("RESULTS", text)]}
    assert ("safety.liver" in found("A plant and its users", **record)) is is_found


def test_an_abbreviation_keeps_every_place() -> None:
    text = "Mitra\u00adgynine (MG) was given, and MG\u2010induced jaundice was seen."
    _, proofs = judged("Mitragynine", abstract=[("RESULTS", text)])
    quoted = [one.text for one in proofs if one.code == "safety.liver"]
    assert any(one.endswith("MG\u2010induced jaundice") for one in quoted)
    assert all(one.text == text[one.start : one.end] for one in proofs if one.field == "abstract")


def test_a_title_may_name_the_substance_by_its_abbreviation() -> None:
    record = {
        "abstract": [("BACKGROUND", "7-hydroxymitragynine (XOM2)"), ("RESULTS", "A seizure.")]
    }
    assert found("XOM2 at home", **record) == set(), "no letters of that name"
    record = {
        "abstract": [("BACKGROUND", "7-hydroxymitragynine (7HOM)"), ("RESULTS", "A seizure.")]
    }
    assert found("7HOM at home", **record) == {"safety.seizures"}


def test_conditions_hold_within_one_sentence() -> None:
    text = "Yohimbine shortened sleep of mice. Antinociception was not measured with it."
    assert "other_pathways" not in found("Kratom in mice", abstract=[("RESULTS", text)])
    joined = text.replace(". A", "; a")
    assert "other_pathways" in found("Kratom in mice", abstract=[("RESULTS", joined)])


def test_a_later_sentence_counts_where_an_earlier_one_is_excluded() -> None:
    text = "Withdrawal brought anxiety. Kratom reduced anxiety. End."
    _, proofs = judged("Kratom in users", abstract=[("RESULTS", text)])
    assert [(one.text, one.start) for one in proofs if one.code == "anxiety"] == [
        ("reduced anxiety", len("Withdrawal brought anxiety. Kratom "))
    ]


@pytest.mark.parametrize(
    ("title", "names_it", "is_found"),
    [
        ("A plant and its users", True, True),
        ("A plant and its users", False, False),
        ("Kratom and its users", False, True),
        ("Salvia, spice and kratom", False, False),
        ("Salvia, spice and kratom", True, True),
    ],
)
def test_a_sentence_must_be_about_the_substance(title: str, names_it: bool, is_found: bool) -> None:
    text = (
        "Sedation was seen after kratom."
        if names_it
        else "Sedation was seen after the drug. Kratom was taken by few."
    )
    assert ("sedation" in found(title, abstract=[("RESULTS", text)])) is is_found


@pytest.mark.parametrize("title", ["Kratom at home", "Herbs at home", "Salvia and kratom"])
def test_headings_count_only_where_the_substance_is_the_focus(title: str) -> None:
    record = {"abstract": [("RESULTS", "Kratom was sold.")]}
    assert found(title, mesh=["*Seizures"], **record) == set(), "it does not say what it came of"
    hits, _ = judged(title, mesh=["*Seizures/chemically induced"], **record)
    is_focus = title == "Kratom at home"
    assert hits == ((ClaimHit("safety.seizures", "mentioned"),) if is_focus else ())


def test_the_measuring_mode_waives_the_substance() -> None:
    record = {"abstract": [("RESULTS", "Ice reduced pain.")]}
    assert found("Pain after surgery", **record) == set()
    assert found("Pain after surgery", instead="pain", **record) == {"analgesia"}


@pytest.mark.parametrize(
    ("title", "types", "keywords", "how"),
    [
        ("Kratom and sleep quality: a randomised trial in patients", (), (), "measured"),
        ("Kratom and sleep quality: an online survey of respondents", (), (), "reported_by_users"),
        ("Kratom and sleep quality: a narrative review", ("Review",), (), "reviewed"),
        ("Kratom and sleep quality: commentary", ("Comment",), (), "mentioned"),
        ("Kratom and sleep quality: a case report", ("Case Reports",), (), "observed"),
        ("Kratom in mice", (), ("sleep quality",), "mentioned"),
    ],
)
def test_how_follows_the_study_type(
    title: str, types: tuple[str, ...], keywords: tuple[str, ...], how: str
) -> None:
    hits, _ = judged(title, publication_types=types, keywords=keywords)
    assert hits == (ClaimHit("sleep_quality", how),)


@pytest.mark.parametrize(
    ("title", "methods", "how"),
    [
        ("Kratom users: a cross-sectional study", "Users had blood tests.", "measured"),
        ("Kratom users: a cross-sectional study", "Users had an ECG.", "reported_by_users"),
        ("Kratom users: a cross-sectional study", "Users were asked.", "reported_by_users"),
        ("Kratom exposures reported to a poison center", "Calls were read.", "observed"),
        ("Kratom: a case report", "He had blood tests.", "observed"),
    ],
)
def test_how_follows_what_was_measured(title: str, methods: str, how: str) -> None:
    abstract = [("METHODS", methods), ("RESULTS", "Jaundice was rare.")]
    hits, _ = judged(title, abstract=abstract)
    assert ClaimHit("safety.liver", how) in hits


def test_a_study_that_would_not_answer_a_claim_does_not_address_it() -> None:
    abstract = [("RESULTS", "Kratom is banned in six states.")]
    assert found("Kratom in mice", abstract=abstract) == set()
    assert found("Kratom in law", abstract=abstract, publication_types=["Comment"]) == {
        "legal_status"
    }


def test_a_reason_for_use_is_told_apart() -> None:
    hits, _ = judged("Kratom: an online survey of pain as a reason for use in respondents")
    assert hits == (ClaimHit("use_for_pain", "reason_for_use"),)


@pytest.mark.parametrize(
    ("title", "text", "of_aspirin", "of_kratom"),
    [
        ("Aspirin at home", "Nobody fell. Liver injury was seen after aspirin.", True, False),
        ("Herbs at home", "Liver injury was seen after aspirin.", True, False),
        ("Herbs at home", "Aspirin was sold. Liver injury was seen after tea.", False, False),
        ("Kratom at home", "Liver injury was seen after kratom.", False, True),
    ],
)
def test_a_stand_in_is_matched_where_kratom_would_be(
    aspirin: Claims, title: str, text: str, of_aspirin: bool, of_kratom: bool
) -> None:
    record = {"abstract": [("RESULTS", text)]}
    assert ("safety.liver" in found(title, claims=aspirin, **record)) is of_aspirin
    assert ("safety.liver" in found(title, **record)) is of_kratom


@pytest.fixture(scope="module")
def aspirin() -> Claims:
    return load(stand_in=[r"\baspirin"])


# -- what the file may say

SHORT = """version = "1"
[designs]
animal = ["ANIMAL"]
[how]
measured = ["ANIMAL"]
[[card]]
name = "article"
label = "What the article asks"
description = "A popular article."
[[group]]
name = "uses"
label = "Uses"
[[claim]]
id = "mood"
question = "Does it lift mood?"
definition = "Whether mood is better."
counts = "Mood rated."
cards = ["article"]
group = "uses"
asks = "does_it"
kind = "effect"
says = "using kratom elevates their mood"
topic = "kratom"
answered_by = ["animal"]
not = [{{ reading = "a disorder", match = "Better mood.", no_match = "A mood disorder." }}]
[[rule]]
id = "mood.words"
code = "mood"
confidence = "high"
in = ["told"]
text = ['\\\\bmood\\\\b']
"""


@pytest.mark.parametrize(
    ("before", "after", "line", "message"),
    [
        ("lift mood?", "lift mood.", 14, "is not a question"),
        ("not = [{", "no = [{", 14, "unknown key `no`"),
        ('not = [{ reading = "a disorder"', "not = [] # [{", 14, "lacks `not`"),
        ('match = "Better mood.", ', "", 14, "needs a `match`"),
        ("using kratom", "word " * 25, 14, "more than 25 words"),
        ('kind = "effect"', 'kind = "context"', 14, "never matched"),
        ('["animal"]', '["human"]', 14, "unknown design"),
        ('topic = "kratom"', 'topic = "khat"', 14, "unknown topic"),
        ('measured = ["ANIMAL"]', 'measured = ["MOUSE"]', 5, "unknown study type"),
        ('code = "mood"', 'code = "moods"', 27, "unknown code"),
        ('asks = "does_it"', 'asks = "maybe"', 14, "asks must be one of does_it, what_is_known"),
        ('group = "uses"', 'group = "harms"', 14, r"unknown group `harms` \(known: uses\)"),
        ('cards = ["article"]', 'cards = ["field"]', 14, r"unknown card `field`"),
        ('cards = ["article"]', "cards = []", 14, "is on no card"),
        ('definition = "Whether mood is better."\n', "", 14, "`definition` is missing"),
        ('counts = "Mood rated."\n', "", 14, "`counts` is missing"),
        ("[[claim]]", '[[group]]\nname = "law"\nlabel = "Law"\n[[claim]]', 14, "no claim names"),
    ],
)
def test_a_mistake_is_refused_with_its_line(tmp_path, before, after, line, message) -> None:
    good = SHORT.format()
    path = tmp_path / "claims.toml"
    path.write_text(good)
    load(path)
    assert good.count(before) >= 1
    path.write_text(good.replace(before, after, 1))
    with pytest.raises(ConfigurationError, match=rf"line {line}: .*{message}"):
        load(path)


def test_what_quotes_the_article_stands_on_its_card(tmp_path: Path) -> None:
    field = '[[card]]\nname = "field"\nlabel = "Field"\ndescription = "Questions."\n[[group]]'
    both = SHORT.format().replace("[[group]]", field, 1).replace('["article"]', '["field"]', 1)
    path = tmp_path / "claims.toml"
    path.write_text(both)
    with pytest.raises(ConfigurationError, match="quotes the article and is not on its card"):
        load(path)


def test_groups_stand_together_in_the_order_of_the_file() -> None:
    claims = SHIPPED.claims
    order = [group.code for group in claims.groups]
    assert [order.index(one.group) for one in claims.claims] == sorted(
        order.index(one.group) for one in claims.claims
    )


def test_each_card_has_its_questions() -> None:
    on = {
        card.code: {one.code for one in SHIPPED.claims.claims if card.code in one.cards}
        for card in SHIPPED.claims.cards
    }
    assert on["article"] - on["field"] == {
        "exercise", "stress_hormones", "strain_effects", "routes_and_forms", "prevalence_us",
        "burden_back_pain", "burden_chronic_pain", "dependence", "safety",
    }  # fmt: skip
    assert {"withdrawal", "use_disorder", "reward", "prevalence"} <= on["field"] - on["article"]
    assert "analgesia" in on["field"] & on["article"]


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('words = "liver"', 'words = "lever"', "unknown words `lever`"),
        ('unless_phrases = ["not_of_it"]', 'unless_phrases = ["nt"]', "unknown phrases `nt`"),
        (r"'\bspik(?:ed|ing) (?:with|of)'", r"'\b{drug} cocktail'", "unknown word `{drug}`"),
        ("'hepatotox", "'(?=hepatotox", "groups other than"),
    ],
)
def test_words_and_phrases_are_checked_with_their_line(
    tmp_path: Path, before: str, after: str, message: str
) -> None:
    good = (REFERENCE / "claims.toml").read_text()
    assert before in good
    path = tmp_path / "claims.toml"
    path.write_text(good.replace(before, after, 1))
    with pytest.raises(ConfigurationError, match=rf"line \d+: .*{message}"):
        load(path)


# -- what includes what, and what a report of patients is about


def test_what_addresses_a_part_addresses_the_whole() -> None:
    addressed = found("Kratom", abstract=[["RESULTS", "Kratom withdrawal was seen in two men."]])
    assert {"withdrawal", "dependence"} <= addressed


def test_a_report_of_a_patient_is_about_what_it_says_was_taken() -> None:
    course = [
        ["CASE", "A 40-year-old woman had drunk kratom for weeks. Bilirubin peaked at 15 mg/dL."]
    ]
    assert "safety.liver" in found("An unusual jaundice: a case report", abstract=course)
    survey = [["RESULTS", "Of 300 adults surveyed, two had drunk kratom. Bilirubin was measured."]]
    assert "safety.liver" not in found("A survey of health", abstract=survey)


def test_what_is_reported_of_some_stands_beside_what_is_denied_of_others() -> None:
    assert together(["reported", "not_found"], "others") == "reported"
    assert together(["reported", "not_found"]) == "mixed"
