"""What a file's imports bind: one module for each family of languages, found by its file name."""
