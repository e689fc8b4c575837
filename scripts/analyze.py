#!/usr/bin/env python3
"""Analyze pictures and videos: the guide's command. Options: scripts/analyze.py --help."""

import sys

try:
    from qwen_vision.cli.main import run_script
except ModuleNotFoundError as error:
    sys.exit(f"{error}. Run `make demo` once, then: .venv/bin/python scripts/analyze.py")

if __name__ == "__main__":
    run_script("analyze")
