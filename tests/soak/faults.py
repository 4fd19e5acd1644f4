"""Which of the catalogue's faults happen to updates, and what a run must make of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pipeline.errors import EXIT_CHECK, EXIT_INCOMPLETE, EXIT_OK, EXIT_SOURCE, EXIT_USAGE
from pipeline.replay import faults
from pipeline.replay.faults import FaultCase

Codes = frozenset[int]

OK = frozenset((EXIT_OK,))
NO_ANSWER = frozenset((EXIT_SOURCE, EXIT_INCOMPLETE))
"""Incomplete if records that came before are kept."""
STOPPED = frozenset((EXIT_CHECK,))
WRONG_KEY = frozenset((EXIT_USAGE,))

_PASSING = (
    "rate-limit-429", "rate-limit-200", "transient-400", "error-in-200",
    "search-backend-500-in-200", "clamped", "count-above-ids", "history-expired", "empty-body",
    "prolog-only", "server-error-500", "bad-gateway-502", "unavailable-503", "broken-chunk",
    "cut-connection", "cut-xml", "reset", "records-not-asked-for",
)  # fmt: skip
_REFUSALS = (
    "permanent-400-id-list-empty", "beyond-window", "html-200", "redirect-to-block-page",
    "block-page", "uri-too-long-414", "key-echoed",
)  # fmt: skip
_UNBELIEVABLE = ("dropped-term", "dropped-phrase", "dropped-field")
_FEW_HITS = ("zero-hits", "half-the-hits")
_LOSSES = ("fewer-records", "empty-set")
_HARMLESS = ("duplicate-records", "other-order", "new-dtd", "http-doctype")

TOOLS = ("esearch", "efetch")


@dataclass(frozen=True)
class Fault:
    """One kind of wrong answer.

    Attributes:
        case: how the right answer is spoilt.
        once: exit codes a run may end with that gets it and then right answers.
        always: exit codes a run may end with that gets nothing else; none if that is not to be
            tried, as it could not be told from the truth.
        last_request: the latest request of a tool that may be the first to be struck.
    """

    case: FaultCase
    once: Codes
    always: Codes
    last_request: int = 3

    @property
    def tools(self) -> list[str]:
        return [tool for tool in TOOLS if tool in self.case.strikes]


def _each(names: Iterable[str], make: Callable[[FaultCase], Fault]) -> list[Fault]:
    return [make(faults.case(name)) for name in names]


FAULTS = (
    *_each(_PASSING, lambda case: Fault(case, OK, NO_ANSWER)),
    *_each(_REFUSALS, lambda case: Fault(case, NO_ANSWER, NO_ANSWER)),
    *_each(["api-key-invalid"], lambda case: Fault(case, WRONG_KEY, WRONG_KEY)),
    # these strike the searches, which come first: of what was modified lately nobody knows
    # (one that lost members is asked again, and then the answer is right)
    *_each(_UNBELIEVABLE, lambda case: Fault(case, STOPPED | OK, STOPPED, last_request=2)),
    *_each(_FEW_HITS, lambda case: Fault(case, OK, STOPPED, last_request=2)),
    Fault(faults.case("count-drift"), OK, frozenset(), last_request=2),
    *_each(_LOSSES, lambda case: Fault(case, OK, frozenset((EXIT_INCOMPLETE,)))),
    *_each(_HARMLESS, lambda case: Fault(case, OK, OK)),
)
"""Not among them: `hang` and `trickle`, which take real time, and what alters records."""
