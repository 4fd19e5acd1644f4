"""Evaluation: the split holds, the figures are right, and what NLM assigned stays hidden."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.errors import ConfigurationError
from pipeline.evidence.evaluation.figures import (
    Answer,
    LabelClass,
    Scheme,
    Split,
    load_mapping,
    pair_figures,
    scheme_figures,
    share,
)
from pipeline.evidence.reference_tables import write_reference_tables
from tests.evidence.conftest import REFERENCE, SHIPPED
from tools import quality_figures

CODES = SHIPPED.study_types.codes()
OTHER = ("facets", "claim_stand_in")
"""Files beside the mappings, read by others (tools.readings, tools.draw)."""
MAPPINGS = sorted(p for p in (REFERENCE / "evaluation").glob("*.toml") if p.stem not in OTHER)

MAPPING = """
set = "Made up"
[columns]
pmid = "id"
title = "title"
abstract = "abstract"
label = "label"
[split]
by = "parity"
[[scheme]]
name = "two classes"
[[scheme.class]]
name = "trial"
labels = ["T"]
study_types = ["RCT"]
[[scheme.class]]
name = "animal"
labels = ["A"]
study_types = ["ANIMAL"]
"""
LABELS = """id,title,abstract,label
2,Tea for pain: a randomized controlled trial,Adults drank tea.,T
4,Tea in mice,Mice were given tea.,A
6,Tea for pain,A walk was taken.,T
8,Tea in mice,Mice drank.,X
1,Tea in mice,Mice drank.,A
2,Tea for pain: a randomized controlled trial,Adults drank tea.,T
"""


def test_the_split_is_the_one_written_down() -> None:
    split = Split(by="hash", seed="ketum study types 2026-11", develop_share=0.6)
    parts = [split.part(str(number)) for number in range(10_000)]
    assert parts[:6] == ["develop", "develop", "develop", "unseen", "develop", "unseen"]
    assert 0.58 < parts.count("develop") / len(parts) < 0.62
    assert [Split(by="parity").part(number) for number in ("8", "9")] == ["develop", "unseen"]


@pytest.mark.parametrize("path", MAPPINGS, ids=lambda path: path.stem)
def test_shipped_mappings_hold_together(path: Path) -> None:
    mapping = load_mapping(path, CODES)
    for scheme in mapping.schemes:
        names = {one.name for one in scheme.classes}
        assert all(set(one.refined_by) <= names for one in scheme.classes)


def test_share_gives_the_wilson_interval() -> None:
    assert share(9, 10) == {"value": 0.9, "low": 0.5958, "high": 0.9821, "hits": 9, "n": 10}
    assert share(0, 0)["value"] is None


def test_figures_of_a_small_confusion() -> None:
    pairs = [("a", "a")] * 6 + [("a", "b")] * 2 + [("b", "b")] + [("b", "OTHER")]
    figures = pair_figures(["a", "b", "c"], pairs)
    a, b, c = figures["classes"]
    assert figures["accuracy"]["value"] == 0.7
    assert (a["precision"]["value"], a["recall"]["value"]) == (1.0, 0.75)
    assert (b["precision"]["value"], b["recall"]["value"]) == (0.3333, 0.5)
    assert (c["positives"], c["precision"]["value"], c["f1"]) == (0, None, 0.0)
    assert figures["weighted_f1"] == round((12 / 14 * 8 + 2 / 5 * 2) / 10, 4)
    assert figures["confusion"]["b"] == {"OTHER": 1, "b": 1}


def test_refined_labels_and_abstentions_are_counted_apart() -> None:
    reviews = LabelClass(
        name="review", labels=("Review",), study_types=("NARR",), refined_by=("systematic",)
    )
    systematic = LabelClass(name="systematic", labels=("SR",), study_types=("SR",))
    scheme = Scheme.model_validate({"name": "s", "class": [reviews, systematic]})
    answers = [
        Answer(("Review",), "SR", "high"),
        Answer(("Review",), "NARR", "high"),
        Answer(("Review",), "OTHER", "low"),
        Answer(("unknown",), "NARR", "high"),
    ]
    figures = scheme_figures(scheme, answers)
    assert (figures["n"], figures["refined"]) == (2, 1)
    assert figures["coverage"]["value"] == figures["abstention"]["value"] == 0.5
    high, _, _, low = figures["calibration"]
    assert (high["right"]["value"], high["share_of_records"]["value"]) == (1.0, 0.5)
    assert low["right"]["n"] == 0  # what has no type is shown with no confidence


def test_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setenv("KETUM_DATA", str(tmp_path))
    (tmp_path / "m.toml").write_text(MAPPING)
    (tmp_path / "l.csv").write_text(LABELS)
    files = ["--labels", str(tmp_path / "l.csv"), "--mapping", str(tmp_path / "m.toml")]
    assert main(["evaluate", *files, "--part", "develop"]) == 0
    shown = capsys.readouterr().out
    assert "Made up, part develop, by rules" in shown
    assert "n = 3, accuracy .667" in shown
    assert main(["evaluate", *files]) == 0
    capsys.readouterr()
    assert main(["evaluate", *files]) == 0
    saved = json.loads((tmp_path / "evaluations.json").read_text())["results"]
    assert [(one["part"], one["n"]) for one in saved] == [("all", 5), ("develop", 4)]
    assert "Tea" not in json.dumps(saved)


def test_nlm_withheld_hides_what_nlm_assigned(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.setenv("KETUM_DATA", str(tmp_path))
    record = (
        "<PubmedArticle><MedlineCitation><PMID Version='1'>{}</PMID><Article><Journal/>"
        "<ArticleTitle>{}</ArticleTitle><PublicationTypeList><PublicationType UI='D016449'>"
        "Randomized Controlled Trial</PublicationType></PublicationTypeList></Article>"
        "</MedlineCitation><PubmedData/></PubmedArticle>"
    )
    records = record.format(2, "Tea: a randomized trial") + record.format(4, "Tea")
    (tmp_path / "r.xml").write_text(f"<PubmedArticleSet>{records}</PubmedArticleSet>")
    assert main(["evaluate", "--nlm-withheld", str(tmp_path / "r.xml"), "--json"]) == 0
    scheme = json.loads(capsys.readouterr().out)[0]["schemes"][0]
    assert scheme["confusion"]["RCT"] == {"RCT": 1, "tagged otherwise": 1}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"RCT"', '"RTC"', "unknown study type `RTC`"),
        ('labels = ["A"]', 'labels = ["T"]', "`T` is in two classes"),
        ('by = "parity"', 'by = "coin"', "`by` is hash or parity"),
        ('label = "label"', "", "`label` is missing"),
    ],
)
def test_mistakes_in_a_mapping_name_the_line(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    path = tmp_path / "m.toml"
    path.write_text(MAPPING.replace(old, new))
    with pytest.raises(ConfigurationError, match=rf"line \d+: .*{message}"):
        load_mapping(path, CODES)


def test_the_page_shows_the_saved_figures() -> None:
    text = quality_figures.TARGET.read_text(encoding="utf-8")
    assert quality_figures.page(text) == text
    shown = text[text.index("<!-- figures") : text.index("<!-- end of figures")]
    older = text.replace(shown, shown.replace(" .8", " .7"))
    assert older != text and quality_figures.page(older) == text


def test_every_code_carries_figures_or_says_not_measured(con) -> None:
    write_reference_tables(con, SHIPPED)
    rows = con.execute(
        "SELECT study_type, measured_on, recall_value, positive_count "
        "FROM evidence.study_type_accuracy"
    ).fetchall()
    assert {row[0] for row in rows} == set(CODES)
    assert {row[0] for row in rows if row[1] == "not measured"} == {
        "ANALYT", "CHEM", "INSILICO", "OTHER", "PLANT",
    }  # fmt: skip
    assert all(row[3] is not None for row in rows if not row[1].startswith("not measured"))


@pytest.mark.parametrize(("read", "is_measured"), [(29, False), (30, True)])
def test_below_thirty_readings_nothing_is_measured_on_kratom(con, read, is_measured) -> None:
    figure = {"value": 0.9, "low": 0.8, "high": 0.95}
    kind = {
        "class": "trial", "study_types": ["RCT"],
        "precision": {**figure, "n": read}, "recall": {**figure, "n": 40},
    }  # fmt: skip
    result = {
        "set": "kratom", "part": "develop", "by": "rules", "rules_version": "1",
        "schemes": [{"scheme": "read", "classes": [kind]}],
    }  # fmt: skip
    write_reference_tables(con, replace(SHIPPED, measured=[result]))
    rows = con.execute(
        "SELECT measured_on, predicted_count FROM evidence.study_type_accuracy "
        "WHERE study_type = 'RCT' ORDER BY ALL"
    ).fetchall()
    if is_measured:
        assert rows == [("kratom, develop: read", 30)]
    else:
        assert rows == [("not measured", None), ("not measured on kratom", None)]
    others = con.execute(
        "SELECT count(*) FROM evidence.study_type_accuracy "
        "WHERE measured_on = 'not measured on kratom' AND study_type <> 'RCT'"
    ).fetchone()
    assert others == (len(CODES) - 1,)
