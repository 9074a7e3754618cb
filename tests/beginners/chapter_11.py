"""What beginners answer in chapter 11."""

PRELUDE = "from textbook import ops\n"

STEP = "def newton_step(x, g, H):\n"
SAFE = "def safe_direction(g, curvatures, axes):\n"
BFGS = "def bfgs_update(C, s, y):\n"
CG = "def conjugate_gradients(product, b, steps):\n    x = np.zeros_like(b)\n    r = b - product(x)\n    p = r.copy()\n"
FISHER = "def fisher(X, w):\n    y_hat = 1 / (1 + np.exp(-X @ w))\n"
NS = "def orthogonalised(G, steps):\n"

ANSWERS = {
    "11-1": [
        (STEP + "    return x - np.linalg.inv(H) @ g", "✓"),
        (STEP + "    p = np.linalg.solve(H, -g)\n    return x + p", "✓"),
        (STEP + "    return x + np.linalg.solve(H, g)", "The sign: the step goes against"),
        (STEP + "    return x - H @ g", "You multiplied by H"),
        (STEP + "    return x - H**-1 @ g", "1 / H inverts each number"),
        (STEP + "    return x - g / np.diag(H)", "the diagonal of H alone"),
        (STEP + "    return -np.linalg.solve(H, g)", "Return the point it leads to"),
        (STEP + "    return np.linalg.solve(H, -g)", "Return the point it leads to"),
        (STEP + "    return x - g / H", "You divided by the matrix"),
        (STEP + "    return x - 0.1 * np.linalg.solve(H, g)", None),
        (STEP + "    return x - np.linalg.solve(H, x)", "The right-hand side is the gradient"),
    ],
    "11-2": [
        ("2.0", "✓"),
        ("-1.5", "✓"),
        ("1.0001", "✓"),
        ("10**6", "✓"),
        ("0", "From 0 Newton arrives"),
        ("0.9", "Newton arrives: its next point is -0.729"),
        ("1", "jumps between 1 and −1"),
        ("-1.0", "jumps between 1 and −1"),
        ("np.inf", "one finite number"),
        ("[2.0]", "one finite number"),
    ],
    "11-3": [
        (SAFE + "    return -axes @ np.diag(1 / np.abs(curvatures)) @ axes.T @ g", "✓"),
        (SAFE + "    p = np.zeros_like(g)\n    for c, a in zip(curvatures, axes.T):\n        p -= (a @ g) / abs(c) * a\n    return p",
         "✓"),
        (SAFE + "    return -axes @ ((axes.T @ g) / curvatures)", "That is Newton's step"),
        (SAFE + "    return -axes @ np.diag(1 / curvatures) @ axes.T @ g", "That is Newton's step"),
        (SAFE + "    return axes @ ((axes.T @ g) / abs(curvatures))", "leads uphill along every axis"),
        (SAFE + "    return -g / abs(curvatures)", "g is in the coordinates"),
        (SAFE + "    return -axes @ (g / abs(curvatures))", "g must first be written in the axes"),
        (SAFE + "    return -axes.T @ ((axes @ g) / abs(curvatures))", "The axes are the columns"),
        (SAFE + "    return -(axes.T @ g) / abs(curvatures)", "still written in the axes"),
        (SAFE + "    return -axes @ (abs(curvatures) * (axes.T @ g))", "You multiplied by the curvatures"),
        (SAFE + "    return -axes @ abs(axes.T @ g / curvatures)", "The gradient keeps its signs"),
        (SAFE + "    for c, a in zip(curvatures, axes.T):\n        p = -(a @ g) / abs(c) * a\n    return p", "the last axis alone"),
    ],
    "11-4": [
        (BFGS + "    rho = 1 / np.dot(y, s)\n    I = np.eye(len(s))\n    return (I - rho * np.outer(s, y)) @ C @ (I - rho * np.outer(y, s))"
         " + rho * np.outer(s, s)", "✓"),
        (BFGS + "    s, y = s[:, None], y[:, None]\n    rho = 1 / (y.T @ s)\n    I = np.eye(len(s))\n"
         "    return (I - rho * s @ y.T) @ C @ (I - rho * y @ s.T) + rho * s @ s.T", "✓"),
        (BFGS + "    rho = 1 / (y @ s)\n    I = np.eye(len(s))\n    return (I - rho * np.outer(s, y)) @ C @ (I - rho * np.outer(y, s))",
         "The last term"),
        (BFGS + "    rho = y @ s\n    I = np.eye(len(s))\n    return (I - rho * np.outer(s, y)) @ C @ (I - rho * np.outer(y, s))"
         " + rho * np.outer(s, s)", "ρ is 1 over the dot product"),
        (BFGS + "    rho = 1 / (y @ s)\n    I = np.eye(len(s))\n    return (I - rho * np.outer(y, s)) @ C @ (I - rho * np.outer(s, y))"
         " + rho * np.outer(s, s)", "the two factors the other way round"),
        (BFGS + "    rho = 1 / (y @ s)\n    left = np.eye(len(s)) - rho * np.outer(s, y)\n    return left @ C @ left + rho * np.outer(s, s)",
         "the transpose of the one on the left"),
        (BFGS + "    rho = 1 / (y @ s)\n    I = np.eye(len(s))\n    return (I - rho * s * y) @ C @ (I - rho * y * s) + rho * s * s",
         "multiplies place by place"),
        (BFGS + "    rho = 1 / (y @ s)\n    I = np.eye(len(s))\n    return (I - rho * np.outer(s, y)) @ C @ (I - rho * np.outer(y, s))"
         " + np.outer(s, s)", "ρ is missing from the last term"),
        (BFGS + "    rho = 1 / (y @ s)\n    I = np.eye(len(s))\n    return (I - rho * np.outer(y, s)) @ C @ (I - rho * np.outer(s, y))"
         " + rho * np.outer(y, y)", "s and y have changed places"),
        (BFGS + "    rho = 1 / (y @ s)\n    I = np.eye(len(s))\n    return (I - rho * (s @ y)) @ C @ (I - rho * (y @ s)) + rho * (s @ s)",
         "s @ y is one number"),
        (BFGS + "    rho = 1 / (y @ s)\n    I = np.eye(len(s))\n    return (I - rho * np.outer(s, y)) * C * (I - rho * np.outer(y, s))"
         " + rho * np.outer(s, s)", "The product of matrices is @"),
        (BFGS + "    rho = 1 / (y @ s)\n    return (1 - rho * np.outer(s, y)) @ C @ (1 - rho * np.outer(y, s)) + rho * np.outer(s, s)",
         "takes each number from 1"),
        (BFGS + "    rho = 1 / (y @ s)\n    I = np.eye(len(s))\n    return (I - 0.5 * rho * np.outer(s, y)) @ C", None),
    ],
    "11-5": [
        (CG + "    for k in range(steps):\n        Ap = product(p)\n        a = (r @ r) / (p @ Ap)\n        x = x + a * p\n"
         "        new = r - a * Ap\n        p = new + (new @ new) / (r @ r) * p\n        r = new\n    return x", "✓"),
        (CG + "    for k in range(steps):\n        a = (r @ p) / (p @ product(p))\n        x += a * p\n        new = b - product(x)\n"
         "        p = new - (new @ product(p)) / (p @ product(p)) * p\n        r = new\n    return x",
         "for steps=3 it called product 13 times"),
        (CG + "    rr = r @ r\n    for _ in range(steps):\n        q = product(p)\n        a = rr / (p @ q)\n        x += a * p\n"
         "        r -= a * q\n        rr, before = r @ r, rr\n        p = r + rr / before * p\n    return x", "✓"),
        (CG + "    for k in range(steps):\n        Ap = product(r)\n        a = (r @ r) / (r @ Ap)\n        x = x + a * r\n"
         "        r = r - a * Ap\n    return x", "That is steepest descent"),
        (CG + "    for k in range(steps):\n        Ap = product(p)\n        a = (r @ r) / (p @ Ap)\n        x = x + a * p\n"
         "        new = r - a * Ap\n        p = new + (r @ r) / (new @ new) * p\n        r = new\n    return x", "Yours is upside down"),
        (CG + "    for k in range(steps):\n        Ap = product(p)\n        a = (r @ r) / (p @ p)\n        x = x + a * p\n"
         "        new = r - a * Ap\n        p = new + (new @ new) / (r @ r) * p\n        r = new\n    return x", "divides by p·Ap"),
        (CG + "    for k in range(steps):\n        Ap = product(p)\n        a = (r @ r) / (p @ Ap)\n        x = x + a * p\n"
         "        new = r + a * Ap\n        p = new + (new @ new) / (r @ r) * p\n        r = new\n    return x", "The residual shrinks"),
        (CG + "    for k in range(steps):\n        Ap = product(p)\n        a = (r @ r) / (p @ Ap)\n        x = x + a * p\n"
         "        new = r - a * Ap\n        p = new + (new @ new) / (r @ r) * p\n        r = new\n        return x", "inside the loop"),
        (CG + "    for k in range(steps):\n        Ap = product(p)\n        a = (r @ r) / (p @ Ap)\n        x = x + a * p\n"
         "        r = r - a * Ap\n        p = r + (r @ r) / (r @ r) * p\n    return x", "the whole last p is added"),
        (CG + "    for k in range(steps):\n        Ap = product(p)\n        a = (r @ r) / (p @ Ap)\n        x = x - a * p\n"
         "        new = r - a * Ap\n        p = new + (new @ new) / (r @ r) * p\n        r = new\n    return x", "The sign of x"),
        (CG + "    for k in range(steps):\n        Ap = product(p)\n        a = (r @ r) / (p @ Ap)\n        x = x + a * p\n"
         "        new = r - a * Ap\n        p = new + (new @ new) / (r @ r) * p\n    return x", "The last line is missing"),
        (CG + "    for k in range(steps):\n        Ap = product(p)\n        a = r * r / (p @ Ap)\n        x = x + a * p\n"
         "        new = r - a * Ap\n        p = new + new * new / (r * r) * p\n        r = new\n    return x", "a vector of squares"),
        ("def conjugate_gradients(product, b, steps):\n    x = r = p = b\n    for k in range(steps):\n        Ap = product(p)\n"
         "        a = (r @ r) / (p @ Ap)\n        x = x + a * p\n        new = r - a * Ap\n"
         "        p = new + (new @ new) / (r @ r) * p\n        r = new\n    return x", "x starts at 0"),
        (CG + "    A = np.stack([product(v) for v in np.eye(len(b))])\n    return np.linalg.solve(A, b)",
         "That is the solution itself"),
        (CG + "    while r @ r > 1e-20:\n        Ap = product(p)\n        a = (r @ r) / (p @ Ap)\n        x = x + a * p\n"
         "        new = r - a * Ap\n        p = new + (new @ new) / (r @ r) * p\n        r = new\n    return x",
         "That is the solution itself"),
        (CG + "    for k in range(steps):\n        a = (r @ r) / (p @ product(p))\n        x = x + a * p\n"
         "        new = r - a * product(p)\n        p = new + (new @ new) / (r @ r) * p\n        r = new\n    return x",
         "for steps=3 it called product 7 times"),
        (CG + "    for k in range(steps):\n        Ap = product(p)\n        a = (r @ r) / (p @ Ap)\n        x = x + a * p\n"
         "        new = b - product(x)\n        p = new + (new @ new) / (r @ r) * p\n        r = new\n    return x",
         "call it once a round"),
        (CG + "    for k in range(steps):\n        Ap = product(p)\n        a = r @ r / p @ Ap\n        x = x + a * p\n"
         "        new = r - a * Ap\n        p = new + (new @ new) / (r @ r) * p\n        r = new\n    return x",
         "Write (r @ r) / (p @ Ap)"),
        (CG + "    for k in range(steps):\n        Ap = product(p)\n        a = (r @ r) / (p @ Ap)\n        x += a * p\n"
         "        new = r - a * Ap\n        p = r + (new @ new) / (r @ r) * p\n        r = new\n    return x",
         "starts from the old r"),
        ("def conjugate_gradients(product, b, steps):\n    x = np.zeros(len(b))\n    r = b.copy()\n    p = r\n    rr = r @ r\n"
         "    for k in range(steps):\n        Ap = product(p)\n        a = rr / (p @ Ap)\n        x += a * p\n        r -= a * Ap\n"
         "        new = r @ r\n        p = r + new / rr * p\n        rr = new\n    return x", "p and r are one array"),
        (CG + "    for k in range(steps):\n        Ap = product(p)\n        a = (r @ r) / (p @ Ap)\n        x = x + a * p\n"
         "        new = r - a * Ap\n        p = new + (new @ new) / (r @ r) * p\n        r = new\n    return r",
         "That is the residual. Return x"),
        (CG + "    for k in range(steps):\n        Ap = product(p)\n        a = (r @ r) / (p @ Ap)\n        x = x + a * p\n"
         "        new = r - a * Ap\n        p = new + (new @ new) / (r @ r) * p\n        r = new\n    return x, r", None),
    ],
    "11-6": [
        (FISHER + "    return X.T @ np.diag(y_hat * (1 - y_hat)) @ X / len(X)", "✓"),
        (FISHER + "    F = 0\n    for x, p in zip(X, y_hat):\n        F = F + p * (1 - p) * np.outer(x, x)\n    return F / len(X)", "✓"),
        (FISHER + "    F = 0\n    for x, p in zip(X, y_hat):\n        F = F + p * np.outer((1 - p) * x, (1 - p) * x)"
         " + (1 - p) * np.outer(p * x, p * x)\n    return F / len(X)", "✓"),
        (FISHER + "    return X.T @ X / len(X)", "you gave all the same weight"),
        (FISHER + "    return X.T @ np.diag(y_hat) @ X / len(X)", "not ŷ."),
        (FISHER + "    return X.T @ np.diag(y_hat * (1 - y_hat)) @ X", "A sum over the examples"),
        (FISHER + "    return X.T @ (y_hat * (1 - y_hat)) / len(X)", "That is a vector"),
        (FISHER + "    z = X @ w\n    return X.T @ np.diag(z * (1 - z)) @ X / len(X)", "Those are the logits"),
        (FISHER + "    g = (y_hat * (1 - y_hat))[:, None] * X\n    return g.T @ g / len(X)", "The variance stands once"),
        (FISHER + "    return X.T @ np.diag((1 - y_hat) ** 2) @ X / len(X)", "squared error where the label is 1"),
        (FISHER + "    return X.T @ np.diag(y_hat * (1 - y_hat) ** 2) @ X / len(X)", "the part of the label 1"),
        (FISHER + "    return (y_hat * (1 - y_hat)).mean() * X.T @ X / len(X)", "each example has its own"),
        (FISHER + "    return X.T @ np.diag(y_hat * (1 - y_hat)) @ X / X.shape[1]", "You divided by d"),
        (FISHER + "    return X.T @ np.diag(y_hat**2) @ X / len(X)", None),
    ],
    "11-7": [
        (NS + "    X = G / np.linalg.norm(G)\n    for _ in range(steps):\n        X = (3 * X - X @ X.T @ X) / 2\n    return X", "✓"),
        (NS + "    X = G / np.sqrt((G**2).sum())\n    for k in range(steps):\n        X = X @ (1.5 * np.eye(X.shape[1]) - 0.5 * X.T @ X)\n"
         "    return X", "✓"),
        (NS + "    X = G\n    for _ in range(steps):\n        X = 1.5 * X - 0.5 * X @ X.T @ X\n    return X", "Divide by the length first"),
        (NS + "    X = G / np.linalg.norm(G)\n    for _ in range(steps):\n        X = 1.5 * X + 0.5 * X @ X.T @ X\n    return X", "The sign"),
        (NS + "    X = G / np.linalg.norm(G)\n    for _ in range(steps):\n        X = 0.5 * X - 1.5 * X @ X.T @ X\n    return X",
         "1.5 belongs to M"),
        (NS + "    X = G / np.linalg.norm(G)\n    for _ in range(steps):\n        X = 1.5 * X - 0.5 * X**3\n    return X", "cubes each number"),
        (NS + "    X = G / np.linalg.norm(G)\n    for _ in range(steps):\n        X = 1.5 * X - 0.5 * X @ X.T @ X\n        return X",
         "inside the loop"),
        (NS + "    X = G\n    for _ in range(steps):\n        X = X / np.linalg.norm(X)\n        X = 1.5 * X - 0.5 * X @ X.T @ X\n    return X",
         "The length stands inside the loop"),
        (NS + "    M = G / np.linalg.norm(G)\n    for _ in range(steps):\n        M = 3 * M - M @ M.T @ M\n    return M",
         "The half is missing"),
        (NS + "    M = G / np.linalg.norm(G)\n    for _ in range(steps):\n        M = 1.5 * M - 0.5 * M @ M.T @ M\n"
         "        M = M / np.linalg.norm(M)\n    return M", "divide by the length after each round too"),
        (NS + "    X = G / np.abs(G).max()\n    for _ in range(steps):\n        X = 1.5 * X - 0.5 * X @ X.T @ X\n    return X",
         "Divided by the largest entry"),
        (NS + "    U, S, V = np.linalg.svd(G, full_matrices=False)\n    return U @ V", "where the rounds lead in the end"),
        (NS + "    X = G / np.linalg.norm(G, 2)\n    for _ in range(steps):\n        X = 1.5 * X - 0.5 * X @ X.T @ X\n    return X",
         "is the largest singular value"),
        (NS + "    X = G / np.linalg.norm(G)\n    for _ in range(steps):\n        X = 1.4 * X - 0.4 * X @ X.T @ X\n    return X", None),
        (NS + "    X = G / np.linalg.norm(G)\n    Q = X @ X.T @ X\n    for _ in range(steps):\n        X = 1.5 * X - 0.5 * Q\n    return X",
         "You kept G's"),
    ],
}  # fmt: skip
