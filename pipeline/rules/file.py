"""Read a reference file in TOML, and say on which line a mistake stands."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.errors import ConfigurationError
from pipeline.storage import lines

Names = Annotated[tuple[str, ...], Field(strict=False)]
"""A list of texts in the file."""


class Table(BaseModel):
    """A table of a reference file: unknown keys are refused, as is a value of another type.

    Attributes:
        named_by: the field that tells it from others of its kind; a mistake in the table is
            reported with the line of that field.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    named_by: ClassVar[str] = "name"

    @classmethod
    def line_of(cls, table: Mapping[str, Any]) -> str:
        """What stands in the line that names a table of the file."""
        named = cls.model_fields.get(cls.named_by)
        key = (named and named.alias) or cls.named_by
        return f"{key} = {json.dumps(table.get(key), ensure_ascii=False)}"

    @property
    def line(self) -> str:
        """What stands in the line that names this table: for `RuleFile.error`."""
        return self.line_of(self.model_dump(include={self.named_by}, by_alias=True))


Model = TypeVar("Model", bound=Table)


class RuleFile:
    """A reference file in TOML that can say on which line a mistake stands."""

    def __init__(self, path: Path) -> None:
        """Read and parse the file.

        Raises:
            ConfigurationError: it cannot be read, or is not TOML.
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

    def error(self, near: str | int, message: str) -> ConfigurationError:
        """A ConfigurationError naming a line: of this number, or the first that contains `near`."""
        number: int | None
        if isinstance(near, int):
            number = near
        else:
            escaped = near.replace("\\", "\\\\")
            numbered = enumerate(lines(self.text), 1)
            number = next((n for n, line in numbered if near in line or escaped in line), None)
        place = f"{self.path}, line {number}" if number else str(self.path)
        return ConfigurationError(
            f"{place}: {message}.",
            effect="Nothing was judged.",
            next_step=f"correct {self.path.name} and run again.",
        )

    def require(
        self,
        near: str,
        what: str,
        given: Iterable[str],
        known: Collection[str],
        *,
        lists: bool = False,
    ) -> None:
        """See that everything given is known; `lists` names in the error what is.

        Raises:
            ConfigurationError: naming the first that is not known.
        """
        for one in given:
            if one not in known:
                listed = f" (known: {', '.join(known)})" if lists else ""
                raise self.error(near, f"unknown {what} `{one}`{listed}")

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

    def read_all(self, key: str, model: type[Model]) -> tuple[Model, ...]:
        """The tables under a key as models.

        Raises:
            ConfigurationError: one does not look like the model.
        """
        return tuple(self.read(model, table) for table in self.tables(key))

    def read(self, model: type[Model], table: Mapping[str, Any], near: str | None = None) -> Model:
        """A table of the file as a model.

        Args:
            model: what the table must look like.
            table: the table as parsed.
            near: text that stands in the line to name if the table is wrong; by default the
                line with its name.

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
                said = first["msg"].replace("tuple", "list").replace("frozenset", "list")
                message = f"`{where}`: {said[0].lower()}{said[1:]}"
            raise self.error(near or _line_of(model, table, first["loc"]), message) from None


def _line_of(model: type[Table], table: Mapping[str, Any], place: Sequence[str | int]) -> str:
    """What stands in the line of a table, or of the one within it that has the fault."""
    line, within = model.line_of(table), table
    for step in place[:-1]:
        within = within[step]  # type: ignore[index]
        if isinstance(within, dict) and within:
            key, value = next(iter(within.items()))
            line = f"{key} = {json.dumps(value, ensure_ascii=False, default=str)}"
    return line
