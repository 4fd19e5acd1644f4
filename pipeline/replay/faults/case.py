"""What a fault case is, and a server's fault that strikes chosen requests with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Lock

from pipeline.replay.response import TOOLS, Exchange, Fault, Response

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
