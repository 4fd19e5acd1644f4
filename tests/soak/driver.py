"""Day after day: the world changes, ketum updates, and what it published is looked at."""

from __future__ import annotations

import random
import shutil
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from pipeline import verify
from pipeline.errors import EXIT_INCOMPLETE, EXIT_OK, EXIT_SOURCE
from pipeline.rebuild import rebuild
from pipeline.settings import PUBMED_ORIGIN, ROOT, Settings
from tests.soak import compare, published
from tests.soak.attempt import KILLED, Outcome, Updater
from tests.soak.clock import START, SoakClock
from tests.soak.events import KINDS, is_mended
from tests.soak.ledger import Ledger, Update
from tests.soak.plans import CLEAN, Plan, killed, plans
from tests.soak.published import PublishedSet
from tests.soak.tale import Tale
from tests.soak.world import Deck, Event, World

SIZE = 210
"""Kratom records of a long soak: more than one EFetch takes."""
PACE_SECONDS = 0.35
RESUMABLE = (KILLED, EXIT_SOURCE, EXIT_INCOMPLETE)
"""Ends of an update that the next one goes on from."""
REFERENCE = ROOT / "data" / "reference"
LOWERED_MINIMUM = 20


class Soak:
    """One soak in a directory of its own.

    Args:
        base: an empty directory.
        seed: of the world and of what goes wrong.
        size: kratom records to begin with.
    """

    def __init__(self, base: Path, seed: int, size: int = SIZE) -> None:
        self.base = base
        self.clock = SoakClock(base / "clock")
        self.settings = Settings(
            data=base / "data", reference=_reference(base / "reference"), pace_file=base / "pace"
        )
        self.world = World(seed, START.date(), size, KINDS)
        self.ledger = Ledger()
        self.tale = Tale()
        self._rng = random.Random(f"what goes wrong {seed}")
        self._plans = Deck(plans(self._rng), self._rng)
        self._updater = Updater(self.settings, self.clock, base / "clock")
        self._known: set[Path] = set()
        self._killed: set[datetime | None] = set()
        self._compares_with: dict[datetime, list[datetime | None]] = {}
        self._last_done: datetime | None = None
        self._shown_unfinished: list[datetime] = []

    def live(self, days: int) -> None:
        """Let days pass, each with its update."""
        for _ in range(days):
            self.day(self._plans.draw() if self.tale.days else CLEAN)

    def day(self, plan: Plan) -> None:
        """Let one day pass, with this update."""
        self._note(self.world.evolve())
        self._wake()
        self._update_of_the_day(plan)
        self.tale.days += 1

    def close(self) -> None:
        """A last undisturbed update, then compare with ledger, fresh load and rebuild."""
        # so that nothing an unfinished update left still serves, and all that is monthly is due
        self.world.today += timedelta(days=31)
        while is_mended(self.world):  # of a broken record a fresh load has no earlier copy
            pass
        self._wake()
        self._attempt(CLEAN)
        shown = published.latest(self.settings.published)
        assert shown is not None
        self.tale.committed = len(self.ledger.committed)
        self._compared("history against the ledger", compare.history(shown, self.ledger))
        fresh = self._fresh_load()
        self._compared("current state against a fresh load", compare.current(shown, fresh))
        self.rebuild()
        for report in verify.verify(self.settings):
            self._is_true(report.is_whole, f"ketum verify: {report.text()}")
        if self.tale.shortest_pause < PACE_SECONDS - 1e-6:
            self._wrong(f"two requests were {self.tale.shortest_pause} s apart")

    def rebuild(self) -> None:
        """Rebuild in place, and compare with what was there; the next update goes on from it."""
        warehouse = self.settings.warehouse(PUBMED_ORIGIN)
        before = compare.whole(warehouse)
        rebuild(PUBMED_ORIGIN, self.settings, self.clock)
        self._compared("all after a rebuild", compare.rebuilt(before, compare.whole(warehouse)))

    def _wake(self) -> None:
        """Go on to about six in the morning of the world's day."""
        morning = datetime.combine(self.world.today, datetime.min.time()) + timedelta(hours=6)
        self.clock.forward_to(morning + timedelta(minutes=self._rng.randrange(-20, 20)))

    def _update_of_the_day(self, plan: Plan) -> None:
        code = self._attempt(plan)
        if plan.is_twice:
            self._attempt(CLEAN)
        while code != EXIT_OK:
            if self._rng.random() < 0.3:
                self.tale.days_without += 1
                return
            self.clock.sleep(self._rng.choice((0, 0, 60, 7200)))
            code = self._attempt(killed(self._rng) if self._rng.random() < 0.2 else CLEAN)

    def _change(self) -> None:
        self._note(self.world.happen(2))

    def _note(self, events: list[Event]) -> None:
        self.tale.events.update(event.kind for event in events)

    def _attempt(self, plan: Plan) -> int:
        """One update, and a look at what became of it; returns its exit code."""
        shown = published.fingerprint(self.settings.published)
        compares_with = [self._last_done, *self._shown_unfinished]
        outcome = self._updater.attempt(lambda: self.world.records, plan, self._change)
        self.tale.updates += 1
        self.tale.request_times += outcome.seen.times
        self.ledger.add(Update(outcome.as_of, outcome.seen, outcome.code in RESUMABLE))
        if outcome.as_of is not None:
            self._compares_with[outcome.as_of] = compares_with
        self._judge_code(plan, outcome)
        self._look(outcome, shown)
        return outcome.code

    def _judge_code(self, plan: Plan, outcome: Outcome) -> None:
        allowed = frozenset((EXIT_OK,))
        if outcome.code == KILLED and plan.is_kill:
            self.tale.kills[outcome.last_step] += 1
            return
        if (trouble := plan.trouble) and outcome.seen.spoilt:
            allowed = trouble.codes
            key = (trouble.fault.case.name, trouble.tool, trouble.how_often, outcome.code)
            self.tale.troubles[key] += 1
        if plan.change_at_request:  # what was listed may be gone when it is asked for
            allowed |= {EXIT_INCOMPLETE}
            self.tale.changes_meanwhile += 1
        if outcome.code not in allowed:
            self._wrong(f"exit code {outcome.code} of {plan}: {outcome.told}")

    def _look(self, outcome: Outcome, shown: str) -> None:
        """Look at every set that is new, and see that nothing else became of `latest`."""
        new = [s for s in published.sets(self.settings.published) if s.directory not in self._known]
        for fresh in new:
            self._known.add(fresh.directory)
            self.tale.sets += 1
            with fresh.open() as con:
                committed = {row[0] for row in con.execute("SELECT as_of FROM ops.runs").fetchall()}
            self.ledger.settle(committed)
            expected = self._compares_with[fresh.as_of]
            for line in compare.published_set(fresh, self.ledger, expected):
                self._wrong(line)
        latest = published.latest(self.settings.published)
        if outcome.code == EXIT_OK:
            self._last_done, self._shown_unfinished = outcome.as_of, []
            self._is_true(latest and latest.as_of == outcome.as_of, f"latest is {latest}")
            stale = self.ledger.outdated()
            self._is_true(not stale, f"records changed and were not read again: {stale}")
            self._is_true(not self.ledger.is_full_read_overdue(), "a full read is overdue")
            return
        if outcome.code == KILLED:
            self._killed.add(outcome.as_of)
        self._is_true(
            all(fresh.as_of in self._killed for fresh in new), f"a failed update published {new}"
        )
        is_same = published.fingerprint(self.settings.published) == shown
        self._is_true(new or is_same, "an update that ended early touched what is published")
        self._shown_unfinished += [fresh.as_of for fresh in new]

    def _fresh_load(self) -> PublishedSet:
        """What ketum says of the world as it is, without a past."""
        apart = replace(self.settings, data=self.base / "fresh")
        updater = Updater(apart, self.clock, self.base / "clock")
        outcome = updater.attempt(lambda: self.world.records, CLEAN)
        self.tale.request_times += outcome.seen.times
        loaded = published.latest(apart.published)
        assert loaded is not None, outcome.told
        return loaded

    def _compared(self, kind: str, result: tuple[list[str], list[str]]) -> None:
        differences, tables = result
        self.tale.compared[kind] = tables
        for line in differences:
            self._wrong(f"{kind}: {line}")

    def _is_true(self, claim: object, otherwise: str) -> None:
        if not claim:
            self._wrong(otherwise)

    def _wrong(self, what: str) -> None:
        self.tale.differences.append(f"day {self.tale.days}: {what}")


def _reference(path: Path) -> Path:
    """The reference files with a lower bound that this small world can meet."""
    shutil.copytree(REFERENCE, path)
    topics = path / "topics.toml"
    text = topics.read_text(encoding="utf-8")
    lowered = text.replace("minimum = 300", f"minimum = {LOWERED_MINIMUM}")
    assert lowered != text
    topics.write_text(lowered, encoding="utf-8")
    return path
