"""Plain words to a command, without a model."""
