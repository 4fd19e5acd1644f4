"""PubMed XML and MEDLINE text, read element by element; `pubmed/records.py` calls it."""
