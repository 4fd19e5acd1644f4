"""MEDLINE text exports (.nbib): the same rows, as far as such an export can give them.

Read by Bio.Medline, one record at a time; tags as in NLM's "MEDLINE/PubMed Data Element
(Field) Descriptions". An export has no UIs, no versions, no references and no parts of the
abstract; `record_source` says nbib, so that the XML of the same PMID always wins over it.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from typing import Any

from Bio import Medline

from pipeline.identifiers import normal_orcid
from pipeline.pubmed.parsing.context import BadRecordError, integer
from pipeline.pubmed.parsing.dates import moment, partial_date, read_words, whole_date
from pipeline.pubmed.parsing.medline_tags import HISTORY, KNOWN, LINKS, LISTS, PEOPLE, SCALARS
from pipeline.pubmed.parsing.tables import (
    LARGEST_INTEGER,
    LIST_COLUMNS,
    PARSED_COLUMNS,
    Tables,
    empty_tables,
)
from pipeline.pubmed.parsing.tally import Tally

_TYPED_ID = re.compile(r"\s*(.+?) \[(\w+)\](?=\s|$)")
_ISSN = re.compile(r"(\S+) \((\w+)\)")
_SUBSTANCE = re.compile(r"(.+?) \((.+)\)$", re.S)
_LINKED = re.compile(r"PMID: ?(\d+)")
_STAMP = re.compile(r"(\d{4})/(\d\d)/(\d\d)(?: (\d\d):(\d\d))?")
_FULL_NAME = re.compile(rb"(?m)^(?=(?:FAU|FED|FIR|FPS|CN) *- )")
_LINES_OF_PEOPLE = re.compile(
    rb"(?:(?:FAU|FED|FIR|FPS|AU|ED|IR|PS|CN|AD|AUID|IRAD) *- .*\n?(?: {6}.*\n?)*)+"
)


def cut_medline(stream: io.BufferedIOBase | Any) -> Iterator[tuple[int, bytes]]:
    """Cut an export into records: each begins with its PMID line.

    Yields:
        Offset in the uncompressed stream and bytes, without blank lines at the end.
    """
    offset, start, lines = 0, 0, list[bytes]()
    for line in stream:
        if line.startswith(b"\xef\xbb\xbf"):
            line, offset, start = line[3:], 3, 3
        if line.startswith(b"PMID-") and b"".join(lines).strip():
            yield start, b"".join(lines).rstrip()
            lines = []
        if not lines:
            start = offset
        offset += len(line)
        if lines or line.strip():
            lines.append(line)
    if lines:
        yield start, b"".join(lines).rstrip()


def read_medline(record_no: int, raw: bytes, tally: Tally) -> Tables:
    """One record of an export as rows; only records of XML files are found by offset.

    Raises:
        BadRecordError: it has no PMID, or is no UTF-8.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadRecordError(f"it is not UTF-8: {error.reason}") from error
    said = _fields(text)
    tables = empty_tables()
    add = _Adder(record_no, tables)
    article: dict[str, Any] = {
        "record_no": record_no,
        "pmid": integer(_text(said, "PMID"), "PMID") or _no_pmid(),
        "pmid_version": 0,
        "record_kind": "book" if "BTI" in said else "article",
        "record_source": "nbib",
        "record_sha256": sha256(raw).hexdigest(),
    }
    for tag in said:
        if tag not in KNOWN:
            tally["element", f"MEDLINE/{tag}"] += 1
    article |= {column: _text(said, tag) for tag, column in SCALARS.items()}
    article |= dict.fromkeys(LIST_COLUMNS)
    article |= {column: _list(said, tag) for tag, column in LISTS.items()}
    article["citation_subsets"] = (_text(said, "SB") or "").split()
    _dates(said, article)
    _journal_numbers(said, article)
    _identifiers(said, article, add)
    _indexing(said, add)
    _people(raw, add)
    _rest(said, article, add)
    row = tuple([article.get(column) for column in PARSED_COLUMNS["articles"]])
    tables["articles"].append(row)
    return tables


class _Adder:
    """Adds rows with their running number."""

    def __init__(self, record_no: int, tables: Tables) -> None:
        self.record_no = record_no
        self.tables = tables

    def __call__(self, table: str, *values: object) -> None:
        rows = self.tables[table]
        rows.append((self.record_no, len(rows) + 1, *values))


def _fields(text: str) -> dict[str, Any]:
    return dict(
        Medline.read(  # type: ignore[no-untyped-call]
            io.StringIO(text.replace("\r\n", "\n"))
        )
    )


def _text(said: dict[str, Any], tag: str) -> str | None:
    value = said.get(tag)
    return (" ".join(value) if isinstance(value, list) else value) or None


def _list(said: dict[str, Any], tag: str) -> list[str]:
    value = said.get(tag) or []
    return value if isinstance(value, list) else [value]


def _no_pmid() -> int:
    raise BadRecordError("PMID is 0")


def _dates(said: dict[str, Any], article: dict[str, Any]) -> None:
    if words := _text(said, "DP"):
        found = read_words(words)
        article |= {
            "issue_date_verbatim": words,
            "issue_year": found.year,
            "issue_month": found.month,
            "issue_day": found.day,
            "issue_date_precision": found.precision,
        }
    if words := _text(said, "DEP"):
        found = partial_date(_eight_digits(words))
        article |= {
            "electronic_date_verbatim": words,
            "electronic_year": found.year,
            "electronic_month": found.month,
            "electronic_day": found.day,
        }
    for tag, column in (("DCOM", "date_completed"), ("LR", "date_revised")):
        article[column] = whole_date(_eight_digits(_text(said, tag) or ""))


def _eight_digits(text: str) -> list[tuple[str, str]]:
    return [("Year", text[:4]), ("Month", text[4:6]), ("Day", text[6:8])]


def _journal_numbers(said: dict[str, Any], article: dict[str, Any]) -> None:
    for number, kind in _ISSN.findall(_text(said, "IS") or ""):
        if kind == "Linking":
            article.setdefault("issn_linking", number)
        else:
            article.setdefault("issn", number)
            article.setdefault("issn_type", kind)
    if words := _text(said, "RF"):
        article["number_of_references"] = int(words) if words.isdecimal() else None


def _identifiers(said: dict[str, Any], article: dict[str, Any], add: _Adder) -> None:
    located = _TYPED_ID.findall(_text(said, "LID") or "")
    own = [pair for text in _list(said, "AID") for pair in _TYPED_ID.findall(text)]
    for value, kind in located:
        add("article_identifiers", "ELocationID", kind, value, True)
    for value, kind in own:
        add("article_identifiers", "ArticleId", kind, value, None)
    if pmc := _text(said, "PMC"):
        article["pmc_id"] = pmc
        add("article_identifiers", "ArticleId", "pmc", pmc, None)
    for value in _list(said, "ISBN"):
        add("article_identifiers", "Isbn", None, value.split(" (")[0], None)
    article["doi"] = next((value for value, kind in (*own, *located) if kind == "doi"), None)


def _indexing(said: dict[str, Any], add: _Adder) -> None:
    for name in _list(said, "PT"):
        add("publication_types", None, name)
    for heading_no, heading in enumerate(_list(said, "MH"), 1):
        descriptor, *qualifiers = heading.split("/")
        fixed = (None, descriptor.lstrip("*"), descriptor.startswith("*"), None, None)
        rows = add.tables["mesh_headings"]
        for number, qualifier in enumerate(qualifiers, 1):
            starred = qualifier.startswith("*")
            tail = (None, qualifier.lstrip("*"), starred)
            rows.append((add.record_no, heading_no, number, *fixed, *tail))
        if not qualifiers:
            rows.append((add.record_no, heading_no, 0, *fixed, None, None, None))
    for substance in _list(said, "RN"):
        found = _SUBSTANCE.match(substance)
        if found:
            add("chemicals", None, found[2], found[1])
        else:
            add("chemicals", None, substance, None)
    for name in _list(said, "NM"):
        add("chemicals", None, name, None)
    for keyword in _list(said, "OT"):
        starred = keyword.startswith("*")
        add("keywords", _text(said, "OTO"), keyword.removeprefix("*"), starred)


def _people(raw: bytes, add: _Adder) -> None:
    """Who is whose: in an export a person's lines follow the full name, up to the next one."""
    for block in _FULL_NAME.split(raw)[1:]:
        own = _LINES_OF_PEOPLE.match(block)
        said = _fields(own[0].decode("utf-8")) if own else {}
        given = list(said)[:1]
        rows = add.tables["authors"]
        if given == ["CN"]:
            for name in _list(said, "CN"):
                add("authors", "author", None, None, None, None, name, None, [], True, None)
        elif given and given[0] in PEOPLE:
            kind, short_tag = PEOPLE[given[0]]
            full, short = _list(said, given[0])[0], (_list(said, short_tag) or [""])[0]
            last, _, fore = full.partition(", ")
            initials, _, suffix = short.removeprefix(last).strip().partition(" ")
            if suffix:
                fore = fore.removesuffix(f" {suffix}").removesuffix(f", {suffix}")
            identifiers = _list(said, "AUID")
            orcids = (normal_orcid(text) for text in identifiers if text.startswith("ORCID"))
            parts = (last, fore or None, initials or None, suffix or None, None)
            add("authors", kind, *parts, next(orcids, None), identifiers, True, None)
        for number, place in enumerate((*_list(said, "AD"), *_list(said, "IRAD")), 1):
            add.tables["affiliations"].append((add.record_no, len(rows), number, place, []))


def _rest(said: dict[str, Any], article: dict[str, Any], add: _Adder) -> None:
    if text := _text(said, "AB"):
        add("abstract_sections", "main", None, None, None, text)
    for number, text in enumerate(_list(said, "OAB")):
        language = next(iter(_list(said, "OABL")[number:]), None)
        add("abstract_sections", "other", language, None, None, text)
    for text in _list(said, "GR"):
        *front, country = text.split("/")
        country_or_none, agency = (country, front.pop()) if front else (None, country)
        acronym = front.pop() if len(front) > 1 else None
        add("grants", "/".join(front) or None, acronym, agency, country_or_none)
    for text in _list(said, "SI"):
        databank, _, accession = text.partition("/")
        add("databank_accessions", databank, accession or None)
    for tag, ref_type in LINKS.items():
        for text in _list(said, tag):
            found = _LINKED.search(text)
            linked = int(found[1]) if found and int(found[1]) <= LARGEST_INTEGER else None
            add("article_links", ref_type, text, linked, None, None)
    for tag, status in HISTORY.items():
        for text in _list(said, tag):
            add("history_dates", status, text, _event(text))
    for text, status in (p for t in _list(said, "PHST") for p in _TYPED_ID.findall(t)):
        add("history_dates", status, text, _event(text))
    if article["record_kind"] == "book":
        book: dict[str, Any] = {
            "book_title": _text(said, "BTI"),
            "publisher_name": _text(said, "PB"),
            "collection_title": _text(said, "CTI"),
            "location_labels": [],
            "sections": [],
            "items": [],
        }
        article["title"] = article["title"] or book["book_title"]
        columns = PARSED_COLUMNS["books"][1:]
        add.tables["books"].append((add.record_no, *[book.get(column) for column in columns]))


def _event(text: str) -> datetime | None:
    found = _STAMP.match(text)
    names = ("Year", "Month", "Day", "Hour", "Minute")
    if not found:
        return None
    return moment([(n, v) for n, v in zip(names, found.groups(), strict=True) if v])
