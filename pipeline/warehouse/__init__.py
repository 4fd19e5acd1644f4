"""The database of one origin: what was read is staged (`stage`) and merged into `core` (`load`).

`membership` has who belongs to which search since when; `note_searches` says of each search whether
it is complete.
"""
