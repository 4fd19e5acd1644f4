"""MEDLINE text exports (.nbib): the same rows, as far as such an export can give them.

Tags as in NLM's "MEDLINE/PubMed Data Element (Field) Descriptions" and PubMed's help. The lines
of a field are put together first (`medline_lines`), since Bio.Medline takes those of most tags
for entries of their own; it then reads the tags. Where order matters, or where it joins entries,
the fields themselves are read. An export has no UIs, no versions, no references and no parts of
the abstract; `record_source` says nbib, so that the XML of the same PMID always wins over it.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Any

from pipeline.pubmed.parsing.context import BadRecordError, integer
from pipeline.pubmed.parsing.dates import Part, partial_date, read_words, small_number, whole_date
from pipeline.pubmed.parsing.medline_lines import (
    BOOK_ONLY,
    BOOKS,
    IS_BOOK,
    KNOWN,
    LISTS,
    OWN_NOTE,
    PEOPLE,
    SCALARS,
    Field,
    MedlineCut,
    read_fields,
)
from pipeline.pubmed.parsing.medline_parts import (
    Adder,
    Said,
    abstracts,
    each,
    entries,
    grants,
    history,
    identifiers,
    indexing,
    links,
    text_of,
)
from pipeline.pubmed.parsing.people import exported_people
from pipeline.pubmed.parsing.tables import (
    LARGEST_SMALLINT,
    LIST_COLUMNS,
    PARSED_COLUMNS,
    Tables,
    Tally,
    empty_tables,
)

_ISSN = re.compile(r"(\S+)(?: \((\w+)\))?")


def read_medline(record_no: int, cut: MedlineCut, tally: Tally) -> Tables:
    """One record of an export as rows; only records of XML files are found by offset.

    Raises:
        BadRecordError: it is cut, not one record, has no PMID, is not UTF-8, or has more rows than
            can be numbered.
    """
    from Bio import Medline  # here, since few runs read an export

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
    add = Adder(record_no, tables)
    is_book = not IS_BOOK.isdisjoint(said)
    article: dict[str, Any] = {
        "record_no": record_no,
        "pmid": integer(text_of(said, "PMID"), "PMID") or _no_pmid(),
        "pmid_version": 0,
        "record_kind": "book" if is_book else "article",
        "record_source": "nbib",
        "record_sha256": sha256(cut.raw).hexdigest(),
    }
    for tag in said:
        if tag not in KNOWN or (tag in BOOK_ONLY and not is_book):
            tally["element", f"MEDLINE/{tag}"] += 1
    for tag, column in SCALARS.items():
        article[column] = article.get(column) or text_of(said, tag)
    article |= dict.fromkeys(LIST_COLUMNS)
    article |= {column: entries(said, tag) for tag, column in LISTS.items()}
    article["citation_subsets"] = (text_of(said, "SB") or "").split()
    article["general_notes"] = [
        note for note in article["general_notes"] if not note.startswith(OWN_NOTE)
    ]
    _dates(said, article, tally)
    _numbers(said, fields, article)
    identifiers(fields, article, add)
    indexing(said, fields, add)
    abstracts(fields, add)
    grants(said, add)
    links(said, add)
    history(fields, add)
    if is_book:
        _book(said, article, add)
    else:
        article["journal_country"] = text_of(said, "PL")
    _people(record_no, fields, article, tables, tally)
    for table, rows in tables.items():
        if len(rows) > LARGEST_SMALLINT and table != "affiliations":
            raise BadRecordError(f"it has {len(rows)} rows of {table}")
    row = tuple([article.get(column) for column in PARSED_COLUMNS["articles"]])
    tables["articles"].append(row)
    return tables


def _check_is_one(fields: list[Field]) -> None:
    """Refuse what is not a record, and two in one: the PMID line between them is damaged."""
    if not fields or fields[0][0] != "PMID":
        raise BadRecordError("it does not begin with a PMID")
    for tag in ("STAT", "OWN", "JID"):  # a single word each, never repeated
        if sum(found == tag for found, _ in fields) > 1:
            raise BadRecordError(f"it has two {tag} lines: the PMID between two records is missing")


def _no_pmid() -> int:
    raise BadRecordError("PMID is 0")


def _dates(said: Said, article: dict[str, Any], tally: Tally) -> None:
    if words := text_of(said, "DP"):
        found = read_words(words)
        article |= {
            "issue_date_verbatim": words,
            "issue_year": found.year,
            "issue_month": found.month,
            "issue_day": found.day,
            "issue_date_precision": found.precision,
        }
    if words := text_of(said, "DEP") or text_of(said, "CTDT"):
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
        if words := text_of(said, tag):
            article[column] = whole_date(_eight_digits(words))
            if article[column] is None:
                tally["value", f"MEDLINE/{tag}={words[:40]}"] += 1


def _eight_digits(text: str) -> tuple[Part, ...]:
    plain = text.replace("/", "")
    return ("Year", plain[:4]), ("Month", plain[4:6]), ("Day", plain[6:8])


def _numbers(said: Said, fields: list[Field], article: dict[str, Any]) -> None:
    for issn, kind in (found for text in each(fields, "IS") for found in _ISSN.findall(text)):
        if kind == "Linking":
            article.setdefault("issn_linking", issn)
        elif "issn" not in article:
            article |= {"issn": issn, "issn_type": kind or None}
    article["number_of_references"] = small_number(text_of(said, "RF") or "")


def _book(said: Said, article: dict[str, Any], add: Adder) -> None:
    """What BTI, PB and their like say; volume and place are the book's, not a journal's."""
    book: dict[str, Any] = {column: text_of(said, tag) for tag, column in BOOKS.items()}
    book |= {
        "location_labels": [f"chapter: {text}" for text in entries(said, "CP")],
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
    authors, affiliations, stray = exported_people(record_no, fields, kinds)
    tables["authors"] += authors
    tables["affiliations"] += affiliations
    for place in stray:
        tally["value", f"MEDLINE/AD={place[:40]}"] += 1
    if affiliations and max(row[2] for row in affiliations) > LARGEST_SMALLINT:
        raise BadRecordError("somebody in it has too many affiliations")
