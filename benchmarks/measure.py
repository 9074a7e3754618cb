"""Timing two programs in one run, in turn, so that the machine's moods strike both."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

MARKS = {True: "✓", False: "✗", None: ""}


class Row(NamedTuple):
    """One line of the report: what was measured, how much, the goal, and whether it was reached (None: no goal)."""

    what: str
    measured: str
    goal: str
    reached: bool | None


def seconds(program: Callable[[], object], calls: int) -> float:
    """The median time of one call."""
    times = []
    for _ in range(calls):
        start = time.perf_counter()
        program()
        times.append(time.perf_counter() - start)
    return float(np.median(times))


def ratio(ours: Callable[[], object], theirs: Callable[[], object], rounds: int = 9, calls: int = 40) -> float:
    """The median over rounds of (our median time) / (their median time), the two taking turns."""
    ours(), theirs()
    return float(np.median([seconds(ours, calls) / seconds(theirs, calls) for _ in range(rounds)]))


def row(what: str, value: float, goal: float | None, *, unit: str = "", at_least: bool = False, digits: int = 2) -> Row:
    """A row whose goal is an upper bound (or a lower one); None for a number without one."""
    if goal is None:
        return Row(what, f"{value:.{digits}f}{unit}", "", None)
    reached = value >= goal if at_least else value <= goal
    sign = "≥" if at_least else "≤"
    return Row(what, f"{value:.{digits}f}{unit}", f"{sign} {goal:g}{unit}", reached)


def machine() -> str:
    """The processor, its cores as this process sees them, and the versions that matter."""
    cpuinfo = Path("/proc/cpuinfo")
    names = (
        [line.split(":")[1].strip() for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        if cpuinfo.exists()
        else []
    )
    processor = names[0] if names else platform.processor() or platform.machine()
    versions = f"Python {platform.python_version()}, numpy {np.__version__}"
    threads = os.environ.get("OMP_NUM_THREADS", str(os.cpu_count()))
    return f"{processor}, {os.cpu_count()} cores, {threads} threads, {platform.system()}, {versions}"


def report(title: str, rows: Sequence[Row]) -> None:
    """Print rows as a Markdown table."""
    print(f"\n### {title}\n\n| | measured | goal | |\n|---|---|---|---|")
    for r in rows:
        print(f"| {r.what} | {r.measured} | {r.goal} | {MARKS[r.reached]} |", flush=True)
