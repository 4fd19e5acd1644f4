"""Each query of sql/checks, on a database broken on purpose in the way it guards against."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import duckdb
import pytest

from pipeline import update
from pipeline.errors import CheckError
from pipeline.settings import ROOT, Options, Settings
from pipeline.update import STEPS
from pipeline.warehouse import database, touched
from tests.conftest import FakeClock
from tests.corpus import article, write

pytestmark = pytest.mark.whole

SQL = ROOT / "sql"
CASE_REPORT = (("D002363", "Case Reports"),)


class Broken(NamedTuple):
    """A way to break a sound database, and the check that must see it."""

    check: str
    how: str
    sql: str


BROKEN = [
    Broken(
        "implausible_years",
        "a printed year far ahead",
        "UPDATE marts.articles SET year_source = 'implausible' WHERE pmid = 1",
    ),
    Broken(
        "child_rows_are_unique",
        "an author twice",
        "INSERT INTO core.authors FROM core.authors WHERE pmid = 1 LIMIT 1",
    ),
    Broken(
        "child_rows_are_unique",
        "a proof twice",
        "INSERT INTO evidence.proofs FROM evidence.proofs WHERE pmid = 1 LIMIT 1",
    ),
    Broken(
        "rows_are_unique",
        "the same row twice",
        "INSERT INTO marts.study_types_by_year "
        "SELECT * FROM marts.study_types_by_year WHERE year = 2024",
    ),
    Broken(
        "rows_are_unique",
        "the same announcement twice",
        "INSERT INTO marts.new_articles SELECT * FROM marts.new_articles",
    ),
    Broken(
        "answer_is_membership",
        "a record of the answer is no member",
        "DELETE FROM ops.search_hits WHERE search = 'kratom' AND pmid = 1",
    ),
    Broken(
        "answer_is_membership",
        "a record of the answer is held, unread of late, and no member",
        "INSERT INTO ops.unread_records VALUES ('kratom', 1, true, 'cut'); "
        "DELETE FROM ops.search_hits WHERE search = 'kratom' AND pmid = 1",
    ),
    Broken(
        "complete_means_complete",
        "a record could not be read, and the tables call the search complete",
        "INSERT INTO ops.unread_records VALUES ('kratom', 9, false, 'cut'); "
        "UPDATE marts.search_totals SET coverage = 'complete'",
    ),
    Broken(
        "cells_trace_to_records",
        "a cell counts one too many",
        "UPDATE marts.study_types_by_year SET held_count = held_count + 1 "
        "WHERE search = 'kratom' AND study_type = 'CASE' AND year = 2024",
    ),
    Broken(
        "cells_trace_to_records",
        "a record behind a cell is not listed",
        "DELETE FROM marts.study_type_articles WHERE pmid = 1",
    ),
    Broken(
        "claim_cells_trace_to_records",
        "a record behind a cell of the claim map is not listed",
        "UPDATE marts.claim_totals SET held_count = 1, remark = NULL "
        "WHERE search = 'kratom' AND held_count = 0",
    ),
    Broken(
        "claim_without_record_says_why",
        "a claim without a record has no sentence",
        "UPDATE marts.claim_totals SET remark = NULL WHERE claim = 'mood'",
    ),
    Broken(
        "claim_without_record_says_why",
        "a claim with a record is said to have none",
        "UPDATE marts.claim_totals SET held_count = 1 WHERE claim = 'mood'",
    ),
    Broken(
        "claims_are_proved",
        "a claim of a record without proof",
        "INSERT INTO evidence.article_claims "
        "SELECT 3, min(claim), 'measured', 'unclear', 'rule', '1' FROM evidence.claims "
        "WHERE is_matched",
    ),
    Broken(
        "findings_add_up",
        "a study more than is listed",
        "UPDATE marts.claim_totals SET held_looked_count = held_looked_count + 1 "
        "WHERE claim = 'mood'",
    ),
    Broken(
        "findings_add_up",
        "a finding that is counted twice",
        "UPDATE marts.claims_by_group SET held_looked_mixed_count = held_looked_mixed_count + 1 "
        "WHERE claim = 'mood'",
    ),
    Broken(
        "findings_are_proved",
        "a finding of a claim without words that state it",
        "INSERT INTO evidence.article_claims "
        "SELECT 3, min(claim), 'measured', 'reported', 'rule', '1' FROM evidence.claims "
        "WHERE is_matched",
    ),
    Broken(
        "findings_are_proved",
        "a finding of what is no harm",
        "INSERT INTO evidence.article_facets VALUES "
        "(3, 'species', 'mouse', 'focus', 'rule', 'unclear', '1')",
    ),
    Broken(
        "every_label_has_proof",
        "a study type without proof",
        "DELETE FROM evidence.proofs WHERE kind = 'study_type' AND pmid = 1",
    ),
    Broken(
        "every_label_has_proof",
        "a topic without proof",
        "DELETE FROM evidence.proofs WHERE kind = 'topic' AND pmid = 2",
    ),
    Broken(
        "grid_is_whole",
        "a study type is missing in a year",
        "DELETE FROM marts.study_types_by_year WHERE year = 2025 AND study_type = 'RCT'",
    ),
    Broken(
        "grid_is_whole",
        "a year is missing",
        "DELETE FROM marts.study_types_by_year WHERE year = 2025",
    ),
    Broken(
        "membership_is_held",
        "a member is not held",
        "DELETE FROM core.articles WHERE pmid = 1",
    ),
    Broken(
        "membership_is_held",
        "a member is not shown",
        "DELETE FROM marts.articles WHERE pmid = 1",
    ),
    Broken(
        "no_orphan_rows",
        "a heading without its article",
        "INSERT INTO run_touched VALUES (999); "
        "INSERT INTO core.mesh_headings BY NAME SELECT * REPLACE (999 AS pmid) "
        "FROM core.mesh_headings WHERE pmid = 2",
    ),
    Broken(
        "no_orphan_rows",
        "a proof without its article",
        "INSERT INTO run_touched VALUES (999); "
        "INSERT INTO evidence.proofs BY NAME SELECT * REPLACE (999 AS pmid) "
        "FROM evidence.proofs WHERE pmid = 2",
    ),
    Broken(
        "nothing_lost_from_raw",
        "a record that was read is not in core",
        "DELETE FROM core.articles WHERE pmid = 3",
    ),
    Broken(
        "nothing_lost_from_raw",
        "core kept an older copy of a record that was read",
        "UPDATE core.articles SET date_revised = '2001-01-01', record_sha256 = 'old' "
        "WHERE pmid = 3",
    ),
    Broken(
        "one_primary_type",
        "a record without a primary type",
        "UPDATE evidence.article_study_types SET is_primary = false WHERE pmid = 1",
    ),
    Broken(
        "one_primary_type",
        "a record with two primary types",
        "INSERT INTO evidence.article_study_types BY NAME SELECT * REPLACE ('RCT' AS study_type) "
        "FROM evidence.article_study_types WHERE pmid = 1 AND is_primary",
    ),
    Broken(
        "proofs_stand_where_they_say",
        "other words than those in the title",
        "UPDATE evidence.proofs SET matched_text = 'opium' WHERE field = 'title' AND pmid = 2",
    ),
    Broken(
        "proofs_stand_where_they_say",
        "the right words, one place too far",
        "UPDATE evidence.proofs SET char_start = char_start + 1, char_end = char_end + 1 "
        "WHERE field = 'abstract' AND pmid = 2",
    ),
    Broken(
        "proofs_stand_where_they_say",
        "words that do not stand there in the conflict statement",
        "UPDATE evidence.proofs SET char_start = char_start + 1, char_end = char_end + 1 "
        "WHERE field = 'coi_statement'",
    ),
    Broken(
        "rows_sum_to_membership",
        "a member that is not counted",
        "UPDATE marts.study_types_by_year SET held_count = 0 "
        "WHERE search = 'kratom' AND year IS NULL",
    ),
    Broken(
        "rows_sum_to_membership",
        "a group of the headline counts one too many",
        "UPDATE marts.headline_by_year SET held_count = held_count + 1 "
        "WHERE search = 'kratom' AND evidence_group = 'Case reports and series' "
        "AND year = 2024",
    ),
    Broken(
        "totals_agree",
        "the total of a type is off",
        "UPDATE marts.study_type_totals SET held_count = held_count + 1 "
        "WHERE search = 'kratom' AND study_type = 'CASE'",
    ),
    Broken(
        "totals_agree",
        "a retraction that the tables have not seen",
        "UPDATE evidence.article_flags SET is_retracted = true WHERE pmid = 1",
    ),
    Broken(
        "trials_are_all_listed",
        "a trial that stands in no study",
        "UPDATE marts.study_type_articles SET study_type = 'RCT' WHERE pmid = 1; "
        "UPDATE evidence.article_study_types SET study_type = 'RCT' WHERE pmid = 1 AND is_primary",
    ),
    Broken(
        "trials_are_all_listed",
        "a record that is first of all a case report stands among the trials",
        "INSERT INTO marts.human_experimental BY NAME SELECT 'kratom' AS search, 'PMID 1' AS "
        "study_group, [] AS registrations, [1] AS report_pmids, 1 AS report_count, [] AS "
        "other_pmids, [] AS checked_pmids, false AS is_pain_checked, "
        "false AS is_purpose_checked, [] AS study_types, "
        "false AS is_checked, "
        "[] AS substances, [] AS purposes, [] AS populations, "
        "[] AS outcomes, false AS is_pain_measured, true AS is_on_topic, [] AS countries, "
        "current_date AS as_of_date, 's' AS set_id",
    ),
    Broken(
        "trials_are_all_listed",
        "the totals count more than the table by type",
        "UPDATE marts.human_experimental_totals SET held_count = held_count + 1",
    ),
    Broken(
        "trials_are_all_listed",
        "the headline counts a trial that the totals do not",
        "UPDATE marts.headline_by_year SET held_count = 1 WHERE search = 'kratom' "
        "AND evidence_group = 'Randomised trials' AND year = 2024",
    ),
    *(
        Broken("answer_is_counted", how, f"UPDATE marts.answer SET {fault}")
        for how, fault in (
            (
                "the sentence counts as confirmed what nobody has",
                "study_pmids = [1], held_study_count = 1, held_unchecked_study_count = 0",
            ),
            ("it counts a study more than it lists", "held_study_count = held_study_count + 1"),
            ("its parts are more than the whole", "held_unclear_study_count = 1"),
            ("a search lists what it does not hold", "listed_count = 900"),
            ("a search has no sentence", "sentence = NULL"),
        )
    ),
    *(
        Broken("headline_table_adds_up", how, f"UPDATE marts.headline_table SET {fault}")
        for how, fault in (
            (
                "a cell of the table readers see is off",
                "held_count = held_count + 1 "
                "WHERE column_label = '2024' AND row_label = 'Case reports and series'",
            ),
            ("a total leaves a record out", "held_count = 0 WHERE column_label = 'total'"),
        )
    ),
    Broken(
        "headline_table_adds_up",
        "a search without its table",
        "DELETE FROM marts.headline_table WHERE search = 'kratom'",
    ),
    Broken("answer_is_counted", "a search without an answer", "DELETE FROM marts.answer"),
    Broken(
        "map_holds_every_study_once",
        "a record stands in no cell of the map",
        "UPDATE marts.evidence_map SET pmids = [], held_study_count = 0 WHERE len(pmids) > 0",
    ),
    Broken(
        "map_holds_every_study_once",
        "a cell counts a study more than it has records of",
        "UPDATE marts.evidence_map SET held_study_count = held_study_count + 1",
    ),
    Broken(
        "map_holds_every_study_once",
        "more studies bear a badge than there are",
        "UPDATE marts.evidence_map SET held_vendor_count = held_study_count + 1",
    ),
    Broken(
        "unexplained_hits",
        "PubMed returned what the predicate cannot explain",
        "INSERT INTO ops.search_differences VALUES ('kratom', 1, 'pubmed')",
    ),
    Broken(
        "unread_records",
        "a record lies in quarantine",
        "INSERT INTO ops.quarantine "
        "VALUES ('objects/x.gz', 0, now()::TIMESTAMP, NULL, 'cut', 'x'::BLOB, NULL)",
    ),
    Broken(
        "shares_are_parts",
        "more members than PubMed has records",
        "INSERT INTO marts.topic_share_by_year VALUES ('kratom', 2024, 'edat', 3, 3, 0, 'pubmed', "
        "'pubmed', 2, 150000, false, now()::TIMESTAMP, 'complete', current_date)",
    ),
    Broken(
        "cited_not_held_is_so",
        "a member is listed as not found",
        "INSERT INTO core.cited_references "
        "SELECT pmid, 1, NULL, 'A member', 1, NULL, NULL, [] FROM core.articles WHERE pmid > 1; "
        "INSERT INTO marts.cited_not_held "
        "VALUES ('kratom', 1, 'A member', 2, [3, 2], true, 2, 3, 0.67)",
    ),
    Broken(
        "cited_not_held_is_so",
        "a record is cited by fewer than said",
        "INSERT INTO marts.cited_not_held "
        "VALUES ('kratom', 901, 'Cited by nobody', 2, [3, 2], false, 2, 3, 0.67)",
    ),
    Broken(
        "ties_are_proved",
        "a tied value that its record does not have",
        "UPDATE evidence.article_ties SET value = 'rat' WHERE facet = 'species'",
    ),
    Broken(
        "ties_are_proved",
        "a tie without its words",
        "DELETE FROM evidence.proofs WHERE kind = 'tie'",
    ),
    Broken(
        "ties_are_proved",
        "a mart that ties what no sentence does",
        "INSERT INTO marts.preclinical_pain SELECT * REPLACE (99 AS row_no) "
        "FROM marts.preclinical_pain WHERE is_tied",
    ),
    Broken(
        "years_plausible",
        "a year before any journal",
        "UPDATE marts.study_types_by_year SET year = 204 WHERE year = 2024",
    ),
    Broken(
        "years_plausible",
        "a year far ahead",
        "UPDATE marts.study_types_by_year SET year = 2062 WHERE year = 2024",
    ),
    *(
        Broken(
            "counts_follow_coverage",
            f"a zero of {relation} where nobody looked",
            f"UPDATE marts.{relation} SET {column} = 0 WHERE search = 'kratom'",
        )
        for relation, column in (
            ("study_types_by_year", "any_label_count"),
            ("headline_by_year", "pain_count"),
            ("headline_table", "record_count"),
            ("study_type_totals", "record_count"),
            ("search_totals", "undated_count"),
            ("human_experimental_totals", "record_count"),
            ("answer", "study_count"),
            ("claims_by_study_type_and_year", "mentioned_count"),
            ("claims_by_study_type", "measured_count"),
            ("claims_by_group", "beside_count"),
            ("claim_totals", "record_count"),
        )
    ),
    Broken(
        "counts_follow_coverage",
        "unknown where a complete search found none",
        "UPDATE marts.coverage SET coverage = 'complete', is_known = true, unread_count = 0; "
        "UPDATE marts.search_totals SET coverage = 'complete', unread_count = 0",
    ),
    Broken(
        "counts_follow_coverage",
        "another coverage than that of the search",
        "UPDATE marts.unclassified SET coverage = 'complete'; "
        "INSERT INTO marts.unclassified SELECT 'kratom', 'no signal', NULL, 1, NULL, 'complete'",
    ),
    Broken(
        "counts_follow_coverage",
        "a search with unread records is called complete",
        "INSERT INTO ops.unread_records VALUES ('kratom', 9, false, 'cut'); "
        "UPDATE marts.coverage SET coverage = 'complete', is_known = true, unread_count = 0",
    ),
]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """The connection of a run that came as far as its checks, staging and parameters in place."""
    base = tmp_path_factory.mktemp("sound")
    write(
        base / "corpus" / "all.xml",
        article(1, "Kratom in a patient", types=CASE_REPORT, year=2024),
        article(
            2,
            "Kratom and pain in mice",
            abstract="Mitragynine relieved pain. Mice given mitragynine stood on a hot plate.",
            mesh=(("D032065", "Mitragyna"),),
        ),
        article(3, "Kratom undated", types=CASE_REPORT, year=None),
        article(4, "Kratom in users", abstract="We gave kratom to ten users.").replace(
            "</MedlineCitation>",
            "<CoiStatement>The authors declare no conflict of interest.</CoiStatement>"
            "</MedlineCitation>",
        ),
    )
    options = Options(offline=True, archive=base / "corpus")
    with update.open_run(options, Settings(data=base / "data"), FakeClock()) as progress:
        for step in STEPS:
            if step.name == "check":
                break
            progress.take(step)
        progress.run.con.execute("COMMIT")
        touched.note_all(progress.run.con)
        yield progress.run.con


@pytest.fixture
def scratch(sound: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """The same, in a transaction that is undone afterwards."""
    sound.execute("BEGIN")
    yield sound
    sound.execute("ROLLBACK")


def test_a_sound_database_passes_every_check(scratch):
    assert database.run_checks(scratch, SQL) == 0


def alone(check: Path, directory: Path) -> Path:
    """A directory of SQL with this check and no other."""
    (directory / "checks").mkdir()
    (directory / "checks" / check.name).symlink_to(check)
    return directory


@pytest.mark.parametrize("broken", BROKEN, ids=lambda b: f"{b.check}: {b.how}")
def test_a_check_sees_what_it_guards_against(broken, scratch, tmp_path):
    path = SQL / "checks" / f"{broken.check}.sql"
    check = database.read_check(path)
    assert scratch.execute(check.query).fetchall() == []
    scratch.execute(broken.sql)
    assert scratch.execute(check.query).fetchall(), "the check saw nothing"
    if check.severity == "error":
        with pytest.raises(CheckError, match=broken.check) as caught:
            database.run_checks(scratch, alone(path, tmp_path))
        assert check.claim in str(caught.value)
        assert "undone" in caught.value.effect


def test_tables_without_a_key_are_looked_after(scratch):
    keyless = scratch.execute(
        "SELECT DISTINCT schema_name || '.' || table_name FROM duckdb_tables() "
        "WHERE database_name = current_database() AND schema_name IN ('core', 'evidence') "
        "AND NOT has_primary_key"
    ).fetchall()
    told = (SQL / "checks" / "child_rows_are_unique.sql").read_text(encoding="utf-8")
    assert {name for (name,) in keyless} == set(re.findall(r"SELECT '([\w.]+)'", told))


def test_texts_are_checked_of_the_records_that_a_run_touched(scratch, tmp_path):
    only = alone(SQL / "checks" / "proofs_stand_where_they_say.sql", tmp_path)
    (pmid,) = scratch.execute(
        "SELECT min(pmid) FROM evidence.proofs WHERE char_start IS NOT NULL"
    ).fetchone()
    scratch.execute("UPDATE evidence.proofs SET matched_text = '?' WHERE pmid = ?", [pmid])
    scratch.execute("DELETE FROM run_touched WHERE pmid = ?", [pmid])
    assert database.run_checks(scratch, only) == 0
    scratch.execute("INSERT INTO run_touched VALUES (?)", [pmid])
    with pytest.raises(CheckError, match="proofs_stand"):
        database.run_checks(scratch, only)


@pytest.mark.parametrize("path", database.check_files(SQL), ids=lambda path: path.stem)
def test_every_check_has_a_broken_database(path: Path):
    assert path.stem in {broken.check for broken in BROKEN}


def test_a_warning_is_told_and_stops_nothing(scratch, monkeypatch):
    told: list[str] = []
    monkeypatch.setattr(database.log, "warning", lambda text, *parts: told.append(text % parts))
    scratch.execute("INSERT INTO ops.search_differences VALUES ('kratom', 1, 'pubmed')")
    assert database.run_checks(scratch, SQL) == 1
    assert len(told) == 1 and told[0].startswith("Check unexplained_hits (1 rows")


def test_every_kind_of_row_that_belongs_to_an_article_is_looked_after(scratch):
    """A new child table of core or evidence must be added to no_orphan_rows."""
    kept_beyond = {  # these outlive the article on purpose, name others than held ones, or are it
        "articles", "article_revisions", "deleted_citations", "overrides", "claim_leaned_on",
        "study_links",
    }  # fmt: skip
    query = (SQL / "checks" / "no_orphan_rows.sql").read_text()
    rows = scratch.execute(
        "SELECT DISTINCT schema_name || '.' || table_name, table_name FROM duckdb_columns() "
        "JOIN duckdb_tables() USING (database_name, schema_name, table_name) "
        "WHERE schema_name IN ('core', 'evidence') AND column_name = 'pmid' "
        "AND database_name = current_database()"
    ).fetchall()
    assert len(rows) > 15
    missing = [name for name, table in rows if table not in kept_beyond and name not in query]
    assert missing == []


def test_a_check_must_say_how_grave_it_is(tmp_path):
    path = tmp_path / "some.sql"
    path.write_text("-- severity: fatal\n-- Nothing.\nSELECT 1")
    with pytest.raises(ValueError, match="error' or 'warning"):
        database.read_check(path)
