"""The editor's door: the only room that knows the Language Server Protocol."""
