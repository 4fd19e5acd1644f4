"""`ketum explain`: why a record has its study types, and how to decide otherwise.

With `--text` it judges the records of a file as a run would, and needs no published set.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.clock import Clock
from pipeline.commands.parsers import Subparsers, add_quiet, note_set
from pipeline.errors import EXIT_OK
from pipeline.settings import Settings


def register(commands: Subparsers) -> None:
    """Add the command to the parser."""
    explain = commands.add_parser(
        "explain",
        help="why a record has its study types",
        description="Labels, the words behind each, what NLM and the second reader say, why the "
        "primary won, and how to decide otherwise.",
    )
    explain.set_defaults(work=_explain)
    add_quiet(explain)
    which = explain.add_mutually_exclusive_group(required=True)
    which.add_argument(
        "record", nargs="?", metavar="RECORD", help="its PMID, its DOI, or words of its title"
    )
    which.add_argument(
        "--next", action="store_true",
        help="the first of the review queue that overrides.toml does not decide yet",
    )  # fmt: skip
    which.add_argument(
        "--text", type=Path, metavar="FILE",
        help="what the records of a file (- for stdin) would become: PubMed XML, .nbib, or text "
        "with the title on its first line and the abstract after it",
    )  # fmt: skip
    explain.add_argument("more", nargs="*", metavar="WORD", help="more words of its title")
    explain.add_argument("--json", action="store_true", help="for programs")


def _explain(settings: Settings, arguments: argparse.Namespace) -> int:
    if arguments.text:
        return _explain_file(settings, arguments)
    from pipeline.outputs import explain, lookup, query

    with query.open_published(settings) as con:
        if arguments.next:
            pmid = explain.next_pmid(con, settings.reference / "overrides.toml")
            if pmid is None:
                print("Everything in the review queue is decided.", file=sys.stderr)
                return EXIT_OK
        else:
            pmid = lookup.identify(con, " ".join([arguments.record, *arguments.more]))
        told = explain.explain(con, pmid)
    if arguments.json:
        print(json.dumps(told, indent=1, default=str))
    else:
        print(explain.text(told, is_terminal=sys.stdout.isatty(), today=Clock().now().date()))
    note_set(settings, arguments)
    return EXIT_OK


def _explain_file(settings: Settings, arguments: argparse.Namespace) -> int:
    from pipeline.evidence.judge import judge_records
    from pipeline.evidence.reference import Reference
    from pipeline.outputs import explain_text

    reference = Reference.load(settings.reference)
    with _at_hand(arguments.text) as path:
        records = explain_text.records_of(path, settings.sql)
    told = [
        explain_text.explain(record, judgement, reference)
        for record, judgement in zip(records, judge_records(records, reference), strict=True)
    ]
    if arguments.json:
        print(json.dumps(told, indent=1, default=str))
    else:
        is_terminal = sys.stdout.isatty()
        print("\n\n".join(explain_text.text(one, is_terminal=is_terminal) for one in told))
    return EXIT_OK


@contextmanager
def _at_hand(path: Path) -> Iterator[Path]:
    """The file itself, or what comes on stdin as a file: parsers go back and forth in it."""
    if str(path) != "-":
        yield path
        return
    with tempfile.TemporaryDirectory() as directory:
        kept = Path(directory) / "stdin"
        kept.write_bytes(sys.stdin.buffer.read())
        yield kept
