"""Atom feeds (RFC 4287) of what is new to a published set.

Which feeds there are: all of them in every set, empty or not, since who subscribed to one must
find it. Their entries: one a new record, and one for many that came at once.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from xml.etree import ElementTree as ET

import duckdb

from pipeline.escaping import for_xml
from pipeline.outputs import news
from pipeline.outputs.manifest import LICENCE
from pipeline.outputs.news import FACETS, New, Together
from pipeline.outputs.page.facts import Facts, gather
from pipeline.settings import PUBMED_ORIGIN


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


ENTRIES_KEPT = 50
FLOOD = 25
"""More new records of one run than this are one entry."""

_REASONS = {
    "first_run": "found by the first run",
    "strategy_changed": "came in with a changed search",
    "translation_changed": "came in as PubMed reads the search otherwise",
}


@dataclass(frozen=True)
class Entry:
    """One entry.

    Attributes:
        id: its lasting id: the address of a record, or what makes it unlike the feed's others.
        link: an address, or a place on the set's page.
        terms: codes to filter by, as `claim.analgesia`; the study type is a name.
    """

    id: str
    title: str
    link: str
    updated: datetime
    summary: str
    terms: tuple[str, ...] = ()


def entries(new: Iterable[New], together: Iterable[Together]) -> list[Entry]:
    """The entries of a feed, newest first, no more than `ENTRIES_KEPT`.

    Args:
        new: of this feed, newest first.
        together: of this feed.
    """
    found = sorted(_entries(new, together), key=lambda entry: entry.updated, reverse=True)
    return found[:ENTRIES_KEPT]


def _entries(found: Iterable[New], together: Iterable[Together]) -> Iterator[Entry]:
    for entered, run in groupby(found, key=lambda new: new.entered):
        records = list(run)
        if len(records) <= FLOOD:
            yield from map(_one, records)
        else:
            yield _many(entered, f"{len(records):,} new records", "found by one run")
    batches: dict[tuple[datetime, str], dict[str, int]] = {}
    for batch in together:
        batches.setdefault((batch.entered, batch.reason), {})[batch.search] = batch.count
    for (entered, reason), counts in batches.items():
        why = _REASONS.get(reason, reason)
        told = ", ".join(f"{search}: {count:,}" for search, count in counts.items())
        yield _many(entered, f"{told} records {why}", why)


def _one(new: New) -> Entry:
    """The same entry in every feed the record stands in: a reader of several shows it once."""
    link = new.link or f"index.html#search=kratom&text={new.pmid}"
    told = "; ".join(f"{name}: {value}" for name, value in new.told.items())
    terms = sorted(term for term in new.subjects if not term.startswith("group."))
    return Entry(
        link, new.title, link, new.entered, f"{new.citation}. {told}.", (new.study_type, *terms)
    )


def _many(entered: datetime, title: str, why: str) -> Entry:
    return Entry(
        f"{entered:%Y-%m-%dT%H:%M:%S}Z {why}", title, "index.html", entered,
        f"{title}: not announced one by one. The page lists them.",
    )  # fmt: skip


ATOM = "http://www.w3.org/2005/Atom"


def write(con: duckdb.DuckDBPyConnection, directory: Path) -> None:
    """Write feed.atom and all others below feeds/.

    Between two sets of the same records, a feed differs in the name of the set alone.

    Args:
        con: the set's tables.
        directory: of the set.
    """
    facts = gather(con)
    source = "PubMed" if facts.origin == PUBMED_ORIGIN else f"local records ({facts.origin})"
    new, together = news.read(con, source)
    row = con.execute("SELECT min(as_of) FROM ops.runs").fetchone()
    assert row is not None
    for channel in channels(con):
        found = entries(
            [n for n in new if channel.subject is None or channel.subject in n.subjects],
            [batch for batch in together if batch.subject == channel.subject],
        )
        path = directory / channel.path
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(facts, channel, found, found[0].updated if found else row[0], path)


def _write(
    facts: Facts, channel: Channel, found: list[Entry], updated: datetime, path: Path
) -> None:
    base = "../" * channel.path.count("/")
    feed = ET.Element("feed", xmlns=ATOM)
    _add(feed, "id", _urn(f"{facts.origin} {channel.key}"))
    _add(feed, "title", f"ketum, kratom and pain in PubMed: {channel.name}")
    _add(feed, "subtitle", f"Set {facts.set_id}. {facts.statement}")
    _add(feed, "updated", _time(updated))
    _add(ET.SubElement(feed, "author"), "name", "ketum")
    ET.SubElement(feed, "link", rel="self", href=path.name)
    ET.SubElement(feed, "link", rel="alternate", type="text/html", href=f"{base}index.html")
    _add(feed, "rights", LICENCE)
    for entry in found:
        element = ET.SubElement(feed, "entry")
        own = entry.link.startswith("https://")
        _add(element, "id", entry.id if own else _urn(f"{facts.origin} {channel.key} {entry.id}"))
        _add(element, "title", entry.title)
        link = entry.link if own else base + entry.link
        ET.SubElement(element, "link", rel="alternate", href=for_xml(link))
        _add(element, "updated", _time(entry.updated))
        for term in entry.terms:
            ET.SubElement(element, "category", term=for_xml(term))
        _add(element, "summary", entry.summary)
    ET.indent(feed, " ")
    ET.ElementTree(feed).write(path, encoding="utf-8", xml_declaration=True)


def _add(parent: ET.Element, name: str, value: str) -> None:
    ET.SubElement(parent, name).text = for_xml(value)


def _urn(name: str) -> str:
    return uuid.uuid5(uuid.NAMESPACE_URL, f"ketum {name}").urn


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}Z"
