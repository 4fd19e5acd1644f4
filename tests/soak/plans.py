"""What is to happen to each update: nothing, a wrong answer, a kill, or one more at once."""

from __future__ import annotations

import random
from dataclasses import dataclass

from tests.soak.faults import FAULTS, Codes, Fault

CLEAN_CARDS = 20
TWICE_CARDS = 4
FULL_CARDS = 2
CHANGE_CARDS = (2, 2, 3, 3)
"""After the first search, and before what was modified lately is asked for."""
KILL_CARDS = 14
KILL_AT_REQUEST_CARDS = 4


@dataclass(frozen=True)
class Trouble:
    """A fault, and when it strikes.

    Attributes:
        tool: whose answers it spoils.
        at: the first request to that tool it strikes, from 1.
        times: how many in a row; None for all from there on.
    """

    fault: Fault
    tool: str
    at: int
    times: int | None

    @property
    def codes(self) -> Codes:
        """Exit codes an update may end with that was struck."""
        return self.fault.always if self.times is None else self.fault.once

    @property
    def how_often(self) -> str:
        return "always" if self.times is None else "once"


@dataclass(frozen=True)
class Plan:
    """What is to happen to one update.

    Attributes:
        trouble: an answer that goes wrong.
        kill_after: kill -9 after this part of the time an update usually takes.
        kill_at_request: kill -9 at this request, before it is answered.
        change_at_request: things happen in PubMed before this request is answered.
        is_full: every record is to be read again (`--full`).
        is_twice: whether an undisturbed update follows on the same day, whatever comes of it.
    """

    trouble: Trouble | None = None
    kill_after: float | None = None
    kill_at_request: int | None = None
    change_at_request: int | None = None
    is_full: bool = False
    is_twice: bool = False

    @property
    def is_kill(self) -> bool:
        return self.kill_after is not None or self.kill_at_request is not None


CLEAN = Plan()


def killed(rng: random.Random) -> Plan:
    """Killed at a random moment; a process of its own is slower, and some moments come too late."""
    return Plan(kill_after=rng.uniform(0.0, 1.6))


def plans(rng: random.Random) -> list[Plan]:
    """One of every plan, and of the usual ones several."""
    troubles = [
        Trouble(fault, rng.choice(fault.tools), rng.randint(1, fault.last_request), times)
        for fault in FAULTS
        for times in (1, None)
        if times or fault.always
    ]
    return [
        *[CLEAN] * CLEAN_CARDS,
        *[Plan(is_twice=True)] * TWICE_CARDS,
        *[Plan(is_full=True)] * FULL_CARDS,
        *[Plan(change_at_request=number) for number in CHANGE_CARDS],
        *[killed(rng) for _ in range(KILL_CARDS)],
        *[Plan(kill_at_request=number + 1) for number in range(KILL_AT_REQUEST_CARDS)],
        *[Plan(trouble=trouble) for trouble in troubles],
    ]
