"""What the core tables must hold, read from PubMed XML with plain XPath.

This module shares nothing with the parser. Its specification is the remark behind each column of
``sql/schema/core.sql``; its method is one XPath expression a value over the whole record. It is
slow and simple on purpose. Text is an element's string value: every text node in order, comments
and processing instructions left out, nothing trimmed. An empty scalar is NULL; a space is text.
Where the DTD declares a default for an attribute that is absent, the default counts.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import cast

from lxml import etree

Value = str | int | bool | date | datetime | list[str] | None
Row = tuple[Value, ...]
Rows = dict[str, list[Row]]

# Columns per table, in the order of the rows below; the key (pmid or record_no) is left out.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    table: tuple(columns.split())
    for table, columns in {
        "articles": """pmid pmid_version record_kind record_source title vernacular_title languages
            doi pmc_id journal_title iso_abbreviation medline_ta nlm_unique_id issn issn_type
            issn_linking journal_country cited_medium volume issue pages start_page end_page
            publication_model issue_date_verbatim issue_year issue_month issue_day
            issue_date_precision electronic_date_verbatim electronic_year electronic_month
            electronic_day date_completed date_revised citation_status owner indexing_method
            version_id version_date publication_status is_author_list_complete
            is_grant_list_complete is_databank_list_complete number_of_references
            abstract_copyright coi_statement citation_subsets gene_symbols space_flight_missions
            general_notes record_sha256 raw_offset raw_length""",
        "article_identifiers": "position element id_type value is_valid",
        "abstract_sections": "section_no abstract_type language label nlm_category text",
        "authors": """author_no list_kind last_name fore_name initials suffix collective_name orcid
            identifiers is_valid has_equal_contribution""",
        "affiliations": "author_no affiliation_no affiliation identifiers",
        "publication_types": "position ui publication_type",
        "mesh_headings": """heading_no qualifier_no descriptor_ui descriptor is_major_descriptor
            descriptor_type is_auto_hm qualifier_ui qualifier is_major_qualifier""",
        "chemicals": "position ui substance_name registry_number",
        "supplementary_concepts": "position ui name concept_type",
        "keywords": "position keyword_owner keyword is_major",
        "grants": "position grant_id acronym agency country",
        "databank_accessions": "position databank accession_number",
        "cited_references": """reference_no list_title citation cited_pmid cited_doi cited_pmc_id
            other_ids""",
        "article_links": "position ref_type ref_source linked_pmid linked_pmid_version note",
        "history_dates": "position pub_status date_verbatim event_at",
        "related_objects": "position object_type param_name param_value",
        "books": """book_title publisher_name publisher_location collection_title edition volume
            volume_title medium report_number beginning_date_verbatim ending_date_verbatim
            location_labels sections items""",
    }.items()
}

# Columns that order the rows of a record, as the primary keys of core.sql say.
ORDER: Mapping[str, tuple[str, ...]] = {
    table: {
        "articles": (),
        "books": (),
        "affiliations": ("author_no", "affiliation_no"),
        "mesh_headings": ("heading_no", "qualifier_no"),
    }.get(table, columns[:1])
    for table, columns in COLUMNS.items()
}

RECORD_TAGS = ("PubmedArticle", "PubmedBookArticle")


@dataclass(frozen=True)
class Record:
    """One record of a file: its running number (from 1) and the rows every table must hold."""

    number: int
    pmid: int
    version: int
    rows: Rows


@dataclass(frozen=True)
class Deletion:
    """One PMID of a DeleteCitation."""

    pmid: int
    version: int


# --- XPath in its plainest form ---------------------------------------------------------------


@cache
def _compiled(expression: str) -> etree.XPath:
    return etree.XPath(expression, smart_strings=False)


def _nodes(node: etree._Element, expression: str) -> list[etree._Element]:
    return cast("list[etree._Element]", _compiled(expression)(node))


def _text(node: etree._Element, expression: str = ".") -> str:
    """The string value of the first node, '' when there is none."""
    return cast(str, _compiled(f"string({expression})")(node))


def _scalar(node: etree._Element, expression: str = ".") -> str | None:
    return _text(node, expression) or None


def _texts(node: etree._Element, expression: str) -> list[str]:
    return [_text(found) for found in _nodes(node, expression)]


def _yes(node: etree._Element, attribute: str, default: str = "") -> bool | None:
    """A Y/N attribute; None when it is neither stated nor declared with a default."""
    return {"Y": True, "N": False}.get(_text(node, f"@{attribute}") or default)


def _yes_of_first(node: etree._Element, expression: str, attribute: str) -> bool | None:
    found = _nodes(node, expression)
    return _yes(found[0], attribute, "Y") if found else None


def _whole(text: str) -> int | None:
    return int(text) if re.fullmatch(r"\s*[0-9]{1,18}\s*", text) else None


def _pmid(text: str) -> int | None:
    number = _whole(text) or 0
    return number if 0 < number < 2**31 else None


def _version(text: str) -> int | None:
    number = _whole(text or "0")
    return number if number is not None and number < 2**15 else None


def _typed(node: etree._Element, expression: str, attribute: str) -> list[str]:
    """Values as 'type: value'; a value whose type is not stated stands alone."""
    found = []
    for item in _nodes(node, expression):
        kind = _text(item, attribute)
        found.append(f"{kind}: {_text(item)}" if kind else _text(item))
    return found


# --- Dates, as core.sql describes them --------------------------------------------------------

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_SEASON_MONTH = {"winter": 1, "spring": 4, "summer": 7, "fall": 10, "autumn": 10}
_ORDINALS = ("first", "second", "third", "fourth")
_TOKEN = re.compile(
    r"""
        (?<![0-9])(?P<Y>[0-9]{4})(?![0-9])
      | \b(?P<Q>[1-4](?=st|nd|rd|th)|first|second|third|fourth)(?:st|nd|rd|th)?\s+quart[a-z]*
      | (?<![0-9])(?P<N>[0-9]{1,2})(?![0-9a-z])
      | \b(?P<S>winter|spring|summer|fall|autumn)\b
      | \b(?P<M>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*
      | (?P<R>[-\u2013/])
    """,
    re.IGNORECASE | re.VERBOSE,
)


@dataclass(frozen=True)
class Printed:
    """A printed date: as printed, and what can be read from it."""

    verbatim: str | None = None
    year: int | None = None
    month: int | None = None
    day: int | None = None
    precision: str | None = None


def _month(kind: str, token: str) -> int | None:
    if kind == "M":
        return _MONTHS.index(token[:3]) + 1
    if kind == "S":
        return _SEASON_MONTH[token]
    if kind == "Q":
        return 3 * (_ORDINALS.index(token) if token in _ORDINALS else int(token) - 1) + 1
    return int(token) if 1 <= int(token) <= 12 else None


def read_date(verbatim: str) -> Printed:
    """Read a printed date as far as it can be read.

    The year, month and day are the first that are printed, so a range counts from its beginning;
    a season or quarter gives its month. The precision says how far the reading went.
    """
    found = [
        (cast(str, match.lastgroup), match.group(cast(str, match.lastgroup)).lower())
        for match in _TOKEN.finditer(verbatim)
    ]
    form = "".join(kind for kind, _ in found)
    if form == "YRNRN":  # 2021-03-04
        found, form = found[::2], "YNN"
    if "Y" not in form or not int(found[form.index("Y")][1]):
        return Printed(verbatim or None, precision="unreadable")
    year = int(found[form.index("Y")][1])
    named = re.search("[MSQ]|(?<=^Y)N", form)
    month = _month(*found[named.start()]) if named else None
    day = None
    if named and month and named[0] in "MN" and form[named.end() : named.end() + 1] == "N":
        day = int(found[named.end()][1])
        day = day if _real_date(year, month, day) else None
    if re.search("[^R]R[^R]", form):
        precision = "range"
    elif named is None or month is None:
        precision = "year"
    elif named[0] in "SQ":
        precision = "season"
    else:
        precision = "day" if day else "month"
    return Printed(verbatim, year, month, day, precision)


def _real_date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except (ValueError, OverflowError):
        return None


def _parts(node: etree._Element) -> str:
    return " ".join(part for part in _texts(node, "*") if part)


def _printed(node: etree._Element, expression: str) -> Printed:
    found = _nodes(node, expression)
    return read_date(_parts(found[0])) if found else Printed()


def _parts_of_first(node: etree._Element, expression: str) -> str | None:
    found = _nodes(node, expression)
    return (_parts(found[0]) or None) if found else None


def _calendar_date(node: etree._Element) -> date | None:
    """The date of Year, Month and Day elements; None when it is no real one."""
    year, day = _whole(_text(node, "Year")), _whole(_text(node, "Day"))
    name = _text(node, "Month").lower()
    month = _MONTHS.index(name[:3]) + 1 if name[:3] in _MONTHS else _whole(name)
    return _real_date(year or 0, month or 0, day or 0)


def _calendar_date_of(node: etree._Element, expression: str) -> date | None:
    found = _nodes(node, expression)
    return _calendar_date(found[0]) if found else None


def _moment(node: etree._Element) -> datetime | None:
    day = _calendar_date(node)
    clock = [_whole(_text(node, part) or "0") for part in ("Hour", "Minute", "Second")]
    if day is None or None in clock:
        return None
    hour, minute, second = cast("list[int]", clock)
    if hour > 23 or minute > 59 or second > 59:
        return None
    midnight = datetime.combine(day, time())
    return midnight + timedelta(hours=hour, minutes=minute, seconds=second)


# --- One function a table ---------------------------------------------------------------------


def _articles(record: etree._Element) -> Row:
    book = record.tag == "PubmedBookArticle"
    cite = _nodes(record, "BookDocument" if book else "MedlineCitation")[0]
    article = cite if book else [*_nodes(cite, "Article"), etree.Element("Missing")][0]
    issued = _printed(cite, "Book/PubDate" if book else "Article/Journal/JournalIssue/PubDate")
    electronic = _printed(
        cite,
        "ContributionDate"
        if book
        else "Article/ArticleDate[@DateType = 'Electronic' or not(@DateType)]",
    )
    own = "(PubmedData | PubmedBookData | BookDocument)/ArticleIdList/ArticleId"
    located = "(MedlineCitation/Article | BookDocument/Book)/ELocationID"
    return (
        _whole(_text(cite, "PMID")),
        _whole(_text(cite, "PMID[1]/@Version") or "0"),
        "book" if book else "article",
        "pubmed_xml",
        _scalar(article, "ArticleTitle") or (_scalar(cite, "Book/BookTitle") if book else None),
        _scalar(article, "VernacularTitle"),
        _texts(article, "Language"),
        _scalar(record, f"{own}[@IdType = 'doi'][string()]")
        or _scalar(record, f"{located}[@EIdType = 'doi'][not(@ValidYN = 'N')][string()]"),
        _scalar(record, f"{own}[@IdType = 'pmc'][string()]"),
        _scalar(article, "Journal/Title"),
        _scalar(article, "Journal/ISOAbbreviation"),
        _scalar(cite, "MedlineJournalInfo/MedlineTA"),
        _scalar(cite, "MedlineJournalInfo/NlmUniqueID"),
        _scalar(article, "Journal/ISSN"),
        _scalar(article, "(Journal/ISSN)[1]/@IssnType"),
        _scalar(cite, "MedlineJournalInfo/ISSNLinking"),
        _scalar(cite, "MedlineJournalInfo/Country"),
        _scalar(article, "Journal/JournalIssue/@CitedMedium"),
        _scalar(article, "Journal/JournalIssue/Volume"),
        _scalar(article, "Journal/JournalIssue/Issue"),
        _scalar(article, "Pagination/MedlinePgn"),
        _scalar(article, "Pagination/StartPage"),
        _scalar(article, "Pagination/EndPage"),
        _scalar(article, "@PubModel"),
        issued.verbatim,
        issued.year,
        issued.month,
        issued.day,
        issued.precision,
        electronic.verbatim,
        electronic.year,
        electronic.month,
        electronic.day,
        _calendar_date_of(cite, "DateCompleted"),
        _calendar_date_of(cite, "DateRevised"),
        _scalar(cite, "@Status"),
        None if book else _scalar(cite, "@Owner") or "NLM",
        _scalar(cite, "@IndexingMethod"),
        _scalar(cite, "@VersionID"),
        _scalar(cite, "@VersionDate"),
        _scalar(record, "(PubmedData | PubmedBookData)/PublicationStatus"),
        _yes_of_first(article, "AuthorList", "CompleteYN"),
        _yes_of_first(article, "GrantList", "CompleteYN"),
        _yes_of_first(article, "DataBankList", "CompleteYN"),
        _whole(_text(cite, "NumberOfReferences")),
        _scalar(article, "Abstract/CopyrightInformation"),
        _scalar(cite, "CoiStatement"),
        _texts(cite, "CitationSubset"),
        _texts(cite, "GeneSymbolList/GeneSymbol"),
        _texts(cite, "SpaceFlightMission"),
        [
            f"{_text(note, '@Owner') or 'NLM'}: {_text(note)}"
            for note in _nodes(cite, "GeneralNote")
        ],
    )


def _identifiers(record: etree._Element) -> list[Row]:
    found = _nodes(
        record,
        "(PubmedData | PubmedBookData | BookDocument)/ArticleIdList/ArticleId"
        " | (MedlineCitation/Article | BookDocument/Book)/ELocationID"
        " | MedlineCitation/OtherID | BookDocument/Book/Isbn",
    )
    kinds = {"ArticleId": "@IdType", "ELocationID": "@EIdType", "OtherID": "@Source"}
    rows: list[Row] = []
    for position, item in enumerate(found, 1):
        kind = _scalar(item, kinds[item.tag]) if item.tag in kinds else None
        if item.tag == "ArticleId":
            kind = kind or "pubmed"
        valid = _yes(item, "ValidYN", "Y") if item.tag == "ELocationID" else None
        rows.append((position, item.tag, kind, _text(item), valid))
    return rows


def _abstracts(record: etree._Element) -> list[Row]:
    rows: list[Row] = []
    found = _nodes(
        record,
        "(MedlineCitation/Article | BookDocument)/Abstract/AbstractText"
        " | MedlineCitation/OtherAbstract/AbstractText",
    )
    for number, item in enumerate(found, 1):
        other = bool(_nodes(item, "parent::OtherAbstract"))
        rows.append(
            (
                number,
                _text(item, "../@Type") if other else "main",
                (_text(item, "../@Language") or "eng") if other else None,
                _scalar(item, "@Label"),
                _scalar(item, "@NlmCategory"),
                _text(item),
            )
        )
    return rows


def _orcid(person: etree._Element) -> str | None:
    for text in _texts(person, "Identifier[@Source = 'ORCID']"):
        match = re.search(
            r"(?<!\d)(\d{4})[- ]?(\d{4})[- ]?(\d{4})[- ]?(\d{3}[\dXx])(?![\dXx])", text, re.ASCII
        )
        if match:
            return "-".join(match.groups()).upper()
    return None


def _people(record: etree._Element) -> tuple[list[Row], list[Row]]:
    """Authors and affiliations, in document order over all lists."""
    found = _nodes(
        record,
        "MedlineCitation/Article/AuthorList/Author"
        " | MedlineCitation/PersonalNameSubjectList/PersonalNameSubject"
        " | MedlineCitation/InvestigatorList/Investigator"
        " | BookDocument/Book/AuthorList/Author"
        " | BookDocument/Book/InvestigatorList/Investigator"
        " | BookDocument/AuthorList/Author"
        " | BookDocument/InvestigatorList/Investigator",
    )
    people: list[Row] = []
    places: list[Row] = []
    for number, person in enumerate(found, 1):
        if person.tag == "Author":
            kind = "editor" if _text(person, "../@Type") == "editors" else "author"
            if _nodes(person, "../parent::Book"):
                kind = f"book_{kind}"
        else:
            kind = {"Investigator": "investigator", "PersonalNameSubject": "subject"}[person.tag]
        people.append(
            (
                number,
                kind,
                _scalar(person, "LastName"),
                _scalar(person, "ForeName"),
                _scalar(person, "Initials"),
                _scalar(person, "Suffix"),
                _scalar(person, "CollectiveName"),
                _orcid(person),
                _typed(person, "Identifier", "@Source"),
                _yes(person, "ValidYN", "" if kind == "subject" else "Y"),
                _yes(person, "EqualContrib"),
            )
        )
        for place_number, place in enumerate(_nodes(person, "AffiliationInfo"), 1):
            places.append(
                (
                    number,
                    place_number,
                    _scalar(place, "Affiliation"),
                    _typed(place, "Identifier", "@Source"),
                )
            )
    return people, places


def _publication_types(record: etree._Element) -> list[Row]:
    found = _nodes(
        record,
        "MedlineCitation/Article/PublicationTypeList/PublicationType"
        " | BookDocument/PublicationType",
    )
    return [(number, _scalar(item, "@UI"), _text(item)) for number, item in enumerate(found, 1)]


def _mesh(record: etree._Element) -> list[Row]:
    rows: list[Row] = []
    found = _nodes(record, "MedlineCitation/MeshHeadingList/MeshHeading")
    for number, heading in enumerate(found, 1):
        descriptor = [*_nodes(heading, "DescriptorName"), etree.Element("Missing")][0]
        common: Row = (
            _scalar(descriptor, "@UI"),
            _text(descriptor),
            _text(descriptor, "@MajorTopicYN") == "Y",
            _scalar(descriptor, "@Type"),
        )
        is_auto = _yes(descriptor, "AutoHM")
        qualifiers = _nodes(heading, "QualifierName")
        if not qualifiers:
            rows.append((number, 0, *common, is_auto, None, None, None))
        for order, qualifier in enumerate(qualifiers, 1):
            rows.append(
                (
                    number,
                    order,
                    *common,
                    is_auto or _yes(qualifier, "AutoHM"),
                    _scalar(qualifier, "@UI"),
                    _scalar(qualifier),
                    _text(qualifier, "@MajorTopicYN") == "Y",
                )
            )
    return rows


def _chemicals(record: etree._Element) -> list[Row]:
    return [
        (
            number,
            _scalar(item, "NameOfSubstance/@UI"),
            _text(item, "NameOfSubstance"),
            _scalar(item, "RegistryNumber"),
        )
        for number, item in enumerate(_nodes(record, "MedlineCitation/ChemicalList/Chemical"), 1)
    ]


def _supplementary(record: etree._Element) -> list[Row]:
    found = _nodes(record, "MedlineCitation/SupplMeshList/SupplMeshName")
    return [
        (number, _scalar(item, "@UI"), _text(item), _scalar(item, "@Type"))
        for number, item in enumerate(found, 1)
    ]


def _keywords(record: etree._Element) -> list[Row]:
    found = _nodes(record, "(MedlineCitation | BookDocument)/KeywordList/Keyword")
    return [
        (
            number,
            _text(item, "../@Owner") or "NLM",
            _text(item),
            _text(item, "@MajorTopicYN") == "Y",
        )
        for number, item in enumerate(found, 1)
    ]


def _grants(record: etree._Element) -> list[Row]:
    found = _nodes(record, "(MedlineCitation/Article | BookDocument)/GrantList/Grant")
    return [
        (
            number,
            _scalar(item, "GrantID"),
            _scalar(item, "Acronym"),
            _scalar(item, "Agency"),
            _scalar(item, "Country"),
        )
        for number, item in enumerate(found, 1)
    ]


def _databanks(record: etree._Element) -> list[Row]:
    pairs: list[tuple[str, str | None]] = []
    for bank in _nodes(record, "MedlineCitation/Article/DataBankList/DataBank"):
        name = _text(bank, "DataBankName")
        numbers = _texts(bank, "AccessionNumberList/AccessionNumber")
        pairs += [(name, number or None) for number in numbers] or [(name, None)]
    return [(position, *pair) for position, pair in enumerate(pairs, 1)]


def _references(record: etree._Element) -> list[Row]:
    rows: list[Row] = []
    found = _nodes(record, "(PubmedData | BookDocument)/ReferenceList/descendant::Reference")
    for number, item in enumerate(found, 1):
        first: dict[str, str] = {}
        others = []
        for identifier in _nodes(item, "ArticleIdList/ArticleId"):
            printed = _text(identifier, "@IdType") or "pubmed"
            kind = "pmc" if printed == "pmcid" else printed
            value = _text(identifier)
            readable = bool(value) if kind in ("doi", "pmc") else bool(_pmid(value))
            if kind in ("pubmed", "doi", "pmc") and kind not in first and readable:
                first[kind] = value
            elif value:
                others.append(f"{printed}: {value}")
        rows.append(
            (
                number,
                _scalar(item, "../Title"),
                _scalar(item, "Citation"),
                _pmid(first.get("pubmed", "")),
                first.get("doi"),
                first.get("pmc"),
                others,
            )
        )
    return rows


def _links(record: etree._Element) -> list[Row]:
    found = _nodes(record, "MedlineCitation/CommentsCorrectionsList/CommentsCorrections")
    return [
        (
            number,
            _text(item, "@RefType"),
            _scalar(item, "RefSource"),
            _pmid(_text(item, "PMID")),
            _version(_text(item, "PMID[1]/@Version")) if _pmid(_text(item, "PMID")) else None,
            _scalar(item, "Note"),
        )
        for number, item in enumerate(found, 1)
    ]


def _history(record: etree._Element) -> list[Row]:
    found = _nodes(record, "(PubmedData | PubmedBookData)/History/PubMedPubDate")
    return [
        (number, _text(item, "@PubStatus"), _parts(item), _moment(item))
        for number, item in enumerate(found, 1)
    ]


def _objects(record: etree._Element) -> list[Row]:
    triples: list[tuple[str, str | None, str | None]] = []
    for item in _nodes(record, "(PubmedData | PubmedBookData)/ObjectList/Object"):
        kind = _text(item, "@Type")
        parameters = _nodes(item, "Param")
        triples += [(kind, _scalar(part, "@Name"), _scalar(part)) for part in parameters] or [
            (kind, None, None)
        ]
    return [(position, *triple) for position, triple in enumerate(triples, 1)]


def _books(record: etree._Element) -> list[Row]:
    return [
        (
            _scalar(document, "Book/BookTitle"),
            _scalar(document, "Book/Publisher/PublisherName"),
            _scalar(document, "Book/Publisher/PublisherLocation"),
            _scalar(document, "Book/CollectionTitle"),
            _scalar(document, "Book/Edition"),
            _scalar(document, "Book/Volume"),
            _scalar(document, "Book/VolumeTitle"),
            _scalar(document, "Book/Medium"),
            _scalar(document, "Book/ReportNumber"),
            _parts_of_first(document, "Book/BeginningDate"),
            _parts_of_first(document, "Book/EndingDate"),
            _typed(document, "(. | Sections/descendant::Section)/LocationLabel", "@Type"),
            _texts(document, "Sections/descendant::SectionTitle"),
            _typed(document, "ItemList/Item", "../@ListType"),
        )
        for document in _nodes(record, "BookDocument")
    ]


def expected_rows(record: etree._Element, raw: bytes, offset: int) -> Rows:
    """The rows of every core table for one record and its bytes in the uncompressed file."""
    people, places = _people(record)
    bytes_columns: Row = (hashlib.sha256(raw).hexdigest(), offset, len(raw))
    return {
        "articles": [_articles(record) + bytes_columns],
        "article_identifiers": _identifiers(record),
        "abstract_sections": _abstracts(record),
        "authors": people,
        "affiliations": places,
        "publication_types": _publication_types(record),
        "mesh_headings": _mesh(record),
        "chemicals": _chemicals(record),
        "supplementary_concepts": _supplementary(record),
        "keywords": _keywords(record),
        "grants": _grants(record),
        "databank_accessions": _databanks(record),
        "cited_references": _references(record),
        "article_links": _links(record),
        "history_dates": _history(record),
        "related_objects": _objects(record),
        "books": _books(record),
    }


# --- A file -----------------------------------------------------------------------------------


def read_bytes(path: Path) -> bytes:
    """The file, uncompressed."""
    content = path.read_bytes()
    return gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content


def record_spans(content: bytes) -> list[tuple[int, int]]:
    """Where each record begins and ends in the uncompressed file, by its tags alone."""
    tags = re.compile(
        rb"<!--.*?-->|<!\[CDATA\[.*?\]\]>"
        rb"|<(?P<end>/?)Pubmed(?:Book)?Article(?:\s*|\s[^>]*)>",
        re.DOTALL,
    )
    spans = []
    begin = 0
    for match in tags.finditer(content):
        if match["end"]:
            spans.append((begin, match.end()))
        elif match["end"] is not None:
            begin = match.start()
    return spans


def _elements(content: bytes) -> Iterator[etree._Element]:
    reader = etree.iterparse(
        io.BytesIO(content),
        events=("end",),
        tag=(*RECORD_TAGS, "DeleteCitation"),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=True,
    )
    for _, element in reader:
        yield element
        element.clear()
        while (before := element.getprevious()) is not None:
            cast(etree._Element, before.getparent()).remove(before)


def read_file(path: Path) -> Iterator[Record | Deletion]:
    """Every record of a PubMed XML file with its expected rows, and every deletion, in order."""
    content = read_bytes(path)
    spans = record_spans(content)
    number = 0
    for element in _elements(content):
        if element.tag == "DeleteCitation":
            for item in _nodes(element, "PMID"):
                pmid, version = _whole(_text(item)), _whole(_text(item, "@Version") or "0")
                yield Deletion(cast(int, pmid), cast(int, version))
            continue
        begin, end = spans[number]
        number += 1
        rows = expected_rows(element, content[begin:end], begin)
        pmid, version = cast("tuple[int, int]", rows["articles"][0][:2])
        yield Record(number, pmid, version, rows)
    if number != len(spans):
        raise ValueError(f"{path}: {len(spans)} records by their tags, {number} by parsing")
