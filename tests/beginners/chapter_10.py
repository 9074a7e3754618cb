"""Answers of beginners to the exercises of chapter 10."""

ANSWERS = {
    "10-1": [
        ("""
def down(upstream, z, w):
    return upstream @ w * (1 - np.tanh(z) ** 2)
""", "Downwards the weights are transposed"),
        ("""
def down(upstream, z, w):
    return upstream @ w.T
""", "The slope of tanh is missing"),
        ("""
def down(upstream, z, w):
    grad_h = upstream @ w.T
    return grad_h * (1 - z ** 2)
""", "here y is tanh(z), not z"),
        ("""
def down(upstream, z, w):
    slope = 1 - np.tanh(z) ** 2
    return (slope * upstream) @ w.T
""", "multiply by the slope after the product"),
        ("""
def down(upstream, z, w):
    h = np.tanh(z)
    return (upstream @ w.T) * (1 - h)
""", "with a square"),
        ("""
def down(upstream, z, w):
    return upstream @ w.T * np.tanh(z)
""", "A gradient is multiplied by its slope"),
        ("""
def down(upstream, z, w):
    return np.array([np.diag(1 - np.tanh(row) ** 2) @ w @ u for row, u in zip(z, upstream)])
""", "✓"),
        ("""
def down(upstream, z, w):
    return (upstream @ w.T) / np.cosh(z) ** 2
""", "✓"),
        ("""
def down(upstream, z, w):
    return upstream @ w.T * (1 - np.tanh(z)) ** 2
""", "The square belongs to tanh"),
        ("""
def down(upstream, z, w):
    out = np.tanh(z @ w)
    return (upstream * 1) @ w.T * (1 - out ** 2)
""", "not at what the layer sends"),
        ("""
def down(upstream, z, w):
    return upstream * (1 - np.tanh(z) ** 2)
""", "The matrix is missing"),
        ("""
def down(upstream, z, w):
    return np.tanh(z).T @ upstream
""", "That is the gradient of the weights"),
        ("""
def down(upstream, z, w):
    return (w @ upstream.T) * (1 - np.tanh(z.T) ** 2)
""", "The examples stand in columns"),
    ],
    "10-2": [
        ("""
def leaky_gain(a):
    return 2 / (1 + a ** 2)
""", "That is the gain squared"),
        ("""
def leaky_gain(a):
    return np.sqrt(2 / (1 + a))
""", "The slopes are squared before their mean"),
        ("""
def leaky_gain(a):
    return ((1 + a ** 2) / 2) ** 0.5
""", "one over the gain"),
        ("""
def leaky_gain(a):
    return np.sqrt(2)
""", "That is for a = 0"),
        ("""
def leaky_gain(a):
    mean_slope = (1 + a) / 2
    return 1 / mean_slope
""", "The mean of the slopes is not enough"),
        ("""
def leaky_gain(a):
    return 1 / np.sqrt(1 + a * a)
""", "Each side holds half of the units"),
        ("""
def leaky_gain(a):
    return (0.5 * (1 + a * a)) ** -0.5
""", "✓"),
        ("""
def leaky_gain(a):
    return np.sqrt(2) / (1 + a)
""", "square each slope, then add"),
        ("""
def leaky_gain(a):
    return (1 ** 2 + a ** 2) / 2
""", "That is the mean square of the slopes"),
        ("""
def leaky_gain(a):
    return 0.5 * 1 + 0.5 * a
""", "That is the mean slope"),
    ],
    "10-3": [
        ("""
def scaled_start(x, weights):
    new = []
    h = x
    for w in weights:
        z = h @ w
        new.append(w / z.std())
        h = np.maximum(z, 0)
    return new
""", "go on with the new w"),
        ("""
def scaled_start(x, weights):
    new = []
    h = x
    for w in weights:
        w = w / w.std()
        new.append(w)
        h = np.maximum(h @ w, 0)
    return new
""", "The standard deviation of the weights says nothing"),
        ("""
def scaled_start(x, weights):
    h, new = x, []
    for w in weights:
        w = w * (h @ w).std()
        new.append(w)
        h = np.maximum(0, h @ w)
    return new
""", "You multiply by the standard deviation"),
        ("""
def scaled_start(x, weights):
    h, new = x, []
    for w in weights:
        w = w / (h @ w).var()
        new.append(w)
        h = np.maximum(0, h @ w)
    return new
""", "not by the variance"),
        ("""
def scaled_start(x, weights):
    h, new = x, []
    for w in weights:
        w = w / np.std(h @ w)
        new.append(w)
        h = h @ w
    return new
""", "ReLU is missing"),
        ("""
def scaled_start(x, weights):
    h, new = x, []
    for w in weights:
        w = w / np.std(np.maximum(h @ w, 0))
        new.append(w)
        h = np.maximum(h @ w, 0)
    return new
""", "before ReLU cuts it off"),
        ("""
def scaled_start(x, weights):
    h, new = x, []
    for w in weights:
        z = h @ w
        w = w / np.sqrt((z ** 2).mean())
        new.append(w)
        h = np.maximum(h @ w, 0)
    return new
""", "The root mean square is not the standard deviation"),
        ("""
def scaled_start(x, weights):
    h, new = x, []
    for w in weights:
        s = np.std(h @ w)
        new.append(w / s)
        h = np.maximum(h @ w / s, 0)
    return new
""", "✓"),
        ("""
def scaled_start(x, weights):
    h, new = x, []
    for w in weights:
        w = w / np.std(h)
        new.append(w)
        h = np.maximum(h @ w, 0)
    return new
""", "That is the spread of what enters"),
        ("""
def scaled_start(x, weights):
    h, new = x, []
    for w in weights:
        w = w / (h @ w).std(axis=0)
        new.append(w)
        h = np.maximum(h @ w, 0)
    return new
""", "one for the whole layer"),
        ("""
def scaled_start(x, weights):
    h, new = x, []
    for w in weights:
        w = w / np.linalg.norm(h @ w)
        new.append(w)
        h = np.maximum(h @ w, 0)
    return new
""", "A norm grows with the number of entries"),
        ("""
def scaled_start(x, weights):
    h, new = x, []
    for w in weights:
        w = w / np.std(h @ w, ddof=1)
        new.append(w)
        h = np.maximum(h @ w, 0)
    return new
""", "one less than the number of entries"),
        ("""
def scaled_start(x, weights):
    h = x
    for w in weights:
        w = w / np.std(h @ w)
        h = np.maximum(h @ w, 0)
    return h
""", "not the last h"),
    ],
    "10-4": [
        ("""
def through_standardize(upstream, x_hat, s):
    return upstream / s
""", "two terms are missing"),
        ("""
def through_standardize(upstream, x_hat, s):
    return (upstream - upstream.mean(axis=0)) / s
""", "x moves s as well"),
        ("""
def through_standardize(upstream, x_hat, s):
    return (upstream - np.mean(upstream * x_hat, axis=0) * x_hat) / s
""", "x moves the mean as well"),
        ("""
def through_standardize(upstream, x_hat, s):
    return (upstream - upstream.mean() - x_hat * (upstream * x_hat).mean()) / s
""", "not over all entries"),
        ("""
def through_standardize(upstream, x_hat, s):
    return upstream - upstream.mean(0) - x_hat * (upstream * x_hat).mean(0)
""", "The division by s is missing"),
        ("""
def through_standardize(upstream, x_hat, s):
    return (upstream - upstream.sum(axis=0) - x_hat * (upstream * x_hat).sum(axis=0)) / s
""", "A sum is too much"),
        ("""
def through_standardize(upstream, x_hat, s):
    return (upstream - upstream.mean(axis=0) - (upstream * x_hat).mean(axis=0)) / s
""", "multiply it by x̂ again"),
        ("""
def through_standardize(upstream, x_hat, s):
    n = len(upstream)
    return (n * upstream - upstream.sum(axis=0) - x_hat * (upstream * x_hat).sum(axis=0)) / (n * s)
""", "✓"),
        ("""
def through_standardize(upstream, x_hat, s):
    g = upstream.mean(axis=0)
    return (upstream - g - x_hat * g) / s
""", "the mean of upstream · x̂, not of upstream"),
        ("""
def through_standardize(upstream, x_hat, s):
    return (upstream - upstream.mean(axis=0) - x_hat * x_hat * upstream) / s
""", "is a mean over the batch"),
        ("""
def through_standardize(upstream, x_hat, s):
    return (upstream - upstream.mean(axis=0)) / s - x_hat * (upstream * x_hat).mean(axis=0)
""", "holds for all three terms"),
        ("""
def through_standardize(upstream, x_hat, s):
    N = len(upstream)
    return upstream * (1 - 1 / N - x_hat ** 2 / N) / s
""", "Each x moves every row of x̂"),
        ("""
def through_standardize(upstream, x_hat, s):
    return (upstream - upstream.mean(axis=0) + x_hat * (upstream * x_hat).mean(axis=0)) / s
""", "The second term is subtracted too"),
    ],
    "10-5": [
        ("""
def clipped(grads, max_norm):
    result = []
    for g in grads:
        norm = np.linalg.norm(g)
        if norm > max_norm:
            g = g * max_norm / norm
        result.append(g)
    return result
""", "Each gradient is clipped by its own norm"),
        ("""
def clipped(grads, max_norm):
    norm = np.sqrt(sum((g ** 2).sum() for g in grads))
    return [g * max_norm / norm for g in grads]
""", "Short gradients stay as they are"),
        ("""
def clipped(grads, max_norm):
    return [np.clip(g, -max_norm, max_norm) for g in grads]
""", "clips each number on its own"),
        ("""
def clipped(grads, max_norm):
    norm = 0
    for g in grads:
        norm += np.linalg.norm(g)
    if norm > max_norm:
        grads = [g * max_norm / norm for g in grads]
    return grads
""", "not the sum of the norms"),
        ("""
def clipped(grads, max_norm):
    norm = sum((g ** 2).sum() for g in grads)
    scale = min(1, max_norm / norm)
    return [g * scale for g in grads]
""", "The root is missing"),
        ("""
def clipped(grads, max_norm):
    norm = np.sqrt(sum((g ** 2).sum() for g in grads))
    if norm > max_norm:
        return [g / norm for g in grads]
    return grads
""", "down to 1: the limit is max_norm"),
        ("""
def clipped(grads, max_norm):
    norm = np.linalg.norm([np.linalg.norm(g) for g in grads])
    if norm <= max_norm:
        return grads
    return [max_norm / norm * g for g in grads]
""", "✓"),
        ("""
def clipped(grads, max_norm):
    norm = np.sqrt((grads[0] ** 2).sum())
    return [g * min(1, max_norm / norm) for g in grads]
""", "the first array alone"),
        ("""
def clipped(grads, max_norm):
    norm = np.sqrt(sum((g ** 2).mean() for g in grads))
    return [g * min(1, max_norm / norm) for g in grads]
""", "A mean square is no length"),
        ("""
def clipped(grads, max_norm):
    everything = np.concatenate([g.ravel() for g in grads])
    norm = np.sqrt(np.mean(everything ** 2))
    return [g * min(1, max_norm / norm) for g in grads]
""", "The root mean square is no length"),
        ("""
def clipped(grads, max_norm):
    norm = sum(abs(g).sum() for g in grads)
    return [g * min(1, max_norm / norm) for g in grads]
""", "Sizes added up are another norm"),
        ("""
def clipped(grads, max_norm):
    norm = np.sqrt(sum((g ** 2).sum() for g in grads))
    return [g * max(1, max_norm / norm) for g in grads]
""", "`min`, not `max`"),
    ],
    "10-6": [
        ("np.array([[0.5, 0.0], [0.0, 0.5]])", "leave them near 0.9"),
        ("[[0.8, 2], [0, 0.8]]", "Its fifth power stretches no vector more than"),
        ("[[3, 0], [0, 0.1]]", "Its largest eigenvalue has the size 3"),
        ("np.eye(2)", "must be below 0.9"),
        ("0.5", "Give a 2 × 2 matrix"),
        ("[[0, 10], [1, 0]]", "Its largest eigenvalue has the size 3.16"),
        ("np.ones((3, 3))", "Give a 2 × 2 matrix"),
        ("[[0, 20], [-0.03, 0]]", "the eigenvalues stay"),
        ("[[0.8j, 10], [0, 0.8]]", "finite real numbers"),
        ("[[0.8, 10], [0, 0.8]]", "✓"),
        ("[[0, 100], [-0.005, 0]]", "✓"),
        ("np.array([[0.5, 0], [200, 0.5]])", "✓"),
    ],
    "10-7": [
        ("""
def wide_rate(lr, base, width):
    return lr
""", "That is the same rate at every width"),
        ("""
def wide_rate(lr, base, width):
    return lr * width / base
""", "The other way"),
        ("""
def wide_rate(lr, base, width):
    return lr / np.sqrt(width / base)
""", "√ is for sums of random signs"),
        ("""
def wide_rate(lr, base, width):
    return lr / width
""", "At width = base nothing must change"),
        ("""
def wide_rate(lr, base, width):
    ratio = width / base
    return lr / ratio ** 2
""", "Once is enough"),
        ("""
def wide_rate(lr, base, width):
    return lr * base
""", "multiply by base, then divide by width"),
        ("""
def wide_rate(lr, base, width):
    return lr / (width / base)
""", "✓"),
        ("""
def wide_rate(lr, base, width):
    return lr * base // width
""", "rounds down to a whole number"),
        ("""
def wide_rate(lr, base, width):
    return lr / (width - base)
""", "their ratio says"),
        ("""
def wide_rate(lr, base, width):
    return lr * 10 / width
""", None),
    ],
}
