"""Which records of a published set are wanted, and which of them earlier exports hold.

Earlier exports are read back in every format this package writes.
"""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import duckdb
import rispy
from bibtexparser.entrypoint import parse_string

from pipeline.errors import ConfigurationError
from pipeline.identifiers import same_doi
from pipeline.outputs.citations.citation import Citation
from pipeline.storage import first_line, for_reading, lines, shown

_YEARS = re.compile(r"(\d{4})?(-)?(\d{4})?")

_MATCHING = """
    SELECT a.pmid
    FROM ops.search_hits AS h
    JOIN marts.articles AS a USING (pmid)
    WHERE h.search = $search AND h.left_at IS NULL
        AND ($claim IS NULL OR a.pmid IN (
            SELECT c.pmid FROM marts.claim_articles AS c JOIN evidence.claims AS q USING (claim)
            WHERE c.search = $search AND $claim IN (c.claim, q.parent)
        ))
        AND (len($study_types) = 0 OR list_contains($study_types, a.study_type))
        AND ($first_year IS NULL OR a.year >= $first_year)
        AND ($last_year IS NULL OR a.year <= $last_year)
        AND ($since IS NULL OR h.entered_at >= $since)
    ORDER BY a.year DESC NULLS LAST, a.pmid DESC
"""


@dataclass(frozen=True)
class Selection:
    """What the records must have in common.

    Attributes:
        search: the search they are members of now.
        study_types: codes of the primary study type; none means any.
        first_year: earliest year the tables count them in; a record without a year has none.
        last_year: latest such year.
        since: UTC date from which on a run of ours found them in this search. The first run
            found all that were there already.
        claim: code of a claim they address, or of one whose parts they address.
    """

    search: str
    study_types: tuple[str, ...] = ()
    first_year: int | None = None
    last_year: int | None = None
    since: date | None = None
    claim: str | None = None

    def name(self) -> str:
        """The selection as part of a file's name."""
        parts = [self.search, *([self.claim] if self.claim else []), *self.study_types]
        if self.first_year is not None or self.last_year is not None:
            years = dict.fromkeys((self.first_year, self.last_year))
            parts.append("-".join("" if year is None else str(year) for year in years))
        if self.since is not None:
            parts.append(f"since-{self.since}")
        return "_".join(parts)


def years(text: str) -> tuple[int | None, int | None]:
    """First and last year of `2024`, `2019-2024`, `2019-` or `-2024`.

    Raises:
        ConfigurationError: it is something else, or ends before it begins.
    """
    found = _YEARS.fullmatch(text)
    first, dash, last = found.groups() if found else (None, None, None)
    if not (first or last) or (not dash and last):
        raise _wrong(f"{text!r} are not years", "give them as 2024, 2019-2024, 2019- or -2024")
    if first and last and first > last:
        raise _wrong(f"The years {text} end before they begin", "give the earlier one first")
    end = last if dash else first
    return int(first) if first else None, int(end) if end else None


def matching(con: duckdb.DuckDBPyConnection, wanted: Selection) -> list[int]:
    """The pmid of every record wanted, newest year first.

    Raises:
        ConfigurationError: the set has no such search or study type, or looks for no records
            of such a claim.
    """
    _check_known(con, [wanted.search], "SELECT search FROM marts.search_totals", "search")
    _check_known(
        con, wanted.study_types, "SELECT study_type FROM evidence.study_types", "study type"
    )
    if wanted.claim is not None:
        _check_claim(con, wanted.search, wanted.claim)
    parameters = {**asdict(wanted), "study_types": list(wanted.study_types)}
    return [row[0] for row in con.execute(_MATCHING, parameters).fetchall()]


def _check_known(
    con: duckdb.DuckDBPyConnection, names: list[str] | tuple[str, ...], query: str, kind: str
) -> None:
    known = sorted(row[0] for row in con.execute(query).fetchall())
    for name in names:
        if name not in known:
            raise _wrong(f"The set has no {kind} {name!r}", f"take one of: {', '.join(known)}")


def _check_claim(con: duckdb.DuckDBPyConnection, search: str, claim: str) -> None:
    found = con.execute(
        "SELECT kind IN ('context', 'product') FROM marts.claim_totals "
        "WHERE search = ? AND claim = ?",
        [search, claim],
    ).fetchone()
    if found is None:
        raise _wrong(
            f"There is no claim {claim!r} for search {search!r}", "`ketum claims` lists them"
        )
    if found[0]:
        raise _wrong(
            f"The claim {claim!r} is not a research question on kratom: no record is looked for",
            "`ketum claims` lists those with records",
        )


def _wrong(cause: str, next_step: str) -> ConfigurationError:
    return ConfigurationError(f"{cause}.", effect="Nothing was written.", next_step=f"{next_step}.")


Identifiers = tuple[str, str]
"""PMID and DOI of a record, either of them empty when it has none."""


@dataclass(frozen=True)
class Before:
    """Records that were exported before.

    A PMID decides where there is one: an article and a comment on it may share a DOI. The DOI
    decides for citations that had, or have, no PMID.
    """

    pmids: frozenset[str]
    dois: frozenset[str]
    dois_without_pmid: frozenset[str]

    def holds(self, citation: Citation) -> bool:
        """Whether the record was exported before."""
        doi = same_doi(citation.columns["doi"])
        if citation.pmid is None:
            return doi in self.dois
        return str(citation.pmid) in self.pmids or doi in self.dois_without_pmid


def exported_before(paths: Iterable[Path]) -> Before:
    """The records of earlier exports.

    Args:
        paths: files this package wrote, in any of its formats, known by their suffix.

    Raises:
        ConfigurationError: a file cannot be read, or has no identifier at all.
    """
    pairs = {pair for path in paths for pair in _identifiers(path)}
    return Before(
        pmids=frozenset(pmid for pmid, _ in pairs if pmid),
        dois=frozenset(doi for _, doi in pairs if doi),
        dois_without_pmid=frozenset(doi for pmid, doi in pairs if doi and not pmid),
    )


def _identifiers(path: Path) -> set[Identifiers]:
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise _unreadable(path, f"its name ends in none of {', '.join(_READERS)}")
    try:
        found = {(pmid.strip(), same_doi(doi) or "") for pmid, doi in reader(path)}
    except (OSError, ValueError, AttributeError, KeyError, csv.Error, duckdb.Error) as error:
        raise _unreadable(path, first_line(error)) from None
    found.discard(("", ""))
    if not found:
        raise _unreadable(path, "no record in it has a PMID or a DOI")
    return found


def _ris(path: Path) -> Iterator[Identifiers]:
    for entry in rispy.loads(_text(path)):
        yield entry.get("accession_number", ""), entry.get("doi", "")


def _bibtex(path: Path) -> Iterator[Identifiers]:
    for entry in parse_string(_text(path)).entries:
        fields = {name.lower(): str(field.value) for name, field in entry.fields_dict.items()}
        yield fields.get("pmid", ""), fields.get("doi", "")


def _csl_json(path: Path) -> Iterator[Identifiers]:
    for item in json.loads(_text(path)):
        yield str(item.get("PMID", "")), str(item.get("DOI", ""))


def _nbib(path: Path) -> Iterator[Identifiers]:
    from Bio import Medline  # here, since few exports name an earlier one

    with path.open(encoding="utf-8-sig") as file:
        for record in Medline.parse(file):  # type: ignore[no-untyped-call]
            dois = [text for text in record.get("AID", []) if text.endswith(" [doi]")]
            yield record.get("PMID", ""), dois[0].removesuffix(" [doi]") if dois else ""


def _csv(path: Path) -> Iterator[Identifiers]:
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))  # an abstract may be longer than its default
    with path.open(encoding="utf-8-sig", newline="") as file:
        for values in csv.DictReader(file):
            # Rayyan has no column for a DOI and takes it as the address
            doi = values.get("doi") or values.get("url") or ""
            yield values.get("pmid") or values.get("pubmed_id") or "", doi


def _json_lines(path: Path) -> Iterator[Identifiers]:
    for line in lines(_text(path)):
        if not line:
            continue
        values = json.loads(line)
        yield str(values.get("pmid") or ""), values.get("doi") or ""


def _parquet(path: Path) -> Iterator[Identifiers]:
    with duckdb.connect() as con:
        rows = con.execute(
            "SELECT coalesce(pmid::VARCHAR, ''), coalesce(doi, '') "
            "FROM read_parquet(?, hive_partitioning = false)",
            [for_reading(path)],
        ).fetchall()
    yield from rows


_READERS: dict[str, Callable[[Path], Iterator[Identifiers]]] = {
    ".ris": _ris,
    ".bib": _bibtex,
    ".json": _csl_json,
    ".nbib": _nbib,
    ".csv": _csv,
    ".jsonl": _json_lines,
    ".parquet": _parquet,
}


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8-sig")


def _unreadable(path: Path, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"{shown(path)} could not be read as an earlier export: {why}.",
        effect="Nothing was written.",
        next_step="give a file that `ketum export` wrote.",
    )
