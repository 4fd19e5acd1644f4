"""What a file said that we do not know: elements, attributes and values, counted.

NLM's DTD changes every year or two. An addition must never stop a run, and must never go
unnoticed: every element, attribute and enumerated value is handled, ignored on purpose
(`IGNORED_*`, each with its reason), or counted here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from lxml import etree

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
            if isinstance(known, Mapping):  # what nobody knows is no yes
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


def odd_text(tally: Tally, element: etree._Element) -> str | None:
    """The whole text of an element that has mark-up or attributes; both are looked at.

    The slow path of reading text: most elements have neither. Text is joined verbatim.

    Returns:
        None when there is no text at all.
    """
    count_attributes(tally, element)
    return flat_text(tally, element)


def flat_text(tally: Tally, element: etree._Element) -> str | None:
    """Text with its mark-up flattened, for an element whose attributes are read elsewhere."""
    if not len(element):
        return element.text or None
    for inner in element.iterdescendants():
        tag = inner.tag
        if isinstance(tag, str) and not tag.startswith(MATHML):
            if tag not in INLINE:
                tally["element", f"{element.tag}/{tag}"] += 1
            else:
                count_attributes(tally, inner)
    return "".join(element.itertext()) or None  # type: ignore[arg-type]
