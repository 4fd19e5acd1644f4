"""The flow by hand: the steps of an update, each as a Prefect task.

The steps themselves are in pipeline/update.py, which `ketum update` runs without Prefect.
`python -m flows.update` (what `make run` does) runs this flow with a Prefect server of its own;
what deployments run on a real server is flows/scheduled.py.
"""

from __future__ import annotations

if __name__ == "__main__":
    # Prefect reads its settings when it is imported: a run by hand prepares them first, and
    # then imports this module under its proper name.
    import sys

    from flows.by_hand import main

    sys.exit(main(sys.argv[1:], "flows.update"))

from collections.abc import Callable
from functools import partial

from prefect import Flow, flow

from flows.scheduled import PubMed, Source, as_task, leave_artifacts
from pipeline import logs
from pipeline import update as pipeline_update
from pipeline.settings import Settings
from pipeline.update import Progress


def flow_shown_to(watch: Callable[[Progress], None]) -> Flow[..., str]:
    """The flow, for a caller who must know how far a run came should Prefect lose track of it.

    Args:
        watch: called with each run once it is under way.
    """

    def update(source: Source = Source(), pubmed: PubMed = PubMed()) -> str:  # noqa: B008
        """Ask PubMed, judge, check and publish, step by step; returns the receipt as text.

        Args:
            source: where records come from.
            pubmed: how PubMed is asked.
        """
        settings = Settings.from_environment()
        logs.hide_key(settings)
        with pipeline_update.open_run(source.options(pubmed), settings) as progress:
            watch(progress)
            for step in pipeline_update.STEPS:
                as_task(step, partial(progress.take, step))()
        leave_artifacts(progress.receipt.markdown(), f"Receipt of run {progress.run.run_id}")
        return progress.receipt.text()

    return flow(name="update", persist_result=False)(update)


update = flow_shown_to(lambda _progress: None)
