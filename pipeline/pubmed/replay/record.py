"""What one PubMed record can be found by: words, whole values and dates.

Reads only as much as the index needs. It is kept apart from the project's own reader
(`records.py`) on purpose: a server used to test that reader must not share its mistakes.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from lxml import etree

# No entity is expanded, no DTD loaded and nothing fetched, whatever the file asks for.
PARSER = etree.XMLParser(
    resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# PubMed's own reading of seasons (User Guide, "Publication Date").
_SEASONS = {"winter": 1, "spring": 4, "summer": 7, "fall": 10, "autumn": 10}
_MONTH = re.compile("|".join([*_MONTHS, *_SEASONS]))
_HISTORY = {"pubmed": "edat", "entrez": "crdt", "medline": "mhda"}
LANGUAGES = {
    "chi": "chinese", "cze": "czech", "dan": "danish", "dut": "dutch", "eng": "english",
    "fin": "finnish", "fre": "french", "ger": "german", "hun": "hungarian",
    "ind": "indonesian", "ita": "italian", "jpn": "japanese", "kor": "korean", "may": "malay",
    "nor": "norwegian", "per": "persian", "pol": "polish", "por": "portuguese",
    "rus": "russian", "spa": "spanish", "swe": "swedish", "tha": "thai", "tur": "turkish",
}  # fmt: skip


@dataclass
class Entries:
    """What a record gives to the index, by part (see `fields`).

    Attributes:
        words: texts searched by word; a phrase never runs from one text into the next.
        values: entries compared as a whole.
        dates: numbers of the form 20240131.
    """

    words: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    values: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    dates: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def both(self, part: str, texts: Iterable[str]) -> None:
        """Add texts that are found as a whole and by their words."""
        for text in texts:
            self.words[part].append(text)
            self.values[part].append(text)


def read_entries(raw: bytes) -> Entries:
    """The entries of one PubmedArticle or PubmedBookArticle.

    Raises:
        lxml.etree.XMLSyntaxError: if the bytes are not one well-formed element.
    """
    root = etree.fromstring(raw, PARSER)
    entries = Entries()
    if root.tag == "PubmedBookArticle":
        _read_book(root, entries)
    else:
        _read_article(root, entries)
    for part, mark in (("ab", "hasabstract"), ("ot", "haskeyword")):
        if entries.words.get(part):
            entries.words["has"].append(mark)
    entries.values["sb"].append("all")
    return entries


def _read_article(root: etree._Element, entries: Entries) -> None:
    citation, data = root.find("MedlineCitation"), root.find("PubmedData")
    if citation is None:
        return
    entries.values["sb"].append(citation.get("Status", "").replace("-", ""))
    _read_dates(citation, data, entries)
    article = citation.find("Article")
    if article is not None:
        _read_common(article, entries)
        _read_journal(article, entries)
        for date in article.iterfind("ArticleDate"):
            _add_date(entries, ("pdat", "epdat"), _plain_date(date))
    entries.values["jid"].extend(texts_of(citation, "MedlineJournalInfo/NlmUniqueID"))
    entries.both("ta", texts_of(citation, "MedlineJournalInfo/MedlineTA"))
    entries.both("nm", texts_of(citation, "ChemicalList/Chemical/NameOfSubstance"))
    entries.both("nm", texts_of(citation, "SupplMeshList/SupplMeshName"))
    entries.both("rn", texts_of(citation, "ChemicalList/Chemical/RegistryNumber"))
    entries.both(
        "ps",
        (_name(_children(person)) for person in citation.iterfind("PersonalNameSubjectList/*")),
    )
    entries.words["ab"].extend(texts_of(citation, "OtherAbstract/AbstractText"))
    entries.words["ot"].extend(texts_of(citation, "KeywordList/Keyword"))
    for heading in citation.iterfind("MeshHeadingList/MeshHeading"):
        _read_heading(heading, entries)
    if data is not None:
        entries.both("aid", texts_of(data, "ArticleIdList/ArticleId"))


def _read_book(root: etree._Element, entries: Entries) -> None:
    document, data = root.find("BookDocument"), root.find("PubmedBookData")
    entries.values["sb"].append("pubmed books")
    if document is None:
        return
    _read_dates(document, data, entries)
    _read_common(document, entries)
    entries.words["ti"].extend(texts_of(document, "Book/BookTitle"))
    entries.words["ti"].extend(texts_of(document, "Book/CollectionTitle"))
    entries.words["ot"].extend(texts_of(document, "KeywordList/Keyword"))
    entries.both("aid", texts_of(document, "ArticleIdList/ArticleId"))
    for date in document.iterfind("Book/PubDate"):
        _add_date(entries, ("pdat", "ppdat"), issue_date(date))


def _read_common(article: etree._Element, entries: Entries) -> None:
    """What articles and book chapters keep under the same names."""
    entries.words["ti"].extend(texts_of(article, "ArticleTitle"))
    entries.words["tt"].extend(texts_of(article, "VernacularTitle"))
    for section in article.iterfind("Abstract/AbstractText"):
        entries.words["ab"].append(f"{section.get('Label', '')} {text_of(section)}")
    for path in ("PublicationTypeList/PublicationType", "PublicationType"):
        entries.both("pt", texts_of(article, path))
    for code in texts_of(article, "Language"):
        entries.values["la"].extend((code, LANGUAGES.get(code, code)))
    for author in article.iterfind("AuthorList/Author"):
        names = _children(author)
        if "CollectiveName" in names:
            entries.both("cn", texts_of(author, "CollectiveName"))
        else:
            entries.values["au"].extend(_author_forms(names))
            entries.words["au"].append(_name(names))
        entries.words["ad"].extend(texts_of(author, "AffiliationInfo/Affiliation"))
    entries.words["gr"].extend(texts_of(article, "GrantList/Grant/GrantID"))
    for bank in article.iterfind("DataBankList/DataBank"):
        for accession in texts_of(bank, "AccessionNumberList/AccessionNumber"):
            entries.words["si"].append(f"{bank.findtext('DataBankName')} {accession}")


def _read_journal(article: etree._Element, entries: Entries) -> None:
    for tag in ("Title", "ISOAbbreviation", "ISSN"):
        entries.both("ta", texts_of(article, f"Journal/{tag}"))
    entries.values["vi"].extend(texts_of(article, "Journal/JournalIssue/Volume"))
    entries.values["ip"].extend(texts_of(article, "Journal/JournalIssue/Issue"))
    # Only the first page is searchable (User Guide, "Pagination").
    entries.values["pg"].extend(
        pages.split("-")[0] for pages in texts_of(article, "Pagination/MedlinePgn")
    )
    for date in article.iterfind("Journal/JournalIssue/PubDate"):
        _add_date(entries, ("pdat", "ppdat"), issue_date(date))


def _read_heading(heading: etree._Element, entries: Entries) -> None:
    """A heading counts as major also when only one of its subheadings is."""
    name = heading.findtext("DescriptorName") or ""
    forms = {name: False}
    for element in heading:
        is_major = element.get("MajorTopicYN") == "Y"
        forms[name] = forms[name] or is_major
        if element.tag == "QualifierName":
            forms[f"{name}/{element.text}"] = is_major
            entries.both("sh", [element.text or ""])
    entries.words["mh"].append(name)
    entries.values["mh"].extend(forms)
    entries.values["majr"].extend(form for form, is_major in forms.items() if is_major)


def _read_dates(citation: etree._Element, data: etree._Element | None, entries: Entries) -> None:
    for tag, part in (("DateRevised", "mdat"), ("DateCompleted", "cdat")):
        for date in citation.iterfind(tag):
            _add_date(entries, (part,), _plain_date(date))
    if data is not None:
        for date in data.iterfind("History/PubMedPubDate"):
            known = _HISTORY.get(date.get("PubStatus", ""))
            if known:
                _add_date(entries, (known,), _plain_date(date))


def _add_date(entries: Entries, parts: Iterable[str], number: int | None) -> None:
    if number:
        for part in parts:
            entries.dates[part].append(number)


def _plain_date(element: etree._Element) -> int | None:
    said = _children(element)
    year, month, day = (
        int(said[tag]) if said.get(tag, "").isdecimal() else 0 for tag in ("Year", "Month", "Day")
    )
    return year * 10000 + (month or 1) * 100 + (day or 1) if year else None


def issue_date(element: etree._Element) -> int | None:
    """PubDate as PubMed sorts it: first month of a range, January where none is said."""
    said = _children(element)
    loose = said.get("MedlineDate", "")
    years = re.findall(r"\d{4}", said.get("Year") or loose)
    if not years:
        return None
    text = (said.get("Month") or said.get("Season") or loose).lower()
    match = _MONTH.search(text)
    month = 1
    if text.isdecimal() and len(text) <= 2:
        month = int(text)
    # PubMed's sort date of "1998 Dec-1999 Jan" is the first of January 1998.
    elif match and len(set(years)) == 1:
        word = match.group()
        month = _SEASONS.get(word) or _MONTHS.index(word) + 1
    day = said.get("Day", "")
    return int(years[0]) * 10000 + month * 100 + (int(day) if day.isdecimal() else 1)


def _author_forms(names: dict[str, str]) -> Iterator[str]:
    last, fore = names.get("LastName", ""), names.get("ForeName", "")
    yield f"{last} {names.get('Initials', '')} {names.get('Suffix', '')}"
    if fore:
        yield f"{last} {fore}"
        yield f"{fore} {last}"


def _name(names: dict[str, str]) -> str:
    return " ".join(names.get(tag, "") for tag in ("LastName", "ForeName", "Initials", "Suffix"))


def _children(element: etree._Element) -> dict[str, str]:
    """The short texts right under an element, by tag."""
    return {str(child.tag): (child.text or "").strip() for child in element}


def texts_of(element: etree._Element, path: str) -> list[str]:
    """The texts of all elements the path leads to."""
    return [text_of(found) for found in element.iterfind(path)]


def text_of(element: etree._Element) -> str:
    """All text of an element, without its mark-up."""
    # Species names stand in italics: text goes on after the inner tag.
    return "".join(map(str, element.itertext())) if len(element) else element.text or ""
