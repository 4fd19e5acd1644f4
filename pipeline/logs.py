"""Messages on stderr, one line each, never a secret: for people at a terminal, JSON elsewhere.

`KETUM_LOG` (text or json) decides where the terminal does not.
"""

from __future__ import annotations

import io
import json
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from pipeline.escaping import for_terminal_lines
from pipeline.settings import Settings


class _WithoutSecrets(logging.Filter):
    """Takes the API key out of any message, should one ever get that far."""

    def __init__(self, secret: str) -> None:
        super().__init__()
        self.secret = secret

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = record.getMessage().replace(self.secret, "[key]")
        record.args = None
        return True


class OneLine(logging.Formatter):
    """A message on one line, with nothing in it that a terminal would obey."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        return for_terminal_lines([record.message])


class JsonLine(logging.Formatter):
    """A message as one line of JSON: at, level, run, message; with a traceback if there is one."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC)
        line = {
            "at": at.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "run": _run[-1] if _run else None,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=True)


class _OnStderr(logging.StreamHandler[TextIO]):
    """Writes to stderr as it is now: where progress is drawn, above it."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        return sys.stderr


_run: list[str] = []
"""Id of the run that is at work in this process, last one last."""


@contextmanager
def of_run(run_id: str) -> Iterator[None]:
    """Messages within the block are of this run."""
    _run.append(run_id)
    try:
        yield
    finally:
        _run.pop()


def ready_streams() -> None:
    """Make the standard streams such that no character and no missing stream ends the program.

    What the terminal's encoding lacks is written as an escape. Where the caller closed a stream
    (`>&-`), the null device takes its place, before a file that is opened gets its number.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(descriptor)
    null = Path(os.devnull)
    sys.stdin = sys.stdin or null.open(encoding="utf-8")
    sys.stdout = sys.stdout or null.open("w", encoding="utf-8")
    sys.stderr = sys.stderr or null.open("w", encoding="utf-8")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def hide_key(settings: Settings) -> None:
    """Take the key out of ketum's messages before any handler, Prefect's too, has them."""
    logger = logging.getLogger("ketum")
    logger.filters[:] = [one for one in logger.filters if not isinstance(one, _WithoutSecrets)]
    if settings.api_key:
        logger.addFilter(_WithoutSecrets(settings.api_key))


def configure(settings: Settings, *, quiet: bool = False) -> None:
    """Send ketum's messages to stderr; with `quiet` only warnings and errors."""
    handler = _OnStderr()
    handler.setFormatter(JsonLine() if _is_json() else OneLine())
    hide_key(settings)
    logger = logging.getLogger("ketum")
    logger.handlers[:] = [handler]
    logger.propagate = False
    logger.setLevel(logging.WARNING if quiet else logging.INFO)


def _is_json() -> bool:
    wanted = os.environ.get("KETUM_LOG") or ("text" if sys.stderr.isatty() else "json")
    return wanted != "text"


def show_in_run(settings: Settings) -> None:
    """Let ketum's messages of every kind reach the log of a Prefect run, without the key.

    The level would else be that of the root logger, which lets only warnings through.
    """
    hide_key(settings)
    logging.getLogger("ketum").setLevel(logging.INFO)
