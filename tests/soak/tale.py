"""What happened in a soak, counted for its report."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise


@dataclass
class Tale:
    """What happened in a soak.

    Attributes:
        troubles: (fault, tool, once or always, exit code) of updates that met it.
        kills: last finished step of updates that were killed.
        compared: kind of comparison to the tables compared.
        differences: whatever was not as it must be, as sentences.
    """

    days: int = 0
    days_without: int = 0
    updates: int = 0
    committed: int = 0
    changes_meanwhile: int = 0
    sets: int = 0
    events: Counter[str] = field(default_factory=Counter)
    troubles: Counter[tuple[str, str, str, int]] = field(default_factory=Counter)
    kills: Counter[str] = field(default_factory=Counter)
    request_times: list[float] = field(default_factory=list)
    compared: dict[str, list[str]] = field(default_factory=dict)
    differences: list[str] = field(default_factory=list)

    @property
    def shortest_pause(self) -> float:
        """Least injected time between two requests of whatever process."""
        times = sorted(self.request_times)
        return min(later - earlier for earlier, later in pairwise(times))
