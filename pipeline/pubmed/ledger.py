"""What a run notes of each EFetch body, and what it can take over from one that died."""

from __future__ import annotations

from datetime import timedelta

from pipeline import journal as journals
from pipeline.errors import EXIT_INCOMPLETE, EXIT_INTERRUPTED, EXIT_SOURCE, EXIT_TERMINATED
from pipeline.pubmed.archive import Entry
from pipeline.run import Run

STAMP_FORMAT = "%Y%m%dT%H%M%SZ"
RESUME_WITHIN = timedelta(days=1)
RESUMABLE_EXITS = (EXIT_SOURCE, EXIT_INCOMPLETE, EXIT_INTERRUPTED, EXIT_TERMINATED)


def note_batch(run: Run, body: bytes, pmids: set[int]) -> None:
    """Put one EFetch body into the archive, with its line in the ledger."""
    received = run.clock.now()
    run.archive.note(
        run.run_id,
        {
            "kind": "records",
            "tool": "efetch",
            "parameters": {"db": "pubmed", "retmode": "xml"},
            "received_at": received.isoformat(),
            "stamp": run.as_of.strftime(STAMP_FORMAT),
            "object": run.archive.put(body),
            "bytes": len(body),
            "pmids": sorted(pmids),
        },
    )


def resumable(run: Run) -> dict[int, Entry]:
    """PMIDs an unfinished run of this origin fetched less than a day ago, with ledger lines.

    Only what came after the last committed run counts, as that one knew better than any
    before it; a run that a check or a bad reference file stopped is not taken up either.
    """
    found: dict[int, Entry] = {}
    for journal in journals.read_all(run.settings.runs, run.origin):
        if journal.state in (journals.COMMITTED, journals.PUBLISHED):
            found.clear()
        was_cut_off = journal.state == journals.ABANDONED or (
            journal.state == journals.FAILED and journal.exit_code in RESUMABLE_EXITS
        )
        if not was_cut_off or run.as_of - journal.time > RESUME_WITHIN:
            continue
        for entry in run.archive.entries(journal.run_id, "records"):
            for pmid in entry.get("pmids", []):
                found[pmid] = entry
    return found
