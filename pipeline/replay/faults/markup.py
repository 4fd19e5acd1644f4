"""Records in later or unsafe XML, and with ids that are foreign or malformed."""

from __future__ import annotations

import re
from dataclasses import replace

from lxml import etree

from pipeline.replay.faults.altering import (
    Case,
    Element,
    add,
    drop_all,
    every_article,
    first_article,
    holds_records,
)
from pipeline.replay.faults.case import FaultCase
from pipeline.replay.response import Exchange, Response

_EFETCH = frozenset(("efetch",))
_ARTICLE = "MedlineCitation/Article"
_IDS = "PubmedData/ArticleIdList"
_HTTP_DTD = "http://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd"
_LATER = (
    '<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January 2027//EN" '
    '"https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_270101.dtd">'
)
_HTTP = f'<!DOCTYPE PubmedArticleSet SYSTEM "{_HTTP_DTD}">'
# Port 9 of this machine: whoever fetches the entity is refused, and nothing leaves the machine.
_DECLARED = _HTTP[:-1] + ' [<!ENTITY outside SYSTEM "http://127.0.0.1:9/outside">]>'
_REFERENCES = (
    "<ReferenceList><Reference><Citation>A work that this article cites.</Citation>"
    '<ArticleIdList><ArticleId IdType="pubmed">1</ArticleId>'
    '<ArticleId IdType="doi">10.9999/of-a-reference</ArticleId></ArticleIdList></Reference>'
    "</ReferenceList>"
)
_BAD_DOI = '<ArticleId IdType="doi">10.31857/S0026898424050076, EDN: HUNTKB</ArticleId>'
_ORCIDS = (
    "0000-0002-1825-0097",
    "https://orcid.org/0000-0002-1825-0097",
    "http://orcid.org/0000-0002-1825-0097",
    "0000000218250097",
)
_MARKED = (
    '<AbstractText>The <i>K</i><sub>i</sub> (<mml:math xmlns:mml="http://www.w3.org/1998/Math/'
    'MathML"><mml:msub><mml:mi>K</mml:mi><mml:mi>i</mml:mi></mml:msub></mml:math>) was 10<sup>'
    "-9</sup> M.</AbstractText>"
)


def _rewritten(pattern: bytes, new: str) -> Case:
    """A case that replaces the first place where the pattern stands in a set of records."""

    def apply(exchange: Exchange) -> Response:
        right = exchange.right
        if not holds_records(right):
            return right
        body = re.sub(pattern, lambda _: new.encode(), right.body, count=1)
        return replace(right, body=body)

    return apply


_DOCTYPE = rb"<!DOCTYPE[^>]*>"
_TITLE_END = rb"</ArticleTitle>"


def _external_entity(exchange: Exchange) -> Response:
    named = replace(exchange, right=_rewritten(_TITLE_END, "&outside;</ArticleTitle>")(exchange))
    return _rewritten(_DOCTYPE, _DECLARED)(named)


def _unknown_tags(article: Element) -> None:
    add(article, "MedlineCitation", '<NewInALaterDtd Kind="x"><Part>1</Part></NewInALaterDtd>')


def _malformed_doi(article: Element) -> None:
    drop_all(article, f"{_IDS}/ArticleId[@IdType='doi']")
    add(article, _IDS, _BAD_DOI)


def _orcids(article: Element) -> None:
    authors = "".join(
        f"<Author><LastName>Leaf</LastName><Initials>{initial}</Initials>"
        f'<Identifier Source="ORCID">{orcid}</Identifier></Author>'
        for initial, orcid in zip("ABCD", _ORCIDS, strict=True)
    )
    drop_all(article, f"{_ARTICLE}/AuthorList")
    add(article, _ARTICLE, f'<AuthorList CompleteYN="Y">{authors}</AuthorList>')


def _mark_up(article: Element) -> None:
    for title in article.iterfind(f"{_ARTICLE}/ArticleTitle"):
        lead = etree.fromstring("<i>Mitragyna</i>")
        lead.tail = f" {title.text or ''}"
        title.text = None
        title.insert(0, lead)
    drop_all(article, f"{_ARTICLE}/Abstract")
    add(article, _ARTICLE, f"<Abstract>{_MARKED}</Abstract>")


CASES = (
    FaultCase(
        23, "new-dtd", "The DOCTYPE names a DTD of a later year", _EFETCH,
        _rewritten(_DOCTYPE, _LATER),
    ),
    FaultCase(
        23, "http-doctype", "The DOCTYPE names the DTD by http:, as in NLM's files", _EFETCH,
        _rewritten(_DOCTYPE, _HTTP),
    ),
    FaultCase(
        23, "named-entity", "The first title ends with an entity only the DTD would define",
        _EFETCH, _rewritten(_TITLE_END, "&alpha;</ArticleTitle>"),
    ),
    FaultCase(
        23, "external-entity", "The first title ends with an entity to be fetched", _EFETCH,
        _external_entity,
    ),
    FaultCase(
        23, "unknown-tag", "Every record has an element no DTD knows", _EFETCH,
        every_article(_unknown_tags),
    ),
    FaultCase(
        24, "reference-ids", "Every record lists a reference with PMID 1 and a DOI", _EFETCH,
        every_article(lambda article: add(article, "PubmedData", _REFERENCES)),
    ),
    FaultCase(
        24, "malformed-doi", "The first record's DOI has an EDN behind it", _EFETCH,
        first_article(_malformed_doi),
    ),
    FaultCase(
        24, "orcid-forms", "The first record's authors have ORCIDs in four forms", _EFETCH,
        first_article(_orcids),
    ),
    FaultCase(
        24, "inline-markup", "The first record has italics, indices and MathML in its texts",
        _EFETCH, first_article(_mark_up),
    ),
)  # fmt: skip
