"""Perception: one room per sense. Rooms are loaded at first use; `eyes` is the door."""
