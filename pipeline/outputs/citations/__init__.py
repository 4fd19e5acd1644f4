"""Records of a published set as files for reference managers, screening tools and programs.

`selection` says which records, `citation` reads them into one neutral form, a module a format
writes that form, `targets` knows what each program imports, `export` puts them together.
"""
