"""What a MEDLINE export says, read as plain text, and whether ketum's rows say the same.

This module shares nothing with the parser. It goes line by line: a line that begins with a tag
begins a field, any other belongs to the field before, a PMID begins a record. Rows are turned back
into the lines they must have come from, tag by tag. A fold is a blank; where a line ends with a
hyphen or is one long word, it may also be nothing, since the format does not say which.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Row = dict[str, Any]
Rows = dict[str, list[Row]]

LINE = re.compile(r"([A-Z][A-Z0-9]{1,3})[ \t]{0,3}-(?=[ \t]|$)(.*)", re.DOTALL)
NO_BLANK = re.compile(r"([A-Z][A-Z0-9]{1,3})[ \t]{0,3}-(.*)", re.DOTALL)
KNOWN = re.compile(
    r"PMID|OWN|STAT|DCOM|LR|DA|DRDT|CTDT|IS|ISBN|VI|IP|DP|TI|TT|PG|LID|AID|OID|MID|PMC|AB|CI|OABL?"
    r"|OCI|F?AU|F?ED|F?IR|F?PS|F?CN|AUID|AD|IRAD|LA|SI|GR|PT|DEP|PL|TA|JT|JID|RN|NM|SB|MH|GS|SFM|RF"
    r"|OTO?|COIS?|GN|EDAT|MHDA|CRDT|PMCR|PHST|PUBM|PST|SO|BTI|CTI|EN|VTI|CP|PB|CIN|CON|CR[IF]|EC[IF]"
    r"|EIN|EFR|ORI|RIN|ROF|RP[IF]|RR[IF]|SPIN|UIN|UOF|PRIN|PROF"
)
"""Tags that need no blank behind them: no word of a text looks like one of these."""
NAMED = ("FAU", "FED", "FIR", "FPS")
SHORT = {"AU": "author", "ED": "editor", "IR": "investigator", "PS": "subject"}
LINKS = {
    "CIN": "CommentIn", "CON": "CommentOn", "CRI": "CorrectedandRepublishedIn",
    "CRF": "CorrectedandRepublishedFrom", "ECI": "ExpressionOfConcernIn",
    "ECF": "ExpressionOfConcernFor", "EIN": "ErratumIn", "EFR": "ErratumFor",
    "ORI": "OriginalReportIn", "RIN": "RetractionIn", "ROF": "RetractionOf",
    "RPI": "RepublishedIn", "RPF": "RepublishedFrom", "RRI": "RetractedandRepublishedIn",
    "RRF": "RetractedandRepublishedFrom", "SPIN": "SummaryForPatientsIn", "UIN": "UpdateIn",
    "UOF": "UpdateOf", "PRIN": "PartialRetractionIn", "PROF": "PartialRetractionOf",
}  # fmt: skip
DATES = {"CRDT": "entrez", "EDAT": "pubmed", "MHDA": "medline", "PMCR": "pmc-release"}
NOT_KEPT = ("SO", "DA", "OCI")
"""SO says what other tags say, NLM dropped DA, OCI has no column."""


PERHAPS_CUT = "no end"
"""A reader may set such a record aside, and may take it: other programs write no SO."""


@dataclass
class Value:
    """A field as its lines have it."""

    pieces: list[str]

    def __str__(self) -> str:
        return flat(" ".join(self.pieces))

    def is_said_by(self, found: str) -> bool:
        """Is this the text, whatever stands for the folds?"""
        text, at = flat(found), 0
        parts = [piece for piece in self.pieces if piece.strip()]
        for piece, is_last in zip(parts, [*[False] * (len(parts) - 1), True], strict=True):
            words = flat(piece)
            if not text.startswith(words, at):
                return False
            at += len(words)
            if text.startswith(" ", at) and not is_last:
                at += 1
            elif not is_last and (piece.endswith((" ", "\t")) or not self._may_go_on(words)):
                return False
        return at == len(text)

    @staticmethod
    def _may_go_on(words: str) -> bool:
        """Can a line that ends so have been broken within a word?"""
        return bool(re.search(r"[-\u2010-\u2014/]$", words)) or " " not in words


@dataclass
class PlainRecord:
    """One record: its fields by tag, or why nobody can read it."""

    offset: int
    raw: bytes
    fields: list[tuple[str, Value]] = field(default_factory=list)
    fault: str = ""

    @property
    def pmid(self) -> str:
        return next((str(value) for tag, value in self.fields if tag == "PMID"), "")

    def all(self, *tags: str) -> list[Value]:
        return [value for tag, value in self.fields if tag in tags and str(value)]


def flat(text: str) -> str:
    """Blanks, tabs and ends of lines as one blank; other spaces are letters like any other."""
    return re.sub(r"[ \t\r\n]+", " ", text).strip(" \t\r\n")


def read_plain(content: bytes) -> Iterator[PlainRecord]:
    """The records of an export."""
    record: PlainRecord | None = None
    lines: list[bytes] = []
    at = 0
    for line in content.splitlines(keepends=True):
        mark = 3 if line.startswith(b"\xef\xbb\xbf") else 0
        if re.match(rb"PMID {0,3}-", line[mark:]):
            if record:
                yield _finished(record, lines, is_last=False)
            record, lines = PlainRecord(at + mark, b""), [line[mark:]]
        elif record or line.strip():
            record = record or PlainRecord(at, b"")
            lines.append(line)
        at += len(line)
    if record:
        yield _finished(record, lines, is_last=True)


def _finished(record: PlainRecord, lines: list[bytes], *, is_last: bool) -> PlainRecord:
    record.raw = b"".join(lines).rstrip()
    try:
        text = [line.decode("utf-8").rstrip("\r\n") for line in lines]
    except UnicodeDecodeError:
        record.fault = "bytes that are not UTF-8"
        return record
    after_gap = False
    for line in text:
        if not line.strip(" \t"):
            after_gap = True
            continue
        bare = NO_BLANK.match(line)
        found = LINE.match(line) or (bare if bare and KNOWN.fullmatch(bare[1]) else None)
        if found:
            record.fields.append((found[1], Value([found[2].lstrip(" \t")])))
        elif record.fields and (line[0] in " \t" or not after_gap):
            record.fields[-1][1].pieces.append(line.lstrip(" \t"))
        after_gap = False
    pmid = record.pmid
    if not record.fields or record.fields[0][0] != "PMID":
        record.fault = "another line first"
    elif not (pmid.isascii() and pmid.isdigit() and 0 < int(pmid[:11]) < 2**31):
        record.fault = "no PMID"
    elif any(sum(tag == once for tag, _ in record.fields) > 1 for once in ("STAT", "OWN", "JID")):
        record.fault = "two records in one"
    elif is_last and not record.all("SO"):
        record.fault = PERHAPS_CUT
    return record


def compare(
    record: PlainRecord, rows: Rows, tally: Counter[tuple[str, str]]
) -> Iterator[tuple[str, str]]:
    """Differences of a record, as tag and words.

    Args:
        record: as the text says.
        rows: as ketum holds it, by table.
        tally: what ketum counts as unknown.
    """
    (article,) = rows["articles"]
    said = _Said(record, rows, article)
    for tag in dict.fromkeys(tag for tag, value in record.fields if str(value)):
        if tag in NOT_KEPT:
            continue
        teller = said.tellers.get(tag)
        if teller is None:
            if not any(name.startswith(f"MEDLINE/{tag}") for _, name in tally):
                yield tag, "unknown to this reader and not counted as unknown by ketum"
            continue
        if (tag in ("AD", "IRAD") and not rows["authors"]) or _is_counted(tag, tally, article):
            continue
        yield from ((tag, words) for words in teller(tag))
    yield from said.too_many()


def _is_counted(tag: str, tally: Counter[tuple[str, str]], article: Row) -> bool:
    is_of_book = tag in ("EN", "PB", "CP", "CTDT", "DRDT") and article["record_kind"] != "book"
    return is_of_book and tally["element", f"MEDLINE/{tag}"] > 0


class _Said:
    """What the rows of a record say, tag by tag."""

    def __init__(self, record: PlainRecord, rows: Rows, article: Row) -> None:
        self.record, self.rows, self.article = record, rows, article
        self.book = next(iter(rows["books"]), {})
        lists: dict[str, Callable[[], list[str]]] = {
            "PMID": lambda: [str(article["pmid"])],
            "PMC": self._pmc,
            "LA": lambda: article["languages"],
            "GS": lambda: article["gene_symbols"],
            "SFM": lambda: article["space_flight_missions"],
            "GN": self._notes,
            "PT": lambda: self.column("publication_types", "publication_type"),
            "MH": self._headings,
            "RN": self._substances,
            "OT": lambda: [f"{'*' * row['is_major']}{row['keyword']}" for row in rows["keywords"]],
            "CN": lambda: [name for name in self.column("authors", "collective_name") if name],
            "AUID": lambda: [text for row in rows["authors"] for text in row["identifiers"]],
            "AD": lambda: self.column("affiliations", "affiliation"),
            "SI": lambda: [
                "/".join(filter(None, (row["databank"], row["accession_number"])))
                for row in rows["databank_accessions"]
            ],
            "OID": lambda: self._identifiers("OtherID", "{1}: {0}"),
            "LID": lambda: self._identifiers("ELocationID", "{0} [{1}]"),
            "AID": lambda: self._identifiers("ArticleId", "{0} [{1}]"),
            "MID": lambda: [
                row["value"] for row in rows["article_identifiers"] if row["id_type"] == "mid"
            ],
            "ISBN": lambda: self._identifiers("Isbn", "{0} ({1})"),
        }
        self.tellers: dict[str, Callable[[str], Iterator[str]]] = {
            tag: self._listed(found) for tag, found in lists.items()
        }
        self.tellers |= {"FCN": self.tellers["CN"], "IRAD": self.tellers["AD"]}
        scalars = {
            "TT": "vernacular_title", "JT": "journal_title", "TA": "medline_ta",
            "JID": "nlm_unique_id", "IP": "issue", "PG": "pages", "OWN": "owner",
            "STAT": "citation_status", "PST": "publication_status", "PUBM": "publication_model",
            "CI": "abstract_copyright", "COIS": "coi_statement", "COI": "coi_statement",
            "RF": "number_of_references", "DP": "issue_date_verbatim", "TI": "title",
        }  # fmt: skip
        of_book = {
            "BTI": "book_title", "CTI": "collection_title", "EN": "edition", "PB": "publisher_name",
            "VTI": "volume_title",
        }  # fmt: skip
        of_either = {"VI": ("volume", "volume"), "PL": ("journal_country", "publisher_location")}
        self.tellers |= {tag: self._scalar(article[name]) for tag, name in scalars.items()}
        self.tellers |= {tag: self._scalar(self.book.get(name)) for tag, name in of_book.items()}
        for tag, names in of_either.items():
            value = self.book[names[1]] if self.book else article[names[0]]
            self.tellers[tag] = self._scalar(value)
        self.tellers |= {
            "AB": self._scalar(" ".join(row["text"] for row in self.sections("main"))),
            "OAB": self._other_abstracts, "OABL": self._languages, "OTO": self._owners,
            "IS": self._issn, "SB": self._subsets, "GR": self._grants, "PHST": self._history,
            "NM": self._concepts, "CP": self._chapter,
            **dict.fromkeys(("DCOM", "LR", "DRDT", "DEP", "CTDT"), self._date),
            **dict.fromkeys(DATES, self._single_date),
            **dict.fromkeys(LINKS, self._link),
            **dict.fromkeys(NAMED, self._full_name),
            **dict.fromkeys(SHORT, self._short_name),
        }  # fmt: skip

    def column(self, table: str, name: str) -> list[Any]:
        return [row[name] for row in self.rows[table]]

    def sections(self, *kinds: str) -> list[Row]:
        return [row for row in self.rows["abstract_sections"] if row["abstract_type"] in kinds]

    # -- tags that are lists or single values

    def _listed(self, found: Callable[[], list[str]]) -> Callable[[str], Iterator[str]]:
        def tell(tag: str) -> Iterator[str]:
            same = {
                "AD": ("AD", "IRAD"),
                "IRAD": ("AD", "IRAD"),
                "CN": ("CN", "FCN"),
                "FCN": ("CN", "FCN"),
            }
            wanted, held = self.record.all(*same.get(tag, (tag,))), found()
            if tag == "GN":
                wanted = [value for value in wanted if not str(value).startswith("ketum: ")]
            if tag in ("CN", "FCN"):
                held = held + held  # both may name one group
            for value in wanted:
                match = next((text for text in held if value.is_said_by(text)), None)
                if match is None:
                    yield f"{str(value)!r} is not among {short(held)}"
                else:
                    held.remove(match) if tag not in ("CN", "FCN") else None
            if held and tag not in ("CN", "FCN", "AID"):
                yield f"{short(held)} is not in the file"

        return tell

    def _scalar(self, found: Any) -> Callable[[str], Iterator[str]]:
        def tell(tag: str) -> Iterator[str]:
            values = self.record.all(tag)
            if tag == "COI" and self.record.all("COIS"):
                return
            whole = Value([piece for value in values for piece in value.pieces])
            if len(values) > 1:
                if flat(str(found or "")) != " ".join(map(str, values)):
                    yield f"{str(whole)!r} is {found!r}"
            elif not whole.is_said_by(str("" if found is None else found)):
                yield f"{str(whole)!r} is {found!r}"

        return tell

    def _pmc(self) -> list[str]:
        rows = self.rows["article_identifiers"]
        return [row["value"] for row in rows if row["id_type"] == "pmc"]

    def _notes(self) -> list[str]:
        return list(self.article["general_notes"])

    def _headings(self) -> list[str]:
        found: dict[int, str] = {}
        for row in self.rows["mesh_headings"]:
            star = "*" if row["is_major_descriptor"] else ""
            text = found.get(row["heading_no"], star + row["descriptor"])
            if row["qualifier"] is not None:
                text += f"/{'*' if row['is_major_qualifier'] else ''}{row['qualifier']}"
            found[row["heading_no"]] = text
        return list(found.values())

    def _substances(self) -> list[str]:
        return [
            row["substance_name"] if row["registry_number"] is None
            else f"{row['registry_number']} ({row['substance_name']})"
            for row in self.rows["chemicals"]
        ]  # fmt: skip

    def _identifiers(self, element: str, shape: str) -> list[str]:
        return [
            shape.format(row["value"], row["id_type"]) if row["id_type"] else row["value"]
            for row in self.rows["article_identifiers"]
            if row["element"] == element
        ]

    # -- tags with a meaning of their own

    def _other_abstracts(self, tag: str) -> Iterator[str]:
        held = [
            row["text"]
            if row["abstract_type"] == "other"
            else f"{row['abstract_type']}: {row['text']}"
            for row in self.rows["abstract_sections"]
            if row["abstract_type"] != "main"
        ]
        wanted = self.record.all(tag)
        if len(held) != len(wanted) or not all(
            value.is_said_by(text) for value, text in zip(wanted, held, strict=True)
        ):
            yield f"{short(list(map(str, wanted)))} is {short(held)}"

    def _languages(self, tag: str) -> Iterator[str]:
        held = [text for text in self.column("abstract_sections", "language") if text]
        if self.record.all("OAB") and held != list(map(str, self.record.all(tag))):
            yield f"{list(map(str, self.record.all(tag)))} is {held}"

    def _owners(self, tag: str) -> Iterator[str]:
        held = set(self.column("keywords", "keyword_owner"))
        if self.rows["keywords"] and not held <= set(map(str, self.record.all(tag))):
            yield f"{list(map(str, self.record.all(tag)))} is {held}"

    def _issn(self, tag: str) -> Iterator[str]:
        texts = list(map(str, self.record.all(tag)))
        linking = next((text.split()[0] for text in texts if "(Linking)" in text), None)
        other = next((text.split()[0] for text in texts if "(Linking)" not in text), None)
        held = (self.article["issn_linking"], self.article["issn"])
        if held != (linking, other):
            yield f"{texts} is {held}"

    def _subsets(self, tag: str) -> Iterator[str]:
        wanted = " ".join(map(str, self.record.all(tag))).split()
        if wanted != self.article["citation_subsets"]:
            yield f"{wanted} is {self.article['citation_subsets']}"

    def _concepts(self, tag: str) -> Iterator[str]:
        held = {
            *self.column("supplementary_concepts", "name"),
            *self.column("chemicals", "substance_name"),
        }
        for value in self.record.all(tag):
            if not any(value.is_said_by(name) for name in held):
                yield f"{str(value)!r} is not among {short(sorted(held))}"

    def _chapter(self, tag: str) -> Iterator[str]:
        for value in self.record.all(tag):
            if f"chapter: {value}" not in self.book.get("location_labels", []):
                yield f"{str(value)!r} is {self.book.get('location_labels')}"

    def _grants(self, tag: str) -> Iterator[str]:
        names = ("grant_id", "acronym", "agency", "country")
        held = ["/".join(row[name] for name in names if row[name]) for row in self.rows["grants"]]
        wanted = [
            Value([re.sub(r"(?<!:)//+", "/", piece) for piece in value.pieces])
            for value in self.record.all(tag)
        ]
        if len(held) != len(wanted):
            yield f"{len(wanted)} lines are {len(held)} rows"
        for value, text in zip(wanted, held, strict=False):
            plain = Value([*value.pieces[:-1], value.pieces[-1].rstrip().rstrip("/")])
            if not plain.is_said_by(text):
                yield f"{str(value)!r} is {text!r}"

    def _link(self, tag: str) -> Iterator[str]:
        held = [row for row in self.rows["article_links"] if row["ref_type"] == LINKS[tag]]
        wanted = self.record.all(tag)
        if len(held) != len(wanted):
            yield f"{len(wanted)} lines are {len(held)} rows"
        for value, row in zip(wanted, held, strict=False):
            numbers = re.findall(r"PMID:\s*(\d{1,10})(?!\d)", str(value))
            source = re.sub(r"\W+", "", re.sub(r"PMID:\s*\d{1,10}(?!\d)\.?\s*$", "", str(value)))
            if source != re.sub(r"\W+", "", row["ref_source"] or ""):
                yield f"{str(value)!r} is {row['ref_source']!r}"
            if (row["linked_pmid"] or 0) != (
                int(numbers[-1]) if numbers and int(numbers[-1]) < 2**31 else 0
            ):
                yield f"{str(value)!r} is PMID {row['linked_pmid']}"

    def _history(self, tag: str) -> Iterator[str]:
        held = [
            f"{row['date_verbatim']} [{row['pub_status']}]" for row in self.rows["history_dates"]
        ]
        for value in self.record.all(tag):
            if not any(
                value.is_said_by(text) or str(value) == text.removesuffix(" []") for text in held
            ):
                yield f"{str(value)!r} is not among {short(held)}"

    def _single_date(self, tag: str) -> Iterator[str]:
        held = [
            row["date_verbatim"]
            for row in self.rows["history_dates"]
            if row["pub_status"] == DATES[tag]
        ]
        for value in self.record.all(tag):
            if not any(flat(text)[:10] == str(value)[:10] for text in held):
                yield f"{str(value)!r} is not among {held}"

    def _date(self, tag: str) -> Iterator[str]:
        text = " ".join(map(str, self.record.all(tag)))
        if tag in ("DEP", "CTDT"):
            if self.record.all("DEP") and tag == "CTDT":
                return
            held = flat(self.article["electronic_date_verbatim"] or "")
        else:
            if self.record.all("LR") and tag == "DRDT":
                return
            name = "date_completed" if tag == "DCOM" else "date_revised"
            moment = self.article[name]
            held = f"{moment:%Y%m%d}" if moment else ""
            text = _real_date(text.replace("/", ""))
        if held != text and text:
            yield f"{text!r} is {held!r}"

    # -- people

    def people(self, tag: str) -> list[Row]:
        kind = SHORT.get(tag) or {"F" + short: kind for short, kind in SHORT.items()}[tag]
        return [
            row for row in self.rows["authors"]
            if row["list_kind"].removeprefix("book_") == kind and not row["collective_name"]
        ]  # fmt: skip

    def _full_name(self, tag: str) -> Iterator[str]:
        held = Counter[str]()
        for row in self.people(tag):
            parts = (row["last_name"], row["fore_name"], row["suffix"])
            held[re.sub(r"[\s,]+", "", "".join(filter(None, parts)))] += 1
        for value in self.record.all(tag):
            plain = re.sub(r"[\s,]+", "", str(value))
            if held[plain] > 0:
                held[plain] -= 1
            else:
                yield f"{str(value)!r} is not among the people"

    def _short_name(self, tag: str) -> Iterator[str]:
        shorts, fulls = self.record.all(tag), self.record.all("F" + tag)
        people = self.people(tag)
        if not max(len(shorts), len(fulls)) <= len(people) <= len(shorts) + len(fulls):
            yield f"{len(fulls)} full and {len(shorts)} short names are {len(people)} people"
        if len(shorts) == len(fulls) != len(people):
            yield f"{len(fulls)} names in two forms are {len(people)} people"
        held = Counter(
            re.sub(
                r"\s+", "", f"{row['last_name'] or ''}{row['initials'] or ''}{row['suffix'] or ''}"
            )
            for row in people
        )
        tails = Counter(f"{row['initials'] or ''}{row['suffix'] or ''}" for row in people)
        for value in shorts:
            plain = re.sub(r"\s+", "", str(value))
            if held[plain] > 0:
                held[plain] -= 1
            elif not any(tail and plain.endswith(tail) for tail in tails):
                yield f"{str(value)!r} is not among the people"

    def too_many(self) -> Iterator[tuple[str, str]]:
        """Rows of lists that no line of the file stands behind."""
        tables = {
            "publication_types": ("PT",), "mesh_headings": ("MH",), "chemicals": ("RN",),
            "supplementary_concepts": ("NM",), "keywords": ("OT",), "grants": ("GR",),
            "databank_accessions": ("SI",), "article_links": tuple(LINKS),
            "history_dates": ("PHST", *DATES), "authors": (*NAMED, *SHORT, "CN", "FCN"),
            "affiliations": ("AD", "IRAD"), "abstract_sections": ("AB", "OAB"),
        }  # fmt: skip
        for table, tags in tables.items():
            if self.rows[table] and not self.record.all(*tags):
                yield tags[0], f"{table} has rows, the file no such line"


def _real_date(text: str) -> str:
    """Eight digits if the calendar has that day, else nothing."""
    try:
        return f"{datetime.strptime(text, '%Y%m%d'):%Y%m%d}"  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return ""


def short(values: list[str]) -> str:
    text = repr(values)
    return text if len(text) <= 200 else f"{text[:197]}..."
