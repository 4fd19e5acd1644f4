"""A long soak: PubMed changes day by day, things go wrong, and ketum must keep the books.

`python -m tests.soak --days 300 --seed 1` lets a small made-up PubMed live through that many
days. Each day ketum updates from it over HTTP; answers go wrong, processes are killed. What
ketum must say afterwards is kept by a ledger that shares no code with it.

    clock.py      the injected time, one for all processes
    records.py    a record as data, as XML, and as the values ketum logs
    events.py     what happens to records: revised, retracted, deleted, merged ...
    world.py      PubMed as it changes from day to day
    faults.py     answers that go wrong, and what a run must make of each
    plans.py      what is to happen to each update
    upstream.py   serves the world, notes what was asked when and what was given
    attempt.py    one update, here or in a process that is killed (child.py)
    driver.py     day after day: change, update, look
    holdings.py   the copies of records ketum must hold
    ledger.py     what ketum's tables must say
    published.py  what is published
    compare.py    ketum's tables against the ledger, a fresh load, a rebuild
    tale.py       what happened, counted
    report.py     docs/soak.md
"""
