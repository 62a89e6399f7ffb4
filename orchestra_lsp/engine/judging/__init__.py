"""What an answer is judged by: one file for each check, found by its name in `judge.py`."""
