"""What outlives the process: one SQLite file that several processes share."""
