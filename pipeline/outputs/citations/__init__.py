"""Records of a published set as files for reference managers, screening tools and programs.

`selection` says which records, `citation` reads them into one neutral form, one module per format
writes it, `export` puts them together as each program imports them.
"""
