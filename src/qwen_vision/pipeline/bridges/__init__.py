"""Bridges: promises the dialect makes, kept for engines that cannot keep them alone."""
