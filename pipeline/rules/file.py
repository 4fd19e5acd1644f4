"""Read a reference file in TOML, and say on which line a mistake stands."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from pipeline.errors import ConfigurationError
from pipeline.storage import lines


class Table(BaseModel):
    """A table of a reference file: unknown keys are refused, as is a value of another type."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


Model = TypeVar("Model", bound=Table)


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
            self.data: dict[str, Any] = tomllib.loads(self.text)
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
        """The version the file states.

        Raises:
            ConfigurationError: it states none.
        """
        version = self.data.get("version")
        if not isinstance(version, str) or not version:
            raise self.error("version", 'a text `version = "..."` is needed')
        return version

    def tables(self, key: str) -> list[dict[str, Any]]:
        """The array of tables under a key; empty when absent.

        Raises:
            ConfigurationError: the key holds something else.
        """
        found = self.data.get(key, [])
        if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
            raise self.error(key, f"`{key}` must be written as [[{key}]] tables")
        return found

    def read(self, model: type[Model], table: Mapping[str, Any], near: str) -> Model:
        """A table of the file as a model.

        Args:
            model: what the table must look like.
            table: the table as parsed.
            near: text that stands in the line to name if the table is wrong.

        Raises:
            ConfigurationError: a key is unknown or missing, or a value does not fit.
        """
        try:
            return model.model_validate(table)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            key = str(first["loc"][-1]) if first["loc"] else ""
            if first["type"] == "extra_forbidden":
                known = sorted(field.alias or name for name, field in model.model_fields.items())
                of_table = f" (known: {', '.join(known)})" if len(first["loc"]) == 1 else ""
                message = f"unknown key `{key}`{of_table}"
            elif first["type"] == "missing":
                message = f"`{key}` is missing"
            else:
                where = ".".join(map(str, first["loc"]))
                message = f"`{where}`: {first['msg'][0].lower()}{first['msg'][1:]}"
            raise self.error(near, message) from None
