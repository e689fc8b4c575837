"""Engines: each makes answers its own way; all look the same from above."""
