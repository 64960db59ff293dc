"""What confining costs: a program in each sandbox beside the same program run by plain `subprocess`, alternating.

    python benchmarks/sandbox.py [--runs 30]

Prints the median of each in milliseconds, what the sandbox adds, and one JSON row. The program is `true`, so nearly all
of the time is start and end. A way to confine that this machine does not allow is named with the reason.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from languages.sandbox import bubblewrap
from languages.sandbox.bubblewrap import Bubblewrap
from languages.sandbox.job import Backend
from languages.sandbox.landlock import Landlock, landlock_level
from languages.sandbox.run import run


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=30, help="runs of each (default: 30)")
    runs = max(1, parser.parse_args().runs)
    ways: dict[str, Callable[[], object]] = {"subprocess": lambda: subprocess.run(["true"], capture_output=True)}
    for backend in _backends():
        ways[backend.name] = lambda backend=backend: run(["true"], backend=backend)
    milliseconds = _medians(ways, runs)
    for name, median in milliseconds.items():
        print(f"{name:12} {median:7.1f} ms   +{median - milliseconds['subprocess']:.1f} ms over subprocess")
    print(json.dumps({"benchmark": "sandbox", "runs": runs, "kernel": platform.release(), "ms": milliseconds}))


def _backends() -> list[Backend]:
    found: list[Backend] = []
    reason = bubblewrap.refusal()
    if reason is None:
        found.append(Bubblewrap())
    else:
        print(f"bubblewrap is left out: {reason}", file=sys.stderr)
    level = landlock_level()
    if level:
        found.append(Landlock(level))
    else:
        print("landlock is left out: this kernel has none", file=sys.stderr)
    return found


def _medians(ways: dict[str, Callable[[], object]], runs: int) -> dict[str, float]:
    """Median milliseconds of each; they take turns, so that the machine's noise falls on all alike."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(runs):
        for name, action in ways.items():
            started = time.perf_counter()
            action()
            seconds[name].append(time.perf_counter() - started)
    return {name: round(1000 * statistics.median(values), 2) for name, values in seconds.items()}


if __name__ == "__main__":
    main()
