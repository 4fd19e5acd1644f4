"""Commands on how records are judged: explain, claims, evaluate."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline import progress
from pipeline.clock import Clock
from pipeline.commands import Subparsers, add_quiet, note_set
from pipeline.errors import ConfigurationError, misused
from pipeline.settings import Settings

# -- `ketum explain`: why a record has its study types, and how to decide differently
#
# With `--text` it judges the records of a file as a run would, and needs no published set.


def register_explain(commands: Subparsers) -> None:
    """Add the command to the parser."""
    explain = commands.add_parser(
        "explain",
        help="why a record has its study types",
        description="Labels, the words behind each, what NLM and the second reader say, why one "
        "of them is the primary, and how to decide differently.",
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


def _explain(settings: Settings, arguments: argparse.Namespace) -> None:
    if arguments.text:
        _explain_file(settings, arguments)
        return
    from pipeline.outputs import explain, lookup, query

    with query.open_published(settings) as con:
        if arguments.next:
            pmid = lookup.next_pmid(con, settings.reference / "overrides.toml")
            if pmid is None:
                print("Everything in the review queue is decided.", file=sys.stderr)
                return
        else:
            pmid = lookup.identify(con, " ".join([arguments.record, *arguments.more]))
        explained = explain.explain(con, pmid)
    if arguments.json:
        print(json.dumps(explained, indent=1, default=str))
    else:
        print(explain.text(explained, is_terminal=sys.stdout.isatty(), today=Clock().now().date()))
    note_set(settings, arguments)


def _explain_file(settings: Settings, arguments: argparse.Namespace) -> None:
    from pipeline.evidence.judge import judge_records
    from pipeline.evidence.reference import Reference
    from pipeline.outputs import explain_file

    reference = Reference.load(settings.reference)
    with _at_hand(arguments.text) as path:
        records = explain_file.records_of(path)
    explained = [
        explain_file.explain(record, judgement, reference)
        for record, judgement in zip(records, judge_records(records, reference), strict=True)
    ]
    if arguments.json:
        print(json.dumps(explained, indent=1, default=str))
    else:
        is_terminal = sys.stdout.isatty()
        print("\n\n".join(explain_file.text(one, is_terminal=is_terminal) for one in explained))


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


# -- `ketum claims`: what has been studied on each question

CLAIMS_EXAMPLES = """\
examples:
  ketum claims
  ketum claims pain_tolerance
  ketum claims --next
  ketum claims --check
"""


def register_claims(commands: Subparsers) -> None:
    """Add the command to the parser."""
    claims = commands.add_parser(
        "claims",
        help="what has been studied on each question of the field, and on each claim of an article",
        description="The claim map of the latest published set: for each question of the field or "
        "of a popular article, the studies that looked at it, and what their authors state.",
        epilog=CLAIMS_EXAMPLES,
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


def _claims(settings: Settings, arguments: argparse.Namespace) -> None:
    from pipeline.escaping import for_json, for_terminal_lines
    from pipeline.outputs import claims, query

    if arguments.claim and (arguments.check or arguments.next):
        raise misused("--check and --next look at all claims", "leave out the claim")
    with query.open_published(settings) as con:
        search = arguments.search or claims.focus_search(con)
        found: object
        if arguments.check:
            from pipeline.evidence.claims import check_readings

            lines = check_readings(con, settings.reference)
            found, text = lines, for_terminal_lines(lines)
        elif arguments.next:
            rows = claims.next_to_read(con, search)
            found, text = rows, claims.next_text(rows)
        elif arguments.claim:
            claim = claims.one(con, search, arguments.claim)
            found, text = claim, claims.one_text(claim)
        else:
            every = claims.the_map(con, search)
            found, text = every, claims.map_text(every, claims.cards(con))
    if arguments.json:
        print(for_json(json.dumps(found, indent=1, ensure_ascii=False, default=str)))
    else:
        print(text)
    note_set(settings, arguments)


# -- `ketum evaluate`: how good the study types and the findings are, on readings of others


def register_evaluate(commands: Subparsers) -> None:
    """Add the command to the parser."""
    evaluate = commands.add_parser(
        "evaluate",
        help="measure study types, or findings, against readings of others",
        description="Judge labelled records by the rules and compare: confusion, precision, "
        "recall, F1 with n and 95 % intervals, coverage, abstention, calibration. With --findings: "
        "what people read that records state, against the latest published set.",
        epilog="example: ketum evaluate --labels labels.csv "
        "--mapping data/reference/evaluation/studytypeteller.toml --part unseen",
    )
    evaluate.set_defaults(work=_evaluate)
    source = evaluate.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--labels", type=Path, metavar="FILE", help="CSV of titles and abstracts with a label"
    )
    source.add_argument(
        "--nlm-withheld", nargs="+", action="extend", type=Path, metavar="FILE",
        help="PubMed files: hide what NLM assigned, predict from text, compare with NLM's tags",
    )  # fmt: skip
    source.add_argument(
        "--findings", type=Path, metavar="FILE",
        help="CSV of findings that people read (pmid, question, finding, read_on, reader)",
    )  # fmt: skip
    evaluate.add_argument(
        "--mapping", type=Path, metavar="FILE",
        help="columns, split and classes of the labels (needed with --labels)",
    )  # fmt: skip
    evaluate.add_argument(
        "--part", choices=("develop", "unseen", "all"), default="all",
        help="part of the set, as its mapping splits it (default: all)",
    )  # fmt: skip
    evaluate.add_argument(
        "--save", type=Path, metavar="FILE",
        help="where the result goes, as JSON (default: evaluations.json in the data directory)",
    )  # fmt: skip
    evaluate.add_argument(
        "--reader", type=Path, metavar="FILE",
        help="a model of tools.train_reader: measure rules and second reader together as well",
    )  # fmt: skip
    evaluate.add_argument("--json", action="store_true", help="print the result as JSON")


def _evaluate_findings(settings: Settings, arguments: argparse.Namespace) -> None:
    from pipeline.evidence.evaluation.people_read import compare, read_findings, text
    from pipeline.outputs import query

    readings = read_findings(arguments.findings)
    with query.open_published(settings) as con:
        result = compare(con, readings)
    print(json.dumps(result, indent=1) if arguments.json else text(result))
    print(query.note(settings), file=sys.stderr)


def _evaluate(settings: Settings, arguments: argparse.Namespace) -> None:
    if arguments.findings:
        _evaluate_findings(settings, arguments)
        return
    from pipeline.evidence.evaluation import figures
    from pipeline.evidence.evaluation.evaluate import (
        evaluate,
        evaluate_reader,
        labelled,
        tagged,
        text,
        typed,
    )
    from pipeline.evidence.reader import load_reader
    from pipeline.evidence.reference_files import MEASURED_FILE
    from pipeline.evidence.study_types import load_study_types
    from pipeline.rules.text import load_language

    path = arguments.mapping
    if path is None and arguments.labels:
        raise ConfigurationError(
            "--labels needs --mapping.",
            next_step="data/reference/evaluation/ has mapping files to use or to copy.",
        )
    study_types = load_study_types(
        settings.reference / "study_types.toml",
        figures.read_results(settings.reference / MEASURED_FILE),
    )
    mapping = figures.load_mapping(
        path or settings.reference / "evaluation" / "nlm_withheld.toml", study_types.codes()
    )
    reader = load_reader(arguments.reader) if arguments.reader else None
    if arguments.reader and reader is None:
        raise ConfigurationError(
            f"There is no model {arguments.reader}, or scikit-learn is not installed.",
            effect="Nothing was evaluated.",
            next_step="install the extra `reader`, run `python -m tools.train_reader`.",
        )
    with progress.of("evaluate"):
        if arguments.labels:
            known = labelled(arguments.labels, mapping, arguments.part)
        else:
            known = tagged(arguments.nlm_withheld, mapping, arguments.part, settings.sql)
        language = load_language(settings.reference / "language.toml")
        judged = typed(known.records, study_types, language)
    measured = [evaluate(known, judged, mapping, arguments.part, study_types)]
    if reader:
        version = study_types.version
        measured.append(evaluate_reader(known, judged, mapping, arguments.part, reader, version))
    saved = arguments.save or settings.data / "evaluations.json"
    for result in measured:
        figures.save_result(saved, result)
    if arguments.json:
        print(json.dumps(measured, indent=1))
    else:
        print("\n\n".join(map(text, measured)))
    print(f"Saved in {saved}.", file=sys.stderr)
