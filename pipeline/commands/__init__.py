"""The commands of `ketum`: one module each, with `register` for the command line.

A module imports what its command needs when the command runs, so that `ketum --help` and
`ketum query` do not wait for what only an update needs.
"""

from pipeline.commands import (
    backup,
    browse,
    bulk_load,
    claims,
    completion,
    evaluate,
    explain,
    export,
    install,
    keep,
    notify,
    query,
    rebuild,
    replay,
    runs,
    schedule,
    search,
    status,
    tables,
    update,
    verify,
)

ALL = (
    update,
    bulk_load,
    browse,
    tables,
    search,
    query,
    claims,
    explain,
    export,
    status,
    evaluate,
    schedule,
    notify,
    install,
    rebuild,
    runs,
    keep,
    verify,
    backup,
    replay,
    completion,
)
"""In the order `ketum --help` shows them."""
