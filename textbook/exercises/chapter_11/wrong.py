"""Answers to the exercises of chapter 11 that have gone wrong."""

import numpy as np


def cg(product, b, steps, *, size=None, turn=None, sign=1):
    """Conjugate gradients with its two numbers, or the sign of the residual's change, gone wrong."""
    x, r = np.zeros_like(b), b
    p = r
    for _ in range(steps):
        Ap = product(p)
        a = size(r, p, Ap) if size else (r @ r) / (p @ Ap)
        x = x + a * p
        before, r = r, r - sign * a * Ap
        p = r + (turn(r, before) if turn else (r @ r) / (before @ before)) * p
    return x


def rounds(G, steps, *, start=np.linalg.norm, a=1.5, b=-0.5):
    X = G / start(G)
    for _ in range(steps):
        X = a * X + b * X @ X.T @ X
    return X


def left(s, y):
    return np.eye(len(s)) - np.outer(s, y) / (y @ s)


def with_rho(C, s, y, rho):
    left = np.eye(len(s)) - rho * np.outer(s, y)
    return left @ C @ left.T + rho * np.outer(s, s)


def elementwise(C, s, y):
    rho = 1 / (y @ s)
    return (np.eye(len(s)) - rho * s * y) @ C @ (np.eye(len(s)) - rho * y * s) + rho * s * s


def cubed(G, steps):
    X = G / np.linalg.norm(G)
    for _ in range(steps):
        X = 1.5 * X - 0.5 * X**3
    return X


def each(G, steps):
    X = G
    for _ in range(steps):
        X = X / np.linalg.norm(X)
        X = 1.5 * X - 0.5 * X @ X.T @ X
    return X


def stale(G, steps):
    X = start = G / np.linalg.norm(G)
    for _ in range(steps):
        X = 1.5 * X - 0.5 * start @ start.T @ start
    return X


def starred(C, s, y):
    return left(s, y) * C * left(s, y).T + np.outer(s, s) / (y @ s)


def ones(C, s, y):
    rho = 1 / (y @ s)
    return (1 - rho * np.outer(s, y)) @ C @ (1 - rho * np.outer(y, s)) + rho * np.outer(s, s)


def dotted(C, s, y):
    left = np.eye(len(s)) - 1.0
    return left @ C @ left + (s @ s) / (y @ s)


def same_residual(product, b, steps):
    x, r, p = np.zeros_like(b), b, b
    for _ in range(steps):
        Ap = product(p)
        a = (r @ r) / (p @ Ap)
        x = x + a * p
        new = r - a * Ap
        p = new + (new @ new) / (r @ r) * p
    return x


def squares(product, b, steps):
    x, r, p = np.zeros_like(b), b, b
    for _ in range(steps):
        Ap = product(p)
        a = (r * r) / (p @ Ap)
        x = x + a * p
        before, r = r, r - a * Ap
        p = r + (r * r) / (before * before) * p
    return x


def two_products(product, b, steps):
    x, r, p = np.zeros_like(b), b, b
    for _ in range(steps):
        a = (r @ r) / (p @ product(p))
        x = x + a * p
        new = r - a * product(p)
        p = new + (new @ new) / (r @ r) * p
        r = new
    return x


def from_the_old_residual(product, b, steps):
    x, r, p = np.zeros_like(b), b, b
    for _ in range(steps):
        Ap = product(p)
        a = (r @ r) / (p @ Ap)
        x = x + a * p
        new = r - a * Ap
        p = r + (new @ new) / (r @ r) * p
        r = new
    return x


def one_array(product, b, steps):
    x, r = np.zeros_like(b), b.copy()
    p = r
    for _ in range(steps):
        Ap = product(p)
        before = r @ r
        a = before / (p @ Ap)
        x = x + a * p
        r -= a * Ap
        p = r + (r @ r) / before * p
    return x


def shortened(G, steps):
    X = G / np.linalg.norm(G)
    for _ in range(steps):
        X = 1.5 * X - 0.5 * X @ X.T @ X
        X = X / np.linalg.norm(X)
    return X


def limit(G, steps):
    U, _, Vt = np.linalg.svd(G, full_matrices=False)
    return U @ Vt
