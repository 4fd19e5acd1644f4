"""What Prefect is told when a run brings its own server, and nothing from elsewhere."""

from __future__ import annotations

import os

from pipeline.settings import Settings

HOST = "127.0.0.1"

PREFECT_ENVIRONMENT = {
    # Nothing is sent anywhere. DO_NOT_TRACK alone leaves the server's telemetry on.
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    # No second server by Prefect's own hand, should ours not answer.
    "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",
    # ketum tells what happens itself; Prefect would say it again, with its tracebacks.
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_SERVER_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_INTERNAL_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_ROOT_LEVEL": "CRITICAL",  # some of its loggers hang directly on the root
    "PREFECT_LOGGING_TO_API_ENABLED": "false",
    # Results are counts, and stay in the journal; data never goes through Prefect.
    "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "false",
    # Should the server be killed: nothing on loopback gets better by minutes of trying again.
    "PREFECT_CLIENT_MAX_RETRIES": "1",
    # One flow run needs no schedules, automations or pages. The task run recorder stays, as it
    # is what turns a task run's events into history.
    "PREFECT_SERVER_UI_ENABLED": "false",
    "PREFECT_API_BLOCKS_REGISTER_ON_START": "false",
    "PREFECT_SERVER_SERVICES_TRIGGERS_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_ENABLED": "false",
    "PREFECT_SERVER_EVENTS_STREAM_OUT_ENABLED": "false",
    "PREFECT_SERVER_LOGS_STREAM_OUT_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
}


def prepare_environment(settings: Settings) -> None:
    """Make this process deaf to outside Prefect settings and keep loopback off proxies.

    Must be called before Prefect is imported.
    """
    for name in [name for name in os.environ if name.upper().startswith("PREFECT_")]:
        del os.environ[name]
    home = settings.prefect_home
    os.environ.update(PREFECT_ENVIRONMENT)
    os.environ["PREFECT_HOME"] = str(home)
    # Said outright, since a `.env` where the command is typed may name another one.
    os.environ["PREFECT_PROFILES_PATH"] = str(home / "profiles.toml")
    kept_off = [os.environ.get("NO_PROXY"), os.environ.get("no_proxy"), HOST, "localhost"]
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = ",".join(filter(None, kept_off))
