"""What people read, against what the rules say: facets, questions, and one reader against another.

    python -m tools.readings draw FILE --reading N   PMIDs to read for facets, with their strata
    python -m tools.readings figures                 facets: the tables of docs/quality.md
    python -m tools.readings measured                facets: data/reference/facets_measured.jsonl
    python -m tools.readings questions DATABASE      data/reference/questions_measured.jsonl
    python -m tools.readings agreement FIRST.jsonl   how far two readers of kratom records agree

data/reference/evaluation/facets.toml says which records are drawn for facets, and why. The verdicts
are in facets_read_N.csv beside it (kratom: titles, known beforehand): pmid, stratum, facet, value,
verdict (right, wrong: a value the rules gave; missed: one they should have given; absent:
not_stated, rightly). No text is kept. `questions` needs a published database that holds the
records of questions_read_kratom.csv.
"""

# SQL here is made of conditions that stand in the code.
# ruff: noqa: S608

from __future__ import annotations

import argparse
import csv
import json
import random
import tomllib
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from pipeline.evidence.evaluation.figures import share
from pipeline.evidence.evaluation.people_read import FacetMeasured, QuestionMeasured
from pipeline.evidence.judge import judge
from pipeline.evidence.reference import Reference
from pipeline.evidence.reference_files import QUESTIONS_MEASURED
from pipeline.settings import ROOT
from tools.draw import records_of

REFERENCE = ROOT / "data" / "reference"
EVALUATION = REFERENCE / "evaluation"
UNSEEN = "article.pmid % 2 = 1"
DEVELOP = "article.pmid % 2 = 0"
BY_FACET = "by facet: "
"""How the strata of records drawn by what the rules say begin: they say nothing about recall."""


@contextmanager
def judged(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A file in a database in memory, judged with the rules as they are."""
    with records_of(path, ROOT / "sql") as con:
        con.begin()
        judge(con, Reference.load(REFERENCE))
        con.commit()
        yield con


def draw(con: duckdb.DuckDBPyConnection, plan: dict[str, Any]) -> list[tuple[int, str]]:
    """(pmid, stratum) of the first reading: by the plan's seed, none twice."""
    drawn: dict[int, str] = {}
    each, wanted = plan["draw"]["each"], plan["draw"]["each"] * len(plan["stratum"])
    (fill,) = [one for one in plan["stratum"] if one["name"] == plan["draw"]["fill"]]
    for stratum in plan["stratum"]:
        drawn |= _draw_one(con, stratum, each, drawn, plan["draw"]["seed"])
    drawn |= _draw_one(con, fill, wanted - len(drawn), drawn, plan["draw"]["seed"] + " fill")
    return [*drawn.items(), *((pmid, "kratom") for pmid in plan["draw"]["kratom"])]


def draw_again(con: duckdb.DuckDBPyConnection, plan: dict[str, Any]) -> list[tuple[int, str]]:
    """(pmid, stratum) of the second reading: none that was read before."""
    before = {int(row["pmid"]): row["stratum"] for row in verdicts(1)}
    drawn: dict[int, str] = {}
    for stratum in plan["stratum"]:
        drawn |= _draw_one(
            con, stratum, plan["draw_2"]["each"], before | drawn, plan["draw_2"]["seed"]
        )
    return [*drawn.items()]


def draw_third(con: duckdb.DuckDBPyConnection, plan: dict[str, Any]) -> list[tuple[int, str]]:
    """(pmid, stratum) of the third reading: strata first, then records by facet; none read yet."""
    how = plan["draw_3"]
    before = {int(row["pmid"]): "" for reading in (1, 2) for row in verdicts(reading)}
    before |= dict.fromkeys(how["seen"], "")
    drawn: dict[int, str] = {}
    for stratum in plan["stratum"]:
        part = DEVELOP if stratum["name"] == how["even"] else UNSEEN
        number = how["each_of"][stratum["name"]]
        if stratum["name"] in how["any_topic"]:
            asked = {key: value for key, value in stratum.items() if key != "topic"}
        else:
            asked = stratum
        drawn |= _draw_one(con, asked, number, before | drawn, how["seed"], part)
    return [*(drawn | _by_facet(con, how, before | drawn)).items()]


def draw_fourth(con: duckdb.DuckDBPyConnection, plan: dict[str, Any]) -> list[tuple[int, str]]:
    """(pmid, stratum) of the fourth reading: by facet alone, none read yet."""
    before = {int(row["pmid"]): "" for reading in (1, 2, 3) for row in verdicts(reading)}
    return [*_by_facet(con, plan["draw_4"], before).items()]


def _by_facet(
    con: duckdb.DuckDBPyConnection, how: dict[str, Any], before: dict[int, str]
) -> dict[int, str]:
    """Records on which the rules give a facet a value, as many as the plan says."""
    drawn: dict[int, str] = {}
    for facet, number in how["by_facet"].items():
        candidates = con.execute(
            f"""
            SELECT DISTINCT article.pmid FROM evidence.article_facets AS article
            WHERE facet = ? AND value <> 'not_stated' AND {UNSEEN}
                AND article.pmid IN (SELECT pmid FROM core.abstract_sections)
            """,
            [facet],
        ).fetchall()
        drawn |= _sample(candidates, before | drawn, number, how["seed"], BY_FACET + facet)
    return drawn


def verdicts(reading: int | str) -> list[dict[str, str]]:
    """The kept verdicts of a reading: its number, or kratom."""
    with (EVALUATION / f"facets_read_{reading}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _draw_one(
    con: duckdb.DuckDBPyConnection,
    stratum: dict[str, Any],
    number: int,
    drawn: dict[int, str],
    seed: str,
    part: str = UNSEEN,
) -> dict[int, str]:
    """Up to `number` records of a stratum that are not drawn yet."""
    condition, values = part, [stratum["study_types"]]
    if "topic" in stratum:
        condition += (
            " AND article.pmid IN (SELECT pmid FROM evidence.article_topics WHERE topic = ?)"
        )
        values.append(stratum["topic"])
    if "headings" in stratum:
        condition += (
            " AND (regexp_matches(lower(title), ?) OR article.pmid IN (SELECT pmid FROM "
            "core.mesh_headings WHERE list_contains(?, descriptor)))"
        )
        values += [stratum["title"], stratum["headings"]]
    candidates = con.execute(
        f"""
        SELECT article.pmid FROM core.articles AS article
        JOIN evidence.article_study_types AS label
            ON label.pmid = article.pmid AND label.is_primary
            AND list_contains(?, label.study_type)
        WHERE {condition} AND article.pmid IN (SELECT pmid FROM core.abstract_sections)
        ORDER BY article.pmid
        """,
        values,
    ).fetchall()
    return _sample(candidates, drawn, number, seed, stratum["name"])


def _sample(
    candidates: list[tuple[int]], drawn: dict[int, str], number: int, seed: str, name: str
) -> dict[int, str]:
    left = sorted(pmid for (pmid,) in candidates if pmid not in drawn)
    chance = random.Random(f"{seed} {name}")
    return dict.fromkeys(sorted(chance.sample(left, min(number, len(left)))), name)


def figures(rows: list[dict[str, str]]) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """(facet, precision, recall) for each facet and for all, each with its Wilson interval.

    Records drawn by what the rules say count in the precision alone.
    """
    counts = Counter((row["facet"], row["verdict"]) for row in rows)
    counts.update(("all", row["verdict"]) for row in rows)
    blind = [row for row in rows if not row["stratum"].startswith(BY_FACET)]
    found = Counter((row["facet"], row["verdict"]) for row in blind)
    found.update(("all", row["verdict"]) for row in blind)
    shares = []
    for facet in [*sorted({row["facet"] for row in rows}), "all"]:
        right, wrong = counts[facet, "right"], counts[facet, "wrong"]
        hits, missed = found[facet, "right"], found[facet, "missed"]
        shares.append((facet, share(right, right + wrong), share(hits, hits + missed)))
    return shares


DRAWS = {1: draw, 2: draw_again, 3: draw_third, 4: draw_fourth}


def measured() -> list[str]:
    """The lines of facets_measured.jsonl: what was read of kratom records, by facet."""
    rows = verdicts("kratom")
    lines: list[str] = []
    for facet in sorted({row["facet"] for row in rows}):
        count = Counter(row["verdict"] for row in rows if row["facet"] == facet)
        right = count["right"]
        figures = FacetMeasured(
            facet=facet, said=right + count["wrong"], said_right=right,
            read=right + count["missed"], found=right,
        )  # fmt: skip
        lines.append(figures.model_dump_json())
    return lines


def tables() -> str:
    """Precision and recall of every facet in every reading, as two tables in Markdown."""
    readings = {str(number): figures(verdicts(number)) for number in DRAWS}
    readings["kratom titles"] = figures(verdicts("kratom"))
    named = {name: {facet: parts for facet, *parts in one} for name, one in readings.items()}
    facets = [*sorted({facet for one in named.values() for facet in one} - {"all"}), "all"]
    parts: list[str] = []
    for place, what in enumerate(("precision", "recall")):
        parts.append(f"| {what} | " + " | ".join(f"reading {name}" for name in named) + " |")
        parts.append("|---" * (len(named) + 1) + "|")
        parts += [
            f"| {facet} | "
            + " | ".join(_text(one[facet][place]) if facet in one else "" for one in named.values())
            + " |"
            for facet in facets
        ]
        parts.append("")
    return "\n".join(parts).strip()


def _text(part: dict[str, Any]) -> str:
    if not part["n"]:
        return ""
    return f"{part['value']:.3f} ({part['low']:.3f}-{part['high']:.3f}, {part['hits']}/{part['n']})"


# -- Questions of claims.toml


def measure_questions(published: Path) -> None:
    """Write how often the rules are right, which `ketum explain` shows, and print the sums."""
    claims = Reference.load(REFERENCE).claims
    questions = [claim.code for claim in claims.matched()]
    readings = EVALUATION / "questions_read_kratom.csv"
    with duckdb.connect(str(published), read_only=True) as con:
        measured = measure(con, readings, questions, claims.version)
    lines = "".join(f"{one.model_dump_json()}\n" for one in measured)
    (REFERENCE / QUESTIONS_MEASURED).write_text(lines, encoding="utf-8")
    right, said = sum(one.said_right for one in measured), sum(one.said for one in measured)
    found, read = sum(one.found for one in measured), sum(one.read for one in measured)
    print(f"{right} of {said} said are right; {found} of {read} read are found.")


def measure(
    con: duckdb.DuckDBPyConnection, readings: Path, questions: Sequence[str], version: str
) -> Sequence[QuestionMeasured]:
    """The figures of each question.

    Args:
        con: a published set that holds the records read.
        readings: CSV of readings: pmid, question, verdict (yes or borderline), read_on, reader;
            each record of it was read for every question.
        questions: codes of the questions that can be matched.
        version: version of the rules that judged the set.
    """
    with readings.open(encoding="utf-8", newline="") as file:
        read = {(int(row["pmid"]), row["question"]): row["verdict"] for row in csv.DictReader(file)}
    records = {pmid for pmid, _ in read}
    said = set(con.execute("SELECT pmid, claim FROM evidence.article_claims").fetchall())
    measured: list[QuestionMeasured] = []
    for question in questions:
        yes = {pmid for pmid in records if read.get((pmid, question)) == "yes"}
        either_way = {pmid for pmid in records if (pmid, question) in read} - yes
        claimed = {pmid for pmid in records if (pmid, question) in said} - either_way
        measured.append(
            QuestionMeasured(
                question=question,
                said=len(claimed),
                said_right=len(claimed & yes),
                read=len(yes),
                found=len(claimed & yes),
                rules_version=version,
            )
        )
    return measured


# -- Two readers of the same kratom records: the ceiling for any rule
#
# The second reading (codes only, no text) is of 30 records drawn with a fixed seed, by an agent
# that had seen neither rules nor the first reading.

SECOND = EVALUATION / "kratom_second_reading.csv"
EXPERIMENTS = {"RCT", "NRCT"}


def kappa(first: Sequence[Hashable], second: Sequence[Hashable]) -> float:
    """Cohen's kappa of two codings of the same items, in their order.

    Raises:
        ValueError: there are no items, or the codings have different lengths.
    """
    if not first or len(first) != len(second):
        raise ValueError("two codings of the same items are needed")
    n = len(first)
    agreed = sum(a == b for a, b in zip(first, second, strict=True)) / n
    ours, theirs = Counter(first), Counter(second)
    by_chance = sum(ours[code] * theirs[code] for code in ours) / n**2
    return 1.0 if by_chance == 1 else (agreed - by_chance) / (1 - by_chance)


def print_agreement(path: Path) -> None:
    """Print the agreement on study types, trials and human laboratory studies, claims and pain."""
    read = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line]
    first = {str(record["id"]): record["reading"] for record in read}
    with SECOND.open(encoding="utf-8", newline="") as file:
        second = [row for row in csv.DictReader(file) if row["id"] in first]
    pairs = [(first[row["id"]], row) for row in second]
    claims = [claim.code for claim in Reference.load(REFERENCE).claims.claims]
    answers = [
        (claim in one["claims"], claim in row["claims"].split())
        for one, row in pairs
        for claim in claims
        if claim not in one["claims_borderline"] + row["claims_borderline"].split()
    ]
    codings: dict[str, list[tuple[Hashable, Hashable]]] = {
        "study type": [(one["study_type"], row["study_type"]) for one, row in pairs],
        "trial or human laboratory study": [
            (one["study_type"] in EXPERIMENTS, row["is_experiment"] == "true") for one, row in pairs
        ],
        "claims (record by claim)": [*answers],
        "pain": [(one["pain"][:7], row["pain"][:7]) for one, row in pairs],
    }
    for name, coding in codings.items():
        agreed = sum(a == b for a, b in coding)
        value = kappa([a for a, _ in coding], [b for _, b in coding])
        print(f"{name:26} {agreed} of {len(coding)} alike, kappa {value:.2f}")


def main() -> None:
    """Run one of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    commands = parser.add_subparsers(dest="command", required=True)
    drawing = commands.add_parser("draw")
    drawing.add_argument("file", type=Path)
    drawing.add_argument("--reading", type=int, choices=sorted(DRAWS), default=1)
    commands.add_parser("figures")
    commands.add_parser("measured")
    commands.add_parser("questions").add_argument("file", type=Path, metavar="DATABASE")
    commands.add_parser("agreement").add_argument("file", type=Path, metavar="FIRST.jsonl")
    arguments = parser.parse_args()
    if arguments.command == "draw":
        plan = tomllib.loads((EVALUATION / "facets.toml").read_text(encoding="utf-8"))
        with judged(arguments.file) as con:
            for pmid, stratum in DRAWS[arguments.reading](con, plan):
                print(pmid, stratum, sep="\t")
    elif arguments.command == "questions":
        measure_questions(arguments.file)
    elif arguments.command == "agreement":
        print_agreement(arguments.file)
    else:
        print("\n".join(measured()) if arguments.command == "measured" else tables())


if __name__ == "__main__":
    main()
