"""The tools of E-utilities over an archive, as functions from parameters to answers.

What a request asks for, the results kept for it under a WebEnv and a query key, and the answer.
After NLM, "E-utilities In-Depth" (NBK25499), and the behaviour measured where that page and
PubMed differ: only the first 9,999 records of a result can be had, in ESearch as in EFetch
from the history server.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from threading import Lock

from pipeline.replay import answers, summaries
from pipeline.replay.answers import Page, Parameters, Response
from pipeline.replay.archive import Archive
from pipeline.replay.query import Chain, Earlier, Node, QuerySyntaxError, Term, parse, printable
from pipeline.replay.search import Findings, Search, recent_days
from pipeline.replay.summaries import read_document

LARGEST_ID = 2**64 - 1
"""The largest UID NCBI takes."""


class EmptyQueryError(ValueError):
    """There is nothing to search for."""

    def __init__(self) -> None:
        super().__init__("Empty term and query_key - nothing todo")


def query_of(given: Parameters, today: date) -> Node:
    """Term, earlier search and dates as one query: all must hold.

    Raises:
        EmptyQueryError: if neither a term nor a query key is given.
        QuerySyntaxError: if the term is not well-formed.
    """
    # What XML cannot carry must not come back in an answer.
    term = printable(given.get("term", "")).strip()
    key = given.get("query_key", "")
    nodes: list[Node] = [parse(term)] if term else []
    if key:
        nodes.append(Earlier(int(key[:9]) if key.isdecimal() else 0))
    if not nodes:
        raise EmptyQueryError
    dates = ""
    low, high = given.get("mindate", ""), given.get("maxdate", "")
    if given.get("reldate", "").isdecimal():
        dates = recent_days(int(given["reldate"][:6]), today)
    elif low and high:
        dates = f"{printable(low)}:{printable(high)}"
    if dates:
        nodes.append(Term(dates, given.get("datetype") or "pdat"))
    first, *others = nodes
    return Chain(first, tuple(("AND", node) for node in others)) if others else first


def number_of(given: Parameters, name: str, default: int) -> int:
    """A number of the request; the default where there is none that can be read."""
    text = given.get(name, "").strip()
    return int(text[:9]) if text.isdecimal() else default


def ids_in(text: str) -> list[int]:
    """The PMIDs EFetch reads in a list, each once: "42.9" asks for 42 and for 9."""
    numbers = map(int, re.findall(r"\b[0-9]{1,20}\b", text))
    return [pmid for pmid in dict.fromkeys(numbers) if pmid > 0]


def valid_ids(text: str) -> list[int]:
    """The PMIDs EPost keeps of a list, each once: those that are numbers."""
    words = re.split(r"[\s,]+", text.strip(" ,"))
    numbers = (int(word) for word in words if re.fullmatch("[0-9]{1,20}", word))
    return [pmid for pmid in dict.fromkeys(numbers) if 0 < pmid <= LARGEST_ID]


def invalid_id(text: str) -> tuple[str, int] | None:
    """The first id that ESummary refuses, with its place in the list; None if there is none."""
    found = re.search(r"[^\s,]*[^\s,0-9][^\s,]*", text)
    return (printable(found.group()), found.start()) if found else None


class UnknownQueryError(LookupError):
    """A WebEnv or query key that this server does not (or no longer) know."""

    def __init__(self, key: str) -> None:
        super().__init__(f"Unable to obtain query #{key}")


class History:
    """Lists of PMIDs by WebEnv and query key.

    Args:
        clock: gives the time for the names of sessions.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._sessions: dict[str, list[tuple[int, ...]]] = {}
        self._begun = 0
        self._lock = Lock()

    def keep(self, pmids: Sequence[int], environment: str | None) -> tuple[str, int]:
        """Keep a list in a session, a new one unless a known one is named; gives its names."""
        with self._lock:
            if environment is None or environment not in self._sessions:
                self._begun += 1
                # As at NCBI: the time of creation, then what makes it unique.
                began = int(self._clock().timestamp())
                environment = f"MCID_{began:08x}{self._begun:016x}"
            queries = self._sessions.setdefault(environment, [])
            queries.append(tuple(pmids))
            return environment, len(queries)

    def kept(self, environment: str, key: str) -> tuple[int, ...]:
        """The list kept under these names.

        Raises:
            UnknownQueryError: if there is none.
        """
        with self._lock:
            queries = self._sessions.get(environment, [])
        if not re.fullmatch("[0-9]{1,9}", key) or not 1 <= int(key) <= len(queries):
            raise UnknownQueryError(printable(key))
        return queries[int(key) - 1]

    def expire(self) -> None:
        """Forget every session."""
        with self._lock:
            self._sessions.clear()


WINDOW = 9_999
WINDOW_ERROR = (
    "'retstart' cannot be larger than 9998. For PubMed, ESearch can only retrieve the first "
    "9,999 records matching the query. To obtain more than 9,999 PubMed records, consider using "
    "EDirect that contains additional logic to batch PubMed search results automatically so that "
    "an arbitrary number can be retrieved. For details see "
    "https://www.ncbi.nlm.nih.gov/books/NBK25499/"
)
WINDOW_FAILED = f"Search Backend failed: Exception:\n{WINDOW_ERROR}"
HISTORY_FAILED = f"Search backend cannot retrieve history data. Reason: Exception: {WINDOW_ERROR}"
# What PubMed says of a mistake for good: it reads as if it would pass.
SYNTAX_ERROR = (
    "Search Backend failed: An error occurred while processing request. Status: 500. "
    "Source: /api/search/?r=... "
    "Details: Search is temporarily unavailable. Please try again later."
)


class Tools:
    """The tools over one archive, and the history server behind them.

    Args:
        archive: what to serve.
        clock: gives the time, for "last n days", session names and EInfo's build.

    Attributes:
        history: results kept for later requests.
    """

    def __init__(self, archive: Archive, clock: Callable[[], datetime]) -> None:
        self._archive = archive
        self._clock = clock
        self._built = clock()
        self.history = History(clock)
        self._tools = {
            "esearch": self._esearch,
            "epost": self._epost,
            "efetch": self._efetch,
            "esummary": self._esummary,
            "einfo": self._einfo,
            "espell": self._espell,
        }

    def answer(self, tool: str, parameters: Parameters) -> Response:
        """Answer one request; a tool this server does not have is a plain 404."""
        handler = self._tools.get(tool)
        if handler is None:
            return answers.plain(f"{tool}: not found\n", 404)
        return handler(parameters)

    def _esearch(self, given: Parameters) -> Response:
        use_json = given.get("retmode") == "json"
        if given.get("db", "pubmed") != "pubmed":
            text = f"Database is not supported: {printable(given['db'])}"
            return answers.search_error(text, use_json=use_json)
        start, wanted = number_of(given, "retstart", 0), number_of(given, "retmax", 20)
        if start >= WINDOW:
            return answers.search_error(WINDOW_FAILED, use_json=use_json)
        try:
            findings = self._search(given)
        except (EmptyQueryError, UnknownQueryError) as reason:
            return answers.search_error(str(reason), use_json=use_json)
        except QuerySyntaxError:
            return answers.search_error(SYNTAX_ERROR, use_json=use_json)
        # Records are numbered from the highest PMID down.
        found = [self._archive.records[number].pmid for number in sorted(findings.numbers)]
        page = Page(findings, len(found), start, found[start : min(start + wanted, WINDOW)], [])
        if not found:
            page.messages.append("No items found.")
        elif start + wanted > WINDOW:
            page.messages.append(
                f"Restrictions achieved. start and count adjusted to {start}, {len(page.pmids)}"
            )
        if given.get("usehistory") == "y":
            page.session = self.history.keep(found, given.get("WebEnv"))
        count_only = given.get("rettype") == "count"
        return answers.search_page(page, count_only=count_only, use_json=use_json)

    def _search(self, given: Parameters) -> Findings:
        today = self._clock().date()
        environment = given.get("WebEnv", "")

        def earlier(key: int) -> set[int]:
            held = (
                self._archive.numbers.get(pmid) for pmid in self.history.kept(environment, str(key))
            )
            return {number for number in held if number is not None}

        archive, field = self._archive, given.get("field") or None
        search = Search(archive.index, archive.numbers, today, earlier, field)
        return search.run(query_of(given, today))

    def _epost(self, given: Parameters) -> Response:
        database = given.get("db", "pubmed")
        if given.get("retmode") == "json":
            return answers.plain("EPost has no JSON\n", 500)
        if database != "pubmed":
            name = printable(database)
            return answers.error("epost", [f"Invalid db name specified: {name}"], 400)
        pmids = valid_ids(given.get("id", ""))
        if not pmids:
            invalid = "Some IDs have invalid value and were omitted. Maximum ID value"
            texts = ["Empty ID list; Nothing to store", f"{invalid} {LARGEST_ID}"]
            return answers.error("epost", texts, 400)
        return answers.posted(*self.history.keep(pmids, given.get("WebEnv")))

    def _efetch(self, given: Parameters) -> Response:
        # metapub asks for rettype=xml with retmode=text, and expects XML.
        wants_text = given.get("retmode") == "text" and given.get("rettype") != "xml"
        try:
            pmids = self._asked(given)
        except UnknownQueryError as unknown:
            return answers.error("efetch", [str(unknown)])
        except IndexError:
            return answers.error("efetch", [HISTORY_FAILED], 400)
        if not pmids:
            return answers.no_ids(as_text=wants_text)
        held = [pmid for pmid in pmids if pmid in self._archive.numbers]
        # EFetch has no JSON: it gives the UIDs as text.
        if given.get("rettype") == "uilist" or given.get("retmode") == "json":
            return answers.uid_list(held, use_xml=given.get("retmode") == "xml")
        if wants_text:
            return answers.plain("This archive serves XML and UID lists only.\n", 400)
        records = self._archive.records
        return answers.article_set(records[self._archive.numbers[pmid]].raw for pmid in held)

    def _asked(self, given: Parameters) -> Sequence[int]:
        """The PMIDs an EFetch names, each once.

        Raises:
            UnknownQueryError: if its history is gone.
            IndexError: if it asks for more than the history server gives.
        """
        if given.get("id"):
            return ids_in(given["id"])
        if "query_key" not in given and "WebEnv" not in given:
            return []
        kept = self.history.kept(given.get("WebEnv", ""), given.get("query_key", ""))
        start = number_of(given, "retstart", 0)
        if start >= WINDOW:
            raise IndexError(start)
        return kept[start : min(start + number_of(given, "retmax", WINDOW), WINDOW)]

    def _esummary(self, given: Parameters) -> Response:
        use_json = given.get("retmode") == "json"
        if "id" not in given and not ("query_key" in given and "WebEnv" in given):
            text = "Neither query_key nor id specified"
            return summaries.nothing_to_sum_up(text, use_json=use_json)
        if invalid := invalid_id(given.get("id", "")):
            text = "Invalid uid {} at position= {}".format(*invalid)
            return summaries.summary_error(text, use_json=use_json, result={"uids": []})
        try:
            pmids = self._asked(given)
        except UnknownQueryError as unknown:
            return summaries.nothing_to_sum_up(str(unknown), use_json=use_json)
        except IndexError:
            return summaries.summary_error(WINDOW_ERROR, use_json=use_json)
        if not pmids:
            return summaries.nothing_to_sum_up("Empty id list - nothing todo", use_json=use_json)
        if use_json and len(pmids) > summaries.JSON_LIMIT:
            return summaries.summary_error(summaries.TOO_MANY, use_json=use_json)
        records, numbers = self._archive.records, self._archive.numbers
        found = [
            (pmid, read_document(records[numbers[pmid]].raw) if pmid in numbers else None)
            for pmid in pmids
        ]
        if use_json:
            return summaries.as_json_documents(found)
        if given.get("version") == "2.0":
            return summaries.as_documents(found, f"Build{self._built:%y%m%d-%H%M}.1")
        return summaries.as_docsums(found)

    def _espell(self, given: Parameters) -> Response:
        if given.get("retmode") == "json":
            return answers.plain("ESpell has no JSON\n", 500)
        return answers.spelling(printable(given.get("term", "")))

    def _einfo(self, given: Parameters) -> Response:
        use_json = given.get("retmode") == "json"
        database = given.get("db")
        if not database:
            return answers.database_list(use_json=use_json)
        if database != "pubmed":
            name = printable(database)
            return answers.error("einfo", [f"Can not retrieve DbInfo for db={name}"])
        return answers.database_info(len(self._archive.records), self._built, use_json=use_json)
