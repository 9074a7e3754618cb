"""Exercises of chapter 11, second order: the right answers."""

import numpy as np

# Steps that SciPy 1.17 takes to the same tolerance, and their cost in gradients; tests/test_second_order.py runs it.
SCIPY_BILLS = {
    ("damped_newton", "rosenbrock"): (26, 135), ("bfgs", "rosenbrock"): (34, 41), ("lbfgs", "rosenbrock"): (38, 46),
    ("nonlinear_cg", "rosenbrock"): (37, 80), ("damped_newton", "beale"): (8, 45), ("bfgs", "beale"): (16, 18),
    ("lbfgs", "beale"): (17, 18), ("nonlinear_cg", "beale"): (30, 73),
}  # fmt: skip


def newton_step(x, g, H):
    """x - H⁻¹g."""
    return x - np.linalg.solve(H, g)


def safe_direction(g, curvatures, axes):
    """-|H|⁻¹g, from the eigenvalues and eigenvectors (columns) of H."""
    return -axes @ ((axes.T @ g) / np.abs(curvatures))


def bfgs_update(C, s, y):
    """(I - ρsyᵀ)·C·(I - ρysᵀ) + ρssᵀ with ρ = 1/y·s."""
    rho = 1 / (y @ s)
    left = np.eye(len(s)) - rho * np.outer(s, y)
    return left @ C @ left.T + rho * np.outer(s, s)


def conjugate_gradients(product, b, steps):
    """x after so many steps from 0, for A·x = b with product(v) = A·v."""
    x, r = np.zeros_like(b), b
    p = r
    for _ in range(steps):
        Ap = product(p)
        a = (r @ r) / (p @ Ap)
        x = x + a * p
        before, r = r, r - a * Ap
        p = r + (r @ r) / (before @ before) * p
    return x


def fisher(X, w):
    """The Fisher matrix of logistic regression, XᵀDX/N with D = diag(ŷ(1 - ŷ))."""
    y_hat = 1 / (1 + np.exp(-X @ w))
    return X.T @ ((y_hat * (1 - y_hat))[:, None] * X) / len(X)


def orthogonalised(G, steps):
    """M ← (3M - MMᵀM)/2, from G over its length."""
    M = G / np.linalg.norm(G)
    for _ in range(steps):
        M = 1.5 * M - 0.5 * M @ M.T @ M
    return M
