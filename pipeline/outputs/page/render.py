"""Put the page together: template, style, sections, records, program; one file.

Two of them: one can be shared; the private one also holds the abstracts, which belong to their
publishers or authors, and says so. `dated` puts the date and name of their set into them.
"""

from __future__ import annotations

import gc
import hashlib
import sys
from base64 import b64encode
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import duckdb
from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup

from pipeline import escaping
from pipeline.escaping import for_html, for_json
from pipeline.outputs.manifest import LICENCE
from pipeline.outputs.page import questions, records, rest, studies
from pipeline.outputs.page.dated import DATA, DATE, MOMENT, SET_ID, SHARED, Pages, dumped, packed
from pipeline.outputs.page.facts import BANDS, Facts, Search, gather
from pipeline.outputs.wording import PUBMED_ONLY

HERE = Path(__file__).parent
PROGRAM = ("state.js", "records.js", "chart.js", "files.js", "page.js")
"""One script in the page, in this order: scripts inside a page cannot import each other."""
NOT_FOR_SHARING = (
    "Not for sharing: this page holds abstracts, which belong to their publishers or authors. "
    f"{SHARED} is the same page without them."
)


class Section(NamedTuple):
    """A section: the name its address has, its name among the contents, its heading.

    Its template is `NAME.html`; `parts` give it what it shows of each search.
    """

    name: str
    short: str
    title: str
    parts: Mapping[str, Callable[[Facts, Search], Any]]


SECTIONS = (
    Section("map", "Map", "Which kinds of studies there are, and on whom",
            {"map": questions.evidence_map}),
    Section(
        "trials", "Trials", "All trials and human laboratory studies", {"people": studies.people}
    ),
    Section("questions", "Questions", "What was looked at, question by question",
            {"questions": questions.questions}),
    Section("records", "Records", "Records", {}),
    Section("laboratory", "Laboratory", "Animal and laboratory work on pain",
            {"preclinical": studies.preclinical}),
    Section("numbers", "Numbers", "All numbers",
            {"types": rest.types, "summaries": rest.summaries, "shares": rest.shares,
             "surveillance": studies.surveillance, "newest": rest.newest,
             "retracted": rest.retracted, "unread": rest.unread,
             "unclassified": rest.unclassified}),
    Section("method", "Method", "How the search was made", {"asked": rest.asked}),
)  # fmt: skip


def render(con: duckdb.DuckDBPyConnection) -> Pages:
    """Both pages of a set, without its date and name.

    Args:
        con: the set's tables.
    """
    # a page is a million lists and no circles; looking for these was a fifth of the work
    is_collecting = gc.isenabled()
    gc.disable()
    try:
        return _rendered(gather(con))
    finally:
        if is_collecting:
            gc.enable()


def _rendered(facts: Facts) -> Pages:
    program = "".join(map(_file, PROGRAM))
    carried = records.payload(facts)
    known = _known(facts) | {
        "policy": _policy(program),
        "style": Markup(_file("page.css")),
        "program": Markup(program),
        "data": Markup(DATA),
        "details": packed(for_json(dumped(carried.details))),
        "first_rows": carried.first_rows,
    }
    page = environment().get_template("page.html")
    shared = page.render(known, abstracts="", warning="")
    abstracts = packed(for_json(dumped(records.abstracts(facts))))
    private = page.render(known, abstracts=abstracts, warning=NOT_FOR_SHARING)
    return Pages(shared, private, for_json(dumped(carried.listed)))


def _known(facts: Facts) -> dict[str, Any]:
    """What the templates show; each section with its parts by search."""
    functions = {"answer": studies.answer, **{
        name: function for section in SECTIONS for name, function in section.parts.items()
    }}  # fmt: skip
    parts = {
        search.name: {name: function(facts, search) for name, function in functions.items()}
        for search in facts.searches
    }
    return {
        "facts": facts,
        "set_id": Markup(SET_ID),
        "date": Markup(DATE),
        "moment": Markup(MOMENT),
        "searches": facts.searches,
        "sections": SECTIONS,
        "parts": parts,
        "bands": list(BANDS),
        "numbers": rest.numbers(facts),
        "rules": rest.rules(facts),
        "licence": LICENCE,
        "pubmed_only": PUBMED_ONLY,
    }


class _Compiled(FileSystemBytecodeCache):
    """Compiled templates beside them, as Python keeps its modules: a third of the work of a page.

    They count for these very templates and functions alone.
    """

    def __init__(self) -> None:
        functions = (HERE / "render.py").read_bytes() + Path(escaping.__file__).read_bytes()
        made_by = hashlib.sha256(functions).hexdigest()[:12]
        super().__init__(str(HERE / "templates" / "__pycache__"), f"%s.{made_by}.cache")

    def dump_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):  # a program that may not write there compiles each time
            Path(self.directory).mkdir(exist_ok=True)
            super().dump_bytecode(bucket)


@cache
def environment() -> Environment:
    """The templates. All that stands in them is escaped, by this project's own function."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        finalize=_safe,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        bytecode_cache=None if sys.dont_write_bytecode else _Compiled(),
    )
    made.filters["thousands"] = "{:,}".format
    made.globals["address"] = _address
    return made


def _safe(value: object) -> Markup:
    if isinstance(value, Markup):
        return value
    return Markup(for_html(str(value)))


def _address(selection: Mapping[str, object]) -> str:
    """The fragment that names records by what they have in common."""
    return f"#{urlencode({name: str(value) for name, value in selection.items()})}"


def _policy(script: str) -> str:
    """Only this script runs and nothing is ever asked for, whatever a record may hold."""
    found = b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'sha256-{found}'; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _file(name: str) -> str:
    return (HERE / "static" / name).read_text(encoding="utf-8")
