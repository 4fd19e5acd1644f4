"""Find the records that address a claim, and say how.

A sentence addresses a claim when a rule of the claim holds in it and it is about the claim's
topic: it names one of the topic's words (close to the claim's, unless the topic is the record's
focus), or the topic is the record's focus and its title names no other drugs. Keywords and
headings count for records of the latter kind only. What a record tells of the claim (`how`)
follows from its primary study type, by claims.toml.
"""

# SQL here is made of constants, checked schema names and rule texts quoted by `sql_string`.
# ruff: noqa: S608

from __future__ import annotations

import duckdb

from pipeline.evidence.claim_types import REASON_FOR_USE, Claims
from pipeline.evidence.folding import sql_string
from pipeline.evidence.matching import run_rules
from pipeline.evidence.patterns import regular_expression
from pipeline.evidence.rules import Rule, RuleSet, Signal
from pipeline.evidence.sentences import build_sentences
from pipeline.evidence.topics import Topics
from pipeline.evidence.zones import ZONES

_ABOUT = "about "
"""Code of the rule that says a sentence names a topic, before the topic's name."""
_COMPANY = "company"
_NEAR = 60
"""Characters between a claim's words and the topic's, in a record that has it not as its focus.
Of pairs from such records, 4 of 14 were right in the third and fourth draw (docs/evaluation)."""


def match_claims(
    con: duckdb.DuckDBPyConnection,
    claims: Claims,
    topics: Topics,
    schema: str,
    *,
    instead: str | None = None,
) -> None:
    """Fill the temporary tables `claim_proofs` and `claim_hits`.

    Args:
        con: connection on which `zones.build_units` and `topics.match_units` have run and
            `type_labels` is filled; `evidence_units` is replaced.
        claims: what to match.
        topics: the topics the claims are about.
        schema: schema that presents the tables of core.
        instead: for measuring only: a topic whose records stand in for those of the claims'
            topics, with the substance waived: any sentence counts as about it.

    Claims loaded with a stand-in for the substance are matched in all records that name one,
    as the shipped ones are in records on the topic.

    `claim_proofs` has (pmid, claim, how, rule_id, source, field, section_no, matched_text,
    char_start, char_end); `claim_hits` (pmid, claim, how).
    """
    wanted = {instead} if instead else {claim.topic for claim in claims.matched()}
    _say_which_records(con, claims, wanted, instead)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE sentence_pmids AS SELECT DISTINCT pmid FROM claim_records"
    )
    build_sentences(con, schema)
    rules = _with_topics(claims, topics, wanted)
    run_rules(con, rules, schema)
    _keep_what_is_about_the_topic(con, claims, rules, instead)
    _say_how(con, claims)


def _say_which_records(
    con: duckdb.DuckDBPyConnection, claims: Claims, wanted: set[str], instead: str | None
) -> None:
    """`claim_records` (pmid, topic, level): the records on a topic, or naming a stand-in for it."""
    if instead or not claims.stand_in:
        names = ", ".join(map(sql_string, sorted(wanted)))
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE claim_records AS "
            f"SELECT pmid, topic, level FROM topic_hits WHERE topic IN ({names})"
        )
        return
    stand_in = sql_string("|".join(map(regular_expression, claims.stand_in)))
    topics = " UNION ALL ".join(f"SELECT {sql_string(name)} AS topic" for name in sorted(wanted))
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE claim_records AS
        SELECT pmid, any_value(topic) AS topic,
            CASE WHEN bool_or(zone = 'title') THEN 'focus' ELSE 'mention' END AS level
        FROM evidence_units CROSS JOIN ({topics}) AS named
        WHERE regexp_matches(whole, {stand_in})
        GROUP BY pmid, topic
        """
    )


def _with_topics(claims: Claims, topics: Topics, wanted: set[str]) -> RuleSet:
    """The claims' rules, then those that tell what a sentence or a title is about."""
    about = [
        Rule(
            rule_id=_ABOUT + topic.name,
            code=_ABOUT + topic.name,
            confidence="high",
            signals=tuple(Signal("text", name, zones=ZONES) for name in claims.stand_in)
            or tuple(
                signal
                for clause in topic.clauses
                for signal in clause.rule.signals
                if signal.kind == "text"
            ),
        )
        for topic in topics.topics
        if topic.name in wanted
    ]
    company = [Rule(_COMPANY, _COMPANY, "high", claims.company)] if claims.company else []
    own = claims.rules
    return RuleSet(own.kind, own.version, (*own.rules, *about, *company), own.columns, own.by_unit)


def _keep_what_is_about_the_topic(
    con: duckdb.DuckDBPyConnection, claims: Claims, rules: RuleSet, instead: str | None
) -> None:
    """`claim_found`: what the rules of claims found, where it is about the topic."""
    topic_of = {claim.code: claim.topic for claim in claims.claims}
    numbers = {rule.code: number for number, rule in enumerate(rules.rules)}
    rows = ", ".join(
        f"({number}, {sql_string(rule.code)}, {sql_string(rule.rule_id)}, "
        f"{sql_string(topic_of[rule.code])}, {numbers.get(_ABOUT + topic_of[rule.code], -1)}, "
        f"{str(rule.aspect == REASON_FOR_USE).lower()})"
        for number, rule in enumerate(claims.rules.rules)
    )
    about = f"""
        (fired.unit_no IS NOT NULL AND (topic.level = 'focus' OR EXISTS (
            SELECT 1 FROM evidence_found AS name
            WHERE name.unit_no = found.unit_no AND name.rule_no = rule.about_no
            AND name.char_start - found.char_end <= {_NEAR}
            AND found.char_start - name.char_end <= {_NEAR})))
        OR (topic.level = 'focus' AND NOT EXISTS (
            SELECT 1 FROM evidence_fired AS other
            WHERE other.pmid = found.pmid AND other.rule_no = {numbers.get(_COMPANY, -1)}))
    """
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE claim_found AS
        SELECT found.pmid, rule.claim, rule.rule_id, rule.is_reason, found.source, found.field,
            found.section_no, found.matched_text, found.char_start, found.char_end
        FROM evidence_found AS found
        JOIN (VALUES {rows}) AS rule (rule_no, claim, rule_id, topic, about_no, is_reason)
            USING (rule_no)
        LEFT JOIN claim_records AS topic ON topic.pmid = found.pmid AND topic.topic = rule.topic
        LEFT JOIN evidence_fired AS fired
            ON fired.pmid = found.pmid AND fired.unit_no = found.unit_no
            AND fired.rule_no = rule.about_no
        WHERE {"true" if instead else about}
        """
    )


def _say_how(con: duckdb.DuckDBPyConnection, claims: Claims) -> None:
    """`claim_proofs` and `claim_hits`, from the primary study type and what was found where.

    A keyword or heading alone mentions a claim; so does a record of a type that would not
    answer it. Figures are counted by surveys: there, what users report is the measurement.
    """
    told = {
        (claim.code, code): "measured" if claim.kind == "figure" else claims.how.get(code)
        for claim in claims.matched()
        for code in claim.answered_by
    }
    answers = ", ".join(
        f"({sql_string(claim)}, {sql_string(code)}, {sql_string(how or 'mentioned')})"
        for (claim, code), how in told.items()
    )
    reviews = [code for code, how in claims.how.items() if how == "reviewed"]
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE claim_hits AS
        SELECT found.pmid, found.claim, CASE
            WHEN NOT bool_or(found.field IN ('title', 'abstract')) THEN 'mentioned'
            WHEN list_contains({reviews}, any_value(label.study_type)) THEN 'reviewed'
            WHEN any_value(answer.how) IS NULL THEN 'mentioned'
            WHEN bool_and(found.is_reason) THEN '{REASON_FOR_USE}'
            ELSE any_value(answer.how) END AS how
        FROM claim_found AS found
        JOIN type_labels AS label ON label.pmid = found.pmid AND label.is_primary
        LEFT JOIN (VALUES {answers}) AS answer (claim, study_type, how)
            ON answer.claim = found.claim AND answer.study_type = label.study_type
        GROUP BY found.pmid, found.claim
        """
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE claim_proofs AS SELECT DISTINCT found.* EXCLUDE (is_reason) "
        "FROM claim_found AS found"
    )
