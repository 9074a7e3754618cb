"""Grids of images, and the table of what was taken for what."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from textbook.engine import Array
from textbook.plots.style import INK, OKABE_ITO, PAPER, pixels, style


@style()
def draw_digits(
    ax: Axes, images: Any, labels: Any = None, predictions: Any = None, *, columns: int = 10
) -> dict[str, list[Any]]:
    """A grid of images, ink on paper, each with its label; a wrong prediction is framed and says what it should be.

    Args:
        images: (N, side²) or (N, height, width), 0 for paper and 1 for ink.
        labels: (N,) the true classes.
        predictions: (N,) the predicted ones; they need the labels.
        columns: images in a row.

    Returns:
        {"image": [AxesImage], "captions": [Text, …], "frames": [Rectangle around each wrong one, …]}
    """
    images = _as_images(images)
    if predictions is not None and labels is None:
        raise ValueError("predictions need labels to compare them with")
    for name, values in (("labels", labels), ("predictions", predictions)):
        if values is not None and np.shape(values) != images.shape[:1]:
            raise ValueError(f"{len(images)} images need {name} of shape ({len(images)},), got {np.shape(values)}")
    _, height, width = images.shape
    image, corners = _draw_grid(ax, images, columns, labels is not None, cmap="gray_r", vmin=0, vmax=1)
    texts, frames = list(map(str, labels if labels is not None else ())), []
    for i in np.flatnonzero(np.not_equal(predictions, labels)) if predictions is not None else ():
        texts[i] = f"✗ {predictions[i]}, is {labels[i]}"
        frames.append(Rectangle(corners[i], width, height, fill=False, ec=OKABE_ITO["vermilion"], lw=1.5))
        ax.add_patch(frames[-1])
    captions = _write_captions(ax, corners, images, texts)
    return {"image": [image], "captions": captions, "frames": frames}


@style()
def draw_weights(ax: Axes, w: Any, labels: Sequence[str] | None = None, *, columns: int = 10) -> AxesImage:
    """The columns of a weight matrix as images, on one symmetric scale: white is 0, red positive, blue negative.

    Args:
        w: (inputs, units), the inputs the pixels of a square.
        labels: one for each unit.
        columns: images in a row.
    """
    w = np.asarray(w, dtype=float)
    if w.ndim != 2:
        raise ValueError(f"w must be (inputs, units), got shape {w.shape}")
    images = _as_images(w.T)
    if labels is not None and len(labels) != len(images):
        raise ValueError(f"{len(images)} units need as many labels, got {len(labels)}")
    top = float(np.quantile(np.abs(w), 0.998)) or float(np.abs(w).max()) or 1.0  # a few outliers would pale the rest
    image, corners = _draw_grid(ax, images, columns, labels is not None, cmap="RdBu_r", vmin=-top, vmax=top)
    ax.figure.colorbar(image, ax=ax, label="weight", extend="both", shrink=0.8, aspect=15, pad=0.02)
    _write_captions(ax, corners, images, labels or ())
    return image


def _as_images(images: Any) -> Array:
    images = np.asarray(images, dtype=float)
    if images.ndim == 2:
        side = math.isqrt(images.shape[1])
        if side * side != images.shape[1]:
            raise ValueError(f"{images.shape[1]} pixels are no square: pass images of shape (N, height, width)")
        images = images.reshape(-1, side, side)
    if images.ndim != 3 or not images.size:
        raise ValueError(f"images must be (N, side²) or (N, height, width), with N ≥ 1; got shape {images.shape}")
    if not np.isfinite(images).all():
        bad = np.argwhere(~np.isfinite(images))[0]
        raise ValueError(f"image {bad[0]} holds NaN or infinity, first at row {bad[1]}, column {bad[2]}")
    return images


def _draw_grid(
    ax: Axes, images: Array, columns: int, captions: bool, **shown: Any
) -> tuple[AxesImage, list[tuple[float, float]]]:
    """All images as one, with gaps between them and room below each for a caption; and the top left corner of each."""
    if columns < 1:
        raise ValueError(f"columns must be at least 1, got {columns}")
    n, height, width = images.shape
    columns = min(columns, n)
    gap, below = max(1, round(width / 14)), math.ceil(0.28 * width * captions)
    down, right = height + below + gap, width + gap
    sheet = np.full((math.ceil(n / columns) * down - gap, columns * right - gap), np.nan)
    corners = [(i // columns * down, i % columns * right) for i in range(n)]
    for one, (y, x) in zip(images, corners, strict=True):
        sheet[y : y + height, x : x + width] = one
    image = ax.imshow(sheet, **shown)
    ax.set(xlim=(-1.0, sheet.shape[1]), ylim=(sheet.shape[0], -1.0))
    ax.set_axis_off()
    return image, [(x - 0.5, y - 0.5) for y, x in corners]


def _write_captions(ax: Axes, corners: list[tuple[float, float]], images: Array, captions: Sequence[str]) -> list[Text]:
    """Write below each image, as large as the place for it allows."""
    _, height, width = images.shape
    across, up = pixels(ax)
    point = 0.72 * min(across / np.ptp(ax.get_xlim()), up / np.ptp(ax.get_ylim()))  # of type, in pixels of the images
    look: dict[str, Any] = {"fontsize": float(np.clip(0.17 * width * point, 5, 11)), "color": INK}
    return [ax.text(x + width / 2, y + height + 1.2, text, ha="center", va="top", **look)
            for (x, y), text in zip(corners, captions, strict=False)]  # fmt: skip


@style()
def draw_confusion(ax: Axes, counts: Any, labels: Sequence[str] | None = None) -> AxesImage:
    """A confusion matrix: each row a true class, each column a predicted one; shaded by the share of the row.

    Args:
        counts: (classes, classes), whole numbers ≥ 0.
        labels: of the classes; 0, 1, 2, … by default.
    """
    counts = np.asarray(counts)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or not counts.size:
        raise ValueError(f"counts must be (classes, classes), got shape {counts.shape}")
    if counts.dtype.kind not in "iu" or (counts < 0).any():
        raise ValueError(f"counts must be whole numbers ≥ 0, got {counts.dtype} from {counts.min()}")
    classes = [str(k) for k in range(len(counts))] if labels is None else list(labels)
    if len(classes) != len(counts):
        raise ValueError(f"{len(counts)} classes need as many labels, got {len(classes)}")
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    image = ax.imshow(np.sqrt(share), cmap="Blues", vmin=0, vmax=1)  # the root lifts rare mistakes into view
    for (row, column), count in np.ndenumerate(counts):
        if count:
            ink = PAPER if share[row, column] > 0.35 else INK
            ax.text(column, row, str(count), ha="center", va="center", color=ink, fontsize=9)
    ax.set_xticks(range(len(classes)), classes)
    ax.set_yticks(range(len(classes)), classes)
    ax.set(xlabel="predicted", ylabel="true")
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return image
