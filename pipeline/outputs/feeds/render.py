"""Write the feeds of a set as Atom (RFC 4287)."""

from __future__ import annotations

import uuid
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import duckdb

from pipeline.escaping import for_xml
from pipeline.outputs.feeds import news
from pipeline.outputs.feeds.channels import Channel, channels
from pipeline.outputs.feeds.entries import Entry, entries
from pipeline.outputs.manifest import LICENCE
from pipeline.outputs.page.facts import Facts, gather
from pipeline.settings import PUBMED_ORIGIN

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
