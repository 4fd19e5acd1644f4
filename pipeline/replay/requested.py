"""What the parameters of a request ask for: queries, numbers and ids."""

from __future__ import annotations

import re
from datetime import date

from pipeline.replay.query import Chain, Earlier, Node, Term, parse
from pipeline.replay.response import Parameters
from pipeline.replay.search import recent_days
from pipeline.replay.text import printable

LARGEST_ID = 2**64 - 1
"""The largest UID NCBI takes."""


class EmptyQueryError(ValueError):
    """There is nothing to search for."""

    def __init__(self) -> None:
        super().__init__("Empty term and query_key - nothing todo")


def query_of(given: Parameters, today: date) -> Node:
    """Term, earlier search and dates as one query: all must hold.

    Raises:
        EmptyQueryError: if neither a term nor a query key is given.
        QuerySyntaxError: if the term is not well-formed.
    """
    # What XML cannot carry must not come back in an answer.
    term = printable(given.get("term", "")).strip()
    key = given.get("query_key", "")
    nodes: list[Node] = [parse(term)] if term else []
    if key:
        nodes.append(Earlier(int(key[:9]) if key.isdecimal() else 0))
    if not nodes:
        raise EmptyQueryError
    dates = ""
    low, high = given.get("mindate", ""), given.get("maxdate", "")
    if given.get("reldate", "").isdecimal():
        dates = recent_days(int(given["reldate"][:6]), today)
    elif low and high:
        dates = f"{printable(low)}:{printable(high)}"
    if dates:
        nodes.append(Term(dates, given.get("datetype") or "pdat"))
    first, *others = nodes
    return Chain(first, tuple(("AND", node) for node in others)) if others else first


def number_of(given: Parameters, name: str, default: int) -> int:
    """A number of the request; the default where there is none that can be read."""
    text = given.get(name, "").strip()
    return int(text[:9]) if text.isdecimal() else default


def ids_in(text: str) -> list[int]:
    """The PMIDs EFetch reads in a list, each once: "42.9" asks for 42 and for 9."""
    numbers = map(int, re.findall(r"\b[0-9]{1,20}\b", text))
    return [pmid for pmid in dict.fromkeys(numbers) if pmid > 0]


def valid_ids(text: str) -> list[int]:
    """The PMIDs EPost keeps of a list, each once: those that are numbers."""
    words = re.split(r"[\s,]+", text.strip(" ,"))
    numbers = (int(word) for word in words if re.fullmatch("[0-9]{1,20}", word))
    return [pmid for pmid in dict.fromkeys(numbers) if 0 < pmid <= LARGEST_ID]


def invalid_id(text: str) -> tuple[str, int] | None:
    """The first id that ESummary refuses, with its place in the list; None if there is none."""
    found = re.search(r"[^\s,]*[^\s,0-9][^\s,]*", text)
    return (printable(found.group()), found.start()) if found else None
