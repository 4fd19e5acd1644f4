"""The database of one origin: what was read is staged (`stage`) and merged into `core` (`load`).

`membership` says which records belong to which search since when; `completeness` decides whether a
search is complete, which readers see in `sql/marts/05_coverage.sql`.
"""
