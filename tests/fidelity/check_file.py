"""Compare what ketum stored of a PubMed file with the file itself, value by value.

    python tests/fidelity/check_file.py FILE...
    python tests/fidelity/check_file.py FILE --database data/published/latest/ketum.duckdb

The first form stages FILE through ketum and compares every field of every row of every core table
with what plain XPath says (oracle.py). The second also compares a published set made by
``ketum update --from FILE``: the records kept, the membership of each search (recounted from the
XML), and the counts of the summary tables. Exit code 1 on any difference.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import resource
import sys
import time
import tomllib
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb

if __name__ == "__main__" and not __package__:
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    __package__ = "tests.fidelity"

from .oracle import COLUMNS, ORDER, Deletion, Record, Rows, read_bytes, read_file

BATCH = 1000
EXAMPLES = 3


class Differences:
    """Differences counted per place (table and column), with a few examples of each."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.examples: defaultdict[str, list[str]] = defaultdict(list)
        self.values = 0
        self.records = 0

    def add(self, place: str, example: str) -> None:
        """Count one difference."""
        self.counts[place] += 1
        if len(self.examples[place]) < EXAMPLES:
            self.examples[place].append(example)

    def compare(self, place: str, where: str, expected: object, found: object) -> None:
        """Count one value, and a difference when it is not what was expected."""
        self.values += 1
        if expected != found or type(expected) is not type(found):
            self.add(place, f"{where}: expected {_short(expected)}, found {_short(found)}")

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    def report(self, what: str) -> str:
        """Every place with its count and examples, then the final line."""
        lines = []
        for place, count in sorted(self.counts.items()):
            lines.append(f"{place}: {count} differences")
            lines += [f"    {example}" for example in self.examples[place]]
        lines.append(
            f"{self.total} differences in {self.values} values of {self.records} records ({what})"
        )
        return "\n".join(lines)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 160 else f"{text[:100]} ... {text[-50:]}"


# --- Rows of a record -------------------------------------------------------------------------


def compare_record(
    differences: Differences,
    where: str,
    expected: Rows,
    found: Rows,
    skip: Container[str] = (),
) -> None:
    """Compare every table's rows of one record, matched by their running numbers.

    Args:
        differences: where to count.
        where: which record this is, for the examples.
        expected: the rows the oracle gives.
        found: the rows stored.
        skip: columns not to compare, as table.column.
    """
    differences.records += 1
    for table, columns in COLUMNS.items():
        if table not in found:
            continue
        width = len(ORDER[table])
        stored = {row[:width]: row for row in found[table]}
        wanted = {row[:width]: row for row in expected[table]}
        if len(stored) < len(found[table]):
            differences.add(f"{table} (rows)", f"{where}: a key stands twice")
        for key in sorted(wanted.keys() | stored.keys(), key=repr):
            place = f"{where} row {'.'.join(map(str, key))}" if key else where
            if key not in stored:
                differences.values += len(columns)
                differences.add(f"{table} (rows)", f"{place} is missing: {_short(wanted[key])}")
            elif key not in wanted:
                differences.add(f"{table} (rows)", f"{place} is too many: {_short(stored[key])}")
            else:
                for column, value, held in zip(columns, wanted[key], stored[key], strict=True):
                    if f"{table}.{column}" not in skip:
                        differences.compare(f"{table}.{column}", place, value, held)


def relation_columns(con: duckdb.DuckDBPyConnection, name: str) -> set[str]:
    """Columns of [database.]schema.relation; empty when there is no such relation."""
    *database, schema, relation = name.split(".")
    query = """
        SELECT column_name FROM duckdb_columns()
        WHERE database_name = coalesce(?, current_database()) AND schema_name = ? AND table_name = ?
    """
    found = con.execute(query, [database[0] if database else None, schema, relation]).fetchall()
    return {row[0] for row in found}


def comparable_tables(
    con: duckdb.DuckDBPyConnection, schema: str, differences: Differences
) -> dict[str, tuple[str, ...]]:
    """Tables and columns to compare; a column one side does not know is a difference."""
    known: dict[str, tuple[str, ...]] = {}
    ours = {"record_no", "raw_file", "source_stamp", "first_seen_at", "changed_at"}
    for table, columns in COLUMNS.items():
        stored = relation_columns(con, f"{schema}.{table}")
        if not stored:
            differences.add(f"{table} (table)", f"{schema}.{table} is missing")
            continue
        for column in sorted(set(columns) - stored):
            differences.add(f"{table}.{column}", "the column is missing")
        for column in sorted(stored - set(columns) - ours - {"pmid"}):
            differences.add(f"{table}.{column}", "the column is not known to the oracle")
        if set(columns) <= stored:
            known[table] = columns
    return known


def stored_rows(
    con: duckdb.DuckDBPyConnection,
    schema: str,
    tables: dict[str, tuple[str, ...]],
    key: str,
    low: int,
    high: int,
) -> dict[int, Rows]:
    """Rows of all tables for the keys from low up to and with high, per key."""
    found: dict[int, Rows] = defaultdict(lambda: {table: [] for table in tables})
    for table, columns in tables.items():
        names = ", ".join(f'"{name}"' for name in columns)
        query = f"SELECT {key}, {names} FROM {schema}.{table} WHERE {key} BETWEEN ? AND ?"
        for number, *row in con.execute(query, [low, high]).fetchall():
            found[number][table].append(tuple(row))
    return found


def batches(items: Iterable[Record | Deletion]) -> Iterator[list[Record | Deletion]]:
    """The items in lists of at most BATCH."""
    batch: list[Record | Deletion] = []
    for item in items:
        batch.append(item)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


# --- (a) A file staged through ketum ----------------------------------------------------------


def stage(path: Path) -> duckdb.DuckDBPyConnection:
    """The file as ketum stages it: a connection with the database `staging` attached."""
    from pipeline.warehouse import stage as tested

    con = duckdb.connect(config={"memory_limit": "1500MB"})
    tested.create_staging(con)
    tested.stage_file(con, path, raw_file=path.name, stamp=path.name, first_record_no=1)
    return con


def check_staged(
    con: duckdb.DuckDBPyConnection,
    items: Iterable[Record | Deletion],
    schema: str = "staging.core",
) -> Differences:
    """Compare everything staged with the expected rows of the same file."""
    differences = Differences()
    tables = comparable_tables(con, schema, differences)
    deletions: list[tuple[int, int]] = []
    last = 0
    for batch in batches(items):
        records = [item for item in batch if isinstance(item, Record)]
        deletions += [(item.pmid, item.version) for item in batch if isinstance(item, Deletion)]
        if not records:
            continue
        last = records[-1].number
        found = stored_rows(con, schema, tables, "record_no", records[0].number, last)
        for record in records:
            where = f"record {record.number} (PMID {record.pmid}.{record.version})"
            compare_record(differences, where, record.rows, found[record.number])
    for table in tables:
        query = f"SELECT count(*) FROM {schema}.{table} WHERE record_no NOT BETWEEN 1 AND ?"
        stray = con.execute(query, [last]).fetchall()[0][0]
        if stray:
            differences.add(f"{table} (rows)", f"{stray} rows of records the file does not have")
    _check_odd(con, schema, deletions, differences)
    if "source_stamp" in relation_columns(con, f"{schema}.articles"):
        query = f"SELECT source_stamp FROM {schema}.articles ORDER BY record_no"
        stamps = [row[0] for row in con.execute(query).fetchall()]
        for before, after in pairwise(stamps):
            if not (before and after and before < after):
                differences.add("articles.source_stamp", f"{before!r} before {after!r}")
    return differences


def _check_odd(
    con: duckdb.DuckDBPyConnection,
    schema: str,
    deletions: list[tuple[int, int]],
    differences: Differences,
) -> None:
    """What else staging holds: every DeleteCitation, and no record it could not read."""
    relation = f"{schema}.deletions"
    if relation_columns(con, relation):
        found = con.execute(f"SELECT pmid, pmid_version FROM {relation}").fetchall()
        differences.values += 2 * len(deletions)
        for pair in sorted(set(deletions) ^ set(found)):
            where = "is missing" if pair in deletions else "is not in the file"
            differences.add("deletions (rows)", f"{pair} {where}")
    else:
        differences.add("deletions (table)", f"{relation} is missing")
    if relation_columns(con, f"{schema}.unreadable"):
        query = f"SELECT record_no, reason FROM {schema}.unreadable"
        for record_no, reason in con.execute(query).fetchall():
            differences.add("unreadable (rows)", f"record {record_no} was not read: {reason}")


# --- (b) A published set: membership, recounted from the XML ----------------------------------

HYPHENS = re.compile("[\u00ad\u02d7\u2010-\u2015\u2043\u2212\u2e3a\u2e3b\ufe58\ufe63\uff0d]")
BREAK = "\n|\n"
TIAB = (
    ("articles", "title"),
    ("articles", "vernacular_title"),
    ("abstract_sections", "text"),
    ("keywords", "keyword"),
)
INDEXING = (
    ("mesh_headings", "descriptor"),
    ("mesh_headings", "qualifier"),
    ("chemicals", "substance_name"),
    ("supplementary_concepts", "name"),
    ("publication_types", "publication_type"),
)


def column(rows: Rows, table: str, name: str) -> list[Any]:
    """One column of the expected rows of a record."""
    at = COLUMNS[table].index(name)
    return [row[at] for row in rows[table]]


def folded(rows: Rows, fields: Iterable[tuple[str, str]]) -> str:
    """The text of some fields in lower case with plain hyphens and spaces, fields kept apart."""
    texts = [text for table, name in fields for text in column(rows, table, name) if text]
    return BREAK.join(" ".join(HYPHENS.sub("-", text).lower().split()) for text in texts)


def has_word(text: str, word: str) -> bool:
    """Whether a word or phrase stands in folded text; a space also meets a hyphen."""
    stem = word.rstrip("*").lower()
    first, *others = stem.split()
    if first not in text:
        return False
    pattern = "[ -]+".join(re.escape(part) for part in (first, *others))
    end = "" if word.endswith("*") else r"(?![^\W_])"
    return re.search(rf"(?<![^\W_]){pattern}{end}", text) is not None


class Topics:
    """The searches of topics.toml, matched word by word against the record itself."""

    def __init__(self, path: Path) -> None:
        definitions = tomllib.loads(path.read_text(encoding="utf-8"))
        self.topics = {topic["name"]: topic for topic in definitions["topic"]}
        self.searches = {item["name"]: list(item["topics"]) for item in definitions["search"]}

    def matches(self, rows: Rows) -> set[str]:
        """The searches a record belongs to."""
        texts = {"tiab": folded(rows, TIAB)}
        texts["tw"] = texts["tiab"] + BREAK + folded(rows, INDEXING)
        headings = set(column(rows, "mesh_headings", "descriptor_ui"))
        substances = set(column(rows, "chemicals", "ui"))
        substances |= set(column(rows, "supplementary_concepts", "ui"))

        def stands(entry: dict[str, Any]) -> bool:
            partners = entry.get("with")
            return has_word(texts[entry["tag"]], entry["word"]) and (
                partners is None or any(stands(partner) for partner in partners)
            )

        found = {
            name
            for name, topic in self.topics.items()
            if (
                any(entry["ui"] in headings for entry in topic.get("mesh", []))
                or any(entry["ui"] in substances for entry in topic.get("substances", []))
                or any(stands(e) for part in ("words", "conditional") for e in topic.get(part, []))
            )
            and not any(stands(entry) for entry in topic.get("exclude", []))
        }
        return {name for name, topics in self.searches.items() if found.issuperset(topics)}


# --- (b) A published set: records and counts --------------------------------------------------


@dataclass
class Copy:
    """One copy of a record: which wins, what it matches, how it counts, and its rows if held."""

    record: Record
    order: int
    revised: date
    searches: set[str]
    year: int | None
    is_retracted: bool
    is_preprint: bool

    @property
    def rank(self) -> tuple[int, date, int]:
        return self.record.version, self.revised, self.order

    def counted_as(self, study_type: str | None) -> str:
        """The one column of the tables this record is counted in."""
        if study_type == "NOTICE":
            return "notice"
        if self.is_retracted:
            return "retracted"
        return "preprint" if self.is_preprint else "record"


def says_retracted(rows: Rows) -> bool:
    """Whether the title calls the article itself retracted or withdrawn."""
    words = (column(rows, "articles", "title")[0] or "").casefold().lstrip(" [(\"'").split(":")[0]
    first = words.split()
    return len(first) in (1, 2) and first[0] in ("retracted", "withdrawn")


def is_about_another(rows: Rows) -> bool:
    """Whether NLM calls the record a notice."""
    notices = {"Published Erratum", "Retraction of Publication", "Expression of Concern"}
    links = {"ErratumFor", "RetractionOf", "ExpressionOfConcernFor"}
    return bool(
        notices & set(column(rows, "publication_types", "publication_type"))
        or links & set(column(rows, "article_links", "ref_type"))
    )


def copy_of(record: Record, order: int, topics: Topics) -> Copy:
    """What the tables need to know of a record, from its XPath values."""
    rows = record.rows
    issued, electronic, revised = (
        column(rows, "articles", name)[0]
        for name in ("issue_year", "electronic_year", "date_revised")
    )
    types = column(rows, "publication_types", "publication_type")
    return Copy(
        record=record,
        order=order,
        revised=revised or date.min,
        searches=topics.matches(rows),
        year=issued or electronic,
        is_retracted="Retracted Publication" in types
        or "RetractionIn" in column(rows, "article_links", "ref_type")
        or (says_retracted(rows) and not is_about_another(rows)),
        is_preprint="Preprint" in types,
    )


Cell = tuple[str, str, int | None, str]  # count column, search, year, study type
TOTAL = "all types"
JOURNAL_NAMES = ("medline_ta", "journal_title", "iso_abbreviation", "issn_linking")


class PublishedCheck:
    """The comparison of a published set with the file it was made from.

    Attributes:
        winners: the copy of each PMID that should be held, if it matches a search.
        others: the copies that did not win.
        primary: the primary study type of each record, as judged (not checked here).
        labels: all its study types.
    """

    def __init__(self, database: Path, topics: Topics, raw: Path | None = None) -> None:
        self.con = duckdb.connect(str(database), read_only=True)
        self.topics = topics
        self.raw = raw or self._raw_beside(database)
        self.differences = Differences()
        self.winners: dict[int, Copy] = {}
        self.others: list[Copy] = []
        self.primary: dict[int, str] = {}
        self.labels: defaultdict[int, set[str]] = defaultdict(set)
        self.sure_labels: defaultdict[int, set[str]] = defaultdict(set)

    def _raw_beside(self, database: Path) -> Path:
        """Where the raw archive of this set should be: beside data/published, by origin."""
        origin = [str(row[0]).replace(":", "-") for row in self.rows_of("ops.warehouse", "origin")]
        return database.resolve().parents[2].joinpath("raw", *origin)

    def run(self, items: Iterable[Record | Deletion]) -> Differences:
        """Every comparison, in order."""
        held = {row[0] for row in self.rows_of("core.articles", "pmid")}
        deleted = self.read(items, held)
        for pmid, version in deleted:
            if pmid in self.winners and self.winners[pmid].record.version == version:
                del self.winners[pmid]
        self.check_records(held)
        self.check_raw_archive()
        self.check_copies(held)
        members = self.check_membership()
        self.check_labels(held)
        self.check_record_marts(members, held)
        self.check_counts(members)
        self.check_known_articles(members, held)
        found = set(self.rows_of("core.deleted_citations", "pmid", "pmid_version"))
        self.same_sets("core.deleted_citations", deleted, found)
        self.con.close()
        return self.differences

    def rows_of(self, relation: str, *names: str, where: str = "true") -> list[tuple[Any, ...]]:
        """Columns of a relation; a difference when it or one of them is missing."""
        missing = sorted(set(names) - (found := relation_columns(self.con, relation)))
        if missing:
            what = f"has no column {', '.join(missing)}" if found else "is missing"
            self.differences.add(f"{relation} (table)", f"{relation} {what}: not compared")
            return []
        query = f"SELECT {', '.join(names)} FROM {relation} WHERE {where}"
        return self.con.execute(query).fetchall()

    def same_sets(self, place: str, expected: set[Any], found: set[Any]) -> None:
        """Compare two sets; every element that stands in one only is a difference."""
        self.differences.values += len(expected | found)
        for item in sorted(expected - found, key=repr):
            self.differences.add(place, f"{item} is missing")
        for item in sorted(found - expected, key=repr):
            self.differences.add(place, f"{item} is too many")

    def read(self, items: Iterable[Record | Deletion], held: set[int]) -> set[tuple[int, int]]:
        """Read the file once: the winning copy per PMID, and what is deleted."""
        deleted = set()
        for order, item in enumerate(items):
            if isinstance(item, Deletion):
                deleted.add((item.pmid, item.version))
                continue
            copy = copy_of(item, order, self.topics)
            if item.pmid not in held:
                item.rows.clear()
            before = self.winners.get(item.pmid)
            if before is None or copy.rank > before.rank:
                self.winners[item.pmid] = copy
            if before is not None:
                self.others.append(min(before, copy, key=lambda one: one.rank))
        return deleted

    def value(self, copy: Copy, name: str) -> Any:
        """A column of core.articles of a held copy, as the oracle gives it."""
        return column(copy.record.rows, "articles", name)[0]

    # Records

    def check_records(self, held: set[int]) -> None:
        """Every row of every kept record, and that exactly the members are kept."""
        members = {pmid for pmid, copy in self.winners.items() if copy.searches}
        self.same_sets("core.articles (records)", members, held)
        tables = comparable_tables(self.con, "core", self.differences)
        found = stored_rows(self.con, "core", tables, "pmid", -(2**31), 2**31 - 1)
        for pmid in sorted(held & self.winners.keys()):
            expected = self.winners[pmid].record.rows
            skip = {"articles.raw_offset"}  # of the archive's own file: check_raw_archive
            compare_record(self.differences, f"PMID {pmid}", expected, found.pop(pmid), skip)
        for pmid in sorted(found):
            self.differences.add("core (rows)", f"rows of PMID {pmid}, which is not of the file")
        journals: defaultdict[str, set[tuple[Any, ...]]] = defaultdict(set)
        names = ("nlm_unique_id", *JOURNAL_NAMES)
        for pmid in held & self.winners.keys():
            key, *printed = (
                self.value(self.winners[pmid], name) for name in (*names, "journal_country")
            )
            if key:
                journals[key].add(tuple(printed))
        stored = self.rows_of("core.journals", *names, "country")
        self.same_sets("core.journals", set(journals), {row[0] for row in stored})
        for key, *printed in stored:
            if tuple(printed) not in journals.get(key, ()):
                self.differences.add("core.journals", f"{key}: no held record prints {printed}")

    def check_raw_archive(self) -> None:
        """Where a record is said to lie in the raw archive, its very bytes lie."""
        names = ("raw_file", "pmid", "raw_offset", "raw_length")
        if not self.raw.is_dir():
            self.differences.add("raw archive", f"{self.raw} is missing: not compared")
            return
        held: tuple[str, bytes] = ("", b"")
        for raw_file, pmid, offset, length in sorted(self.rows_of("core.articles", *names)):
            if raw_file != held[0]:
                path = self.raw / raw_file
                held = (raw_file, read_bytes(path) if path.is_file() else b"")
            if pmid in self.winners:
                found = hashlib.sha256(held[1][offset : offset + length]).hexdigest()
                expected = self.value(self.winners[pmid], "record_sha256")
                self.differences.compare("raw archive", f"PMID {pmid}", expected, found)

    def check_copies(self, held: set[int]) -> None:
        """Other Versions stand beside the winner, and every body is a revision."""
        copies = [*self.winners.values(), *self.others]
        copies = [copy for copy in copies if copy.record.pmid in held & self.winners.keys()]
        names = ("pmid", "pmid_version", "title", "doi", "date_revised", "record_sha256")
        expected = {
            tuple(self.value(copy, name) for name in names)
            for copy in copies
            if copy.record.version != self.winners[copy.record.pmid].record.version
        }
        found = self.rows_of("core.article_versions", *names)
        self.same_sets("core.article_versions", expected, set(found))
        expected = {
            (copy.record.pmid, copy.record.version, self.value(copy, "record_sha256"))
            for copy in copies
        }
        found = self.rows_of("core.article_revisions", "pmid", "pmid_version", "content_sha")
        self.same_sets("core.article_revisions", expected, set(found))

    # Membership and judgements

    def check_membership(self) -> dict[str, set[int]]:
        """Each search recounted from the XML; returns the members as stored."""
        stored = self.rows_of("ops.search_hits", "search", "pmid", where="left_at IS NULL")
        members: dict[str, set[int]] = {search: set() for search in self.topics.searches}
        for search, pmid in stored:
            members.setdefault(search, set()).add(pmid)
        for search, found in members.items():
            expected = {pmid for pmid, copy in self.winners.items() if search in copy.searches}
            self.same_sets(f"ops.search_hits {search}", expected, found)
        latest = "searched_at = (SELECT max(searched_at) FROM ops.searches)"
        counts = {(search, len(found)) for search, found in members.items()}
        found_counts = self.rows_of("ops.searches", "search", "hit_count", where=latest)
        self.same_sets("ops.searches.hit_count", counts, set(found_counts))
        return members

    def check_labels(self, held: set[int]) -> None:
        """One primary type a record, and the flags that keep a record out of the counts."""
        relation = "evidence.article_study_types"
        for pmid, study_type, is_primary, confidence in self.rows_of(
            relation, "pmid", "study_type", "is_primary", "confidence"
        ):
            self.labels[pmid].add(study_type)
            if is_primary or confidence != "low":
                self.sure_labels[pmid].add(study_type)
            if is_primary:
                if pmid in self.primary:
                    self.differences.add(relation, f"PMID {pmid} has two primary types")
                self.primary[pmid] = study_type
        self.same_sets(f"{relation} (primary)", held, set(self.primary))
        relation = "evidence.article_flags"
        names = ("pmid", "is_retracted", "is_preprint", "is_notice")
        stored = {row[0]: row[1:] for row in self.rows_of(relation, *names)}
        for pmid in sorted(held & self.winners.keys()):
            copy = self.winners[pmid]
            expected = (copy.is_retracted, copy.is_preprint, self.primary.get(pmid) == "NOTICE")
            self.differences.compare(relation, f"PMID {pmid}", expected, stored.get(pmid))

    def counted_as(self, pmid: int) -> str:
        """The one column of the tables a record is counted in."""
        return self.winners[pmid].counted_as(self.primary.get(pmid))

    # Counts

    def check_record_marts(self, members: dict[str, set[int]], held: set[int]) -> None:
        """The marts with a row a record."""
        known = held & self.winners.keys() & self.primary.keys()
        expected = {
            (pmid, self.winners[pmid].year, self.primary[pmid], self.counted_as(pmid))
            for pmid in known & set().union(*members.values())
        }
        names = ("pmid", "year", "study_type", "counted_as")
        self.same_sets("marts.articles", expected, set(self.rows_of("marts.articles", *names)))
        cells = {
            (search, label, pmid, label == row[2], *row[1:2], row[3])
            for row in expected
            for search, found in members.items()
            if (pmid := row[0]) in found
            for label in self.labels[pmid]
        }
        found = self.rows_of(
            "marts.study_type_articles",
            *("search", "study_type", "pmid", "is_primary", "year", "counted_as"),
        )
        self.same_sets("marts.study_type_articles", cells, set(found))
        retracted = {
            (search, pmid)
            for search, found_pmids in members.items()
            for pmid in found_pmids & known
            if self.winners[pmid].is_retracted
        }
        found = self.rows_of("marts.retractions", "search", "pmid")
        self.same_sets("marts.retractions", retracted, set(found))

    def check_counts(self, members: dict[str, set[int]]) -> None:
        """The summary tables, recounted per search, year and primary type."""
        where = "field = 'study_type'"
        decided = {row[0] for row in self.rows_of("evidence.overrides", "pmid", where=where)}
        cells: Counter[Cell] = Counter()
        sums: Counter[Cell] = Counter()
        for search, pmids in members.items():
            for pmid in pmids & self.winners.keys() & self.primary.keys():
                year, study_type = self.winners[pmid].year, self.primary[pmid]
                counted = self.counted_as(pmid)
                cells[f"{counted}_count", search, year, study_type] += 1
                sums[f"{counted}_count", search, None, TOTAL] += 1
                sums["member_count", search, None, TOTAL] += 1
                sums["unclassified_count", search, None, TOTAL] += study_type == "OTHER"
                sums["undated_count", search, None, TOTAL] += year is None
                if counted == "record":
                    cells["checked_count", search, year, study_type] += pmid in decided
                    for label in self.sure_labels[pmid]:
                        cells["any_label_count", search, year, label] += 1
        totals: Counter[Cell] = Counter()
        for (name, search, _, study_type), count in cells.items():
            totals[name, search, None, study_type] += count
        every = [f"{kind}_count" for kind in ("record", "preprint", "retracted", "notice")]
        more = [*every, "any_label_count", "checked_count"]
        self.compare_cells("marts.study_types_by_year", more, cells)
        self.compare_cells("marts.study_type_totals", more, totals)
        more = [*every, "member_count", "unclassified_count", "undated_count"]
        self.compare_cells("marts.search_totals", more, sums)
        self.check_grid(members)

    def compare_cells(self, relation: str, names: list[str], expected: Counter[Cell]) -> None:
        """Compare counts cell by cell.

        `held_*` counts what is held; the column without it is the same number, or NULL where the
        search is partial.
        """
        stored = relation_columns(self.con, relation)
        if not stored:
            self.differences.add(f"{relation} (table)", f"{relation} is missing: not compared")
            return
        year = "year" if "year" in stored else "NULL::INTEGER"
        study_type = "study_type" if "study_type" in stored else f"'{TOTAL}'"
        for name in names:
            held = "held_count" if name == "record_count" else f"held_{name}"
            if missing := {name, held} - set(stored):
                for column in missing:
                    place = f"{relation}.{column}"
                    self.differences.add(place, "the column is missing: not compared")
                continue
            query = f"SELECT search, {year}, {study_type}, {held}, {name}, coverage FROM {relation}"
            found: Counter[Cell] = Counter()
            rows = self.con.execute(query).fetchall()
            for search, of_year, of_type, count, stated, coverage in rows:
                found[name, search, of_year, of_type] += count
                self.differences.compare(
                    f"{relation}.{name}",
                    f"{search} {of_year} {of_type}",
                    None if coverage == "partial" else count,
                    stated,
                )
            places = {key for key in expected if key[0] == name} | found.keys()
            for key in sorted(places, key=repr):
                self.differences.compare(f"{relation}.{held}", repr(key), expected[key], found[key])

    def check_grid(self, members: dict[str, set[int]]) -> None:
        """A row for every type and every year from a search's first to the year it was run."""
        relation = "marts.study_types_by_year"
        flags = ("is_partial_year", "is_provisional_year", "is_future_year")
        rows = self.rows_of(relation, "search", "study_type", "as_of_date", "year", *flags)
        types = {row[0] for row in self.rows_of("evidence.study_types", "study_type")}
        found: dict[tuple[str, str, int | None], tuple[bool, ...]] = {}
        for search, study_type, as_of, year, *flagged in rows:
            if year is not None and (search, study_type, year) in found:
                self.differences.add(relation, f"{search} {year} {study_type} stands twice")
            found[search, study_type, year] = tuple(flagged)
            now = as_of.year
            flagged_right = year is not None and (year == now, year == now - 1, year > now)
            self.differences.compare(
                f"{relation} (flags)",
                f"{search} {year} {study_type}",
                flagged_right or (False, False, False),
                tuple(flagged),
            )
        for search in {row[0] for row in rows}:
            now = next(row[2].year for row in rows if row[0] == search)
            pmids = members.get(search, set()) & self.winners.keys()
            years = {self.winners[pmid].year for pmid in pmids}
            dated = [now, *(year for year in years if year is not None)]
            wanted: set[int | None] = {*range(min(dated), max(dated) + 1)} | (years & {None})
            self.same_sets(
                f"{relation} (grid)",
                {(search, study_type, year) for study_type in types for year in wanted},
                {key for key in found if key[0] == search},
            )

    def check_known_articles(self, members: dict[str, set[int]], held: set[int]) -> None:
        """Which of the articles a good search must find are held, and are in the kratom search."""
        by_doi: defaultdict[str, set[int]] = defaultdict(set)
        for pmid in held & self.winners.keys():
            if doi := self.value(self.winners[pmid], "doi"):
                by_doi[doi.lower()].add(pmid)
        names = ("position", "pmid", "doi", "is_held", "is_member")
        for position, pmid, doi, *stored in self.rows_of("ops.known_articles", *names):
            these = by_doi.get((doi or "").lower(), set()) | ({pmid} & held)
            expected = (bool(these), bool(these & members.get("kratom", set())))
            where = f"line {position} (PMID {pmid}, DOI {doi})"
            self.differences.compare("ops.known_articles", where, expected, tuple(stored))


# --- The command ------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare, print differences and a final line a file; 1 when there was any difference."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0] if __doc__ else "")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="PubMed XML, also .gz")
    parser.add_argument(
        "--database", type=Path, help="a ketum.duckdb published from these files, in this order"
    )
    parser.add_argument(
        "--topics",
        type=Path,
        default=Path(__file__).resolve().parents[2] / "data" / "reference" / "topics.toml",
        help="the searches (default: data/reference/topics.toml)",
    )
    parser.add_argument(
        "--raw", type=Path, help="raw archive of the set's origin (default: where ketum keeps it)"
    )
    options = parser.parse_args(arguments)
    total = 0
    for path in options.files:
        began = time.monotonic()
        con = stage(path)
        staged = time.monotonic()
        differences = check_staged(con, read_file(path))
        con.close()
        total += differences.total
        print(differences.report(f"{path.name}, staged"))
        seconds = time.monotonic() - staged
        _say(f"staged in {staged - began:.1f} s, compared in {seconds:.1f} s")
    if options.database:
        began = time.monotonic()
        check = PublishedCheck(options.database, Topics(options.topics), options.raw)
        differences = check.run(item for path in options.files for item in read_file(path))
        total += differences.total
        print(differences.report(f"published, {options.database}"))
        _say(f"compared in {time.monotonic() - began:.1f} s")
    return 1 if total else 0


def _say(text: str) -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{text}, peak memory {peak:.0f} MB", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
