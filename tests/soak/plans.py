"""What is to happen to each update: nothing, a wrong answer, a kill, or one more at once."""

from __future__ import annotations

import random
from dataclasses import dataclass

from tests.soak.faults import FAULTS
from tests.soak.upstream import Trouble

CLEAN_CARDS = 14
TWICE_CARDS = 3
KILL_CARDS = 7
KILL_AT_REQUEST_CARDS = 3


@dataclass(frozen=True)
class Plan:
    """What is to happen to one update.

    Attributes:
        trouble: an answer that goes wrong.
        kill_after: kill -9 after this part of the time an update usually takes.
        kill_at_request: kill -9 at this request, before it is answered.
        is_twice: whether an undisturbed update follows on the same day, whatever comes of it.
    """

    trouble: Trouble | None = None
    kill_after: float | None = None
    kill_at_request: int | None = None
    is_twice: bool = False

    @property
    def is_kill(self) -> bool:
        return self.kill_after is not None or self.kill_at_request is not None


CLEAN = Plan()


def killed(rng: random.Random) -> Plan:
    """Killed at a random moment; now and then a moment too late."""
    return Plan(kill_after=rng.uniform(0.0, 1.1))


def plans(rng: random.Random) -> list[Plan]:
    """One of every plan, and of the usual ones several."""
    troubles = [
        Trouble(fault, rng.choice(fault.tools), times)
        for fault in FAULTS
        for times in (rng.choice((1, 2)), None)
    ]
    return [
        *[CLEAN] * CLEAN_CARDS,
        *[Plan(is_twice=True)] * TWICE_CARDS,
        *[killed(rng) for _ in range(KILL_CARDS)],
        *[Plan(kill_at_request=number + 1) for number in range(KILL_AT_REQUEST_CARDS)],
        *[Plan(trouble=trouble) for trouble in troubles],
    ]
