"""PubMed's query language, read into a tree.

After the PubMed User Guide: AND, OR, NOT in upper case, worked from left to right; parentheses;
"quoted phrases"; `*` at the end of a word or phrase; [field tags], with or without a space
before them; `low:high[tag]` ranges, each end tagged or not; `#1` for an earlier search; terms
side by side mean AND. Several words before one tag are one phrase, as at PubMed.

No automatic term mapping: a word without a tag is a text word and stays itself.
What is not well-formed (parentheses, an operator without a term, a tag without a term) is
refused, where PubMed may guess.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_MAX_DEPTH = 100
_OPERATORS = {"AND": "AND", "OR": "OR", "NOT": "NOT", "&": "AND", "|": "OR"}
_TOKEN = re.compile(
    r"""\s+
    | (?P<open>\() | (?P<close>\))
    | "(?P<quoted>[^"]*)(?:"|$)
    | \[(?P<tag>[^\]\[]*)\]
    | \#(?P<history>\d+)
    | (?P<colon>:)(?=\s|"|$) | (?<=[\]"])(?P<joined>:)
    | (?P<word>(?:[^\s()"\[&|]|\[(?![^\]\[]*\]))+?(?=:(?:"|\s)|[\s()"&|]|\[[^\]\[]*\]|$))
    | (?P<operator>[&|])""",
    re.VERBOSE,
)


class QuerySyntaxError(ValueError):
    """The query is not well-formed."""


@dataclass(frozen=True)
class Term:
    """A word, phrase or range, with the tag that follows it (None if there is none)."""

    text: str
    tag: str | None = None
    quoted: bool = False


@dataclass(frozen=True)
class Earlier:
    """`#1`: the result of an earlier search."""

    key: int


@dataclass(frozen=True)
class Chain:
    """Operands with operators between them, worked from left to right.

    A chain and not a binary tree, so that thousands of terms need no deep recursion.
    """

    first: Node
    rest: tuple[tuple[str, Node], ...]


Node = Term | Earlier | Chain


def parse(query: str) -> Node:
    """The tree of a query.

    Raises:
        QuerySyntaxError: for a query that is empty or not well-formed.
    """
    parser = _Parser(_tokens(query))
    node = parser.expression(0)
    if parser.kind:
        raise QuerySyntaxError(f"unexpected {parser.text!r}")
    return node


def _tokens(query: str) -> list[tuple[str, str]]:
    tokens = []
    for match in _TOKEN.finditer(query):
        kind = match.lastgroup
        if kind is None:
            continue
        text = match.group(kind)
        if kind == "joined":
            kind = "colon"
        if kind in ("word", "operator") and text in _OPERATORS:
            kind, text = "operator", _OPERATORS[text]
        tokens.append((kind, text))
    return tokens


class _Parser:
    """Recursive descent over the tokens; each method takes what it understands."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._position = 0

    @property
    def kind(self) -> str:
        """The kind of the next token, empty at the end."""
        return self._tokens[self._position][0] if self._position < len(self._tokens) else ""

    @property
    def text(self) -> str:
        return self._tokens[self._position][1] if self.kind else "end of query"

    def _take(self) -> str:
        text = self.text
        self._position += 1
        return text

    def expression(self, depth: int) -> Node:
        if depth > _MAX_DEPTH:
            raise QuerySyntaxError("parentheses too deep")
        first = self._operand(depth)
        rest = []
        while self.kind not in ("", "close"):
            operator = self._take() if self.kind == "operator" else "AND"
            rest.append((operator, self._operand(depth)))
        return Chain(first, tuple(rest)) if rest else first

    def _operand(self, depth: int) -> Node:
        if self.kind == "open":
            self._take()
            node = self.expression(depth + 1)
            if self.kind != "close":
                raise QuerySyntaxError("a parenthesis is not closed")
            self._take()
            return node
        if self.kind == "history":
            return Earlier(int(self._take()[:9]))
        if self.kind == "quoted":
            return self._range(Term(self._take(), self._tag(), quoted=True))
        if self.kind == "word":
            return self._words()
        raise QuerySyntaxError(f"a term was expected, not {self.text!r}")

    def _words(self) -> Node:
        """Words in a row: with a tag one phrase, without it each for itself, all required."""
        words = []
        while self.kind == "word":
            words.append(self._take())
        tag = self._tag()
        if tag is not None or self.kind == "colon":
            return self._range(Term(" ".join(words), tag))
        # "17170002 16381840" is a list of PMIDs (User Guide, "PMID").
        if all(re.fullmatch(r"\d{5,8}", word) for word in words):
            return Term(" ".join(words), "uid")
        first, *others = map(Term, words)
        return Chain(first, tuple(("AND", term) for term in others)) if others else first

    def _range(self, low: Term) -> Term:
        """`"2020"[dp] : "2021"[dp]` and the like become one term."""
        if self.kind != "colon":
            return low
        self._take()
        if self.kind not in ("word", "quoted"):
            raise QuerySyntaxError("a range has no upper end")
        high = Term(self._take(), self._tag())
        return Term(f"{low.text}:{high.text}", high.tag or low.tag)

    def _tag(self) -> str | None:
        return self._take().strip() if self.kind == "tag" else None
