"""What a sentence states about words in it: a table of sentences, and what holds for any text."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import ConfigurationError
from pipeline.evidence.findings import load_findings, together
from pipeline.evidence.stated import FINDINGS as FINDINGS_OF
from pipeline.evidence.stated import stated_in
from pipeline.rules.patterns import fold
from tests.evidence.conftest import REFERENCE, SHIPPED, decided, judge_record, record_of

FINDINGS = load_findings(REFERENCE / "findings.toml", SHIPPED.claims.codes())
_TABLE = tomllib.loads((REFERENCE / "cases" / "findings.toml").read_text(encoding="utf-8"))
SENTENCES = [row for rows in _TABLE.values() for row in rows]


def _stated(marked: str, sense: str | None = None, zone: str = "results") -> str:
    start, end = marked.index("<"), marked.index(">") - 1
    sentence = fold(marked.replace("<", "", 1).replace(">", "", 1))
    found = stated_in(FINDINGS, sentence, start, end, zone=zone, sense=sense)
    return found.finding if found else "none"


def test_sentences() -> None:
    wrong = []
    for sentence, finding, *rest in SENTENCES:
        sense = rest[0] if rest else None
        zone = rest[1] if len(rest) > 1 else "results"
        if (stated := _stated(sentence, sense or None, zone)) != finding:
            wrong.append((sentence, stated, finding))
    assert wrong == []


def _findings(title: str, *sentences: str, decisions: str = "") -> dict[str, str]:
    decision = (1, "ruled_out", "reported")
    reference = decided(decision, field=decisions) if decisions else SHIPPED
    record = record_of({"title": title, "abstract": [["RESULTS", " ".join(sentences)]]})
    judgement = judge_record(record, reference)
    return {
        **{hit.claim: hit.finding for hit in judgement.claims},
        **{f"harm.{one.value}": str(one.finding) for one in judgement.facets if one.finding},
    }


@pytest.mark.parametrize(
    ("sentences", "finding"),
    [
        (("Kratom caused hepatotoxicity in rats.",), "reported"),
        (("Kratom did not cause hepatotoxicity in rats.",), "not_found"),
        (
            ("Kratom caused hepatotoxicity in rats.", "No kratom hepatotoxicity was seen in mice."),
            "mixed",
        ),
        (("The hepatotoxicity was judged unlikely related to kratom.",), "ruled_out"),
        (("Whether kratom causes hepatotoxicity could not be determined.",), "unclear"),
        (
            (
                "Kratom caused hepatotoxicity in rats.",
                "Whether kratom causes hepatotoxicity in people could not be determined.",
            ),
            "reported",
        ),
    ],
)
def test_sentences_of_a_record_are_put_together(sentences: tuple[str, ...], finding: str) -> None:
    found = _findings("Kratom", *sentences)
    assert found["safety.liver"] == finding
    assert found["harm.liver"] == finding


def test_what_a_title_names_gives_way_to_what_the_abstract_denies() -> None:
    title = "Hepatitis after kratom: a case report"
    assert _findings(title)["safety.liver"] == "reported"
    denied = "The kratom hepatotoxicity was judged unlikely related to kratom."
    assert _findings(title, denied)["safety.liver"] == "ruled_out"


def test_a_persons_reading_stands_above_the_rules_for_claims_and_harms() -> None:
    told = "Kratom caused hepatotoxicity in rats."
    for code, other in (
        ("safety.liver", "harm.liver"),
        ("harm.liver", "safety.liver"),
    ):
        found = _findings("Kratom", told, decisions=f"finding.{code}")
        assert (found[code], found[other]) == ("ruled_out", "reported")


def test_a_decision_is_kept_beside_what_the_rules_say() -> None:
    reference = decided((1, "reported", "unclear"), field="finding.mood")
    record = record_of({"title": "Kratom", "abstract": "Kratom caused hepatotoxicity in rats."})
    (one,) = judge_record(record, reference).decisions
    assert (one.automatic, one.is_expectation_met) == ("not addressed", False)


def test_headings_and_keywords_state_nothing() -> None:
    record = record_of({"title": "Kratom", "mesh": ["*Analgesia"], "keywords": ["analgesia"]})
    assert {hit.finding for hit in judge_record(record, SHIPPED).claims} <= {"unclear"}


_PIECES = st.lists(
    st.sampled_from(
        [
            "Kratom", "mitragynine", "did not", "cause", "hepatotoxicity", "no", "seizures",
            "were seen", "in mice", "(p = 0.31)", "but", ",", ".", "\u00ad", "\u200b", "ß",
            "Kra\u00adtom caused", "unlikely related to", "it is unclear whether", "α-tocopherol",
            "analgesia", "rose", "without", "sedation", "neither", "nor", "death", "Naloxone",
        ]
    ),
    min_size=3,
    max_size=40,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(title=_PIECES, results=_PIECES, body=_PIECES)
def test_a_proof_is_the_text_at_its_place(
    title: list[str], results: list[str], body: list[str]
) -> None:
    record = record_of(
        {
            "title": f"Kratom: {' '.join(title)}",
            "abstract": [["RESULTS", " ".join(results)], ["CONCLUSIONS", " ".join(body)]],
        }
    )
    judgement = judge_record(record, SHIPPED)
    texts = {(u.field, u.section_no): u.stored for u in record.units(SHIPPED.language)}
    for proof in judgement.proofs:
        if proof.kind == "finding":
            stored = texts[proof.field, proof.section_no]
            assert proof.text and stored[proof.start : proof.end] == proof.text
    for hit in judgement.claims:
        stated = {
            proof.code.rpartition(".")[2]
            for proof in judgement.proofs
            if proof.kind == "finding" and proof.code.rpartition(".")[0] == hit.claim
        }
        assert hit.finding == together(stated, SHIPPED.findings.senses.get(hit.claim))


@given(st.lists(st.sampled_from(list(FINDINGS_OF)), max_size=6))
def test_putting_together_knows_no_order_and_adds_nothing(found: list[str]) -> None:
    assert together(found) == together(reversed(found)) == together([*found, *found])
    assert together(found) in {*found, "mixed", "unclear"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[sense]\n", '[sense]\nmood = ["mood"]\n', "unknown sense `mood`"),
        ('absence = ["', 'absence = ["nothing", "', "unknown claim `nothing`"),
        ("\nalone = [", "\nlonely = [", "`alone` of \\[not_found\\] is missing"),
        ("p_value = [", "p_value = ['(', ", "does not compile"),
    ],
)
def test_a_mistake_in_the_file_is_named(tmp_path, old: str, new: str, message: str) -> None:
    good = (REFERENCE / "findings.toml").read_text(encoding="utf-8")
    assert good.count(old) == 1
    path = tmp_path / "findings.toml"
    path.write_text(good.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=message):
        load_findings(path, SHIPPED.claims.codes())


def test_a_protocol_states_nothing_yet() -> None:
    title = "Kratom for chronic pain: protocol of a randomised trial"
    planned = record_of(
        {"title": title, "abstract": "Pain will be rated. Kratom reduces pain in mice."}
    )
    judgement = judge_record(planned, SHIPPED)
    assert judgement.primary.study_type == "PROTOCOL"
    assert {hit.finding for hit in judgement.claims} == {"unclear"}
