"""`ketum explain --text`: what a record of a file would become, without a warehouse."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.cli import main
from pipeline.errors import EXIT_OK
from pipeline.evidence.labels import ENOUGH
from tests import corpus

TITLE = "Kratom tea for pain: a randomized trial"
ABSTRACT = "We randomly assigned 40 adults to tea or water. Kratom reduced pain scores."
NBIB = f"PMID- 77\nTI  - {TITLE}\nAB  - {ABSTRACT}\nPT  - Journal Article\n"


@pytest.fixture(autouse=True)
def _nothing_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KETUM_DATA", str(tmp_path / "data"))


def told(path: Path, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    assert main(["explain", "--text", str(path), "--json"]) == EXIT_OK
    return list(json.loads(capsys.readouterr().out))


def judged(one: dict[str, Any]) -> dict[str, Any]:
    """What is told of the texts alone."""
    return {key: one[key] for key in ("title", "labels", "topics", "facets", "claims", "study")}


def test_text_nbib_and_xml_of_one_record_become_the_same(tmp_path: Path, capsys) -> None:
    text, nbib, xml = (tmp_path / f"a.{end}" for end in ("txt", "nbib", "xml"))
    text.write_text(f"{TITLE}\n\n{ABSTRACT}\n", encoding="utf-8")
    nbib.write_text(NBIB, encoding="utf-8")
    corpus.write(xml, corpus.article(78, TITLE, abstract=ABSTRACT))
    (of_text,), (of_nbib,), (of_xml,) = (told(path, capsys) for path in (text, nbib, xml))
    assert judged(of_text) == judged(of_nbib) == judged(of_xml)
    assert [one["pmid"] for one in (of_text, of_nbib, of_xml)] == [None, 77, 78]
    assert of_text["labels"][0]["study_type"] == "RCT"
    passages = {one["rule_id"]: one["passage"] for one in of_text["labels"][0]["proofs"]}
    assert passages["rct.title"] == "Kratom tea for pain: a [randomized trial]"
    assert {"claim": "analgesia", "how": "measured"}.items() <= of_text["claims"][0].items()


def test_a_minus_reads_stdin(monkeypatch, capsys) -> None:
    typed = b"Kratom and sleep\n\nForty adults were randomly assigned to kratom or placebo.\n"
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(typed)))
    assert main(["explain", "--text", "-", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert found["title"] == "Kratom and sleep"
    assert [label["study_type"] for label in found["labels"]] == ["RCT"]


def test_people_read_it_record_by_record(tmp_path: Path, capsys) -> None:
    path = corpus.write(
        tmp_path / "two.xml",
        corpus.article(1, TITLE, abstract=ABSTRACT),
        corpus.article(2, "Thoughts"),
    )
    label = told(path, capsys)[0]["labels"][0]
    assert label["confidence"] == "high" and label["measured_count"] >= ENOUGH
    assert main(["explain", "--text", str(path)]) == EXIT_OK
    shown = capsys.readouterr().out
    assert "PMID 1  Kratom tea for pain" in shown and "PMID 2  Thoughts" in shown
    figures = f"{label['right_count']} of {label['measured_count']} such were right"
    assert f"* RCT (Randomised trial), high ({figures}), by text_rule" in shown
    assert "rct.title, text in title:\n      Kratom tea for pain: a [randomized trial]" in shown
    assert "  kratom (focus), [Kratom] in abstract; [Kratom] in title" in shown
    assert "  analgesia (measured): reported, [reduced pain] in abstract" in shown
    assert "why: no abstract and no informative tag" in shown


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "There is no file"),
        (b"", "is empty"),
        (b"<PubmedArticleSet></PubmedArticleSet>", "holds no record"),
        (b"Caf\xe9 and kratom\n", "is not text in UTF-8"),
    ],
)
def test_what_cannot_be_explained_says_why(
    tmp_path: Path, capsys, content: bytes | None, message: str
) -> None:
    path = tmp_path / "file"
    if content is not None:
        path.write_bytes(content)
    assert main(["explain", "--text", str(path)]) != EXIT_OK
    assert message in capsys.readouterr().err
