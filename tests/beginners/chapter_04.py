"""What beginners answer to the exercises of chapter 4."""

PRELUDE = """
from textbook import ops
from textbook.exercises.chapter_02 import topological_order
from textbook.exercises.chapter_03 import Node
from textbook.exercises.chapter_04 import softmax, sum_to
"""

BACKWARD = """
def backward(root):
    root.grad = {}
    for node in {}:
        for parent, rule in zip(node.parents, node.rules):
            {}
"""
ONES = "np.ones_like(root.value)"
BACK = "reversed(topological_order(root))"
FITTED = "sum_to(rule(node.grad), np.shape(parent.value))"

LOSS = """
def cross_entropy(z, labels):
    n = len(labels)
    p = softmax(z.value)
    y = np.zeros_like(p)
    y[np.arange(n), labels] = 1
    value = -np.log(p[np.arange(n), labels]).mean()
    return Node(value, (z,), "cross_entropy", (lambda g: {},))
"""

DIFFERENCES = """
def differences(f, x, h=1e-5):
    slopes = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        {}
    return slopes
"""

ANSWERS: dict[str, list[tuple[str, str | None]]] = {
    "4-1": [
        ("def sum_to(g, shape): return g.sum(axis=0)", "You sum over the first axis"),
        ("def sum_to(g, shape): return g.sum()", "One number came out"),
        ("def sum_to(g, shape): return g.reshape(shape)", "raised ValueError"),
        ("def sum_to(g, shape):\n    while g.ndim > len(shape):\n        g = g.sum(axis=0)\n    return g",
         "An axis of length 1 that was stretched"),
        ("def sum_to(g, shape):\n    for axis, n in enumerate(shape):\n        if n == 1:\n"
         "            g = g.sum(axis=axis, keepdims=True)\n    return g", "added in front must be summed away too"),
        ("def sum_to(g, shape):\n    while g.ndim > len(shape):\n        g = g.mean(axis=0)\n"
         "    for axis, n in enumerate(shape):\n        if n == 1:\n            g = g.mean(axis=axis, keepdims=True)\n"
         "    return g", "You took their mean"),
        ("def sum_to(g, shape):\n    while g.ndim > len(shape):\n        g = g.sum(axis=0)\n"
         "    for axis, n in enumerate(shape):\n        if n == 1:\n            g = g.sum(axis=axis)\n    return g",
         "keepdims=True keeps it"),
        ("def sum_to(g, shape):\n    while g.ndim > len(shape):\n        g = g[0]\n    return g",
         "Right on 1 of 5 cases"),
        ("def sum_to(g, shape): return np.broadcast_to(g, shape)", "raised ValueError"),
        ("def sum_to(g, shape):\n    if g.shape == shape:\n        return g\n    return g.sum(axis=0)",
         "Right on 2 of 5 cases"),
        ("def sum_to(g, shape): return g", "Nothing is summed"),
        ("def sum_to(g, shape):\n    while g.ndim > len(shape):\n        g = g.sum(axis=-1)\n"
         "    for axis, n in enumerate(shape):\n        if n == 1:\n            g = g.sum(axis=axis, keepdims=True)\n"
         "    return g", "axis=0, not axis=-1"),
        ("def sum_to(g, shape):\n    g.sum(axis=0)", "Is a `return` missing?"),
        ("def sum_to(g, shape):\n    extra = g.ndim - len(shape)\n    g = g.sum(axis=tuple(range(extra)))\n"
         "    ones = tuple(i for i, n in enumerate(shape) if n == 1)\n    return g.sum(axis=ones, keepdims=True)", "✓"),
        ("def sum_to(g, shape):\n    padded = (1,) * (g.ndim - len(shape)) + tuple(shape)\n"
         "    axes = tuple(i for i in range(g.ndim) if padded[i] == 1)\n"
         "    return g.sum(axis=axes, keepdims=True).reshape(shape)", "✓"),
    ],
    "4-2": [
        (BACKWARD.format("1.0", BACK, f"parent.grad = parent.grad + {FITTED}"), "The seed is one number"),
        (BACKWARD.format(ONES, BACK, "parent.grad = parent.grad + rule(node.grad)"), "with the shape of the one who"),
        (BACKWARD.format(ONES, BACK, "parent.grad = parent.grad + sum_to(rule(node.grad), np.shape(node.value))"),
         "np.shape(parent.value)"),
        (BACKWARD.format(ONES, BACK, f"parent.grad = {FITTED}"), "overwritten where two arrive: old + new"),
        (BACKWARD.format(ONES, BACK, "parent.grad = parent.grad + sum_to(node.grad, np.shape(parent.value))"),
         "You pass the gradient on as it is"),
        (BACKWARD.format(ONES, BACK, "parent.grad = rule(node.grad)"), "and none is summed"),
        (BACKWARD.format(ONES, BACK, f"m = {FITTED}\n            if isinstance(parent.grad, float):\n"
                         "                parent.grad = m\n            else:\n                parent.grad += m"),
         "+= wrote into an array that another node also holds"),
        (BACKWARD.format(ONES, BACK, f"parent.grad += {FITTED}"), "✓"),
        (BACKWARD.format("root.grad", BACK, f"parent.grad = parent.grad + {FITTED}"), "needs its seed"),
        (BACKWARD.format(ONES, BACK, "node.grad = sum_to(node.grad, np.shape(node.value))\n"
                         "            parent.grad = parent.grad + rule(node.grad)"), "with the shape of the one who"),
        (BACKWARD.format(ONES, BACK, f"m = {FITTED}\n            parent.grad = m if np.ndim(parent.grad) == 0 and "
                         "parent.grad == 0 else parent.grad + m"), "✓"),
        (BACKWARD.format(ONES, "topological_order(root)", f"parent.grad = parent.grad + {FITTED}"),
         "Backwards: from the root"),
        (BACKWARD.format(ONES, BACK, "parent.grad += sum_to(rule(parent.grad), np.shape(parent.value))"),
         "What is passed on is node.grad"),
        (BACKWARD.format(ONES, BACK, "parent.grad = parent.grad + sum_to(rule(1.0), np.shape(parent.value))"),
         "The rules are given 1 instead"),
        (BACKWARD.format("root.value", BACK, f"parent.grad = parent.grad + {FITTED}"), "whatever the root's value is"),
        (BACKWARD.format(ONES, BACK, "g = rule(node.grad)\n            sum_to(g, np.shape(parent.value))\n"
                         "            parent.grad = parent.grad + g"), "with the shape of the one who"),
    ],
    "4-3": [
        ("def matmul_messages(g, x, w): return g * w, g * x", "the product entry by entry"),
        ("def matmul_messages(g, x, w): return g @ w, x @ g", "The transposes are missing"),
        ("def matmul_messages(g, x, w): return w @ g.T, g.T @ x", "Both are transposed"),
        ("def matmul_messages(g, x, w): return x.T @ g, g @ w.T", "The two are swapped"),
        ("def matmul_messages(g, x, w): return g @ w.T, g.T @ x", "The second is transposed"),
        ("def matmul_messages(g, x, w): return g @ w.T, x @ g", "In the second, x must be transposed"),
        ("def matmul_messages(g, x, w): return w.T, x.T", "g is missing"),
        ("def matmul_messages(g, x, w): return g @ w.T", "Return the one to w too"),
        ("def matmul_messages(g, x, w): return (w @ g.T).T, (g.T @ x).T", "✓"),
        ("def matmul_messages(g, x, w): return w.T @ g, g @ x.T", "on the wrong side"),
        ("def matmul_messages(g, x, w): return np.dot(g, w.T), np.dot(x.T, g)", "✓"),
        ("def matmul_messages(g, x, w):\n    return [np.einsum('ij,kj->ik', g, w), np.einsum('ik,ij->kj', x, g)]", "✓"),
    ],
    "4-4": [
        ("def delta_before(delta, w, z): return delta @ w.T", "f′ is missing"),
        ("def delta_before(delta, w, z): return (delta @ w.T) * np.maximum(z, 0)", "You multiplied by relu(z)"),
        ("def delta_before(delta, w, z): return (delta @ w.T) @ (z > 0)", "∘ multiplies entry by entry"),
        ("def delta_before(delta, w, z): return (delta @ w) * (z > 0)", "The transpose is missing"),
        ("def delta_before(delta, w, z): return w.T @ delta * (z > 0)", "δ stands on the left, one example a row"),
        ("def delta_before(delta, w, z):\n    d = delta @ w.T\n    d[d < 0] = 0\n    return d", "z says which units"),
        ("def delta_before(delta, w, z): return (w @ delta) * (z > 0)", "δ stands on the left"),
        ("def delta_before(delta, w, z): return delta @ w.T * np.sign(z)", "np.sign is −1"),
        ("def delta_before(delta, w, z): return delta @ w.T * np.heaviside(z, 0)", "✓"),
        ("def delta_before(delta, w, z): return delta @ w.T * z", "You multiplied by z."),
        ("def delta_before(delta, w, z): return delta * w.T * (z > 0)", "Each unit feeds all units of the next layer"),
        ("def delta_before(delta, w, z):\n    d = delta @ w.T\n    d[z <= 0] = 0\n    return d", "✓"),
        ("def delta_before(delta, w, z): return np.where(z > 0, delta @ w.T, 0.0)", "✓"),
    ],
    "4-5": [
        (LOSS.format("(p - y) / n"), "Yours forgets g"),
        (LOSS.format("g * (p - y)"), "so the rule divides by n too"),
        (LOSS.format("g * (y - p) / n"), "The sign is the opposite"),
        (LOSS.format("g * p / n"), "y is missing"),
        (LOSS.format("g * (p - 1) / n"), "1 is subtracted for the right class alone"),
        (LOSS.format("g * (p - y) / n").replace("y[np.arange(n), labels]", "y[:, labels]"), "marks whole columns"),
        (LOSS.format("-g * y / p / n"), "That leads to p"),
        (LOSS.format("g * (p - labels) / n"), "raised ValueError: operands could not be broadcast"),
        (LOSS.format("g * (z.value - y) / n"), None),
        (LOSS.format("g * p - y / n"), None),
        (LOSS.format("g * (p - y) / n").replace(".mean()", ""), "take the mean over the rows, one number"),
        (LOSS.format("g * (p - y) / n").replace("labels]).mean()", "labels].mean())"), "the logarithm of the mean"),
        ("def cross_entropy(z, labels):\n    p = softmax(z.value)\n    rows = np.arange(len(labels))\n"
         "    value = -np.log(p[rows, labels]).mean()\n    def rule(g):\n        p[rows, labels] -= 1\n"
         "        return g * p / len(rows)\n    return Node(value, (z,), 'loss', (rule,))",
         "writes into an array it needs again"),
        ("def cross_entropy(z, labels):\n    p = softmax(z.value)\n    value = -np.log(p[:, labels]).mean()\n"
         "    y = np.eye(p.shape[1])[labels]\n    return Node(value, (z,), 'ce', (lambda g: g * (p - y) / len(p),))",
         None),
        ("def cross_entropy(z, labels):\n    p = softmax(z)\n"
         "    return -np.log(p[np.arange(len(labels)), labels]).mean()",
         "raised AttributeError"),
        ("def cross_entropy(z, labels):\n    p = softmax(z.value)\n"
         "    return -np.log(p[np.arange(len(labels)), labels]).mean()", "return a Node, with z as its parent"),
        (LOSS.format("g * (p - y) / n").replace("(lambda g: g * (p - y) / n,)", "(lambda g: g * (p - y) / n)"),
         "rules is not a tuple"),
        (LOSS.format("g * (p - y) / n").replace(".mean()", ".sum()"), "You took the sum; the rule is that of the mean"),
        ("def cross_entropy(z, labels):\n    p = softmax(z.value)\n    rows = np.arange(len(labels))\n"
         "    def rule(g):\n        d = p.copy()\n        d[rows, labels] -= 1\n        return g * d / len(rows)\n"
         "    return Node(-np.mean(np.log(p[rows, labels])), [z], 'loss', [rule])", "✓"),
        ("def cross_entropy(z, labels):\n    p = softmax(z.value)\n    y = np.eye(p.shape[1])[labels]\n"
         "    loss = -(y * np.log(p)).sum() / len(y)\n"
         "    return Node(loss, (z,), 'loss', (lambda g: (p - y) * g / len(y),))", "✓"),
    ],
    "4-6": [
        ("def bump_rule(g, out, x): return -2 * x * out", "Yours forgets g"),
        ("def bump_rule(g, out, x): return g * out", "The inner derivative is missing"),
        ("def bump_rule(g, out, x): return g * 2 * x * out", "The minus of −x² is lost"),
        ("def bump_rule(g, out, x): return g * -2 * x", "The exp is lost"),
        ("def bump_rule(g, out, x): return g * -x**2 * np.exp(-x**2 - 1)", "exp is no power"),
        ("def bump_rule(g, out, x): return g * -2 * x * np.exp(-out**2)", "You took exp(−out²)"),
        ("def bump_rule(g, out, x): return g * np.exp(-2 * x)", None),
        ("def bump_rule(g, out, x): return g - 2 * x * out", None),
        ("def bump_rule(g, out, x): return g * -2 * x * np.exp(-x**2)", "✓"),
        ("def bump_rule(g, out, x): return -(out * x + x * out) * g", "✓"),
    ],
    "4-7": [
        (DIFFERENCES.format("slopes[i] = (f(x[i] + h) - f(x[i] - h)) / (2 * h)"), None),
        ("def differences(f, x, h=1e-5):\n    return (f(x + h) - f(x - h)) / (2 * h)",
         "you get one number, the sum of all slopes"),
        ("def differences(f, x, h=1e-5):\n    return np.ones(x.shape) * (f(x + h) - f(x - h)) / (2 * h)",
         "You nudge all entries at once"),
        (DIFFERENCES.format("moved = x.copy()\n        moved[i] += h\n        slopes[i] = (f(moved) - f(x)) / h"),
         "The nudge goes one way"),
        (DIFFERENCES.format("up, down = x.copy(), x.copy()\n        up[i] += h\n        down[i] -= h\n"
                            "        slopes[i] = (f(up) - f(down)) / h"), "Between x − h and x + h lies 2h"),
        (DIFFERENCES.format("up = x\n        down = x\n        up[i] += h\n        down[i] -= h\n"
                            "        slopes[i] = (f(up) - f(down)) / (2 * h)"), "Nothing moved"),
        (DIFFERENCES.format("x[i] += h\n        up = f(x)\n        x[i] -= 2 * h\n        down = f(x)\n"
                            "        slopes[i] = (up - down) / (2 * h)"), "must be taken back"),
        ("def differences(f, x, h=1e-5):\n    slopes = np.zeros_like(x)\n    for i in range(len(x)):\n"
         "        up, down = x.copy(), x.copy()\n        up[i] += h\n        down[i] -= h\n"
         "        slopes[i] = (f(up) - f(down)) / (2 * h)\n    return slopes", "x may have two axes"),
        (DIFFERENCES.format("up, down = x.copy(), x.copy()\n        up[i] += h\n        down[i] -= h\n"
                            "        slopes[i] = f(up) - f(down) / (2 * h)"), None),
        (DIFFERENCES.format("e = np.zeros_like(x)\n        e[i] = h\n        slopes[i] = (f(x + e) - f(x - e)) / 2 * h"),
         "needs parentheses"),
        (DIFFERENCES.format("e = np.zeros_like(x)\n        e[i] = h\n        slopes[i] = (f(x + e) - f(x - e)) / (2 * h)\n"
                            "        return slopes"), "the return stands inside the loop"),
        (DIFFERENCES.format("e = np.zeros_like(x)\n        e[i] = h\n        slopes = (f(x + e) - f(x - e)) / (2 * h)"),
         "slopes[i] = …, not slopes"),
        (DIFFERENCES.format("x[i] += h\n        up = f(x)\n        x[i] -= 2 * h\n        down = f(x)\n"
                            "        x[i] += h\n        slopes[i] = (up - down) / (2 * h)"), "✓"),
        (DIFFERENCES.format("e = np.zeros_like(x)\n        e[i] = 1\n"
                            "        slopes[i] = (f(x + h * e) - f(x - h * e)) / (2 * h)"), "✓"),
    ],
    "4-8": [
        ("def wrong_slope(x): return 3 * x**2", "It passes, and it is right at all"),
        ("def wrong_slope(x): return 3 * x * x", "It passes, and it is right at all"),
        ("def wrong_slope(x): return x**2", "the test wants 3, yours gives 1"),
        ("def wrong_slope(x): return 3", "at x = 0 the test wants 0, yours gives 3"),
        ("def wrong_slope(x): return 0", "at x = 1 the test wants 3, yours gives 0"),
        ("def wrong_slope(x): return 2 * x**3", "the test wants 3, yours gives 2"),
        ("def wrong_slope(x):\n    if x == 0:\n        return 0\n    if x == 1:\n        return 3",
         "At x = 2 yours returns nothing"),
        ("def wrong_slope(x): return 3 / x**2", "raised ZeroDivisionError"),
        ("def wrong_slope(x): return 3 * x**2 if x <= 5 else 0", "✓"),
        ("def wrong_slope(x): return 3 * x**3", "✓"),
        ("def wrong_slope(x): return {0: 0, 1: 3}.get(x, 17)", "✓"),
    ],
}
