"""What stands around every call to a tool, one concern a file: plain decisions about values, and the two that wait."""
