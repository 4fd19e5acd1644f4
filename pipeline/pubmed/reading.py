"""Bring records into the raw archive: batch by batch, going on where a dead run stopped."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from pipeline.errors import ConfigurationError, IncompleteError, KetumError, SourceError
from pipeline.options import LIVE
from pipeline.pubmed import fetch, ledger
from pipeline.pubmed.off_peak import is_off_peak, next_off_peak
from pipeline.run import Run

log = logging.getLogger("ketum")

ROUNDS = 2
"""EFetch leaves records out without a word: what is missing is asked for once more."""
LARGE_JOB = 100
"""Requests from which on NLM asks to come on weekends or at night (NBK25497)."""


@dataclass(frozen=True)
class Delivered:
    """What is in the raw archive now.

    Attributes:
        pmids: asked for and delivered, by this run or by the dead one it continues.
        batches: EFetch bodies noted in the run's ledger.
    """

    pmids: set[int]
    batches: int


def read(run: Run, wanted: set[int], vanished: set[int]) -> Delivered:
    """Fetch records and note each body in the run's ledger.

    Args:
        run: the run; its client asks, its archive keeps.
        wanted: PMIDs that must arrive.
        vanished: PMIDs that PubMed may no longer hold.

    Raises:
        SourceError: the first batch did not come; nothing changed.
        IncompleteError: some came and are kept; the same command goes on from there.
    """
    assert run.client is not None
    taken = ledger.resumable(run)
    # whether a vanished one is gone now, only an answer of now can tell
    taken = {pmid: entry for pmid, entry in taken.items() if pmid in wanted}
    entries = {entry["object"]: entry for _, entry in sorted(taken.items())}
    for entry in entries.values():
        run.archive.note(run.run_id, entry)
    delivered, kept = set(taken), len(entries)
    _wait_for_quiet_hours(run, len(fetch.batches((wanted | vanished) - delivered)))
    for _ in range(ROUNDS):
        for batch in fetch.batches((wanted | vanished) - delivered):
            try:
                body = fetch.efetch(run.client, batch)
            except (SourceError, IncompleteError, ConfigurationError) as error:
                raise _cut_short(error, len(delivered & wanted), len(wanted), kept) from None
            found = fetch.pmids_in(body)
            ledger.note_batch(run, batch, body, found)
            delivered |= found
            kept += 1
    if missing := sorted(wanted - delivered):
        raise IncompleteError(
            f"PubMed listed {len(missing)} records and did not deliver them, asked twice "
            f"(first: {missing[:5]}).",
            effect="What came is in the raw archive; warehouse and published tables are as before.",
            next_step="run `ketum update` again; if it stays so, look these PMIDs up at PubMed.",
        )
    return Delivered(delivered, kept)


def _cut_short(error: KetumError, here: int, wanted: int, kept: int) -> KetumError:
    """The same error, told as one that came half-way, if anything had come before it."""
    if not kept:
        return error
    effect = (
        f"{here} of {wanted} records are in the raw archive; "
        "warehouse and published tables are as before."
    )
    go_on = "run the same command again within a day: it goes on from here."
    if isinstance(error, ConfigurationError):
        return ConfigurationError(
            error.cause, effect=effect, next_step=f"{error.next_step.rstrip('.')}; then {go_on}"
        )
    return IncompleteError(error.cause, effect=effect, next_step=go_on)


def _wait_for_quiet_hours(run: Run, requests: int) -> None:
    """Before a large job: wait for NLM's hours if asked to, else say that they exist."""
    now = run.clock.now()
    if requests < LARGE_JOB or run.mode != LIVE or is_off_peak(now):
        return
    quiet = next_off_peak(now)
    if not run.options.off_peak:
        log.warning(
            "%d requests to make: NLM asks for large jobs on weekends or from 21:00 to 05:00 "
            "Eastern (next: %s UTC). --off-peak waits for that.", requests, quiet
        )  # fmt: skip
        return
    log.warning("Waiting until %s UTC with %d requests (--off-peak).", quiet, requests)
    while (left := (quiet - run.clock.now()).total_seconds()) > 0:
        run.clock.sleep(min(left, 600.0))
