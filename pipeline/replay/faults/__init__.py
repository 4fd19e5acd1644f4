"""The 25 ways in which E-utilities misbehave, as data and code, and the requests they strike.

The numbers follow the list of cases a serious client must survive; what each answer looks like
follows answers of NCBI captured or transcribed between 2020 and 2026.
"""

from __future__ import annotations

import difflib
from dataclasses import replace
from threading import Lock

from pipeline.errors import ConfigurationError
from pipeline.replay.answers import TOOLS, Exchange, Fault, FaultCase, Response
from pipeline.replay.faults import answers, records

CASES: tuple[FaultCase, ...] = tuple(
    sorted((*answers.CASES, *records.CASES), key=lambda case: case.number)
)
"""All cases, by number."""

_BY_NAME = {case.name: case for case in CASES}


def case(name: str) -> FaultCase:
    """The case of that name.

    Raises:
        ConfigurationError: if there is none.
    """
    if name not in _BY_NAME:
        close = difflib.get_close_matches(name, _BY_NAME, 3)
        raise ConfigurationError(
            f"There is no way to misbehave named {name!r}"
            + (f" (close: {', '.join(close)})." if close else "."),
            next_step="`ketum replay --faults` lists them.",
        )
    return _BY_NAME[name]


def misbehaviour(text: str) -> Misbehaviour:
    """Read `CASE[:TOOL[:AT]]` of the command line.

    TOOL may be `any` (the default: all that the case strikes); AT is the number of the one
    request of that tool to strike, from 1, or `every` (the default).

    Raises:
        ConfigurationError: if a part is unknown or does not go with the others.
    """
    name, _, rest = text.partition(":")
    tool, _, at = rest.partition(":")
    chosen = case(name)
    if at not in ("", "every") and not (at.isascii() and at.isdecimal()):
        raise ConfigurationError(
            f"{at!r} in {text!r} is neither the number of a request nor `every`.",
            next_step="write CASE:TOOL:2 to spoil the second request of a tool.",
        )
    try:
        return Misbehaviour(
            chosen,
            None if tool in ("", "any") else tool,
            at=int(at) if at.isdecimal() else 1,
            times=1 if at.isdecimal() else None,
        )
    except ValueError as error:
        raise ConfigurationError(
            f"{text!r} cannot be done: {error}.",
            next_step="`ketum replay --faults` lists what strikes which tool.",
        ) from None


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
