"""The terminal's door: words and flags to a command, and its result to a screen, a pipe or a file."""
