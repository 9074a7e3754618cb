"""Augmentation: training images moved, turned and bent a little, so that a network meets none of them twice.

Every function takes images (N, 784) and gives fresh ones, float32.  The label of a digit survives: keep the changes
small, for a 6 that is turned far enough is a 9.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from textbook.mnist import SIDE

Images = NDArray[np.float32]

GRID = 5  # the bends of a warp: arrows at 5 × 5 points of the image, and in between what lies between
PAD = 32  # a padded image's side: the ink stands at 2 … 29, with paper around it


def shifted(x: NDArray, rng: np.random.Generator, most: int = 2) -> Images:
    """Each image moved by whole pixels, down and to the right by -most … most each; paper moves in, ink may leave.

    Args:
        x: (N, 784), intensities in [0, 1], 0 for paper.
        rng: draws every image's shift.
        most: pixels, from 0 to 27.

    Returns:
        (N, 784) float32.

    Raises:
        ValueError: x is not (N, 784), or `most` out of range.

    >>> dot = np.zeros((1, 784))
    >>> dot[0, 14 * 28 + 14] = 1.0
    >>> shifted(dot, np.random.default_rng(0), most=3).sum()
    np.float32(1.0)

    Source: LeCun, Bottou, Bengio & Haffner 1998, section III.C (there with other distortions).
    """
    images = _images(x)
    if not (isinstance(most, int | np.integer) and 0 <= most < SIDE):
        raise ValueError(f"most is a number of whole pixels, from 0 to {SIDE - 1}: got {most!r}")
    padded = np.pad(images, ((0, 0), (most, most), (most, most)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (SIDE, SIDE), axis=(1, 2))
    down, right = rng.integers(0, 2 * most + 1, (2, len(images)))
    return windows[np.arange(len(images)), down, right].reshape(-1, SIDE * SIDE)


def distorted(
    x: NDArray,
    rng: np.random.Generator,
    *,
    shift: float = 2.0,
    turn: float = 10.0,
    scale: float = 0.1,
    shear: float = 0.0,
    warp: float = 0.0,
) -> Images:
    """Each image shifted, turned, resized, slanted and bent at random, with bilinear interpolation.

    The pixel at q (from the middle) of the new image is the old one's at A⁻¹q + s + warp field(q): A turns, resizes
    and slants.  A field is smooth: normal arrows at 5 × 5 points, and in between what lies between.

    Args:
        x: (N, 784), intensities in [0, 1], 0 for paper.
        rng: draws every image's own distortion.
        shift: up to so many pixels in each direction, fractions of a pixel too.
        turn: up to so many degrees, either way.
        scale: height and width, each by a factor from 1 - scale to 1 + scale; below 1.
        shear: each row slides sideways, by up to so many pixels for every row from the middle.
        warp: standard deviation of the arrows, in pixels.

    Returns:
        (N, 784) float32 in [0, 1].

    Raises:
        ValueError: x is not (N, 784), or an amount is negative, not finite or, for scale, 1 and more.

    >>> x = np.ones((2, 784), np.float32)
    >>> bool((distorted(x, np.random.default_rng(0), shift=0, turn=0, scale=0) == x).all())
    True

    Source: Simard, Steinkraus & Platt 2003, section 2 (there the field is white noise, smoothed by a Gaussian).
    """
    images = _images(x)
    for name, amount in {"shift": shift, "turn": turn, "scale": scale, "shear": shear, "warp": warp}.items():
        if not (math.isfinite(amount) and amount >= 0):
            raise ValueError(f"{name} says how far an image is changed, finite and at least 0: got {amount}")
    if scale >= 1:
        raise ValueError(f"scale must be below 1, got {scale}: an image can't shrink to nothing")
    n = len(images)

    def up_to(most: float) -> NDArray[np.float32]:
        return rng.uniform(-most, most, (n, 1, 1)).astype(np.float32)

    angle, tall, wide, slant = up_to(math.radians(turn)), 1 + up_to(scale), 1 + up_to(scale), up_to(shear)
    cos, sin = np.cos(angle), np.sin(angle)
    middle = (SIDE - 1) / 2
    r = np.arange(SIDE, dtype=np.float32)[:, None] - np.float32(middle)
    c = r.T
    down = (cos * r + sin * c) / tall + (up_to(shift) + np.float32(middle))
    right = (cos * c - sin * r) / wide + slant * r + (up_to(shift) + np.float32(middle))
    if warp:
        arrows = rng.normal(0.0, warp, (2, n, GRID, GRID)).astype(np.float32)
        down_too, right_too = _BETWEEN @ arrows @ _BETWEEN.T
        down += down_too
        right += right_too
    return _sampled(images, down, right).reshape(-1, SIDE * SIDE)


def _sampled(images: Images, down: Images, right: Images) -> Images:
    """The images' values at positions (N, 28, 28) between their pixels: the four pixels around, by nearness."""
    padded = np.zeros((len(images), PAD, PAD), np.float32)
    padded[:, 2 : 2 + SIDE, 2 : 2 + SIDE] = images
    # What is off the paper counts as its edge, where the padding is 0 on all four sides.
    down, right = np.clip(down + 2, 0, PAD - 2), np.clip(right + 2, 0, PAD - 2)
    i, j = np.floor(down), np.floor(right)
    a, b = down - i, right - j
    at = (i * PAD + j).astype(np.intp) + np.arange(0, padded.size, PAD * PAD)[:, None, None]
    flat = padded.reshape(-1)
    above, below = (
        left + b * (np.take(flat, at + row + 1, mode="clip") - left)
        for row in (0, PAD)
        for left in [np.take(flat, at + row, mode="clip")]
    )
    return above + a * (below - above)


def _images(x: NDArray) -> Images:
    images = np.asarray(x, dtype=np.float32)
    if images.ndim != 2 or images.shape[1] != SIDE * SIDE:
        raise ValueError(f"images are rows of {SIDE * SIDE} pixels, shape (N, {SIDE * SIDE}): got {images.shape}")
    return images.reshape(-1, SIDE, SIDE)


# (28, 5): a pixel's value from the five points of its row (or column), linearly.
_BETWEEN = np.clip(
    1 - np.abs(np.linspace(0, GRID - 1, SIDE)[:, None] - np.arange(GRID)), 0, None
).astype(np.float32)
