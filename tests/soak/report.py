"""docs/soak.md: what a soak did and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tests.soak.driver import PACE_SECONDS
from tests.soak.tale import Tale

DAYS_OF_THE_PAGE = 300


def render(tale: Tale, days: int, seed: int, seconds: float) -> str:
    """The report as Markdown."""
    verdict = "Differences were found." if tale.differences else "No difference was found."
    facts = {
        "days": tale.days,
        "updates begun": tale.updates,
        "of them killed with SIGKILL": sum(tale.kills.values()),
        "of them met wrong answers": sum(tale.troubles.values()),
        "of them found PubMed changing meanwhile": tale.changes_meanwhile,
        "updates that committed": tale.committed,
        "days left without a completed update": tale.days_without,
        "published sets looked at": tale.sets,
        "requests": len(tale.request_times),
        "least time between two requests": f"{tale.shortest_pause:.3f} s (pace {PACE_SECONDS} s)",
        "differences": len(tale.differences),
        "time it took": f"{seconds:.0f} s",
    }
    parts = [
        "# The soak",
        "A small made-up PubMed lives through many days; each day `ketum update` reads it over "
        "HTTP with an injected clock, while answers go wrong and processes are killed. A ledger "
        "that shares no code with ketum keeps what the tables must say. This page is written by "
        "the soak itself:",
        f"```sh\nmake soak                                       # {DAYS_OF_THE_PAGE} days\n"
        f".venv/bin/python -m tests.soak --days {days} --seed {seed}\n```",
        f"**{verdict}**",
        *[f"- {line}" for line in tale.differences],
        _table(("what", "how much"), facts.items()),
        "## What happened to records",
        _table(("event", "times"), tale.events.most_common()),
        "## Wrong answers",
        "A wrong answer of the replay server's catalogue comes once, and the update must "
        "survive it (or end, where asking again would be wrong), or always, and then it must end "
        "with the right exit code. Whatever ends early leaves the published set byte for byte as "
        "it was.",
        _table(("answer", "of", "how often", "exit code", "updates"), _told(tale.troubles)),
        "## Kills",
        "`none` is before the end of the first step; a step names the last one that was done.",
        _table(("last finished step", "kills"), tale.kills.most_common()),
        "## What was compared at the end",
        *[
            f"**{kind}**: {', '.join(f'`{t}`' for t in tables)}."
            for kind, tables in tale.compared.items()
        ],
        "Besides, each published set was opened when it came: its member counts, its records "
        "and what it announces as new were held against the ledger of that moment.",
    ]
    return "\n\n".join(parts).replace("\n\n- ", "\n- ") + "\n"


def _told(troubles: Mapping[tuple[str, str, str, int], int]) -> Iterable[tuple[Any, ...]]:
    return sorted((*key, count) for key, count in troubles.items())


def _table(head: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)
