"""Signals outside the texts: NLM's terms and words in their names, kinds of record, links."""

# SQL here is made of constants, checked schema names and rule texts quoted by `sql_string`.
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Iterator

from pipeline.evidence.folding import fold_sql, sql_string
from pipeline.evidence.patterns import regular_expression
from pipeline.evidence.rules import Signal

_TAGS = {
    # kind: (table, name column, UI column, source of the proof)
    "publication_type": ("publication_types", "publication_type", "ui", "nlm_pt"),
    "mesh": ("mesh_headings", "descriptor", "descriptor_ui", "nlm_mesh"),
    "mesh_qualifier": ("mesh_headings", "qualifier", "qualifier_ui", "nlm_mesh"),
    "substance": ("chemicals", "substance_name", "ui", "nlm_substance"),
    "supplementary": ("supplementary_concepts", "name", "ui", "nlm_supplementary"),
}
_NAME_KINDS = ("publication_type", "mesh", "substance", "supplementary")
"""Where a `name` signal (PubMed's [tw] in headings and tags) looks."""


def tag_hits(signals: dict[Signal, int], schema: str) -> Iterator[str]:
    """SELECTs of (pmid, signal_no, source, field, matched_text), one a kind that has signals.

    Args:
        signals: every signal with its number.
        schema: schema that presents the tables of core.
    """
    statements = (
        *(_tag_hits_sql(kind, signals, schema) for kind in _TAGS),
        *(_name_hits_sql(kind, signals, schema) for kind in _NAME_KINDS),
        _record_kind_hits_sql(signals, schema),
        _link_hits_sql(signals, schema),
    )
    yield from filter(None, statements)


def _tag_hits_sql(kind: str, signals: dict[Signal, int], schema: str) -> str:
    """NLM terms: by UI where the record has one and we know it, else by name."""
    terms = [
        f"({number}, {sql_string(signal.value)}, {sql_string(signal.ui) if signal.ui else 'NULL'})"
        for signal, number in signals.items()
        if signal.kind == kind or (signal.kind == "substance" and kind == "supplementary")
    ]
    if not terms:
        return ""
    table, name, ui, source = _TAGS[kind]
    return f"""
        SELECT DISTINCT tag.pmid, term.signal_no, {_source_sql(kind, source)},
            '{table}', tag.{name}
        FROM (SELECT DISTINCT {name} AS name, {ui} AS ui FROM {schema}.{table}) AS seen
        JOIN (VALUES {", ".join(terms)}) AS term (signal_no, name, ui)
            ON CASE WHEN seen.ui IS NOT NULL AND term.ui IS NOT NULL THEN seen.ui = term.ui
                ELSE lower(seen.name) = lower(term.name) END
        JOIN {schema}.{table} AS tag
            ON tag.{name} = seen.name AND tag.{ui} IS NOT DISTINCT FROM seen.ui
    """


def _name_hits_sql(kind: str, signals: dict[Signal, int], schema: str) -> str:
    """Words inside the names of headings and tags."""
    table, name, _, source = _TAGS[kind]
    found = [
        f"CASE WHEN regexp_matches({fold_sql('name')}, "
        f"{sql_string(regular_expression(signal.value))}) THEN {number} END"
        for signal, number in signals.items()
        if signal.kind == "name"
    ]
    if not found:
        return ""
    return f"""
        SELECT DISTINCT tag.pmid, hit.signal_no, {_source_sql(kind, source)},
            '{table}', tag.{name}
        FROM (
            SELECT name,
                unnest(list_filter([{", ".join(found)}], lambda n: n IS NOT NULL)) AS signal_no
            FROM (SELECT DISTINCT {name} AS name FROM {schema}.{table})
        ) AS hit
        JOIN {schema}.{table} AS tag ON tag.{name} = hit.name
    """


def _source_sql(kind: str, source: str) -> str:
    """A heading is major if its descriptor or any of its qualifiers is."""
    if kind not in ("mesh", "mesh_qualifier"):
        return f"'{source}'"
    return (
        "CASE WHEN bool_or(tag.is_major_descriptor OR coalesce(tag.is_major_qualifier, false)) "
        f"OVER (PARTITION BY tag.pmid, tag.heading_no) THEN '{source}_major' ELSE '{source}' END"
    )


def _record_kind_hits_sql(signals: dict[Signal, int], schema: str) -> str:
    return " UNION ALL ".join(
        f"SELECT pmid, {number}, 'record_kind', 'record_kind', record_kind "
        f"FROM {schema}.articles WHERE record_kind = {sql_string(signal.value)}"
        for signal, number in signals.items()
        if signal.kind == "record_kind"
    )


def _link_hits_sql(signals: dict[Signal, int], schema: str) -> str:
    return " UNION ALL ".join(
        f"SELECT DISTINCT pmid, {number}, 'link', 'article_links', ref_type "
        f"FROM {schema}.article_links WHERE ref_type = {sql_string(signal.value)}"
        for signal, number in signals.items()
        if signal.kind == "link"
    )
