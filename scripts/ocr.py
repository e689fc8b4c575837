#!/usr/bin/env python3
"""Read the text in pictures: the guide's command. Options: scripts/ocr.py --help."""

import sys

try:
    from qwen_vision.cli.main import run_script
except ModuleNotFoundError as error:
    sys.exit(f"{error}. Run `make demo` once, then: .venv/bin/python scripts/ocr.py")

if __name__ == "__main__":
    run_script("ocr")
