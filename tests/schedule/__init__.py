"""Everything that can befall a schedule, on a real Prefect server: `python -m tests.schedule`."""
