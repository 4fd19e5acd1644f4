"""Change the records of an EFetch answer, as trees."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lxml import etree

from pipeline.replay.response import Exchange, Response

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
