"""Atom feeds of what is new to the published set: all of it, and by group of study types.

New means that a run found a record which its searches had not found before. A first run or a
changed search is one entry with a count, and so is a run that brings very many: never a flood.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from xml.etree import ElementTree as ET

import duckdb

from pipeline.outputs.manifest import LICENCE
from pipeline.outputs.page.facts import Facts, gather
from pipeline.outputs.wording import PUBMED_ONLY

ENTRIES_KEPT = 50
FLOOD = 25
"""More new records of one run than this are one entry."""

ATOM = "http://www.w3.org/2005/Atom"
# what XML 1.0 cannot hold; records from .nbib files may have it
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

# new to the set, not only to one of its searches: its first stay in any of them counts
_NEW = """
    WITH stays AS (
        SELECT h.*, s.label, min(h.entered_at) OVER (PARTITION BY h.pmid) AS first_at
        FROM ops.search_hits AS h
        JOIN evidence.searches AS s ON h.search = s.search AND s.mode = 'live'
    )

    SELECT a.pmid, a.title, a.citation, a.year, a.study_type_label, a.evidence_group, a.counted_as,
        coalesce(a.pubmed_url, a.doi_url), h.first_at,
        string_agg(DISTINCT h.label, ', ' ORDER BY h.label) FILTER (h.left_at IS NULL),
        (
            SELECT string_agg(DISTINCT lower(p.matched_text), ', ' ORDER BY lower(p.matched_text))
            FROM evidence.proofs AS p
            WHERE p.kind = 'topic' AND p.code = 'kratom' AND p.pmid = a.pmid
        ),
        (
            SELECT string_agg(DISTINCT p.matched_text, ', ' ORDER BY p.matched_text)
            FROM evidence.proofs AS p
            WHERE p.kind = 'study_type' AND p.code = a.study_type AND p.pmid = a.pmid
        )
    FROM stays AS h
    JOIN marts.articles AS a ON h.pmid = a.pmid
    GROUP BY ALL
    HAVING bool_or(h.left_at IS NULL)
        AND bool_or(h.entered_at = h.first_at AND h.entered_reason = 'appeared')
    ORDER BY h.first_at DESC, a.pmid DESC
"""

_TOGETHER = """
    SELECT h.entered_at, h.entered_reason, s.label, a.evidence_group, count(*)
    FROM ops.search_hits AS h
    JOIN evidence.searches AS s ON h.search = s.search AND s.mode = 'live'
    JOIN marts.articles AS a ON h.pmid = a.pmid
    WHERE h.left_at IS NULL AND h.entered_reason <> 'appeared'
    GROUP BY ALL ORDER BY ALL
"""

_REASONS = {
    "first_run": "found by the first run",
    "strategy_changed": "came in with a changed search",
    "translation_changed": "came in as PubMed reads the search otherwise",
}


@dataclass(frozen=True)
class Entry:
    """One entry: its lasting id, and what a reader sees of it."""

    id: str
    title: str
    link: str
    updated: datetime
    summary: str
    categories: tuple[str, ...] = ()


@dataclass(frozen=True)
class _New:
    entry: Entry
    group: str


@dataclass(frozen=True)
class _Together:
    updated: datetime
    reason: str
    search: str
    group: str
    count: int


def write(con: duckdb.DuckDBPyConnection, directory: Path) -> None:
    """Write feed.atom, and feeds/<group>.atom for each group of which live searches hold records.

    Args:
        con: the set's tables.
        directory: of the set.
    """
    facts = gather(con)
    found = [_new(facts, row) for row in con.execute(_NEW).fetchall()]
    together = [_Together(*row) for row in con.execute(_TOGETHER).fetchall()]
    _write(facts, directory / "feed.atom", "all new records", found, together)
    held = {new.group for new in found} | {batch.group for batch in together}
    (directory / "feeds").mkdir()
    for group in sorted(held):
        _write(
            facts,
            directory / "feeds" / f"{_name(group)}.atom",
            group,
            [new for new in found if new.group == group],
            [batch for batch in together if batch.group == group],
        )


def _new(facts: Facts, row: tuple[object, ...]) -> _New:
    pmid, title, citation, year, kind, group, counted, url, entered, searches, words, proof = row
    assert isinstance(entered, datetime)
    told = {
        "Type": f"{kind}{'' if counted == 'record' else f' ({counted})'}",
        "decided by": proof or "nothing: unclassified",
        "Substance words": words or "none known to the local rules",
        "Publication year": year or "not stated",
        "Searches": searches,
        "Source": "PubMed" if facts.origin == "pubmed" else f"local records ({facts.origin})",
    }
    summary = "; ".join(f"{name}: {value}" for name, value in told.items())
    link = str(url or f"index.html#search=kratom&text={pmid}")
    entry = Entry(
        link, str(title or citation), link, entered, f"{citation}. {summary}.", (str(kind),)
    )
    return _New(entry, str(group))


def _entries(new: list[_New], together: list[_Together]) -> Iterable[Entry]:
    for entered, run in groupby(new, key=lambda n: n.entry.updated):
        records = [n.entry for n in run]
        if len(records) <= FLOOD:
            yield from records
        else:
            yield _many(entered, f"{len(records):,} new records", "found by one run")
    batches: dict[tuple[datetime, str], dict[str, int]] = {}
    for batch in together:
        counts = batches.setdefault((batch.updated, batch.reason), {})
        counts[batch.search] = counts.get(batch.search, 0) + batch.count
    for (updated, reason), counts in batches.items():
        why = _REASONS.get(reason, reason)
        told = ", ".join(f"{search}: {count:,}" for search, count in counts.items())
        yield _many(updated, f"{told} records {why}", why)


def _many(updated: datetime, title: str, why: str) -> Entry:
    return Entry(
        f"{updated:%Y-%m-%dT%H:%M:%S}Z {why}", title, "index.html", updated,
        f"{title}: not announced one by one. The page lists them.",
    )  # fmt: skip


def _write(facts: Facts, path: Path, name: str, new: list[_New], together: list[_Together]) -> None:
    entries = sorted(_entries(new, together), key=lambda entry: entry.updated, reverse=True)
    base = "" if path.name == "feed.atom" else "../"
    feed = ET.Element("feed", xmlns=ATOM)
    _add(feed, "id", _urn(f"{facts.origin} {name}"))
    _add(feed, "title", f"ketum, kratom and pain in PubMed: {name}")
    _add(feed, "subtitle", f"Set {facts.set_id}. {facts.statement} {PUBMED_ONLY}")
    _add(feed, "updated", _time(entries[0].updated if entries else facts.as_of))
    _add(ET.SubElement(feed, "author"), "name", "ketum")
    ET.SubElement(feed, "link", rel="self", href=path.name)
    ET.SubElement(feed, "link", rel="alternate", type="text/html", href=f"{base}index.html")
    _add(feed, "rights", LICENCE)
    for entry in entries[:ENTRIES_KEPT]:
        element = ET.SubElement(feed, "entry")
        own = entry.link.startswith("https://")
        _add(element, "id", entry.id if own else _urn(f"{facts.origin} {name} {entry.id}"))
        _add(element, "title", entry.title)
        link = entry.link if own else base + entry.link
        ET.SubElement(element, "link", rel="alternate", href=_clean(link))
        _add(element, "updated", _time(entry.updated))
        for category in entry.categories:
            ET.SubElement(element, "category", term=_clean(category))
        _add(element, "summary", entry.summary)
    ET.indent(feed, " ")
    ET.ElementTree(feed).write(path, encoding="utf-8", xml_declaration=True)


def _add(parent: ET.Element, name: str, value: str) -> None:
    ET.SubElement(parent, name).text = _clean(value)


def _clean(value: str) -> str:
    return _NO_XML.sub("\ufffd", value)


def _urn(name: str) -> str:
    return uuid.uuid5(uuid.NAMESPACE_URL, f"ketum {name}").urn


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}Z"


def _name(group: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", group.lower()).strip("-")
