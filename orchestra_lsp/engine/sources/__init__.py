"""Where context comes from, one source a file; `engine/context.py` asks them all at once and packs what they found."""
