"""Atom feeds (RFC 4287) of what is new to a published set: which there are, entries, files.

One entry per new record, or one for many that came at once. Where the address at which the set is
served is known, links are absolute.
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

# -- Which feeds there are: all of them in every set, empty or not
#
# Whoever subscribed to a feed must still find it.


@dataclass(frozen=True)
class Channel:
    """One feed.

    Attributes:
        path: in the set.
        name: for readers.
        key: gives its lasting id, whatever becomes of its name.
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
    every = [Channel("feed.atom", "all new records on kratom", "all new records", None, "All")]

    def add(path: str, name: str, subject: str, cut_by: str, key: str | None = None) -> None:
        every.append(Channel(f"feeds/{path}.atom", name, key or subject, subject, cut_by))

    for search, label in con.execute(
        "SELECT search, label FROM evidence.searches ORDER BY display_order"
    ).fetchall():
        add(f"search/{search}", label, f"search.{search}", "Searches")
    for (group,) in con.execute(
        "SELECT evidence_group FROM evidence.study_types "
        "GROUP BY evidence_group ORDER BY min(group_order)"
    ).fetchall():
        add(_slug(group), group, f"group.{group}", "Kinds of study", key=group)
    for claim, question, is_matched in con.execute(
        """
        SELECT claim, question, is_matched FROM evidence.claims AS q
        WHERE is_matched OR EXISTS (SELECT 1 FROM evidence.claims AS p WHERE p.parent = q.claim)
        ORDER BY display_order
        """
    ).fetchall():
        add(f"claims/{claim}" if is_matched else claim, question, f"claim.{claim}", "Questions")
    for facet, value, name, label in con.execute(
        """
        SELECT v.facet, v.value, f.label || ': ' || v.label, f.label
        FROM evidence.facet_values AS v JOIN evidence.facets AS f ON v.facet = f.facet
        WHERE list_contains(?, v.facet) AND v.value <> 'not_stated'
        ORDER BY f.display_order, v.display_order
        """,
        [FACETS],
    ).fetchall():
        add(f"{facet}/{value}", name, f"{facet}.{value}", label)
    return every


def _slug(group: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", group.lower()).strip("-")


# -- Entries, and the files

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
        summary: plain text.
        content: the same and more as HTML.
        terms: codes to filter by, as `claim.analgesia`; the study type is a name.
    """

    id: str
    title: str
    link: str
    updated: datetime
    summary: str
    content: str
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
        counted = ", ".join(f"{search}: {count:,}" for search, count in counts.items())
        yield _many(entered, f"{counted} records {why}", why)


def _one(new: New) -> Entry:
    """The same entry in every feed that has the record: a reader of several feeds shows it once."""
    record = new.record
    link = record.link or f"index.html#search=kratom&text={record.pmid}"
    said = "; ".join(f"{name}: {value}" for name, value in record.lines.items())
    summary = f"{record.kind}. {said}".strip()
    terms = sorted(term for term in new.subjects if not term.startswith(("group.", "search.")))
    return Entry(
        link, record.name, link, new.entered, summary, _html(new), (record.study_type, *terms)
    )


def _html(new: New) -> str:
    """What a record is as HTML: its kind and citation, then a line for each thing to know."""
    body = ET.Element("div")
    _add(ET.SubElement(body, "p"), "strong", new.record.kind)
    _add(body, "p", new.record.citation)
    items = ET.SubElement(body, "ul")
    for name, value in {**new.record.lines, **new.notes}.items():
        item = ET.SubElement(items, "li")
        label = ET.SubElement(item, "b")
        label.text = for_xml(f"{name}:")
        label.tail = for_xml(f" {value}")
    if new.record.link:
        link = for_xml(new.record.link)
        ET.SubElement(ET.SubElement(body, "p"), "a", href=link).text = link
    return ET.tostring(body, encoding="unicode", method="html")


def _many(entered: datetime, title: str, why: str) -> Entry:
    said = f"{title}: not announced one by one. The page lists them."
    body = ET.Element("p")
    body.text = for_xml(said)
    return Entry(
        f"{entered:%Y-%m-%dT%H:%M:%S}Z {why}", title, "index.html", entered, said,
        ET.tostring(body, encoding="unicode", method="html"),
    )  # fmt: skip


ATOM = "http://www.w3.org/2005/Atom"
OPML = "feeds.opml"


def write(con: duckdb.DuckDBPyConnection, directory: Path, site: str | None = None) -> None:
    """Write feed.atom, all others below feeds/, and feeds.opml, which lists them.

    Between two sets of the same records, a feed differs in the name of the set alone.

    Args:
        con: the set's tables.
        directory: of the set.
        site: address at which the latest set is served, with a slash at its end, if known.
    """
    facts = gather(con)
    source = "PubMed" if facts.origin == PUBMED_ORIGIN else f"local records ({facts.origin})"
    new, together = news.read(con, source)
    row = con.execute("SELECT min(as_of) FROM ops.runs").fetchone()
    assert row is not None
    every = channels(con)
    for channel in every:
        found = entries(
            [one for one in new if channel.holds(one)],
            [batch for batch in together if batch.subject == channel.subject],
        )
        path = directory / channel.path
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(facts, channel, found, found[0].updated if found else row[0], path, site)
    _write_opml(every, directory / OPML, site)


def _write(
    facts: Facts,
    channel: Channel,
    found: list[Entry],
    updated: datetime,
    path: Path,
    site: str | None,
) -> None:
    base = site or "../" * channel.path.count("/")
    feed = ET.Element("feed", xmlns=ATOM)
    _add(feed, "id", _urn(f"{facts.origin} {channel.key}"))
    _add(feed, "title", f"ketum, kratom and pain in PubMed: {channel.name}")
    _add(feed, "subtitle", f"Set {facts.set_id}. {facts.statement}")
    _add(feed, "updated", _time(updated))
    _add(ET.SubElement(feed, "author"), "name", "ketum")
    ET.SubElement(feed, "link", rel="self", href=f"{site}{channel.path}" if site else path.name)
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
        ET.SubElement(element, "content", type="html").text = entry.content
    _save(feed, path)


def _write_opml(every: list[Channel], path: Path, site: str | None) -> None:
    """A list of all feeds for readers of feeds to import, by what they are cut by."""
    root = ET.Element("opml", version="2.0")
    _add(ET.SubElement(root, "head"), "title", "ketum, kratom and pain in PubMed")
    body = ET.SubElement(root, "body")
    for cut_by, cut in groupby(every, key=lambda channel: channel.cut_by):
        outline = ET.SubElement(body, "outline", text=for_xml(cut_by))
        for channel in cut:
            ET.SubElement(
                outline, "outline", type="rss", text=for_xml(channel.name),
                title=for_xml(channel.name), xmlUrl=f"{site or ''}{channel.path}",
                htmlUrl=f"{site or ''}index.html",
            )  # fmt: skip
    _save(root, path)


def _save(root: ET.Element, path: Path) -> None:
    ET.indent(root, " ")
    ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def _add(parent: ET.Element, name: str, value: str) -> None:
    ET.SubElement(parent, name).text = for_xml(value)


def _urn(name: str) -> str:
    return uuid.uuid5(uuid.NAMESPACE_URL, f"ketum {name}").urn


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}Z"
