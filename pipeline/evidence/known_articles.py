"""Articles that a good search must find: known_articles.csv."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from pipeline.csv_rows import Row, read_rows, refusal
from pipeline.errors import ConfigurationError
from pipeline.identifiers import normal_doi

KNOWN_ARTICLES = "known_articles.csv"
_NEEDED = ("pmid", "doi", "title")


@dataclass(frozen=True)
class KnownArticle:
    """One row: PMID or DOI, or both."""

    line: int
    pmid: int | None
    doi: str | None
    title: str | None


def load_known_articles(path: Path, *, is_strict: bool = True) -> tuple[KnownArticle, ...]:
    """Read known_articles.csv.

    Args:
        path: the reference file.
        is_strict: refuse a row without a number or with that of another; else such a row is
            an article that is not found, as in the committed run that had it.

    Raises:
        ConfigurationError: naming the line: a row without PMID and DOI, with something else in
            their place, with the number of an earlier row, or one that cannot be read.
    """
    known: list[KnownArticle] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in read_rows(file, str(path), _NEEDED):
                known.append(_article(row))
                if is_strict:
                    _check(path, row, known[-1])
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"{path} is not UTF-8: {error}.",
            effect="Nothing changed.",
            next_step="save it as UTF-8 and run again.",
        ) from None
    seen: dict[int | str, int] = {}
    for one in known if is_strict else ():
        number = one.pmid or (one.doi or "").lower()
        if number in seen:
            raise refusal(str(path), one.line, f"{number} stands in line {seen[number]} already")
        seen[number] = one.line
    return tuple(known)


def _article(row: Row) -> KnownArticle:
    pmid = row.get("pmid") or ""
    is_pmid = re.fullmatch(r"[1-9]\d{0,8}", pmid, re.ASCII)
    doi = normal_doi(row.get("doi"))
    return KnownArticle(row.line, int(pmid) if is_pmid else None, doi, row.get("title"))


def _check(path: Path, row: Row, read: KnownArticle) -> None:
    pmid, doi = row.get("pmid"), row.get("doi")
    if pmid and not read.pmid:
        raise refusal(str(path), row.line, f"{pmid!r} is no PMID")
    if doi and not read.doi:
        raise refusal(str(path), row.line, f"{doi!r} is no DOI")
    if not pmid and not doi:
        raise refusal(str(path), row.line, "the article has neither PMID nor DOI")
