"""A timeline."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.text import Text

from textbook.plots.style import INK, OKABE_ITO, style


@style()
def draw_timeline(ax: Axes, threads: Mapping[str, Mapping[int, str]]) -> list[Text]:
    """Events in several threads, a row for each in the order of years: each thread is a column of marks.

    Args:
        threads: for each thread its events, {year: text}.
    """
    events = sorted((year, name, text) for name, thread in threads.items() for year, text in thread.items())
    if not events:
        raise ValueError("there is nothing to draw: no thread has an event")
    colors = [OKABE_ITO[name] for name in ("blue", "vermilion", "green", "purple", "black")]
    texts = []
    for column, (name, marker, color) in enumerate(zip(threads, "os^Dv", colors, strict=False)):
        rows = [row for row, event in enumerate(events) if event[1] == name]
        ax.plot([column] * len(rows), rows, marker=marker, color=color, ms=7, lw=1.2, ls="-", label=name)
    for row, (year, _, text) in enumerate(events):
        texts.append(ax.text(len(threads) - 0.4, row, f"{year}  {text}", va="center", fontsize=9, color=INK))
    ax.set(xlim=(-0.5, 4 * len(threads) + 4), ylim=(len(events) - 0.4, -0.6))
    ax.set_axis_off()
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, 0), ncols=len(threads))
    return texts
