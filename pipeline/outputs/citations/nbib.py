"""MEDLINE text (.nbib), as PubMed exports it (NLM, "MEDLINE/PubMed Data Element Descriptions").

No library writes this format. The study type stands in GN, a general note, and not in OT with
the keywords: `ketum update --from` reads such files back, and its own judgement must never come
to it as a keyword of the authors.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from pipeline.outputs.citations.citation import (
    BOOK,
    CHAPTER,
    RETRACTED,
    Citation,
    Person,
)
from pipeline.outputs.escaping import one_line
from pipeline.pubmed.parsing.medline_tags import LINKS

_WIDTH = 88  # PubMed's lines are about that long
_LINK_TAGS = {ref_type: tag for tag, ref_type in LINKS.items()}
_BOOK_TYPES = {BOOK: "Book", CHAPTER: "Book Chapter"}


def render(citations: Sequence[Citation], abstracts: bool) -> str:
    """The records as MEDLINE text, an empty line between them.

    Args:
        citations: what to write. Each needs a PMID: it is what a record begins with, and
            readers would take one without for more lines of the record before.
        abstracts: whether to write AB.
    """
    return "\n".join(_record(citation, abstracts) for citation in citations)


def _record(citation: Citation, abstracts: bool) -> str:
    assert citation.pmid is not None
    lines = [
        textwrap.fill(
            f"{tag:<4}- {line}", _WIDTH, subsequent_indent=" " * 6,
            break_long_words=False, break_on_hyphens=False,
        )
        for tag, text in _fields(citation, abstracts)
        if (line := one_line(text))
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _fields(citation: Citation, abstracts: bool) -> Iterator[tuple[str, str]]:
    said, text = citation.said, citation.text
    yield "PMID", str(citation.pmid)
    yield "OWN", text("owner")
    yield "STAT", text("citation_status")
    yield "DCOM", _digits(said["date_completed"])
    yield "LR", _digits(said["date_revised"])
    for number, kind in ((text("issn"), text("issn_type")), (text("issn_linking"), "Linking")):
        yield "IS", f"{number} ({kind or 'Print'})" if number else ""
    for isbn in said["isbns"] or []:
        yield "ISBN", isbn
    yield "VI", text("volume")
    yield "IP", text("issue")
    yield "DP", text("issue_date_verbatim") or _electronic(citation)
    yield "TI", "" if citation.kind == BOOK else text("printed_title")
    yield "TT", text("vernacular_title")
    yield "PG", text("pages")
    yield "LID", f"{text('doi')} [doi]" if text("doi") else ""
    yield "BTI", text("book_title")
    yield "CTI", text("collection_title")
    yield "AB", text("abstract") if abstracts else ""
    yield "CI", text("abstract_copyright") if abstracts else ""
    yield from _people(citation.authors, "FAU", "AU")
    yield from _people(citation.editors, "FED", "ED")
    for language in said["languages"]:
        yield "LA", language
    for grant in said["grants"] or []:
        front = (grant[name] for name in ("grant_id", "acronym", "agency"))
        # the country is always last: without one the line ends with a slash
        yield "GR", "/".join([*(part for part in front if part), grant["country"] or ""])
    yield from (("PT", name) for name in _types(citation))
    yield "DEP", _digits(said["electronic_date"])
    yield "PB", text("publisher_name")
    yield "PL", text("journal_country") or text("publisher_location")
    yield "TA", text("medline_ta")
    yield "JT", text("journal")
    yield "JID", text("nlm_unique_id")
    for chemical in said["chemicals"] or []:
        yield "RN", f"{chemical['registry_number'] or '0'} ({chemical['substance_name']})"
    yield from (("MH", heading) for heading in _headings(said["headings"] or []))
    if said["keywords"]:
        yield "OTO", "NOTNLM"
    yield from (("OT", keyword) for keyword in said["keywords"] or [])
    for link in said["links"] or []:
        yield from _link(link)
    yield (
        "GN",
        (
            f"ketum: study type {said['study_type']} ({said['study_type_label']}); "
            f"set {citation.set_id}"
        ),
    )
    yield "PMC", citation.pmc_id
    yield "AID", f"{text('doi')} [doi]" if text("doi") else ""
    yield "PST", text("publication_status")


def _types(citation: Citation) -> list[str]:
    """NLM's publication types; with those a reader needs to know books and retractions."""
    types = list(citation.said["publication_types"] or [])
    added = (
        _BOOK_TYPES.get(citation.kind), RETRACTED if citation.said["is_retracted"] else None,
    )  # fmt: skip
    return types + [name for name in added if name and name not in types]


def _people(people: Sequence[Person], full: str, short: str) -> Iterator[tuple[str, str]]:
    for person in people:
        if person.collective:
            yield "CN", person.collective
            continue
        suffix = f" {person.suffix}" if person.suffix else ""
        given = person.given or person.initials
        is_whole = person.family and given
        yield full, f"{person.family}, {given}{suffix}" if is_whole else person.family or given
        yield short, f"{person.family} {person.initials}".strip() + suffix
        yield "AUID", f"ORCID: {person.orcid}" if person.orcid else ""


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


def _link(link: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """`RIN - J Tests. 2025;9:1. PMID: 99`; nothing for kinds of links without a tag."""
    tag = _LINK_TAGS.get(link["ref_type"])
    if tag is None:
        return
    source = one_line(link["ref_source"] or "")
    pmid = f"PMID: {link['linked_pmid']}" if link["linked_pmid"] else ""
    if pmid and pmid not in source:
        source = f"{source}. {pmid}" if source and not source.endswith(".") else f"{source} {pmid}"
    yield tag, source.strip()


def _electronic(citation: Citation) -> str:
    found = citation.said["electronic_date"]
    if not isinstance(found, date):
        return "" if citation.year is None else str(citation.year)
    return f"{found:%Y %b} {found.day}"


def _digits(found: date | None) -> str:
    return f"{found:%Y%m%d}" if found else ""
