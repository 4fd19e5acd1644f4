"""BookDocument and its Book: the body of a PubmedBookArticle.

A chapter's own title is ArticleTitle; a record of a whole book has none, and takes the
book's. People of the Book are kept apart from those of the chapter.
"""

from __future__ import annotations

from typing import Any

from pipeline.pubmed.parsing.article import (
    abstract,
    citation_pmid,
    electronic_date,
    grant_list,
    issue_date,
    location_id,
    pagination,
)
from pipeline.pubmed.parsing.attached import (
    keyword_list,
    own_identifiers,
    publication_type,
    reference_list,
)
from pipeline.pubmed.parsing.context import (
    Context,
    Element,
    Handler,
    Handlers,
    listed,
    nested,
    read_children,
    typed_date,
)
from pipeline.pubmed.parsing.people import author_list, book_author_list, investigator_list
from pipeline.pubmed.parsing.tables import PARSED_COLUMNS

_BOOK_LISTS = ("location_labels", "sections", "items")


def book_document(context: Context, element: Element) -> None:
    """BookDocument: like an article, and one row of core.books."""
    context.body(element)
    context.bare(element)
    context.book = {column: [] for column in _BOOK_LISTS}
    read_children(context, element, BOOK_DOCUMENT)
    context.set("title", context.book.get("book_title"))
    if context.fields["title"] != context.book.get("book_title"):
        context.location_doi = None  # an ELocationID of the Book is not the chapter's
    row = [context.book.get(column) for column in PARSED_COLUMNS["books"][1:]]
    context.tables["books"].append((context.record_no, *row))


def _of_book(column: str) -> Handler:
    def read(context: Context, element: Element) -> None:
        context.book.setdefault(column, context.leaf(element))

    return read


def _book_date(column: str) -> Handler:
    def read(context: Context, element: Element) -> None:
        context.bare(element)
        context.book.setdefault(column, context.partial(element).verbatim or None)

    return read


def _isbn(context: Context, element: Element) -> None:
    rows, position = context.rows("article_identifiers")
    value = context.leaf(element) or ""
    rows.append((context.record_no, position + 1, "Isbn", None, value, None))


def _location_label(context: Context, element: Element) -> None:
    kind = context.vocabulary.location[tuple(element.items())]
    _append(context, "location_labels", kind, context.flat(element))


def _section_title(context: Context, element: Element) -> None:
    context.book["sections"].append(context.leaf(element) or "")


def _sections(context: Context, element: Element) -> None:
    """Sections and Section, which nests; titles in document order."""
    context.bare(element)
    read_children(context, element, SECTION)


def _items(context: Context, element: Element) -> None:
    kind = context.vocabulary.item_list[tuple(element.items())]
    for child in context.children(element, "Item"):
        _append(context, "items", kind, context.leaf(child))


def _append(context: Context, column: str, kind: Any, text: str | None) -> None:
    context.book[column].append(f"{kind}: {text or ''}" if kind else text or "")


SECTION: Handlers = {
    "LocationLabel": _location_label,
    "SectionTitle": _section_title,
    "Section": _sections,
}
BOOK: Handlers = {
    "Publisher": nested(
        {
            "PublisherName": _of_book("publisher_name"),
            "PublisherLocation": _of_book("publisher_location"),
        }
    ),
    "BookTitle": _of_book("book_title"),
    "PubDate": issue_date,
    "BeginningDate": _book_date("beginning_date_verbatim"),
    "EndingDate": _book_date("ending_date_verbatim"),
    "AuthorList": book_author_list,
    "InvestigatorList": investigator_list,
    "Volume": _of_book("volume"),
    "VolumeTitle": _of_book("volume_title"),
    "Edition": _of_book("edition"),
    "CollectionTitle": _of_book("collection_title"),
    "Isbn": _isbn,
    "ELocationID": location_id,
    "Medium": _of_book("medium"),
    "ReportNumber": _of_book("report_number"),
}
BOOK_DOCUMENT: Handlers = {
    "PMID": citation_pmid,
    "ArticleIdList": own_identifiers,
    "Book": nested(BOOK),
    "LocationLabel": _location_label,
    "ArticleTitle": "title",
    "VernacularTitle": "vernacular_title",
    "Pagination": pagination,
    "Language": listed("languages"),
    "AuthorList": author_list,
    "InvestigatorList": investigator_list,
    "PublicationType": publication_type,
    "Abstract": abstract,
    "Sections": _sections,
    "KeywordList": keyword_list,
    "ContributionDate": electronic_date,
    "DateRevised": typed_date("date_revised"),
    "GrantList": grant_list,
    "ItemList": _items,
    "ReferenceList": reference_list,
}
