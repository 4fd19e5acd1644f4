"""manifest.json, which says what a set holds: a Frictionless data package."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline.escaping import for_json
from pipeline.settings import PUBMED_ORIGIN
from pipeline.storage import sha256_of

if TYPE_CHECKING:
    from pipeline.outputs.receipt import Receipt


class Part(NamedTuple):
    """A part of a large table: its rows, and a fingerprint of what they say."""

    row_count: int
    fingerprint: str


class Exported(NamedTuple):
    """One relation as exported: its fields as (name, type, comment) and its rows.

    `parts` are the files of a large one, by their names within the set.
    """

    relation: str
    comment: str
    fields: list[tuple[str, str, str]]
    row_count: int
    parts: Mapping[str, Part] = MappingProxyType({})


_NAME = "ketum"
_HASH = re.compile(r"sha256:([0-9a-f]{64})")
_WITHIN = re.compile(r"(?s)(?!/)(?!.*(?://|/\Z))(?!(?:.*/)?\.\.?(?:/|\Z))[^\0]+")
"""A path that stays below the directory it is read from, and is written in one way alone."""
_TYPES = {
    "INTEGER": "integer", "SMALLINT": "integer", "BIGINT": "integer", "BOOLEAN": "boolean",
    "DATE": "date", "TIMESTAMP": "datetime", "VARCHAR": "string",
}  # fmt: skip

LICENCE = (
    "Bibliographic data: courtesy of the U.S. National Library of Medicine; NLM claims no "
    "copyright in it and does not endorse this product. Abstracts may be protected by "
    "copyright of their publishers or authors; no licence for them is given here."
)


def render(
    of_run: Receipt,
    exported: list[Exported],
    sums: dict[str, tuple[str, int]],
    version: str,
    parts_made_by: str | None = None,
) -> str:
    """The manifest as JSON text.

    Args:
        of_run: what the set is of.
        exported: the relations among its files.
        sums: name of each file to its SHA-256 and bytes.
        version: of ketum.
        parts_made_by: fingerprint of what wrote the parts of large tables, if there are any.
    """
    relations = {e.relation: e for e in exported}
    resources: list[dict[str, Any]] = []
    for name, (digest, size) in sums.items():
        relation = relation_of(name)
        resource: dict[str, Any] = {
            "name": name.removeprefix("tables/").replace("/", "-").lower(),
            "path": name,
            "format": Path(name).suffix.lstrip("."),
            "bytes": size,
            "hash": f"sha256:{digest}",
        }
        found = relations.get(relation or "")
        if found and name in found.parts:
            part = found.parts[name]
            resource["description"] = f"Part of {relation}: PMIDs {Path(name).stem}"
            resource["rowCount"] = part.row_count
            resource["fingerprint"] = part.fingerprint
        elif found:
            resource["description"] = found.comment
            resource["rowCount"] = found.row_count
            resource["schema"] = {
                "fields": [
                    {"name": n, "type": _TYPES.get(t, "any"), "description": remark}
                    for n, t, remark in found.fields
                ]
            }
        resources.append(resource)
    from pipeline.warehouse.database import CONTRACT_VERSION  # reading a manifest needs no DuckDB

    source = (
        {
            "title": "PubMed, U.S. National Library of Medicine",
            "path": "https://pubmed.ncbi.nlm.nih.gov/",
        }
        if of_run.origin == PUBMED_ORIGIN
        else {"title": f"PubMed records from local files ({of_run.origin})"}
    )
    package = {
        "profile": "tabular-data-package",
        "name": _NAME,
        "id": of_run.set_id,
        "title": "Published evidence on mitragynine (kratom) and pain, by study type and year",
        "description": of_run.statement,
        "created": of_run.as_of.isoformat() + "Z",
        "version": version,
        "sources": [source],
        "licenses": [{"name": "other", "title": LICENCE}],
        "ketum": {
            "origin": of_run.origin,
            "run_id": of_run.run_id,
            "as_of": of_run.as_of.isoformat(),
            "contract_version": CONTRACT_VERSION,
            "searches": of_run.searches,
            **({"parts_made_by": parts_made_by} if parts_made_by else {}),
        },
        "resources": resources,
    }
    return for_json(_lines(package)) + "\n"


def _lines(package: dict[str, Any]) -> str:
    """JSON with a line a resource: Python writes indented JSON itself, ten times slower."""
    resources = ",\n  ".join(json.dumps(one, ensure_ascii=False) for one in package["resources"])
    values = {name: json.dumps(value, ensure_ascii=False) for name, value in package.items()}
    values["resources"] = f"[\n  {resources}\n ]"
    return "{\n" + ",\n".join(f' "{name}": {value}' for name, value in values.items()) + "\n}"


@dataclass(frozen=True)
class StatedFile:
    """What a manifest states of one file; `row_count` of a relation's or a part's."""

    sha256: str
    size: int
    row_count: int | None
    fingerprint: str | None = None


@dataclass(frozen=True)
class Manifest:
    """What a published set says of itself; every value has the type it should have."""

    set_id: str
    origin: str
    run_id: str
    as_of: datetime
    description: str
    contract_version: int
    searches: dict[str, dict[str, int]]
    files: dict[str, StatedFile]
    parts_made_by: str | None = None

    def row_counts(self) -> dict[str, int]:
        """The rows of each relation among its files."""
        found: dict[str, int] = {}
        for name, file in self.files.items():
            relation = relation_of(name)
            if relation is None or file.row_count is None:
                continue
            is_part = name.count("/") > 1
            found[relation] = file.row_count + (found.get(relation, 0) if is_part else 0)
        return found


def relation_of(name: str) -> str | None:
    """The relation that a file of a set is of, whole or in part."""
    match PurePosixPath(name).parts:
        case ("tables", file):
            return PurePosixPath(file).stem
        case ("tables", relation, _):
            return relation
    return None


class OddManifestError(ValueError):
    """There is no manifest that ketum wrote; the text says in a few words why."""


def read(directory: Path) -> Manifest:
    """The manifest of a published set.

    Raises:
        OddManifestError: it is missing, cannot be read, is no JSON, lacks something, or names
            files outside of the set.
    """
    path = directory / "manifest.json"
    try:
        now = path.stat()
    except OSError:
        return _read(path, ())  # which says why
    return _read(path, (now.st_ino, now.st_mtime_ns, now.st_size))


@lru_cache(maxsize=64)
def _read(path: Path, _state: tuple[int, ...]) -> Manifest:
    """A manifest as it stands on disk; a run looks at those of all sets several times."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["name"] != _NAME:
            raise OddManifestError(f"manifest.json is of a package {found['name']!r}, not ketum's")
        own = found["ketum"]
        manifest = Manifest(
            _text(found["id"]),
            _text(own["origin"]),
            _text(own["run_id"]),
            datetime.fromisoformat(own["as_of"]),
            _text(found["description"]),
            _number(own.get("contract_version", 0)),
            {
                name: {key: _number(count) for key, count in counts.items()}
                for name, counts in own["searches"].items()
            },
            {_text(resource["path"]): _stated(resource) for resource in found["resources"]},
            own.get("parts_made_by"),
        )
    except (FileNotFoundError, NotADirectoryError):
        raise OddManifestError("there is no manifest.json") from None
    except OSError as error:
        raise OddManifestError(f"manifest.json cannot be read ({error.strerror})") from None
    except KeyError as error:
        raise OddManifestError(f"manifest.json lacks {error}") from None
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise OddManifestError(f"manifest.json is no JSON ({error})") from None
    except OddManifestError:
        raise
    except (TypeError, AttributeError, ValueError) as error:
        raise OddManifestError(f"manifest.json has another shape than ketum's ({error})") from None
    if manifest.as_of.tzinfo is not None:
        raise OddManifestError("manifest.json has a time with a zone")
    if not manifest.files:
        raise OddManifestError("manifest.json states no file")
    for name in manifest.files:
        if not _WITHIN.fullmatch(name):
            raise OddManifestError(f"manifest.json names {name!r}, which is no file of a set")
    return manifest


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r:.40} is no text")
    return value


def _number(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(f"{value!r:.40} is no number")
    return value


def _stated(resource: dict[str, Any]) -> StatedFile:
    digest = _HASH.fullmatch(resource["hash"])
    if digest is None:
        raise OddManifestError(f"manifest.json has a hash {resource['hash']!r:.40}")
    rows = resource.get("rowCount")
    return StatedFile(
        digest[1],
        _number(resource["bytes"]),
        None if rows is None else _number(rows),
        resource.get("fingerprint"),
    )


def faults(directory: Path, manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Each file that is not as its manifest states it: (name, what is wrong, as a sentence)."""
    for name in manifest.files:
        if fault := fault_of(directory, name, manifest.files[name]):
            yield name, fault


def fault_of(
    directory: Path, name: str, stated: StatedFile, digest: str | None = None
) -> str | None:
    """What is wrong with one file of a set; None if it is as stated.

    Args:
        directory: of the set.
        name: of the file, within it.
        stated: what the set states of it.
        digest: its SHA-256, where that was just taken.
    """
    path = directory / name
    if path.is_symlink() or not path.is_file():
        return f"{name} is missing."
    if (size := path.stat().st_size) != stated.size:
        return f"{name} has {size} bytes, not {stated.size}."
    try:
        digest = digest or sha256_of(path)
    except OSError as error:
        return f"{name} cannot be read ({error.strerror})."
    if digest != stated.sha256:
        return f"{name} does not have the SHA-256 of the manifest."
    return None


def is_readable(directory: Path) -> bool:
    """Whether a directory has a manifest of ketum's; its files are not looked at."""
    try:
        read(directory)
    except OddManifestError:
        return False
    return True


def damage(directory: Path) -> str | None:
    """Why a directory is no whole set of ketum's, as a sentence; None if it is."""
    try:
        manifest = read(directory)
    except OddManifestError as error:
        return f"{error}."
    return next((fault for _, fault in faults(directory, manifest)), None)
