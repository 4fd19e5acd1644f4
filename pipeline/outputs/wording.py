"""Sentences that stand on several outputs, written once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import NamedTuple

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


class HumanExperiments(NamedTuple):
    """One row of marts.human_experimental_totals, as far as the first sentence needs it.

    The counts are those of what is held; `coverage` says what that is worth.
    """

    search: str
    subject: str | None
    record_count: int
    checked_record_count: int
    checked_group_count: int
    checked_pain_group_count: int
    mention_record_count: int
    unread_count: int | None
    coverage: str
    as_of_date: date


def first_sentence(
    found: HumanExperiments, count: Callable[[str, int], str] = lambda _, number: str(number)
) -> str:
    """What a search finds of experiments on people: what a person has confirmed, and how many not.

    A record is no study: reports that share a registration, or that NLM links as updates, are one.

    Args:
        found: the numbers.
        count: makes the text of a number of its name and value; the page makes links.
    """
    subject = f" with {found.subject}" if found.subject else ""
    checked = found.checked_record_count
    verb = "holds" if found.coverage == "partial" else "finds"
    sentence = (
        f"As of {found.as_of_date}, search {found.search} {verb} "
        f"{count('checked_record_count', checked)} {_records(checked)} of human experiments"
        f"{subject} that a person has confirmed"
    )
    if checked:
        studies = "study" if found.checked_group_count == 1 else "studies"
        sentence += (
            f", in {count('checked_group_count', found.checked_group_count)} registered or "
            f"separately reported {studies} (confirmed to have measured pain: "
            f"{count('checked_pain_group_count', found.checked_pain_group_count)})"
        )
    unchecked = found.record_count - checked
    sentence += f"; {count('unchecked_record_count', unchecked)} more not yet checked."
    if further := found.mention_record_count:
        mention = "mentions" if further == 1 else "mention"
        sentence += (
            f" {count('mention_record_count', further)} further {_records(further)} of human "
            f"experiments, not counted here, only {mention} {found.subject or 'the topic'}."
        )
    if found.unread_count:
        sentence += (
            f" {found.unread_count} listed {_records(found.unread_count)} could not be read."
        )
    if found.coverage == "partial":
        sentence += " No complete search was made: how many there are is not known."
    return sentence


def _records(count: int) -> str:
    return "record" if count == 1 else "records"


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
