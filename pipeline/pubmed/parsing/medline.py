"""MEDLINE text exports (.nbib): the same rows, as far as such an export can give them.

Tags as in NLM's "MEDLINE/PubMed Data Element (Field) Descriptions" and PubMed's help. The lines
of a field are put together first (`medline_lines`), since Bio.Medline takes those of most tags
for entries of their own; it then reads the tags. Where order matters, or where it joins entries,
the fields themselves are read. An export has no UIs, no versions, no references and no parts of
the abstract; `record_source` says nbib, so that the XML of the same PMID always wins over it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from typing import Any

from Bio import Medline

from pipeline.pubmed.parsing.context import BadRecordError, integer
from pipeline.pubmed.parsing.dates import (
    moment,
    partial_date,
    read_words,
    small_number,
    whole_date,
)
from pipeline.pubmed.parsing.medline_lines import Field, MedlineCut, read_fields
from pipeline.pubmed.parsing.medline_people import read_people
from pipeline.pubmed.parsing.medline_tags import (
    BOOK_ONLY,
    BOOKS,
    HISTORY,
    IS_BOOK,
    KNOWN,
    LINKS,
    LISTS,
    OWN_NOTE,
    PEOPLE,
    SCALARS,
)
from pipeline.pubmed.parsing.tables import (
    LARGEST_INTEGER,
    LARGEST_SMALLINT,
    LIST_COLUMNS,
    PARSED_COLUMNS,
    Tables,
    empty_tables,
)
from pipeline.pubmed.parsing.tally import Tally

Said = dict[str, Any]
_TYPED = re.compile(r"(.*\S)\s*\[([A-Za-z][\w-]*)\]$", re.S)
_OF_SEVERAL = re.compile(r"(\S.*?)\s*\[(doi|pii|pmc|mid|bookaccession)\](?=\s|$)", re.S)
_ISSN = re.compile(r"(\S+)(?: \((\w+)\))?")
_SUBSTANCE = re.compile(r"(.+?) \((.+)\)$", re.S)
_LINKED = re.compile(r"\bPMID: ?(\d{1,10})\b\.?")
_STAMP = re.compile(r"(\d{4})/(\d\d)/(\d\d)(?: (\d\d):(\d\d))?")
_OTHER_ID = re.compile(r"([\w-]+): (.+)", re.S)
_OTHER_ABSTRACT = re.compile(
    r"(AAMC|AIDS|KIE|PIP|NASA|Publisher|plain-language-summary): (.+)", re.S
)  # the Types of OtherAbstract in NLM's DTD
_INSTITUTE = re.compile(r"[A-Z]{2}")
_ONLY_ACRONYM = re.compile(r"[A-Z]{2,5}|[A-Za-z]{2,5}_")
_ACRONYM = re.compile(r"[A-Za-z]{2,6}_?")
_NIH_AGENCY = re.compile(r"[A-Z]{2,}|.*\b(?:NIH|HHS|PHS)")


def read_medline(record_no: int, cut: MedlineCut, tally: Tally) -> Tables:
    """One record of an export as rows; only records of XML files are found by offset.

    Raises:
        BadRecordError: it is cut, not one record, has no PMID, is no UTF-8, or has more than can
            be numbered.
    """
    if cut.is_cut:
        raise BadRecordError("the file ends in the middle of it: the export was cut")
    try:
        text = cut.raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadRecordError("it is not UTF-8") from error
    fields = read_fields(text, tally)
    _check_is_one(fields)
    said: Said = Medline.read(  # type: ignore[no-untyped-call]
        [f"{tag:<4}- {value}" for tag, value in fields]
    )
    tables = empty_tables()
    add = _Adder(record_no, tables)
    is_book = not IS_BOOK.isdisjoint(said)
    article: dict[str, Any] = {
        "record_no": record_no,
        "pmid": integer(_text(said, "PMID"), "PMID") or _no_pmid(),
        "pmid_version": 0,
        "record_kind": "book" if is_book else "article",
        "record_source": "nbib",
        "record_sha256": sha256(cut.raw).hexdigest(),
    }
    for tag in said:
        if tag not in KNOWN or (tag in BOOK_ONLY and not is_book):
            tally["element", f"MEDLINE/{tag}"] += 1
    for tag, column in SCALARS.items():
        article[column] = article.get(column) or _text(said, tag)
    article |= dict.fromkeys(LIST_COLUMNS)
    article |= {column: _list(said, tag) for tag, column in LISTS.items()}
    article["citation_subsets"] = (_text(said, "SB") or "").split()
    article["general_notes"] = [
        note for note in article["general_notes"] if not note.startswith(OWN_NOTE)
    ]
    _dates(said, article, tally)
    _numbers(said, fields, article)
    _identifiers(fields, article, add)
    _indexing(said, fields, add)
    _abstracts(fields, add)
    _grants(said, add)
    _links(said, add)
    _history(fields, add)
    if is_book:
        _book(said, article, add)
    else:
        article["journal_country"] = _text(said, "PL")
    _people(record_no, fields, article, tables, tally)
    for table, rows in tables.items():
        if len(rows) > LARGEST_SMALLINT and table != "affiliations":
            raise BadRecordError(f"it has {len(rows)} rows of {table}")
    row = tuple([article.get(column) for column in PARSED_COLUMNS["articles"]])
    tables["articles"].append(row)
    return tables


def _check_is_one(fields: list[Field]) -> None:
    """Refuse what is no record, and two in one: the PMID line between them is damaged."""
    if not fields or fields[0][0] != "PMID":
        raise BadRecordError("it does not begin with a PMID")
    for tag in ("STAT", "OWN", "JID"):  # of a single word each, never told twice
        if sum(found == tag for found, _ in fields) > 1:
            raise BadRecordError(f"it has two {tag} lines: the PMID between two records is missing")


class _Adder:
    """Adds rows with their running number."""

    def __init__(self, record_no: int, tables: Tables) -> None:
        self.record_no = record_no
        self.tables = tables

    def __call__(self, table: str, *values: object) -> None:
        rows = self.tables[table]
        rows.append((self.record_no, len(rows) + 1, *values))


def _text(said: Said, tag: str) -> str | None:
    value = said.get(tag)
    return (" ".join(value) if isinstance(value, list) else value) or None


def _list(said: Said, tag: str) -> list[str]:
    """The entries of a tag that say something."""
    value = said.get(tag) or []
    return [text for text in (value if isinstance(value, list) else [value]) if text]


def _each(fields: list[Field], *tags: str) -> Iterator[str]:
    """The entries of tags of which Bio.Medline makes one text, in order."""
    return (value for tag, value in fields if tag in tags and value)


def _no_pmid() -> int:
    raise BadRecordError("PMID is 0")


def _dates(said: Said, article: dict[str, Any], tally: Tally) -> None:
    if words := _text(said, "DP"):
        found = read_words(words)
        article |= {
            "issue_date_verbatim": words,
            "issue_year": found.year,
            "issue_month": found.month,
            "issue_day": found.day,
            "issue_date_precision": found.precision,
        }
    if words := _text(said, "DEP") or _text(said, "CTDT"):
        found = partial_date(_eight_digits(words))
        article |= {
            "electronic_date_verbatim": words,
            "electronic_year": found.year,
            "electronic_month": found.month,
            "electronic_day": found.day,
        }
    for tag, column in (
        ("DRDT", "date_revised"),
        ("LR", "date_revised"),
        ("DCOM", "date_completed"),
    ):
        if words := _text(said, tag):
            article[column] = whole_date(_eight_digits(words))
            if article[column] is None:
                tally["value", f"MEDLINE/{tag}={words[:40]}"] += 1


def _eight_digits(text: str) -> list[tuple[str, str]]:
    plain = text.replace("/", "")
    return [("Year", plain[:4]), ("Month", plain[4:6]), ("Day", plain[6:8])]


def _numbers(said: Said, fields: list[Field], article: dict[str, Any]) -> None:
    for issn, kind in (found for text in _each(fields, "IS") for found in _ISSN.findall(text)):
        if kind == "Linking":
            article.setdefault("issn_linking", issn)
        elif "issn" not in article:
            article |= {"issn": issn, "issn_type": kind or None}
    article["number_of_references"] = small_number(_text(said, "RF") or "")


def _identifiers(fields: list[Field], article: dict[str, Any], add: _Adder) -> None:
    located = [pair for text in _each(fields, "LID") for pair in _typed(text)]
    own = [pair for text in _each(fields, "AID") for pair in _typed(text)]
    for value, kind in located:
        add("article_identifiers", "ELocationID", kind, value, True)
    for value, kind in own:
        add("article_identifiers", "ArticleId", kind, value, None)
    for pmc in _each(fields, "PMC"):
        article.setdefault("pmc_id", pmc)
        if (pmc, "pmc") not in own:
            add("article_identifiers", "ArticleId", "pmc", pmc, None)
    for value in _each(fields, "MID"):
        add("article_identifiers", "ArticleId", "mid", value, None)
    for value in _each(fields, "OID"):
        source = _OTHER_ID.match(value)
        kind, value = source.groups() if source else (None, value)
        add("article_identifiers", "OtherID", kind, value, None)
    for value in _each(fields, "ISBN"):
        number, _, kind = value.partition(" (")
        add("article_identifiers", "Isbn", kind.removesuffix(")") or None, number, None)
    article["doi"] = next((value for value, kind in (*own, *located) if kind == "doi"), None)


def _typed(text: str) -> list[tuple[str, str | None]]:
    """`10.1000/x [doi]` as value and type; each of several in a line."""
    several = list(_OF_SEVERAL.finditer(text))
    if several:
        rest = text[several[-1].end() :].strip()
        return [(found[1], found[2]) for found in several] + ([(rest, None)] if rest else [])
    one = _TYPED.match(text)
    return [(one[1], one[2])] if one else [(text, None)]


def _indexing(said: Said, fields: list[Field], add: _Adder) -> None:
    for name in _list(said, "PT"):
        add("publication_types", None, name)
    for heading_no, heading in enumerate(_list(said, "MH"), 1):
        descriptor, *qualifiers = heading.split("/")
        fixed = (None, descriptor.removeprefix("*"), descriptor.startswith("*"), None, None)
        rows = add.tables["mesh_headings"]
        for number, qualifier in enumerate(qualifiers, 1):
            tail = (None, qualifier.removeprefix("*"), qualifier.startswith("*"))
            rows.append((add.record_no, heading_no, number, *fixed, *tail))
        if not qualifiers:
            rows.append((add.record_no, heading_no, 0, *fixed, None, None, None))
    substances = set()
    for substance in _list(said, "RN"):
        found = _SUBSTANCE.match(substance)
        registry_number, name = found.groups() if found else (None, substance)
        substances.add(name)
        add("chemicals", None, name, registry_number)
    for name in _list(said, "NM"):  # in old exports also the substances of RN
        if name not in substances:
            add("supplementary_concepts", None, name, None)
    owner = next(_each(fields, "OTO"), None)
    for tag, text in fields:
        if tag == "OTO":
            owner = text or None
        elif tag == "OT" and text:
            add("keywords", owner, text.removeprefix("*"), text.startswith("*"))
    for text in _list(said, "SI"):
        databank, _, accession = text.partition("/")
        add("databank_accessions", databank, accession or None)


def _abstracts(fields: list[Field], add: _Adder) -> None:
    if text := " ".join(_each(fields, "AB")):
        add("abstract_sections", "main", None, None, None, text)
    others: list[list[str | None]] = []
    before = None  # a language that stands before its abstract
    for tag, text in fields:
        if tag == "OAB" and text:
            found = _OTHER_ABSTRACT.match(text)
            kind, words = found.groups() if found else ("other", text)
            others.append([kind, before, words])
            before = None
        elif tag == "OABL" and text:
            if others and others[-1][1] is None:
                others[-1][1] = text
            else:
                before = text
    for kind, language, words in others:
        add("abstract_sections", kind, language, None, None, words)


def _grants(said: Said, add: _Adder) -> None:
    """`R01 DA1/DA/NIDA NIH HHS/United States`: number, acronym, agency, country.

    Any of the four may be missing. Numbers have slashes of their own, and before 2008 lines of
    the NIH had no country; without a country they end with a slash today. An empty acronym (`//`)
    says that there is none: what stands before it is the number.
    """
    for text in _list(said, "GR"):
        number, is_told, rest = text.partition("//")
        if is_told and not number.endswith(":"):
            agency, _, country = rest.rpartition("/")
            add("grants", number or None, None, agency or None, country or None)
            continue
        *front, country = text.split("/")
        if not front:
            is_number = any(map(str.isdigit, text))
            add("grants", *((text, None, None) if is_number else (None, None, text)), None)
            continue
        if len(front) == 2 and _INSTITUTE.fullmatch(front[1]) and _NIH_AGENCY.fullmatch(country):
            front, country = [*front, country], ""
        agency = front.pop()
        shape = _ACRONYM if len(front) > 1 else _ONLY_ACRONYM
        acronym = front.pop() if front and shape.fullmatch(front[-1]) else None
        add("grants", "/".join(front) or None, acronym, agency or None, country or None)


def _links(said: Said, add: _Adder) -> None:
    """`J Y. 2021;1:2. PMID: 777`: PubMed puts a full stop where RefSource has none but a DOI's."""
    for tag, ref_type in LINKS.items():
        for text in _list(said, tag):
            found = next(reversed(list(_LINKED.finditer(text))), None)
            is_last = found is not None and found.end() == len(text)
            source = text[: found.start()].rstrip() if found and is_last else text
            if "doi:" not in source and "pii:" not in source:
                source = source.removesuffix(".")
            number = int(found[1]) if found else 0
            linked = number if 0 < number <= LARGEST_INTEGER else None
            add("article_links", ref_type, source or None, linked, None, None)


def _history(fields: list[Field], add: _Adder) -> None:
    """The tags of single dates, which PHST repeats today, and PHST."""
    told = [(status or "", text) for line in _each(fields, "PHST") for text, status in _typed(line)]
    days = {(status, text[:10]) for status, text in told}
    single = [
        (status, text)
        for tag, status in HISTORY.items()
        for text in _each(fields, tag)
        if (status, text[:10]) not in days
    ]
    for status, text in (*single, *told):
        add("history_dates", status, text, _event(text))


def _event(text: str) -> datetime | None:
    found = _STAMP.match(text)
    names = ("Year", "Month", "Day", "Hour", "Minute")
    if not found:
        return None
    return moment([(n, v) for n, v in zip(names, found.groups(), strict=True) if v])


def _book(said: Said, article: dict[str, Any], add: _Adder) -> None:
    """What BTI, PB and their like say; volume and place are the book's, not a journal's."""
    book: dict[str, Any] = {column: _text(said, tag) for tag, column in BOOKS.items()}
    book |= {
        "location_labels": [f"chapter: {text}" for text in _list(said, "CP")],
        "sections": [],
        "items": [],
    }
    article["volume"] = None
    columns = PARSED_COLUMNS["books"][1:]
    add.tables["books"].append((add.record_no, *[book.get(column) for column in columns]))


def _people(
    record_no: int, fields: list[Field], article: dict[str, Any], tables: Tables, tally: Tally
) -> None:
    """Editors of a book are the book's; so are the authors where no chapter has a title."""
    kinds = dict(PEOPLE)
    if article["record_kind"] == "book":
        kinds["FED"] = "book_editor"
        if not article["title"]:
            kinds["FAU"] = "book_author"
            (book,) = tables["books"]
            article["title"] = book[PARSED_COLUMNS["books"].index("book_title")]
    authors, affiliations, stray = read_people(record_no, fields, kinds)
    tables["authors"] += authors
    tables["affiliations"] += affiliations
    for place in stray:
        tally["value", f"MEDLINE/AD={place[:40]}"] += 1
    if affiliations and max(row[2] for row in affiliations) > LARGEST_SMALLINT:
        raise BadRecordError("somebody in it has too many affiliations")
