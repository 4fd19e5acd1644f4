"""What stands at the end of the page: all numbers, shares of PubMed, what is new, the search."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from pipeline.evidence.evaluation.figures import LEAST_READ
from pipeline.outputs.headline import Headline, by_study_type, marked
from pipeline.outputs.page.dated import MOMENT, said
from pipeline.outputs.page.facts import Facts, Search, read_on_kratom
from pipeline.outputs.rows import named_rows
from pipeline.outputs.wording import share
from pipeline.warehouse import views

YEARS_SHOWN = 15
NEWEST_SHOWN = 10
PARTS = {"pubmed": "all of PubMed", "pain": "PubMed's records on pain"}
CORRECTIONS = {
    "ErratumIn": "erratum",
    "CorrectedandRepublishedIn": "corrected and republished",
    "ExpressionOfConcernIn": "expression of concern",
    "UpdateIn": "update",
}
"""NLM's links from an article to what corrects it."""


def numbers(facts: Facts) -> dict[str, Any]:
    """A row a search: its records, and what is counted apart."""
    corrected = facts.con.execute(
        """
        SELECT h.search, count(DISTINCT h.pmid) FROM ops.search_hits AS h
        JOIN core.article_links AS l USING (pmid)
        WHERE h.left_at IS NULL AND list_contains(?, l.ref_type) GROUP BY h.search
        """,
        [list(CORRECTIONS)],
    ).fetchall()
    hidden = named_rows(
        facts.con,
        "SELECT label, held_count FROM marts.search_totals WHERE NOT list_contains(?, search) "
        "AND held_count > 0 ORDER BY search",
        [search.name for search in facts.searches],
    )
    return {"corrected": dict(corrected), "hidden": hidden}


def types(facts: Facts, search: Search) -> Headline:
    """The table of study types by year."""
    return by_study_type(facts.con, search.name)


def summaries(facts: Facts, search: Search) -> list[dict[str, Any]]:
    """What reviews sum up, as far as their words say."""
    return named_rows(
        facts.con,
        """
        SELECT s.study_type, t.label, s.synthesis_of, count(*) AS count
        FROM marts.summaries_of_studies AS s JOIN evidence.study_types AS t USING (study_type)
        WHERE s.search = ? AND s.counted_as = 'record'
        GROUP BY ALL ORDER BY any_value(t.display_order), s.synthesis_of
        """,
        search.name,
    )


def points(facts: Facts) -> list[dict[str, Any]]:
    """A point a search, denominator and year, for the charts; NULL has no point and is not a 0."""
    return named_rows(
        facts.con,
        """
        SELECT search, denominator, year, records_per_100k AS share,
            CASE year(counted_at) - year WHEN 0 THEN 'partial' WHEN 1 THEN 'provisional'
                ELSE 'settled' END AS kind
        FROM marts.topic_share_by_year ORDER BY search, denominator, year
        """,
    )


def shares(facts: Facts, search: Search) -> list[dict[str, Any]]:
    """Records per 100,000 of PubMed by entry year; nothing where PubMed was not counted."""
    rows = named_rows(
        facts.con,
        """
        SELECT denominator, year, held_member_count AS members, denominator_count AS total,
            records_per_100k AS share, year(counted_at) AS counted_year
        FROM marts.topic_share_by_year WHERE search = ?
        QUALIFY row_number() OVER (PARTITION BY denominator ORDER BY year DESC) <= ?
        ORDER BY denominator DESC, year DESC
        """,
        search.name,
        YEARS_SHOWN,
    )
    parts: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        row["label"] = marked(row["year"], row["counted_year"])
        parts.setdefault(row["denominator"], []).append(row)
    return [{"code": code, "of": PARTS[code], "rows": parts[code]} for code in parts]


def newest(facts: Facts, search: Search) -> dict[str, Any]:
    """What is new since the last published set, and the last records to enter PubMed."""
    entered = facts.con.execute(
        "SELECT reason, sum(record_count)::INTEGER FROM marts.new_articles "
        "WHERE search = ? GROUP BY reason",
        [search.name],
    ).fetchall()
    years = views.of_records(facts.con, "core.article_years", "SELECT pmid FROM marts.articles")
    rows = named_rows(
        facts.con,
        f"""
        SELECT a.pmid, a.title, a.citation, a.doi_url, a.study_type_label AS kind, a.counted_as,
            y.entry_at::DATE AS entered
        FROM ops.search_hits AS h
        JOIN marts.articles AS a USING (pmid)
        LEFT JOIN {years} AS y USING (pmid)
        WHERE h.search = ? AND h.left_at IS NULL
        ORDER BY y.entry_at DESC NULLS LAST, a.pmid DESC LIMIT ?
        """,  # noqa: S608 -- a view's own query
        search.name,
        NEWEST_SHOWN,
    )
    return {"entered": dict(entered), "rows": rows}


def retracted(facts: Facts, search: Search) -> list[dict[str, Any]]:
    """The retracted articles of a search, with their notices."""
    return named_rows(
        facts.con,
        """
        SELECT DISTINCT ON (r.pmid) r.pmid, r.title, r.citation, r.notice_pmid, r.notice_source
        FROM marts.retractions AS r WHERE r.search = ? ORDER BY r.pmid DESC
        """,
        search.name,
    )


def unread(facts: Facts, search: Search) -> list[dict[str, Any]]:
    """Records of a search that could not be read: the tables know nothing of them."""
    return named_rows(
        facts.con,
        "SELECT pmid, is_held, reason FROM marts.unread_records WHERE search = ? "
        "OR search IS NULL ORDER BY pmid NULLS LAST, reason",
        search.name,
    )


def unclassified(facts: Facts, search: Search) -> list[dict[str, Any]]:
    """Records without a study type, by reason."""
    return named_rows(
        facts.con,
        "SELECT reason, held_count AS count FROM marts.unclassified WHERE search = ? "
        "ORDER BY reason",
        search.name,
    )


def asked(facts: Facts, search: Search) -> dict[str, Any]:
    """How the search was made: word for word, and how it was read."""
    found = named_rows(
        facts.con,
        """
        SELECT source, strategy, query_translation, warnings, hit_count, unread_count, searched_at
        FROM marts.search_log WHERE search = ? ORDER BY searched_at DESC LIMIT 1
        """,
        search.name,
    )
    local = named_rows(
        facts.con,
        "SELECT pmid, title FROM marts.search_differences "
        "WHERE search = ? AND matched_by = 'local' ORDER BY pmid DESC",
        search.name,
    )
    log = found[0] if found else None
    if log:
        at = log["searched_at"]
        log["searched"] = Markup(MOMENT) if at == facts.as_of else said(at)
    return {"log": log, "local": local, "who": who_answered(log["source"] if log else "")}


def who_answered(source: str) -> str:
    """Who answered a search, within a sentence: a replay server is not PubMed."""
    if source.startswith("PubMed"):
        return "PubMed"
    return "The replay server" if "server" in source else "The reader of files"


def rules(facts: Facts) -> dict[str, Any]:
    """The rules that records were judged by, and how often each study type and facet was right."""
    found = facts.con.execute(
        """
        SELECT study_type, starts_with(measured_on, 'kratom'), measured_on, precision_value,
            precision_low, precision_high, predicted_count
        FROM evidence.study_type_accuracy WHERE precision_value IS NOT NULL
        ORDER BY predicted_count DESC, measured_on
        """
    ).fetchall()
    best: dict[tuple[str, bool], str] = {}
    for code, on_kratom, measured_on, *figures in found:  # that of the most records
        best.setdefault((code, on_kratom), f"{share(*figures)} ({measured_on})")
    return {
        "sets": named_rows(
            facts.con,
            "SELECT kind, rules_version AS version, rule_count AS count "
            "FROM evidence.rule_sets ORDER BY kind",
        ),
        "quality": [
            {
                "label": one.label,
                "on_kratom": best.get((one.code, True), "not measured on kratom"),
                "elsewhere": best.get((one.code, False), "not measured"),
            }
            for one in facts.types
        ],
        "facets": [
            {
                "label": label,
                "right": read_on_kratom(*right),
                "found": read_on_kratom(*found),
                "is_measured": max(right[1], found[1]) >= LEAST_READ,
            }
            for label, right, found in _facets_read(facts)
        ],
    }


def _facets_read(facts: Facts) -> list[tuple[Any, ...]]:
    """Of each facet its name, and how many of its values on kratom records are right, and found."""
    return facts.con.execute(
        """
        SELECT f.label, [a.said_right_count, a.said_count], [a.read_found_count, a.read_count]
        FROM evidence.facet_accuracy AS a JOIN evidence.facets AS f USING (facet)
        ORDER BY f.display_order
        """
    ).fetchall()
