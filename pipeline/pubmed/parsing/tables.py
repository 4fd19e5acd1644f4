"""The tables a record is parsed into, and the columns in the order the parser gives them.

The columns are those of `sql/schema/core.sql`, with `record_no`, the running number of the
record in this reading, in place of pmid (in `articles`: before it), so that two copies of
one PMID in a file stay apart until the loader has decided which wins.
"""

from __future__ import annotations

from typing import Any

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


def empty_tables() -> Tables:
    """A list of rows for every table."""
    return {table: [] for table in PARSED_COLUMNS}


def drop_record(tables: Tables, record_no: int) -> None:
    """Take back what a record that proved unreadable has added (always the last rows)."""
    for rows in tables.values():
        while rows and rows[-1][0] == record_no:
            rows.pop()
