"""What the readers of a record's parts share: the rows so far, and the record at hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from operator import itemgetter
from typing import Any

from lxml import etree

from pipeline.pubmed.parsing.dates import Part, PartialDate, partial_date, whole_date
from pipeline.pubmed.parsing.tables import (
    LARGEST_INTEGER,
    LARGEST_SMALLINT,
    LIST_COLUMNS,
    PARSED_COLUMNS,
    Row,
    Tally,
    count_attributes,
    empty_tables,
    flat_text,
    unknown_element,
    whole_number,
)
from pipeline.pubmed.parsing.vocabulary import DATE_TAGS, Vocabulary

Element = etree._Element
parts_of: Callable[[Element], list[Element]] = itemgetter(slice(None))
"""The children of an element, all at once: a third faster than asking for one after the other."""
_NO_FIELDS: dict[str, Any] = dict.fromkeys(PARSED_COLUMNS["articles"])


class BadRecordError(Exception):
    """This record cannot be held as typed rows; the message says why."""


class Context:
    """One reading: the rows of the batch so far and the scalars of the record at hand."""

    def __init__(self, tally: Tally, vocabulary: Vocabulary | None = None) -> None:
        self.tally = tally
        self.vocabulary = vocabulary or Vocabulary(tally)
        self.record_no = 0
        self.fields: dict[str, Any] = dict(_NO_FIELDS)
        self.location_doi: str | None = None
        self.own_ids: set[tuple[str | None, str]] = set()
        self.bodies: set[str] = set()
        self.is_book = False
        self.book: dict[str, Any] = {}
        self.read_from(None)
        self.new_batch()

    def read_from(self, raw: bytes | None, parser: etree.XMLParser | None = None) -> None:
        """Say from what the blanks can be read that the tree at hand lacks.

        Args:
            raw: the bytes the tree was made from; None if it lacks none.
            parser: one that keeps all blanks.
        """
        self._raw, self._parser = raw, parser
        self._exact_root: Element | None = None

    def new_batch(self) -> None:
        """Begin with empty tables; the old ones belong to whoever took them."""
        self.tables = empty_tables()

    def begin(self, record_no: int) -> None:
        """Begin a record."""
        self.record_no = record_no
        self.fields = fields = dict(_NO_FIELDS)
        for column in LIST_COLUMNS:
            fields[column] = []
        self.location_doi = None
        self.own_ids = set()
        self.bodies = set()

    def rows(self, table: str) -> tuple[list[Row], int]:
        """The rows of a table, and the running number of this record's last one there, or 0."""
        rows = self.tables[table]
        return rows, rows[-1][1] if rows and rows[-1][0] == self.record_no else 0

    def own_rows(self, table: str) -> list[Row]:
        """The rows of a table that this record has added."""
        rows = self.tables[table]
        first = len(rows)
        while first and rows[first - 1][0] == self.record_no:
            first -= 1
        return rows[first:]

    def leaf(self, element: Element) -> str | None:
        """The text of an element that should have no attributes; None when empty."""
        if len(element) or element.keys():
            return self.odd_text(element)
        return element.text or None

    def flat(self, element: Element) -> str | None:
        """The text of an element whose attributes the caller reads; None when empty."""
        return self._marked_up(element) if len(element) else element.text or None

    def odd_text(self, element: Element) -> str | None:
        """The whole text of an element that has mark-up or attributes; both are looked at.

        The slow path of reading text: most elements have neither. Text is joined verbatim.

        Returns:
            None when there is no text at all.
        """
        count_attributes(self.tally, element)
        return self.flat(element)

    def _marked_up(self, element: Element) -> str | None:
        """Text with its mark-up flattened, with the blanks that the quick parser dropped.

        libxml2 drops blanks only where mark-up follows and no text stands before it in the same
        element: `<b>Aims:</b> <i>Piper</i>` has lost one.
        """
        if self._raw is not None and not _begin_with_text(element):
            path = element.getroottree().getelementpath(element)
            if self._exact_root is None:
                self._exact_root = etree.fromstring(self._raw, self._parser)
            found = self._exact_root.find(path)
            assert found is not None  # both trees have the same elements
            element = found
        return flat_text(self.tally, element)

    def bare(self, element: Element) -> None:
        """Count the attributes of an element that should have none."""
        if element.keys():
            count_attributes(self.tally, element)

    def children(self, element: Element, tag: str) -> Iterator[Element]:
        """The children of a list that may hold only one kind of element."""
        for child in parts_of(element):
            if child.tag == tag:
                yield child
            else:
                unknown_element(self.tally, str(element.tag), child)

    def unknown(self, parent: Element, child: Element) -> None:
        unknown_element(self.tally, str(parent.tag), child)

    def body(self, element: Element) -> None:
        """Note an element that a record has once: a second one would be of another record.

        Raises:
            BadRecordError: there was one already.
        """
        if element.tag in self.bodies:
            raise BadRecordError(f"it has {element.tag} twice")
        self.bodies.add(str(element.tag))

    def again(self, parent: Element, child: Element) -> None:
        """Count what stands a second time where the DTD has it once; the first one counts."""
        self.tally["element", f"{parent.tag}/{child.tag} a second time"] += 1

    def only(self, held: str | None, parent: Element, child: Element) -> str | None:
        """The text of an element that may stand once: what is held already, else its own."""
        if held is None:
            return self.leaf(child)
        self.again(parent, child)
        return held

    def unreadable(self, where: str, said: str) -> None:
        """Count a value that its column cannot hold; the record goes on without it."""
        self.tally["value", f"{where}={said.strip()[:40]}"] += 1

    def set(self, column: str, value: object) -> None:
        """A scalar of the article: the first wins, as everywhere the DTD allows only one."""
        if self.fields[column] is None:
            self.fields[column] = value

    def date_parts(self, element: Element) -> tuple[Part, ...]:
        """The children of a date element, as (tag, text)."""
        return tuple(
            [
                (part.tag, part.text or "")
                if part.tag in DATE_TAGS and not len(part) and not part.keys()
                else self._odd_date_part(element, part)
                for part in parts_of(element)
            ]
        )

    def _odd_date_part(self, element: Element, part: Element) -> Part:
        if part.tag not in DATE_TAGS:
            self.unknown(element, part)
        return str(part.tag), self.odd_text(part) or ""

    def partial(self, element: Element) -> PartialDate:
        return partial_date(self.date_parts(element))


def _begin_with_text(element: Element) -> bool:
    """Whether an element, and any with children inside it, begins with text."""
    return bool(element.text) and all(
        inner.text for inner in element.iterdescendants() if len(inner)
    )


Handler = Callable[[Context, Element], None]
Handlers = Mapping[str, Handler | str]
"""By tag: a reader, or the column of articles that takes the element's text."""


def read_children(context: Context, element: Element, handlers: Handlers) -> None:
    """Hand every child to the reader of its tag, in document order, in one pass.

    Text is read here and not by a reader: a call an element would be a tenth of all time.
    """
    fields = context.fields
    for child in parts_of(element):
        handler = handlers.get(child.tag)
        if handler.__class__ is str:
            if fields[handler] is not None:
                context.again(element, child)
            elif len(child) or child.keys():
                fields[handler] = context.odd_text(child)
            else:
                fields[handler] = child.text or None
        elif handler is None:
            context.unknown(element, child)
        else:
            handler(context, child)  # type: ignore[operator]


def nested(handlers: Handlers) -> Handler:
    """A reader: the element has others inside it, and should have no attributes."""

    def read(context: Context, element: Element) -> None:
        context.bare(element)
        read_children(context, element, handlers)

    return read


def listed(column: str) -> Handler:
    """A reader: the element's text is one more entry of a list column of articles."""

    def read(context: Context, element: Element) -> None:
        context.fields[column].append(context.leaf(element) or "")

    return read


def typed_date(column: str) -> Handler:
    """A reader for DateCompleted and DateRevised (DTD: Year, Month, Day)."""

    def read(context: Context, element: Element) -> None:
        context.bare(element)
        parts = context.date_parts(element)
        value = whole_date(parts)
        if value is None:
            context.unreadable(str(element.tag), " ".join(text for _, text in parts))
        else:
            context.set(column, value)

    return read


def integer(text: str | None, what: str, largest: int = LARGEST_INTEGER) -> int:
    """A whole number from 0 up, ASCII digits only.

    Raises:
        BadRecordError: the text is not a number, or too large for its column.
    """
    plain = (text or "").strip()
    number = whole_number(plain, largest)
    if number is None:
        raise BadRecordError(f"{what} is no number that fits: {plain[:40]!r}")
    return number


def read_pmid(context: Context, element: Element) -> tuple[int, int]:
    """A PMID and its Version.

    Raises:
        BadRecordError: it is not a positive number, or the version is not one.
    """
    pmid = integer(context.flat(element), "PMID")
    if not pmid:
        raise BadRecordError("PMID is 0")
    version = context.vocabulary.pmid[tuple(element.items())]
    return pmid, integer(version, "PMID@Version", LARGEST_SMALLINT)
