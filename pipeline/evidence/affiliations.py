"""Countries of the authors, from the last parts of their addresses."""

# SQL here is made of constants, checked schema names and names quoted by `sql_string`.
# ruff: noqa: S608

from __future__ import annotations

import re
from collections.abc import Sequence

import duckdb

from pipeline.evidence.countries import Country
from pipeline.evidence.folding import fold_sql, sql_string

_RULE = "affiliation.last_part"
# What stands behind the country: electronic addresses, full stops, US postal codes.
_TAIL = r"(?:\s*(?:electronic address|e-?mail)\b.*|\s*\S+@\S+|\s\d{5}(?:-\d{4})?|[\s.;,()]+)+$"


def find_countries(
    con: duckdb.DuckDBPyConnection, facet: str, countries: Sequence[Country], schema: str
) -> None:
    """Add the countries of the authors to `facet_found`.

    Args:
        con: connection with `facet_scope` and `facet_found`.
        facet: name of the facet.
        countries: what addresses end in.
        schema: schema that presents the tables of core.

    The last part of an address (behind the last comma) is the country, or ends in its name
    ("Boston MA 02115 USA", "3000 Leuven Belgium"). An affiliation that holds several addresses
    is cut at semicolons. US states stand among the addresses; Georgia is left out, as two
    countries have one.
    """
    names = {name: one.name for one in countries for name in one.addresses}
    lookup = ", ".join(
        f"({sql_string(name)}, {sql_string(country)})" for name, country in names.items()
    )
    ends = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    last = rf"(?:^|[\s.\d-])({ends})$"
    con.execute(
        f"""
        INSERT INTO facet_found BY NAME
        WITH wanted AS (
            SELECT affiliation.pmid, affiliation.affiliation
            FROM {schema}.affiliations AS affiliation
            JOIN facet_scope AS scope
                ON scope.pmid = affiliation.pmid AND scope.facet = {sql_string(facet)}
            WHERE affiliation.affiliation IS NOT NULL
        ),
        parts AS (
            SELECT affiliation, unnest(string_split(affiliation, ';')) AS address
            FROM (SELECT DISTINCT affiliation FROM wanted)
        ),
        folded AS (
            SELECT affiliation, regexp_replace({fold_sql("address")}, {sql_string(_TAIL)}, '', 's')
                AS address
            FROM parts
        ),
        named AS (
            SELECT DISTINCT affiliation,
                regexp_extract(trim(string_split(address, ',')[-1]),
                    {sql_string(last)}, 1) AS name
            FROM folded
        )
        SELECT DISTINCT wanted.pmid, {sql_string(facet)} AS facet, known.country AS value,
            '{_RULE}' AS rule_id, 0 AS rule_no, 'affiliation' AS source,
            'affiliations' AS field, named.name AS matched_text, 3 AS level_no
        FROM wanted
        JOIN named USING (affiliation)
        JOIN (VALUES {lookup}) AS known (name, country) USING (name)
        """
    )
