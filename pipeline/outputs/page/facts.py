"""What every section of the page needs to know of the set it shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from itertools import groupby
from typing import Any

import duckdb

from pipeline.outputs import claims
from pipeline.outputs.headline import Headline, headline
from pipeline.outputs.wording import share

BANDS = {
    "Trials and human laboratory studies": (
        "Randomised trials",
        "Other trials and human laboratory studies",
    ),
    "Surveys, cohorts and interviews": (
        "Cohort and case-control studies",
        "Surveys and cross-sectional studies",
        "Interviews and online sources",
    ),
    "Case reports and routine data": (
        "Case reports and series",
        "Poison-centre, adverse-event and death data",
    ),
    "Animal studies": ("Animal studies",),
    "Cells, chemistry and plants": (
        "Cell, receptor and computational studies",
        "Chemistry, plant and product analysis",
    ),
    "Reviews and guidance": ("Systematic and scoping reviews", "Other reviews and guidance"),
    "Comment and unclassified": ("Comment, policy and protocols", "Unclassified"),
}
"""What the chart draws in one colour: no eye keeps fourteen apart. Every group is in one band."""


@dataclass(frozen=True)
class Search:
    """A search as `marts.search_totals` has it: what is held, and what that is worth."""

    name: str
    label: str
    topics: tuple[str, ...]
    coverage: str
    unread: int | None
    members: int
    records: int
    on_pain: int
    retracted: int
    preprints: int
    notices: int
    unclassified: int
    undated: int
    unexplained: int
    first_year: int | None
    last_year: int | None

    @property
    def is_known(self) -> bool:
        """Whether PubMed's list is complete, so that a zero is a zero."""
        return self.coverage != "partial"

    @property
    def in_a_sentence(self) -> str:
        """Its name within a sentence."""
        return self.label[:1].lower() + self.label[1:]


@dataclass(frozen=True)
class StudyType:
    """A study type as readers see it, in the neutral order of all outputs."""

    code: str
    label: str
    group: str
    definition: str
    is_summary: bool


@dataclass(frozen=True)
class Group:
    """A group of study types: a row of the headline, with the types below it."""

    name: str
    is_summary: bool
    types: tuple[StudyType, ...]

    @property
    def band(self) -> str:
        """The band of the chart that it is drawn in."""
        return next(band for band, groups in BANDS.items() if self.name in groups)

    @property
    def codes(self) -> str:
        """Its types as the page's fragment names them."""
        return ",".join(study_type.code for study_type in self.types)


@dataclass(frozen=True)
class Facts:
    """A set, and what all its sections share.

    Attributes:
        con: the set's tables.
        origin: pubmed, or archive:<name>.
        as_of: UTC time of the searches.
        as_of_date: their UTC date.
        statement: what a zero or an empty cell means here.
        searches: those that readers choose from, in the order of the reference file: the searches
            of the headline, and others where PubMed's list is complete.
        types: all study types.
        groups: the groups they are in.
        claims: code and question of each claim that records are matched with.
        labels: names of the values of facets, by facet and value.
    """

    con: duckdb.DuckDBPyConnection
    set_id: str
    origin: str
    as_of: datetime
    as_of_date: date
    statement: str
    searches: tuple[Search, ...]
    types: tuple[StudyType, ...]
    groups: tuple[Group, ...]
    claims: tuple[tuple[str, str], ...]
    labels: dict[tuple[str, str], str]

    @cached_property
    def claim_maps(self) -> dict[str, list[dict[str, Any]]]:
        """By search, from `claims.the_map`; searches without claims are not in it."""
        rows = self.con.execute(
            "SELECT DISTINCT search FROM marts.claim_totals ORDER BY search"
        ).fetchall()
        return {search: claims.the_map(self.con, search) for (search,) in rows}

    @cached_property
    def headlines(self) -> dict[str, Headline]:
        """By search, the table of study groups by year that every output shows."""
        return {search.name: headline(self.con, search.name) for search in self.searches}

    def label(self, facet: str, value: str) -> str:
        """A value of a facet as readers see it; values that are read and not listed stay."""
        return self.labels.get((facet, value), value.replace("_", " "))


def head(con: duckdb.DuckDBPyConnection) -> tuple[str, str, datetime, date, str]:
    """Name of a set, its origin, time and date, and what a zero or an empty cell means in it."""
    row = con.execute(
        """
        SELECT any_value(t.set_id), any_value(w.origin), max(r.as_of), any_value(t.as_of_date),
            any_value(t.statement)
        FROM marts.search_totals AS t CROSS JOIN ops.warehouse AS w CROSS JOIN ops.runs AS r
        """
    ).fetchone()
    assert row is not None
    set_id, origin, as_of, as_of_date, statement = row
    return set_id, origin, as_of, as_of_date, statement


def gather(con: duckdb.DuckDBPyConnection) -> Facts:
    """The facts of a set; TEMP page_records has the members of its searches, which it carries.

    Args:
        con: a published set, or the warehouse it is being written from.
    """
    rows = con.execute(
        """
        SELECT t.search, t.label, s.topics, t.coverage, t.unread_count, t.held_member_count,
            t.held_count, t.held_pain_count, t.held_retracted_count, t.held_preprint_count,
            t.held_notice_count, t.held_unclassified_count, t.held_undated_count,
            t.held_pubmed_only_count, t.first_year, t.last_year
        FROM marts.search_totals AS t INNER JOIN evidence.searches AS s USING (search)
        WHERE s.is_headline OR t.coverage <> 'partial'
        ORDER BY s.display_order, t.search
        """
    ).fetchall()
    con.execute(  # no view shows another record: `bulk-load --all` may hold millions
        """
        CREATE OR REPLACE TEMP TABLE page_records AS
        SELECT DISTINCT pmid FROM ops.search_hits WHERE left_at IS NULL AND list_contains(?, search)
        """,
        [[row[0] for row in rows]],
    )
    types = con.execute(
        """
        SELECT study_type, label, evidence_group, definition, is_summary
        FROM evidence.study_types ORDER BY display_order
        """
    ).fetchall()
    questions = con.execute(
        "SELECT claim, question FROM evidence.claims WHERE is_matched ORDER BY display_order"
    ).fetchall()
    labels = con.execute("SELECT facet, value, label FROM evidence.facet_values").fetchall()
    study_types = tuple(StudyType(*row) for row in types)
    groups = tuple(
        Group(name, members[0].is_summary, members)
        for name, group in groupby(study_types, lambda one: one.group)
        if (members := tuple(group))
    )
    return Facts(
        con,
        *head(con),
        tuple(Search(name, label, tuple(topics), *rest) for name, label, topics, *rest in rows),
        study_types,
        groups,
        tuple(questions),
        {(facet, value): label for facet, value, label in labels},
    )


def read_on_kratom(hits: int, count: int) -> str:
    """How often something was right on kratom records that were read, with n and 95 % interval.

    Fewer than LEAST_READ readings measure nothing: then what was read stands alone.
    """
    from pipeline.evidence.evaluation import figures  # a day that found nothing has none to say

    if count < figures.LEAST_READ:
        return f"not measured on kratom ({hits} of {count} read)"
    one = figures.share(hits, count)
    return share(one["value"], one["low"], one["high"], count)
