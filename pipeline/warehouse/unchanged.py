"""Whether a run found anything that the run before had not: one fingerprint decides.

It covers the answers (hence memberships), the records, those that could not be read, PubMed's
own counts, the reference files, the schema, the program, and the year of the search, which moves
the marks of partial years.
"""

from __future__ import annotations

import hashlib
import json

from pipeline.run import Run
from pipeline.warehouse.database import program_files


def content(run: Run) -> str:
    """SHA-256 over everything that judgements and tables depend on, as hex digits."""
    digest = hashlib.sha256()
    for path in program_files(run.settings.sql):
        digest.update(path.read_bytes())
    digest.update(json.dumps([run.journal.reference, run.as_of.year]).encode())
    for search in run.searches:
        answer = run.answers.get(search.name)
        digest.update(f"{search.name} {answer.pmids if answer else None}".encode())
    rows = run.con.execute(
        """
        SELECT pmid, pmid_version, record_source, record_sha256 FROM core.articles
        UNION ALL
        SELECT pmid, pmid_version, 'other version', record_sha256 FROM core.article_versions
        ORDER BY ALL
        """
    ).fetchall()
    digest.update(repr(rows).encode())
    unread = run.con.execute("SELECT * FROM ops.unread_records ORDER BY ALL").fetchall()
    digest.update(repr(unread).encode())
    counts = run.con.execute("SELECT * FROM ops.denominators ORDER BY ALL").fetchall()
    digest.update(repr(counts).encode())
    return digest.hexdigest()


def last_content(run: Run) -> str | None:
    """The content of the last committed run; None for the first."""
    last = run.con.execute(
        "SELECT content_sha256 FROM ops.runs ORDER BY as_of DESC LIMIT 1"
    ).fetchone()
    return None if last is None else str(last[0])
