"""What somebody should know of: failed runs, silence, warnings about records, candidates.

Everything is read from what is on disk, journals and the published set, so that an event is seen
by whoever looks next even if the run itself was killed.
"""

from __future__ import annotations

from datetime import timedelta

import duckdb

from pipeline import journal as journals
from pipeline.clock import Clock
from pipeline.errors import EXIT_INTERRUPTED
from pipeline.outbox import Event
from pipeline.outputs import sets
from pipeline.outputs.manifest import Manifest, OddManifestError
from pipeline.settings import Settings
from pipeline.storage import for_duckdb
from pipeline.warehouse.database import ALONE

FAILURE, SILENCE, SAFETY, EXPERIMENT = "failure", "silence", "safety", "experiment"
KINDS = (FAILURE, SILENCE, SAFETY, EXPERIMENT)
OF_A_SET = (SAFETY, EXPERIMENT)
LOOK_BACK_DAYS = 30
"""Failures longer ago are no news."""

_WARNINGS = {
    "RetractionIn": "was retracted",
    "RetractedandRepublishedIn": "was retracted and published again",
    "PartialRetractionIn": "was retracted in part",
    "ExpressionOfConcernIn": "has an expression of concern",
    "ErratumIn": "was corrected",
    "CorrectedandRepublishedIn": "was corrected and published again",
}


def see(settings: Settings, clock: Clock, silent_hours: int) -> list[Event]:
    """All events that can be seen now, also those that were told before.

    Args:
        settings: where journals and sets are.
        clock: the time.
        silent_hours: without a new set for so long, that is an event.
    """
    found = failures(settings, clock)
    try:
        held = sets.shown_manifest(settings)
    except OddManifestError:
        return found  # `ketum status` says that, and so does the next run
    if held is None:
        return found
    found += silence(held, clock, silent_hours)
    database = settings.latest.resolve() / "ketum.duckdb"
    try:
        with duckdb.connect(for_duckdb(database), read_only=True, config=ALONE) as con:
            found += warnings(con) + experiments(con)
    except duckdb.Error:
        return found
    return found


def failures(settings: Settings, clock: Clock) -> list[Event]:
    """Runs that published nothing; one after which a run was published is told all the same."""
    since = clock.now() - timedelta(days=LOOK_BACK_DAYS)
    return [
        Event(
            f"failure:{journal.run_id}",
            FAILURE,
            f"ketum: the run of {journal.time:%d %B %Y, %H:%M} UTC failed",
            f"{journal.verdict}\n\nRun {journal.run_id}, exit code {journal.exit_code}. What was "
            "published before stands.",
        )
        for journal in journals.read_all(settings.runs)
        if journal.state in (journals.FAILED, journals.ABANDONED)
        and journal.time > since
        and journal.exit_code != EXIT_INTERRUPTED  # whoever did that knows
    ]


def silence(held: Manifest, clock: Clock, silent_hours: int) -> list[Event]:
    """Whether nothing new was published for too long, said once of each set."""
    age = clock.now() - held.as_of
    if age < timedelta(hours=silent_hours):
        return []
    hours = age // timedelta(hours=1)
    return [
        Event(
            f"silence:{held.set_id}",
            SILENCE,
            f"ketum: nothing was published for {hours} hours",
            f"The latest set is {held.set_id}. Readers see data of {held.as_of:%d %B %Y}. Next: "
            "`ketum status`, then look at the scheduler.",
        )
    ]


def warnings(con: duckdb.DuckDBPyConnection) -> list[Event]:
    """Retractions, corrections and expressions of concern among the members of any search."""
    rows = con.execute(
        """
        SELECT DISTINCT l.ref_type, a.pmid, a.citation, l.linked_pmid, l.ref_source
        FROM core.article_links AS l
        INNER JOIN marts.articles AS a ON l.pmid = a.pmid
        INNER JOIN ops.search_hits AS h ON a.pmid = h.pmid AND h.left_at IS NULL
        WHERE list_contains(?, l.ref_type)
        UNION
        SELECT 'RetractionIn', r.pmid, r.citation, NULL, NULL
        FROM marts.retractions AS r
        WHERE r.notice_source IS NULL AND r.notice_pmid IS NULL
        ORDER BY ALL
        """,
        [list(_WARNINGS)],
    ).fetchall()
    return [
        Event(
            f"safety:{kind}:{pmid}:{linked or source or ''}",
            SAFETY,
            f"ketum: PMID {pmid} {_WARNINGS[kind]}",
            f"{citation}\n\n{_WARNINGS[kind].capitalize()}"
            + (f": {source}" if source else "")
            + f".\nhttps://pubmed.ncbi.nlm.nih.gov/{pmid}/",
        )
        for kind, pmid, citation, linked, source in rows
    ]


def experiments(con: duckdb.DuckDBPyConnection) -> list[Event]:
    """What the rules take for trials and human laboratory studies, and nobody has checked."""
    rows = con.execute(
        """
        SELECT DISTINCT a.pmid, a.citation, a.study_type
        FROM marts.human_experimental AS e
        CROSS JOIN unnest(e.report_pmids) AS reports (pmid)
        INNER JOIN marts.articles AS a ON reports.pmid = a.pmid
        WHERE NOT a.is_checked
        ORDER BY a.pmid
        """
    ).fetchall()
    return [
        Event(
            f"experiment:{pmid}",
            EXPERIMENT,
            f"ketum: PMID {pmid} may be a trial or human laboratory study",
            f"{citation}\n\nBy rules ({kind}); nobody has checked it: `ketum explain {pmid}` shows "
            f"the words.\nhttps://pubmed.ncbi.nlm.nih.gov/{pmid}/",
        )
        for pmid, citation, kind in rows
    ]


def origin_shown(settings: Settings) -> str | None:
    """The origin of the set that `latest` shows; None if it shows none."""
    try:
        held = sets.shown_manifest(settings)
    except OddManifestError:
        return None
    return held.origin if held else None
