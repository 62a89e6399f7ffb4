"""Findings about a buffer: every rule is one page in `rules/`, and all pages of a language are asked in one walk over the tree."""
