"""MEDLINE exports as PubMed writes them, and as they look after other hands had them."""

from __future__ import annotations

import gzip
from io import BytesIO
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.pubmed.parsing.medline_lines import KNOWN, cut_medline
from pipeline.pubmed.parsing.tables import PARSED_COLUMNS
from pipeline.pubmed.records import Batch, open_records
from pipeline.settings import Options, Settings
from tests.conftest import FakeClock
from tests.in_memory import Warehouse

HEAD = "PMID- 801\nOWN - NLM\nSTAT- MEDLINE\nTI  - Leaves.\n"


def read(text: str | bytes) -> Batch:
    (batch,) = open_records(text.encode() if isinstance(text, str) else text)
    return batch


def rows(batch: Batch, table: str, *columns: str) -> list[Any]:
    found = [dict(zip(PARSED_COLUMNS[table], row, strict=True)) for row in batch.tables[table]]
    if len(columns) == 1:
        return [row[columns[0]] for row in found]
    return [tuple(row[column] for column in columns) for row in found]


def title_of(*lines: str, rest: str = "") -> str:
    (title,) = rows(read("PMID- 801\nTI  - " + "\n".join(lines) + f"\n{rest}"), "articles", "title")
    return str(title)


# -- Lines


@pytest.mark.parametrize(
    ("table", "column", "tag", "words"),
    [
        ("authors", "collective_name", "CN", "Leaf Group of the|Southern Region"),
        ("chemicals", "substance_name", "RN", "0 (Leafine of the|South)"),
        ("keywords", "keyword", "OT", "leaf preparations as used by|labourers"),
        ("grants", "agency", "GR", "1A/Ministry of Leaves, Tea and|Technology/Malaysia"),
        ("abstract_sections", "text", "OAB", "A tree whose leaves|people chew"),
        ("abstract_sections", "text", "AB", "A tree whose leaves|people chew"),
        ("affiliations", "affiliation", "AD", "Chair of Teas,|University A."),
        ("article_links", "ref_source", "RIN", "J Leaves. 2021|Feb;9:1"),
        ("mesh_headings", "qualifier", "MH", "Pain/drug|therapy"),
        ("publication_types", "publication_type", "PT", "Randomized|Controlled Trial"),
        ("supplementary_concepts", "name", "NM", "Leaf itch of the|hand"),
        ("databank_accessions", "accession_number", "SI", "Bank of Leaves/A|1"),
        ("articles", "coi_statement", "COIS", "None at|all."),
        ("articles", "journal_title", "JT", "Journal of|Leaves"),
    ],
)
@pytest.mark.parametrize(
    "fold", ["\n      ", " \n      ", "\n\t", "\n  ", "\r\n      ", "\n\n      "]
)
def test_a_continued_line_is_one_value(
    table: str, column: str, tag: str, words: str, fold: str
) -> None:
    before = "FAU - Leaf, Ana\n" if tag == "AD" else ""
    batch = read(f"{HEAD}{before}{tag:<4}- {words.replace('|', fold)}\nPST - ppublish\n")
    (found,) = rows(batch, table, column)
    assert found in words.replace("|", " ")
    assert found.split()[-1] in words.split("|")[1]
    assert rows(batch, "articles", "publication_status") == ["ppublish"]
    assert not batch.tally and not batch.unreadable


def test_a_word_broken_at_its_hyphen_is_whole_again() -> None:
    assert title_of("A never-", "      ending story") == "A never-ending story"
    assert title_of("Pre-", "      and post-kratom states") == "Pre- and post-kratom states"
    assert title_of("Kratom -", "      a review") == "Kratom - a review"
    # where every other line keeps the blank it was broken at, none means there was none
    exact = title_of(
        "Leaves of ", "      " + 9 * "drugtea" + "/", "      tea- ", "      coffee kind"
    )
    assert exact == f"Leaves of {9 * 'drugtea'}/tea- coffee kind"
    assert title_of("See https://tea.example/", "      or ask") == "See https://tea.example/ or ask"
    batch = read(f"{HEAD}LID - 10.9999/a-very-long-\n      name-of\n      -a-doi [doi]\n")
    assert rows(batch, "articles", "doi") == ["10.9999/a-very-long-name-of-a-doi"]


def test_an_empty_line_ends_nothing_but_a_new_pmid_does() -> None:
    batch = read(
        f"{HEAD}AB  - One.\n\n      Two.\n\nFAU - Leaf, Ana\nAU  - Leaf A\n \t\n"
        "PT  - Randomized Controlled Trial\nPMID- 802\nTI  - Tea.\n"
    )
    assert rows(batch, "articles", "pmid", "title") == [(801, "Leaves."), (802, "Tea.")]
    assert rows(batch, "abstract_sections", "text") == ["One. Two."]
    assert rows(batch, "publication_types", "publication_type") == ["Randomized Controlled Trial"]


def test_text_that_is_no_field_is_told_not_taken() -> None:
    batch = read(f"{HEAD}AB  - Leaves\nthat were chewed\nPST - ppublish\n\n1 of 2 pages\n")
    assert rows(batch, "abstract_sections", "text") == ["Leaves that were chewed"]
    assert dict(batch.tally) == {
        ("element", "MEDLINE/(line without a tag)"): 1,
        ("element", "MEDLINE/(text between records)"): 1,
    }


def test_lines_end_as_they_like() -> None:
    for end in ("\n", "\r\n", "\r", "\r\r\n"):
        text = f"{HEAD}AB  - One\u2028two\x85three\x0b\n      four\nPMID- 802\nTI  - Tea\n"
        batch = read(text.replace("\n", end))
        assert rows(batch, "articles", "pmid") == [801, 802]
        assert rows(batch, "abstract_sections", "text") == ["One\u2028two\x85three\x0b four"]


def test_exports_put_together_are_read_with_their_marks() -> None:
    marked = b"\xef\xbb\xbf" + HEAD.encode()
    batch = read(marked + marked.replace(b"801", b"802"))
    assert rows(batch, "articles", "pmid") == [801, 802]
    offsets = [cut.offset for cut in cut_medline(BytesIO(marked + marked))]
    assert offsets == [3, len(marked) + 3]


# -- People


def people(text: str) -> list[Any]:
    columns = ("list_kind", "last_name", "fore_name", "initials", "suffix", "collective_name")
    return rows(read(HEAD + text), "authors", *columns)


ANA = ("author", "Leaf", "Ana B", "AB", "Jr", None)
LEE = ("author", "Ng", "Lee", "L", None, None)


@pytest.mark.parametrize(
    "text",
    [
        "FAU - Leaf, Ana B Jr\nAU  - Leaf AB Jr\nFAU - Ng, Lee\nAU  - Ng L\n",
        "FAU - Leaf, Ana B Jr\nFAU - Ng, Lee\nAU  - Leaf AB Jr\nAU  - Ng L\n",
        "AU  - Leaf AB Jr\nFAU - Leaf, Ana B, Jr\nAU  - Ng L\nFAU - Ng, Lee\n",
        "AU  - Leaf AB Jr\nAU  - Ng L\nFAU - Leaf, Ana B Jr\nFAU - Ng, Lee\n",
    ],
)
def test_two_forms_of_a_name_are_one_person(text: str) -> None:
    assert people(text) == [ANA, LEE]


def test_a_form_that_is_missing_loses_nobody() -> None:
    assert people("AU  - van der Leaf AB Jr\nAU  - Mononym\nAU  - Ivanov YuA\n") == [
        ("author", "van der Leaf", None, "AB", "Jr", None),
        ("author", "Mononym", None, None, None, None),
        ("author", "Ivanov", None, "YuA", None, None),
    ]
    assert people("FAU - Kim, Chul\nFAU - Ng, Lee\nAU  - Ng L\nAU  - Perez A\n") == [
        ("author", "Kim", "Chul", None, None, None),
        LEE,
        ("author", "Perez", None, "A", None, None),
    ]
    assert len(people("AU  - Kim C\nFAU - Kim, Dong\nAU  - Kim D\n")) == 2


def test_a_short_form_without_accents_is_the_same_person() -> None:
    assert people("FAU - Müller-Źdan, Øyvind\nAU  - Mueller-Zdan O\n") == [
        ("author", "Müller-Źdan", "Øyvind", "O", None, None)
    ]
    grouped = "FAU - Østby, Ann\nFAU - Ng, Lee\nAU  - Ostby A\nAU  - Ng L\n"
    assert [person[1:4] for person in people(grouped)] == [("Østby", "Ann", "A"), LEE[1:4]]


def test_groups_and_other_lists_keep_their_kind() -> None:
    found = people(
        "CN  - Leaf Group\nFAU - Ng, Lee\nAU  - Ng L\nFCN - Tea Group\nCN  - Tea Group\n"
        "FED - Edit, Ed\nED  - Edit E\nFIR - Seek, Ida\nIR  - Seek I\nFPS - Korth, P\n"
        "PS  - Korth P\n"
    )
    assert [(kind, last or group) for kind, last, *_, group in found] == [
        ("author", "Leaf Group"),
        ("author", "Ng"),
        ("author", "Tea Group"),
        ("editor", "Edit"),
        ("investigator", "Seek"),
        ("subject", "Korth"),
    ]


def test_affiliations_find_their_person_wherever_they_stand() -> None:
    batch = read(
        HEAD + "AD  - Before all.\nFAU - Leaf, Ana\nAU  - Leaf A\nAUID- ORCID: 0000000218250097\n"
        "FAU - Ng, Lee\nAU  - Ng L\nAD  - One.\nAD  - Two.\nFIR - Seek, I\n"
        "IR  - Seek I\nIRAD- Field.\n"
    )
    assert rows(batch, "affiliations", "author_no", "affiliation_no", "affiliation") == [
        (1, 1, "Before all."),
        (2, 1, "One."),
        (2, 2, "Two."),
        (3, 1, "Field."),
    ]
    assert rows(batch, "authors", "orcid") == ["0000-0002-1825-0097", None, None]
    nobody = read(f"{HEAD}AD  - Nobody's.\n")
    assert dict(nobody.tally) == {("value", "MEDLINE/AD=Nobody's."): 1}


# -- Single tags


def test_history_is_read_with_hyphens_and_once() -> None:
    batch = read(
        HEAD
        + "EDAT- 2024/01/03 06:00\nMHDA- 2024/02/01\nCRDT- 2024/01/02 05:00\nPMCR- 2024/09/05\n"
        "PHST- 2024/01/01 [received]\nPHST- 2024/01/02 05:00 [entrez]\n"
        "PHST- 2024/01/03 06:00 [pubmed]\n"
        "PHST- 2024/09/05 00:00 [pmc-release]\n"
    )
    found = rows(batch, "history_dates", "pub_status", "event_at")
    assert [(status, f"{moment:%m-%d %H}") for status, moment in found] == [
        ("medline", "02-01 00"),
        ("received", "01-01 00"),
        ("entrez", "01-02 05"),
        ("pubmed", "01-03 06"),
        ("pmc-release", "09-05 00"),
    ]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (
            "R01 DA1/DA/NIDA NIH HHS/United States",
            ("R01 DA1", "DA", "NIDA NIH HHS", "United States"),
        ),
        (
            "BB/K01/1/Leaf Council/United Kingdom",
            ("BB/K01/1", None, "Leaf Council", "United Kingdom"),
        ),
        (
            "MC_1/MRC_/Leaf Council/United Kingdom",
            ("MC_1", "MRC_", "Leaf Council", "United Kingdom"),
        ),
        ("8177/Tea Fund/", ("8177", None, "Tea Fund", None)),
        ("Tea Fund/Malaysia", (None, None, "Tea Fund", "Malaysia")),
        ("HHMI/Leaf Institute/United States", (None, "HHMI", "Leaf Institute", "United States")),
        ("CA72/CA/NCI", ("CA72", "CA", "NCI", None)),
        ("A/UU//Tea/Leaf Fund/Malaysia", ("A/UU", None, "Tea/Leaf Fund", "Malaysia")),
        ("Tea Fund", (None, None, "Tea Fund", None)),
        ("K-12", ("K-12", None, None, None)),
    ],
)
def test_a_grant_is_taken_apart(text: str, parts: tuple[str | None, ...]) -> None:
    batch = read(f"{HEAD}GR  - {text}\n")
    assert rows(batch, "grants", "grant_id", "acronym", "agency", "country") == [parts]


def test_identifiers_in_any_order() -> None:
    batch = read(
        HEAD
        + "AID - S1 [pii]\nOID - NLM: PMC9\nPMC - PMC9\nMID - NIHMS9\nAID - 10.9999/a [x] [doi]\n"
        "LID - e4 [pii]\nLID - 10.9999/a [x] [doi]\nIS  - 0000-0019\nIS  - 0000-0027 (Linking)\n"
    )
    assert rows(batch, "article_identifiers", "element", "id_type", "value") == [
        ("ELocationID", "pii", "e4"),
        ("ELocationID", "doi", "10.9999/a [x]"),
        ("ArticleId", "pii", "S1"),
        ("ArticleId", "doi", "10.9999/a [x]"),
        ("ArticleId", "pmc", "PMC9"),
        ("ArticleId", "mid", "NIHMS9"),
        ("OtherID", "NLM", "PMC9"),
    ]
    assert rows(batch, "articles", "doi", "issn", "issn_type", "issn_linking") == [
        ("10.9999/a [x]", "0000-0019", None, "0000-0027")
    ]


def test_what_a_column_cannot_hold_is_told() -> None:
    batch = read(f"{HEAD}DCOM- 20200230\nLR  - 20200101\nAID - 10.9999/a [doi] and more\n")
    assert rows(batch, "articles", "date_completed", "doi") == [(None, "10.9999/a")]
    assert rows(batch, "article_identifiers", "value") == ["10.9999/a", "and more"]
    assert dict(batch.tally) == {("value", "MEDLINE/DCOM=20200230"): 1}


def test_other_abstracts_and_keywords_keep_their_owners() -> None:
    batch = read(
        HEAD + "OAB - Publisher: Wir.\nOABL- ger\nOAB - Nous.\nOABL- fre\nOAB - Sin idioma.\n"
        "OTO - NASA\nOT  - *Flight\nOTO - NOTNLM\nOT  - tea\n"
    )
    assert rows(batch, "abstract_sections", "abstract_type", "language", "text") == [
        ("Publisher", "ger", "Wir."),
        ("other", "fre", "Nous."),
        ("other", None, "Sin idioma."),
    ]
    assert rows(batch, "keywords", "keyword_owner", "keyword", "is_major") == [
        ("NASA", "Flight", True),
        ("NOTNLM", "tea", False),
    ]


def test_a_link_is_told_apart_from_its_pmid() -> None:
    batch = read(
        HEAD + "CIN - J Leaves. 2021;9:1; author reply 2. PMID: 777\nCON - PMID: 778\n"
        "EIN - J Leaves. 2022;1:1. doi: 10.9999/e. PMID: 779\n"
        "ECI - J Leaves. 2020, see PMID: 780 there\n"
        f"ROF - J Leaves. 2020. PMID: {'9' * 5000}\nPRIN- J Leaves. 2023;1.\n"
    )
    assert rows(batch, "article_links", "ref_type", "ref_source", "linked_pmid")[:4] == [
        ("CommentIn", "J Leaves. 2021;9:1; author reply 2", 777),
        ("CommentOn", None, 778),
        ("ExpressionOfConcernIn", "J Leaves. 2020, see PMID: 780 there", 780),
        ("ErratumIn", "J Leaves. 2022;1:1. doi: 10.9999/e.", 779),
    ]
    assert rows(batch, "article_links", "linked_pmid")[4:] == [None, None]


def test_a_book_has_its_own_place_edition_and_editors() -> None:
    batch = read(
        "PMID- 803\nDRDT- 20220506\nCTDT- 20210304\nPB  - Tea Press\nDP  - 2021\nTI  - Kratom tea\n"
        "BTI - Teas of the World\nEN  - 2nd\nVI  - 3\nVTI - Kratom\nCTI - Leaf Library\nCP  - 7\n"
        "FED - Edit, Ed\nED  - Edit E\nFAU - Writ, Wren\nAU  - Writ W\nPL  - Leafton (KT)\n"
        "ISBN- 9780000000002 (print)\nAID - NBK803 [bookaccession]\n"
    )
    wanted = (
        "book_title", "publisher_name", "publisher_location", "collection_title", "edition",
        "volume", "volume_title", "location_labels",
    )  # fmt: skip
    assert rows(batch, "books", *wanted) == [
        (
            "Teas of the World", "Tea Press", "Leafton (KT)", "Leaf Library", "2nd", "3", "Kratom",
            ["chapter: 7"],
        )
    ]  # fmt: skip
    columns = ("record_kind", "title", "journal_country", "volume", "electronic_day", "issue_year")
    assert rows(batch, "articles", *columns) == [("book", "Kratom tea", None, None, 4, 2021)]
    assert str(*rows(batch, "articles", "date_revised")) == "2022-05-06"
    assert rows(batch, "authors", "list_kind") == ["book_editor", "author"]
    assert not batch.tally


def test_tags_of_books_elsewhere_are_told() -> None:
    batch = read(f"{HEAD}EN  - 2nd\nPL  - Malaysia\n")
    assert rows(batch, "articles", "record_kind", "journal_country") == [("article", "Malaysia")]
    assert dict(batch.tally) == {("element", "MEDLINE/EN"): 1}


# -- What cannot be read

WHOLE = f"{HEAD}PT  - Journal Article\nSO  - J Leaves. 2024;1:1.\n"
CUT = "the file ends in the middle of it: the export was cut"


def test_a_cut_export_is_noticed_wherever_it_is_cut() -> None:
    second = WHOLE.replace("801", "90000802")
    for length in range(len("PMID- "), second.index("SO  -")):
        batch = read(WHOLE + "\n" + second[:length])
        assert rows(batch, "articles", "pmid") == [801], length
        assert [odd.reason for odd in batch.unreadable] == [CUT], length
        assert batch.unreadable[0].raw == second[:length].rstrip().encode()
    for length in range(len(WHOLE) - len("SO  - J Leaves. 2024;1:1.\n")):
        if WHOLE[:length].endswith(("STAT- MEDLINE", "Leaves.", "Article", "PT", "PT  -")):
            assert [odd.reason for odd in read(WHOLE[:length]).unreadable] == [CUT], length


def test_a_book_that_pubmed_wrote_is_whole_without_a_source() -> None:
    book = "PMID- 803\nSTAT- Publisher\nBTI - Teas\nTI  - Kratom\nAID - NBK803 [bookaccession]"
    assert rows(read(book), "articles", "pmid") == [803]
    assert rows(read(f"{WHOLE}\n{book}"), "articles", "pmid") == [801, 803]
    cut = read(f"{book}\n\n{WHOLE[:60]}\n")
    assert [odd.reason for odd in cut.unreadable] == [CUT]


def test_a_record_that_begins_otherwise_is_set_aside() -> None:
    batch = read("  " + HEAD + HEAD.replace("801", "802"))
    assert rows(batch, "articles", "pmid") == [802]
    assert [odd.reason for odd in batch.unreadable] == ["it does not begin with a PMID"]


def test_two_records_in_one_are_set_aside() -> None:
    """With the second PMID line damaged, two papers would be read as one."""
    batch = read(WHOLE + WHOLE.replace("PMID- 801", "PMlD- 802") + WHOLE.replace("801", "803"))
    assert rows(batch, "articles", "pmid") == [803]
    assert [odd.reason for odd in batch.unreadable] == [
        "it has two STAT lines: the PMID between two records is missing"
    ]


def test_exports_of_programs_that_write_no_source_are_whole() -> None:
    without = WHOLE.split("SO  -")[0]
    batch = read(without + "\n" + without.replace("801", "802"))
    assert rows(batch, "articles", "pmid") == [801, 802]
    assert rows(read("PMID- 801\nTI  - Leaves"), "articles", "title") == ["Leaves"]


def test_what_cannot_be_read_is_kept_with_the_true_reason() -> None:
    odd = "PMID- 802\nTI  - Caf\xe9\n".encode("latin-1")
    batch = read(
        odd + HEAD.encode() + b"PMID- 0\nTI  - Nil\nPMID- 99999999999\nPMID-\nTI  - None\n"
    )
    assert rows(batch, "articles", "pmid") == [801]
    assert [(odd.record_no, odd.reason) for odd in batch.unreadable] == [
        (1, "it is not UTF-8"),
        (3, "PMID is 0"),
        (4, "PMID is no number that fits: '99999999999'"),
        (5, "PMID is no number that fits: ''"),
    ]
    assert batch.unreadable[0].raw == odd.rstrip()


@pytest.mark.parametrize("tag", ["AU", "FAU", "OT", "MH", "AD", "CN"])
def test_more_than_can_be_numbered_is_quarantined_soon(tag: str) -> None:
    batch = read(HEAD + "FAU - Leaf, A\n" + f"{tag:<4}- Leaf A\n" * 33_000)
    if tag == "CN":  # one group, said again and again
        assert len(batch.tables["authors"]) == 2
    else:
        assert [odd.reason.split(" ")[:2] for odd in batch.unreadable] in (
            [["it", "has"]],
            [["somebody", "in"]],
        )


@pytest.mark.parametrize(
    "line",
    [
        "LID - " + "a " * 300_000, "RN  - " + "0 (a" * 200_000, "AID - " + "[doi" * 200_000,
        "PHST- " + " [" * 300_000, "RIN - " + "PMID: " * 100_000, "GR  - " + "a/" * 300_000,
        "AB  - x" + "\r" * 500_000, "AB  - x" + "\n      -" * 100_000, "MH  - " + "/" * 30_000,
        "FAU - " + ", " * 300_000, "AU  - " + "Leaf " * 200_000, "IS  - " + "(" * 500_000,
    ],
    ids=lambda line: line[:4],
)  # fmt: skip
def test_very_long_lines_are_read_in_linear_time(line: str) -> None:
    """Quadratic time would be hours, and the run would never end."""
    assert read(f"{HEAD}{line}\n").record_count == 1


TAGS = st.sampled_from(["PMID", "ZZZ", *sorted(KNOWN)])
LINE = st.one_of(
    st.tuples(TAGS, st.text(max_size=30)).map(lambda pair: f"{pair[0]:<4}- {pair[1]}"),
    st.text(max_size=30).map(lambda text: f"      {text}"),
    st.text(max_size=30),
)


@hypothesis.settings(deadline=None)
@given(st.lists(LINE, max_size=30), st.sampled_from(["\n", "\r\n", "\r"]), st.binary(max_size=5))
@example(["AU  - ", "AD  - x"], "\n", b"")
def test_any_lines_are_read_or_set_aside(lines: list[str], end: str, tail: bytes) -> None:
    """Every byte that is not blank belongs to a record that is read or kept."""
    raw = end.join(["PMID- 7", *lines]).encode("utf-8", "surrogatepass") + tail
    (batch,) = open_records(raw)
    cuts = list(cut_medline(BytesIO(raw)))
    assert b"".join(b"".join(cut.raw.split()) for cut in cuts).replace(b"\xef\xbb\xbf", b"") == (
        b"".join(raw.split()).replace(b"\xef\xbb\xbf", b"")
    )
    assert len(batch.tables["articles"]) + len(batch.unreadable) == len(cuts)
    for table, found in batch.tables.items():
        assert all(len(row) == len(PARSED_COLUMNS[table]) for row in found)


def test_files_that_are_compressed_or_unreadable_go_through_a_run(
    memory: Warehouse, settings: Settings, clock: FakeClock, tmp_path: Path
) -> None:
    """The archive keeps an export as it came; a list of what cannot be read is still an export."""
    whole, odd = tmp_path / "kratom.nbib.gz", tmp_path / "odd.nbib"
    content = b"PMID- 804\nTI  - Kratom tea\nPT  - Journal Article\n"
    whole.write_bytes(gzip.compress(content))
    odd.write_bytes("PMID- 805\nTI  - Kratom caf\xe9\n".encode("latin-1"))
    memory.update(memory.run(settings, clock, options=Options(from_files=(whole, odd))))
    objects = settings.data.glob("raw/*/objects/*/*.gz")
    assert {content, odd.read_bytes()} <= {gzip.decompress(path.read_bytes()) for path in objects}
    found = memory.ask("SELECT pmid, reason, record_bytes FROM ops.quarantine")
    assert found == [(805, "it is not UTF-8", odd.read_bytes().rstrip())]
    assert memory.ask("SELECT pmid, title FROM marts.articles") == [(804, "Kratom tea")]


def test_the_cases_read_as_their_notes_say(shared: Any) -> None:
    def case(number: str) -> Batch:
        return read((shared / "cases" / f"{number}.nbib").read_bytes())

    third = case("03")
    counts = {table: len(found) for table, found in third.tables.items() if found}
    assert counts == {
        "articles": 1, "authors": 2, "grants": 1, "chemicals": 1, "keywords": 1,
        "abstract_sections": 1, "article_links": 1, "publication_types": 1,
    }  # fmt: skip
    assert rows(third, "article_links", "linked_pmid") == [90000002]
    assert rows(case("04"), "articles", "medline_ta") == ["J Test"]
    assert rows(case("07"), "history_dates", "pub_status") == ["received", "pmc-release"]
    assert [odd.reason for odd in case("10").unreadable] == ["it is not UTF-8"]
    assert rows(case("22"), "books", "publisher_location", "edition", "volume_title") == [
        ("Bethesda (MD)", "2nd", "Herbs")
    ]
