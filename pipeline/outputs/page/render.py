"""Put the page together: template, style, sections, records, program, charts; one file.

Two of them: `index.html` can be shared; `index.private.html` also holds the abstracts, which
belong to their publishers or authors, and says so.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from pathlib import Path
from string import Template
from typing import Any

import duckdb

from pipeline.escaping import for_html, for_script
from pipeline.outputs.manifest import LICENCE
from pipeline.outputs.page import lead, records
from pipeline.outputs.page.facts import Facts, gather
from pipeline.outputs.page.sections import AFTER_RECORDS, BEFORE_RECORDS, Section
from pipeline.outputs.wording import PUBMED_ONLY

SHARED, PRIVATE = "index.html", "index.private.html"
FILES = Path(__file__).parent / "files"
PROGRAM = ("state.js", "list.js", "charts.js", "page.js")
"""One script in the page, in this order: scripts inside a page cannot import each other."""
Shown = list[tuple[Section, str]]
NOT_FOR_SHARING = (
    "Not for sharing: this page holds abstracts, which belong to their publishers or authors. "
    "index.html is the same page without them."
)


def write(con: duckdb.DuckDBPyConnection, directory: Path) -> None:
    """Write both pages of a set.

    Args:
        con: the set's tables.
        directory: of the set.
    """
    facts = gather(con)
    payload = records.payload(facts)
    parts = _sections(facts, BEFORE_RECORDS), _sections(facts, AFTER_RECORDS)
    shared = _page(facts, parts, payload)
    (directory / SHARED).write_text(shared, encoding="utf-8")
    payload["abstracts"] = records.abstracts(facts)
    private = _page(facts, parts, payload, NOT_FOR_SHARING)
    (directory / PRIVATE).write_text(private, encoding="utf-8")


def _page(
    facts: Facts, parts: tuple[Shown, Shown], payload: dict[str, Any], warning: str = ""
) -> str:
    before, after = parts
    charts, program = _file("vega.min.js"), "".join(map(_file, PROGRAM))
    return Template(_file("page.html")).substitute(
        policy=_policy(charts, program),
        style=_file("page.css"),
        lead=lead.html(facts),
        as_of=for_html(f"{facts.as_of:%Y-%m-%d %H:%M} UTC"),
        set_id=for_html(facts.set_id),
        statement=for_html(facts.statement),
        pubmed_only="" if PUBMED_ONLY in facts.statement else for_html(PUBMED_ONLY),
        warning=f'<p class="warning">{for_html(warning)}</p>' if warning else "",
        contents="".join(
            f'<li><a href="#{name}">{for_html(title)}</a></li>'
            for name, title in [*_names(before), ("records", "Records"), *_names(after)]
        ),
        before="".join(html for _, html in before),
        after="".join(html for _, html in after),
        licence=for_html(LICENCE),
        data=_json(payload),
        specs=_json({name: json.loads(_file(f"{name}.vl.json")) for name in ("bars", "shares")}),
        charts=charts,
        program=program,
    )


def _sections(facts: Facts, sections: tuple[Section, ...]) -> Shown:
    """The sections that have something to show."""
    shown = []
    for section in sections:
        body = section.html(facts)
        if body:
            heading = f'<h2 tabindex="-1">{for_html(section.title)}</h2>'
            html = f'<section id="{section.name}">{heading}{body}</section>'
            shown.append((section, html))
    return shown


def _names(sections: Shown) -> list[tuple[str, str]]:
    return [(section.name, section.short) for section, _ in sections]


def _policy(*scripts: str) -> str:
    """Only these scripts run and nothing is ever asked for, whatever a record may hold.

    Vega compiles its expressions, hence unsafe-eval; it sets styles, hence unsafe-inline there.
    """
    sums = " ".join(
        f"'sha256-{b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
        for script in scripts
    )
    return (
        f"default-src 'none'; script-src {sums} 'unsafe-eval'; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _json(value: object) -> str:
    return for_script(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def _file(name: str) -> str:
    return (FILES / name).read_text(encoding="utf-8")
