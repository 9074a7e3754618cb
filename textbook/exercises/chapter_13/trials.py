"""How answers to the exercises of chapter 13 are tried: the cases to compare."""

import numpy as np


def stop_cases(rng):
    return [
        (np.array([2.3, 1.0, 0.8, 0.9, 0.85, 0.7, 0.71, 0.72, 0.73]), 2),
        (np.array([2.3, 1.0, 0.8, 0.9, 0.85, 0.7, 0.71, 0.72, 0.73, 0.2]), 3),
        (np.array([2.3, 1.0, 0.9, 0.95, 0.8, 0.6]), 3),
        (np.array([1.0, 1.1, 1.2, 1.3, 0.1]), 1),
        (np.array([3.0, 2.0, 2.5, 2.4, 2.3, 2.2, 1.0]), 4),
        (np.array([3.0, 2.0, 2.1, 1.9, 2.0, 1.8, 1.9, 1.7, 2.2, 2.3, 2.4]), 2),
    ]


def dropout_cases(rng):
    return [
        (rng.normal(size=(n, m)), rng.random((n, m)) >= p, p) for n, m, p in ((3, 4, 0.3), (5, 2, 0.8), (2, 6, 0.1))
    ]


def l2_cases(rng):
    return [(rng.normal(size=s), rng.normal(size=s), lam) for s, lam in (((3, 4), 0.1), ((5,), 0.7), ((2, 2), 0.01))]


def shift_cases(rng):
    return [(rng.random((n, 784)), down, right) for n, down, right in ((2, 1, -2), (1, -3, 1), (3, 0, 2), (1, 2, 0))]


def clip_cases(rng):
    return [
        ([rng.normal(size=(3, 2)), rng.normal(size=4)], 0.5),
        ([3 * rng.normal(size=(2, 2)), 0.1 * rng.normal(size=(2, 3))], 1.0),
        ([0.01 * rng.normal(size=(3, 2)), 0.02 * rng.normal(size=4)], 2.0),
        ([0.5 * rng.random(5), 0.5 * rng.random(5)], 0.9),
    ]


def curve_cases(rng):
    return [
        ([2.4, 1.0, 0.1, 0.01], [2.4, 1.2, 1.0, 1.4]),
        ([2.4, 2.3, 2.2, 2.1], [2.4, 2.3, 2.3, 2.3]),
        ([2.4, 30.0, float("inf"), float("nan")], [2.4, 40.0, 90.0, 95.0]),
        ([2.4, 0.9, 0.5, 0.4], [2.4, 1.0, 0.6, 0.5]),
        ([2.4, 0.9, 0.5, 0.3], [2.4, 1.0, 0.9, 0.95]),
        ([2.4, 3.0, 6.0, 9.0], [2.4, 3.0, 7.0, 9.5]),
        ([2.4, 2.2, 2.0, 1.9], [2.4, 1.9, 2.3, 2.6]),
        ([8.0, 3.0, 2.0, 1.5], [8.0, 3.1, 2.1, 1.8]),
        ([2.4, 7.0, 0.6, 0.3], [2.4, 6.0, 0.8, 0.7]),
    ]
