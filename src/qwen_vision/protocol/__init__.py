"""Wire types of the dialect, shared by client and server."""
