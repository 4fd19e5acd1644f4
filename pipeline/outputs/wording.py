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
            f"PubMed was searched, but {unread} of the records it lists could not be read: a "
            "search that lists such a record is not complete, and what it did not find is not "
            "known. "
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


class HumanExperiments(NamedTuple):
    """One row of marts.human_experimental_totals, as far as the first sentence needs it."""

    search: str
    topics: list[str]
    record_count: int
    group_count: int
    pain_group_count: int
    mention_record_count: int
    as_of_date: date


def first_sentence(
    found: HumanExperiments, count: Callable[[str, int], str] = lambda _, number: str(number)
) -> str:
    """What a search finds of experiments on people, in one sentence.

    A record is no study: reports that share a registration, or that NLM links as updates, are one.

    Args:
        found: the numbers.
        count: makes the text of a number of its name and value; the page makes links.
    """
    subject = " with kratom or its alkaloids" if "kratom" in found.topics else ""
    noun = "record" if found.record_count == 1 else "records"
    records = f"{count('record_count', found.record_count)} {noun}"
    opening = f"As of {found.as_of_date}, search {found.search} finds {records} reporting "
    rest = ""
    if further := found.mention_record_count:
        words = (
            "record of human experiments only mentions"
            if further == 1
            else ("records of human experiments only mention")
        )
        rest = f" {count('mention_record_count', further)} further {words} kratom."
    if not found.record_count:
        return f"{opening}human experiments{subject}.{rest}"
    studies = "study" if found.group_count == 1 else "studies"
    return (
        f"{opening}human experiments{subject}, in {count('group_count', found.group_count)} "
        f"registered or separately reported {studies}; "
        f"{count('pain_group_count', found.pain_group_count)} measured pain.{rest}"
    )
