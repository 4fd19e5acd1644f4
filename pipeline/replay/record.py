"""What one PubMed record can be found by: words, whole values and dates as PubMed sorts them.

Reads only as much as the index needs. It is kept apart from the project's own parser
(`pubmed/parsing`) on purpose: a server used to test that parser must not share its mistakes.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from lxml import etree

Element = etree._Element

# No entity is expanded, no DTD loaded and nothing fetched, whatever the file asks for.
PARSER = etree.XMLParser(
    resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# PubMed's own reading of seasons (User Guide, "Publication Date").
_SEASONS = {"winter": 1, "spring": 4, "summer": 7, "fall": 10, "autumn": 10}
_MONTH = re.compile("|".join([*_MONTHS, *_SEASONS]))
LANGUAGES = {
    "chi": "chinese", "cze": "czech", "dan": "danish", "dut": "dutch", "eng": "english",
    "fin": "finnish", "fre": "french", "ger": "german", "hun": "hungarian",
    "ind": "indonesian", "ita": "italian", "jpn": "japanese", "kor": "korean", "may": "malay",
    "nor": "norwegian", "per": "persian", "pol": "polish", "por": "portuguese",
    "rus": "russian", "spa": "spanish", "swe": "swedish", "tha": "thai", "tur": "turkish",
}  # fmt: skip
"""Languages by NLM's codes, as they are searched for."""


def children_of(element: Element) -> dict[str, str]:
    """The short texts right under an element, by tag."""
    return {str(child.tag): (child.text or "").strip() for child in element}


def texts_of(element: Element, path: str) -> list[str]:
    """The texts of all elements the path leads to."""
    return [text_of(found) for found in element.iterfind(path)]


def text_of(element: Element) -> str:
    """All text of an element, without its mark-up."""
    # Species names stand in italics: text goes on after the inner tag.
    return "".join(map(str, element.itertext())) if len(element) else element.text or ""


def plain_date(element: Element) -> int | None:
    """Year, Month and Day as a number like 20240131; None without a year."""
    parts = children_of(element)
    year, month, day = (_small(parts.get(tag, "")) for tag in ("Year", "Month", "Day"))
    return year * 10000 + (month or 1) * 100 + (day or 1) if year else None


def issue_date(element: Element) -> int | None:
    """PubDate as PubMed sorts it: first month of a range, January where none is stated.

    A number like 20240131; None without a year.
    """
    parts = children_of(element)
    loose = parts.get("MedlineDate", "")
    years = re.findall(r"\d{4}", parts.get("Year") or loose)
    if not years:
        return None
    text = (parts.get("Month") or parts.get("Season") or loose).lower()
    match = _MONTH.search(text)
    month = 1
    if text.isdecimal() and len(text) <= 2:
        month = int(text)
    # PubMed's sort date of "1998 Dec-1999 Jan" is the first of January 1998.
    elif match and len(set(years)) == 1:
        word = match.group()
        month = _SEASONS.get(word) or _MONTHS.index(word) + 1
    day = parts.get("Day", "")
    return int(years[0]) * 10000 + month * 100 + (_small(day) if day.isdecimal() else 1)


def _small(text: str) -> int:
    """A year, month or day; 0 for what is not a number."""
    return int(text) if text.isdecimal() and len(text) <= 4 else 0


_HISTORY = {"pubmed": "edat", "entrez": "crdt", "medline": "mhda"}


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

    def both(self, part: str, text: str) -> None:
        """Add a text that is found as a whole and by its words."""
        self.words[part].append(text)
        self.values[part].append(text)


_Reader = Callable[[Element, Entries], None]


def read_entries(raw: bytes) -> Entries:
    """The entries of one PubmedArticle or PubmedBookArticle.

    Raises:
        lxml.etree.XMLSyntaxError: if the bytes are not one well-formed element.
    """
    root = etree.fromstring(raw, PARSER)
    entries = Entries()
    _read_children(root, entries, _RECORD)
    for part, mark in (("ab", "hasabstract"), ("ot", "haskeyword")):
        if part in entries.words:
            entries.words["has"].append(mark)
    entries.values["sb"].append("all")
    return entries


def _read_children(element: Element, entries: Entries, readers: dict[str, _Reader]) -> None:
    """Have each child read by the reader of its tag.

    One walk over what is there: looking for each of some thirty paths takes up to six times as
    long, and 250,000 small records are to be read in seconds.
    """
    for child in element:
        reader = readers.get(child.tag)
        if reader is not None:
            reader(child, entries)


def _within(readers: dict[str, _Reader]) -> _Reader:
    return lambda element, entries: _read_children(element, entries, readers)


def _words(part: str) -> _Reader:
    return lambda element, entries: entries.words[part].append(text_of(element))


def _value(part: str) -> _Reader:
    return lambda element, entries: entries.values[part].append(text_of(element))


def _both(part: str) -> _Reader:
    return lambda element, entries: entries.both(part, text_of(element))


def _date(*parts: str) -> _Reader:
    return lambda element, entries: _add_date(entries, parts, plain_date(element))


def _read_citation(citation: Element, entries: Entries) -> None:
    entries.values["sb"].append(citation.get("Status", "").replace("-", ""))
    _read_children(citation, entries, _CITATION)


def _read_book(document: Element, entries: Entries) -> None:
    entries.values["sb"].append("pubmed books")
    _read_children(document, entries, _BOOK_DOCUMENT)


def _read_section(section: Element, entries: Entries) -> None:
    entries.words["ab"].append(f"{section.get('Label', '')} {text_of(section)}")


def _read_language(language: Element, entries: Entries) -> None:
    code = text_of(language)
    entries.values["la"].extend((code, LANGUAGES.get(code, code)))


def _read_author(author: Element, entries: Entries) -> None:
    names = children_of(author)
    if "CollectiveName" in names:
        for text in texts_of(author, "CollectiveName"):
            entries.both("cn", text)
    else:
        entries.values["au"].extend(_author_forms(names))
        entries.words["au"].append(_name(names))
    entries.words["ad"].extend(texts_of(author, "AffiliationInfo/Affiliation"))


def _read_data_bank(bank: Element, entries: Entries) -> None:
    for accession in texts_of(bank, "AccessionNumberList/AccessionNumber"):
        entries.words["si"].append(f"{bank.findtext('DataBankName')} {accession}")


def _read_pages(pages: Element, entries: Entries) -> None:
    # Only the first page is searchable (User Guide, "Pagination").
    entries.values["pg"].append(text_of(pages).split("-")[0])


def _read_person(person: Element, entries: Entries) -> None:
    entries.both("ps", _name(children_of(person)))


def _read_heading(heading: Element, entries: Entries) -> None:
    """A heading counts as major also when only one of its subheadings is."""
    name = heading.findtext("DescriptorName") or ""
    forms = {name: False}
    for element in heading:
        is_major = element.get("MajorTopicYN") == "Y"
        forms[name] = forms[name] or is_major
        if element.tag == "QualifierName":
            forms[f"{name}/{element.text}"] = is_major
            entries.both("sh", element.text or "")
    entries.words["mh"].append(name)
    entries.values["mh"].extend(forms)
    entries.values["majr"].extend(form for form, is_major in forms.items() if is_major)


def _read_issue_date(date: Element, entries: Entries) -> None:
    _add_date(entries, ("pdat", "ppdat"), issue_date(date))


def _read_history_date(date: Element, entries: Entries) -> None:
    known = _HISTORY.get(date.get("PubStatus", ""))
    if known:
        _add_date(entries, (known,), plain_date(date))


def _add_date(entries: Entries, parts: Iterable[str], number: int | None) -> None:
    if number:
        for part in parts:
            entries.dates[part].append(number)


def _author_forms(names: dict[str, str]) -> Iterator[str]:
    last, fore = names.get("LastName", ""), names.get("ForeName", "")
    yield f"{last} {names.get('Initials', '')} {names.get('Suffix', '')}"
    if fore:
        yield f"{last} {fore}"
        yield f"{fore} {last}"


def _name(names: dict[str, str]) -> str:
    return " ".join(names.get(tag, "") for tag in ("LastName", "ForeName", "Initials", "Suffix"))


_HISTORY_DATES = {"History": _within({"PubMedPubDate": _read_history_date})}
_DATES = {"DateRevised": _date("mdat"), "DateCompleted": _date("cdat")}
_KEYWORDS = {"KeywordList": _within({"Keyword": _words("ot")})}
_ARTICLE_IDS = {"ArticleIdList": _within({"ArticleId": _both("aid")})}
# What articles and chapters of books keep under the same names.
_COMMON: dict[str, _Reader] = {
    "ArticleTitle": _words("ti"),
    "VernacularTitle": _words("tt"),
    "Abstract": _within({"AbstractText": _read_section}),
    "PublicationTypeList": _within({"PublicationType": _both("pt")}),
    "PublicationType": _both("pt"),
    "Language": _read_language,
    "AuthorList": _within({"Author": _read_author}),
    "GrantList": _within({"Grant": _within({"GrantID": _words("gr")})}),
    "DataBankList": _within({"DataBank": _read_data_bank}),
}
_ISSUE = {"Volume": _value("vi"), "Issue": _value("ip"), "PubDate": _read_issue_date}
_JOURNAL = {
    "Title": _both("ta"),
    "ISOAbbreviation": _both("ta"),
    "ISSN": _both("ta"),
    "JournalIssue": _within(_ISSUE),
}
_ARTICLE = {
    **_COMMON,
    "Journal": _within(_JOURNAL),
    "Pagination": _within({"MedlinePgn": _read_pages}),
    "ArticleDate": _date("pdat", "epdat"),
}
_CITATION = {
    **_DATES,
    **_KEYWORDS,
    "Article": _within(_ARTICLE),
    "MedlineJournalInfo": _within({"NlmUniqueID": _value("jid"), "MedlineTA": _both("ta")}),
    "ChemicalList": _within(
        {"Chemical": _within({"NameOfSubstance": _both("nm"), "RegistryNumber": _both("rn")})}
    ),
    "SupplMeshList": _within({"SupplMeshName": _both("nm")}),
    "PersonalNameSubjectList": _within({"PersonalNameSubject": _read_person}),
    "OtherAbstract": _within({"AbstractText": _words("ab")}),
    "MeshHeadingList": _within({"MeshHeading": _read_heading}),
}
_BOOK = {"BookTitle": _words("ti"), "CollectionTitle": _words("ti"), "PubDate": _read_issue_date}
_BOOK_DOCUMENT = {**_COMMON, **_DATES, **_KEYWORDS, **_ARTICLE_IDS, "Book": _within(_BOOK)}
_RECORD = {
    "MedlineCitation": _read_citation,
    "PubmedData": _within({**_HISTORY_DATES, **_ARTICLE_IDS}),
    "BookDocument": _read_book,
    "PubmedBookData": _within(_HISTORY_DATES),
}
