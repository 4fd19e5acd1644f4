"""PubMed XML and MEDLINE text, read element by element; `records` and `files` are the doors."""
