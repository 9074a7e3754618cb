"""Answers of beginners to the exercises of the appendix."""

ANSWERS = {
    "90-1": [
        ("def partials(x, y):\n    return 2 * x * y + 3, x**2 + 3", "3y drops out: it does not change when x moves"),
        ("def partials(x, y):\n    return 2 * x * y + 3 * y, x**2 + 3", "it is a constant there, and its slope is 0"),
        ("def partials(x, y):\n    return 2 * x, x**2 + 3", "the factor y stays"),
        ("def partials(x, y):\n    return 2 * x * y, x**2", "its slope is 3"),
        ("def partials(x, y):\n    return x**2 + 3, 2 * x * y", "You swapped them"),
        ("def partials(x, y):\n    return 2 * x * y, 2 * x + 3", "x² is a constant factor"),
        ("def partials(x, y):\n    return 2 * x * y, x**2 + 3 * y", "3y has the slope 3"),
        ("def partials(x, y):\n    return 2 * x * y + x**2 + 3", "return both"),
        ("def partials(x, y):\n    return x**2 * y + 3 * y", "That is f itself"),
        ("def partials(x, y):\n    df_dx = 2 * x * y\n    df_dy = x * x + 3\n    return np.array([df_dx, df_dy])", "✓"),
        ("""
def partials(x, y):
    f = lambda x, y: x**2 * y + 3 * y
    h = 1e-6
    return (f(x + h, y) - f(x, y)) / h, (f(x, y + h) - f(x, y)) / h
""", "✓"),
    ],
    "90-2": [
        ("((0, 0), (1, 0))", "the gradient is zero there"),
        ("((0, 0), (0, 0))", "the gradient is zero there"),
        ("((1, 0), (1, 0))", "along this direction the slope is 2"),
        ("((1, 1), (1, 1))", "along this direction the slope is"),
        ("((1, 2), (0, 0))", "the direction has no length"),
        ("(1, 0)", "give a pair of pairs"),
        ("((np.nan, 1), (0, 1))", "give a pair of pairs"),
        ("((0., 3.), (np.inf, 0.))", "give a pair of pairs"),
        ("'x = 1'", "give a pair of pairs"),
        ("((1, 1), (1, -1))", "✓"),
        ("np.array([[2.0, 1.0], [-1.0, 2.0]])", "✓"),
    ],
    "90-3": [
        ("def jacobian(x, y):\n    return np.array([[x, y], [1, 2 * y]])", "∂(xy)/∂x is y"),
        ("def jacobian(x, y):\n    return np.array([[y, 1], [x, 2 * y]])", "You put inputs in rows"),
        ("def jacobian(x, y):\n    return np.array([[y, x], [1, y]])", "the 2 is missing"),
        ("def jacobian(x, y):\n    return [[y, x], [x, 2 * y]]", "the slope of x, not x"),
        ("def jacobian(x, y):\n    return [[y, x], [1 + 2 * y, 2 * y]]", "y² does not move with x"),
        ("def jacobian(x, y):\n    return [[1, 2 * y], [y, x]]", "The rows are in the other order"),
        ("def jacobian(x, y):\n    return [x * y, x + y**2]", "That is F itself"),
        ("def jacobian(x, y):\n    return [y, x, 1, 2 * y]", "their shape is not"),
        ("def jacobian(x, y):\n    return [[y, x], [0, 2 * y]]", None),
        ("def jacobian(x, y):\n    J = np.zeros((2, 2))\n    J[0] = y, x\n    J[1] = 1, 2 * y\n    return J", "✓"),
    ],
    "90-4": [
        ("""
def matmul(a, b):
    out = np.zeros((a.shape[0], b.shape[1]))
    for i in range(a.shape[0]):
        for k in range(b.shape[1]):
            for j in range(a.shape[1]):
                out[i, k] = a[i, j] * b[j, k]
    return out
""", "with += in place of ="),
        ("""
def matmul(a, b):
    out = np.zeros((a.shape[0], b.shape[1]))
    total = 0
    for i in range(a.shape[0]):
        for k in range(b.shape[1]):
            for j in range(a.shape[1]):
                total += a[i, j] * b[j, k]
            out[i, k] = total
    return out
""", "set it to 0 before each new one"),
        ("""
def matmul(a, b):
    out = np.zeros((a.shape[0], b.shape[1]), dtype=int)
    for i in range(a.shape[0]):
        for k in range(b.shape[1]):
            out[i, k] = sum(a[i, j] * b[j, k] for j in range(a.shape[1]))
    return out
""", "The result holds whole numbers"),
        ("""
def matmul(a, b):
    out = np.zeros((a.shape[0], b.shape[1]))
    for i in range(a.shape[0]):
        for k in range(b.shape[1]):
            for j in range(a.shape[1]):
                out[i, k] += a[i, j] * b[k, j]
    return out
""", "raised IndexError"),
        ("def matmul(a, b):\n    return a @ b", "write it with loops, without @"),
        ("def matmul(a, b):\n    return np.dot(a, b)", "without np.dot"),
        ("def matmul(a, b):\n    return a.dot(b)", "write it with loops"),
        ("""
def matmul(a, b):
    out = np.zeros((a.shape[0], b.shape[1]))
    for i in range(a.shape[0]):
        for k in range(b.shape[1]):
            for j in range(a.shape[1]):
                out[k, i] += a[i, j] * b[j, k]
    return out
""", "raised IndexError"),
        ("def matmul(a, b):\n    return a * b", "raised ValueError"),
        ("""
def matmul(a, b):
    rows = []
    for row in a:
        rows.append([sum(row * column) for column in b.T])
    return rows
""", "✓"),
        ("""
def matmul(a, b):
    out = np.zeros((a.shape[0], b.shape[1]))
    for i in range(a.shape[0]):
        for k in range(b.shape[1]):
            for j in range(a.shape[1]):
                out[i, k] += a[i, j] * b[j, k]
    return out
""", "✓"),
    ],
    "90-5": [
        ("def condition_number(matrix):\n    return matrix.max() / matrix.min()", "You compared the entries of the matrix"),
        ("def condition_number(matrix):\n    d = np.diag(matrix)\n    return max(d) / min(d)", "entries of the diagonal"),
        ("def condition_number(matrix):\n    e = np.linalg.eigvalsh(matrix)\n    return e[0] / e[-1]", "κ is at least 1"),
        ("def condition_number(matrix):\n    e = np.linalg.eigvalsh(matrix)\n    return e[1] / e[0]", "the second eigenvalue"),
        ("def condition_number(matrix):\n    return np.linalg.eigvalsh(matrix).max()", "the largest eigenvalue alone"),
        ("def condition_number(matrix):\n    e = np.linalg.eigvalsh(matrix)\n    return e[-1] - e[0]", "κ is their ratio"),
        ("def condition_number(matrix):\n    return np.linalg.det(matrix)", "That is the determinant"),
        ("def condition_number(matrix):\n    return np.linalg.eigvalsh(matrix)", "Those are the eigenvalues"),
        ("def condition_number(matrix):\n    e = np.linalg.eigvals(matrix)\n    return max(e) / min(e)", "✓"),
        ("def condition_number(matrix):\n    return np.linalg.cond(matrix)", "✓"),
    ],
    "90-6": [
        ("def best_h(f, f3, eps):\n    return (3 * eps * abs(f) / abs(f3)) ** (1 / 3)", "There the two errors are equal"),
        ("def best_h(f, f3, eps):\n    return (1.5 * eps * f / f3) ** (1 / 3)", "abs(f), abs(f3)"),
        ("def best_h(f, f3, eps):\n    return (1.5 * eps * abs(f) / abs(f3)) ** (1 / 2)", "take the third root"),
        ("def best_h(f, f3, eps):\n    return 1.5 * eps * abs(f) / abs(f3)", "That is h³"),
        ("def best_h(f, f3, eps):\n    return (eps * abs(f) / abs(f3)) ** (1 / 3)", "The numbers in front are lost"),
        ("def best_h(f, f3, eps):\n    return (1.5 * eps * abs(f3) / abs(f)) ** (1 / 3)", "The wrong way up"),
        ("def best_h(f, f3, eps):\n    return h**2 * f3 / 6 + eps * f / (2 * h)", "raised NameError"),
        ("def best_h(f, f3, eps):\n    return np.cbrt(6 * eps * abs(f) / abs(f3))", "1.587 times the expected one"),
        ("def best_h(f, f3, eps):\n    return np.cbrt(3 * eps * abs(f) / (2 * abs(f3)))", "✓"),
    ],
}
