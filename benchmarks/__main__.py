"""`python -m benchmarks [engine] [latency] [parallel]`: measure and print the tables; without names, all of them."""

from __future__ import annotations

import importlib
import sys

from benchmarks.measure import machine, report

TABLES = {"engine": "The engine", "latency": "The live figure", "parallel": "Two processes"}


def main(names: list[str]) -> int:
    """Run the named tables.  Returns 1 for an unknown name."""
    unknown = [n for n in names if n not in TABLES]
    if unknown:
        print(f"unknown table {unknown[0]!r}: choose from {', '.join(TABLES)}", file=sys.stderr)
        return 1
    print(machine())
    for name in names or TABLES:
        report(TABLES[name], importlib.import_module(f"benchmarks.{name}").rows())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
