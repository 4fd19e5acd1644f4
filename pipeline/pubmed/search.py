"""Ask PubMed which records match: the complete UID set of a query, or an error."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

from Bio import Entrez
from lxml import etree

from pipeline.errors import SourceError
from pipeline.pubmed.client import EutilsClient, PermanentAnswer, TransientAnswer

WINDOW = 9_998
"""ESearch on PubMed cannot page past this many records, with or without history."""


@dataclass(frozen=True)
class SearchAnswer:
    """What ESearch said.

    Attributes:
        pmids: every UID, ascending.
        query_translation: QueryTranslation, verbatim.
        warnings: ErrorList and WarningList entries as `kind: text`.
        body: the answer as it came.
    """

    pmids: tuple[int, ...]
    query_translation: str
    warnings: tuple[str, ...]
    body: bytes


def esearch(client: EutilsClient, query: str) -> SearchAnswer:
    """The complete set of PMIDs that match a query.

    Raises:
        SourceError: no valid answer, fewer ids than the count, or more records than
            one window of ESearch can give.
    """
    parameters = search_parameters(query)
    answer = client.ask("esearch", parameters, lambda body: (read_answer(body), body))
    fields, body = answer
    result = answer_of(fields, body)
    count = int(fields["Count"])
    if count > WINDOW:
        raise _incomplete(f"The search finds {count} records; one ESearch window holds {WINDOW}.")
    if len(result.pmids) != count:
        raise _incomplete(f"ESearch counted {count} records and listed {len(result.pmids)}.")
    return result


def search_parameters(query: str) -> dict[str, str]:
    """The parameters of the search request, without identity; kept in the ledger."""
    return {"db": "pubmed", "term": query, "retmode": "xml", "retstart": "0", "retmax": "9999"}


def read_answer(body: bytes) -> dict[str, Any]:
    """An ESearch body as Bio.Entrez reads it, once it is known to be one.

    Raises:
        TransientAnswer: not a complete ESearch answer.
        PermanentAnswer: an answer with ERROR about the query itself.
    """
    try:
        root = etree.fromstring(body, _SAFE)
    except etree.XMLSyntaxError:
        raise TransientAnswer("the search answer was not complete XML") from None
    if root.tag != "eSearchResult":
        raise TransientAnswer(f"the search answer was a {root.tag}")
    errors = [e.text or "" for e in root.iter("ERROR")]
    if errors:
        kind = PermanentAnswer if "retstart" in errors[0] else TransientAnswer
        raise kind(f"ESearch said {errors[0].strip()[:200]!r}")
    if root.find("Count") is None or root.find("IdList") is None:
        raise TransientAnswer("the search answer lacks its count or its ids")
    try:
        fields: dict[str, Any] = Entrez.read(io.BytesIO(body))  # type: ignore[no-untyped-call]
    except ValueError as error:  # of all that Bio.Entrez raises for what it cannot read
        raise TransientAnswer(f"Bio.Entrez could not read it ({type(error).__name__})") from None
    return fields


def answer_of(fields: dict[str, Any], body: bytes) -> SearchAnswer:
    """The parts of a read ESearch answer that are kept."""
    warnings = tuple(
        f"{kind}: {text}"
        for part in ("ErrorList", "WarningList")
        for kind, texts in sorted((fields.get(part) or {}).items())
        for text in (texts if isinstance(texts, list) else [texts])
    )
    return SearchAnswer(
        pmids=tuple(sorted({int(uid) for uid in fields["IdList"]})),
        query_translation=str(fields.get("QueryTranslation", "")),
        warnings=warnings,
        body=body,
    )


_SAFE = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)


def _incomplete(cause: str) -> SourceError:
    return SourceError(
        cause,
        effect="Nothing changed.",
        next_step="narrow the search in data/reference/topics.toml, or run `ketum update` again.",
    )
