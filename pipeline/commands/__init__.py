"""The commands of `ketum`: one module each, with `register` for the command line.

A module imports what its command needs when the command runs, so that `ketum --help` and
`ketum query` do not wait for what only an update needs.
"""

from pipeline.commands import (
    backup,
    bulk_load,
    claims,
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
    status,
    update,
    verify,
)

ALL = (
    update,
    bulk_load,
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
)
"""In the order `ketum --help` shows them."""
