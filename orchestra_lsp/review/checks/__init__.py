"""What no pattern can say: one small function for each check that a page names, found by its file name."""
