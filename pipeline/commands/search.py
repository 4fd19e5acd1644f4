"""`ketum search`: records held, by words."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from pipeline.commands.parsers import Subparsers, add_quiet, note_set
from pipeline.errors import EXIT_OK, ConfigurationError
from pipeline.settings import Settings

if TYPE_CHECKING:
    from pipeline.outputs.lookup import Found

_DEFAULT_LIMIT = 20


def register(commands: Subparsers) -> None:
    """Add the command to the parser."""
    search = commands.add_parser(
        "search",
        help="records held, by words of title, abstract, headings and keywords",
        description="Find records of the latest published set that have all of the words, best "
        "first: PMID, year, study type, title. A search among what is held, not of PubMed. It "
        "knows neither phrases nor word stems; * ends the beginning of a word. A PMID finds its "
        "record.",
        epilog="example: ketum search withdrawal mice 'analges*'",
    )
    search.set_defaults(work=_search)
    add_quiet(search)
    search.add_argument("words", nargs="+", metavar="WORD", help="words, small or capital letters")
    search.add_argument(
        "--limit", type=int, default=_DEFAULT_LIMIT, metavar="N",
        help="records shown at most (default: %(default)s)",
    )  # fmt: skip
    search.add_argument("--json", action="store_true", help="for programs")


def _search(settings: Settings, arguments: argparse.Namespace) -> int:
    from pipeline.escaping import for_json, for_terminal_lines
    from pipeline.outputs import lookup, query

    if arguments.limit < 1:
        raise ConfigurationError(
            "--limit must be 1 or more.",
            effect="Nothing was read.",
            next_step="give a larger number.",
        )
    with query.open_published(settings) as con:
        found = lookup.search(con, " ".join(arguments.words))
    matching = found.whole or found.records
    shown = matching[: arguments.limit]
    if arguments.json:
        told = [
            {**asdict(held), "word_count": count, "fields": fields} for held, count, fields in shown
        ]
        print(for_json(json.dumps(told, indent=1, ensure_ascii=False)))
    elif shown:
        print(for_terminal_lines([held.line() for held, _, _ in shown]))
    if not arguments.quiet:
        print(_summary(found, len(shown)), file=sys.stderr)
    note_set(settings, arguments)
    return EXIT_OK


def _summary(found: Found, shown: int) -> str:
    """How many records have the words, and where they were looked for."""
    whole, some = len(found.whole), len(found.records)
    asked = "the word" if found.asked == 1 else f"all {found.asked} words"
    first = f"{whole} of {found.held} records held {'has' if whole == 1 else 'have'} {asked}"
    if some > whole:
        first += f", {some - whole} more {'has' if some - whole == 1 else 'have'} some of them"
    lines = [f"{first}; {shown} shown. Looked in titles, abstracts, headings and keywords."]
    if some and not whole:
        lines.append("Those with the most of the words are shown.")
    return " ".join(lines)
