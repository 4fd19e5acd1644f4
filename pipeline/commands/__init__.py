"""The commands of `ketum`, by what people do; each has a function that adds it to the parser.

A module imports what a command needs when the command runs, so that `ketum --help` and
`ketum query` do not wait for what only an update needs.
"""

from pipeline.commands import installing, judging, keeping, reading, updating

ALL = (
    updating.register_update,
    updating.register_bulk_load,
    reading.register_open,
    reading.register_tables,
    reading.register_search,
    reading.register_query,
    judging.register_claims,
    judging.register_explain,
    reading.register_export,
    keeping.register_status,
    judging.register_evaluate,
    installing.register_schedule,
    installing.register_notify,
    installing.register_install,
    updating.register_rebuild,
    keeping.register_runs,
    keeping.register_keep,
    keeping.register_verify,
    keeping.register_backup,
    updating.register_replay,
    installing.register_completion,
)
"""In the order `ketum --help` shows them."""
