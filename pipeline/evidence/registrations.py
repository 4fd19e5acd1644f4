"""Registrations a record names: from NLM's list of databanks and from its own text.

Registries and the forms of their numbers are data (registries.toml). NLM lists a number only
when an indexer or the publisher gave it, and of few registries; authors name many more.
"""

# SQL here is made of constants, checked schema names and patterns quoted by `sql_string`.
# ruff: noqa: S608

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from pipeline.evidence.folding import fold, fold_sql, sql_string
from pipeline.evidence.rule_file import RuleFile
from pipeline.evidence.zones import stored_text_sql

_KEYS = {"name", "databanks", "pattern", "form", "near", "is_trial"}
_NEAR = 60
"""How far before a number without a prefix its registry must be named."""


@dataclass(frozen=True)
class Registry:
    """One form of number of one registry."""

    name: str
    databanks: tuple[str, ...]
    pattern: re.Pattern[str]
    form: str
    near: re.Pattern[str] | None
    is_trial: bool

    def numbers(self, text: str) -> Iterator[tuple[str, int, int]]:
        """(number, start, end) of every number of this registry in a text.

        Whatever dash or blank stands in it: a folded text is as long as the one it was made of.
        """
        folded = fold(text)
        for match in self.pattern.finditer(folded):
            before = folded[max(0, match.start() - _NEAR) : match.start()]
            if self.near is None or self.near.search(before):
                yield self.written(match[1]), match.start(), match.end()

    def only_number(self, accession: str) -> str | None:
        """The number in what NLM lists, whatever address or label stands around it.

        None where there is no number of this registry, or more than one.
        """
        matches = self.pattern.finditer(fold(accession))
        numbers = {self.written(match[1]) for match in matches}
        return numbers.pop() if len(numbers) == 1 else None

    def written(self, found: str) -> str:
        """A number in the registry's own form."""
        plain = re.sub(r"[\s,]", "", found)
        # jRCT and OSF write small letters; all others capitals.
        keeps_case = self.form.startswith(("jRCT", "osf"))
        return self.form.format(plain.lower() if keeps_case else plain.upper())


@dataclass(frozen=True)
class Registries:
    """Everything registries.toml says."""

    version: str
    sha256: str
    most_per_study: int
    registries: tuple[Registry, ...]


def load_registries(path: Path) -> Registries:
    """Read registries.toml.

    Args:
        path: the reference file.

    Raises:
        ConfigurationError: naming the line at fault.
    """
    file = RuleFile(path)
    most = file.data.get("most_per_study")
    if not isinstance(most, int) or most < 1:
        raise file.error("most_per_study", "`most_per_study` must be a number from 1")
    registries = tuple(_registry(file, table) for table in file.tables("registry"))
    return Registries(file.version(), file.sha256, most, registries)


def find_registrations(con: duckdb.DuckDBPyConnection, registries: Registries, schema: str) -> None:
    """Fill evidence.registrations and its proofs.

    Args:
        con: connection.
        registries: the forms of numbers.
        schema: schema that presents the tables of core.
    """
    found = [*_in_databanks(con, registries, schema), *_in_texts(con, registries, schema)]
    con.execute("DELETE FROM evidence.registrations")
    con.execute("DELETE FROM evidence.proofs WHERE kind = 'registration'")
    con.execute("DELETE FROM evidence.rule_sets WHERE kind = 'registry'")
    con.execute(
        "INSERT INTO evidence.rule_sets VALUES ('registry', ?, ?, ?)",
        [registries.version, registries.sha256, len(registries.registries)],
    )
    if not found:
        return
    columns = [list(column) for column in zip(*found, strict=True)]
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE registration_found AS
        SELECT unnest(?)::INTEGER AS pmid, unnest(?) AS registry, unnest(?) AS number,
            unnest(?) AS source, unnest(?) AS field, unnest(?)::SMALLINT AS section_no,
            unnest(?) AS matched_text, unnest(?)::INTEGER AS char_start,
            unnest(?)::INTEGER AS char_end
        """,
        columns,
    )
    trials = sorted({one.name for one in registries.registries if one.is_trial})
    con.execute(
        f"""
        INSERT INTO evidence.registrations
        SELECT pmid, registry, number,
            CASE WHEN count(DISTINCT source) > 1 THEN 'both'
                WHEN any_value(source) = 'text' THEN 'text' ELSE 'databank' END,
            arg_min(matched_text, (source = 'text', field <> 'title', section_no, char_start)),
            list_contains({trials}, registry)
        FROM registration_found GROUP BY pmid, registry, number ORDER BY pmid, registry, number
        """
    )
    con.execute(
        """
        INSERT INTO evidence.proofs
        SELECT 'registration', number, pmid,
            row_number() OVER (PARTITION BY pmid, number
                ORDER BY source, field, section_no NULLS FIRST, char_start NULLS FIRST),
            'registry.' || registry, source, field, section_no, matched_text, char_start,
            char_end, ?
        FROM (
            SELECT DISTINCT ON (pmid, registry, number, source, field, section_no) *
            FROM registration_found ORDER BY char_start
        )
        ORDER BY ALL
        """,
        [registries.version],
    )


def _in_databanks(
    con: duckdb.DuckDBPyConnection, registries: Registries, schema: str
) -> Iterator[tuple[Any, ...]]:
    """What NLM lists under the name of a registry, in the registry's form where it has it."""
    known: dict[str, list[Registry]] = {}
    for one in registries.registries:
        for databank in one.databanks:
            known.setdefault(databank.lower(), []).append(one)
    rows = con.execute(
        f"SELECT pmid, databank, accession_number FROM {schema}.databank_accessions "
        "WHERE accession_number IS NOT NULL ORDER BY pmid, position"
    ).fetchall()
    for pmid, databank, accession in rows:
        # NLM files numbers of several registries under one name (JPRN): the form decides.
        for registry in (candidates := known.get(databank.lower(), [])):
            if number := registry.only_number(accession):
                name = registry.name
                break
        else:
            if not candidates:
                continue
            number, name = accession.strip(), candidates[0].name
        yield (
            pmid, name, number, "nlm_databank", "databank_accessions", None, accession, None, None,
        )  # fmt: skip


def _in_texts(
    con: duckdb.DuckDBPyConnection, registries: Registries, schema: str
) -> Iterator[tuple[Any, ...]]:
    """Numbers in titles, abstracts and keywords; SQL picks the texts, Python finds the places."""
    any_form = "(?i)" + "|".join(one.pattern.pattern for one in registries.registries)
    rows = con.execute(
        f"SELECT pmid, field, section_no, stored FROM ({stored_text_sql(schema)}) "
        f"WHERE regexp_matches({fold_sql('stored')}, {sql_string(any_form)}) ORDER BY ALL"
    ).fetchall()
    for pmid, field, section_no, text in rows:
        for registry in registries.registries:
            for number, start, end in registry.numbers(text):
                yield (
                    pmid, registry.name, number, "text", field, section_no, text[start:end],
                    start, end,
                )  # fmt: skip


def _registry(file: RuleFile, table: Mapping[str, Any]) -> Registry:
    near = f'name = "{table.get("name")}"'
    file.require(table, near, name=str, databanks=list, pattern=str, form=str, is_trial=bool)
    file.allow(table, near, _KEYS)
    try:
        pattern = re.compile(table["pattern"], re.IGNORECASE)
        context = re.compile(table["near"], re.IGNORECASE) if "near" in table else None
    except re.error as error:
        raise file.error(near, f"a pattern does not compile: {error}") from error
    if pattern.groups != 1:
        raise file.error(near, "`pattern` needs exactly one group: what stands behind the prefix")
    if table["form"].count("{}") != 1:
        raise file.error(near, "`form` needs one {}: the place of the group")
    return Registry(
        table["name"],
        tuple(table["databanks"]),
        pattern,
        table["form"],
        context,
        table["is_trial"],
    )
