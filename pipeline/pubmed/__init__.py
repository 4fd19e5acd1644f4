"""From PubMed to rows: asked (`search`, `sync`, by `client`), kept as it came (`archive`), read.

A title, as all else of a record, is read in `parsing/article.py`; that of a .nbib export in
`parsing/medline.py`.
"""
