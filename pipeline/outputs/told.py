"""What digest and feeds say of a record: its kind and journal, what it measured and in whom."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from pipeline.evidence.findings import FINDINGS

MEASURED = ("assay", "trial_purpose", "harm")
"""Facets that say what was measured or looked for."""
WHOM = ("species", "trial_population", "population", "sex", "age_group", "sample_size")
"""Facets that say in whom or in what."""

_RECORDS = """
    WITH said AS (
        SELECT f.pmid, list_contains($whom, f.facet) AS is_whom, string_agg(
            CASE WHEN f.facet = 'sample_size' THEN 'n = ' || f.value_label ELSE f.value_label END,
            ', ' ORDER BY list_position($facets, f.facet), f.value
        ) AS told
        FROM marts.article_facets AS f
        WHERE list_contains($facets, f.facet) AND f.value <> 'not_stated'
        GROUP BY ALL
    ),
    asked AS (
        SELECT c.pmid, list([q.question, c.finding] ORDER BY q.display_order) AS told
        FROM evidence.article_claims AS c JOIN evidence.claims AS q ON c.claim = q.claim
        WHERE c.how IN ('measured', 'observed')
        GROUP BY c.pmid
    )
    SELECT a.pmid, a.title, a.citation, a.study_type_label, a.counted_as, a.is_retracted, a.year,
        a.journal, coalesce(a.pubmed_url, a.doi_url, ''), m.told, w.told, q.told
    FROM marts.articles AS a
    LEFT JOIN said AS m ON a.pmid = m.pmid AND NOT m.is_whom
    LEFT JOIN said AS w ON a.pmid = w.pmid AND w.is_whom
    LEFT JOIN asked AS q ON a.pmid = q.pmid
    WHERE list_contains($pmids, a.pmid)
"""


@dataclass(frozen=True)
class Told:
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


def read(con: duckdb.DuckDBPyConnection, pmids: list[int]) -> dict[int, Told]:
    """What there is to say of members of searches, by PMID.

    Args:
        con: the set's tables.
        pmids: who is not a member of any search now is left out.
    """
    rows = con.execute(
        _RECORDS, {"pmids": pmids, "whom": list(WHOM), "facets": [*MEASURED, *WHOM]}
    ).fetchall()
    return {row[0]: Told(*(*row[:11], _asked(row[11]))) for row in rows}


def _asked(questions: list[tuple[str, str]] | None) -> str | None:
    """Questions with what the authors state of each, in words; None where there are none."""
    if not questions:
        return None
    return " ".join(f"{question} ({FINDINGS[finding]})" for question, finding in questions)
