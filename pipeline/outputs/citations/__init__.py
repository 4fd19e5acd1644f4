"""Records of a published set as files for reference managers, screening tools and programs.

`selection` says which records, `citation` reads them into one neutral form, a module a format
writes that form, `export` puts them together as each program imports them.
"""
