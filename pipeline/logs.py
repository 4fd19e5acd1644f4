"""Messages for people: stderr, one line each, never a secret."""

from __future__ import annotations

import io
import logging
import os
import sys
from pathlib import Path

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
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneLine())
    hide_key(settings)
    logger = logging.getLogger("ketum")
    logger.handlers[:] = [handler]
    logger.propagate = False
    logger.setLevel(logging.WARNING if quiet else logging.INFO)
