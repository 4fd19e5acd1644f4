"""MEDLINE text (.nbib), as PubMed exports it (NLM, "MEDLINE/PubMed Data Element Descriptions").

No library writes this format. All that it has a tag for is written, so that ketum reads its own
file as it reads the record. The study type stands in GN, a general note that ketum knows as its
own, and not in OT with the keywords: ketum must never read its own judgement back as authors'
words.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from pipeline.escaping import one_line
from pipeline.outputs.citations.citation import BOOK, CHAPTER, RETRACTED, Citation
from pipeline.pubmed.parsing.medline_lines import HISTORY, LINKS, OWN_NOTE, PEOPLE, SHORT_NAMES

_WIDTH = 88  # PubMed's lines are about that long
_LINK_TAGS = {ref_type: tag for tag, ref_type in LINKS.items()}
_HISTORY_TAGS = {status: tag for tag, status in HISTORY.items()}
_FULL_TAGS = {kind: tag for tag, kind in PEOPLE.items()}
_SHORT_TAGS = {full: short for short, full in SHORT_NAMES.items()}
_BOOK_TYPES = {BOOK: "Book", CHAPTER: "Book Chapter"}
_LIKE_AN_ACRONYM = re.compile(r"(?:^|/)[A-Za-z]{2,6}_?$")
_Lines = Iterator[tuple[str, str]]


def render(citations: Sequence[Citation], abstracts: bool) -> str:
    """The records as MEDLINE text, an empty line between them.

    Args:
        citations: what to write. Each needs a PMID: it is what a record begins with, and
            readers would take one without for more lines of the record before.
        abstracts: whether to write AB and OAB.
    """
    return "\n".join(_record(citation, abstracts) for citation in citations)


def _record(citation: Citation, abstracts: bool) -> str:
    assert citation.pmid is not None
    written = ((tag, one_line(text)) for tag, text in _fields(citation, abstracts))
    return "\n".join(_folded(tag, text) for tag, text in written if text) + "\n"


def _folded(tag: str, text: str) -> str:
    """The lines of a field; each keeps the blank it is broken at, as PubMed's do."""
    lines = textwrap.wrap(text, _WIDTH - 6, break_long_words=False, break_on_hyphens=False)
    return f"{tag:<4}- " + " \n      ".join(lines)


def _fields(citation: Citation, abstracts: bool) -> _Lines:
    columns, text = citation.columns, citation.text
    is_book = citation.kind in _BOOK_TYPES
    yield "PMID", str(citation.pmid)
    yield "OWN", text("owner")
    yield "STAT", text("citation_status")
    yield "DRDT" if is_book else "LR", _digits(columns["date_revised"])
    yield "CTDT" if is_book else "DEP", _electronic_digits(columns)
    yield "DCOM", _digits(columns["date_completed"])
    for number, kind in ((text("issn"), text("issn_type")), (text("issn_linking"), "Linking")):
        yield "IS", f"{number} ({kind})" if number and kind else number
    yield "VI", text("book_volume") if is_book else text("volume")
    yield "IP", text("issue")
    yield "DP", text("issue_date_verbatim") or _electronic(citation)
    yield "TI", "" if citation.kind == BOOK else text("printed_title")
    yield "TT", text("vernacular_title")
    yield "PG", text("pages")
    yield from _book(columns)
    if abstracts:
        yield "AB", text("abstract")
        yield "CI", text("abstract_copyright")
        for row in columns["other_abstracts"] or []:
            kind = "" if row["abstract_type"] == "other" else f"{row['abstract_type']}: "
            label = f"{row['label']}: " if row["label"] else ""
            yield "OAB", f"{kind}{label}{row['text']}"
            yield "OABL", row["language"] or ""
    yield from _people(columns)
    yield from (("LA", language) for language in columns["languages"])
    for row in columns["accessions"] or []:
        yield "SI", "/".join(filter(None, (row["databank"], row["accession_number"])))
    yield from (("GR", _grant(grant)) for grant in columns["grants"] or [])
    yield from (("PT", name) for name in _types(citation))
    yield "PL", text("publisher_location") if is_book else text("journal_country")
    yield "TA", text("medline_ta")
    yield "JT", text("journal")
    yield "JID", text("nlm_unique_id")
    for chemical in columns["chemicals"] or []:
        yield "RN", f"{chemical['registry_number'] or '0'} ({chemical['substance_name']})"
    yield from (("NM", row["name"]) for row in columns["concepts"] or [])
    yield "SB", " ".join(columns["citation_subsets"])
    yield from (("MH", heading) for heading in _headings(columns["headings"] or []))
    yield from (("GS", symbol) for symbol in columns["gene_symbols"])
    yield from (("SFM", mission) for mission in columns["space_flight_missions"])
    yield "RF", text("number_of_references")
    yield from _keywords(columns["keyword_rows"] or [])
    for link in columns["links"] or []:
        yield from _link(link)
    yield "COIS", text("coi_statement")
    yield from (("GN", note) for note in columns["general_notes"])
    yield (
        "GN",
        f"{OWN_NOTE}study type {columns['study_type']} ({columns['study_type_label']}); "
        f"set {citation.set_id}",
    )
    if citation.findings:
        yield "GN", f"{OWN_NOTE}{'; '.join(citation.findings)}"
    yield from _history(columns["history"] or [])
    yield from _identifiers(citation)
    yield "PUBM", text("publication_model")
    yield "PST", text("publication_status")
    yield "SO", _source(citation)


def _book(columns: dict[str, Any]) -> _Lines:
    yield "BTI", columns["book_title"] or ""
    yield "CTI", columns["collection_title"] or ""
    yield "EN", columns["edition"] or ""
    yield "VTI", columns["volume_title"] or ""
    for label in columns["location_labels"] or []:
        yield "CP", label.removeprefix("chapter: ") if label.startswith("chapter: ") else ""
    yield "PB", columns["publisher_name"] or ""


def _types(citation: Citation) -> list[str]:
    """NLM's publication types; with those a reader needs to know books and retractions."""
    types = list(citation.columns["publication_types"] or [])
    added = (
        _BOOK_TYPES.get(citation.kind),
        RETRACTED if citation.columns["is_retracted"] else None,
    )
    return types + [name for name in added if name and name not in types]


def _people(columns: dict[str, Any]) -> _Lines:
    """Everybody with a kind of tags, each with identifiers and affiliations."""
    places: dict[int, list[str]] = {}
    for row in columns["affiliations"] or []:
        places.setdefault(row["author_no"], []).append(row["affiliation"] or "")
    for person in columns["people"] or []:
        full = _FULL_TAGS[person["list_kind"].removeprefix("book_")]
        if person["collective_name"]:
            yield "CN", person["collective_name"]
        else:
            family, initials = person["last_name"] or "", person["initials"] or ""
            suffix = f" {person['suffix']}" if person["suffix"] else ""
            given = person["fore_name"] or initials
            yield full, f"{family}, {given}{suffix}" if given else family
            yield _SHORT_TAGS[full], f"{family} {initials}".rstrip() + suffix
        for identifier in person["identifiers"]:
            is_orcid = person["orcid"] and identifier.startswith("ORCID")
            yield "AUID", f"ORCID: {person['orcid']}" if is_orcid else identifier
        tag = "IRAD" if full == "FIR" else "AD"
        yield from ((tag, place) for place in places.get(person["author_no"], []))


def _grant(grant: dict[str, Any]) -> str:
    """`number/acronym/agency/country`; the last two always, or their place would be lost.

    An acronym that is empty keeps its place where the end of the number, or a slash in the
    agency, would be read for something else.
    """
    number, acronym, agency = (grant[name] or "" for name in ("grant_id", "acronym", "agency"))
    if acronym or not (_LIKE_AN_ACRONYM.search(number) or "/" in agency):
        front = [part for part in (number, acronym) if part]
    else:
        front = [number, ""]
    return "/".join([*front, agency, grant["country"] or ""])


def _headings(headings: list[dict[str, Any]]) -> list[str]:
    """`Descriptor/qualifier/*major qualifier`, a star before what is major by itself."""
    lines: dict[int, str] = {}
    for heading in headings:
        number = heading["heading_no"]
        if number not in lines:
            star = "*" if heading["is_major_descriptor"] else ""
            lines[number] = star + heading["descriptor"]
        if heading["qualifier"]:
            star = "*" if heading["is_major_qualifier"] else ""
            lines[number] += f"/{star}{heading['qualifier']}"
    return list(lines.values())


def _link(link: dict[str, Any]) -> _Lines:
    """`RIN - J Tests. 2025;9:1. PMID: 99`; nothing for kinds of links without a tag."""
    tag = _LINK_TAGS.get(link["ref_type"])
    if tag is None:
        return
    source = one_line(link["ref_source"] or "")
    pmid = f"PMID: {link['linked_pmid']}" if link["linked_pmid"] else ""
    if pmid and pmid not in source:
        source = f"{source}. {pmid}" if source and not source.endswith(".") else f"{source} {pmid}"
    yield tag, source.strip()


def _keywords(rows: list[dict[str, Any]]) -> _Lines:
    """OT with a star before what is major, and OTO before the first of each owner."""
    owner = None
    for row in rows:
        if row["keyword_owner"] != owner:
            owner = row["keyword_owner"]
            yield "OTO", owner or ""
        yield "OT", ("*" if row["is_major"] else "") + row["keyword"]


def _history(rows: list[dict[str, Any]]) -> _Lines:
    """EDAT, CRDT and their like, which PHST repeats."""
    dates = [
        (row["pub_status"], f"{row['event_at']:%Y/%m/%d %H:%M}" if row["event_at"] else "")
        for row in rows
    ]
    for status, words in dates:
        if tag := _HISTORY_TAGS.get(status):
            yield tag, words[:10] if tag == "PMCR" else words
    for row, (status, words) in zip(rows, dates, strict=True):
        yield "PHST", f"{words or row['date_verbatim']} [{status}]"


def _identifiers(citation: Citation) -> _Lines:
    """LID, AID, PMC, MID, OID and ISBN; a DOI of a source without identifiers as AID."""
    rows = citation.columns["identifiers"] or []
    own = [row for row in rows if row["element"] == "ArticleId"]
    yield "PMC", citation.text("pmc_id")
    for row in own:
        kind = row["id_type"]
        if kind == "mid":
            yield "MID", row["value"]
        elif kind not in ("pubmed", "pmc"):
            yield "AID", f"{row['value']} [{kind}]" if kind else row["value"]
    located = [row for row in rows if row["element"] == "ELocationID" and row["is_valid"]]
    dois = {row["value"] for row in (*own, *located) if row["id_type"] == "doi"}
    if (doi := citation.columns["doi"]) and doi not in dois:
        yield "AID", f"{doi} [doi]"
    for row in located:
        kind = row["id_type"]
        yield "LID", f"{row['value']} [{kind}]" if kind else row["value"]
    for row in rows:
        if row["element"] == "OtherID":
            yield "OID", f"{row['id_type']}: {row['value']}" if row["id_type"] else row["value"]
        elif row["element"] == "Isbn":
            yield "ISBN", f"{row['value']} ({row['id_type']})" if row["id_type"] else row["value"]


def _source(citation: Citation) -> str:
    """The citation in one line, with which PubMed ends every record."""
    text = citation.text
    date_said = text("issue_date_verbatim") or _electronic(citation)
    issue = f"({text('issue')})" if text("issue") else ""
    pages = f":{text('pages')}" if text("pages") else ""
    place = f"{text('volume')}{issue}{pages}"
    source = text("medline_ta") or text("journal") or text("book_title")
    parts = (source.rstrip("."), ";".join(part for part in (date_said, place) if part))
    return "".join(f"{part}. " for part in parts if part).rstrip()


def _electronic(citation: Citation) -> str:
    found = citation.columns["electronic_date"]
    if not isinstance(found, date):
        return "" if citation.year is None else str(citation.year)
    return f"{found:%Y %b} {found.day}"


def _electronic_digits(columns: dict[str, Any]) -> str:
    """As much of the date as there is: 20240305, 202403 or 2024."""
    digits = ""
    for name, width in (("year", 4), ("month", 2), ("day", 2)):
        number = columns[f"electronic_{name}"]
        if number is None:
            break
        digits += f"{number:0{width}}"
    return digits


def _digits(found: date | None) -> str:
    return f"{found:%Y%m%d}" if found else ""
