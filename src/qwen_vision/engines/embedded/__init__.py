"""Embedded engine: deterministic perception on a CPU."""
