"""Sentences that stand on several outputs, written once."""

from __future__ import annotations

from pipeline.settings import PUBMED_ORIGIN, archive_origin

PUBMED_ONLY = (
    "PubMed only; other databases, registries, theses, agency reports and most preprints "
    "are not searched."
)


def statement(origin: str, records: int) -> str:
    """What a zero or an empty cell means for data of this origin.

    Args:
        origin: of the warehouse.
        records: distinct records that are members of any search.
    """
    if origin == PUBMED_ORIGIN:
        return f"Complete searches of PubMed; a 0 means that none was found. {PUBMED_ONLY}"
    if origin == archive_origin("demo"):
        return (
            f"Demonstration: {records} hand-picked citations. "
            "A 0 here says nothing about the literature."
        )
    return (
        f"{records} records from local files ({origin}), not from a complete search. "
        "A 0 here says nothing about the literature."
    )
