"""The pages of the last set of an origin, kept for days that find nothing new.

Such a day shows what the day before showed, under another date. So the pages without a date are
kept beside the sets, and are reused where nothing that they were made of has changed (`_key`).
The templates and their library are not even loaded then.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from contextlib import suppress
from dataclasses import asdict
from importlib.metadata import version as version_of
from pathlib import Path

import duckdb

from pipeline.outputs import marts
from pipeline.outputs.page import dated
from pipeline.outputs.page.dated import Pages, dumped
from pipeline.storage import write_atomically
from pipeline.warehouse.fingerprint import of_rows

OUTPUTS = Path(__file__).parent.parent
"""The modules, templates and programs that pages are made by, with those that make tables."""
_LIBRARIES = ("jinja2", "markupsafe")


def write(
    con: duckdb.DuckDBPyConnection,
    directory: Path,
    sql: Path,
    kept: Path,
    site: str | None = None,
    *,
    is_unchanged: bool,
) -> bool:
    """Write both pages of a set; they are made anew only where more than the date differs.

    Args:
        con: the set's tables.
        directory: of the set.
        sql: the SQL files that made its tables.
        kept: directory for the pages of the origin's last set, without their date.
        site: address at which the latest set is served, which feeds depend on.
        is_unchanged: the set's run found what the run before it found.

    Returns:
        whether they are those of the set before, from which nothing that readers see differs.
    """
    runs = [row[0] for row in con.execute("SELECT run_id FROM ops.runs ORDER BY as_of").fetchall()]
    key = _key(con, sql, site)
    own = kept / f"{runs[-1]}.json"  # is there if that run died before its set was in place
    pages = None
    if is_unchanged:
        if len(runs) > 1 and not own.exists():
            with suppress(OSError):
                (kept / f"{runs[-2]}.json").rename(own)
        pages = _take(own, key)
    is_kept = pages is not None
    if pages is None:
        from pipeline.outputs.page.render import render  # with the library of the templates

        pages = render(con)
        _keep(own, key, pages)
    dated.write(con, directory, pages)
    return is_kept


def _key(con: duckdb.DuckDBPyConnection, sql: Path, site: str | None) -> str:
    """SHA-256 over all that the pages depend on, but for the date and name of their set.

    What a run found decides its tables (`fingerprint.found_sha256`), except those that say
    something of the run itself. Of these the rows count, without their date and the sentence that
    has it (the page says its own, of the other columns); of the log, which has each run, what the
    page shows: the last of each search.
    """
    ((found,),) = con.execute(
        "SELECT content_sha256 FROM ops.runs ORDER BY as_of DESC LIMIT 1"
    ).fetchall()
    digest = hashlib.sha256(f"{found} {site} {zlib.ZLIB_RUNTIME_VERSION}".encode())
    for library in _LIBRARIES:
        digest.update(f" {library} {version_of(library)}".encode())
    for path in sorted(OUTPUTS.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(path.relative_to(OUTPUTS).as_posix().encode() + path.read_bytes())
    undated = f"COLUMNS(lambda one: one NOT IN {(*marts.DATED, 'sentence')})"
    for table, dates in marts.moving(sql).items():
        if table == "marts.search_log" or dates:
            continue  # its dates are all that moves
        digest.update(of_rows(con, f"SELECT {undated} FROM {table}"))  # noqa: S608
    digest.update(of_rows(con, _LAST_SEARCHES))
    return digest.hexdigest()


_LAST_SEARCHES = """
SELECT DISTINCT ON (search) * EXCLUDE (searched_at),
    nullif(searched_at, (SELECT max(as_of) FROM ops.runs)) AS searched_before
FROM marts.search_log ORDER BY searched_at DESC
"""


def _take(path: Path, key: str) -> Pages | None:
    """Kept pages, if they were made of the same and are as they were written; else None."""
    try:
        stated, _, body = path.read_text(encoding="utf-8").partition("\n")
    except (OSError, UnicodeDecodeError):
        return None
    return Pages(**json.loads(body)) if stated == _stated(key, body) else None


def _keep(path: Path, key: str, pages: Pages) -> None:
    body = dumped(asdict(pages))
    with suppress(OSError):  # it only saves work
        for old in path.parent.glob("*.json"):
            old.unlink()
        write_atomically(path, f"{_stated(key, body)}\n{body}".encode())


def _stated(key: str, body: str) -> str:
    return f"{key} {hashlib.sha256(body.encode()).hexdigest()}"
