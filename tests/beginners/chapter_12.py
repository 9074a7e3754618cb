"""What beginners answer in chapter 12."""

PRELUDE = "from textbook import ops\n"

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
        ("def training_step(model, x, y, optimizer):\n    loss = ops.cross_entropy(model(x), y)\n    loss.backward()\n    optimizer.step()\n    return loss.item()", "zero_grad() comes first"),
        ("def training_step(model, x, y, optimizer):\n    loss = ops.cross_entropy(model(x), y)\n    optimizer.zero_grad()\n    loss.backward()\n    optimizer.step()\n    return float(loss)", "✓"),
        ("def training_step(model, x, y, optimizer):\n    optimizer.zero_grad()\n    loss = ops.cross_entropy(model(x), y)\n    loss.backward()\n    optimizer.step()\n    return loss", "return its number, loss.item()"),
        ("def training_step(model, x, y, optimizer):\n    loss = ops.cross_entropy(model(x), y)\n    loss.backward()\n    optimizer.step()\n    optimizer.zero_grad()\n    return loss.item()", "✓"),
        ("def training_step(model, x, y, optimizer):\n    optimizer.zero_grad()\n    loss = ops.cross_entropy(model(x), y)\n    optimizer.step()\n    loss.backward()\n    return loss.item()", "call loss.backward() before step()"),
        ("def training_step(model, x, y, optimizer):\n    optimizer.zero_grad()\n    loss = ops.cross_entropy(model(x), y)\n    loss.backward()\n    optimizer.step()", "Return the loss"),
        ("def training_step(model, x, y, optimizer):\n    loss = ops.cross_entropy(model(x), y)\n    loss.backward()\n    optimizer.zero_grad()\n    optimizer.step()\n    return loss.item()", "call loss.backward() before step()"),
        ("def training_step(model, x, y, optimizer):\n    optimizer.zero_grad()\n    loss = ops.cross_entropy(model(x), y)\n    loss.backward()\n    optimizer.step()\n    return ops.cross_entropy(model(x), y).item()", "after the move"),
        ("def training_step(model, x, y, optimizer):\n    optimizer.zero_grad()\n    loss = ops.mse(model(x), y)\n    loss.backward()\n    optimizer.step()\n    return loss.item()", "they must be equal"),
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
        ("def standard_error(p, n):\n    return (p * (1 - p) / n) ** 0.5", "✓"),
        ("def standard_error(p, n):\n    return p * (1 - p) / n", "variance"),
        ("def standard_error(p, n):\n    return np.sqrt(p * (1 - p)) / n", "under the root"),
        ("def standard_error(p, n):\n    return np.sqrt(p / n)", "not p"),
        ("def standard_error(p, n):\n    return np.sqrt(p * 1 - p / n)", None),
        ("def standard_error(p, n):\n    return np.sqrt(p * (1 - p))", "√n times smaller"),
        ("def standard_error(p, n):\n    return np.sqrt(p * (1 - p) / (n - 1))", None),
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
}  # fmt: skip
