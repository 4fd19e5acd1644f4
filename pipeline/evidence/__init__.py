"""Judging records: topics, study types, facets, claims and findings, each with its proofs.

Whether a record reports a trial, and which of its types is the primary, is decided in `study_types`
(by the rules and the precedence of study_types.toml); `labels` says how sure that is; what was
tested in whom, in `facet_finding`; which questions it addresses, in `claim_finding`; what it states
of them, in `stated` and `findings`; what people decided, in `overrides`. `judge` does all of
it for the records that are `due`, and `writing` puts it into the database.
"""
