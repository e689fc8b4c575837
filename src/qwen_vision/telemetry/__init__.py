"""Telemetry: what is noted of requests while they run, counted, written down and shown."""
