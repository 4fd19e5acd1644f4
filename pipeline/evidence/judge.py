"""Judge every record: topics, study types, facets, study groups, people's decisions; with proofs.

All evidence tables are made anew from core and the reference files, inside the caller's
transaction. The same records and rules give the same rows.
"""

# SQL here is made of constants, checked schema names and rule texts quoted by `sql_string`.
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from pipeline.evidence import type_changes
from pipeline.evidence.assigning import assign
from pipeline.evidence.claim_matching import match_claims
from pipeline.evidence.claim_tables import write_claims, write_readings
from pipeline.evidence.claims import load_claims
from pipeline.evidence.curation import NOT_HELD, load_readings
from pipeline.evidence.evaluation.mapping import UNSEEN
from pipeline.evidence.evaluation.results import MEASURED_FILE, read_results
from pipeline.evidence.faceting import judge_facets
from pipeline.evidence.facets import load_facets
from pipeline.evidence.lookups import write_lookups
from pipeline.evidence.overrides import apply_overrides, load_overrides
from pipeline.evidence.reader import MODEL_FILE, load_reader, suggest
from pipeline.evidence.registrations import find_registrations, load_registries
from pipeline.evidence.study_groups import group_studies
from pipeline.evidence.study_types import FLAGS, UNCLASSIFIED, StudyTypes, load_study_types
from pipeline.evidence.topic_matching import match_units
from pipeline.evidence.topics import Topics, load_topics
from pipeline.evidence.zones import build_units

_SCHEMA = "core"
_PROOF = "rule_id, source, field, section_no, matched_text, char_start, char_end"


def judge(con: duckdb.DuckDBPyConnection, settings_reference: Path) -> dict[str, int]:
    """Fill all evidence tables from core.

    Args:
        con: the warehouse, in the caller's transaction.
        settings_reference: directory of the files that `reference` names; of measured.json
            (how good the types were found to be) and reader.npz (the second reader), where they
            are there.

    Returns:
        Counts for the receipt: judged, labelled, unclassified, conflicts, labels, proofs,
        retracted, notices, preprints, facet_values, registrations, study_groups, overrides,
        overrides_unmet, overrides_not_held, claim_pairs, claim_readings, claim_readings_not_held.

    Raises:
        ConfigurationError: a reference file is wrong, or a quote in claim_evidence.csv is;
            nothing stays written once the transaction is undone.
    """
    topics = load_topics(settings_reference / "topics.toml")
    study_types = load_study_types(settings_reference / "study_types.toml")
    names = [topic.name for topic in topics.topics]
    facets = load_facets(settings_reference / "facets.toml", study_types, names)
    registries = load_registries(settings_reference / "registries.toml")
    overrides = load_overrides(settings_reference / "overrides.toml", study_types.codes(), facets)
    claims = load_claims(settings_reference / "claims.toml", study_types.codes(), names)
    readings_file = settings_reference / "claim_evidence.csv"
    readings = load_readings(readings_file, [claim.code for claim in claims.matched()])
    measured = [
        result
        for result in read_results(settings_reference / MEASURED_FILE)
        if result["part"] == UNSEEN and result["by"] == "rules"
    ]
    reader = load_reader(settings_reference / MODEL_FILE)
    type_changes.remember(con)
    write_lookups(con, topics, study_types, overrides, measured, reader)
    with _any_row_order(con):
        build_units(con, _SCHEMA)
        match_units(con, topics, _SCHEMA)
        assign(con, study_types, _SCHEMA)
        if reader:
            suggest(con, reader, _SCHEMA)
        apply_overrides(con, overrides)
        _write_judgements(con, topics, study_types)
        _write_suggestions(con, is_there=reader is not None)
        judge_facets(con, facets, study_types, overrides, _SCHEMA)
    find_registrations(con, registries, _SCHEMA)
    group_studies(con, registries, facets.named("substance").topic or "", _SCHEMA)
    with _any_row_order(con):
        match_claims(con, claims, topics, _SCHEMA)  # last: it cuts the text units to sentences
    write_claims(con, claims)
    write_readings(con, readings, readings_file)
    return _counts(con)


@contextmanager
def _any_row_order(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Let DuckDB fill temporary tables on all cores; what is stored is ordered when written."""
    before = con.execute("SELECT current_setting('preserve_insertion_order')").fetchone()
    con.execute("SET preserve_insertion_order = false")
    try:
        yield
    finally:
        con.execute(f"SET preserve_insertion_order = {str(before and before[0]).lower()}")


def _write_judgements(
    con: duckdb.DuckDBPyConnection, topics: Topics, study_types: StudyTypes
) -> None:
    """From the temporary tables into evidence, in a fixed order."""
    for table in (
        "article_topics", "article_study_types", "article_type_aspects", "article_flags", "proofs",
    ):  # fmt: skip
        con.execute(f"DELETE FROM evidence.{table}")
    con.execute(
        "INSERT INTO evidence.article_topics "
        "SELECT pmid, topic, level, ? FROM topic_hits ORDER BY pmid, topic",
        [topics.version],
    )
    con.execute(
        "INSERT INTO evidence.article_study_types "
        "SELECT pmid, study_type, is_primary, assigned_by, confidence, has_conflict, "
        "precedence, reason, ? FROM type_labels ORDER BY pmid, study_type",
        [study_types.version],
    )
    con.execute(
        "INSERT INTO evidence.article_type_aspects "
        "SELECT pmid, study_type, aspect, value, ? FROM type_aspects ORDER BY ALL",
        [study_types.version],
    )
    flags = ", ".join(f"coalesce(bool_or(flag = '{flag}'), false) AS {flag}" for flag in FLAGS)
    con.execute(
        f"""
        INSERT INTO evidence.article_flags BY NAME
        SELECT article.pmid, {flags},
            coalesce(bool_or(type.study_type = 'NOTICE'), false) AS is_notice,
            ? AS rules_version
        FROM {_SCHEMA}.articles AS article
        LEFT JOIN flag_hits USING (pmid)
        LEFT JOIN type_labels AS type ON type.pmid = article.pmid AND type.is_primary
        GROUP BY article.pmid ORDER BY article.pmid
        """,
        [study_types.version],
    )
    con.execute(
        f"""
        INSERT INTO evidence.proofs
        SELECT kind, code, pmid,
            row_number() OVER (PARTITION BY kind, pmid, code
                ORDER BY rule_id, source, field, section_no NULLS FIRST, char_start NULLS FIRST,
                    matched_text) AS proof_no,
            {_PROOF}, rules_version
        FROM (
            SELECT DISTINCT 'topic' AS kind, topic AS code, pmid, {_PROOF}, $topics
                AS rules_version FROM topic_proofs
            UNION ALL
            SELECT DISTINCT 'study_type', study_type, pmid, {_PROOF}, $types FROM type_proofs
            UNION ALL
            SELECT DISTINCT 'flag', flag, pmid, {_PROOF}, $types FROM flag_proofs
        )
        ORDER BY kind, pmid, code, proof_no
        """,
        {"topics": topics.version, "types": study_types.version},
    )


def _write_suggestions(con: duckdb.DuckDBPyConnection, *, is_there: bool) -> None:
    """What the second reader suggests, beside the primary types it never touches."""
    con.execute("DELETE FROM evidence.study_type_suggestions")
    if is_there:
        con.execute(
            """
            INSERT INTO evidence.study_type_suggestions
            SELECT s.pmid, s.suggestion, s.study_types, s.probability,
                list_contains(s.study_types, t.study_type)
            FROM type_suggestions AS s
            JOIN evidence.article_study_types AS t ON t.pmid = s.pmid AND t.is_primary
            ORDER BY s.pmid
            """
        )


def _counts(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """What the receipt says about this judging."""
    queries = {
        "judged": "count(*) FROM evidence.article_flags",
        "labelled": f"count(*) FROM evidence.article_study_types "
        f"WHERE is_primary AND study_type <> '{UNCLASSIFIED}'",
        "unclassified": f"count(*) FROM evidence.article_study_types "
        f"WHERE is_primary AND study_type = '{UNCLASSIFIED}'",
        "conflicts": "count(*) FROM evidence.article_study_types WHERE is_primary AND has_conflict",
        "labels": f"count(*) FROM evidence.article_study_types "
        f"WHERE study_type <> '{UNCLASSIFIED}'",
        "proofs": "count(*) FROM evidence.proofs",
        "retracted": "count(*) FROM evidence.article_flags WHERE is_retracted",
        "notices": "count(*) FROM evidence.article_flags WHERE is_notice",
        "preprints": "count(*) FROM evidence.article_flags WHERE is_preprint",
        "facet_values": "count(*) FROM evidence.article_facets WHERE value <> 'not_stated'",
        "registrations": "count(*) FROM evidence.registrations",
        "study_groups": "count(DISTINCT study_group) FROM evidence.study_groups",
        "overrides": "count(*) FROM evidence.overrides",
        "claim_pairs": "count(*) FROM evidence.article_claims",
        "claim_readings": "count(*) FROM evidence.claim_evidence",
        "claim_readings_not_held": "count(*) FROM evidence.claim_evidence "
        f"WHERE stale_reason = '{NOT_HELD}'",
        "overrides_unmet": "count(*) FROM evidence.overrides WHERE NOT is_expectation_met",
        "overrides_not_held": "count(*) FROM evidence.overrides WHERE automatic_value IS NULL",
    }
    counts: dict[str, int] = {}
    for name, query in queries.items():
        row = con.execute(f"SELECT {query}").fetchone()
        counts[name] = row[0] if row else 0
    return counts
