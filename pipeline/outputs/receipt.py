"""The receipt of a run: what came, what changed, what could not be done."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

import duckdb

from pipeline.escaping import for_markdown, for_terminal_lines
from pipeline.evidence.curation import NOT_HELD
from pipeline.outputs import headline
from pipeline.outputs.headline import Headline
from pipeline.outputs.wording import sentences

MISSED_SHOWN = 5
PMIDS_SHOWN = 20

_COLUMNS = {
    "members": "found",
    "entered": "new",
    "left": "left",
    "retracted": "retracted",
    "preprints": "preprints",
    "notices": "notices",
    "unclassified": "unclassified",
    "undated": "undated",
    "pubmed_only": "unexplained",
    "local_only": "local only",
}


@dataclass(frozen=True)
class Receipt:
    """Numbers and sentences of one run, for terminal, journal and artifact.

    Attributes:
        searches: per search the counts named in `_COLUMNS`.
        records: what `load.merge` counts.
        known_missed: known articles not among the members of `kratom`.
        known_total: how many are known.
        known_listed: found only because a file or list gave the very citation.
        unknown_values: elements and values of the input that no rule names, with counts.
        requests: requests sent to PubMed.
        is_full_read: whether every record was read again.
        is_unchanged: whether nothing differed from the run before.
        notes: what else the reader should know, one sentence each.
        first_sentences: what each headline search finds of studies in people (marts.answer).
    """

    run_id: str
    origin: str
    as_of: datetime
    set_id: str = ""
    statement: str = ""
    searches: dict[str, dict[str, int]] = field(default_factory=dict)
    records: dict[str, int] = field(default_factory=dict)
    records_read: int | None = None
    known_missed: list[str] = field(default_factory=list)
    known_total: int = 0
    known_listed: int = 0
    unknown_values: dict[str, int] = field(default_factory=dict)
    requests: int = 0
    is_full_read: bool = True
    is_unchanged: bool = False
    notes: list[str] = field(default_factory=list)
    seconds: float | None = None
    first_sentences: list[str] = field(default_factory=list)
    tables: list[Headline] = field(default_factory=list)
    published_path: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For the journal; the tables stand in the published set."""
        values = asdict(self)
        del values["tables"]
        return values

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Receipt:
        """Back from the journal."""
        return cls(**{**values, "as_of": datetime.fromisoformat(str(values["as_of"]))})

    def lines(self) -> list[str]:
        """What happened, one sentence a line."""
        sentences = [f"As of {self.as_of:%Y-%m-%d %H:%M} UTC, set {self.set_id}."]
        sentences += self.first_sentences
        if self.statement:
            sentences.append(self.statement)
        records = ", ".join(f"{number} {name}" for name, number in self.records.items())
        if self.records_read is not None:
            records = (
                f"{self.records_read} in the files; of those that match or are held: {records}"
            )
        sentences.append(f"Records: {records}.")
        if self.requests:
            how = "all records read" if self.is_full_read else "only what may have changed read"
            sentences.append(f"{self.requests} requests; {how}.")
        if self.is_unchanged:
            sentences.append("Nothing differs from the last run but the date of the search.")
        if self.known_total:
            found = self.known_total - len(self.known_missed)
            listed = (
                f", {self.known_listed} of them by their own citation" if self.known_listed else ""
            )
            sentences.append(f"Known kratom articles: {found} of {self.known_total} found{listed}.")
            sentences += [f"  missed: {name}" for name in self.known_missed[:MISSED_SHOWN]]
            if len(self.known_missed) > MISSED_SHOWN:
                more = len(self.known_missed) - MISSED_SHOWN
                sentences.append(f"  and {more} more: FROM ops.known_articles WHERE NOT is_member")
        if self.unknown_values:
            names = "; ".join(f"{name} ({n})" for name, n in sorted(self.unknown_values.items()))
            sentences.append(f"Not known to the rules, kept out of the tables: {names}.")
        sentences += self.notes
        return sentences

    def text(self) -> str:
        """For the terminal: receipt, then the headline tables."""
        parts = [[*self.lines(), "", *self._grid_text()], *(table.lines() for table in self.tables)]
        parts.append(["* this year, not over; ~ last year, indexing still adds; + dated ahead."])
        if self.published_path:
            seconds = "" if self.seconds is None else f" ({self.seconds:.1f} s)"
            parts.append([f"Published: {self.published_path}{seconds}"])
        return "\n\n".join(map(for_terminal_lines, parts))

    def markdown(self) -> str:
        """For digest.md and the Prefect artifact."""
        sentences = map(for_markdown, self.lines())
        head = ["# ketum update", "", *(f"- {line}" for line in sentences), ""]
        names = list(_COLUMNS.values())
        head += ["| search | " + " | ".join(names) + " |", "|---" + "|--:" * len(names) + "|"]
        for search, counts in self.searches.items():
            cells = [str(counts.get(key, 0)) for key in _COLUMNS]
            head.append(f"| {for_markdown(search)} | " + " | ".join(cells) + " |")
        return "\n".join([*head, "", *(table.markdown() + "\n" for table in self.tables)])

    def _grid_text(self) -> list[str]:
        keys = [
            key
            for key in _COLUMNS
            if key in ("members", "entered", "left")
            or any(counts.get(key) for counts in self.searches.values())
        ]
        lines = [["search", *(_COLUMNS[key] for key in keys)]]
        for search, counts in self.searches.items():
            lines.append([search, *(str(counts.get(key, 0)) for key in keys)])
        return headline.aligned(lines)


def completed(con: duckdb.DuckDBPyConnection, receipt: Receipt) -> Receipt:
    """A run's receipt with what the marts say that it just built."""
    rows = con.execute(
        """
        SELECT search, statement, held_retracted_count, held_preprint_count, held_notice_count,
            held_unclassified_count, held_undated_count
        FROM marts.search_totals
        """
    ).fetchall()
    searches = dict(receipt.searches)
    statement, notes = receipt.statement, list(receipt.notes)
    names = ("retracted", "preprints", "notices", "unclassified", "undated")
    for search, said, *counts in rows:
        statement = said
        searches[search] = searches[search] | dict(zip(names, counts, strict=True))
    known_missed = [
        f"{title or doi or ''} ({'PMID ' + str(pmid) if pmid else 'doi ' + str(doi)})"
        for pmid, doi, title in con.execute(
            "SELECT pmid, doi, title FROM ops.known_articles WHERE NOT is_member ORDER BY position"
        ).fetchall()
    ]
    unread = con.execute(
        "SELECT pmid, list(DISTINCT search ORDER BY search), any_value(reason) "
        "FROM ops.unread_records GROUP BY pmid ORDER BY pmid"
    ).fetchall()
    if unread:
        named = "; ".join(
            f"PMID {pmid} ({', '.join(searches)}): {reason}"
            for pmid, searches, reason in unread[:MISSED_SHOWN]
        )
        notes.append(
            f"{len(unread)} listed record(s) could not be read ({named}): until they can be, each "
            "count of these searches may be as much higher; all are in marts.unread_records."
        )
    unmet = con.execute(
        "SELECT pmid, expect, automatic_value FROM evidence.overrides "
        "WHERE NOT is_expectation_met ORDER BY pmid"
    ).fetchall()
    if unmet:
        named = "; ".join(f"PMID {p}: {old}, now {new}" for p, old, new in unmet[:MISSED_SHOWN])
        notes.append(
            f"{len(unmet)} override(s) no longer meet what they expect ({named}): "
            "look again with `ketum explain PMID`; all are in evidence.overrides."
        )
    notes += decisions_without_effect(con)
    if not_held := _number(
        con,
        f"SELECT count(*) FROM evidence.claim_evidence WHERE stale_reason = '{NOT_HELD}'",  # noqa: S608
    ):
        notes.append(
            f"{not_held} reading(s) of claims are of records not held here, quotes unchecked: "
            "`ketum claims --check` lists them."
        )
    return replace(
        receipt,
        statement=statement,
        searches=searches,
        known_total=_number(con, "SELECT count(*) FROM ops.known_articles"),
        known_listed=_number(con, "SELECT count(*) FROM ops.known_articles WHERE is_only_listed"),
        known_missed=known_missed,
        notes=notes,
        first_sentences=sentences(con, searches),
        tables=headlines(con, searches),
    )


def decisions_without_effect(con: duckdb.DuckDBPyConnection) -> list[str]:
    """What people decided or read and no table shows, in sentences: never ignored in silence."""
    kinds = (
        (
            "decision(s) of overrides.toml are about records not held here, and change nothing",
            # the file serves warehouses of all origins: only a live search should hold them all
            "SELECT DISTINCT pmid FROM evidence.overrides WHERE automatic_value IS NULL "
            "AND (SELECT origin FROM ops.warehouse) = 'pubmed'",
        ),
        (
            "decision(s) of overrides.toml are about records that no search finds now, and show "
            "in no table",
            "SELECT DISTINCT pmid FROM evidence.overrides WHERE automatic_value IS NOT NULL "
            "AND pmid NOT IN (SELECT pmid FROM marts.articles)",
        ),
        (
            "reading(s) of claims no longer hold, since the text changed or the article was "
            "retracted",
            "SELECT pmid FROM evidence.claim_evidence "
            "WHERE stale_reason IS NOT NULL AND stale_reason <> 'not held'",
        ),
        (
            "reading(s) of claims are of records that the rules do not find for the claim: they "
            "stand in marts.claim_readings alone",
            "SELECT pmid FROM evidence.claim_evidence "
            "WHERE stale_reason IS DISTINCT FROM 'not held' "
            "AND (claim, pmid) NOT IN (SELECT (claim, pmid) FROM marts.claim_articles)",
        ),
    )
    sentences = []
    for what, query in kinds:
        pmids = [pmid for (pmid,) in con.execute(f"{query} ORDER BY pmid").fetchall()]
        if pmids:
            shown = ", ".join(map(str, pmids[:PMIDS_SHOWN]))
            more = "" if len(pmids) <= PMIDS_SHOWN else " ..."
            sentences.append(f"{len(pmids)} {what} (PMID {shown}{more}).")
    return sentences


def older_texts(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Which records came with another text than the one held, and no newer, after the load."""
    sentences = []
    for is_same_date, what in (
        (False, "a text older by its own date than the one held, which stays"),
        (
            True,
            "another text of the same date as the one held, which stays, as the file that came is "
            "not later by its name",
        ),
    ):
        rows = con.execute(
            "SELECT pmid, delivered, held FROM older_copies WHERE is_same_date = ? ORDER BY pmid",
            [is_same_date],
        ).fetchall()
        named = "; ".join(
            f"PMID {pmid}: {delivered}, held is {held}"
            for pmid, delivered, held in rows[:PMIDS_SHOWN]
        )
        more = "" if len(rows) <= PMIDS_SHOWN else f"; and {len(rows) - PMIDS_SHOWN} more"
        if rows:
            sentences.append(
                f"{len(rows)} record(s) came with {what} ({named}{more}): kept in "
                "core.article_revisions."
            )
    return sentences


def headlines(con: duckdb.DuckDBPyConnection, searches: Container[str]) -> list[Headline]:
    """The headline tables of the headline searches among these."""
    rows = con.execute(
        "SELECT search FROM evidence.searches WHERE is_headline ORDER BY display_order"
    ).fetchall()
    return headline.headlines(con, [name for (name,) in rows if name in searches])


def _number(con: duckdb.DuckDBPyConnection, query: str) -> int:
    row = con.execute(query).fetchone()
    assert row is not None
    return int(row[0])
