"""manifest.json: a Frictionless data package that says what a published set holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pipeline.journal import Journal
from pipeline.outputs.escaping import for_json
from pipeline.outputs.exports import Exported
from pipeline.outputs.receipt import Receipt
from pipeline.pubmed.archive import sha256_of
from pipeline.settings import PUBMED_ORIGIN
from pipeline.warehouse.database import CONTRACT_VERSION

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
    journal: Journal,
    told: Receipt,
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
    source = (
        {
            "title": "PubMed, U.S. National Library of Medicine",
            "path": "https://pubmed.ncbi.nlm.nih.gov/",
        }
        if journal.origin == PUBMED_ORIGIN
        else {"title": f"PubMed records from local files ({journal.origin})"}
    )
    package = {
        "profile": "tabular-data-package",
        "name": "ketum",
        "id": journal.set_id,
        "title": "Published evidence on mitragynine (kratom) and pain, by study type and year",
        "description": told.statement,
        "created": journal.as_of + "Z",
        "version": version,
        "sources": [source],
        "licenses": [{"name": "other", "title": LICENCE}],
        "ketum": {
            "origin": journal.origin,
            "run_id": journal.run_id,
            "as_of": journal.as_of,
            "contract_version": CONTRACT_VERSION,
            "searches": told.searches,
        },
        "resources": resources,
    }
    return for_json(json.dumps(package, indent=1, ensure_ascii=False)) + "\n"


def read(path: Path) -> dict[str, Any]:
    """A manifest, or an empty one where there is none."""
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def hashes(path: Path) -> dict[str, str]:
    """File name to SHA-256, as a manifest states them."""
    return {
        resource["path"]: resource["hash"].removeprefix("sha256:")
        for resource in read(path).get("resources", [])
    }


def is_whole(directory: Path) -> bool:
    """Whether a published set holds every file its manifest states, unchanged."""
    stated = hashes(directory / "manifest.json")
    return bool(stated) and all(
        (directory / name).is_file() and sha256_of(directory / name) == digest
        for name, digest in stated.items()
    )


def origin(path: Path) -> str | None:
    """The origin of a published set."""
    found = read(path).get("ketum", {}).get("origin")
    return str(found) if found is not None else None
