-- severity: error
-- Zero, unknown and unread follow one convention: X_count is held_X_count where the search is known and NULL where it is not, and coverage and unread_count are those of the search.
SELECT
    m.relation,
    m.search,
    m.coverage,
    v.coverage AS coverage_of_search
FROM (
    SELECT
        'study_types_by_year' AS relation,
        search,
        coverage,
        unread_count,
        [
            record_count, any_label_count, preprint_count, retracted_count, notice_count,
            pain_count, checked_count
        ] AS counts,
        [
            held_count, held_any_label_count, held_preprint_count, held_retracted_count,
            held_notice_count, held_pain_count, held_checked_count
        ] AS held
    FROM marts.study_types_by_year
    UNION ALL
    SELECT
        'headline_by_year' AS relation,
        search,
        coverage,
        unread_count,
        [
            record_count, preprint_count, retracted_count, notice_count, pain_count,
            checked_count
        ] AS counts,
        [
            held_count, held_preprint_count, held_retracted_count, held_notice_count,
            held_pain_count, held_checked_count
        ] AS held
    FROM marts.headline_by_year
    UNION ALL
    SELECT
        'headline_table' AS relation,
        search,
        coverage,
        unread_count,
        [
            record_count
        ] AS counts,
        [
            held_count
        ] AS held
    FROM marts.headline_table
    UNION ALL
    SELECT
        'study_type_totals' AS relation,
        search,
        coverage,
        unread_count,
        [
            record_count, any_label_count, preprint_count, retracted_count, notice_count,
            pain_count, checked_count
        ] AS counts,
        [
            held_count, held_any_label_count, held_preprint_count, held_retracted_count,
            held_notice_count, held_pain_count, held_checked_count
        ] AS held
    FROM marts.study_type_totals
    UNION ALL
    SELECT
        'search_totals' AS relation,
        search,
        coverage,
        unread_count,
        [
            member_count, record_count, retracted_count, preprint_count, notice_count,
            pain_count, unclassified_count, undated_count
        ] AS counts,
        [
            held_member_count, held_count, held_retracted_count, held_preprint_count,
            held_notice_count, held_pain_count, held_unclassified_count,
            held_undated_count
        ] AS held
    FROM marts.search_totals
    UNION ALL
    SELECT
        'unclassified' AS relation,
        search,
        coverage,
        unread_count,
        [
            record_count
        ] AS counts,
        [
            held_count
        ] AS held
    FROM marts.unclassified
    UNION ALL
    SELECT
        'human_experimental_totals' AS relation,
        search,
        coverage,
        unread_count,
        [
            record_count, group_count, pain_group_count, mention_record_count,
            mention_group_count
        ] AS counts,
        [
            held_count, held_group_count, held_pain_group_count,
            held_mention_record_count, held_mention_group_count
        ] AS held
    FROM marts.human_experimental_totals
    UNION ALL
    SELECT
        'answer' AS relation,
        search,
        coverage,
        unread_count,
        [
            study_count, pain_study_count, provoked_study_count, patient_study_count,
            unclear_study_count, pain_unchecked_study_count, unchecked_study_count
        ] AS counts,
        [
            held_study_count, held_pain_study_count, held_provoked_study_count,
            held_patient_study_count, held_unclear_study_count,
            held_pain_unchecked_study_count, held_unchecked_study_count
        ] AS held
    FROM marts.answer
    UNION ALL
    SELECT
        'topic_share_by_year' AS relation,
        search,
        coverage,
        unread_count,
        [
            member_count
        ] AS counts,
        [
            held_member_count
        ] AS held
    FROM marts.topic_share_by_year
    UNION ALL
    SELECT
        'claims_by_study_type_and_year' AS relation,
        search,
        coverage,
        unread_count,
        [
            measured_count, reported_by_users_count, reason_for_use_count, reviewed_count,
            mentioned_count, preprint_count, retracted_count, looked_count, looked_reported_count,
            looked_not_found_count, looked_ruled_out_count, looked_mixed_count,
            looked_unclear_count
        ] AS counts,
        [
            held_measured_count, held_reported_by_users_count, held_reason_for_use_count,
            held_reviewed_count, held_mentioned_count, held_preprint_count, held_retracted_count,
            held_looked_count, held_looked_reported_count, held_looked_not_found_count,
            held_looked_ruled_out_count, held_looked_mixed_count, held_looked_unclear_count
        ] AS held
    FROM marts.claims_by_study_type_and_year
    UNION ALL
    SELECT
        'claims_by_study_type' AS relation,
        search,
        coverage,
        unread_count,
        [
            measured_count, reported_by_users_count, reason_for_use_count, reviewed_count,
            mentioned_count, preprint_count, retracted_count, looked_count, looked_reported_count,
            looked_not_found_count, looked_ruled_out_count, looked_mixed_count,
            looked_unclear_count
        ] AS counts,
        [
            held_measured_count, held_reported_by_users_count, held_reason_for_use_count,
            held_reviewed_count, held_mentioned_count, held_preprint_count, held_retracted_count,
            held_looked_count, held_looked_reported_count, held_looked_not_found_count,
            held_looked_ruled_out_count, held_looked_mixed_count, held_looked_unclear_count
        ] AS held
    FROM marts.claims_by_study_type
    UNION ALL
    SELECT
        'claims_by_group' AS relation,
        search,
        coverage,
        unread_count,
        [
            measured_count, beside_count, looked_count, looked_reported_count,
            looked_not_found_count, looked_ruled_out_count, looked_mixed_count,
            looked_unclear_count
        ] AS counts,
        [
            held_measured_count, held_beside_count, held_looked_count, held_looked_reported_count,
            held_looked_not_found_count, held_looked_ruled_out_count, held_looked_mixed_count,
            held_looked_unclear_count
        ] AS held
    FROM marts.claims_by_group
    UNION ALL
    SELECT
        'claim_totals' AS relation,
        search,
        coverage,
        unread_count,
        [
            record_count, measured_count, mention_count, retracted_count, looked_count,
            looked_reported_count,
            looked_not_found_count, looked_ruled_out_count, looked_mixed_count,
            looked_unclear_count, review_count, review_reported_count, review_not_found_count,
            review_ruled_out_count, review_mixed_count, review_unclear_count
        ] AS counts,
        [
            held_count, held_measured_count, held_mention_count, held_retracted_count,
            held_looked_count,
            held_looked_reported_count, held_looked_not_found_count, held_looked_ruled_out_count,
            held_looked_mixed_count, held_looked_unclear_count, held_review_count,
            held_review_reported_count, held_review_not_found_count, held_review_ruled_out_count,
            held_review_mixed_count, held_review_unclear_count
        ] AS held
    FROM marts.claim_totals
    UNION ALL
    SELECT
        'evidence_map' AS relation,
        search,
        coverage,
        unread_count,
        [
            study_count, people_count, people_study_count, small_count, one_sex_count,
            self_selected_count, other_drugs_count, vendor_count, preprint_count,
            retracted_count
        ] AS counts,
        [
            held_study_count, held_people_count, held_people_study_count, held_small_count,
            held_one_sex_count, held_self_selected_count, held_other_drugs_count,
            held_vendor_count, held_preprint_count, held_retracted_count
        ] AS held
    FROM marts.evidence_map
) AS m
INNER JOIN marts.coverage AS v ON m.search = v.search
WHERE
    m.coverage <> 'none' -- a claim of which nothing is counted
    AND (
        m.coverage <> v.coverage
        OR m.unread_count IS DISTINCT FROM v.unread_count
        OR (v.is_known AND m.counts IS DISTINCT FROM m.held)
        OR (NOT v.is_known AND list_aggregate(m.counts, 'count') > 0)
    )
UNION ALL
SELECT
    'coverage' AS relation,
    v.search,
    v.coverage,
    v.coverage AS coverage_of_search
FROM marts.coverage AS v
WHERE
    v.unread_count IS DISTINCT FROM CASE
        WHEN v.coverage <> 'partial'
            THEN (SELECT count(*) FROM ops.unread_records AS u WHERE u.search = v.search)
    END
    OR (v.coverage = 'complete_list') <> coalesce(v.unread_count > 0, FALSE)
    OR v.is_known <> (v.coverage <> 'partial')
