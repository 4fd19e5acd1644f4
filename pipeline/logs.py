"""Messages for people: stderr, one line each, never a secret."""

from __future__ import annotations

import logging
import sys

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


def configure(settings: Settings, *, quiet: bool = False) -> None:
    """Send ketum's messages to stderr; with `quiet` only warnings and errors."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    if settings.api_key:
        handler.addFilter(_WithoutSecrets(settings.api_key))
    logger = logging.getLogger("ketum")
    logger.handlers[:] = [handler]
    logger.propagate = False
    logger.setLevel(logging.WARNING if quiet else logging.INFO)
