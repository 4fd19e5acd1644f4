"""Read a reference file in TOML, and say on which line a mistake stands."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigurationError
from pipeline.paths import lines


@lru_cache(maxsize=16)
def _parsed(text: str) -> dict[str, Any]:
    """A text as TOML. Kept, since a run reads each file to check it and again to judge by it."""
    return tomllib.loads(text)


class RuleFile:
    """A reference file in TOML that can say on which line a mistake stands."""

    def __init__(self, path: Path) -> None:
        """Read and parse the file.

        Raises:
            ConfigurationError: it cannot be read, or is no TOML.
        """
        self.path = path
        try:
            raw = path.read_bytes()
            self.text = raw.decode("utf-8")
            self.data = _parsed(self.text)
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(
                f"{path} cannot be read: {error}.",
                effect="Nothing was judged.",
                next_step="restore the file from the repository.",
            ) from error
        except tomllib.TOMLDecodeError as error:
            raise ConfigurationError(
                f"{path} is not valid TOML: {error}.",
                effect="Nothing was judged.",
                next_step=f"correct {path.name} and run again.",
            ) from error
        self.sha256 = hashlib.sha256(raw).hexdigest()

    def error(self, near: str, message: str) -> ConfigurationError:
        """A ConfigurationError naming the first line that contains `near`."""
        told = lines(self.text)
        escaped = near.replace("\\", "\\\\")
        number = next(
            (n for n, line in enumerate(told, 1) if near in line or escaped in line), None
        )
        place = f"{self.path}, line {number}" if number else str(self.path)
        return ConfigurationError(
            f"{place}: {message}.",
            effect="Nothing was judged.",
            next_step=f"correct {self.path.name} and run again.",
        )

    def version(self) -> str:
        version = self.data.get("version")
        if not isinstance(version, str) or not version:
            raise self.error("version", 'a text `version = "..."` is needed')
        return version

    def tables(self, key: str) -> list[dict[str, Any]]:
        """The array of tables under a key; empty when absent."""
        found = self.data.get(key, [])
        if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
            raise self.error(key, f"`{key}` must be written as [[{key}]] tables")
        return found

    def require(self, table: Mapping[str, Any], near: str, **types: type) -> None:
        """See that a table has these keys with these types."""
        for key, wanted in types.items():
            if not isinstance(table.get(key), wanted):
                raise self.error(near, f"`{key}` is missing or not a {wanted.__name__}")

    def allow(self, table: Mapping[str, Any], near: str, keys: set[str]) -> None:
        """See that a table has no key besides these: a misspelt key must not pass unseen."""
        if unknown := sorted(set(table) - keys):
            raise self.error(near, f"unknown key `{unknown[0]}` (known: {', '.join(sorted(keys))})")
