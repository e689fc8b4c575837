"""Extract: JSON for a schema out of the text of pages, with evidence. Pure functions."""
