"""What beginners answer in chapter 12."""

PRELUDE = """from textbook.exercises.chapter_03 import Node
from textbook.exercises.chapter_04 import backward, cross_entropy, matmul
"""

ANSWERS = {
    "12-1": [
        ("def nearest_neighbour(x, x_train, y_train):\n    d = ((x[:, None] - x_train[None]) ** 2).sum(axis=2)\n    return y_train[d.argmin(axis=1)]", "✓"),
        ("def nearest_neighbour(x, x_train, y_train):\n    return [y_train[np.argmin([np.linalg.norm(a - b) for b in x_train])] for a in x]", "✓"),
        ("def nearest_neighbour(x, x_train, y_train):\n    return y_train[np.argmax(x @ x_train.T, axis=1)]", "the term ‖t‖² is missing"),
        ("def nearest_neighbour(x, x_train, y_train):\n    d = (x**2).sum(axis=1)[:, None] - 2 * x @ x_train.T + (x_train**2).sum(axis=1)\n    return d.argmin(axis=1)", "Return its label"),
        ("def nearest_neighbour(x, x_train, y_train):\n    d = (x**2).sum(axis=1)[:, None] - 2 * x @ x_train.T + (x_train**2).sum(axis=1)\n    return y_train[d.argmin()]", "out of bounds"),
        ("def nearest_neighbour(x, x_train, y_train):\n    d = (x**2).sum(axis=1)[:, None] - x @ x_train.T + (x_train**2).sum(axis=1)\n    return y_train[d.argmin(axis=1)]", "factor 2"),
        ("def nearest_neighbour(x, x_train, y_train):\n    d = (x**2).sum(axis=1) - 2 * x @ x_train.T + (x_train**2).sum(axis=1)\n    return y_train[d.argmin(axis=1)]", "could not be broadcast"),
        ("def nearest_neighbour(x, x_train, y_train):\n    d = -2 * x @ x_train.T + (x_train**2).sum(axis=1)\n    return y_train[d.argmax(axis=1)]", "farthest"),
    ],
    "12-2": [
        ("def train_epoch(network, params, batches, lr):\n    losses = []\n    for x, y in batches:\n        loss = cross_entropy(network(Node(x)), y)\n        for p in params:\n            p.grad = 0.0\n        backward(loss)\n        for p in params:\n            p.value = p.value - lr * p.grad\n        losses.append(float(loss.value))\n    return losses", "✓"),
        ("def train_epoch(network, params, batches, lr):\n    losses = []\n    for x, y in batches:\n        for p in params:\n            p.grad = np.zeros_like(p.value)\n        loss = cross_entropy(network(Node(x)), y)\n        backward(loss)\n        losses.append(float(loss.value))\n        for p in params:\n            p.value -= lr * p.grad\n    return losses", "✓"),
        ("def train_epoch(network, params, batches, lr):\n    losses = []\n    for x, y in batches:\n        loss = cross_entropy(network(Node(x)), y)\n        backward(loss)\n        for p in params:\n            p.value = p.value - lr * p.grad\n        for p in params:\n            p.grad = 0.0\n        losses.append(float(loss.value))\n    return losses", "✓"),
        ("def train_epoch(network, params, batches, lr):\n    losses = []\n    for x, y in batches:\n        loss = cross_entropy(network(Node(x)), y)\n        backward(loss)\n        for p in params:\n            p.value = p.value - lr * p.grad\n        losses.append(float(loss.value))\n    return losses", "the old gradients were still there"),
        ("def train_epoch(network, params, batches, lr):\n    losses = []\n    for x, y in batches:\n        loss = cross_entropy(network(Node(x)), y)\n        backward(loss)\n        for p in params:\n            p.grad = 0.0\n        for p in params:\n            p.value = p.value - lr * p.grad\n        losses.append(float(loss.value))\n    return losses", "have not moved"),
        ("def train_epoch(network, params, batches, lr):\n    losses = []\n    for x, y in batches:\n        loss = cross_entropy(network(Node(x)), y)\n        for p in params:\n            p.grad = 0.0\n        backward(loss)\n        for p in params:\n            p = Node(p.value - lr * p.grad)\n        losses.append(float(loss.value))\n    return losses", "have not moved"),
        ("def train_epoch(network, params, batches, lr):\n    losses = []\n    for x, y in batches:\n        loss = cross_entropy(network(Node(x)), y)\n        for p in params:\n            p.grad = 0.0\n        for p in params:\n            p.value = p.value - lr * p.grad\n        losses.append(float(loss.value))\n    return losses", "have not moved"),
        ("def train_epoch(network, params, batches, lr):\n    losses = []\n    for x, y in batches:\n        loss = cross_entropy(network(Node(x)), y)\n        for p in params:\n            p.grad = 0.0\n        backward(loss)\n        for p in params:\n            p.value = p.value + lr * p.grad\n        losses.append(float(loss.value))\n    return losses", "uphill"),
        ("def train_epoch(network, params, batches, lr):\n    losses = []\n    for x, y in batches:\n        loss = cross_entropy(network(Node(x)), y)\n        for p in params:\n            p.grad = 0.0\n        backward(loss)\n        for p in params:\n            p.value = p.value - lr * p.grad\n        losses.append(loss)\n    return losses", "a Node came back"),
        ("def train_epoch(network, params, batches, lr):\n    losses = []\n    for x, y in batches:\n        loss = cross_entropy(network(Node(x)), y)\n        for p in params:\n            p.grad = 0.0\n        backward(loss)\n        for p in params:\n            p.value = p.value - lr * p.grad\n        losses.append(float(cross_entropy(network(Node(x)), y).value))\n    return losses", "after the steps"),
        ("def train_epoch(network, params, batches, lr):\n    losses = []\n    for x, y in batches:\n        loss = cross_entropy(network(x), y)\n        for p in params:\n            p.grad = 0.0\n        backward(loss)\n        for p in params:\n            p.value = p.value - lr * p.grad\n        losses.append(float(loss.value))\n    return losses", "no attribute 'value'"),
        ("def train_epoch(network, params, batches, lr):\n    losses = []\n    for x, y in batches:\n        loss = cross_entropy(network(Node(x)), y)\n        for p in params:\n            p.grad = 0.0\n        backward(loss)\n        for p in params:\n            p.value = p.value - lr * p.grad\n        losses.append(float(loss.value))\n        return losses\n    return losses", "inside the loop"),
        ("def train_epoch(network, params, batches, lr):\n    losses = []\n    for x, y in batches:\n        loss = cross_entropy(network(Node(x)), y)\n        for p in params:\n            p.grad = 0.0\n        backward(loss)\n        for p in params:\n            p.value = p.value - lr * p.grad\n        losses = float(loss.value)\n    return losses", "the last alone"),
        ("def train_epoch(network, params, batches, lr):\n    losses = []\n    for x, y in batches:\n        loss = cross_entropy(network(Node(x)), y)\n        for p in params:\n            p.grad = 0.0\n        backward(loss)\n        for p in params:\n            p.value = p.value - p.grad\n        losses.append(float(loss.value))\n    return losses", "has no lr"),
        ("def train_epoch(network, params, batches, lr):\n    losses = []\n    for x, y in batches:\n        loss = cross_entropy(network(Node(x)), y)\n        for p in params:\n            p.grad = 0.0\n        loss.backward()\n        for p in params:\n            p.value = p.value - lr * p.grad\n        losses.append(float(loss.value))\n    return losses", "no attribute 'backward'"),
        ("def train_epoch(network, params, batches, lr):\n    for x, y in batches:\n        loss = cross_entropy(network(Node(x)), y)\n        for p in params:\n            p.grad = 0.0\n        backward(loss)\n        for p in params:\n            p.value = p.value - lr * p.grad", "nothing came back"),
    ],
    "12-3": [
        ("def confusion_matrix(labels, guesses):\n    n = len(np.unique(labels))\n    m = np.zeros((n, n), int)\n"
         "    for l, g in zip(labels, guesses):\n        m[l, g] += 1\n    return m", "classes that do not occur"),
        ("def confusion_matrix(labels, guesses):\n    m = np.zeros((10, 10))\n    for i in range(len(labels)):\n        m[labels[i], guesses[i]] += 1\n    return m", "✓"),
        ("def confusion_matrix(labels, guesses):\n    m = np.zeros((10, 10))\n    m[labels, guesses] += 1\n    return m", "do not set 1"),
        ("def confusion_matrix(labels, guesses):\n    m = np.zeros((10, 10))\n    for g, l in zip(guesses, labels):\n        m[g, l] += 1\n    return m", "the row is the true class"),
        ("def confusion_matrix(labels, guesses):\n    return np.array([[((labels == i) & (guesses == j)).sum() for j in range(10)] for i in range(10)])", "✓"),
        ("def confusion_matrix(labels, guesses):\n    m = np.zeros((10, 10))\n    for l, g in zip(labels, guesses):\n        if l != g:\n            m[l, g] += 1\n    return m", "counted the mistakes alone"),
        ("def confusion_matrix(labels, guesses):\n    m = np.zeros((10, 10))\n    for l, g in zip(labels, guesses):\n        m[l, g] = 1\n    return m", "do not set 1"),
        ("def confusion_matrix(labels, guesses):\n    return (labels == guesses).mean()", "expected (10, 10)"),
        ("def confusion_matrix(labels, guesses):\n    m = np.zeros((10, 10))\n    for l, g in zip(labels, guesses):\n        m[l, g] += 1\n    return m / len(labels)", "a mean stands where a sum belongs"),
    ],
    "12-4": [
        ("def reliability(confidence, right):\n    table = []\n    for k in range(10):\n        here = np.minimum((confidence * 10).astype(int), 9) == k\n        table.append([here.sum(), confidence[here].sum(), right[here].sum()])\n    return np.array(table)", "✓"),
        ("def reliability(confidence, right):\n    n = np.histogram(confidence, 10, (0, 1))[0]\n    e = np.histogram(confidence, 10, (0, 1), weights=confidence)[0]\n    o = np.histogram(confidence, 10, (0, 1), weights=1.0 * right)[0]\n    return np.stack([n, e, o], axis=1)", "✓"),
        ("def reliability(confidence, right):\n    table = []\n    for k in range(10):\n        here = (confidence >= k / 10) & (confidence < (k + 1) / 10)\n        table.append([here.sum(), confidence[here].sum(), right[here].sum()])\n    return np.array(table)", "exactly 1 is lost"),
        ("def reliability(confidence, right):\n    table = []\n    for k in range(10):\n        here = (confidence > k / 10) & (confidence <= (k + 1) / 10)\n        table.append([here.sum(), confidence[here].sum(), right[here].sum()])\n    return np.array(table)", "belongs to the tenth above"),
        ("def reliability(confidence, right):\n    table = []\n    for k in range(10):\n        here = np.round(confidence * 10) == k\n        table.append([here.sum(), confidence[here].sum(), right[here].sum()])\n    return np.array(table)", "np.round"),
        ("def reliability(confidence, right):\n    table = []\n    for k in range(10):\n        here = np.minimum((confidence * 10).astype(int), 9) == k\n        table.append([here.sum(), confidence[here].sum(), right[here].sum()])\n    return np.array(table).T", "transposed"),
        ("def reliability(confidence, right):\n    table = []\n    for k in range(10):\n        here = np.minimum((confidence * 10).astype(int), 9) == k\n        table.append([here.sum(), right[here].sum(), confidence[here].sum()])\n    return np.array(table)", "swapped"),
        ("def reliability(confidence, right):\n    table = []\n    for k in range(10):\n        here = np.minimum((confidence * 10).astype(int), 9) == k\n        table.append([here.sum(), confidence[here].sum(), (~right[here]).sum()])\n    return np.array(table)", "the wrong answers"),
        ("def reliability(confidence, right):\n    table = []\n    for k in range(10):\n        here = np.minimum((confidence * 10).astype(int), 9) == k\n        table.append([here.sum(), confidence[here].sum() / max(here.sum(), 1), right[here].sum() / max(here.sum(), 1)])\n    return np.array(table)", "means of the tenth"),
    ],
    "12-5": [
        ("def shifted(images):\n    return np.roll(images, 1, axis=1)", "comes back at the front"),
        ("def shifted(images):\n    return np.roll(images.reshape(-1, 28, 28), 1, axis=2).reshape(-1, 784)", "must be paper"),
        ("def shifted(images):\n    x = np.roll(images.reshape(-1, 28, 28), 1, axis=2)\n    x[:, :, 0] = 0\n    return x.reshape(-1, 784)", "✓"),
        ("def shifted(images):\n    x = images.reshape(-1, 28, 28)\n    x[:, :, 1:] = x[:, :, :-1].copy()\n    x[:, :, 0] = 0\n    return x.reshape(-1, 784)", "writes into the caller's"),
        ("def shifted(images):\n    x = np.zeros((len(images), 28, 28))\n    x[:, 1:, :] = images.reshape(-1, 28, 28)[:, :-1, :]\n    return x.reshape(-1, 784)", "downwards"),
        ("def shifted(images):\n    x = np.zeros((len(images), 28, 28))\n    x[:, :, :-1] = images.reshape(-1, 28, 28)[:, :, 1:]\n    return x.reshape(-1, 784)", "to the left"),
        ("def shifted(images):\n    x = np.zeros((len(images), 28, 28))\n    x[:, :, 1:] = images.reshape(-1, 28, 28)[:, :, :-1]\n    return x", "their shape is not"),
    ],
    "12-6": [
        ("def standard_error(p, n):\n    return (p * (1 - p) / n) ** 0.5", "✓"),
        ("def standard_error(p, n):\n    return p * (1 - p) / n", "variance"),
        ("def standard_error(p, n):\n    return np.sqrt(p * (1 - p)) / n", "under the root"),
        ("def standard_error(p, n):\n    return np.sqrt(p / n)", "not p"),
        ("def standard_error(p, n):\n    return np.sqrt(p * 1 - p / n)", None),
        ("def standard_error(p, n):\n    return np.sqrt(p * (1 - p))", "√n times smaller"),
        ("def standard_error(p, n):\n    return np.sqrt(p * (1 - p) / (n - 1))", None),
    ],
}  # fmt: skip
