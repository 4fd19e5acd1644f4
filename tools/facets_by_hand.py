"""Facets against readings by hand: draw the records, and give the figures.

    python -m tools.facets_by_hand draw FILE --reading N   PMIDs to read, with their strata
    python -m tools.facets_by_hand figures                 the tables of docs/quality.md
    python -m tools.facets_by_hand measured                data/reference/facets_measured.jsonl

What is drawn and why stands in data/reference/evaluation/facets.toml; verdicts in
facets_read_N.csv beside it (kratom: titles, known beforehand): pmid, stratum, facet, value, verdict
(right, wrong: a value the rules gave; missed: one they should have given; absent: not_stated,
rightly). No text is kept.
"""

# SQL here is made of conditions that stand in the code.
# ruff: noqa: S608

from __future__ import annotations

import argparse
import csv
import random
import tomllib
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from pipeline.evidence.evaluation.figures import share
from pipeline.evidence.evaluation.questions_read import FacetMeasured
from pipeline.evidence.judge import judge
from pipeline.evidence.reference import Reference
from pipeline.settings import ROOT
from pipeline.warehouse import database, load, stage
from pipeline.warehouse.fingerprint import schema_files

EVALUATION = ROOT / "data" / "reference" / "evaluation"
UNSEEN = "article.pmid % 2 = 1"
DEVELOP = "article.pmid % 2 = 0"
BY_FACET = "by facet: "
"""How the strata of records drawn by what the rules say begin: they tell no recall."""


def judged(path: Path) -> duckdb.DuckDBPyConnection:
    """A file in a database in memory, judged with the rules as they are."""
    con = duckdb.connect()
    database.configure(con)
    for schema in schema_files(ROOT / "sql"):
        con.execute(schema.read_text(encoding="utf-8"))
    stage.create_staging(con)
    stage.stage_file(con, path, raw_file=None, stamp=path.name)
    con.execute("BEGIN")
    load.merge(con, datetime(2000, 1, 1))  # noqa: DTZ001  (naive UTC, as every _at column)
    judge(con, Reference.load(ROOT / "data" / "reference"))
    con.execute("COMMIT")
    return con


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
    told = []
    for facet in [*sorted({row["facet"] for row in rows}), "all"]:
        right, wrong = counts[facet, "right"], counts[facet, "wrong"]
        hits, missed = found[facet, "right"], found[facet, "missed"]
        told.append((facet, share(right, right + wrong), share(hits, hits + missed)))
    return told


DRAWS = {1: draw, 2: draw_again, 3: draw_third, 4: draw_fourth}


def main() -> None:
    """Run one of the two."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    commands = parser.add_subparsers(dest="command", required=True)
    drawing = commands.add_parser("draw")
    drawing.add_argument("file", type=Path)
    drawing.add_argument("--reading", type=int, choices=sorted(DRAWS), default=1)
    commands.add_parser("figures")
    commands.add_parser("measured")
    arguments = parser.parse_args()
    if arguments.command == "draw":
        plan = tomllib.loads((EVALUATION / "facets.toml").read_text(encoding="utf-8"))
        for pmid, stratum in DRAWS[arguments.reading](judged(arguments.file), plan):
            print(pmid, stratum, sep="\t")
        return
    print("\n".join(measured()) if arguments.command == "measured" else tables())


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
    told = {name: {facet: parts for facet, *parts in one} for name, one in readings.items()}
    facets = [*sorted({facet for one in told.values() for facet in one} - {"all"}), "all"]
    parts: list[str] = []
    for place, what in enumerate(("precision", "recall")):
        parts.append(f"| {what} | " + " | ".join(f"reading {name}" for name in told) + " |")
        parts.append("|---" * (len(told) + 1) + "|")
        parts += [
            f"| {facet} | "
            + " | ".join(_text(one[facet][place]) if facet in one else "" for one in told.values())
            + " |"
            for facet in facets
        ]
        parts.append("")
    return "\n".join(parts).strip()


def _text(part: dict[str, Any]) -> str:
    if not part["n"]:
        return ""
    return f"{part['value']:.3f} ({part['low']:.3f}-{part['high']:.3f}, {part['hits']}/{part['n']})"


if __name__ == "__main__":
    main()
