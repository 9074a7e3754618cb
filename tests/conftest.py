"""Settings that every test shares."""

import matplotlib
from hypothesis import settings

matplotlib.use("Agg")    # no test opens a window. NB: as an environment variable it would reach the notebooks' kernels

# The same examples on every run and machine: a red test is a change in the code, not luck. No deadlines: CI is slow.
settings.register_profile("book", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("search", deadline=None, max_examples=2_000)    # pytest --hypothesis-profile=search
settings.load_profile("book")


def pytest_terminal_summary(terminalreporter):
    """Say in one line that browser tests were skipped, and what they lack: --quiet shows only an "s" for each."""
    skipped = [r for r in terminalreporter.stats.get("skipped", []) if "tests/browser/" in r.nodeid]
    for reason in sorted({r.longrepr[2].removeprefix("Skipped: ") for r in skipped}):
        terminalreporter.write_line(f"{len(skipped)} browser tests were skipped. {reason}")
