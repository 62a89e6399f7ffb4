"""One file for each thing a person asks for by name; `registry.py` finds them by their file names."""
