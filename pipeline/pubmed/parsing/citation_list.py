"""Lists of citations as CSV: the columns PMID, DOI, year and title, and perhaps the journal.

Other lists that people write are read row by row as these are; a mistake is reported with its line.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, BinaryIO

from pipeline.errors import ConfigurationError
from pipeline.identifiers import normal_doi, same_doi
from pipeline.pubmed.parsing.dates import read_words, small_number
from pipeline.pubmed.parsing.tables import (
    LARGEST_INTEGER,
    LIST_COLUMNS,
    PARSED_COLUMNS,
    Tables,
    Tally,
)

COLUMNS_NEEDED = ("pmid", "doi", "year", "title")
COLUMNS_READ = {"journal": "journal_title"}
FAULTS_SHOWN = 5


def read_citations(
    stream: BinaryIO, name: str, first_record_no: int, tally: Tally
) -> Iterator[Tables]:
    """The rows of each citation of a list.

    Args:
        stream: the uncompressed list.
        name: of the list, for messages.
        first_record_no: number of its first citation.
        tally: columns that are not read are counted here.

    Raises:
        ConfigurationError: the list lacks a column, or lines name no article or one twice; such
            lines are reported together at the end.
    """
    known: dict[str, int] = {}
    faults: list[str] = []
    number = first_record_no
    for row in read_rows(_lines(stream, name), name, COLUMNS_NEEDED):
        if number == first_record_no and not faults:
            for column in row.cells.keys() - {*COLUMNS_NEEDED, *COLUMNS_READ}:
                tally["attribute", f"citation list@{column}"] += 1
        try:
            pmid, doi = _identifiers(row)
            _see_that_it_is_new(row, pmid, doi, known)
        except ValueError as error:
            faults.append(f"line {row.line}: {error}")
            continue
        yield _citation(number, row, pmid, doi)
        number += 1
    if faults:
        more = f"; and {len(faults) - FAULTS_SHOWN} more" if len(faults) > FAULTS_SHOWN else ""
        raise ConfigurationError(
            f"{name}, {'; '.join(faults[:FAULTS_SHOWN])}{more}.",
            effect="Nothing of the list was kept.",
            next_step="correct these lines, or remove them.",
        )


def _lines(stream: Iterable[bytes], name: str) -> Iterator[str]:
    """The lines of a CSV as text."""
    for line in stream:
        try:
            yield line.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise ConfigurationError(f"{name} is not UTF-8: {error}.") from error


def pmid_of_doi(doi: str) -> int:
    """A negative number that stands for a citation known only by its DOI, always the same.

    How the DOI is written does not matter (see `same_doi`).
    """
    plain = same_doi(doi) or doi.strip().lower()
    return -(int.from_bytes(sha256(plain.encode()).digest()[:8], "big") % LARGEST_INTEGER + 1)


def _identifiers(row: Row) -> tuple[int | None, str | None]:
    """PMID and DOI of a row.

    Raises:
        ValueError: it has neither, or what stands in their place is not an identifier.
    """
    given, written = row.get("pmid"), row.get("doi")
    pmid = small_number(given) if given else None
    if given and not pmid:
        raise ValueError(f"{given!r} is not a PMID")
    doi = normal_doi(written)
    if written and not doi:
        raise ValueError(f"{written!r} is not a DOI")
    if not pmid and not doi:
        raise ValueError("the citation has neither PMID nor DOI")
    return pmid, doi


def _see_that_it_is_new(row: Row, pmid: int | None, doi: str | None, known: dict[str, int]) -> None:
    """Keep in mind which article stands in which line.

    Two PMIDs with one DOI are two records of PubMed; a DOI without PMID may be either.

    Args:
        row: the row.
        pmid: its PMID.
        doi: its DOI.
        known: identifiers of earlier rows and their lines; those of this row are added.

    Raises:
        ValueError: the article stands in an earlier line already.
    """
    by_pmid = f"PMID {pmid}" if pmid else None
    by_doi = f"DOI {doi.lower()}" if doi else None
    alone = f"{by_doi} alone" if by_doi else None
    repeated = [by_pmid, alone if pmid else by_doi]
    for name in repeated:
        if name and name in known:
            shown = name.removesuffix(" alone")
            raise ValueError(f"{shown} stands in line {known[name]} already")
    for name in (by_pmid, by_doi, None if pmid else alone):
        if name:
            known.setdefault(name, row.line)


def _citation(number: int, row: Row, pmid: int | None, doi: str | None) -> Tables:
    """The rows of a citation; the DOI stands among the identifiers too."""
    year = row.get("year")
    date = read_words(year or "")
    article: dict[str, Any] = {
        "record_no": number,
        "pmid": pmid or pmid_of_doi(doi or ""),
        "pmid_version": 0,
        "record_kind": "citation",
        "record_source": "sparse",
        "title": row.get("title"),
        "doi": doi,
        "issue_date_verbatim": year,
        "issue_year": date.year,
        "issue_date_precision": date.precision if year else None,
        "record_sha256": sha256(row.text.encode()).hexdigest(),
        **{column: [] for column in LIST_COLUMNS},
        **{column: row.get(name) for name, column in COLUMNS_READ.items()},
    }
    tables: Tables = {"articles": [tuple(map(article.get, PARSED_COLUMNS["articles"]))]}
    if doi:
        tables["article_identifiers"] = [(number, 1, "ArticleId", "doi", doi, None)]
    return tables


# -- The rows of a CSV

_NOTHING = frozenset((
    "na", "n/a", "n.a.", "n.a", "#n/a", "nan", "none", "null", "nil", "not available",
    "-", "--", "---", "–", "—", "?",
))  # fmt: skip
"""What people and programs write into a cell that has nothing to say, in lower case."""


@dataclass(frozen=True)
class Row:
    """One row.

    Attributes:
        line: the line it begins in, counted from 1.
        text: as it stands in the file, without its line end.
        cells: column (lower case) to text without blanks around it.
    """

    line: int
    text: str
    cells: dict[str, str]

    def get(self, column: str) -> str | None:
        """What a cell says; None where it is empty or says that there is nothing."""
        text = self.cells.get(column, "")
        return None if not text or text.casefold() in _NOTHING else text


_LONGEST_CELL = 131_072
"""Characters of a cell; a longer one is a quote that was never closed."""


def read_rows(lines: Iterable[str], name: str, needed: Sequence[str]) -> Iterator[Row]:
    """The rows of a CSV with a head line; rows without any character are left out.

    Args:
        lines: the lines with their ends.
        name: of the file, for messages.
        needed: columns that must be there.

    Raises:
        ConfigurationError: a column is missing, a quote is never closed, or a row has more or
            fewer fields than the head; the message names the line.
    """
    taken: list[str] = []
    csv.field_size_limit(_LONGEST_CELL)  # of the process: another reader may have raised it
    reader = csv.reader(_keeping(lines, taken), strict=True)
    head: list[str] | None = None
    line = 1
    try:
        for fields in reader:
            if head is None:
                head = [column.strip().lower() for column in fields]
                _check_head(head, name, needed)
            elif fields and len(fields) != len(head):
                raise refusal(
                    name, line, f"it has {len(fields)} fields, and the first line names {len(head)}"
                )
            elif fields:
                cells = [field.strip() for field in fields]
                text = "".join(taken).rstrip("\r\n")
                yield Row(line, text, dict(zip(head, cells, strict=True)))
            line = reader.line_num + 1
            taken.clear()
    except csv.Error as error:
        raise refusal(name, line, f"the row that begins here cannot be read: {error}") from error
    if head is None:
        _check_head([], name, needed)


def _keeping(lines: Iterable[str], taken: list[str]) -> Iterator[str]:
    """The lines; each is put into `taken` as it passes."""
    for line in lines:
        taken.append(line)
        yield line


def _check_head(head: list[str], name: str, needed: Sequence[str]) -> None:
    if missing := [column for column in needed if column not in head]:
        raise ConfigurationError(
            f"{name} has no column {', '.join(missing)}.",
            effect="Nothing of it was kept.",
            next_step=f"name the columns {', '.join(needed)} in its first line.",
        )
    if twice := sorted({column for column in head if column and head.count(column) > 1}):
        raise refusal(name, 1, f"the column {twice[0]} is there twice")


def refusal(name: str, line: int, what: str) -> ConfigurationError:
    """The error that names file, line and what is wrong there."""
    return ConfigurationError(
        f"{name}, line {line}: {what}.",
        effect="Nothing of the list was kept.",
        next_step="correct the line, or remove it.",
    )
