"""Facts about a buffer: its text and columns, language, tree, complexity and scopes. Pure: nothing here does I/O but reading a file."""
