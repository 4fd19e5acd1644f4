"""What a fault case is, how it strikes chosen requests, and how it changes records of a set."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from threading import Lock

from lxml import etree

from pipeline.replay.answers import TOOLS, Exchange, Fault, Response

ANY_TOOL = frozenset(TOOLS)


@dataclass(frozen=True)
class FaultCase:
    """One way in which E-utilities misbehave.

    Attributes:
        number: which of the 25 cases a client must survive; some have several variants.
        name: stable, for the command line.
        what: one sentence.
        strikes: the tools whose answers it spoils.
        apply: makes the wrong answer. An answer the case cannot spoil (an error, a list of
            UIDs where it alters records) is given back as it is.
    """

    number: int
    name: str
    what: str
    strikes: frozenset[str]
    apply: Callable[[Exchange], Response]


class Misbehaviour:
    """A server's `fault`: spoils some of the answers of one tool, or of all that can be struck.

    Args:
        case: how to spoil them.
        tool: whose answers; None for every tool the case strikes.
        at: the first request to strike, counted from 1 among those of the tool.
        times: how many requests to strike from there on; None for all.

    Attributes:
        struck: how many requests met the case so far.

    Raises:
        ValueError: if the case does not strike the tool, or a number is below 1.
    """

    def __init__(
        self, case: FaultCase, tool: str | None = None, at: int = 1, times: int | None = 1
    ) -> None:
        if tool is not None and tool not in case.strikes:
            raise ValueError(f"{case.name} does not strike {tool}, but {_listed(case.strikes)}")
        if at < 1 or (times is not None and times < 1):
            raise ValueError("requests are counted from 1")
        self.struck = 0
        self._case = case
        self._tools = case.strikes if tool is None else frozenset((tool,))
        self._first = at
        self._times = times
        self._seen = 0
        self._lock = Lock()

    def __call__(self, exchange: Exchange) -> Response:
        if exchange.tool not in self._tools:
            return exchange.right
        with self._lock:
            self._seen += 1
            strikes = self._seen >= self._first
            if self._times is not None:
                strikes = strikes and self._seen < self._first + self._times
            self.struck += strikes
        return self._case.apply(exchange) if strikes else exchange.right


def together(*faults: Fault) -> Fault:
    """Several faults as one; each spoils the answer the one before it left."""

    def fault(exchange: Exchange) -> Response:
        for one in faults:
            exchange = replace(exchange, right=one(exchange))
        return exchange.right

    return fault


def _listed(tools: frozenset[str]) -> str:
    return ", ".join(tool for tool in TOOLS if tool in tools)


Element = etree._Element
Change = Callable[[Element], None]
Case = Callable[[Exchange], Response]

SAFE = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)


def altered_set(change: Change) -> Case:
    """A case that changes the PubmedArticleSet; an empty set or another answer stays as it is."""

    def apply(exchange: Exchange) -> Response:
        if not holds_records(exchange.right):
            return exchange.right
        root = etree.fromstring(exchange.right.body, SAFE)
        change(root)
        return as_xml(root)

    return apply


def every_article(change: Change) -> Case:
    """A case that changes each PubmedArticle of the set."""

    def change_all(root: Element) -> None:
        for article in articles(root):
            change(article)

    return altered_set(change_all)


def first_article(change: Change) -> Case:
    """A case that changes the first PubmedArticle of the set."""

    def change_first(root: Element) -> None:
        for article in articles(root)[:1]:
            change(article)

    return altered_set(change_first)


def articles(root: Element) -> list[Element]:
    """The articles of a set, without books and deletions."""
    return root.findall("PubmedArticle")


def holds_records(response: Response) -> bool:
    """Whether an answer is a PubmedArticleSet with something in it."""
    return b"<PubmedArticleSet><Pubmed" in response.body


def as_xml(root: Element) -> Response:
    """The tree as an answer, with the DOCTYPE it came with."""
    body = etree.tostring(root.getroottree(), encoding="UTF-8", xml_declaration=True)
    return Response(body)


def drop_all(article: Element, path: str) -> None:
    """Take away what the path leads to."""
    for element in article.findall(path):
        parent = element.getparent()
        if parent is not None:
            parent.remove(element)


def add(article: Element, path: str, *pieces: str) -> None:
    """Append elements, written as XML, to the one the path leads to, if there is one."""
    parent = article.find(path)
    if parent is not None:
        parent.extend(etree.fromstring(piece) for piece in pieces)


def child(article: Element, path: str, name: str) -> Iterator[Element]:
    """The child of that name, made if it is missing; nothing if there is no parent."""
    parent = article.find(path)
    if parent is not None:
        found = parent.find(name)
        yield etree.SubElement(parent, name) if found is None else found
