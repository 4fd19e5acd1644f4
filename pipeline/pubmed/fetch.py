"""Fetch whole records with EFetch, in batches, and see that each came complete."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from lxml import etree

from pipeline.pubmed.client import EutilsClient
from pipeline.pubmed.verdict import TransientAnswer, check_words, errors_in

BATCH_SIZE = 200
"""PMIDs per EFetch; NLM recommends POST above about 200 ids and states no maximum."""


def batches(pmids: Iterable[int]) -> list[list[int]]:
    """PMIDs ascending in batches, so that only the last one changes when new ones come."""
    ordered = sorted(set(pmids))
    return [ordered[i : i + BATCH_SIZE] for i in range(0, len(ordered), BATCH_SIZE)]


def efetch(client: EutilsClient, pmids: Sequence[int]) -> bytes:
    """The EFetch body for these PMIDs, known to be a complete PubmedArticleSet of no others.

    A PMID that PubMed does not hold is missing from the body without a word: compare
    `pmids_in` with what was asked for.

    Raises:
        SourceError: no valid answer in time.
    """
    return client.ask("efetch", fetch_parameters(pmids), check_set(pmids))


def fetch_parameters(pmids: Sequence[int]) -> dict[str, str]:
    """The parameters of the fetch request, without identity."""
    return {"db": "pubmed", "retmode": "xml", "id": ",".join(map(str, pmids))}


def check_set(asked: Sequence[int]) -> Callable[[bytes], bytes]:
    """A check that gives the same body back, if it is one whole PubmedArticleSet.

    Args:
        asked: the PMIDs that may be in it; another one shows that the answer is to another
            request (NCBI takes a malformed id apart into other PMIDs).

    Raises (the check):
        TransientAnswer: cut, another document, or other records; PermanentAnswer: refused.
    """

    def check(body: bytes) -> bytes:
        try:
            root = etree.fromstring(body, _SAFE)
        except etree.XMLSyntaxError:
            raise TransientAnswer("the records were not complete XML") from None
        if root.tag != "PubmedArticleSet":
            if errors := errors_in(root):
                check_words(errors)
            raise TransientAnswer(f"the records came as {root.tag}")
        if strangers := pmids_in(body) - set(asked):
            raise TransientAnswer(f"it holds records not asked for, e.g. {min(strangers)}")
        return body

    return check


_PMID = re.compile(
    rb"<(?:MedlineCitation|BookDocument)\b[^>]*>\s*<PMID\b[^>]*>\s*(\d{1,10})\s*</PMID>"
)


def pmids_in(body: bytes) -> set[int]:
    """The PMIDs of the records in an EFetch body."""
    return {int(match) for match in _PMID.findall(body)}


_SAFE = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
