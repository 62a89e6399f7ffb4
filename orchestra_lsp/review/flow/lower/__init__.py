"""One reader for each family of languages: its syntax tree as the few words of `code.py`."""
