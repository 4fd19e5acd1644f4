"""People's decisions on top of the rules: read, checked, and applied when judging.

A decision never changes core and never hides what the rules say: the automatic value stands
beside it, and a decision whose expectation no longer holds is reported, not dropped.
"""

# SQL here is made of constants, checked schema names and rule texts quoted by `sql_string`.
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from pipeline.evidence.facets import Facets
from pipeline.evidence.rule_file import RuleFile
from pipeline.evidence.study_types import UNCLASSIFIED

FIELD = "study_type"
FACET = "facet."
"""A decision about a facet has the field `facet.NAME`; several values are joined by `; `."""
_KEYS = {"pmid", "field", "value", "expect", "confirm", "who", "when", "why"}


@dataclass(frozen=True)
class Override:
    """One decision about one article."""

    pmid: int
    field: str
    value: str
    expect: str
    who: str
    when: date
    why: str

    def values(self) -> list[str]:
        """The decided values: one, or for a facet several."""
        return [value.strip() for value in self.value.split(";")]


@dataclass(frozen=True)
class Overrides:
    """Everything overrides.toml says."""

    version: str
    sha256: str
    decisions: tuple[Override, ...]


def load_overrides(path: Path, codes: Sequence[str], facets: Facets) -> Overrides:
    """Read overrides.toml.

    Args:
        path: the reference file.
        codes: study types that exist.
        facets: facets that exist, and their values.

    Raises:
        ConfigurationError: naming the line at fault.
    """
    file = RuleFile(path)
    decisions = [_decision(file, table, codes, facets) for table in file.tables("override")]
    decided = [(decision.pmid, decision.field) for decision in decisions]
    if twice := sorted({one for one in decided if decided.count(one) > 1}):
        pmid, field = twice[0]
        raise file.error(f"pmid = {pmid}", f"{field} of PMID {pmid} is decided twice")
    return Overrides(file.version(), file.sha256, tuple(decisions))


def apply_overrides(con: duckdb.DuckDBPyConnection, overrides: Overrides) -> None:
    """Write evidence.overrides and put the decisions in force.

    Args:
        con: connection; the automatic labels stand in the temporary table `type_labels`,
            their proofs in `type_proofs`.
        overrides: the decisions.

    A decision for a PMID that is not held is kept with automatic_value NULL. Decisions about
    facets are written here and put in force by `faceting`, when the rules have spoken.
    """
    con.execute("DELETE FROM evidence.overrides")
    for decision in sorted(overrides.decisions, key=lambda one: (one.pmid, one.field)):
        con.execute(
            """
            INSERT INTO evidence.overrides
            SELECT $pmid, $field, $value, $expect, $who, $when, $why, automatic,
                automatic = $expect
            FROM (
                SELECT max(study_type) FILTER (WHERE is_primary) AS automatic
                FROM type_labels WHERE pmid = $pmid AND $field = 'study_type'
            )
            """,
            {
                "pmid": decision.pmid,
                "field": decision.field,
                "value": decision.value,
                "expect": decision.expect,
                "who": decision.who,
                "when": decision.when,
                "why": decision.why,
            },
        )
    held = (
        "SELECT pmid, value, why FROM evidence.overrides "
        f"WHERE field = '{FIELD}' AND automatic_value IS NOT NULL"
    )
    con.execute(
        f"""
        UPDATE type_labels SET is_primary = false, precedence = NULL
        FROM ({held}) AS decision WHERE decision.pmid = type_labels.pmid
        """
    )
    # OTHER is the absence of a type: a decision takes its place.
    con.execute(
        f"""
        DELETE FROM type_labels USING ({held}) AS decision
        WHERE decision.pmid = type_labels.pmid
            AND type_labels.study_type IN (decision.value, '{UNCLASSIFIED}')
        """
    )
    con.execute(
        f"""
        INSERT INTO type_labels
        SELECT pmid, value, true, 'override', 'high', false, 'decided by a person',
            CASE WHEN value = '{UNCLASSIFIED}' THEN why END
        FROM ({held})
        """
    )
    con.execute(
        f"""
        INSERT INTO type_proofs
        SELECT pmid, value, 'override', 'override', 'overrides', NULL, why, NULL, NULL
        FROM ({held})
        """
    )


def _decision(
    file: RuleFile, table: Mapping[str, Any], codes: Sequence[str], facets: Facets
) -> Override:
    near = f"pmid = {table.get('pmid')}"
    file.require(table, near, pmid=int, field=str, who=str, when=date, why=str)
    file.allow(table, near, _KEYS)
    fields = [FIELD, *(FACET + facet.name for facet in facets.facets)]
    if table["field"] not in fields:
        raise file.error(near, f"`field` can be {', '.join(fields)}")
    if "confirm" in table:
        if "value" in table or "expect" in table:
            raise file.error(near, "`confirm` stands in place of `value` and `expect`")
        table = {**table, "value": table["confirm"], "expect": table["confirm"]}
    file.require(table, near, value=str, expect=str)
    for key in ("value", "expect"):
        if table["field"] == FIELD:
            if table[key] not in codes:
                raise file.error(near, f"unknown study type `{table[key]}`")
            continue
        facet = table["field"].removeprefix(FACET)
        for value in table[key].split(";"):
            if not facets.allows(facet, value.strip()):
                raise file.error(near, f"unknown value `{value.strip()}` of {facet}")
    return Override(
        table["pmid"],
        table["field"],
        table["value"],
        table["expect"],
        table["who"],
        table["when"],
        table["why"],
    )
