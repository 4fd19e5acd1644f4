"""The fault matrix: what a run makes of each fault, wherever it strikes.

`EXPECTED` is written by hand; test_matrix.py runs every cell of it, and the table of
docs/reliability.md is made from it: `python -m tests.faults.matrix --write`.
"""

from __future__ import annotations

import argparse
import sys
from typing import NamedTuple

from pipeline.replay.faults import CASES
from pipeline.settings import ROOT
from tests.faults.scene import BATCHES, SEARCHES

DOC = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- fault matrix: begin -->", "<!-- fault matrix: end -->"

SAME, TAKEN = "same", "taken"
"""Published: with exactly what an undisturbed run publishes; with what the answer says."""

PLACES = {
    "esearch first": ("esearch", 1),
    "esearch last": ("esearch", SEARCHES),
    "efetch first": ("efetch", 1),
    "efetch last": ("efetch", BATCHES),
}
"""Place: tool and number of the first request struck. ESearch's first is a search, its last the
question what was modified; of EFetch the first and last batch."""


class Ends(NamedTuple):
    """How the run ends if one request is struck, and if all from there on are."""

    once: str
    lasting: str


Row = dict[str, Ends]

_SAME = Ends(SAME, SAME)
_TAKEN = Ends(TAKEN, TAKEN)


def _row(search: Ends | None, fetch: Ends | None, **others: Ends) -> Row:
    """One row: `search` and `fetch` stand for both of their places unless named in `others`."""
    row = {}
    for place, (tool, _) in PLACES.items():
        ends = others.get(place.replace(" ", "_")) or (search if tool == "esearch" else fetch)
        if ends is not None:
            row[place] = ends
    return row


_ASKED_AGAIN = _row(Ends(SAME, "3"), Ends(SAME, "3"), efetch_last=Ends(SAME, "5"))
_REFUSED = _row(Ends("3", "3"), Ends("3", "3"), efetch_last=Ends("5", "5"))
_ONLY_FETCH_AGAIN = {p: e for p, e in _ASKED_AGAIN.items() if p.startswith("efetch")}
_ONLY_FETCH_REFUSED = {p: e for p, e in _REFUSED.items() if p.startswith("efetch")}
_ONLY_SEARCH_AGAIN = {p: e for p, e in _ASKED_AGAIN.items() if p.startswith("esearch")}
_ONLY_SEARCH_REFUSED = {p: e for p, e in _REFUSED.items() if p.startswith("esearch")}
_OTHER_QUERY = _row(Ends("4", "4"), None, esearch_last=_SAME)
_READ = _row(None, _TAKEN)
_READ_THE_SAME = _row(None, _SAME)

EXPECTED: dict[str, Row] = {
    "rate-limit-429": _ASKED_AGAIN,
    "rate-limit-200": _ASKED_AGAIN,
    "transient-400": _ONLY_FETCH_AGAIN,
    "api-key-invalid": _row(Ends("2", "2"), Ends("2", "2")),
    "permanent-400-id-list-empty": _ONLY_FETCH_REFUSED,
    "error-in-200": _ASKED_AGAIN,
    "search-backend-500-in-200": _ONLY_SEARCH_AGAIN,
    "json-raw-newline": _ONLY_SEARCH_REFUSED,
    "clamped": _ONLY_SEARCH_AGAIN,
    "count-above-ids": _ONLY_SEARCH_AGAIN,
    "beyond-window": _REFUSED,
    "history-expired": _ASKED_AGAIN,
    "empty-body": _ASKED_AGAIN,
    "prolog-only": _ASKED_AGAIN,
    "html-200": _REFUSED,
    "redirect-to-block-page": _REFUSED,
    "block-page": _REFUSED,
    "server-error-500": _ASKED_AGAIN,
    "bad-gateway-502": _ASKED_AGAIN,
    "unavailable-503": _ASKED_AGAIN,
    "uri-too-long-414": _REFUSED,
    "broken-chunk": _ASKED_AGAIN,
    "cut-connection": _ASKED_AGAIN,
    "cut-xml": _ASKED_AGAIN,
    "hang": _ASKED_AGAIN,
    # one answer that trickles in uses up the deadline of its request, repetitions included
    "trickle": _REFUSED,
    "reset": _ASKED_AGAIN,
    "fewer-records": _row(None, Ends(SAME, "5")),
    "duplicate-records": _READ_THE_SAME,
    "other-order": _READ_THE_SAME,
    "records-not-asked-for": _ONLY_FETCH_AGAIN,
    "empty-set": _row(None, Ends(SAME, "5")),
    # what was modified is then not believed, and everything is read
    "dropped-term": _OTHER_QUERY,
    "dropped-phrase": _OTHER_QUERY,
    "dropped-field": _OTHER_QUERY,
    # a new record listed a day late, or a revision read within the overlap of 30 days
    "count-drift": _row(_TAKEN, None),
    "zero-hits": _row(Ends(SAME, "4"), None, esearch_last=_TAKEN),
    "half-the-hits": _row(Ends(SAME, "4"), None, esearch_last=_TAKEN),
    "book-record": _READ,
    "delete-citation": _READ_THE_SAME,
    "bare-record": _READ,
    "date-zoo": _READ,
    "electronic-year": _READ,
    "back-dated-entry": _READ,
    "retracted": _READ,
    "retraction-notice": _READ,
    "expression-of-concern": _READ,
    "new-dtd": _READ_THE_SAME,
    "http-doctype": _READ_THE_SAME,
    "named-entity": _READ,
    "external-entity": _READ,
    "unknown-tag": _READ,
    "reference-ids": _READ,
    "malformed-doi": _READ,
    "orcid-forms": _READ,
    "inline-markup": _READ,
    "key-echoed": _REFUSED,
    "key-in-answer": _ASKED_AGAIN,
}

NOT_ASKED = {"summary-too-many", "summary-error"}
"""Cases of tools that an update never asks."""


def table() -> str:
    """The matrix as a Markdown table."""
    head = ["#", "fault", *PLACES]
    lines = ["| " + " | ".join(head) + " |", "|--:|---" + "|---" * len(PLACES) + "|"]
    for found in CASES:
        row = EXPECTED.get(found.name, {})
        cells = [_cell(row.get(place)) for place in PLACES]
        lines.append(f"| {found.number} | {found.name}: {found.what} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(ends: Ends | None) -> str:
    if ends is None:
        return ""
    return ends.once if ends.once == ends.lasting else f"{ends.once}, lasting: {ends.lasting}"


def documented(text: str) -> str:
    """A page with the matrix between its marks."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def main() -> int:
    """Write the table into docs/reliability.md, or say whether it stands there."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--write", action="store_true")
    held = DOC.read_text(encoding="utf-8")
    if parser.parse_args().write:
        DOC.write_text(documented(held), encoding="utf-8")
        return 0
    return int(held != documented(held))


if __name__ == "__main__":
    sys.exit(main())
