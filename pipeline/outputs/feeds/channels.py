"""Which feeds a set has.

All of them in every set, empty or not: who subscribed to one must find it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import duckdb

from pipeline.outputs.feeds.news import FACETS


@dataclass(frozen=True)
class Channel:
    """One feed.

    Attributes:
        path: in the set.
        name: for readers.
        key: what its lasting id is made of, whatever becomes of its name.
        subject: what its records are about, as in `New.subjects`; None for all records.
    """

    path: str
    name: str
    key: str
    subject: str | None


def channels(con: duckdb.DuckDBPyConnection) -> list[Channel]:
    """The feeds of a set: all records, groups of study types, claims, facets.

    Claims about which no record is looked for have none, unless they are shown as their parts:
    then the feed holds what any of these holds.

    Args:
        con: the set's tables.
    """
    return [
        Channel("feed.atom", "all new records", "all new records", None),
        *_groups(con),
        *_claims(con),
        *_facets(con),
    ]


def _groups(con: duckdb.DuckDBPyConnection) -> list[Channel]:
    rows = con.execute(
        "SELECT evidence_group FROM evidence.study_types "
        "GROUP BY evidence_group ORDER BY min(group_order)"
    ).fetchall()
    return [Channel(f"feeds/{_slug(name)}.atom", name, name, f"group.{name}") for (name,) in rows]


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
        )
        for claim, question, is_matched in rows
    ]


def _facets(con: duckdb.DuckDBPyConnection) -> list[Channel]:
    rows = con.execute(
        """
        SELECT v.facet, v.value, f.label || ': ' || v.label
        FROM evidence.facet_values AS v JOIN evidence.facets AS f ON v.facet = f.facet
        WHERE list_contains(?, v.facet) AND v.value <> 'not_stated'
        ORDER BY f.display_order, v.display_order
        """,
        [FACETS],
    ).fetchall()
    return [
        Channel(f"feeds/{facet}/{value}.atom", name, f"{facet}.{value}", f"{facet}.{value}")
        for facet, value, name in rows
    ]


def _slug(group: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", group.lower()).strip("-")
