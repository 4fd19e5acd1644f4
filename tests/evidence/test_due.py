"""Judging what changed gives what judging everything gives, whatever happened before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import duckdb
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from pipeline.evidence.due import find_due, note_judged
from pipeline.evidence.judge import judge
from pipeline.evidence.overrides import Override, Overrides
from pipeline.evidence.record import READ, read_records
from pipeline.evidence.reference import Reference
from pipeline.evidence.study_types import StudyTypes
from tests.evidence.conftest import SHIPPED, add_article, decided, evidence_database
from tests.evidence.test_judge import content
from tests.in_memory import Warehouse

TITLES = (
    "Kratom tea in mice and pain", "Kratom use: a cross-sectional survey", "Thoughts",
    "Tea: a randomized trial (NCT00000001)", "Kratom: a systematic review of case reports",
    "Hepatitis after kratom: a case report", "A data set of 12 poison center calls on kratom",
)  # fmt: skip
ABSTRACTS = (
    (), "Ten adults drank kratom. Pain was lower (NCT00000001).", "We searched PubMed.",
    "Mice were given mitragynine 10 mg/kg by gavage. Tail flick latency increased.",
)  # fmt: skip
PMIDS = st.integers(1, 6)


@pytest.fixture(scope="module")
def two_records() -> duckdb.DuckDBPyConnection:
    """Two records with something in every table that is read, both judged by the rules "1"."""
    con = evidence_database()
    for pmid in (1, 2):
        add_article(
            con, pmid, "Tea", abstract="Tea.", keywords=["Tea"], publication_types=["Letter"],
            mesh=[("Tea", False)], substances=["Tea"], links=["CommentOn"],
        )  # fmt: skip
        con.execute(
            "INSERT INTO core.supplementary_concepts VALUES (?, 1, NULL, 'Tea', '')", [pmid]
        )
        con.execute("INSERT INTO core.databank_accessions VALUES (?, 1, 'SRA', NULL)", [pmid])
        con.execute("INSERT INTO core.affiliations VALUES (?, 1, 1, 'Ohio', [])", [pmid])
    con.execute("UPDATE core.mesh_headings SET qualifier = 'use'")
    assert find_due(con, SHIPPED.overrides, "1") == ([1, 2], True)
    note_judged(con, "1")
    assert find_due(con, SHIPPED.overrides, "1") == ([], False)
    return con


@pytest.fixture
def two_judged(two_records: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """They, in a transaction that is undone afterwards."""
    two_records.execute("BEGIN")
    yield two_records
    two_records.execute("ROLLBACK")


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("articles", "title", "'x'"), ("articles", "vernacular_title", "'x'"),
        ("articles", "record_kind", "'book'"), ("articles", "record_source", "'nbib'"),
        ("abstract_sections", "text", "'x'"), ("abstract_sections", "label", "'x'"),
        ("abstract_sections", "nlm_category", "'x'"),
        ("abstract_sections", "abstract_type", "'x'"), ("abstract_sections", "section_no", "9"),
        ("keywords", "keyword", "'x'"), ("keywords", "position", "9"),
        ("publication_types", "publication_type", "'x'"), ("publication_types", "ui", "'x'"),
        ("mesh_headings", "descriptor", "'x'"), ("mesh_headings", "descriptor_ui", "'x'"),
        ("mesh_headings", "is_major_descriptor", "true"), ("mesh_headings", "qualifier", "'x'"),
        ("mesh_headings", "qualifier_ui", "'x'"), ("mesh_headings", "is_major_qualifier", "true"),
        ("mesh_headings", "heading_no", "9"),
        ("chemicals", "substance_name", "'x'"), ("chemicals", "ui", "'x'"),
        ("supplementary_concepts", "name", "'x'"), ("supplementary_concepts", "ui", "'x'"),
        ("article_links", "ref_type", "'x'"), ("databank_accessions", "databank", "'x'"),
        ("databank_accessions", "accession_number", "'x'"), ("affiliations", "affiliation", "'x'"),
    ],
)  # fmt: skip
def test_a_change_of_anything_that_is_read_makes_a_record_due(
    two_judged: duckdb.DuckDBPyConnection, table: str, column: str, value: str
) -> None:
    con = two_judged
    before = next(iter(read_records(con, "core", [2])))
    con.execute(f"UPDATE core.{table} SET {column} = {value} WHERE pmid = 2")
    assert find_due(con, SHIPPED.overrides, "1") == ([2], False)
    if (table, column) not in {("keywords", "position"), ("mesh_headings", "heading_no")}:
        assert next(iter(read_records(con, "core", [2]))) != before


def test_rules_and_decisions_make_records_due(con: duckdb.DuckDBPyConnection) -> None:
    add_article(con, 1, "Tea")
    add_article(con, 2, "Tea")
    find_due(con, SHIPPED.overrides, "1")
    note_judged(con, "1")
    assert find_due(con, decided((2, "CASE", "OTHER")).overrides, "1").pmids == [2]
    assert find_due(con, SHIPPED.overrides, "2") == ([1, 2], True)


def test_an_edit_of_a_file_or_of_the_code_is_another_set_of_rules(tmp_path, monkeypatch) -> None:
    from pipeline.evidence import reference as module

    code = tmp_path / "pipeline" / "evidence"
    code.mkdir(parents=True)
    (code.parent / "rules").mkdir()
    (code.parent / "rules" / "decide.py").write_text("x = 1\n")
    monkeypatch.setattr(module, "_CODE", code)

    def fingerprint(**changes: object) -> str:
        return replace(SHIPPED, **changes).sha256  # type: ignore[arg-type]

    first = fingerprint()
    assert fingerprint() == first
    (code.parent / "rules" / "decide.py").write_text("x = 2\n")
    second = fingerprint()
    assert second != first
    (code / "judge.py").write_text("")
    assert fingerprint() != second
    assert fingerprint(overrides=Overrides("2", "y", ())) == fingerprint()


@cache
def _other_types() -> StudyTypes:
    """Compiled once."""
    types = SHIPPED.study_types
    rules = tuple(
        replace(one, code="INVITRO") if one.code == "ANIMAL" else one for one in types.rules.rules
    )
    return replace(types, rules=replace(types.rules, rules=rules))


class Histories(RuleBasedStateMachine):
    """Records come, change, lose everything and go; decisions and rules change; runs judge."""

    @initialize()
    def begin(self) -> None:
        self.memory = Warehouse()
        self.con = self.memory.con
        self.decisions: dict[int, Override] = {}
        self.rules = "a"

    @rule(pmid=PMIDS)
    def goes(self, pmid: int) -> None:
        for table in READ:
            self.con.execute(f"DELETE FROM core.{table} WHERE pmid = ?", [pmid])

    @rule(
        pmid=PMIDS,
        title=st.sampled_from(TITLES),
        abstract=st.sampled_from(ABSTRACTS),
        tag=st.sampled_from([(), ("Case Reports",), ("Retracted Publication", "Review")]),
        mesh=st.sampled_from([(), (("Mice", True),), (("Mitragyna", False), ("Humans", False))]),
        link=st.sampled_from([(), ("ErratumFor",), ("RetractionIn",)]),
    )
    def comes_or_changes(self, pmid, title, abstract, tag, mesh, link) -> None:
        self.goes(pmid)
        add_article(
            self.con, pmid, title, abstract=abstract, publication_types=tag, mesh=mesh, links=link
        )

    @rule(pmid=PMIDS)
    def loses_everything_but_its_number(self, pmid: int) -> None:
        held = self.con.execute("SELECT pmid FROM core.articles WHERE pmid = ?", [pmid]).fetchone()
        self.goes(pmid)
        if held:
            add_article(self.con, pmid, None)

    @rule(pmid=PMIDS, value=st.sampled_from(["QUAL", "CASE", "OTHER"]), facet=st.booleans())
    def is_decided(self, pmid: int, value: str, facet: bool) -> None:
        field, value = ("facet.species", "mouse") if facet else ("study_type", value)
        (one,) = decided((pmid, value, "OTHER"), field=field).overrides.decisions
        self.decisions[pmid] = one

    @rule(pmid=PMIDS)
    def is_no_longer_decided(self, pmid: int) -> None:
        self.decisions.pop(pmid, None)

    @rule(rules=st.sampled_from("ab"))
    def the_rules_change(self, rules: str) -> None:
        self.rules = rules

    def reference(self) -> Reference:
        """Two sets of rules: in the second, what animals were is cells."""
        overrides = Overrides("1", "x", tuple(self.decisions.values()))
        types = SHIPPED.study_types if self.rules == "a" else _other_types()
        found = replace(SHIPPED, overrides=overrides, study_types=types)
        found.__dict__["sha256"] = self.rules
        return found

    @rule()
    def a_run_judges_what_changed(self) -> None:
        reference = self.reference()
        judge(self.con, reference)
        members = self.members()
        judged = content(self.con)
        self.con.execute("BEGIN")
        for table in ("ops.judged", *(f"evidence.{name}" for name in judged)):
            self.con.execute(f"DELETE FROM {table}")
        judge(self.con, reference)
        assert content(self.con) == judged
        assert self.members() == members
        self.con.execute("ROLLBACK")

    def members(self) -> list[tuple[object, ...]]:
        """Who would be a member of which search of files."""
        return self.con.execute(
            "SELECT s.search, t.pmid FROM evidence.searches AS s JOIN evidence.article_topics AS t "
            "ON list_contains(s.topics, t.topic) GROUP BY ALL ORDER BY ALL"
        ).fetchall()

    @invariant()
    def every_judgement_is_of_a_held_record_once_judged(self) -> None:
        assert self.con.execute(
            "SELECT count(*) FROM ops.judged AS j "
            "WHERE j.pmid NOT IN (SELECT pmid FROM evidence.article_flags)"
        ).fetchone() == (0,)


class TestHistories(Histories.TestCase):
    settings = settings(max_examples=2, stateful_step_count=12, deadline=None)


@pytest.mark.slow
class TestManyHistories(Histories.TestCase):
    settings = settings(max_examples=6, stateful_step_count=12, deadline=None)
