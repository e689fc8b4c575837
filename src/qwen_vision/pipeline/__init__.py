"""The pipeline: check, prepare, run, assemble; streamed and collected by one path."""
