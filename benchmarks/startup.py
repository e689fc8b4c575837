"""How long `--help` takes, against a script that only imports argparse, json and urllib.request."""

import statistics
import subprocess
import sys
import time

ROUNDS = 25
LIMIT = 1.5
PEER = [sys.executable, "-c", "import argparse, json, urllib.request"]
COMMANDS = {
    "qwen-vision --help": ["--help"],
    "qwen-vision analyze --help": ["analyze", "--help"],
}


def seconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own words
    return time.perf_counter() - start


def main() -> None:
    # Through the entry point, as the installed command does it: no cost of `-m`.
    ours = "import sys; from qwen_vision.cli.main import run; run()"
    runs = {name: [sys.executable, "-c", ours, *words] for name, words in COMMANDS.items()}
    runs["peer"] = PEER
    times: dict[str, list[float]] = {name: [] for name in runs}
    # Interleaved, so that a busy moment of the machine hits all alike.
    for _ in range(ROUNDS):
        for name, command in runs.items():
            times[name].append(seconds(command))
    medians = {name: statistics.median(found) for name, found in times.items()}
    for name in COMMANDS:
        ratio = medians[name] / medians["peer"]
        print(
            f"{name:28} {medians[name] * 1000:6.1f} ms  "
            f"{ratio:.2f} x argparse, json, urllib.request "
            f"({medians['peer'] * 1000:.1f} ms; limit {LIMIT})"
        )


if __name__ == "__main__":
    main()
