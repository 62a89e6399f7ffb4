"""What was answered before, one kind of reuse a file; `engine/cache.py` asks them in order."""
