#!/usr/bin/env python3
"""Analyze pictures and videos. Options: scripts/analyze.py --help."""

import sys

try:
    from qwen_vision.cli.main import run_script
except ModuleNotFoundError as error:
    sys.exit(f"{error}. Run: {sys.executable} -m pip install 'qwen-vision[embedded]'")

if __name__ == "__main__":
    run_script("analyze")
