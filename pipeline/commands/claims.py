"""`ketum claims`: what has been studied behind every claim."""

from __future__ import annotations

import argparse
import json

from pipeline.commands.parsers import Subparsers, add_quiet, note_set
from pipeline.errors import EXIT_OK, ConfigurationError
from pipeline.settings import Settings

EXAMPLES = """\
examples:
  ketum claims
  ketum claims pain_tolerance
  ketum claims --next
  ketum claims --check
"""


def register(commands: Subparsers) -> None:
    """Add the command to the parser."""
    claims = commands.add_parser(
        "claims",
        help="what has been studied behind every claim of the article",
        description="The claim map of the latest published set: for every claim, the records that "
        "address it. Counts show what was looked at, not what was found.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    claims.set_defaults(work=_claims)
    add_quiet(claims)
    claims.add_argument("claim", nargs="?", metavar="ID", help="one claim, with its records")
    claims.add_argument(
        "--search", help="whose records (default: those that the questions are about)"
    )
    claims.add_argument("--json", action="store_true", help="for programs")
    other = claims.add_mutually_exclusive_group()
    other.add_argument(
        "--check", action="store_true",
        help="check claim_evidence.csv against the published texts (exit 2: refused)",
    )  # fmt: skip
    other.add_argument(
        "--next", action="store_true", help="what to read next: strongest design first"
    )


def _claims(settings: Settings, arguments: argparse.Namespace) -> int:
    from pipeline.escaping import for_json, for_terminal_lines
    from pipeline.outputs import claims, claims_text, query

    if arguments.claim and (arguments.check or arguments.next):
        raise ConfigurationError(
            "--check and --next look at all claims.",
            effect="Nothing was done.",
            next_step="leave out the claim.",
        )
    with query.open_published(settings) as con:
        search = arguments.search or claims.focus_search(con)
        found: object
        if arguments.check:
            told = claims.check_readings(con, settings.reference)
            found, text = told, for_terminal_lines(told)
        elif arguments.next:
            rows = claims.next_to_read(con, search)
            found, text = rows, claims_text.next_text(rows)
        elif arguments.claim:
            claim = claims.one(con, search, arguments.claim)
            found, text = claim, claims_text.one_text(claim)
        else:
            every = claims.the_map(con, search)
            found, text = every, claims_text.map_text(every, claims.cards(con))
    if arguments.json:
        print(for_json(json.dumps(found, indent=1, ensure_ascii=False, default=str)))
    else:
        print(text)
    note_set(settings, arguments)
    return EXIT_OK
