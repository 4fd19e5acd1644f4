"""ketum's library: everything but the scheduler. Never imports Prefect or flows."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("ketum")
except PackageNotFoundError:  # run from a bare checkout
    __version__ = "0+unknown"
