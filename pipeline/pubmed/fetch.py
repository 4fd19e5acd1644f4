"""Fetch whole records into the raw archive: in batches, each seen to be complete.

A run goes on where a dead one stopped. EFetch leaves out what PubMed does not hold, without a
word: what was asked for and did not come is asked for once more.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from pipeline import progress
from pipeline.clock import Clock
from pipeline.errors import ConfigurationError, IncompleteError, KetumError, SourceError
from pipeline.pubmed.archive import STAMP_FORMAT, Archive, Entry
from pipeline.pubmed.client import EutilsClient
from pipeline.pubmed.timing import is_off_peak, next_off_peak
from pipeline.pubmed.verdict import TransientAnswer, check_words, errors_in

log = logging.getLogger("ketum")

BATCH_SIZE = 200
"""PMIDs per EFetch; NLM recommends POST above about 200 ids and states no maximum."""
ROUNDS = 2
"""How often what is missing is asked for."""
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


def fetch_all(
    client: EutilsClient,
    archive: Archive,
    run_id: str,
    *,
    wanted: set[int],
    vanished: set[int],
    taken: Mapping[int, Entry],
    as_of: datetime,
    quiet: bool | None,
) -> Delivered:
    """Fetch records and note each body in the run's ledger.

    Args:
        client: asks.
        archive: keeps.
        run_id: whose ledger it is.
        wanted: PMIDs that must arrive.
        vanished: PMIDs that PubMed may no longer hold.
        taken: what a dead run fetched, with its ledger lines (`archive.resumable`).
        as_of: the run's time.
        quiet: wait for NLM's hours with a large job (True), only say that they exist (False), or
            neither, where no one is in the way (None).

    Raises:
        SourceError: the first batch did not come; nothing changed.
        IncompleteError: some came and are kept; the same command goes on from there.
    """
    # whether a vanished one is gone now, only an answer of now can tell
    taken = {pmid: entry for pmid, entry in taken.items() if pmid in wanted}
    entries = {entry["object"]: entry for _, entry in sorted(taken.items())}
    for entry in entries.values():
        archive.note(run_id, entry)
    delivered, kept = set(taken), len(entries)
    if quiet is not None:
        requests = len(batches((wanted | vanished) - delivered))
        _wait_for_quiet_hours(client.clock, requests, quiet)
    for _ in range(ROUNDS):
        for batch in batches((wanted | vanished) - delivered):
            try:
                body = efetch(client, batch)
            except (SourceError, IncompleteError, ConfigurationError) as error:
                raise _cut_short(error, len(delivered & wanted), len(wanted), kept) from None
            found = pmids_in(body)
            archive.note(
                run_id,
                {
                    "kind": "records",
                    "tool": "efetch",
                    "parameters": {"db": "pubmed", "retmode": "xml"},
                    "received_at": client.clock.now().isoformat(),
                    "stamp": as_of.strftime(STAMP_FORMAT),
                    "object": archive.put(body),
                    "bytes": len(body),
                    "asked": batch,
                    "pmids": sorted(found),
                },
            )
            delivered |= found
            kept += 1
            here, total = len(delivered & wanted), len(wanted)
            progress.note(here, total)
            # who shows runs to people takes the share from here
            log.info("%d of %d records are here", here, total, extra={"share": here / (total or 1)})
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


def _wait_for_quiet_hours(clock: Clock, requests: int, is_wanted: bool) -> None:
    """Before a large job: wait for NLM's hours if asked to, else say that they exist."""
    now = clock.now()
    if requests < LARGE_JOB or is_off_peak(now):
        return
    quiet = next_off_peak(now)
    if not is_wanted:
        log.warning(
            "%d requests to make: NLM asks for large jobs on weekends or from 21:00 to 05:00 "
            "Eastern (next: %s UTC). --off-peak waits for that.", requests, quiet
        )  # fmt: skip
        return
    log.warning("Waiting until %s UTC with %d requests (--off-peak).", quiet, requests)
    while (left := (quiet - clock.now()).total_seconds()) > 0:
        clock.sleep(min(left, 600.0))


def batches(pmids: Iterable[int]) -> list[list[int]]:
    """PMIDs ascending in batches, so that only the last one changes when new ones come."""
    ordered = sorted(set(pmids))
    return [ordered[i : i + BATCH_SIZE] for i in range(0, len(ordered), BATCH_SIZE)]


def efetch(client: EutilsClient, pmids: Sequence[int]) -> bytes:
    """The EFetch body for these PMIDs, known to be a complete PubmedArticleSet of no others.

    A PMID that PubMed does not hold is missing from the body without a word: compare
    `pmids_in` with what was asked for.

    Raises:
        SourceError: no valid answer in time.
    """
    return client.ask("efetch", fetch_parameters(pmids), check_set(pmids))


def fetch_parameters(pmids: Sequence[int]) -> dict[str, str]:
    """The parameters of the fetch request, without identity."""
    return {"db": "pubmed", "retmode": "xml", "id": ",".join(map(str, pmids))}


def check_set(asked: Sequence[int]) -> Callable[[bytes], bytes]:
    """A check that gives the same body back, if it is one whole PubmedArticleSet.

    Args:
        asked: the PMIDs that may be in it; another one shows that the answer is to another
            request (NCBI takes a malformed id apart into other PMIDs).

    Raises (the check):
        TransientAnswer: cut, another document, or other records; PermanentAnswer: refused.
    """

    def check(body: bytes) -> bytes:
        try:
            root = etree.fromstring(body, _SAFE)
        except etree.XMLSyntaxError:
            raise TransientAnswer("the records were not complete XML") from None
        if root.tag != "PubmedArticleSet":
            if errors := errors_in(root):
                check_words(errors)
            raise TransientAnswer(f"the records came as {root.tag}")
        if strangers := pmids_in(body) - set(asked):
            raise TransientAnswer(f"it holds records not asked for, e.g. {min(strangers)}")
        return body

    return check


_PMID = re.compile(
    rb"<(?:MedlineCitation|BookDocument)\b[^>]*>\s*<PMID\b[^>]*>\s*(\d{1,10})\s*</PMID>"
)


def pmids_in(body: bytes) -> set[int]:
    """The PMIDs of the records in an EFetch body."""
    return {int(match) for match in _PMID.findall(body)}


_SAFE = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
