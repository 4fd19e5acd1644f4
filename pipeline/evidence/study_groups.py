"""Which records belong to one study, and which may count the same cases. Each link is kept.

Records are put together by a shared registration and by NLM's links of updates and
republications; letters that update each other are not a study. Comments, errata and retraction
notices join the group of the one article they are about and are not reports of it. What pools or
lists many studies, and a review that names a trial, is linked and not put together.
"""

# SQL here is made of constants and codes that stand here.
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from pipeline.evidence.registrations import Registries

_RELATIONS = {
    # RefType: (relation, whether the record that says it is the later or dependent one)
    "CommentOn": ("comment", True),
    "CommentIn": ("comment", False),
    "ErratumFor": ("erratum", True),
    "ErratumIn": ("erratum", False),
    "ExpressionOfConcernFor": ("retraction", True),
    "ExpressionOfConcernIn": ("retraction", False),
    "RetractionOf": ("retraction", True),
    "RetractionIn": ("retraction", False),
    "UpdateOf": ("update", True),
    "UpdateIn": ("update", False),
    "RepublishedFrom": ("republished", True),
    "RepublishedIn": ("republished", False),
    "RetractedandRepublishedFrom": ("republished", True),
    "RetractedandRepublishedIn": ("republished", False),
    "ReprintOf": ("republished", True),
    "ReprintIn": ("republished", False),
    "OriginalReportIn": ("republished", True),
    "SummaryForPatientsIn": ("republished", False),
}
"""RefType of CommentsCorrections (pubmed_250101.dtd) and what it means here."""
_MERGING = ("update", "republished")
_ATTACHED_ROLES = ("comment", "notice")
_SOURCE = "surveillance_source"
_NO_ONE_SOURCE = "other_surveillance"
"""Every source without a name of its own: two such reports have no source in common."""


def group_studies(con: duckdb.DuckDBPyConnection, registries: Registries, topic: str) -> None:
    """Bring evidence.study_links and evidence.study_groups up to date.

    A record without a link stands alone, so that its group follows from its own judgements: only
    records that were judged in this transaction or are linked, now or before, are grouped again.

    Args:
        con: the warehouse; evidence.registrations, .article_study_types and .article_facets are
            written, and TEMP judging_stale (`due.find_due`).
        registries: says how many registrations a report of one study has at most.
        topic: surveillance reports may share cases when both are on this topic.
    """
    con.execute(
        "CREATE OR REPLACE TEMP TABLE linked_before AS "
        "SELECT unnest([pmid, other_pmid]) AS pmid FROM evidence.study_links"
    )
    con.execute("DELETE FROM evidence.study_links")
    _roles(con)
    _shared_registrations(con, registries.most_per_study)
    _nlm_links(con)
    _overlapping_data(con, topic)
    links = con.execute(
        "SELECT pmid, other_pmid, relation, is_same_study FROM evidence.study_links ORDER BY ALL"
    ).fetchall()
    held = dict(
        con.execute(
            "SELECT pmid, role FROM study_roles WHERE pmid IN ("
            "SELECT pmid FROM evidence.study_links UNION ALL "
            "SELECT other_pmid FROM evidence.study_links)"
        ).fetchall()
    )
    grouped = _Groups(held)
    for pmid, other, _, is_same in links:
        if is_same:
            grouped.put_together(pmid, other)
    grouped.attach((p, o) for p, o, _, is_same in links if not is_same)
    _write(con, grouped)


class _Groups:
    """Disjoint sets of PMIDs; the lowest PMID stands for its set."""

    def __init__(self, roles: dict[int, str]) -> None:
        self.roles = roles
        self.root: dict[int, int] = {}

    def of(self, pmid: int) -> int:
        while (up := self.root.get(pmid, pmid)) != pmid:
            pmid = up
        return pmid

    def put_together(self, pmid: int, other: int) -> None:
        low, high = sorted((self.of(pmid), self.of(other)))
        self.root[high] = low

    def attach(self, links: Iterable[tuple[int, int]]) -> None:
        """Comments and notices join the group of the one article they are about.

        A reply to a comment follows it; so this goes on until nothing moves.
        """
        about: dict[int, set[int]] = {}
        for pmid, other in links:
            if self.roles.get(pmid) in _ATTACHED_ROLES and other in self.roles and pmid != other:
                about.setdefault(pmid, set()).add(other)
        moved = True
        while moved:
            moved = False
            for pmid, others in sorted(about.items()):
                groups = {self.of(other) for other in others} - {self.of(pmid)}
                anchors = {g for g in groups if self.roles.get(g) not in _ATTACHED_ROLES}
                alone = self.of(pmid) == pmid
                if alone and len(groups) == 1 and (anchors or len(others) == 1):
                    # Below its article whatever the numbers: the article names the group.
                    self.root[pmid] = groups.pop()
                    moved = True


def _roles(con: duckdb.DuckDBPyConnection) -> None:
    """`study_roles` (pmid, role), from the primary types."""
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE study_roles AS
        SELECT label.pmid, CASE label.study_type
            WHEN 'PROTOCOL' THEN 'protocol' WHEN 'COMMENT' THEN 'comment'
            WHEN 'NOTICE' THEN 'notice'
            ELSE CASE WHEN type.is_summary THEN 'summary' ELSE 'report' END END AS role
        FROM evidence.article_study_types AS label JOIN evidence.study_types AS type
            USING (study_type)
        WHERE label.is_primary
        """
    )


def _shared_registrations(con: duckdb.DuckDBPyConnection, most: int) -> None:
    """A link from each record to the lowest PMID with the same number.

    `study_numbers` (pmid, registry, number, is_own): whether the number is that of the record's
    own study. A trial's number is not a review's own, nor PROSPERO's a trial's.
    """
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE study_numbers AS
        SELECT pmid, registry, number, is_trial_registry,
            count(*) OVER (PARTITION BY pmid, is_trial_registry) <= {most}
            AND CASE WHEN is_trial_registry THEN role IN ('report', 'protocol')
                WHEN registry = 'OSF' THEN role NOT IN ('comment', 'notice')
                ELSE role IN ('summary', 'protocol') END AS is_own
        FROM evidence.registrations JOIN study_roles USING (pmid)
        """
    )
    con.execute(
        """
        INSERT INTO evidence.study_links
        WITH first AS (
            SELECT registry, number, is_own, min(pmid) AS first_pmid,
                min(min(pmid)) OVER (PARTITION BY registry, number ORDER BY is_own DESC) AS lowest
            FROM study_numbers GROUP BY registry, number, is_own
        )
        SELECT one.pmid, CASE WHEN one.is_own THEN first.first_pmid ELSE first.lowest END AS other,
            'same_registration', one.number, one.is_own, false
        FROM study_numbers AS one JOIN first USING (registry, number, is_own)
        WHERE other <> one.pmid
        ORDER BY ALL
        """
    )


def _nlm_links(con: duckdb.DuckDBPyConnection) -> None:
    """NLM's links, each once, from the later or dependent record to the other."""
    relations = ", ".join(
        f"('{ref}', '{relation}', {str(is_later).lower()})"
        for ref, (relation, is_later) in _RELATIONS.items()
    )
    con.execute(
        f"""
        INSERT INTO evidence.study_links
        SELECT CASE WHEN is_later THEN link.pmid ELSE link.linked_pmid END AS one,
            CASE WHEN is_later THEN link.linked_pmid ELSE link.pmid END AS other, relation,
            string_agg(DISTINCT link.ref_type, ', ' ORDER BY link.ref_type),
            list_contains({list(_MERGING)}, relation) AND bool_and(
                coalesce(NOT list_contains({list(_ATTACHED_ROLES)}, role.role), false)
                AND coalesce(NOT list_contains({list(_ATTACHED_ROLES)}, of_other.role), false)),
            false
        FROM core.article_links AS link
        JOIN (VALUES {relations}) AS known (ref_type, relation, is_later) USING (ref_type)
        LEFT JOIN study_roles AS role ON role.pmid = link.pmid
        LEFT JOIN study_roles AS of_other ON of_other.pmid = link.linked_pmid
        WHERE link.linked_pmid IS NOT NULL AND link.linked_pmid <> link.pmid
        GROUP BY one, other, relation
        ORDER BY ALL
        """
    )


def _overlapping_data(con: duckdb.DuckDBPyConnection, topic: str) -> None:
    """Surveillance reports of one source whose data years overlap, unless of other countries."""
    con.execute(
        f"""
        INSERT INTO evidence.study_links
        WITH told AS (
            SELECT pmid,
                max(value) FILTER (facet = 'data_years' AND value <> 'not_stated') AS years,
                list(value) FILTER (facet = 'study_country' AND value <> 'not_stated')
                    AS countries
            FROM evidence.article_facets WHERE facet IN ('data_years', 'study_country')
            GROUP BY pmid
        ),
        report AS (
            SELECT facet.pmid, facet.value AS source, told.countries, told.years,
                split_part(told.years, '-', 1)::INTEGER AS first_year,
                split_part(told.years, '-', -1)::INTEGER AS last_year
            FROM evidence.article_facets AS facet
            JOIN told USING (pmid)
            JOIN study_roles AS role USING (pmid)
            JOIN evidence.article_topics AS topic USING (pmid)
            WHERE facet.facet = '{_SOURCE}'
                AND facet.value NOT IN ('not_stated', '{_NO_ONE_SOURCE}')
                AND told.years IS NOT NULL AND role.role = 'report'
                AND topic.topic = $topic
        )
        SELECT later.pmid, earlier.pmid, 'overlapping_data',
            later.source || ', ' || greatest(later.first_year, earlier.first_year) || '-'
            || least(later.last_year, earlier.last_year), false, true
        FROM report AS later JOIN report AS earlier
            ON earlier.pmid < later.pmid AND earlier.source = later.source
            AND earlier.first_year <= later.last_year AND later.first_year <= earlier.last_year
        WHERE later.countries IS NULL OR earlier.countries IS NULL
            OR list_has_any(later.countries, earlier.countries)
        ORDER BY ALL
        """,
        {"topic": topic},
    )


def _write(con: duckdb.DuckDBPyConnection, grouped: _Groups) -> None:
    con.execute("CREATE OR REPLACE TEMP TABLE study_roots (pmid INTEGER, up INTEGER)")
    if grouped.root:
        con.execute(
            "INSERT INTO study_roots SELECT unnest(?), unnest(?)",
            [list(grouped.root), list(map(grouped.of, grouped.root))],
        )
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE study_scope AS
        SELECT pmid FROM judging_stale
        UNION FROM linked_before
        UNION SELECT unnest([pmid, other_pmid]) FROM evidence.study_links
        """
    )
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE study_groups_now AS
        WITH member AS (
            SELECT role.pmid, role.role, coalesce(root.up, role.pmid) AS top
            FROM study_roles AS role LEFT JOIN study_roots AS root USING (pmid)
            WHERE role.pmid IN (SELECT pmid FROM study_scope)
        ),
        named AS (
            SELECT member.top, min(own.number ORDER BY own.is_trial_registry DESC, own.number)
                AS number
            FROM member JOIN study_numbers AS own ON own.pmid = member.pmid AND own.is_own
            GROUP BY member.top
        ),
        side AS (
            SELECT pmid, other_pmid, ground, may_share_cases FROM evidence.study_links
            UNION ALL
            SELECT other_pmid, pmid, ground, may_share_cases FROM evidence.study_links
        )
        SELECT member.pmid, coalesce(any_value(named.number), 'PMID ' || any_value(member.top)),
            any_value(member.role),
            coalesce(list(DISTINCT side.ground ORDER BY side.ground)
                FILTER (other.top = member.top), []),
            coalesce(bool_or(side.may_share_cases), false)
        FROM member
        LEFT JOIN named USING (top)
        LEFT JOIN side ON side.pmid = member.pmid
        LEFT JOIN member AS other ON other.pmid = side.other_pmid
        GROUP BY member.pmid
        """
    )
    # most groups are as they were: only what differs is written
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE regrouped AS
        WITH held AS (
            FROM evidence.study_groups WHERE pmid IN (SELECT pmid FROM study_scope)
        )
        SELECT pmid FROM (FROM held EXCEPT FROM study_groups_now)
        UNION SELECT pmid FROM (FROM study_groups_now EXCEPT FROM held)
        """
    )
    con.execute("DELETE FROM evidence.study_groups WHERE pmid IN (SELECT pmid FROM regrouped)")
    con.execute(
        "INSERT INTO evidence.study_groups FROM study_groups_now "
        "WHERE pmid IN (SELECT pmid FROM regrouped) ORDER BY pmid"
    )


def regrouped(con: duckdb.DuckDBPyConnection) -> list[int]:
    """PMIDs whose row of evidence.study_groups this transaction wrote or removed."""
    return [pmid for (pmid,) in con.execute("SELECT pmid FROM regrouped").fetchall()]
