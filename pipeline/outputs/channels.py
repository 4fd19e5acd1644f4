"""Which feeds a published set has: all of them in every set, empty or not.

Who subscribed to one must find it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import duckdb

from pipeline.outputs.news import FACETS, New


@dataclass(frozen=True)
class Channel:
    """One feed.

    Attributes:
        path: in the set.
        name: for readers.
        key: what its lasting id is made of, whatever becomes of its name.
        subject: what its records are about, as in `New.subjects`; None for all records.
        cut_by: the kind of feed, for lists of feeds.
    """

    path: str
    name: str
    key: str
    subject: str | None
    cut_by: str

    def holds(self, new: New) -> bool:
        """Whether a new record enters it.

        What only a search brought that PubMed is not asked (pain alone) enters the feed of that
        search and no other: the rest is about kratom.
        """
        if self.subject is not None and self.subject.startswith("search."):
            return self.subject in new.subjects
        return new.is_live and (self.subject is None or self.subject in new.subjects)


def channels(con: duckdb.DuckDBPyConnection) -> list[Channel]:
    """The feeds of a set: all records on kratom, searches, groups of study types, claims, facets.

    Claims about which no record is looked for have none, unless they are shown as their parts:
    then the feed holds what any of these holds.

    Args:
        con: the set's tables.
    """
    return [
        Channel("feed.atom", "all new records on kratom", "all new records", None, "All"),
        *_searches(con),
        *_groups(con),
        *_claims(con),
        *_facets(con),
    ]


def _searches(con: duckdb.DuckDBPyConnection) -> list[Channel]:
    rows = con.execute(
        "SELECT search, label FROM evidence.searches ORDER BY display_order"
    ).fetchall()
    return [
        Channel(f"feeds/search/{name}.atom", label, f"search.{name}", f"search.{name}", "Searches")
        for name, label in rows
    ]


def _groups(con: duckdb.DuckDBPyConnection) -> list[Channel]:
    rows = con.execute(
        "SELECT evidence_group FROM evidence.study_types "
        "GROUP BY evidence_group ORDER BY min(group_order)"
    ).fetchall()
    return [
        Channel(f"feeds/{_slug(name)}.atom", name, name, f"group.{name}", "Kinds of study")
        for (name,) in rows
    ]


def _claims(con: duckdb.DuckDBPyConnection) -> list[Channel]:
    rows = con.execute(
        """
        SELECT claim, question, is_matched FROM evidence.claims AS q
        WHERE is_matched OR EXISTS (SELECT 1 FROM evidence.claims AS p WHERE p.parent = q.claim)
        ORDER BY display_order
        """
    ).fetchall()
    return [
        Channel(
            f"feeds/claims/{claim}.atom" if is_matched else f"feeds/{claim}.atom",
            question,
            f"claim.{claim}",
            f"claim.{claim}",
            "Questions",
        )
        for claim, question, is_matched in rows
    ]


def _facets(con: duckdb.DuckDBPyConnection) -> list[Channel]:
    rows = con.execute(
        """
        SELECT v.facet, v.value, f.label || ': ' || v.label, f.label
        FROM evidence.facet_values AS v JOIN evidence.facets AS f ON v.facet = f.facet
        WHERE list_contains(?, v.facet) AND v.value <> 'not_stated'
        ORDER BY f.display_order, v.display_order
        """,
        [FACETS],
    ).fetchall()
    return [
        Channel(f"feeds/{facet}/{value}.atom", name, f"{facet}.{value}", f"{facet}.{value}", label)
        for facet, value, name, label in rows
    ]


def _slug(group: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", group.lower()).strip("-")
