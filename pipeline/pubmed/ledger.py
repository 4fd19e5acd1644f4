"""What a run notes of each answer, and what it can take over from a run that died."""

from __future__ import annotations

from datetime import datetime, timedelta

from pipeline import journal as journals
from pipeline.errors import EXIT_INCOMPLETE, EXIT_INTERRUPTED, EXIT_SOURCE, EXIT_TERMINATED
from pipeline.pubmed.archive import Entry
from pipeline.pubmed.pages import Page, read_page
from pipeline.pubmed.search import SearchAnswer
from pipeline.run import Run

STAMP_FORMAT = "%Y%m%dT%H%M%SZ"
RESUME_WITHIN = timedelta(days=1)
RESUMABLE_EXITS = (EXIT_SOURCE, EXIT_INCOMPLETE, EXIT_INTERRUPTED, EXIT_TERMINATED)


def note_searches(run: Run) -> None:
    """Put every ESearch answer of the run into the archive, with its line in the ledger."""
    for name, answer in run.answers.items():
        for page in answer.pages:
            _note_page(run, "search", page, search=name, translation=run.translations[name])
    for page in run.revised.pages if run.revised else ():
        _note_page(run, "revised", page)


def _note_page(run: Run, kind: str, page: Page, **rest: str | None) -> None:
    run.archive.note(
        run.run_id,
        {
            "kind": kind,
            "role": page.role,
            "tool": "esearch",
            "parameters": page.parameters,
            "received_at": page.received_at.isoformat(),
            "object": run.archive.put(page.body),
            "bytes": len(page.body),
            "count": page.count,
            **rest,
        },
    )


def note_fetched(run: Run) -> None:
    """Close the ledger of a run whose records have all arrived."""
    run.archive.note(
        run.run_id,
        {
            "kind": "fetched",
            "gone": run.gone,
            "is_full_read": run.is_full_read,
            "requests": run.requests,
        },
    )


def recall(run: Run) -> None:
    """Give a replayed run what its ledger says of searches and of the reading (see above)."""
    pages: dict[str, list[Page]] = {}
    for entry in run.archive.entries(run.run_id):
        if entry["kind"] == "search":
            body = run.archive.get(entry["object"])
            received = datetime.fromisoformat(entry["received_at"])
            page = read_page(body, entry["role"], entry["parameters"], received)
            pages.setdefault(entry["search"], []).append(page)
            run.translations[entry["search"]] = entry["translation"]
        elif entry["kind"] == "fetched":
            run.gone = entry["gone"]
            run.is_full_read = entry["is_full_read"]
            run.requests = entry["requests"]
    run.answers = {name: SearchAnswer.of(found) for name, found in pages.items()}


def note_batch(run: Run, asked: list[int], body: bytes, pmids: set[int]) -> None:
    """Put one EFetch body into the archive, with its line in the ledger.

    Args:
        run: the run.
        asked: PMIDs the request named.
        body: the answer.
        pmids: PMIDs of the records in it.
    """
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
            "asked": asked,
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
