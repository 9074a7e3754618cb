"""Ten thousand descents of a quadratic at once, and what theory says of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from textbook import optim
from textbook.engine import Array
from textbook.optim import Trajectory
from textbook.surfaces import Surface, quadratic

STEPS = 200
SIZE = 100  # cells along each axis
BETA = np.linspace(0, 0.99, SIZE)
REGIMES = ("converges smoothly", "oscillates and converges", "diverges")

# ---------------------------------------------------------------------------------------------- the theory


class Method(NamedTuple):
    """A rule on the curvature λ = 1, with the hyperparameter that the map's second axis sets.

    Attributes:
        title: for the picture; the menu shows what stands before the colon.
        rule: its name in `optim.RULES`.
        hyper: the rule's hyperparameters at β.
        second: the name of β.
        lr: (100,) the learning rates of the map.
        log: whether they are spaced in their logarithm.
        onset: αλ from which a descent oscillates, at β.  None for a rule that is not linear in the gradient.
        bound: αλ from which it diverges.
        matrix: the linear map (x, v) → (x, v) of one step at (αλ, β), as the four entries.
    """

    title: str
    rule: str
    hyper: Callable[[Any], dict[str, Any]]
    second: str
    lr: Array
    log: bool = False
    onset: Callable[[Array], Array] | None = None
    bound: Callable[[Array], Array] | None = None
    matrix: Callable[[Any, Any], tuple[tuple[Any, Any], tuple[Any, Any]]] | None = None


# One step on ½λx², with v scaled so that λ = 1 and a = αλ.  The eigenvalues z of the matrix are the factors by which
# its modes grow: it oscillates where they are not all real and ≥ 0, and diverges where one is larger than 1.
METHODS = {
    # z² - (1 + β - a)·z + β = 0: a double root at a = (1 - √β)², and z = -1 at a = 2(1 + β).
    "accumulated": Method(
        "momentum, accumulated: v ← βv + g", "momentum", lambda b: {"momentum": b}, "momentum",
        np.linspace(0.044, 4.4, SIZE),
        onset=lambda b: (1 - np.sqrt(b)) ** 2,
        bound=lambda b: 2 * (1 + b),
        matrix=lambda a, b: ((1 - a, -a * b), (1, b)),
    ),
    # The same with a·(1 - β) for a.
    "averaged": Method(
        "momentum, averaged: v ← βv + (1 − β)g", "momentum", lambda b: {"momentum": b, "averaged": True}, "momentum",
        np.geomspace(0.02, 200, SIZE), log=True,
        onset=lambda b: (1 - np.sqrt(b)) / (1 + np.sqrt(b)),
        bound=lambda b: 2 * (1 + b) / (1 - b),
        matrix=lambda a, b: ((1 - a * (1 - b), -a * b), (1 - b, b)),
    ),
    # z² - (1 + β)(1 - a)·z + β(1 - a) = 0: a double root at 1 - a = 4β/(1 + β)², and z = -1 at 1 - a = -1/(1 + 2β).
    "nesterov": Method(
        "Nesterov's momentum", "nesterov", lambda b: {"momentum": b}, "momentum",
        np.linspace(0.022, 2.2, SIZE),
        onset=lambda b: ((1 - b) / (1 + b)) ** 2,
        bound=lambda b: (2 + 2 * b) / (1 + 2 * b),
        matrix=lambda a, b: ((1 - a * (1 + b), -a * b**2), (1, b)),
    ),
    "adam_beta1": Method(
        "Adam, learning rate × beta1", "adam", lambda b: {"betas": (b, 0.999)}, "beta1",
        np.geomspace(1e-3, 10, SIZE), log=True,
    ),
    "adam_beta2": Method(
        "Adam, learning rate × beta2", "adam", lambda b: {"betas": (0.9, b)}, "beta2",
        np.geomspace(1e-3, 10, SIZE), log=True,
    ),
}  # fmt: skip


def multipliers(method: Method, a: Any, beta: Any) -> Array:
    """The eigenvalues of one step at αλ = a: (2, *runs) complex, the larger first.

    >>> multipliers(METHODS["accumulated"], 0.5, 0.0).real  # plain descent: 1 - αλ
    array([0.5, 0. ])
    """
    assert method.matrix is not None, "Adam's step is not linear"
    (p, q), (r, t) = method.matrix(np.asarray(a, float), np.asarray(beta, float))
    half = (p + t) / 2
    root = np.sqrt(half**2 - (p * t - q * r) + 0j)
    root = np.where(half < 0, -root, root)
    return np.array([half + root, half - root])


# ---------------------------------------------------------------------------------------------- the measurement


class Descents(NamedTuple):
    """All descents of a map: path (201, 2, rows of β, columns of lr), and what they do.

    Attributes:
        surface: the quadratic; its curvatures are 1/κ and 1.
        run: the `Trajectory`.
        regime: (100, 100) int, an index into `REGIMES`; see `regimes`.
    """

    surface: Surface
    run: Trajectory
    regime: Array


@lru_cache(maxsize=3)  # 32 MB each
def descents(method: str, condition: float) -> Descents:
    """Descend from one start with every pair (lr, β) of the map, in one call."""
    m, surface = METHODS[method], quadratic((1 / condition, 1.0))
    run = optim.descend(surface.f, surface.start, m.rule, STEPS, limit=1e9, lr=m.lr[None], **m.hyper(BETA[:, None]))
    return Descents(surface, run, regimes(run))


def regimes(run: Trajectory) -> Array:
    """What each run does, from its path alone: an index into `REGIMES`, of shape (*runs).

    It diverges if in some direction the second half reaches farther from 0 than the first.  It oscillates if it
    converges and crosses 0 in some direction.
    """
    reach = np.abs(run.path)
    half = len(reach) // 2
    grows = (reach[half:].max(axis=0) > reach[:half].max(axis=0)).any(axis=0) | (run.diverged_at >= 0)
    crosses = (run.path.min(axis=0) < 0) & (run.path.max(axis=0) > 0)
    return np.where(grows, 2, crosses.any(axis=0).astype(int))


def ratio(path: Array) -> float:
    """The factor by which a path (steps + 1, d) grows in a step, measured on the envelope of its second half."""
    size = np.abs(path).max(axis=1)
    size = size[: int((size > 1e-200).sum())]  # beyond, numbers end
    if len(size) < 2:
        return 0.0
    quarter = max(len(size) // 4, 1)
    return float((size[-quarter:].max() / size[-2 * quarter : -quarter].max()) ** (1 / quarter))
