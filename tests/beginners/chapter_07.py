"""What beginners answer in chapter 7."""

PRELUDE = "from textbook import ops\n"

NLL = "def negative_log_likelihood(y_hat, y):\n"
BCE = "def binary_cross_entropy(z, y):\n"
LSE = "def log_sum_exp(z):\n"
SLOPE = "sigmoid_slope = lambda y_hat: "
ENTROPY = "entropy_slope = lambda y_hat, y: "
JACOBIAN = "softmax_jacobian = lambda y_hat: "
SIGMOID = "    p = 1 / (1 + np.exp(-z))\n"
CE = "def cross_entropy_gradient(z, labels):\n"
SOFTMAX = "    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)\n"

ANSWERS = {
    "7-1": [
        ("def negative_log_likelihood(y_hat, y):\n    return np.mean(-np.log(y_hat))", "Every example is counted as a yes"),
        (NLL + "    return -np.mean(np.log(np.where(y == 1, y_hat, 1 - y_hat)))", "✓"),
        (NLL + "    return np.mean(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))", "The loss is its negative"),
        (NLL + "    return -np.mean(y * np.log(y_hat))", "Only the yeses are counted"),
        (NLL + "    return -np.sum(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))", "A sum over the examples"),
        (NLL + "    return -(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))", "Take their mean"),
        (NLL + "    return -np.log(np.mean(np.where(y == 1, y_hat, 1 - y_hat)))", "the log of a mean"),
        (NLL + "    return -np.mean(y * np.log2(y_hat) + (1 - y) * np.log2(1 - y_hat))", "in nats"),
        (NLL + "    return -np.mean(y * np.log(y_hat) + (1 - y) * (1 - np.log(y_hat)))", None),
        (NLL + "    return -np.mean(y * np.log(y_hat)) + np.mean((1 - y) * np.log(1 - y_hat))", "The noes have the wrong sign"),
        (NLL + "    return np.mean((y_hat - y) ** 2)", "the squared error of chapter 6"),
        (NLL + "    total = 0\n    for p, t in zip(y_hat, y):\n        total -= np.log(p) if t == 1 else np.log(1 - p)\n"
         "    return total / len(y)", "✓"),
    ],
    "7-2": [
        (BCE + "    return np.mean(np.logaddexp(0, z) - y * z)", "✓"),
        (BCE + "    return np.mean(ops.softplus(z) - y * z)", "✓"),
        (BCE + "    return np.mean(np.maximum(z, 0) + np.log(1 + np.exp(-abs(z))) + y * z)", "The sign of the last term"),
        (BCE + "    p = ops.sigmoid(z)\n    return np.mean(-y * np.log(p) - (1 - y) * np.log(1 - p))", "its log is −∞"),
        (BCE + "    return np.mean(np.log(1 + np.exp(z)) - y * z)", "though the sigmoid is gone"),
        (BCE + SIGMOID + "    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))", "the sigmoid is exactly 0 or 1"),
        (BCE + SIGMOID + "    p = np.clip(p, 1e-15, 1 - 1e-15)\n    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))",
         "caps the loss"),
        (BCE + SIGMOID + "    p = np.clip(p, 1e-7, 1 - 1e-7)\n    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))",
         "caps the loss"),
        (BCE + SIGMOID + "    p = np.clip(p, 1e-12, 1 - 1e-12)\n    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))",
         "caps the loss"),
        (BCE + SIGMOID + "    return -np.mean(y * np.log(p + 1e-9) + (1 - y) * np.log(1 - p + 1e-9))", "caps the loss"),
        (BCE + "    return np.mean(np.maximum(z, 0) + np.log(1 + np.exp(-np.abs(z))))", "- yz is missing"),
        (BCE + "    return np.mean(np.maximum(z, 0) + np.log(1 + np.exp(-abs(z))) - y * z)", "✓"),
        (BCE + "    return np.sum(np.maximum(z, 0) + np.log(1 + np.exp(-abs(z))) - y * z)", "A sum over the batch"),
    ],
    "7-3": [
        (LSE + "    m = np.max(z, axis=1, keepdims=True)\n    return m[:, 0] + np.log(np.sum(np.exp(z - m), axis=1))", "✓"),
        (LSE + "    return np.log(np.sum(np.exp(z), axis=1))", "overflows"),
        (LSE + "    m = z.max()\n    return m + np.log(np.exp(z - m).sum(axis=1))", "Each row needs its own"),
        (LSE + "    m = z.max(axis=1, keepdims=True)\n    return np.log(np.exp(z - m).sum(axis=1))", "must be put back"),
        (LSE + "    m = z.max(axis=1, keepdims=True)\n    return m + np.log(np.exp(z - m).sum(axis=1, keepdims=True))",
         "keeps an axis of length 1"),
        (LSE + "    m = z.max(axis=1, keepdims=True)\n    return m + np.log(np.exp(z - m).sum(axis=1))", "they make (N, N)"),
        (LSE + "    m = z.max(axis=0)\n    return m + np.log(np.exp(z - m).sum(axis=0))", "over the columns"),
        (LSE + "    m = z.max(axis=1)\n    return m + np.log(np.exp(z - m).sum(axis=1))", "broadcast"),
        (LSE + "    return z.max(axis=1)", "That is the maximum"),
    ],
    "7-4": [
        (SLOPE + "y_hat - y_hat**2", "✓"),
        (SLOPE + "ops.sigmoid(y_hat) * (1 - ops.sigmoid(y_hat))", "ŷ is σ(z) already"),
        (SLOPE + "y_hat * (y_hat - 1)", "the sigmoid rises everywhere"),
        (SLOPE + "1 - y_hat", "multiplied by ŷ"),
        (SLOPE + "y_hat / (1 - y_hat)", "Those are the odds"),
        (SLOPE + "y_hat**2", "The chain rule brings the factor"),
        (SLOPE + "1 - y_hat**2", None),
        (SLOPE + "np.exp(-y_hat) / (1 + np.exp(-y_hat))**2", "ŷ is σ(z) already"),
    ],
    "7-5": [
        (ENTROPY + "-y / y_hat + (1 - y) / (1 - y_hat)", "✓"),
        (ENTROPY + "-y / y_hat - (1 - y) / (1 - y_hat)", "inner derivative -1"),
        (ENTROPY + "y_hat - y", "derivative by z"),
        (ENTROPY + "y / y_hat - (1 - y) / (1 - y_hat)", "a yes wants ŷ larger"),
        (ENTROPY + "-y / y_hat", "a yes alone"),
        (ENTROPY + "(1 - y) / (1 - y_hat)", "a no alone"),
        (ENTROPY + "-1 / y_hat", "every example as a yes"),
        (ENTROPY + "np.mean((y_hat - y) / (y_hat * (1 - y_hat)))", "You took the mean over all elements"),
        (ENTROPY + "-y * np.log(y_hat) - (1 - y) * np.log(1 - y_hat)", "That is the loss"),
    ],
    "7-6": [
        (JACOBIAN + "y_hat[:, None] * (np.eye(len(y_hat)) - y_hat)", "✓"),
        (JACOBIAN + "y_hat * (1 - y_hat)", "as a vector"),
        (JACOBIAN + "np.diag(y_hat * (1 - y_hat))", "the diagonal alone"),
        (JACOBIAN + "np.eye(len(y_hat)) - np.outer(y_hat, y_hat)", "1 on its diagonal"),
        (JACOBIAN + "np.diag(y_hat) - y_hat * y_hat", "place by place"),
        (JACOBIAN + "np.outer(y_hat, y_hat) - np.diag(y_hat)", "raises ŷⱼ and lowers"),
        (JACOBIAN + "-np.outer(y_hat, y_hat)", "On it the numerator adds"),
        (JACOBIAN + "np.diag(y_hat * (1 - y_hat)) - np.outer(y_hat, y_hat)", "twice"),
        (JACOBIAN + "np.diag(y_hat) - y_hat @ y_hat", "is one number, the same everywhere"),
    ],
    "7-7": [
        (CE + SOFTMAX + "    p[np.arange(len(z)), labels] -= 1\n    return p / len(z)", "✓"),
        (CE + SOFTMAX + "    return (p - np.eye(z.shape[1])[labels]).mean(axis=0)", "You averaged the rows into one"),
        (CE + SOFTMAX + "    p[:, labels] -= 1\n    return p / len(z)", "takes whole columns"),
        (CE + "    p = np.exp(z) / np.exp(z).sum(axis=0)\n    p[np.arange(len(z)), labels] -= 1\n    return p / len(z)",
         "down the columns"),
        (CE + "    p = np.exp(z) / np.exp(z).sum()\n    p[np.arange(len(z)), labels] -= 1\n    return p / len(z)",
         "over the whole array"),
        (CE + SOFTMAX + "    return p - np.eye(z.shape[1])[labels]", "divide by N"),
        (CE + SOFTMAX + "    p[labels] -= 1\n    return p / len(z)", "takes whole rows"),
        (CE + SOFTMAX + "    return -np.mean(np.log(p[np.arange(len(z)), labels]))", "That is the loss"),
        (CE + SOFTMAX + "    return (p - labels[:, None]) / len(z)", "number of the class"),
        (CE + SOFTMAX + "    return (np.eye(z.shape[1])[labels] - p) / len(z)", "prediction minus truth"),
        (CE + SOFTMAX + "    return (p - labels) / len(z)", "broadcast"),
        (CE + "    p = ops.softmax(z)\n    return (p - np.eye(z.shape[1])[labels]) / z.size", "number of all entries"),
    ],
    "7-8": [
        ("-np.log(2)", "✓"),
        ("-0.693", "✓"),
        ("0", "still grows to the left"),
        ("1 / 3", "Give the logit"),
        ("np.log(2)", "so the logit is negative"),
        ("np.log(1 / 3)", "is the log of ŷ"),
        ("-1", "A little to the right"),
        ("-0.7", "A little to the right"),
        ("-0.5", "A little to the left"),
        ("2 / 3", "That is 1 - ŷ"),
        ("lambda z: z", "Pass what the function returns"),
    ],
    "7-9": [
        ("[710, 0]", "✓"),
        ("[-1000, -1000.0]", "✓"),
        ("[700, 0]", "survives these"),
        ("[-1000, 0]", "survives these"),
        ("[np.inf, 1]", "must be finite"),
        ("1000", "a list of two logits"),
        ("np.array([800.0])", "a list of two logits"),
        ("[1e308, 1e308]", "✓"),
    ],
}  # fmt: skip
