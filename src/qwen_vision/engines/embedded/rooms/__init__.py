"""Rooms: one per task; each turns facts into steps of an answer."""
