"""What every section of the page needs to know of the set it shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from itertools import groupby
from typing import Any

import duckdb

from pipeline.outputs.claims import the_map


@dataclass(frozen=True)
class Search:
    """A search as `marts.search_totals` has it: what is held, and what that is worth."""

    name: str
    label: str
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
        searches: in the order of the reference file.
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
        return {search: the_map(self.con, search) for (search,) in rows}

    def label(self, facet: str, value: str) -> str:
        """A value of a facet as readers see it; values that are read and not listed stay."""
        return self.labels.get((facet, value), value.replace("_", " "))


def gather(con: duckdb.DuckDBPyConnection) -> Facts:
    """The facts of a set.

    Args:
        con: a published set, or the warehouse it is being written from.
    """
    rows = con.execute(
        """
        SELECT t.search, t.label, t.coverage, t.unread_count, t.held_member_count, t.held_count,
            t.held_pain_count, t.held_retracted_count, t.held_preprint_count, t.held_notice_count,
            t.held_unclassified_count, t.held_undated_count, t.held_pubmed_only_count,
            t.first_year, t.last_year
        FROM marts.search_totals AS t LEFT JOIN evidence.searches AS s USING (search)
        ORDER BY s.display_order, t.search
        """
    ).fetchall()
    types = con.execute(
        """
        SELECT study_type, label, evidence_group, definition, is_summary
        FROM evidence.study_types ORDER BY display_order
        """
    ).fetchall()
    head = con.execute(
        """
        SELECT any_value(t.set_id), any_value(w.origin), max(r.as_of), any_value(t.as_of_date),
            any_value(t.statement)
        FROM marts.search_totals AS t CROSS JOIN ops.warehouse AS w CROSS JOIN ops.runs AS r
        """
    ).fetchone()
    assert head is not None
    claims = con.execute(
        "SELECT claim, question FROM evidence.claims WHERE is_matched ORDER BY display_order"
    ).fetchall()
    labels = con.execute("SELECT facet, value, label FROM evidence.facet_values").fetchall()
    set_id, origin, as_of, as_of_date, statement = head
    study_types = tuple(StudyType(*row) for row in types)
    groups = tuple(
        Group(name, members[0].is_summary, members)
        for name, members in (
            (name, tuple(group)) for name, group in groupby(study_types, lambda one: one.group)
        )
    )
    return Facts(
        con,
        set_id,
        origin,
        as_of,
        as_of_date,
        statement,
        tuple(Search(*row) for row in rows),
        study_types,
        groups,
        tuple((code, question) for code, question in claims),
        {(facet, value): label for facet, value, label in labels},
    )
