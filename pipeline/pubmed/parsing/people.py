"""Authors, editors, investigators and personal name subjects, with their affiliations."""

from __future__ import annotations

from pipeline.identifiers import normal_orcid
from pipeline.pubmed.parsing.context import Context, Element
from pipeline.pubmed.parsing.tally import Attributes


def author_list(context: Context, element: Element, is_of_book: bool = False) -> None:
    """AuthorList: `author` or `editor` by its Type, `book_author` or `book_editor` of a Book."""
    is_complete, kind = context.vocabulary.author_list[tuple(element.items())]
    kind = "editor" if kind == "editors" else "author"
    if is_of_book:
        kind = f"book_{kind}"
    else:
        context.set("is_author_list_complete", is_complete)
    read_people(context, element, "Author", kind, context.vocabulary.author)


def book_author_list(context: Context, element: Element) -> None:
    """AuthorList of a Book, not of its chapter."""
    author_list(context, element, is_of_book=True)


def investigator_list(context: Context, element: Element) -> None:
    """InvestigatorList: people who worked on the study but are no authors."""
    context.bare(element)
    read_people(context, element, "Investigator", "investigator", context.vocabulary.investigator)


def subject_list(context: Context, element: Element) -> None:
    """PersonalNameSubjectList: whom the article is about."""
    context.bare(element)
    read_people(context, element, "PersonalNameSubject", "subject", context.vocabulary.subject)


def read_people(
    context: Context, people: Element, wanted: str, kind: str, attributes: Attributes
) -> None:
    """One row a person, in order; the tests of tags stand in order of frequency."""
    rows, author_no = context.rows("authors")
    affiliations = context.tables["affiliations"]
    record_no, leaf, only = context.record_no, context.leaf, context.only
    for person in people:
        if person.tag != wanted:
            context.unknown(people, person)
            continue
        author_no += 1
        affiliation_no = 0
        last = fore = initials = suffix = collective = orcid_found = None
        identifiers: list[str] = []
        is_valid, has_equal = attributes[tuple(person.items())]
        for part in person:
            tag = part.tag
            if tag == "AffiliationInfo":
                affiliation_no += 1
                affiliations.append(
                    (record_no, author_no, affiliation_no, *_affiliation(context, part))
                )
            elif tag == "LastName":
                last = leaf(part) if last is None else only(last, person, part)
            elif tag == "ForeName":
                fore = leaf(part) if fore is None else only(fore, person, part)
            elif tag == "Initials":
                initials = leaf(part) if initials is None else only(initials, person, part)
            elif tag == "Identifier":
                source, text = _identifier(context, part)
                identifiers.append(f"{source}: {text}" if source else text)
                if source == "ORCID" and orcid_found is None:
                    orcid_found = normal_orcid(text)
            elif tag == "CollectiveName":
                collective = leaf(part) if collective is None else only(collective, person, part)
            elif tag == "Suffix":
                suffix = leaf(part) if suffix is None else only(suffix, person, part)
            else:
                context.unknown(person, part)
        rows.append(
            (
                record_no,
                author_no,
                kind,
                last,
                fore,
                initials,
                suffix,
                collective,
                orcid_found,
                identifiers,
                is_valid,
                has_equal,
            )
        )


def _affiliation(context: Context, info: Element) -> tuple[str | None, list[str]]:
    text: str | None = None
    identifiers: list[str] = []
    if info.keys():
        context.bare(info)
    for part in info:
        tag = part.tag
        if tag == "Affiliation":
            text = context.only(text, info, part)
        elif tag == "Identifier":
            source, value = _identifier(context, part)
            identifiers.append(f"{source}: {value}" if source else value)
        else:
            context.unknown(info, part)
    return text, identifiers


def _identifier(context: Context, element: Element) -> tuple[str | None, str]:
    source = context.vocabulary.identifier[tuple(element.items())]
    return source, context.flat(element) or ""
