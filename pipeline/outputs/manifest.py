"""Every relation as files under tables/, and manifest.json, which says what a set holds.

The manifest is a Frictionless data package.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline import progress
from pipeline.escaping import FORMULA, for_json
from pipeline.settings import PUBMED_ORIGIN
from pipeline.storage import literal, sha256_of

if TYPE_CHECKING:
    import duckdb

    from pipeline.outputs.receipt import Receipt

SCHEMAS = ("core", "evidence", "marts", "ops")
# raw bytes, a view as large as all texts together, and the program's own notes; all of them
# are in ketum.duckdb
NOT_EXPORTED = {"ops.quarantine", "core.article_words", "ops.judged"}
FORMATS = ("parquet", "csv")


class Exported(NamedTuple):
    """One relation as exported: its fields as (name, type, comment) and its rows."""

    relation: str
    comment: str
    fields: list[tuple[str, str, str]]
    row_count: int


def export_all(
    con: duckdb.DuckDBPyConnection, directory: Path, kept: Mapping[str, int]
) -> list[Exported]:
    """Write `<schema>.<relation>.parquet` and `.csv` for every table and view.

    CSV: UTF-8 with header; lists as JSON; text that a spreadsheet would run as a
    formula gets a leading apostrophe. Parquet holds the values as they are.

    Args:
        con: the set's tables.
        directory: where to write.
        kept: relations whose files are there already, with their rows.
    """
    rows = con.execute(
        """
        SELECT c.schema_name, c.table_name, coalesce(t.comment, v.comment, ''),
            list([c.column_name, c.data_type, coalesce(c.comment, '')] ORDER BY c.column_index)
        FROM duckdb_columns() AS c
        LEFT JOIN duckdb_tables() AS t USING (database_name, schema_name, table_name)
        LEFT JOIN duckdb_views() AS v
            ON v.database_name = c.database_name AND v.schema_name = c.schema_name
            AND v.view_name = c.table_name
        WHERE c.database_name = current_database() AND list_contains(?, c.schema_name)
        GROUP BY ALL ORDER BY 1, 2
        """,
        [list(SCHEMAS)],
    ).fetchall()
    exported = []
    for number, (schema, table, comment, columns) in enumerate(rows):
        progress.note(number, len(rows), "tables")
        relation = f"{schema}.{table}"
        if relation in NOT_EXPORTED:
            continue
        fields = [(name, data_type, remark) for name, data_type, remark in columns]
        if relation in kept:
            exported.append(Exported(relation, comment, fields, kept[relation]))
            continue
        target = directory / relation
        parquet, text = (literal(target.with_name(f"{relation}.{kind}")) for kind in FORMATS)
        con.execute(f"COPY {relation} TO {parquet} (FORMAT parquet, COMPRESSION zstd)")
        con.execute(
            f"COPY (SELECT {', '.join(_csv_column(*field) for field in fields)} FROM {relation}) "
            f"TO {text} (FORMAT csv, HEADER true)"
        )
        count = con.execute(f"SELECT count(*) FROM {relation}").fetchone()
        assert count is not None
        exported.append(Exported(relation, comment, fields, int(count[0])))
    return exported


def _csv_column(name: str, data_type: str, _remark: str) -> str:
    if data_type.endswith("[]"):
        value = f"to_json({name})::VARCHAR"
    elif data_type == "VARCHAR":
        value = name
    else:
        return name
    guarded = f"regexp_matches({value}, '{FORMULA}')"
    return f"CASE WHEN {guarded} THEN '''' || {value} ELSE {value} END AS {name}"


_NAME = "ketum"
_HASH = re.compile(r"sha256:([0-9a-f]{64})")
_WITHIN = re.compile(r"(?!/)(?!(?:.*/)?\.\.?(?:/|$))[^\0]+")
"""A path that stays below the directory it is read from."""
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
) -> str:
    """The manifest as JSON text. `sums` maps file name to (sha256, bytes)."""
    relations = {e.relation: e for e in exported}
    resources: list[dict[str, Any]] = []
    for name, (digest, size) in sums.items():
        stem = Path(name).stem if name.startswith("tables/") else ""
        resource: dict[str, Any] = {
            "name": name.removeprefix("tables/").replace("/", "-").lower(),
            "path": name,
            "format": Path(name).suffix.lstrip("."),
            "bytes": size,
            "hash": f"sha256:{digest}",
        }
        if stem in relations:
            found = relations[stem]
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
        },
        "resources": resources,
    }
    return for_json(json.dumps(package, indent=1, ensure_ascii=False)) + "\n"


@dataclass(frozen=True)
class StatedFile:
    """What a manifest states of one file; `row_count` of a relation's."""

    sha256: str
    size: int
    row_count: int | None


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
        if name != PurePosixPath(name).as_posix() or not _WITHIN.fullmatch(name):
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
        digest[1], _number(resource["bytes"]), None if rows is None else _number(rows)
    )


def faults(directory: Path, manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Each file that is not as its manifest states it: (name, what is wrong, as a sentence)."""
    for name in manifest.files:
        if fault := fault_of(directory, name, manifest.files[name]):
            yield name, fault


def fault_of(directory: Path, name: str, stated: StatedFile) -> str | None:
    """What is wrong with one file of a set; None if it is as stated."""
    path = directory / name
    if path.is_symlink() or not path.is_file():
        return f"{name} is missing."
    if (size := path.stat().st_size) != stated.size:
        return f"{name} has {size} bytes, not {stated.size}."
    try:
        digest = sha256_of(path)
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
