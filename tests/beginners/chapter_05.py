"""Answers of beginners to the exercises of chapter 5."""

ANSWERS = {
    "5-1": [
        ("""
def descent(slope, theta, lr, steps):
    path = [theta]
    for t in range(steps):
        theta = theta + lr * slope(theta)
        path.append(theta)
    return path
""", "You walk up"),
        ("""
def descent(slope, theta, lr, steps):
    theta = theta.copy()
    path = [theta]
    for t in range(steps):
        theta -= lr * slope(theta)
        path.append(theta)
    return path
""", "All points are the last one"),
        ("""
def descent(slope, theta, lr, steps):
    path = [theta]
    for t in range(steps):
        theta -= lr * slope(theta)
        path.append(theta)
    return np.array(path)
""", "All points are the last one"),
        ("""
def descent(slope, theta, lr, steps):
    path = [theta]
    for t in range(steps):
        theta = theta - slope(theta)
        path.append(theta)
    return np.array(path)
""", "The learning rate is missing"),
        ("""
def descent(slope, theta, lr, steps):
    path = [theta]
    for t in range(steps):
        path.append(theta)
        theta = theta - lr * slope(theta)
    return path
""", "The start is there twice"),
        ("""
def descent(slope, theta, lr, steps):
    path = [theta]
    for t in range(steps):
        theta = theta - lr * slope(theta)
        path.append(theta)
        return path
""", "the `return` stands inside the loop"),
        ("""
def descent(slope, theta, lr, steps):
    path = []
    for t in range(steps):
        theta = theta - lr * slope(theta)
        path.append(theta)
    return path
""", "The start belongs to the path"),
        ("""
def descent(slope, theta, lr, steps):
    path = [theta]
    while len(path) < steps:
        theta = theta - lr * slope(theta)
        path.append(theta)
    return path
""", "The last point is missing"),
        ("""
def descent(slope, theta, lr, steps):
    g = slope(theta)
    path = [theta]
    for t in range(steps):
        theta = theta - lr * g
        path.append(theta)
    return path
""", "take it anew where you stand"),
        ("""
def descent(slope, theta, lr, steps):
    for t in range(steps):
        theta = theta - lr * slope(theta)
    return theta
""", "keep every point on the way"),
        ("""
def descent(slope, theta, lr, steps):
    path = np.zeros((steps + 1, len(theta)))
    path[0] = theta
    for t in range(steps):
        path[t + 1] = path[t] - lr * slope(path[t])
    return path
""", "✓"),
    ],
    "5-2": [
        ("0.1", "It never leaves the well"),
        ("0.33", "It never leaves the well"),
        ("0.63", "It crosses 0 and comes back"),
        ("0.8", "It diverged"),
        ("1.5", "It diverged"),
        ("-0.6", "A learning rate is one positive number"),
        ("[0.6]", "A learning rate is one positive number"),
        ("'0.6'", "Write it without quotes"),
        ("0.5", "✓"),
        ("0.66", "✓"),
    ],
    "5-3": [
        ("""
def step_matrix(alpha, beta, lam):
    return np.array([[1, -alpha], [lam, beta]])
""", "You moved x with the old v"),
        ("""
def step_matrix(alpha, beta, lam):
    return [[1, -alpha * beta], [lam, beta]]
""", "The gradient λx reaches x in the same step"),
        ("""
def step_matrix(alpha, beta, lam):
    return [[1 - alpha * lam, -alpha], [lam, beta]]
""", "v's share of x's step is αβ"),
        ("""
def step_matrix(alpha, beta, lam):
    return [[beta, lam], [-alpha * beta, 1 - alpha * lam]]
""", "You wrote v first"),
        ("""
def step_matrix(alpha, beta, lam):
    return np.array([[1 - alpha * lam, lam], [-alpha * beta, beta]])
""", "It is transposed"),
        ("""
def step_matrix(alpha, beta, lam):
    return [[1 + alpha * lam, alpha * beta], [lam, beta]]
""", "α enters with a minus"),
        ("""
def step_matrix(alpha, beta, lam):
    return [[1 - alpha * lam, -alpha * beta], [alpha * lam, beta]]
""", "the rate belongs to x's step alone"),
        ("""
def step_matrix(alpha, beta, lam):
    return [1 - alpha * lam, -alpha * beta, lam, beta]
""", "The numbers are right, their shape is not"),
        ("""
def step_matrix(alpha, beta, lam):
    v = np.array([lam, beta])
    x = np.array([1, 0]) - alpha * v
    return np.stack([x, v])
""", "✓"),
    ],
    "5-4": [
        ("""
def one_epoch(theta, x, y, order, size, lr):
    w, b = theta
    for i in range(0, len(x), size):
        bx, by = x[i:i + size], y[i:i + size]
        r = w * bx + b - by
        w, b = w - lr * 2 * np.mean(r * bx), b - lr * 2 * np.mean(r)
    return [w, b]
""", "`order` is not used"),
        ("""
def one_epoch(theta, x, y, order, size, lr):
    w, b = theta
    x, y = x[order], y[order]
    for i in range(0, len(x), size):
        r = w * x[i:i + size] + b - y[i:i + size]
        gw = np.mean(r * x[i:i + size])
        gb = np.mean(r)
        w = w - lr * gw
        b = b - lr * gb
    return [w, b]
""", "brings a factor 2"),
        ("""
def one_epoch(theta, x, y, order, size, lr):
    w, b = theta
    for i in range(len(order) // size):
        rows = order[i * size:(i + 1) * size]
        r = w * x[rows] + b - y[rows]
        w, b = w - lr * 2 * np.mean(r * x[rows]), b - lr * 2 * np.mean(r)
    return [w, b]
""", "it is left out"),
        ("""
def one_epoch(theta, x, y, order, size, lr):
    w, b = theta
    for i in range(0, len(order), size):
        rows = order[i:i + size]
        w = w - lr * 2 * np.mean((w * x[rows] + b - y[rows]) * x[rows])
        b = b - lr * 2 * np.mean(w * x[rows] + b - y[rows])
    return [w, b]
""", "w has moved before b's gradient is taken"),
        ("""
def one_epoch(theta, x, y, order, size, lr):
    w, b = theta
    for i in range(0, len(order), size):
        rows = order[i:i + size]
        r = w * x[rows] + b - y[rows]
        w, b = w - 2 * np.mean(r * x[rows]), b - 2 * np.mean(r)
    return [w, b]
""", "The learning rate is missing"),
        ("""
def one_epoch(theta, x, y, order, size, lr):
    w, b = theta
    for i in range(0, len(order), size):
        rows = order[i:i + size]
        r = y[rows] - (w * x[rows] + b)
        w, b = w - lr * 2 * np.mean(r * x[rows]), b - lr * 2 * np.mean(r)
    return [w, b]
""", "You walk up"),
        ("""
def one_epoch(theta, x, y, order, size, lr):
    w, b = theta
    for i in range(0, len(order), size):
        rows = order[i:i + size]
        r = w * x[rows] + b - y[rows]
        w, b = w - lr * 2 * np.sum(r * x[rows]), b - lr * 2 * np.sum(r)
    return [w, b]
""", "You took the sum over the batch"),
        ("""
def one_epoch(theta, x, y, order, size, lr):
    w, b = theta
    for i in range(0, len(order), size):
        rows = order[i:i + size]
        r = w * x[rows] + b - y[rows]
        w = w - lr * 2 / size * np.sum(r * x[rows])
        b = b - lr * 2 / size * np.sum(r)
    return [w, b]
""", "divide by how many there are"),
        ("""
def one_epoch(theta, x, y, order, size, lr):
    w, b = theta
    for i in range(0, len(order), size):
        rows = order[i:i + size]
        r = w * x[rows] + b - y[rows]
        w = w - lr * 2 * np.mean(r * x[rows])
        b = b - lr * 2 * np.mean(r)
        return [w, b]
""", "the `return` stands inside the loop"),
        ("""
def one_epoch(theta, x, y, order, size, lr):
    w, b = theta
    for rows in np.array_split(order, int(np.ceil(len(order) / size))):
        r = w * x[rows] + b - y[rows]
        w, b = w - lr * 2 * np.mean(r * x[rows]), b - lr * 2 * np.mean(r)
    return [w, b]
""", "nearly equal size"),
        ("""
def one_epoch(theta, x, y, order, size, lr):
    theta = np.array(theta)
    while len(order) > 0:
        now, order = order[:size], order[size:]
        r = theta[0] * x[now] + theta[1] - y[now]
        theta = theta - lr * 2 / len(now) * np.array([r @ x[now], r.sum()])
    return theta
""", "✓"),
    ],
    "5-5": [
        ("def best_rate(mu, L):\n    return [1 / L, 1 - mu / L]", "1/L makes the steep direction vanish"),
        ("def best_rate(mu, L):\n    return [2 / L, 1]", "At 2/L the steep direction"),
        ("def best_rate(mu, L):\n    return 2 / (mu + L)", "the factor is missing"),
        ("def best_rate(mu, L):\n    alpha = 2 / (mu + L)\n    return [alpha, 1 - alpha * L]", "take |1 − αL|"),
        ("def best_rate(mu, L):\n    alpha = 2 / (mu + L)\n    return [alpha, 1 - mu / L]", "is the factor at 1/L"),
        ("def best_rate(mu, L):\n    return [1 / (mu + L), (L - mu) / (L + mu)]", "The rate is twice that"),
        ("def best_rate(mu, L):\n    return [(L - mu) / (L + mu), 2 / (mu + L)]", "in the other order"),
        ("def best_rate(mu, L):\n    return [2 / (mu + L), (np.sqrt(L / mu) - 1) / (np.sqrt(L / mu) + 1)]", None),
        ("def best_rate(mu, L):\n    k = L / mu\n    return [2 / (mu + L), (k - 1) / (k + 1)]", "✓"),
    ],
    "5-6": [
        ("""
def largest_curvature(product, v, steps):
    for i in range(steps):
        v = product(v)
    return np.linalg.norm(v)
""", "v is never shortened"),
        ("""
def largest_curvature(product, v, steps):
    v = v / np.linalg.norm(v)
    for i in range(steps):
        v = product(v)
    return np.linalg.norm(v)
""", "v is shortened once, before the loop"),
        ("""
def largest_curvature(product, v, steps):
    for i in range(steps):
        v = product(v)
        v = v / np.linalg.norm(v)
    return np.linalg.norm(v)
""", "that length is always 1"),
        ("""
def largest_curvature(product, v, steps):
    for i in range(steps):
        v = v / np.linalg.norm(v)
        v = product(v)
        return np.linalg.norm(v)
""", "That is the stretch of the first v"),
        ("""
def largest_curvature(product, v, steps):
    for i in range(steps):
        v = product(v / np.linalg.norm(v))
    return v
""", "return its length"),
        ("""
def largest_curvature(product, v, steps):
    for i in range(steps):
        v = product(v)
        v = v / np.linalg.norm(v)
    return v
""", "it shows the direction"),
        ("""
def largest_curvature(product, v, steps):
    for i in range(steps + 1):
        v = product(v / np.linalg.norm(v))
    return np.linalg.norm(v)
""", "One product too many"),
        ("""
def largest_curvature(product, v, steps):
    for i in range(steps):
        v = v / np.linalg.norm(v)
        length = np.linalg.norm(product(v))
        v = product(v)
    return length
""", "for steps=80 it called product 160 times"),
        ("""
def largest_curvature(product, v, steps):
    for i in range(steps):
        v = v / np.sum(v)
        v = product(v)
    return np.sum(v)
""", None),
        ("""
def largest_curvature(product, v, steps):
    length = 0
    for i in range(steps):
        v = v / np.sqrt(np.sum(v ** 2))
        v = product(v)
        length = np.sqrt(np.sum(v ** 2))
    return length
""", "✓"),
    ],
}
