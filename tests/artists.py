"""One of each kind of artist that a stage must be able to move: for the tests with and without a browser."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, Polygon, Rectangle
from matplotlib.patheffects import withStroke

T = np.linspace(0, 10, 200)
PIXELS = np.random.default_rng(0).random((8, 8, 3))


def clipped(ax: Axes) -> object:
    (line,) = ax.plot(T, 3.2 + 0.6 * np.sin(9 * T), "k", lw=1)
    line.set_clip_path(Circle((5, 3.2), 0.7, transform=ax.transData))
    return line


# Each stands in its own corner of 0 <= x <= 10, 0 <= y <= 8.
ARTISTS = {
    "line": lambda ax: ax.plot(T, 4 + 2 * np.sin(T), "C0", lw=2),
    "line with gaps": lambda ax: ax.plot(T, np.where(T % 1 < 0.5, 7.6, np.nan), "C1", lw=3),
    "dashed, transparent line": lambda ax: ax.plot(T, 3 + 2 * np.cos(T), "C1--", lw=1.5, alpha=0.6),
    "diverged line": lambda ax: ax.plot([0, 1, 2, 3], [0.2, 0.1, 1e20, 1e300], "C3", lw=2),
    "line with markers": lambda ax: ax.plot(T[::20], 1 + T[::20] / 4, "s-.", color="C2", ms=7, mec="k", mfc="w"),
    "round and projecting caps": lambda ax: [
        ax.plot([8.2, 9.5], [6.8, 6.8], "C4", lw=8, solid_capstyle="round"),
        ax.plot([8.2, 8.8, 9.4], [5.6, 6.3, 5.6], "C5", lw=8, solid_capstyle="projecting", solid_joinstyle="miter"),
    ],
    "steps": lambda ax: ax.plot(T[:30], 1.2 + 0.5 * np.cos(6 * T[:30]), "C7", drawstyle="steps-mid"),
    "scatter of one size": lambda ax: ax.scatter(T[::25], 6.4 + 0 * T[::25], s=50, marker="^", c="C3"),
    "scatter of many": lambda ax: ax.scatter(
        [1, 2, 3, 9.9], [7, 7, 7, 7.9], s=[20, 80, 200, 400], c=[0, 1, 2, 3], cmap="viridis", ec="k", alpha=0.8
    ),
    "circle": lambda ax: ax.add_patch(Circle((5, 7), 0.6, fc="#E69F0080", ec="k", lw=2, ls=":")),
    "turned rectangle": lambda ax: ax.add_patch(Rectangle((8, 1), 1.5, 1, angle=20, fc="C4")),
    "triangle": lambda ax: ax.add_patch(Polygon([[7, 1.6], [7.5, 1.6], [7.2, 2.2]], fc="C2", ec="none")),
    "arrow": lambda ax: ax.add_patch(
        FancyArrowPatch(
            (4, 1), (6, 2.5), connectionstyle="arc3,rad=.3", arrowstyle="-|>", mutation_scale=20, lw=2, color="C5"
        )
    ),
    "annotation": lambda ax: ax.annotate("minimum", (2, 2), (3, 0.5), arrowprops={"arrowstyle": "->"}, fontsize=12),
    "arrow without text": lambda ax: ax.annotate("", (6.2, 3.6), (7.5, 2.6), arrowprops={"arrowstyle": "->", "lw": 2}),
    "turned text": lambda ax: ax.text(6.2, 7, "Text: ∂f/∂y ← 7", fontsize=13, color="C3", rotation=-15),
    "mathtext": lambda ax: ax.text(0.4, 5, r"$\frac{\partial f}{\partial x_1}=\sqrt{2}$", fontsize=18),
    "boxed text": lambda ax: ax.text(8, 4.5, "boxed\ntwo lines", bbox={"fc": "w", "ec": "C0"}, ha="center"),
    "outlined text": lambda ax: ax.text(
        3, 4.7, "outlined", fontsize=14, path_effects=[withStroke(linewidth=3, foreground="y")]
    ),
    "grey image": lambda ax: ax.imshow(
        PIXELS[..., 0], extent=(8.2, 9.8, 2.4, 4), cmap="gray", interpolation="none", zorder=3, aspect="auto"
    ),
    "transparent image": lambda ax: ax.imshow(
        PIXELS[:3, :3], extent=(6.6, 7.6, 0.3, 1.3), origin="lower", alpha=0.5, zorder=3, aspect="auto"
    ),
    "smooth image": lambda ax: ax.imshow(
        PIXELS[:4, :4], extent=(0.2, 1.2, 1.8, 2.8), interpolation="bilinear", zorder=3, aspect="auto"
    ),
    "quiver": lambda ax: ax.quiver(
        *np.meshgrid([6.5, 7.2, 7.9], [5.6, 6.0]), PIXELS[:2, :3, 0] - 0.5, PIXELS[:2, :3, 1] - 0.5, color="C6"
    ),
    "edges": lambda ax: ax.add_collection(LineCollection([[(0.2, 0), (1, 3)], [(1, 0), (2, 1)]], colors="C7", lw=3)),
    "clipped to a circle": clipped,
    "bars": lambda ax: ax.bar([2.4, 3.1], [0.3, 0.6], width=0.5, color=["C8", "C9"]),
    "error bars": lambda ax: ax.errorbar([4.4, 5], [0.6, 0.5], yerr=[0.3, 0.2], fmt="o", capsize=3, color="C0"),
    "filled between": lambda ax: ax.fill_between(T[:60], 5.2, 5.4 + 0.2 * np.sin(8 * T[:60]), color="C0", alpha=0.3),
}  # fmt: skip


def gallery(names=tuple(ARTISTS), **options) -> tuple[Figure, Axes, dict[str, object]]:
    """A figure with these artists, by name."""
    figure = Figure(figsize=(6.4, 4.8), **options)
    ax = figure.add_subplot(title="Live artists")
    made = {name: ARTISTS[name](ax) for name in names}
    ax.set(xlim=(0, 10), ylim=(0, 8))
    return figure, ax, made
