#!/usr/bin/env python3
"""Reason about pictures and videos: the guide's command. Options: scripts/reason.py --help."""

import sys

try:
    from qwen_vision.cli.main import run_script
except ModuleNotFoundError as error:
    sys.exit(f"{error}. Run `make demo` once, then: .venv/bin/python scripts/reason.py")

if __name__ == "__main__":
    run_script("reason")
