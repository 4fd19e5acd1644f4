"""How the search was made: verbatim, with what PubMed made of it."""

from __future__ import annotations

from pipeline.outputs.page.facts import Facts, Search
from pipeline.outputs.page.markup import number, paragraph, pubmed, table, text
from pipeline.outputs.wording import PUBMED_ONLY, share

TITLE = "How the search was made"


def html(facts: Facts) -> str:
    """The last search of each name, what it warned of, and the rules records were judged by."""
    rules = facts.con.execute(
        "SELECT kind, rules_version, rule_count FROM evidence.rule_sets ORDER BY kind"
    ).fetchall()
    return (
        paragraph(PUBMED_ONLY)
        + "".join(_search(facts, search) for search in facts.searches)
        + table(
            "Rules the records were judged by",
            ("rules for", "version", "rules"),
            [[text(kind), text(version), str(count)] for kind, version, count in rules],
        )
        + _quality(facts)
        + paragraph(
            "search_log.json beside this page holds every search of every run and what a report "
            "by PRISMA-S needs; docs/methods.md says how types are decided."
        )
    )


def _search(facts: Facts, search: Search) -> str:
    row = facts.con.execute(
        """
        SELECT source, strategy, query_translation, warnings, hit_count, unread_count,
            searched_at
        FROM marts.search_log WHERE search = ? ORDER BY searched_at DESC LIMIT 1
        """,
        [search.name],
    ).fetchone()
    if row is None:
        return ""
    source, strategy, translation, warnings, hits, unread, searched_at = row
    unexplained = number(
        search.unexplained, search=search.name, counted="all", mark=f"unexplained:{search.name}"
    )
    covers = "covers all of PubMed" if search.is_known else "does not cover all of PubMed"
    if unread:
        covers += f"; {unread:,} of the records it lists could not be read"
    parts = [
        f"<h3>{text(search.label)} ({text(search.name)})</h3>",
        f"<p>{text(source)}, {searched_at:%Y-%m-%d %H:%M} UTC: {hits:,} found; "
        f"the answer {covers}. "
        f"{unexplained} of the members are found by PubMed without a word the local rules "
        "know.</p>",
        f"<details><summary>The query, verbatim</summary><pre>{text(strategy)}</pre></details>",
    ]
    if translation:
        parts.append(
            f"<details><summary>As PubMed read it</summary><pre>{text(translation)}</pre></details>"
        )
    if warnings:
        parts.append(f"<p>PubMed warned: {text('; '.join(warnings))}.</p>")
    return "".join(parts) + _local_only(facts, search)


def _quality(facts: Facts) -> str:
    """How often each study type is right, with interval and n, on kratom and elsewhere."""
    rows = facts.con.execute(
        """
        SELECT study_type, starts_with(measured_on, 'kratom'), measured_on, precision_value,
            precision_low, precision_high, predicted_count
        FROM evidence.study_type_accuracy WHERE precision_value IS NOT NULL
        ORDER BY predicted_count DESC, measured_on
        """
    ).fetchall()
    best: dict[tuple[str, bool], str] = {}
    for code, on_kratom, measured_on, *figures in rows:  # that of the most records
        best.setdefault((code, on_kratom), f"{share(*figures)} ({measured_on})")
    return table(
        "How often a study type that was given is right, with 95 % interval and n",
        ("study type", "on kratom records", "elsewhere: the set with the most records"),
        [
            [
                text(one.label),
                text(best.get((one.code, True), "not measured on kratom")),
                text(best.get((one.code, False), "not measured")),
            ]
            for one in facts.types
        ],
    )


def _local_only(facts: Facts, search: Search) -> str:
    rows = facts.con.execute(
        """
        SELECT pmid, title FROM marts.search_differences
        WHERE search = ? AND matched_by = 'local' ORDER BY pmid DESC
        """,
        [search.name],
    ).fetchall()
    if not rows:
        return ""
    items = "".join(f"<li>{pubmed(pmid, title or str(pmid))}</li>" for pmid, title in rows)
    return (
        f"<details><summary>{len(rows):,} held records match the local rules and were not returned "
        f"by PubMed: no members</summary><ul>{items}</ul></details>"
    )
