"""From PubMed to rows.

`search` and `sync` ask through `client`, `archive` keeps the raw answers, `records` parses them.
The title of an article is read in `parsing/article.py`, that of a book or chapter in
`parsing/book.py`, that of a .nbib export in `parsing/medline.py` (tag TI of `medline_lines.py`).
"""
