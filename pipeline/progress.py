"""How far a long step is, on a terminal: shown once it has taken two seconds, and gone at its end.

Code that works through many things calls `note(done, total)`; the driver of a step puts
`of("judge")` around it; only the command line calls `show`. Without a terminal, all of this does
nothing. `rich` draws, and is imported by the first step that takes that long.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock, Timer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.live import Live
    from rich.table import Table

DELAY = 2.0
"""Seconds that a step takes before anything is shown."""

_REFRESHED = 4  # times a second
_BAR_WIDTH = 24


class Bar:
    """One step under way.

    Attributes:
        what: its name.
        done: how many things are done.
        total: of how many; None where that is not known.
        unit: what they are, in the plural.
    """

    def __init__(self, what: str, now: float) -> None:
        self.what = what
        self.began = now
        self.done = 0
        self.total: int | None = None
        self.unit = ""
        self._noted_from = now
        self._lock = Lock()
        self._live: Live | None = None
        self._is_over = False

    def note(self, done: int, total: int | None, unit: str, now: float) -> None:
        """Note how far the step is; another unit begins a new count."""
        if unit != self.unit or done < self.done:
            self._noted_from = now
        self.done, self.total, self.unit = done, total, unit

    def text(self, now: float) -> str:
        """The step, how much is done, how fast, and how long the rest will take."""
        if not self.unit:
            return f"{self.what}  {_clock(now - self.began)}"
        amount = f"{self.done:,}" if self.total is None else f"{self.done:,} of {self.total:,}"
        parts = [self.what, f"{amount} {self.unit}"]
        rate = self.done / (now - self._noted_from) if now > self._noted_from else 0.0
        if rate:
            parts.append(f"{rate:,.0f} a second" if rate >= 1 else f"{60 * rate:,.0f} a minute")
            if self.total is not None:
                parts.append(f"{_clock((self.total - self.done) / rate)} left")
        return "  ".join(parts)

    def show(self) -> None:
        """Begin to draw, unless the step is over."""
        from rich.console import Console
        from rich.live import Live

        with self._lock:
            if not self._is_over:
                self._live = Live(
                    get_renderable=self._drawn,
                    console=Console(file=sys.stderr),
                    refresh_per_second=_REFRESHED,
                    transient=True,
                    redirect_stdout=False,
                )
                self._live.start()

    def end(self) -> None:
        """Take away what was drawn."""
        with self._lock:
            self._is_over = True
            if self._live is not None:
                self._live.stop()

    def _drawn(self) -> Table:
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        row = Table.grid(padding=(0, 1))
        bar = [ProgressBar(self.total, self.done, width=_BAR_WIDTH)] if self.total else []
        row.add_row(Text(self.text(time.monotonic())), *bar)
        return row


_is_shown = False
_bar: Bar | None = None


def show(wanted: bool) -> None:
    """Say, once a process, whether anybody is there to see it."""
    global _is_shown
    _is_shown = wanted


@contextmanager
def of(what: str) -> Iterator[None]:
    """A step, which may take long; one within another is shown as the outer one."""
    global _bar
    if not _is_shown or _bar is not None:
        yield
        return
    bar = _bar = Bar(what, time.monotonic())
    timer = Timer(DELAY, bar.show)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        _bar = None
        timer.cancel()
        bar.end()


def note(done: int, total: int | None = None, unit: str = "records") -> None:
    """Say how far the step at work is."""
    if _bar is not None:
        _bar.note(done, total, unit, time.monotonic())


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
