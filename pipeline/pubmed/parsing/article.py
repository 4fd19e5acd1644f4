"""The body of a PubmedArticle: title, abstract, journal, dates (`ARTICLE` has what is read where).

That is MedlineCitation with its Article and Journal; books and chapters are read in `book`.
"""

from __future__ import annotations

from pipeline.pubmed.parsing.attached import (
    chemical_list,
    keyword_list,
    mesh_heading_list,
    publication_type,
    supplementary_list,
)
from pipeline.pubmed.parsing.context import (
    BadRecordError,
    Context,
    Element,
    Handlers,
    integer,
    listed,
    nested,
    parts_of,
    read_children,
    read_pmid,
    typed_date,
)
from pipeline.pubmed.parsing.people import author_list, investigator_list, subject_list
from pipeline.pubmed.parsing.tables import LARGEST_SMALLINT


def citation_pmid(context: Context, element: Element) -> None:
    """The number of the record; with two nobody can tell whose record it is."""
    pmid, version = read_pmid(context, element)
    if context.fields["pmid"] not in (None, pmid):
        raise BadRecordError(f"it has two PMIDs: {context.fields['pmid']} and {pmid}")
    context.set("pmid", pmid)
    context.set("pmid_version", version)


def issue_date(context: Context, element: Element) -> None:
    """PubDate (DTD: (Year, ((Month, Day?) | Season)?) | MedlineDate)."""
    context.bare(element)
    found = context.partial(element)
    if context.fields["issue_date_precision"]:
        return
    context.fields.update(
        issue_date_verbatim=found.verbatim or None,
        issue_year=found.year,
        issue_month=found.month,
        issue_day=found.day,
        issue_date_precision=found.precision,
    )


def electronic_date(context: Context, element: Element) -> None:
    """ArticleDate, the first one of DateType Electronic, or a book's ContributionDate."""
    if element.tag == "ArticleDate":
        if context.vocabulary.article_date[tuple(element.items())] != "Electronic":
            return
    else:
        context.bare(element)
    found = context.partial(element)
    if context.fields["electronic_date_verbatim"]:
        return
    context.fields.update(
        electronic_date_verbatim=found.verbatim or None,
        electronic_year=found.year,
        electronic_month=found.month,
        electronic_day=found.day,
    )


def location_id(context: Context, element: Element) -> None:
    """ELocationID: its DOI is the article's only when valid and no other is given."""
    id_type, is_valid = context.vocabulary.elocation[tuple(element.items())]
    rows, position = context.rows("article_identifiers")
    value = context.flat(element) or ""
    rows.append((context.record_no, position + 1, "ELocationID", id_type, value, is_valid))
    if id_type == "doi" and is_valid and value and context.location_doi is None:
        context.location_doi = value


def other_id(context: Context, element: Element) -> None:
    """OtherID: a number that another database gave the record."""
    source = context.vocabulary.other_id[tuple(element.items())]
    rows, position = context.rows("article_identifiers")
    value = context.flat(element) or ""
    rows.append((context.record_no, position + 1, "OtherID", source, value, None))


def abstract(context: Context, element: Element) -> None:
    """Abstract: its sections, and the copyright line."""
    context.bare(element)
    _sections(context, element, "main", None)


def other_abstract(context: Context, element: Element) -> None:
    """OtherAbstract: its sections, with their type and language."""
    kind, language = context.vocabulary.other_abstract[tuple(element.items())]
    _sections(context, element, kind, language)


def _sections(context: Context, element: Element, kind: str, language: str | None) -> None:
    rows, section_no = context.rows("abstract_sections")
    for child in parts_of(element):
        tag = child.tag
        if tag == "AbstractText":
            section_no += 1
            label, category = context.vocabulary.abstract_text[tuple(child.items())]
            text = context.flat(child) or ""
            rows.append((context.record_no, section_no, kind, language, label, category, text))
        elif tag == "CopyrightInformation" and kind == "main":
            context.set("abstract_copyright", context.leaf(child))
        else:
            context.unknown(element, child)


def grant_list(context: Context, element: Element) -> None:
    """GrantList: one row a Grant."""
    complete = context.vocabulary.complete["GrantList"][tuple(element.items())]
    context.set("is_grant_list_complete", complete)
    rows, position = context.rows("grants")
    for child in context.children(element, "Grant"):
        position += 1
        found: dict[str, str | None] = {}
        for part in parts_of(child):
            if part.tag in ("GrantID", "Acronym", "Agency", "Country"):
                tag = str(part.tag)
                found[tag] = context.only(found.get(tag), child, part)
            else:
                context.unknown(child, part)
        rows.append(
            (
                context.record_no,
                position,
                found.get("GrantID"),
                found.get("Acronym"),
                found.get("Agency"),
                found.get("Country"),
            )
        )


def databank_list(context: Context, element: Element) -> None:
    """DataBankList: one row an accession number; a databank without any has one row too."""
    complete = context.vocabulary.complete["DataBankList"][tuple(element.items())]
    context.set("is_databank_list_complete", complete)
    rows, position = context.rows("databank_accessions")
    for child in context.children(element, "DataBank"):
        name = ""
        accessions: list[str | None] = []
        for part in parts_of(child):
            if part.tag == "DataBankName":
                name = context.only(name or None, child, part) or ""
            elif part.tag == "AccessionNumberList":
                numbers = context.children(part, "AccessionNumber")
                accessions += [context.leaf(number) for number in numbers]
            else:
                context.unknown(child, part)
        for accession in accessions or [None]:
            position += 1
            rows.append((context.record_no, position, name, accession))


def link_list(context: Context, element: Element) -> None:
    """CommentsCorrectionsList: errata, retractions, comments, updates."""
    context.bare(element)
    rows, position = context.rows("article_links")
    for child in context.children(element, "CommentsCorrections"):
        position += 1
        ref_type = context.vocabulary.link[tuple(child.items())]
        source = note = pmid = version = None
        for part in parts_of(child):
            tag = part.tag
            if tag == "RefSource":
                source = context.only(source, child, part)
            elif tag == "PMID" and pmid is not None:
                context.again(child, part)
            elif tag == "PMID":
                pmid, version = _linked(context, part)
            elif tag == "Note":
                note = context.only(note, child, part)
            else:
                context.unknown(child, part)
        rows.append((context.record_no, position, ref_type, source, pmid, version, note))


def _linked(context: Context, element: Element) -> tuple[int | None, int | None]:
    """The PMID of another article and its Version, each as far as it can be read."""
    said = context.flat(element)
    given = context.vocabulary.pmid[tuple(element.items())]
    try:
        pmid = integer(said, "PMID") or None
    except BadRecordError:  # the citation in RefSource still says what is meant
        pmid = None
    if pmid is None:
        if said:
            context.unreadable("CommentsCorrections/PMID", said)
        return None, None
    try:
        return pmid, integer(given, "PMID@Version", LARGEST_SMALLINT)
    except BadRecordError:
        context.unreadable("CommentsCorrections/PMID@Version", given)
        return pmid, None


def general_note(context: Context, element: Element) -> None:
    """GeneralNote, behind the name of its owner."""
    owner = context.vocabulary.general_note[tuple(element.items())]
    context.fields["general_notes"].append(f"{owner}: {context.flat(element) or ''}")


def number_of_references(context: Context, element: Element) -> None:
    """NumberOfReferences, if it is a number."""
    if text := context.leaf(element):
        try:
            context.set("number_of_references", integer(text, "NumberOfReferences"))
        except BadRecordError:
            context.unreadable("NumberOfReferences", text)


def issn(context: Context, element: Element) -> None:
    """ISSN of the journal, with its type."""
    context.set("issn_type", context.vocabulary.issn[tuple(element.items())])
    context.set("issn", context.flat(element))


def journal_issue(context: Context, element: Element) -> None:
    """JournalIssue: volume, issue and date."""
    context.set("cited_medium", context.vocabulary.issue[tuple(element.items())])
    read_children(context, element, JOURNAL_ISSUE)


def article(context: Context, element: Element) -> None:
    """Article: title, abstract, people, types and dates."""
    context.body(element)
    context.set("publication_model", context.vocabulary.article[tuple(element.items())])
    read_children(context, element, ARTICLE)


def medline_citation(context: Context, element: Element) -> None:
    """MedlineCitation, all of it."""
    context.body(element)
    status, owner, method, version_id, version_date = context.vocabulary.citation[
        tuple(element.items())
    ]
    context.fields.update(
        citation_status=status,
        owner=owner,
        indexing_method=method,
        version_id=version_id,
        version_date=version_date,
    )
    read_children(context, element, MEDLINE_CITATION)


pagination = nested({"MedlinePgn": "pages", "StartPage": "start_page", "EndPage": "end_page"})
JOURNAL_ISSUE: Handlers = {
    "Volume": "volume",
    "Issue": "issue",
    "PubDate": issue_date,
}
ARTICLE: Handlers = {
    "Journal": nested(
        {
            "ISSN": issn,
            "JournalIssue": journal_issue,
            "Title": "journal_title",
            "ISOAbbreviation": "iso_abbreviation",
        }
    ),
    "ArticleTitle": "title",
    "Pagination": pagination,
    "ELocationID": location_id,
    "Abstract": abstract,
    "AuthorList": author_list,
    "Language": listed("languages"),
    "DataBankList": databank_list,
    "GrantList": grant_list,
    "PublicationTypeList": nested({"PublicationType": publication_type}),
    "VernacularTitle": "vernacular_title",
    "ArticleDate": electronic_date,
}
MEDLINE_CITATION: Handlers = {
    "PMID": citation_pmid,
    "DateCompleted": typed_date("date_completed"),
    "DateRevised": typed_date("date_revised"),
    "Article": article,
    "MedlineJournalInfo": nested(
        {
            "Country": "journal_country",
            "MedlineTA": "medline_ta",
            "NlmUniqueID": "nlm_unique_id",
            "ISSNLinking": "issn_linking",
        }
    ),
    "ChemicalList": chemical_list,
    "SupplMeshList": supplementary_list,
    "CitationSubset": listed("citation_subsets"),
    "CommentsCorrectionsList": link_list,
    "GeneSymbolList": nested({"GeneSymbol": listed("gene_symbols")}),
    "MeshHeadingList": mesh_heading_list,
    "NumberOfReferences": number_of_references,
    "PersonalNameSubjectList": subject_list,
    "OtherID": other_id,
    "OtherAbstract": other_abstract,
    "KeywordList": keyword_list,
    "CoiStatement": "coi_statement",
    "SpaceFlightMission": listed("space_flight_missions"),
    "InvestigatorList": investigator_list,
    "GeneralNote": general_note,
}
