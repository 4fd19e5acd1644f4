"""Faults of one line, each of which would harm a reader; the tests must see every one.

A fault is found by its old text, which stands once in what ships, so that a module may move. Tests
near to it run first, to be quick; that they see it is not presumed.
"""

from __future__ import annotations

from typing import NamedTuple


class Fault(NamedTuple):
    """A line of the code, and what a saboteur makes of it.

    Attributes:
        breaks: what a reader would suffer.
        old: text as it stands, once in all of the code.
        new: what takes its place.
        near: test files or folders that are run first.
    """

    breaks: str
    old: str
    new: str
    near: tuple[str, ...]


PUBMED = ("tests/pubmed/test_search.py", "tests/pubmed/test_search_window.py")
SYNC = ("tests/pubmed/test_sync.py",)
CLIENT = ("tests/pubmed/test_client.py",)
ARCHIVE = ("tests/pubmed/test_archive.py",)
PARSING = ("tests/pubmed/test_records.py", "tests/pubmed/test_records_broken.py")
DATES = ("tests/pubmed/test_dates.py",)
LOAD = ("tests/warehouse/test_load.py",)
MEMBERS = ("tests/outputs/test_meanings.py", "tests/warehouse/test_membership.py")
RULES = ("tests/rules",)
JUDGE = ("tests/evidence/test_judge.py", "tests/evidence/test_study_types.py")
MARTS = ("tests/outputs/test_meanings.py", "tests/outputs/test_marts.py")
CLAIMS = ("tests/outputs/test_claims.py",)
ESCAPING = ("tests/test_escaping.py",)
SETS = ("tests/outputs/test_sets.py", "tests/outputs/test_manifest.py")
FEEDS = ("tests/outputs/test_feeds.py",)
CHECKS = ("tests/warehouse/test_checks.py",)
EXPORTS = ("tests/outputs/test_exports.py",)
CITATIONS = ("tests/outputs/citations",)
QUERY = ("tests/outputs/test_query.py",)

FAULTS = (
    # -- asking PubMed
    Fault(
        "the second half of a large search is asked from one day too late",
        "yield ask_page(client, term(middle + 1, high), PART)",
        "yield ask_page(client, term(middle + 2, high), PART)",
        PUBMED,
    ),
    Fault(
        "records without an entry date are dropped from a large search",
        "    if found < count:\n",
        "    if found < 0:\n",
        PUBMED,
    ),
    Fault(
        "a search that changed while it was read counts as complete",
        "if whole.count == counted == recount.count == len(answer.pmids):",
        "if whole.count == counted == recount.count:",
        PUBMED,
    ),
    Fault(
        "a page that lists fewer records than it counts is believed",
        "if len(page.pmids) != min(page.count, retmax) and (",
        "if not page.pmids and min(page.count, retmax) and (",
        PUBMED,
    ),
    Fault(
        "an answer with records of another request is kept",
        "if strangers := pmids_in(body) - set(asked):",
        "if strangers := pmids_in(body) - set(asked) - pmids_in(body):",
        ("tests/pubmed/test_captured.py", "tests/faults"),
    ),
    Fault(
        "what a search lists again is not read",
        "read = (new | modified | held.unread | set(unsettled) | vanished) & answered",
        "read = (modified | held.unread | set(unsettled) | vanished) & answered",
        SYNC,
    ),
    Fault(
        "a loss is believed at once, though a machine of NCBI lagged behind",
        "        if held <= set(answer.pmids):\n",
        "        if answer.pmids:\n",
        SYNC,
    ),
    Fault(
        "records that could not be read are never asked for again",
        "        {pmid for (pmid,) in unread},\n",
        "        set(),\n",
        SYNC,
    ),
    Fault(
        "the key is shown in a message about a failed request",
        "            self._scrub(cause),\n",
        "            cause,\n",
        CLIENT,
    ),
    Fault(
        "an answer that repeats the key is stored with it",
        "if shown != body or self._spells_key(body):",
        "if self._spells_key(body):",
        CLIENT,
    ),
    Fault(
        "requests are not spaced",
        "        self._pacer.wait()\n        self.request_count += 1\n",
        "        self.request_count += 1\n",
        CLIENT,
    ),
    # -- the raw archive and the parser
    Fault(
        "damaged bytes of the raw archive are taken for what came",
        'if hashlib.sha256(body).hexdigest() != Path(name).name.removesuffix(".gz"):',
        "if not hashlib.sha256(body).hexdigest():",
        ARCHIVE,
    ),
    Fault(
        "a line in the middle of a ledger that is broken is passed over",
        "                if number == len(written):\n                    break\n",
        "                if number:\n                    break\n",
        ARCHIVE,
    ),
    Fault(
        "a record is filed under the wrong year: the last one its date names",
        "year = next((int(token) for token in tokens if _is_year_token(token)), 0)",
        "year = next((int(token) for token in tokens[::-1] if _is_year_token(token)), 0)",
        DATES,
    ),
    Fault(
        "a quarter begins a month late",
        "month = 3 * _ORDINALS[quarter[1].lower()] - 2",
        "month = 3 * _ORDINALS[quarter[1].lower()] - 1",
        DATES,
    ),
    Fault(
        "the second last name of a broken author replaces the first, silently",
        'if tag == "LastName" and last is None:',
        'if tag == "LastName":',
        PARSING,
    ),
    # -- the warehouse
    Fault(
        "an older copy of a record replaces the newer one",
        "AND (a.pmid IS NULL OR ({order} > {held} AND c.record_sha256 <> a.record_sha256))",
        "AND (a.pmid IS NULL OR c.record_sha256 <> a.record_sha256)",
        LOAD,
    ),
    Fault(
        "authors of the text before stay beside those of the new one",
        'f"DELETE FROM core.{table} WHERE pmid IN (SELECT pmid FROM winners WHERE is_held)"\n',
        'f"DELETE FROM core.{table} WHERE pmid IN (SELECT pmid FROM winners WHERE NOT is_held)"\n',
        LOAD,
    ),
    Fault(
        "a deleted record stays",
        "DELETE FROM core.{table} WHERE pmid IN (SELECT pmid FROM {gone})",
        "DELETE FROM core.{table} WHERE pmid IN (SELECT -pmid FROM {gone})",
        LOAD,
    ),
    Fault(
        "a deletion takes copies that are newer than it",
        "AND {0}.source_stamp < d.source_stamp",
        "AND {0}.source_stamp > ''",
        LOAD,
    ),
    Fault(
        "what changed in a record is not logged",
        "        load_log.log_changes(con, as_of)\n",
        "",
        ("tests/test_update.py",),
    ),
    Fault(
        "a record that left the search stays a member",
        "AND (s.has_answer OR h.pmid NOT IN (SELECT pmid FROM core.articles))",
        "AND h.pmid NOT IN (SELECT pmid FROM core.articles)",
        MEMBERS,
    ),
    Fault(
        "a deleted record is said to have left",
        "WHEN list_contains(?::INTEGER[], h.pmid) THEN 'deleted'",
        "WHEN list_contains(?::INTEGER[], -h.pmid) THEN 'deleted'",
        MEMBERS,
    ),
    Fault(
        "a search with a record nobody could read counts as complete",
        "            WHERE a.pmid IS NULL OR q.pmid IS NOT NULL\n",
        "            WHERE a.pmid IS NULL\n",
        ("tests/warehouse/test_unread.py",),
    ),
    Fault(
        "a check of severity error stops nothing",
        '        if check.severity == "error":\n',
        '        if check.severity == "fatal":\n',
        CHECKS,
    ),
    Fault(
        "a check passes over records that are not members although the answer lists them",
        "        h.pmid IS NULL\n        AND (x.search, x.pmid) NOT IN (",
        "        h.pmid IS NULL AND x.pmid IS NULL\n        AND (x.search, x.pmid) NOT IN (",
        CHECKS,
    ),
    # -- judging
    Fault(
        "words that forbid a study type are not heeded",
        "for against, but in rule.unless:",
        "for against, but in rule.unless[:0]:",
        (*RULES, *JUDGE),
    ),
    Fault(
        "words that a rule needs beside its own are not needed",
        "group(one) for one in (rule.signals, *rule.requires)",
        "group(one) for one in (rule.signals, *rule.requires[1:])",
        (*RULES, *JUDGE),
    ),
    Fault(
        "the last proof of each rule is lost",
        "found.extend(dict.fromkeys(found))",
        "found.extend([*dict.fromkeys(found)][:-1])",
        (*RULES, *JUDGE),
    ),
    Fault(
        "a proof ends a character early",
        "words = unit.stored[place.start : place.end]",
        "words = unit.stored[place.start : place.end - 1]",
        (*RULES, *JUDGE),
    ),
    Fault(
        "proofs stand beside their words where a text holds invisible characters",
        "start += bisect_right(self._dropped, start)",
        "start += bisect_right(self._dropped, start - 1)",
        RULES,
    ),
    Fault(
        "a soft hyphen hides a word from the rules",
        'return text if text.isascii() else _INVISIBLE.sub("", text)',
        "return text",
        RULES,
    ),
    Fault(
        "sentences that only call for research decide the study type",
        "            if language.outlook.search(raw) and not language.own_summary.search(raw):\n",
        "            if language.own_summary.search(raw) and language.outlook.search(raw):\n",
        RULES,
    ),
    Fault(
        "of two rules the one that comes later decides the primary type",
        "(step, _), winning = min((study_types.best_step[rule_no], rule_no) for rule_no in fired)",
        "(step, _), winning = max((study_types.best_step[rule_no], rule_no) for rule_no in fired)",
        JUDGE,
    ),
    # -- tables
    Fault(
        "retracted articles are counted as evidence",
        "        WHEN g.is_retracted THEN 'retracted'\n",
        "        WHEN g.is_retracted AND g.is_preprint THEN 'retracted'\n",
        MARTS,
    ),
    Fault(
        "a year nobody searched whole shows a zero",
        "WHEN v.is_known THEN h.record_count END,\n    CASE WHEN v.is_known THEN h.any_label",
        "WHEN TRUE THEN h.record_count END,\n    CASE WHEN v.is_known THEN h.any_label",
        MARTS,
    ),
    Fault(
        "the last year of a table is missing",
        "unnest(range(first_year, last_year + 1))::SMALLINT AS year",
        "unnest(range(first_year, last_year))::SMALLINT AS year",
        MARTS,
    ),
    Fault(
        "records without a year fall out of the table",
        "    INNER JOIN marts.articles AS a ON c.pmid = a.pmid\n    WHERE c.year IS NULL\n",
        "    INNER JOIN marts.articles AS a ON c.pmid = a.pmid\n    WHERE c.year = 0\n",
        MARTS,
    ),
    Fault(
        "the year of the search is not marked as partial",
        "coalesce(h.year = p.as_of_year, FALSE) AS is_partial_year",
        "coalesce(h.year > p.as_of_year, FALSE) AS is_partial_year",
        MARTS,
    ),
    Fault(
        "records that left a search stay in its cells",
        "AS s ON a.pmid = s.pmid\nWHERE h.left_at IS NULL\n",
        "AS s ON a.pmid = s.pmid\n",
        MARTS,
    ),
    Fault(
        "a first run announces every record as new",
        "            WHEN h.entered_reason = 'first_run' THEN 'baseline'\n",
        "            WHEN h.entered_reason = 'first' THEN 'baseline'\n",
        ("tests/warehouse/test_membership.py",),
    ),
    # -- what readers get
    Fault(
        "a title in JSON steers the terminal",
        'return _HIDDEN.sub(lambda found: f"\\\\u{ord(found[0]):04x}", dumped)',
        "return dumped",
        ESCAPING,
    ),
    Fault(
        "a title is HTML on the page",
        "return html.escape(for_xml(text))",
        "return for_xml(text)",
        ESCAPING,
    ),
    Fault(
        "a title is a formula in a spreadsheet",
        'return f"\'{text}" if _FORMULA.match(text) else text',
        "return text",
        ESCAPING,
    ),
    Fault(
        "CSV files of a set hold formulas",
        "AND regexp_matches({value}, '{FORMULA}')\"",
        "AND regexp_matches({value}, '{FORMULA}$')\"",
        EXPORTS,
    ),
    Fault(
        "the oldest set that readers see is removed under them",
        "if path.resolve() == current or path.name in on_purpose:",
        "if path.name in on_purpose:",
        SETS,
    ),
    Fault(
        "an offline set takes the place of live data",
        "    if origin == PUBMED_ORIGIN:\n        switch(settings, set_id)\n",
        "    if origin:\n        switch(settings, set_id)\n",
        SETS,
    ),
    Fault(
        "a file of a set that was changed counts as whole",
        "    if digest != stated.sha256:\n",
        "    if not digest:\n",
        SETS,
    ),
    Fault(
        "a manifest may name files outside its set",
        "if not _WITHIN.fullmatch(name):",
        "if not name:",
        SETS,
    ),
    Fault(
        "a statement of `ketum query` can write to files",
        "            _lock(con, writable)\n",
        "",
        QUERY,
    ),
    Fault(
        "exports hold authors whom PubMed corrected",
        '"author_no", "t.is_valid IS DISTINCT FROM false"',
        '"author_no", "t.pmid IS NOT NULL"',
        CITATIONS,
    ),
    # -- what a run touched
    Fault(
        "a part of a table keeps the judgements of records that other rules judged again",
        "UNION SELECT unnest(?::INTEGER[])",
        "UNION SELECT unnest(?::INTEGER[]) WHERE FALSE",
        ("tests/test_many_days.py",),
    ),
    Fault(
        "a part with more or fewer rows than before is taken over",
        "stated is None or stated.row_count != count:",
        "stated is None:",
        ("tests/outputs/test_parts.py",),
    ),
    Fault(
        "countries of a revised record stay as they were",
        "        pmid NOT IN (SELECT pmid FROM run_touched)\n",
        "        TRUE\n",
        ("tests/outputs/test_countries.py",),
    ),
)
