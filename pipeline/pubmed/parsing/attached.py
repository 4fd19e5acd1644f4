"""What indexers, authors and PubMed attached to a record.

MeSH, chemicals, types and keywords; then PubmedData and PubmedBookData: history, own
identifiers, objects, references.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from pipeline.pubmed.parsing.context import Context, Element, nested, parts_of
from pipeline.pubmed.parsing.dates import Part, moment
from pipeline.pubmed.parsing.tables import whole_number


def mesh_heading_list(context: Context, element: Element) -> None:
    """MeshHeadingList: one row a descriptor and qualifier pair.

    `is_auto_hm` of a row is the descriptor's AutoHM, else the qualifier's.
    """
    context.bare(element)
    rows, heading_no = context.rows("mesh_headings")
    for heading in context.children(element, "MeshHeading"):
        heading_no += 1
        name = ""
        is_major, auto, kind, ui = False, None, None, None
        qualifiers: list[tuple[bool | None, bool | None, str | None, str | None]] = []
        for part in parts_of(heading):
            if part.tag == "DescriptorName" and name:
                context.again(heading, part)
            elif part.tag == "DescriptorName":
                is_major, auto, kind, ui = context.vocabulary.descriptor[tuple(part.items())]
                name = context.flat(part) or ""
            elif part.tag == "QualifierName":
                major, own_auto, own_ui = context.vocabulary.qualifier[tuple(part.items())]
                qualifiers.append((major, own_auto, own_ui, context.flat(part)))
            else:
                context.unknown(heading, part)
        start = 1 if qualifiers else 0
        for number, (major, own_auto, own_ui, qualifier) in enumerate(
            qualifiers or [(None, None, None, None)], start
        ):
            rows.append(
                (
                    context.record_no,
                    heading_no,
                    number,
                    ui,
                    name,
                    is_major,
                    kind,
                    own_auto if auto is None else auto,
                    own_ui,
                    qualifier,
                    major,
                )
            )


def chemical_list(context: Context, element: Element) -> None:
    """ChemicalList, one row a Chemical."""
    context.bare(element)
    rows, position = context.rows("chemicals")
    for child in context.children(element, "Chemical"):
        position += 1
        number = ui = None
        name = ""
        for part in parts_of(child):
            if part.tag == "RegistryNumber":
                number = context.only(number, child, part)
            elif part.tag == "NameOfSubstance" and name:
                context.again(child, part)
            elif part.tag == "NameOfSubstance":
                ui = context.vocabulary.substance[tuple(part.items())]
                name = context.flat(part) or ""
            else:
                context.unknown(child, part)
        rows.append((context.record_no, position, ui, name, number))


def supplementary_list(context: Context, element: Element) -> None:
    """SupplMeshList, one row a SupplMeshName."""
    context.bare(element)
    rows, position = context.rows("supplementary_concepts")
    for child in context.children(element, "SupplMeshName"):
        position += 1
        ui, kind = context.vocabulary.supplement[tuple(child.items())]
        rows.append((context.record_no, position, ui, context.flat(child) or "", kind))


def keyword_list(context: Context, element: Element) -> None:
    """KeywordList of one owner; a record can have several."""
    owner = context.vocabulary.keyword_list[tuple(element.items())]
    rows, position = context.rows("keywords")
    record_no, flat, majors = context.record_no, context.flat, context.vocabulary.keyword
    for child in parts_of(element):
        if child.tag != "Keyword":
            context.unknown(element, child)
            continue
        position += 1
        is_major = majors[tuple(child.items())]
        rows.append((record_no, position, owner, flat(child) or "", is_major))


def publication_type(context: Context, element: Element) -> None:
    """One PublicationType; a BookDocument has them without a list around them."""
    rows, position = context.rows("publication_types")
    ui = context.vocabulary.publication_type[tuple(element.items())]
    rows.append((context.record_no, position + 1, ui, context.flat(element) or ""))


def own_identifiers(context: Context, element: Element) -> None:
    """ArticleIdList of the record itself.

    A book has two (BookDocument, PubmedBookData) that mostly say the same: what stands
    already is not repeated there.
    """
    context.bare(element)
    rows, position = context.rows("article_identifiers")
    own: list[tuple[str | None, str]] = []
    for child in context.children(element, "ArticleId"):
        id_type = context.vocabulary.article_id[tuple(child.items())]
        value = context.flat(child) or ""
        if context.is_book and (id_type, value) in context.own_ids:
            continue
        own.append((id_type, value))
        position += 1
        rows.append((context.record_no, position, "ArticleId", id_type, value, None))
        if id_type == "doi" and value:
            context.set("doi", value)
        elif id_type == "pmc" and value:
            context.set("pmc_id", value)
    context.own_ids.update(own)


@lru_cache(maxsize=4096)
def article_moment(parts: tuple[Part, ...]) -> tuple[str, datetime | None]:
    """A date of the History: its words, and the moment if it is one."""
    return " ".join(text for _, text in parts if text), moment(parts)


def history(context: Context, element: Element) -> None:
    """History: one row a PubMedPubDate."""
    context.bare(element)
    rows, position = context.rows("history_dates")
    record_no, statuses, date_parts = (
        context.record_no,
        context.vocabulary.history,
        context.date_parts,
    )
    for child in parts_of(element):
        if child.tag != "PubMedPubDate":
            context.unknown(element, child)
            continue
        position += 1
        status = statuses[tuple(child.items())]
        rows.append((record_no, position, status, *article_moment(date_parts(child))))


def object_list(context: Context, element: Element) -> None:
    """ObjectList: one row a Param; an Object without any has one row too."""
    context.bare(element)
    rows, position = context.rows("related_objects")
    for child in context.children(element, "Object"):
        kind = context.vocabulary.object[tuple(child.items())]
        params: list[tuple[str | None, str | None]] = []
        for param in context.children(child, "Param"):
            name = context.vocabulary.param[tuple(param.items())]
            params.append((name, context.flat(param)))
        for name, value in params or [(None, None)]:
            position += 1
            rows.append((context.record_no, position, kind, name, value))


def reference_list(context: Context, element: Element) -> None:
    """ReferenceList (DTD: Title?, Reference*, ReferenceList*), the nested ones in order."""
    if element.keys():
        context.bare(element)
    rows, number = context.rows("cited_references")
    record_no, odd_text = context.record_no, context.odd_text
    title: str | None = None
    for child in parts_of(element):
        tag = child.tag
        if tag == "Reference":
            if child.keys():
                context.bare(child)
            citation: str | None = None
            pmid: int | None = None
            doi = pmc = None
            others: list[str] = []
            for part in parts_of(child):
                tag = part.tag
                if tag == "Citation" and citation is None:
                    is_odd = len(part) or part.keys()
                    citation = odd_text(part) if is_odd else part.text or None
                elif tag == "ArticleIdList":
                    pmid, doi, pmc = _cited_ids(context, part, (pmid, doi, pmc), others)
                elif tag == "Citation":
                    context.again(child, part)
                else:
                    context.unknown(child, part)
            number += 1
            rows.append((record_no, number, title, citation, pmid, doi, pmc, others))
        elif tag == "ReferenceList":
            reference_list(context, child)
            number = context.rows("cited_references")[1]
        elif tag == "Title":
            title = context.only(title, element, child)
        else:
            context.unknown(element, child)


def _cited_ids(
    context: Context,
    element: Element,
    known: tuple[int | None, str | None, str | None],
    others: list[str],
) -> tuple[int | None, str | None, str | None]:
    """PMID, DOI and PMC number of a Reference, the first of each; anything else joins others."""
    pmid, doi, pmc = known
    id_types = context.vocabulary.article_id
    for child in parts_of(element):
        if child.tag != "ArticleId":
            context.unknown(element, child)
            continue
        id_type = id_types[tuple(child.items())]
        text = (context.flat(child) if len(child) else child.text) or ""
        if id_type == "pubmed" and pmid is None and (found := whole_number(text)):
            pmid = found
        elif id_type == "doi" and doi is None and text:
            doi = text
        elif id_type in ("pmc", "pmcid") and pmc is None and text:
            pmc = text
        elif text:
            others.append(f"{id_type}: {text}")
    return pmid, doi, pmc


pubmed_data = nested(
    {
        "History": history,
        "PublicationStatus": "publication_status",
        "ArticleIdList": own_identifiers,
        "ObjectList": object_list,
        "ReferenceList": reference_list,
    }
)
"""PubmedData or PubmedBookData (which has no ReferenceList in the DTD)."""
