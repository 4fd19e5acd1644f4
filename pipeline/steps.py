"""What each step of an update does; update.py puts them in order.

A step takes what the run is and what the steps before it made. It gives back the same with its own
result, and a few counts for the log and the journal.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pipeline import __version__, asking
from pipeline import journal as journals
from pipeline.asking import Asked
from pipeline.evidence import curation
from pipeline.evidence.reference_files import files_in
from pipeline.outputs import marts, parts
from pipeline.outputs import publish as publishing
from pipeline.outputs import receipt as receipts
from pipeline.outputs.receipt import Receipt
from pipeline.pubmed import about_pubmed, archive, sync
from pipeline.pubmed.sync import fetch_all
from pipeline.run import Run
from pipeline.settings import LIVE
from pipeline.warehouse import (
    completeness,
    database,
    fingerprint,
    membership,
    searches,
    stage,
    touched,
)
from pipeline.warehouse.load import changed, merge
from pipeline.warehouse.stage import Staged

Counts = dict[str, object]
CITATION_LIST = "known_citations.csv"


@dataclass(frozen=True)
class Fetched:
    """What came into the raw archive.

    Attributes:
        gone: PMIDs that left a search and that PubMed no longer delivers.
        requests: that were sent until all records had arrived.
        records_read: records in the files that were read; None where PubMed was asked.
    """

    gone: tuple[int, ...] = ()
    requests: int = 0
    records_read: int | None = None


@dataclass(frozen=True)
class Compared:
    """How this run stands to the last one.

    Attributes:
        reference: name of each reference file to where the raw archive keeps it.
        program: fingerprint of the program (`fingerprint.program`).
        found_sha256: over everything its judgements and tables depend on.
        is_unchanged: nothing differs, so that judgements and memberships stand.
    """

    reference: Mapping[str, str] = field(default_factory=dict)
    program: str = ""
    found_sha256: str = ""
    is_unchanged: bool = False


@dataclass(frozen=True)
class Placed:
    """The memberships: per search why records enter now, and the counts of `membership.update`."""

    reasons: Mapping[str, str] = field(default_factory=dict)
    hits: dict[str, dict[str, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Made:
    """What the steps of a run have made so far.

    Attributes:
        loaded: what `load.merge` counts.
        notes: what the receipt says beside its numbers, one sentence each.
        set_id: name of the set that will show it all.
        receipt: what to tell at the end.
        state: how far the data has come, as in the journal: running, committed, published.
        ahead: hashes of what publishing will link, taken beside the steps before it.
    """

    asked: Asked = field(default_factory=Asked)
    fetched: Fetched = field(default_factory=Fetched)
    staged: Staged = field(default_factory=Staged)
    loaded: dict[str, int] = field(default_factory=dict)
    compared: Compared = field(default_factory=Compared)
    placed: Placed = field(default_factory=Placed)
    notes: tuple[str, ...] = ()
    set_id: str | None = None
    receipt: Receipt | None = None
    state: str = journals.RUNNING
    ahead: parts.Ahead | None = None


Outcome = tuple[Made, Counts]


def search(run: Run, made: Made) -> Outcome:
    """Ask PubMed for the complete answer to each search."""
    if run.client is None:
        return made, {"searches": 0}
    asked = asking.ask_searches(run, run.client)
    found: Counts = {name: len(answer.pmids) for name, answer in asked.answers.items()}
    return replace(made, asked=asked), {**found, "requests": run.client.request_count}


def fetch(run: Run, made: Made) -> Outcome:
    """Bring what is new, revised, unsettled or vanished into the raw archive, as it came."""
    client, asked = run.client, made.asked
    _require_same_kind(run)
    if client is None:
        from pipeline import from_files, whole_files

        read = whole_files.archive_whole if run.keeps_all else from_files.archive_matching
        matched = read(run)
        notes = (*made.notes, *matched.notes)
        return replace(made, fetched=Fetched(records_read=matched.read), notes=notes), {
            "files": matched.files,
            "read": matched.read,
            "kept": matched.kept,
            "deletions": matched.deletions,
        }
    plan = sync.plan(
        asked.answers, asked.held, is_full_read=asked.is_full_read, revised=asked.revised
    )
    earlier = journals.read_all(run.settings.runs, run.origin)
    delivered = fetch_all(
        client,
        run.archive,
        run.run_id,
        wanted=plan.wanted,
        vanished=plan.vanished,
        taken=archive.resumable(run.archive, earlier, run.as_of),
        as_of=run.as_of,
        quiet=run.options.off_peak if run.mode == LIVE else None,
    )
    fetched = Fetched(tuple(sorted(plan.vanished - delivered.pmids)), client.request_count)
    citations = _archive_citation_list(run)
    archive.note_fetched(
        run.archive,
        run.run_id,
        gone=fetched.gone,
        is_full_read=asked.is_full_read,
        requests=fetched.requests,
    )
    return replace(made, fetched=fetched), {
        "records": len(delivered.pmids),
        "batches": delivered.batches,
        "full_read": asked.is_full_read,
        "requests": fetched.requests,
        "listed_citations": citations,
    }


def _require_same_kind(run: Run) -> None:
    """Refuse (`whole_files.other_kind`) unless all runs of an archive keep whole files, or none."""
    past = journals.read_done(run.settings.runs, run.origin)
    if any(bool(journal.parameters.get("all")) != run.keeps_all for journal in past):
        from pipeline.whole_files import other_kind

        raise other_kind(run)


def _archive_citation_list(run: Run) -> int:
    """Archive the sparse citation list beside a replayed archive; returns its rows."""
    path = run.options.archive_directory / CITATION_LIST
    if run.mode == LIVE or not path.is_file():
        return 0
    body = path.read_bytes()
    run.archive.note(
        run.run_id,
        {
            "kind": "records",
            "file": path.name,
            "received_at": run.as_of.isoformat(),
            "stamp": path.stem,
            "object": run.archive.put(body),
        },
    )
    return max(body.count(b"\n") - 1, 0)


def parse(run: Run, made: Made) -> Outcome:
    """Read the archived bodies of this run into staging tables."""
    if run.keeps_all:
        from pipeline.whole_files import stage_whole

        staged = stage_whole(run)
    else:
        staged = stage.stage_run(run.con, run.archive, run.run_id)
    return replace(made, staged=staged), {
        "records": staged.records,
        "deletions": staged.deletions,
        "unreadable": staged.unreadable,
    }


def count(run: Run, made: Made) -> Outcome:
    """Ask PubMed how many records it holds by year, if that is due; take in counts of files."""
    taken = searches.take_in_file_counts(run.con, run.archive, run.run_id, run.settings.counts)
    of_files: Counts = {"file_counts": taken} if taken else {}
    if run.mode != LIVE or run.client is None:
        return made, of_files
    sentence = about_pubmed.ask_by_year(
        run.client,
        run.archive,
        run.run_id,
        _denominators(run),
        counted_at=searches.last_counted(run.con),
        first_year=searches.first_entry_year(run.con),
        as_of=run.as_of,
    )
    noted = len(run.archive.entries(run.run_id, about_pubmed.KIND))
    notes = (*made.notes, *([sentence] if sentence else []))
    return replace(made, notes=notes), {"years": noted, **of_files}


def _denominators(run: Run) -> dict[str, str]:
    """What PubMed's records are counted of by year, each with its query."""
    found = {about_pubmed.PUBMED: about_pubmed.PUBMED_QUERY}
    return found | {one.name: one.query for one in run.topics.topics if one.is_counted}


def load(run: Run, made: Made) -> Outcome:
    """Open the transaction, merge what was staged into core, and log what changed."""
    run.con.execute("BEGIN")
    merged = merge(run.con, run.as_of)
    searches.load_counts(run.con, run.archive, run.run_id, run.as_of, lambda: _denominators(run))
    searches.load_file_counts(run.con, run.archive, run.run_id)
    completeness.note_unread(run.con, made.asked.pmids)
    notes = (*made.notes, *receipts.older_texts(run.con))
    return replace(made, loaded=merged, notes=notes), dict(merged)


def compare(run: Run, made: Made) -> Outcome:
    """Keep the reference files in the raw archive; see whether anything differs from last time."""
    reference = {
        name: run.archive.put((run.reference_directory / name).read_bytes())
        for name in files_in(run.reference_directory)
    }
    found = fingerprint.found_sha256(
        run.con,
        run.settings.sql,
        reference=reference,
        answers=[(search.name, made.asked.pmids.get(search.name)) for search in run.searches],
        mode=run.mode,
        year=run.as_of.year,
    )
    is_unchanged = found == searches.last_found_sha256(run.con)
    program = fingerprint.program(run.settings.sql).hex()
    compared = Compared(reference, program, found, is_unchanged)
    return replace(made, compared=compared), {"is_unchanged": is_unchanged}


def judge(run: Run, made: Made) -> Outcome:
    """Judge the records that changed, or all of them by other rules, with proofs."""
    if made.compared.is_unchanged:
        touched.note(run.con, [])
        return made, {}
    from pipeline.evidence import judge as judging
    from pipeline.evidence import judged_files, type_changes
    from pipeline.evidence.due import judged_now
    from pipeline.evidence.study_groups import regrouped

    take = judged_files.take_judged if run.keeps_all else None
    judged = judging.judge(run.con, run.reference, changed(run.con), take)
    touched.note(run.con, [*judged_now(run.con), *regrouped(run.con)])
    return made, {**judged, "type_changes": type_changes.note_type_changes(run.con, run.as_of)}


def place(run: Run, made: Made) -> Outcome:
    """Decide which records belong to which search, since when and why."""
    con, asked = run.con, made.asked
    reasons = searches.entered_reasons(con, run.queries, asked.translations)
    if made.compared.is_unchanged:
        hits = membership.keep(con, asked.pmids, reasons, run.as_of)
    else:
        curation.note_known_articles(con, run.reference.known_articles)
        hits = membership.update(con, asked.pmids, reasons, made.fetched.gone, run.as_of)
        curation.note_known_members(con)
    members: Counts = {name: hit["members"] for name, hit in hits.items()}
    return replace(made, placed=Placed(reasons, hits)), members


def note(run: Run, made: Made) -> Outcome:
    """Write the run and its searches, each complete or not, where tables and readers find them."""
    asked, compared, placed = made.asked, made.compared, made.placed
    row = searches.RunRow(
        run_id=run.run_id,
        mode=run.mode,
        as_of=run.as_of,
        parameters=json.dumps(run.parameters, sort_keys=True),
        ketum_version=__version__,
        reference_sha256=hashlib.sha256(json.dumps(compared.reference).encode()).hexdigest(),
        previous_published_at=run.previous_published_at,
        is_full_read=asked.is_full_read,
        is_unchanged=compared.is_unchanged,
        request_count=made.fetched.requests,
        content_sha256=compared.found_sha256,
    )
    searches.note_run(run.con, row)
    completeness.note_searches(
        run.con,
        run.run_id,
        run.as_of,
        [
            completeness.SearchRow(
                name=search.name,
                label=search.label,
                mode=search.mode,
                query=run.queries[search.name],
                answer=asked.answers.get(search.name),
                translation=asked.translations.get(search.name),
                reason=placed.reasons[search.name],
                member_count=placed.hits[search.name]["members"],
                is_asked_of_pubmed=run.mode == LIVE and search.mode == LIVE,
            )
            for search in run.searches
        ],
    )
    searches.note_unknown_values(run.con, run.as_of, made.staged.unknown)
    return made, {"searches": len(run.searches)}


def build(run: Run, made: Made) -> Outcome:
    """Make the summary tables."""
    done = journals.read_done(run.settings.runs, run.origin)
    built = marts.build(
        run.con,
        run.settings,
        run.origin,
        run.as_of,
        previous_published_at=run.previous_published_at,
        kept_set_id=run.kept_set_id,
        is_unchanged=made.compared.is_unchanged,
        is_kept=[(one.program, one.time.year) for one in done[-1:]]
        == [(made.compared.program, run.as_of.year)],
    )
    return replace(made, set_id=built.set_id), {"tables": built.tables, "set": built.set_id}


def check(run: Run, made: Made) -> Outcome:
    """Run every check; a row of one of severity error undoes all."""
    warned = database.run_checks(run.con, run.settings.sql)
    return made, {"checks": len(database.check_files(run.settings.sql)), "warnings": warned}


def report(run: Run, made: Made) -> Outcome:
    """Sum up in a receipt what came, what changed, and what could not be done.

    A step before the commit, since a run that is killed after it must leave its receipt.
    """
    receipt = Receipt(
        run_id=run.run_id,
        origin=run.origin,
        as_of=run.as_of,
        set_id=made.set_id or "",
        searches=made.placed.hits,
        records=made.loaded,
        records_read=made.fetched.records_read,
        unknown_values={f"{kind} {name}": n for (kind, name), n in made.staged.unknown.items()},
        requests=made.fetched.requests,
        is_full_read=made.asked.is_full_read,
        is_unchanged=made.compared.is_unchanged,
        notes=[*made.asked.notes, *made.notes],
    )
    receipt = receipts.completed(run.con, receipt)
    return replace(made, receipt=receipt), {"notes": len(receipt.notes)}


def commit(run: Run, made: Made) -> Outcome:
    """Make it stay."""
    run.con.execute("COMMIT")
    if run.keeps_all:
        from pipeline.whole_files import forget_parts

        forget_parts(run)
    return replace(made, state=journals.COMMITTED), {}


def publish(run: Run, made: Made) -> Outcome:
    """Write a complete new set of outputs and switch `latest` to it."""
    assert made.receipt is not None
    receipt = publishing.publish(run.settings, run.con, made.receipt, ahead=made.ahead)
    return replace(made, receipt=receipt, state=journals.PUBLISHED), {"set": receipt.set_id}
