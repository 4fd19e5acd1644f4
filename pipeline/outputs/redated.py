"""Files of the set before in which nothing but the name and date of the set differs.

A run that found nothing new takes over their text with its own name and date in it. Each file is
taken as the manifest of the set before states it, or not at all.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import duckdb

from pipeline.outputs import marts
from pipeline.outputs.manifest import Manifest, StatedFile


def csv(
    con: duckdb.DuckDBPyConnection,
    previous: Path,
    building: Path,
    before: Manifest,
    relation: str,
) -> None:
    """Write the CSV of a mart of which only the columns of `marts.DATED` moved, if it can be told.

    They must be its last, so that they end each line; a text that ends a line so is one too many.

    Args:
        con: the warehouse, whose marts are those of the new set.
        previous: the set before.
        building: the new set.
        before: what the set before states.
        relation: the mart, with its schema.
    """
    name = f"tables/{relation}.csv"
    stated = before.files.get(name)
    columns = [one[0] for one in con.execute(f"FROM {relation} LIMIT 0").description or []]
    row = con.execute(
        f"SELECT count(*), any_value(as_of_date), any_value(set_id) FROM {relation}"  # noqa: S608
    ).fetchone()
    if stated is None or row is None or tuple(columns[-2:]) != marts.DATED:
        return
    count, date, set_id = row
    body = _as_stated(previous / name, stated)
    old, new = (
        f",{day},{name}\n".encode()
        for day, name in ((before.as_of.date(), before.set_id), (date, set_id))
    )
    if body is not None and body.count(old) == count == stated.row_count:
        (building / name).write_bytes(body.replace(old, new))


def feeds(previous: Path, building: Path, before: Manifest, set_id: str) -> bool:
    """Write all feeds, which say the name of their set once each; False if they must be made.

    Args:
        previous: the set before.
        building: the new set.
        before: what the set before states.
        set_id: name of the new set.
    """
    old, new = (f"<subtitle>Set {name}. ".encode() for name in (before.set_id, set_id))
    bodies: dict[str, bytes] = {}
    for name, stated in before.files.items():
        if name.startswith("feed"):
            body = _as_stated(previous / name, stated)
            if body is None or (name.endswith(".atom") and body.count(old) != 1):
                return False
            bodies[name] = body.replace(old, new)
    for name, body in bodies.items():
        (building / name).parent.mkdir(parents=True, exist_ok=True)
        (building / name).write_bytes(body)
    return bool(bodies)


def _as_stated(path: Path, stated: StatedFile) -> bytes | None:
    try:
        body = path.read_bytes()
    except OSError:
        return None
    return body if hashlib.sha256(body).hexdigest() == stated.sha256 else None
