"""Sentences that stand on several outputs, written once."""

from __future__ import annotations

from pipeline.settings import PUBMED_ORIGIN, archive_origin

PUBMED_ONLY = (
    "PubMed only; other databases, registries, theses, agency reports and most preprints "
    "are not searched."
)


def statement(origin: str, records: int, unread: int) -> str:
    """What a zero or an empty cell means for data of this origin, and what was not searched.

    Args:
        origin: of the warehouse.
        records: distinct records that are members of any search.
        unread: distinct records that a search lists and that could not be read.
    """
    if origin == PUBMED_ORIGIN and unread:
        return (
            f"PubMed was searched whole, but {unread} of the records it lists could not be read: "
            "where a search lists some of them, each of its counts may be as much higher. "
            f"{PUBMED_ONLY}"
        )
    if origin == PUBMED_ORIGIN:
        return f"Complete searches of PubMed; a 0 means that none was found. {PUBMED_ONLY}"
    if origin == archive_origin("demo"):
        return (
            f"Demonstration: {records} hand-picked citations. "
            f"A 0 here says nothing about the literature. {PUBMED_ONLY}"
        )
    return (
        f"{records} records from local files ({origin}), not from a complete search. "
        f"A 0 here says nothing about the literature. {PUBMED_ONLY}"
    )


def not_given(has_abstract: bool) -> str:
    """Why a record has no value of a facet that applies to it: `not_stated` in words."""
    return "not in abstract" if has_abstract else "no abstract held"


def scope(set_id: str, origin: str, unread: int) -> str:
    """The same in one line, for the terminal.

    Args:
        set_id: the set that was read.
        origin: of its records.
        unread: distinct records that a search lists and that could not be read.
    """
    if origin == PUBMED_ORIGIN and unread:
        zero = f"all that PubMed lists but {unread} unread"
    elif origin == PUBMED_ORIGIN:
        zero = "complete searches"
    elif origin == archive_origin("demo"):
        zero = "a demonstration: a 0 says nothing"
    else:
        zero = "local files: a 0 says nothing"
    return f"Set {set_id}, {zero}. PubMed only."


def at_most(count: str, unread: int | None, most: int) -> str:
    """A count of a complete list of which some records could not be read: c, at most c + u.

    Args:
        count: the count as shown.
        unread: how many listed records could not be read; 0 and None add nothing.
        most: the count with all of these.
    """
    return f"{count}, at most {most:,}" if unread else count


def share(value: float | None, low: float | None, high: float | None, count: int) -> str:
    """A measured share with its 95 % interval and n: `.93 (.90-.95) of 412`."""
    if value is None or low is None or high is None:
        return f"not measured (of {count})"
    shown = [f"{number:.2f}".replace("0.", ".", 1) for number in (value, low, high)]
    return f"{shown[0]} ({shown[1]}-{shown[2]}) of {count:,}"
