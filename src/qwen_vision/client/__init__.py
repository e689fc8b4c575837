"""The client of a remote server."""
