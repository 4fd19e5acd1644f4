"""docs/contract.json: what others rely on. A change of it needs a version, a line and a note.

python -m tools.contract             write it, and the list of changes in docs/migrations.md
python -m tools.contract --check     exit 1 if a change lacks something, and say what
python -m tools.contract --release   what is now is what later changes are held against
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from pipeline import errors
from pipeline.cli import build_parser
from pipeline.outputs.lookup import SCHEMAS
from pipeline.outputs.marts import FORMER
from pipeline.settings import ROOT
from pipeline.warehouse.database import CONTRACT_VERSION
from tools.data_dictionary import empty_database

Contract = dict[str, Any]
"""contract_version; relations: type by column by relation; macros; exit_codes; commands."""

_BEGIN = "<!-- changes: made by python -m tools.contract -->"
_END = "<!-- end of changes -->"
_DROPPED = "dropped"


class Files(NamedTuple):
    """Where a contract and what must go with its changes are kept."""

    current: Path = ROOT / "docs" / "contract.json"
    released: Path = ROOT / "docs" / "contract.released.json"
    migrations: Path = ROOT / "docs" / "migrations.md"
    changelog: Path = ROOT / "CHANGELOG.md"


class Change(NamedTuple):
    """One difference from the released contract.

    Attributes:
        name: what it is about, as a reader would write it.
        what: the whole of it as a line.
        is_loss: whether something that was there is gone or means something else.
    """

    name: str
    what: str
    is_loss: bool


def contract_of(con: duckdb.DuckDBPyConnection, parser: argparse.ArgumentParser) -> Contract:
    """What the code gives now.

    Args:
        con: a database with every relation of a published file.
        parser: the command line.
    """
    relations: dict[str, dict[str, str]] = {}
    for relation, column, data_type in con.execute(
        """
        SELECT schema_name || '.' || table_name, column_name, data_type FROM duckdb_columns()
        WHERE list_contains(?, schema_name)
        ORDER BY list_position(?, schema_name), table_name, column_index
        """,
        [[*SCHEMAS, FORMER], [*SCHEMAS, FORMER]],
    ).fetchall():
        relations.setdefault(relation, {})[column] = data_type
    macros = con.execute(
        """
        SELECT schema_name || '.' || function_name || '(' || array_to_string(parameters, ', ')
            || ')'
        FROM duckdb_functions()
        WHERE function_type = 'table_macro' AND NOT internal ORDER BY 1
        """
    ).fetchall()
    codes = {
        name.removeprefix("EXIT_").lower(): code
        for name, code in vars(errors).items()
        if name.startswith("EXIT_")
    }
    return {
        "contract_version": CONTRACT_VERSION,
        "relations": relations,
        "macros": [name for (name,) in macros],
        "exit_codes": codes,
        "commands": dict(_commands(parser, parser.prog)),
    }


def _commands(parser: argparse.ArgumentParser, name: str) -> Iterator[tuple[str, list[str]]]:
    """Each command with its options, the names of what it takes, and the values it takes there."""
    said: list[str] = []
    below: Mapping[str, argparse.ArgumentParser] = {}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            below = action.choices
        elif not isinstance(action, argparse._HelpAction):
            values = f" {{{','.join(map(str, action.choices))}}}" if action.choices else ""
            names = action.option_strings or [str(action.metavar or action.dest)]
            said += [f"{each}{values}" for each in names]
    yield name, said
    for word, command in below.items():
        yield from _commands(command, f"{name} {word}")


def changes(old: Contract, new: Contract) -> list[Change]:
    """What differs, by name; views of former names are left out."""
    return sorted(_changes(old, new))


def _changes(old: Contract, new: Contract) -> Iterator[Change]:
    before, after = _without_former(old["relations"]), _without_former(new["relations"])
    yield from _differing(before.keys(), after.keys())
    for relation in before.keys() & after.keys():
        columns, held = after[relation], before[relation]
        of_it = [f"{relation}.{column}" for column in columns]
        yield from _differing([f"{relation}.{column}" for column in held], of_it)
        for column, data_type in columns.items():
            if held.get(column, data_type) != data_type:
                what = f"`{relation}.{column}` is {data_type}, was {held[column]}"
                yield Change(f"{relation}.{column}", what, True)
    yield from _differing(old["macros"], new["macros"])
    codes = [[f"{word} = {code}" for word, code in of["exit_codes"].items()] for of in (old, new)]
    yield from _differing(*codes)
    yield from _differing(old["commands"], new["commands"])
    for command in old["commands"].keys() & new["commands"].keys():
        said = [[f"{command} {word}" for word in of["commands"][command]] for of in (old, new)]
        yield from _differing(*said)


def _without_former(relations: Mapping[str, Any]) -> dict[str, Any]:
    return {name: held for name, held in relations.items() if not name.startswith(f"{FORMER}.")}


def _differing(old: Any, new: Any) -> Iterator[Change]:
    for name in new:
        if name not in old:
            yield Change(name, f"`{name}` is new", False)
    for name in old:
        if name not in new:
            yield Change(name, f"`{name}` is gone", True)


def faults(old: Contract, new: Contract, notes: str, changelog: str) -> Iterator[str]:
    """What a change still lacks, each as something to do.

    Args:
        old: the released contract.
        new: the contract of the code.
        notes: docs/migrations.md.
        changelog: CHANGELOG.md.
    """
    found = changes(old, new)
    number, before = new["contract_version"], old["contract_version"]
    if found and number != before + 1:
        yield (
            f"{len(found)} changes since contract {before}: set CONTRACT_VERSION = {before + 1} "
            "in pipeline/warehouse/database.py"
        )
        return
    if not found:
        if number != before:
            yield f"nothing changed since contract {before}: CONTRACT_VERSION must be {before}"
        return
    if not re.search(rf"^- Contract {number}: \S", changelog, re.MULTILINE):
        yield f'a line "- Contract {number}: ..." in CHANGELOG.md, which says why'
    section = section_of(notes, number)
    if not section:
        yield f'a section "## Contract {number}" in docs/migrations.md'
        return
    written, _, _ = section.partition(_BEGIN)
    for change in found:
        if not change.is_loss:
            continue
        line = next((line for line in written.splitlines() if f"`{change.name}`" in line), None)
        if line is None:
            yield (
                f"docs/migrations.md, Contract {number}: a line with `{change.name}` that says "
                f"what to use instead ({change.what})"
            )
        elif _DROPPED not in line and _is_of_a_relation(change.name) and not _lives(change, new):
            yield (
                f"`{change.name}` must live on in a view of sql/former/, or its line in "
                f'docs/migrations.md says "{_DROPPED}"'
            )
    yield from _overdue(old["relations"], new["relations"])


def _is_of_a_relation(name: str) -> bool:
    return name.partition(".")[0] in SCHEMAS and "(" not in name


def _lives(change: Change, new: Contract) -> bool:
    """Whether a view of former names has a relation that is gone, or a column that is."""
    schema, relation, *column = change.name.split(".")
    held = new["relations"].get(f"{FORMER}.{schema}_{relation}")
    return held is not None and set(column) <= held.keys()


def _overdue(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """Views whose names no released contract has any more: they lived for their one release."""
    for name in new:
        schema, _, relation = name.removeprefix(f"{FORMER}.").partition("_")
        if name.startswith(f"{FORMER}.") and f"{schema}.{relation}" not in old:
            yield f"`{name}` has a name that no released contract had: remove it from sql/former/"


def section_of(notes: str, number: int) -> str:
    """The section of one contract in docs/migrations.md; empty if there is none."""
    found = re.search(rf"^## Contract {number}$(.*?)(?=^## |\Z)", notes, re.MULTILINE | re.DOTALL)
    return found[1] if found else ""


def with_list(notes: str, old: Contract, new: Contract) -> str:
    """docs/migrations.md with the list of changes in its newest section, rebuilt.

    The section is begun if it is missing; what people wrote in it stays.
    """
    found = changes(old, new)
    if not found:
        return notes
    number = old["contract_version"] + 1
    listed = "\n".join(f"- {change.what}" for change in found)
    block = f"{_BEGIN}\n\n{listed}\n\n{_END}"
    section = section_of(notes, number)
    if not section:
        head, mark, rest = notes.partition("\n## ")
        return f"{head.rstrip()}\n\n## Contract {number}\n\n{block}\n{mark}{rest}"
    if _BEGIN not in section:
        return notes.replace(section, f"{section.rstrip()}\n\n{block}\n\n")
    before, _, rest = section.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return notes.replace(section, f"{before}{block}{after}")


def main(arguments: list[str], files: Files | None = None) -> int:
    """Write, check or release the contract; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.contract", description=__doc__)
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--check", action="store_true")
    how.add_argument("--release", action="store_true")
    options = parser.parse_args(arguments)
    files = files or Files()
    with empty_database() as con:
        new = contract_of(con, build_parser())
    text = json.dumps(new, indent=1) + "\n"
    if options.release:
        files.current.write_text(text, encoding="utf-8")
        files.released.write_text(text, encoding="utf-8")
        return 0
    old: Contract = json.loads(files.released.read_text(encoding="utf-8"))
    notes = files.migrations.read_text(encoding="utf-8")
    listed = with_list(notes, old, new)
    wanted = []
    if not options.check:
        files.current.write_text(text, encoding="utf-8")
        files.migrations.write_text(listed, encoding="utf-8")
    elif listed != notes or files.current.read_text(encoding="utf-8") != text:
        wanted.append("docs/contract.json and docs/migrations.md anew: python -m tools.contract")
    wanted += faults(old, new, listed, files.changelog.read_text(encoding="utf-8"))
    for each in wanted:
        print(f"contract: wanted: {each}", file=sys.stderr)
    return 1 if wanted else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
