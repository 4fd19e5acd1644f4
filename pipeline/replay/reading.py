"""PubMed XML read safely: texts, and dates as PubMed sorts them."""

from __future__ import annotations

import re

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
    said = children_of(element)
    year, month, day = (_small(said.get(tag, "")) for tag in ("Year", "Month", "Day"))
    return year * 10000 + (month or 1) * 100 + (day or 1) if year else None


def issue_date(element: Element) -> int | None:
    """PubDate as PubMed sorts it: first month of a range, January where none is said.

    A number like 20240131; None without a year.
    """
    said = children_of(element)
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
    return int(years[0]) * 10000 + month * 100 + (_small(day) if day.isdecimal() else 1)


def _small(text: str) -> int:
    """A year, month or day; 0 for what is none."""
    return int(text) if text.isdecimal() and len(text) <= 4 else 0
