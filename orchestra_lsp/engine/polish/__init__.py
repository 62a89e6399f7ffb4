"""Cleans up a suggestion for the place where it will stand: one filter a file, in the order of `chain.ORDER`."""
