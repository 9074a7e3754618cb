"""What beginners answer in chapter 6."""

STEP = "def train_step(w, b, x, y, lr):\n"
RATE = "def best_rate(x):\n"
NEAR = "def nearest_solution(w, b, x, y):\n"
GRAD = "def gradient(X, y, theta):\n"
SQUARES = "def least_squares(X, y):\n"
BACK = "def unstandardise(w, b, mean, std):\n"

ANSWERS = {
    "6-1": [
        (STEP + "    e = w * x + b - y\n    w = w - lr * 2 * e * x\n    b = b - lr * 2 * e\n    return w, b", "✓"),
        (STEP + "    w -= lr * 2 * (w * x + b - y) * x\n    b -= lr * 2 * (w * x + b - y)\n    return w, b", "at the new w"),
        (STEP + "    b -= lr * 2 * (w * x + b - y)\n    w -= lr * 2 * (w * x + b - y) * x\n    return w, b", "at the new b"),
        (STEP + "    e = w * x + b - y\n    return w - 2 * e * x, b - 2 * e", "The learning rate is missing"),
        (STEP + "    e = w * x + b - y\n    return lr * 2 * e * x, lr * 2 * e", "Subtract them from w and b"),
        (STEP + "    e = w * x + b - y\n    return -lr * 2 * e * x, -lr * 2 * e", "Add them to w and b"),
        (STEP + "    e = y - (w * x + b)\n    return w - lr * 2 * e * x, b - lr * 2 * e", "You walk up the slope"),
        (STEP + "    e = w * x + b - y\n    return w - lr * e * x, b - lr * e", "factor 2"),
        (STEP + "    loss = (w * x + b - y) ** 2\n    return w - lr * loss * x, b - lr * loss", None),
        (STEP + "    e = w * x + b - y\n    return b - lr * 2 * e, w - lr * 2 * e * x", "Return w, then b"),
        (STEP + "    e = w * x + b - y\n    w = w - lr * 2 * e * x\n    b = b - lr * 2 * e", "return"),
    ],
    "6-3": [
        (RATE + "    return 0.5 / (x * x + 1)", "✓"),
        (RATE + "    return 0.1", "right for x = 2 alone"),
        (RATE + "    return 1 / 2 * (x**2 + 1)", "put it in brackets"),
        (RATE + "    return 1 / (2 * x**2 + 1)", "The 2 multiplies the 1"),
        (RATE + "    return 1 / (2 * x**2)", "b learns too"),
        (RATE + "    return 1 / (x**2 + 1)", "the limit"),
        (RATE + "    return 1 / (5 * x)", None),
    ],
    "6-2": [
        (NEAR + "    e = w * x + b - y\n    lr = 1 / (2 * (x**2 + 1))\n    return w - lr * 2 * e * x, b - lr * 2 * e", "✓"),
        (NEAR + "    t = (w * x + b - y) / (x**2 + 1)\n    return w + t * x, b + t", "The sign of t"),
        (NEAR + "    t = (y - w * x - b) / (x**2 + 1)\n    return w + t, b + t", "w changes x times as much as b"),
        (NEAR + "    return (y - w * x - b) / (x**2 + 1)", "That is t itself"),
        (NEAR + "    t = (y - w * x - b) / (x**2 + 1)\n    return t", "That is t itself"),
        (NEAR + "    return (y - b) / x, b", "moves w alone"),
        (NEAR + "    t = y / (x**2 + 1)\n    return t * x, t", "nearest to the origin"),
        (NEAR + "    e = w * x + b - y\n    return w - 0.1 * 2 * e * x, b - 0.1 * 2 * e", "arrives only if x = 2"),
        (NEAR + "    t = (y - w * x - b) / (x + 1)\n    return w + t * x, b + t", None),
    ],
    "6-4": [
        (GRAD + "    e = X @ theta - y\n    return 2 * (e @ X) / len(e)", "✓"),
        (GRAD + "    return 2 / X.size * X.T @ (X @ theta - y)", "X.size, the number of all entries"),
        (GRAD + "    return X.T @ (X @ theta - y)", "The factor 2/N is missing"),
        (GRAD + "    return X.T @ (X @ theta - y) / len(X)", "The 2 from the derivative"),
        (GRAD + "    return 2 * X.T @ (X @ theta - y)", "divide by N"),
        (GRAD + "    return 2 / len(theta) * X.T @ (X @ theta - y)", "number of parameters"),
        (GRAD + "    return 2 / len(y) * X @ (X @ theta - y)", "matmul"),
        (GRAD + "    return np.mean(2 * (X @ theta - y)[:, None] * X, axis=0)", "✓"),
        (GRAD + "    return np.mean(2 * (X @ theta - y)[:, None] * X)", "You took the mean over all elements"),
        (GRAD + "    return 2 / len(y) * X.T @ (y - X @ theta)", "prediction minus target"),
    ],
    "6-5": [
        (SQUARES + "    return np.linalg.inv(X.T @ X) @ X.T @ y", "✓"),
        (SQUARES + "    return np.linalg.lstsq(X, y, rcond=None)[0]", "✓"),
        (SQUARES + "    return np.linalg.solve(X, y)", "square"),
        (SQUARES + "    return X.T @ y", "remain to be solved"),
        (SQUARES + "    return X.T @ y / (X.T @ X)", "element by element"),
        (SQUARES + "    return np.linalg.solve(X.T @ X, y)", "mismatch"),
        (SQUARES + "    return np.linalg.solve(X.T @ X, X.T @ y / len(X))", "A mean on the right"),
        (SQUARES + "    return np.linalg.inv(X @ X.T) @ X.T @ y", "Singular matrix"),
    ],
    "6-6": [
        (BACK + "    v = w / std\n    return v, b - np.sum(v * mean)", "✓"),
        (BACK + "    return w / std, b - w * mean / std", "The bias is one number"),
        (BACK + "    return w / std, b - w @ mean / std", "adds up before std divides"),
        (BACK + "    return w / std, b", "The shift by the mean is missing"),
        (BACK + "    return w * std, b - (w * std) @ mean", "not multiplied"),
        (BACK + "    return w / std, b + (w / std) @ mean", "The sign of the shift"),
        (BACK + "    return w * std + mean, b", None),
        (BACK + "    return w / std, b - np.mean(w * mean / std)", None),
    ],
    "6-7": [
        ("30", "✓"),
        ("1000.0", "✓"),
        ("20", "✓"),
        ("10", "still gets all four right"),
        ("3", "still gets all four right"),
        ("1", "no easy case"),
        ("-100", "no easy case"),
        ("'20'", "without quotes"),
        ("lambda: 20", "Pass what the function returns"),
        ("(30, 1)", "Give one finite number"),
        ("np.inf", "Give one finite number"),
    ],
}  # fmt: skip
