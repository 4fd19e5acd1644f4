"""The 25 ways in which E-utilities misbehave, as data and code.

The numbers follow the list of cases a serious client must survive; what each answer looks like
follows answers of NCBI captured or transcribed between 2020 and 2026.
"""

from __future__ import annotations

import difflib

from pipeline.errors import ConfigurationError
from pipeline.replay.faults import records, results, transport
from pipeline.replay.faults.case import FaultCase, Misbehaviour, together

__all__ = ["CASES", "FaultCase", "Misbehaviour", "case", "misbehaviour", "together"]

CASES: tuple[FaultCase, ...] = tuple(
    sorted(
        (*transport.CASES, *results.CASES, *records.CASES),
        key=lambda case: case.number,
    )
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
