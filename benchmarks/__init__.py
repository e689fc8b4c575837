"""Speed figures, each beside its peer: `python -m benchmarks`, or `make bench`."""
