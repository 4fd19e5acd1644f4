"""What a reader of the last set should hear first: new, retracted, corrected, retyped, gone.

Read from a published set, so that digest, messages and Prefect's pages all say the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from pipeline.escaping import for_markdown
from pipeline.evidence.stated import FINDINGS
from pipeline.warehouse import views

# -- A record in a line: its kind and journal, what it measured and in whom

MEASURED = ("assay", "trial_purpose", "harm")
"""Facets that say what was measured or looked for."""
WHOM = ("species", "trial_population", "population", "sex", "age_group", "sample_size")
"""Facets that say in whom or in what."""

_RECORDS = """
    WITH said AS (
        SELECT f.pmid, list_contains($whom, f.facet) AS is_whom, string_agg(
            CASE WHEN f.facet = 'sample_size' THEN 'n = ' || f.value_label ELSE f.value_label END,
            ', ' ORDER BY list_position($facets, f.facet), f.value
        ) AS words
        FROM marts.article_facets AS f
        WHERE list_contains($facets, f.facet) AND f.value <> 'not_stated'
        GROUP BY ALL
    ),
    asked AS (
        SELECT c.pmid, list([q.question, c.finding] ORDER BY q.display_order) AS words
        FROM evidence.article_claims AS c JOIN evidence.claims AS q ON c.claim = q.claim
        WHERE c.how IN ('measured', 'observed')
        GROUP BY c.pmid
    )
    SELECT a.pmid, a.title, a.citation, a.study_type_label, a.counted_as, a.is_retracted, a.year,
        a.journal, coalesce(a.pubmed_url, a.doi_url, ''), m.words, w.words, q.words
    FROM marts.articles AS a
    LEFT JOIN said AS m ON a.pmid = m.pmid AND NOT m.is_whom
    LEFT JOIN said AS w ON a.pmid = w.pmid AND w.is_whom
    LEFT JOIN asked AS q ON a.pmid = q.pmid
    WHERE a.pmid IN (SELECT unnest($pmids::INTEGER[]))
"""


@dataclass(frozen=True)
class Described:
    """A member of a search, in words.

    Attributes:
        counted_as: record, retracted, preprint or notice.
        link: its address in PubMed, else of its DOI; empty where it has neither.
        measured: tests, purposes and harms looked for.
        whom: animals or people it was measured in, with their number.
        questions: those of the claims that it measured or observed, with what its authors state.
    """

    pmid: int
    title: str | None
    citation: str
    study_type: str
    counted_as: str
    is_retracted: bool
    year: int | None
    journal: str | None
    link: str
    measured: str | None
    whom: str | None
    questions: str | None

    @property
    def name(self) -> str:
        """Its title, else its citation; retracted is said first."""
        return f"{'RETRACTED: ' if self.is_retracted else ''}{self.title or self.citation}"

    @property
    def kind(self) -> str:
        """Its study type, year and journal."""
        beside = "" if self.counted_as in ("record", "retracted") else f" ({self.counted_as})"
        parts = [f"{self.study_type}{beside}", str(self.year or "undated"), self.journal]
        return ", ".join(part for part in parts if part)

    @property
    def lines(self) -> dict[str, str]:
        """What it measured, in whom, and which questions that bears on, as far as it is stated."""
        said = {"Measured": self.measured, "In": self.whom, "Looked at": self.questions}
        return {name: value for name, value in said.items() if value}


def describe(con: duckdb.DuckDBPyConnection, pmids: list[int]) -> dict[int, Described]:
    """What there is to say of members of searches, by PMID.

    Args:
        con: the set's tables.
        pmids: who is not a member of any search now is left out.
    """
    rows = con.execute(
        _RECORDS, {"pmids": pmids, "whom": list(WHOM), "facets": [*MEASURED, *WHOM]}
    ).fetchall()
    return {row[0]: Described(*(*row[:11], _asked(row[11]))) for row in rows}


def _asked(questions: list[tuple[str, str]] | None) -> str | None:
    """Questions with what the authors state of each, in words; None without a question."""
    if not questions:
        return None
    return " ".join(f"{question} ({FINDINGS[finding]})" for question, finding in questions)


# -- What is new since the last set

SHOWN = 50
"""Records named of each kind; the page and the tables have all."""

_LINKED = """
    SELECT DISTINCT c.pmid, NULL, {said}
    FROM marts.article_changes AS c
    INNER JOIN marts.articles AS a ON c.pmid = a.pmid
    WHERE c.is_since_last_set AND c.field = 'article_links' AND ({now})
        AND NOT coalesce({before}, FALSE)
    ORDER BY c.pmid
"""
_RETRACTED = "contains({}, 'RetractionIn') OR contains({}, 'RetractedandRepublishedIn')"
_CORRECTED = "contains({}, 'ErratumIn') OR contains({}, 'CorrectedandRepublishedIn')"
_CONCERN = "contains({}, 'ExpressionOfConcernIn')"


def _linked(condition: str, said: str) -> str:
    return _LINKED.format(
        now=condition.replace("{}", "c.after"),
        before=f"({condition.replace('{}', 'c.before')})",
        said=f"'{said}'",
    )


QUERIES = {
    "new": """
        SELECT DISTINCT pmid, NULL, '' FROM marts.new_articles WHERE pmid IS NOT NULL ORDER BY pmid
    """,
    "retracted": _linked(_RETRACTED, "retracted"),
    "of concern": _linked(_CONCERN, "expression of concern"),
    "corrected": _linked(_CORRECTED, "corrected"),
    "retyped": """
        SELECT c.pmid, NULL, 'was ' || coalesce(b.label, c.before) || ', now '
            || coalesce(n.label, c.after)
        FROM marts.article_changes AS c
        INNER JOIN marts.articles AS a ON c.pmid = a.pmid
        LEFT JOIN evidence.study_types AS b ON c.before = b.study_type
        LEFT JOIN evidence.study_types AS n ON c.after = n.study_type
        WHERE c.is_since_last_set AND c.field = 'study_type' ORDER BY c.pmid
    """,
    "left": """
        WITH gone AS (
            SELECT DISTINCT h.pmid, s.label || ': ' || CASE h.left_reason
                    WHEN 'left' THEN 'PubMed no longer lists it'
                    WHEN 'deleted' THEN 'PubMed deleted it'
                    WHEN 'merged' THEN 'PubMed merged it into another record'
                    WHEN 'strategy_changed' THEN 'the search was changed'
                    WHEN 'translation_changed' THEN 'PubMed reads the search otherwise'
                    ELSE 'reason unknown'
                END AS why
            FROM ops.search_hits AS h
            INNER JOIN evidence.searches AS s ON h.search = s.search
            WHERE h.left_at > (
                SELECT previous_published_at FROM ops.runs ORDER BY as_of DESC LIMIT 1
            )
        )
        SELECT pmid, title, string_agg(why, '; ' ORDER BY why)
        FROM gone INNER JOIN {citations} USING (pmid)
        GROUP BY pmid, title ORDER BY pmid
    """,
}  # fmt: skip
"""By kind: PMID, title where it is no longer a member, what there is to say."""

_HEADINGS = {
    "new": ("new record", "new records"),
    "retracted": ("retracted", "retracted"),
    "of concern": ("expression of concern", "expressions of concern"),
    "corrected": ("corrected", "corrected"),
    "retyped": ("with another study type", "with another study type"),
    "left": ("left a search", "left a search"),
}


@dataclass(frozen=True)
class Changed:
    """One record, and what is to be said of it.

    Attributes:
        what: its title.
        detail: what happened to it; of a new one what it is.
        link: where it can be read; PubMed where nothing is said.
        findings: what it measured and in whom.
    """

    pmid: int
    what: str
    detail: str
    link: str = ""
    findings: str = ""


def since_last_set(con: duckdb.DuckDBPyConnection) -> dict[str, list[Changed]]:
    """What changed since the set before, by kind; nothing for a first set."""
    row = con.execute(
        "SELECT previous_published_at FROM ops.runs ORDER BY as_of DESC LIMIT 1"
    ).fetchone()
    if row is None or row[0] is None:
        return {kind: [] for kind in QUERIES}
    citations = views.of_records(con, "core.article_citations", "SELECT pmid FROM gone")
    found = {
        kind: con.execute(query.format(citations=citations)).fetchall()
        for kind, query in QUERIES.items()
    }
    members = describe(con, [pmid for rows in found.values() for pmid, _, _ in rows])
    return {
        kind: [_changed(pmid, title, detail, members.get(pmid)) for pmid, title, detail in rows]
        for kind, rows in found.items()
    }


def _changed(pmid: int, title: str | None, detail: str, member: Described | None) -> Changed:
    if member is None:
        return Changed(pmid, title or f"PMID {pmid}", detail)
    said = "; ".join(f"{name}: {value}" for name, value in member.lines.items())
    about = "; ".join(part for part in (member.kind, detail) if part)
    return Changed(pmid, member.name, about, member.link, said)


def markdown(changed: dict[str, list[Changed]]) -> str:
    """A section for each kind, for digest.md and Prefect's pages."""
    parts = []
    for kind, found in changed.items():
        if not found:
            continue
        parts.append(f"## {len(found)} {_HEADINGS[kind][len(found) > 1]}\n")
        parts += [_line(one) for one in found[:SHOWN]]
        if len(found) > SHOWN:
            parts.append(
                f"- and {len(found) - SHOWN} more: `FROM marts.article_changes`, "
                "`FROM marts.new_articles`"
            )
        parts.append("")
    return "\n".join(parts)


def _line(one: Changed) -> str:
    """A record as an item of a list: its title as a link, what it is, what it measured in whom."""
    link = one.link or f"https://pubmed.ncbi.nlm.nih.gov/{one.pmid}/"
    said = f". {for_markdown(one.findings)}" if one.findings else ""
    number = f"PMID {one.pmid}, " if one.pmid > 0 else ""
    return f"- [{for_markdown(one.what)}]({link}) ({number}{for_markdown(one.detail)}){said}"
