"""The tables a record is parsed into, and a tally of unrecognised elements and values.

The columns are those of `sql/schema/core.sql`, with `record_no`, the running number of the
record in this reading, in place of pmid (in `articles`: before it), so that two copies of
one PMID in a file stay apart until the loader has decided which wins.

NLM's DTD changes every year or two. An addition must never stop a run, and must never go
unnoticed: every element, attribute and enumerated value is handled, ignored on purpose
(`IGNORED_*`, each with its reason), or counted in a `Tally`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from lxml import etree

Row = tuple[Any, ...]
Tables = dict[str, list[Row]]

PARSED_COLUMNS: dict[str, tuple[str, ...]] = {
    table: ("record_no", *columns.split())
    for table, columns in {
        "articles": """pmid pmid_version record_kind record_source title vernacular_title
            languages doi pmc_id journal_title iso_abbreviation medline_ta nlm_unique_id issn
            issn_type issn_linking journal_country cited_medium volume issue pages start_page
            end_page publication_model issue_date_verbatim issue_year issue_month issue_day
            issue_date_precision electronic_date_verbatim electronic_year electronic_month
            electronic_day date_completed date_revised citation_status owner indexing_method
            version_id version_date publication_status is_author_list_complete
            is_grant_list_complete is_databank_list_complete number_of_references
            abstract_copyright coi_statement citation_subsets gene_symbols
            space_flight_missions general_notes record_sha256 raw_offset raw_length""",
        "article_identifiers": "position element id_type value is_valid",
        "abstract_sections": "section_no abstract_type language label nlm_category text",
        "authors": """author_no list_kind last_name fore_name initials suffix collective_name
            orcid identifiers is_valid has_equal_contribution""",
        "affiliations": "author_no affiliation_no affiliation identifiers",
        "publication_types": "position ui publication_type",
        "mesh_headings": """heading_no qualifier_no descriptor_ui descriptor
            is_major_descriptor descriptor_type is_auto_hm qualifier_ui qualifier
            is_major_qualifier""",
        "chemicals": "position ui substance_name registry_number",
        "supplementary_concepts": "position ui name concept_type",
        "keywords": "position keyword_owner keyword is_major",
        "grants": "position grant_id acronym agency country",
        "databank_accessions": "position databank accession_number",
        "cited_references": """reference_no list_title citation cited_pmid cited_doi
            cited_pmc_id other_ids""",
        "article_links": "position ref_type ref_source linked_pmid linked_pmid_version note",
        "history_dates": "position pub_status date_verbatim event_at",
        "related_objects": "position object_type param_name param_value",
        "books": """book_title publisher_name publisher_location collection_title edition
            volume volume_title medium report_number beginning_date_verbatim
            ending_date_verbatim location_labels sections items""",
    }.items()
}

LIST_COLUMNS = (
    "languages",
    "citation_subsets",
    "gene_symbols",
    "space_flight_missions",
    "general_notes",
)
"""List columns of articles: never NULL, empty when the record has none."""

LARGEST_SMALLINT = 32_767
LARGEST_INTEGER = 2_147_483_647


def whole_number(text: str | None, largest: int = LARGEST_INTEGER) -> int | None:
    """ASCII digits as a number; None for anything else, and for what its column cannot hold."""
    if text is None or not (text.isdigit() and text.isascii() and len(text) <= 10):
        return None
    return number if (number := int(text)) <= largest else None


def empty_tables() -> Tables:
    """A list of rows for every table."""
    return {table: [] for table in PARSED_COLUMNS}


def drop_record(tables: Tables, record_no: int) -> None:
    """Take back what a record that proved unreadable has added (always the last rows)."""
    for rows in tables.values():
        while rows and rows[-1][0] == record_no:
            rows.pop()


Tally = Counter[tuple[str, str]]
"""Counts by (kind, where): ("element", "MedlineCitation/Foo"), ("attribute",
"Article@Foo"), ("value", "MedlineCitation@Status=Odd")."""

MATHML = "{http://www.w3.org/1998/Math/MathML}"
INLINE = frozenset({"b", "i", "sub", "sup", "u", "DispFormula"})
"""Mark-up inside text (DTD entity %text; and DispFormula): flattened, nothing is lost."""

IGNORED_ATTRIBUTES: Mapping[str, str] = {
    "book": "where a book title stands in NLM's Bookshelf (DTD booklinkatts)",
    "part": "where a book title stands in NLM's Bookshelf (DTD booklinkatts)",
    "sec": "where a book title stands in NLM's Bookshelf (DTD booklinkatts)",
    "ID": "InvestigatorList: joins a list to a collective name within one record",
    "Investigators": "CollectiveName: the other end of InvestigatorList@ID",
}
IGNORED_ELEMENTS: Mapping[str, str] = {
    "OtherAbstract/CopyrightInformation": "core keeps the copyright line of the main abstract",
}

_MEMO = 20_000


class Attributes(dict[tuple[Any, ...], Any]):
    """The attributes of one element: looked up by `tuple(element.items())`, remembered.

    Asking lxml for every attribute by name costs more than asking for all at once; the same
    few sets recur, so the answer is worked out once per set. Sets with anything unknown in
    them are not remembered, so that each occurrence is counted.

    Args:
        tally: where to count the unknown.
        element: its name, for the tally.
        fields: attribute name -> (value if absent, known values): a mapping translates, a
            frozenset only knows, None takes any value. Absent values are the DTD's defaults.
    Looking up gives the values in the order of `fields`; the bare value if there is but one.
    """

    def __init__(
        self,
        tally: Tally,
        element: str,
        **fields: tuple[Any, Mapping[str, Any] | frozenset[str] | None],
    ) -> None:
        super().__init__()
        self._tally = tally
        self._element = element
        self._fields = {name.rstrip("_"): field for name, field in fields.items()}

    def __missing__(self, items: tuple[Any, ...]) -> Any:
        given = dict(items)
        is_known = True
        values = []
        for name, (default, known) in self._fields.items():
            text = given.pop(name, None)
            if text is None or text == "":
                values.append(default)
                continue
            if known is not None and text not in known:
                is_known = False
                self._tally["value", f"{self._element}@{name}={text[:80]}"] += 1
            if isinstance(known, Mapping):  # an unknown value must not count as yes
                values.append(known.get(text, None if default is True else default))
            else:
                values.append(text)
        for name in given:
            if name not in IGNORED_ATTRIBUTES:
                is_known = False
                self._tally["attribute", f"{self._element}@{name}"] += 1
        answer = values[0] if len(values) == 1 else tuple(values)
        if is_known and len(self) < _MEMO:
            self[items] = answer
        return answer


def unknown_element(tally: Tally, parent: str, element: etree._Element) -> None:
    """Count an element that stands where we know of none."""
    where = f"{parent}/{element.tag}"
    if where not in IGNORED_ELEMENTS:
        tally["element", where] += 1


def count_attributes(tally: Tally, element: etree._Element) -> None:
    """Count the attributes of an element that should have none but the ignored ones."""
    for name in map(str, element.keys()):
        if name not in IGNORED_ATTRIBUTES:
            tally["attribute", f"{element.tag!s}@{name}"] += 1


def flat_text(tally: Tally, element: etree._Element) -> str | None:
    """Text with its mark-up flattened, for an element whose attributes are read elsewhere."""
    for inner in element.iterdescendants():
        tag = inner.tag
        if isinstance(tag, str) and not tag.startswith(MATHML):
            if tag not in INLINE:
                tally["element", f"{element.tag}/{tag}"] += 1
            else:
                count_attributes(tally, inner)
    return etree.tostring(element, method="text", encoding="unicode", with_tail=False) or None
