"""Checks that need no grammar: one module for each, named by the `text` key of a rule page, with a `find` and a `reach`."""
