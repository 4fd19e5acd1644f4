"""What the readers of a record's parts share: its attributes, the rows so far, the record at hand.

Enumerations and defaults of attributes are those of pubmed_250101.dtd; where the DTD has CDATA
but NLM documents a fixed list (IndexingMethod), the list is here too.
"""

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
    Attributes,
    Row,
    Tally,
    count_attributes,
    empty_tables,
    flat_text,
    unknown_element,
)


def words(text: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(text.split())


YES_NO = {"Y": True, "N": False}
NOTHING: frozenset[str] = frozenset()
ID_TYPES = words("doi pii pmcpid pmpid pmc mid sici pubmed medline pmcid pmcbook bookaccession")
OWNERS = words("NLM NASA PIP KIE HSR HMD NOTNLM")
DATE_TAGS = words("Year Month Day Season MedlineDate Hour Minute Second")
PUB_STATUSES = words(
    "received accepted epublish ppublish revised aheadofprint retracted ecollection "
    "pmc pmcr pubmed pubmedr premedline medline medliner entrez pmc-release"
)
REF_TYPES = words(
    "AssociatedDataset AssociatedPublication CommentIn CommentOn "
    "CorrectedandRepublishedIn CorrectedandRepublishedFrom ErratumIn ErratumFor "
    "ExpressionOfConcernIn ExpressionOfConcernFor RepublishedIn RepublishedFrom "
    "RetractedandRepublishedIn RetractedandRepublishedFrom RetractionIn RetractionOf "
    "UpdateIn UpdateOf SummaryForPatientsIn OriginalReportIn ReprintIn ReprintOf "
    "Cites"
)
CITATION_STATUSES = words(
    "Completed In-Process PubMed-not-MEDLINE In-Data-Review Publisher MEDLINE OLDMEDLINE"
)


class Vocabulary:
    """How to read the attributes of every element that has any, for one reading."""

    def __init__(self, tally: Tally) -> None:
        def of(
            element: str, **fields: tuple[Any, Mapping[str, Any] | frozenset[str] | None]
        ) -> Attributes:
            return Attributes(tally, element, **fields)

        self.article = of(
            "Article",
            PubModel=(
                None,
                words("Print Print-Electronic Electronic Electronic-Print Electronic-eCollection"),
            ),
        )
        self.citation = of(
            "MedlineCitation",
            Status=(None, CITATION_STATUSES),
            Owner=("NLM", OWNERS),
            IndexingMethod=(None, words("Automated Curated Manual")),
            VersionID=(None, None),
            VersionDate=(None, None),
        )
        self.pmid = of("PMID", Version=("0", None))
        self.issn = of("ISSN", IssnType=(None, words("Electronic Print")))
        self.issue = of("JournalIssue", CitedMedium=(None, words("Internet Print")))
        self.article_id = of("ArticleId", IdType=("pubmed", ID_TYPES))
        self.elocation = of("ELocationID", EIdType=(None, words("doi pii")), ValidYN=(True, YES_NO))
        self.other_id = of(
            "OtherID",
            Source=(
                None,
                words("NASA KIE PIP POP ARPL CPC IND CPFH CLML NRCBL NLM QCIM"),
            ),
        )
        self.abstract_text = of(
            "AbstractText",
            Label=(None, None),
            NlmCategory=(
                None,
                words("BACKGROUND OBJECTIVE METHODS RESULTS CONCLUSIONS UNASSIGNED"),
            ),
        )
        self.other_abstract = of(
            "OtherAbstract",
            Type=(
                "",
                words("AAMC AIDS KIE PIP NASA Publisher plain-language-summary"),
            ),
            Language=("eng", None),
        )
        self.author_list = of(
            "AuthorList",
            CompleteYN=(True, YES_NO),
            Type=("authors", words("authors editors")),
        )
        self.author = of("Author", ValidYN=(True, YES_NO), EqualContrib=(None, YES_NO))
        self.investigator = of("Investigator", ValidYN=(True, YES_NO), EqualContrib=(None, NOTHING))
        self.subject = of(
            "PersonalNameSubject", ValidYN=(None, NOTHING), EqualContrib=(None, NOTHING)
        )
        self.identifier = of("Identifier", Source=(None, None))
        self.article_date = of("ArticleDate", DateType=("Electronic", words("Electronic")))
        self.publication_type = of("PublicationType", UI=(None, None))
        self.descriptor = of(
            "DescriptorName",
            MajorTopicYN=(False, YES_NO),
            AutoHM=(None, YES_NO),
            Type=(None, words("Geographic")),
            UI=(None, None),
        )
        self.qualifier = of(
            "QualifierName", MajorTopicYN=(False, YES_NO), AutoHM=(None, YES_NO), UI=(None, None)
        )
        self.substance = of("NameOfSubstance", UI=(None, None))
        self.supplement = of(
            "SupplMeshName",
            UI=(None, None),
            Type=(None, words("Disease Protocol Organism Anatomy Population")),
        )
        self.keyword_list = of("KeywordList", Owner=("NLM", OWNERS | {"NLM-AUTO", "HHS"}))
        self.keyword = of("Keyword", MajorTopicYN=(False, YES_NO))
        self.complete = {
            name: of(name, CompleteYN=(True, YES_NO)) for name in ("GrantList", "DataBankList")
        }
        self.general_note = of("GeneralNote", Owner=("NLM", OWNERS - {"NOTNLM"}))
        self.link = of("CommentsCorrections", RefType=("", REF_TYPES))
        self.history = of("PubMedPubDate", PubStatus=("", PUB_STATUSES))
        self.object = of("Object", Type=("", None))
        self.param = of("Param", Name=(None, None))
        self.item_list = of("ItemList", ListType=(None, None))
        self.location = of(
            "LocationLabel",
            Type=(
                None,
                words("part chapter section appendix figure table box"),
            ),
        )


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
        self.exact_root: Callable[[], Element] | None = None
        self.book: dict[str, Any] = {}
        self.new_batch()

    def new_batch(self) -> None:
        """Begin with empty tables; the old ones belong to whoever took them."""
        self.tables = empty_tables()
        self.first = dict.fromkeys(self.tables, 0)

    def begin(self, record_no: int) -> None:
        """Begin a record."""
        self.record_no = record_no
        self.fields = fields = dict(_NO_FIELDS)
        for column in LIST_COLUMNS:
            fields[column] = []
        self.location_doi = None
        self.own_ids = set()
        self.bodies = set()
        self.first = {table: len(rows) for table, rows in self.tables.items()}

    def rows(self, table: str) -> tuple[list[Row], int]:
        """The rows of a table, and how many this record already has there."""
        rows = self.tables[table]
        return rows, len(rows) - self.first[table]

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
        if self.exact_root is not None and not _begin_with_text(element):
            path = element.getroottree().getelementpath(element)
            found = self.exact_root().find(path)
            assert found is not None  # both trees have the same elements
            element = found
        return flat_text(self.tally, element)

    def bare(self, element: Element) -> None:
        """Count the attributes of an element that should have none."""
        if element.keys():
            count_attributes(self.tally, element)

    def children(self, element: Element, tag: str) -> Iterator[Element]:
        """The children of a list that may hold but one kind of element."""
        for child in parts_of(element):
            if child.tag == tag:
                yield child
            else:
                unknown_element(self.tally, str(element.tag), child)

    def unknown(self, parent: Element, child: Element) -> None:
        unknown_element(self.tally, str(parent.tag), child)

    def body(self, element: Element) -> None:
        """Note what a record has once, since two of it would make one record of two.

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
        """A scalar of the article: the first wins, as everywhere the DTD allows but one."""
        if self.fields[column] is None:
            self.fields[column] = value

    def date_parts(self, element: Element) -> tuple[Part, ...]:
        """The children of a date element, as (tag, text)."""
        parts = []
        for part in parts_of(element):
            tag = part.tag
            if tag not in DATE_TAGS:
                self.unknown(element, part)
            if len(part) or part.keys():
                parts.append((tag, self.odd_text(part) or ""))
            else:
                parts.append((tag, part.text or ""))
        return tuple(parts)

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
    if plain.isdigit() and plain.isascii() and len(plain) <= 10 and int(plain) <= largest:
        return int(plain)
    raise BadRecordError(f"{what} is no number that fits: {plain[:40]!r}")


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
