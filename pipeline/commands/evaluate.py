"""`ketum evaluate`: how good the study types and the findings are, on readings of others."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from pipeline import progress
from pipeline.commands.parsers import Subparsers
from pipeline.errors import EXIT_OK, ConfigurationError
from pipeline.settings import Settings


def register(commands: Subparsers) -> None:
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
        "--nlm-withheld", nargs="+", type=Path, metavar="FILE",
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
        help="a model of train_reader: measure rules and second reader together as well",
    )  # fmt: skip
    evaluate.add_argument("--json", action="store_true", help="print the result as JSON")


def _evaluate_findings(settings: Settings, arguments: argparse.Namespace) -> int:
    from pipeline.evidence.evaluation.findings_read import compare, read_findings, text
    from pipeline.outputs import query

    readings = read_findings(arguments.findings)
    with query.open_published(settings) as con:
        result = compare(con, readings)
    print(json.dumps(result, indent=1) if arguments.json else text(result))
    print(query.note(settings), file=sys.stderr)
    return EXIT_OK


def _evaluate(settings: Settings, arguments: argparse.Namespace) -> int:
    if arguments.findings:
        return _evaluate_findings(settings, arguments)
    from pipeline.evidence.evaluation import figures
    from pipeline.evidence.evaluation.evaluate import (
        evaluate,
        evaluate_reader,
        labelled,
        tagged,
        typed,
    )
    from pipeline.evidence.evaluation.mapping import load_mapping
    from pipeline.evidence.reader import load_reader
    from pipeline.evidence.reference_files import MEASURED_FILE
    from pipeline.evidence.study_types import load_study_types
    from pipeline.rules.language import load_language

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
    mapping = load_mapping(
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
        print("\n\n".join(map(figures.text, measured)))
    print(f"Saved in {saved}.", file=sys.stderr)
    return EXIT_OK
