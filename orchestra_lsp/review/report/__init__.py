"""Reviews for other programs: one file for each format, found by its name."""
