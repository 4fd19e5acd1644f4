"""Prefect's own history: what of it may go."""

from __future__ import annotations

from datetime import UTC, timedelta

from flows.deployments import TAG
from pipeline.clock import Clock

HISTORY_DAYS = 365
BATCH = 200


def remove_old_runs(clock: Clock) -> int:
    """Remove our flow runs that ended more than a year ago from the server; returns how many."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import FlowRunFilter

    before = (clock.now() - timedelta(days=HISTORY_DAYS)).replace(tzinfo=UTC)
    removed = 0
    with get_client(sync_client=True) as client:
        while True:
            runs = client.read_flow_runs(
                flow_run_filter=FlowRunFilter(
                    tags={"all_": [TAG]},  # type: ignore[arg-type]
                    end_time={"before_": before},  # type: ignore[arg-type]
                ),
                limit=BATCH,
            )
            for run in runs:
                client.delete_flow_run(run.id)
            removed += len(runs)
            if len(runs) < BATCH:
                return removed
