"""`python -m benchmarks [engine] [mnist] …`: measure and print tables; without names, all but mnist."""

from __future__ import annotations

import importlib
import sys

from benchmarks.measure import machine, report

TABLES = {
    "engine": "The engine",
    "architectures": "Architectures",
    "latency": "The live figure",
    "dashboard": "The training dashboard",
    "parallel": "Two processes",
}
LONG = "mnist"  # 25 minutes of trainings: only when it is asked for


def main(names: list[str]) -> int:
    """Run the named tables.  Returns 1 for an unknown name."""
    unknown = [n for n in names if n not in (*TABLES, LONG)]
    if unknown:
        print(f"unknown table {unknown[0]!r}: choose from {', '.join([*TABLES, LONG])}", file=sys.stderr)
        return 1
    print(machine())
    for name in names or TABLES:
        if name == LONG:
            importlib.import_module("benchmarks.mnist").main([])
            continue
        report(TABLES[name], importlib.import_module(f"benchmarks.{name}").rows())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
