"""Atom feeds of what is new to a published set.

`news` reads what is new and what each record is about, `channels` says which feeds there are,
`entries` puts news into entries and keeps floods away, `render` writes Atom.
"""
