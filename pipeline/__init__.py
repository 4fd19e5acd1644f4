"""ketum's library: everything but the scheduler. Never imports Prefect or flows."""


def __getattr__(name: str) -> str:
    """`__version__`, looked up when somebody asks: `importlib.metadata` takes longer than `--help`.

    Raises:
        AttributeError: the package has nothing else of its own.
    """
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("ketum")
    except PackageNotFoundError:  # run from a bare checkout
        return "0+unknown"
