"""Which records of a published set are wanted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

import duckdb

from pipeline.errors import ConfigurationError

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
        ConfigurationError: it is none of these, or ends before it begins.
    """
    found = _YEARS.fullmatch(text)
    first, dash, last = found.groups() if found else (None, None, None)
    if not (first or last) or (not dash and last):
        raise _wrong(f"{text!r} are no years", "give them as 2024, 2019-2024, 2019- or -2024")
    if first and last and first > last:
        raise _wrong(f"The years {text} end before they begin", "give the earlier one first")
    end = last if dash else first
    return int(first) if first else None, int(end) if end else None


def matching(con: duckdb.DuckDBPyConnection, wanted: Selection) -> list[int]:
    """The pmid of every record wanted, newest year first.

    Args:
        con: a published set.
        wanted: what they must have in common.

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
    parameters = {
        "search": wanted.search,
        "claim": wanted.claim,
        "study_types": list(wanted.study_types),
        "first_year": wanted.first_year,
        "last_year": wanted.last_year,
        "since": wanted.since,
    }
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
            f"The claim {claim!r} is no research question on kratom: no record is looked for",
            "`ketum claims` lists those with records",
        )


def _wrong(cause: str, next_step: str) -> ConfigurationError:
    return ConfigurationError(f"{cause}.", effect="Nothing was written.", next_step=f"{next_step}.")
