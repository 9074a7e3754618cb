"""What beginners answer in chapter 14."""

PRELUDE = "from textbook import ops\nfrom textbook.names import SYMBOLS\n"

SOFT = "    e = np.exp(s)\n    return (e / e.sum(axis=1, keepdims=True)) @ value"
COUNT = ("def bigram(names, extra):\n    p = np.zeros((27, 27))\n    for name in names:\n        name = '.' + name + '.'\n"
         "        for a, b in zip(name[:-1], name[1:]):\n            p[SYMBOLS.index(a), SYMBOLS.index(b)] += 1\n")
LOOP = "def through_time(u, x):\n    h = [0.0]\n    for v in x:\n        h.append(np.tanh(u * h[-1] + v))\n"

ANSWERS = {
    "14-1": [
        ("def conv(x, w):\n    a, b = w.shape\n    return np.array([[np.sum(x[r:r+a, q:q+b] * w) for q in range(x.shape[1]-b+1)]\n"
         "                     for r in range(x.shape[0]-a+1)])", "✓"),
        ("def conv(x, w):\n    v = np.lib.stride_tricks.sliding_window_view(x, w.shape)\n    return (v * w).sum(axis=(2, 3))", "✓"),
        ("def conv(x, w):\n    return ops.conv2d(x[None, :, :, None], w[:, :, None, None])[0, :, :, 0]", "✓"),
        ("def conv(x, w):\n    a, b = w.shape\n    return np.array([[np.sum(x[r:r+a, q:q+b] * w) for q in range(x.shape[1]-b)]\n"
         "                     for r in range(x.shape[0]-a)])", "last windows are missing"),
        ("def conv(x, w):\n    a, b = w.shape\n    w = np.flip(w)\n    return np.array([[np.sum(x[r:r+a, q:q+b] * w) for q in range(x.shape[1]-b+1)]\n"
         "                     for r in range(x.shape[0]-a+1)])", "turned the window over"),
        ("def conv(x, w):\n    a, b = w.shape\n    return np.array([[x[r:r+a, q:q+b].sum() for q in range(x.shape[1]-b+1)]\n"
         "                     for r in range(x.shape[0]-a+1)])", "its weights left out"),
        ("def conv(x, w):\n    a, b = w.shape\n    return np.array([[np.mean(x[r:r+a, q:q+b] * w) for q in range(x.shape[1]-b+1)]\n"
         "                     for r in range(x.shape[0]-a+1)])", "a mean stands where a sum belongs"),
        ("def conv(x, w):\n    a, b = w.shape\n    return np.array([[np.sum(x[r:r+a, q:q+b] * w) for q in range(0, x.shape[1]-b+1, b)]\n"
         "                     for r in range(0, x.shape[0]-a+1, a)])", "Windows may overlap"),
        ("def conv(x, w):\n    z = np.zeros_like(x)\n    a, b = w.shape\n    for r in range(x.shape[0]-a+1):\n        for q in range(x.shape[1]-b+1):\n"
         "            z[r, q] = np.sum(x[r:r+a, q:q+b] * w)\n    return z", "expected (4, 6)"),
        ("def conv(x, w):\n    a, b = w.shape\n    return np.array([[x[r:r+a, q:q+b] @ w for q in range(x.shape[1]-b+1)]\n"
         "                     for r in range(x.shape[0]-a+1)])", "expected (4, 6)"),
    ],
    "14-2": [
        (LOOP + "    g, s = 1.0, 0.0\n    for t in range(len(x), 0, -1):\n        dz = g * (1 - h[t]**2)\n        s += dz * h[t-1]\n        g = dz * u\n    return s", "✓"),
        ("def through_time(u, x):\n    h, d = 0.0, 0.0\n    for v in x:\n        new = np.tanh(u * h + v)\n        d = (1 - new**2) * (h + u * d)\n        h = new\n    return d", "✓"),
        (LOOP + "    g, s = 1.0, 0.0\n    for t in range(len(x), 0, -1):\n        s += g * h[t-1]\n        g *= u * (1 - h[t]**2)\n    return s", "passes tanh first"),
        (LOOP + "    g, s = 1.0, 0.0\n    for t in range(len(x), 0, -1):\n        s += g * h[t-1]\n        g = g * u\n    return s", "slope of tanh, 1 − h², is missing"),
        (LOOP + "    return (1 - h[-1]**2) * h[-2]", "last step's use of u alone"),
        (LOOP + "    g, s = 1.0, 0.0\n    for t in range(len(x), 0, -1):\n        dz = g * (1 - h[t]**2)\n        s = dz * h[t-1]\n        g = dz * u\n    return s", "total += …"),
        (LOOP + "    g, s = 1.0, 0.0\n    for t in range(len(x), 0, -1):\n        dz = g * (1 - h[t]**2)\n        s += dz * h[t]\n        g = dz * u\n    return s", "state before: g·h[t − 1]"),
        (LOOP + "    s = 0.0\n    for t in range(len(x), 0, -1):\n        s += (1 - h[t]**2) * h[t-1]\n    return s", None),
        (LOOP + "    g, s = 1.0, 0.0\n    for t in range(len(x), 0, -1):\n        g *= 1 - h[t]**2\n        s += g * h[t-1]\n    return s", "multiplied by u"),
        (LOOP + "    g = 1.0\n    for t in range(len(x), 0, -1):\n        g *= (1 - h[t]**2) * u\n    return g", "∂h_T/∂h_0"),
        (LOOP + "    return h[-1]", "h_T itself"),
        (LOOP + "    eps = 1e-6\n    return (through_time(u + eps, x) - through_time(u - eps, x)) / (2 * eps)", "call itself without end"),
    ],
    "14-3": [
        ("def attention(query, key, value):\n    s = query @ key.T / query.shape[1] ** 0.5\n    s[np.triu_indices(len(s), 1)] = -np.inf\n" + SOFT, "✓"),
        ("def attention(query, key, value):\n    rows = []\n    for t in range(len(query)):\n        a = np.exp(key[:t+1] @ query[t] / np.sqrt(len(query[t])))\n"
         "        rows.append(a @ value[:t+1] / a.sum())\n    return np.array(rows)", "✓"),
        ("def attention(query, key, value):\n    return ops.attention(query, key, value, ops.causal_mask(len(query)))", "✓"),
        ("def attention(query, key, value):\n    s = query @ key.T / np.sqrt(query.shape[1])\n" + SOFT, "sees what comes after it"),
        ("def attention(query, key, value):\n    s = query @ key.T\n    s[np.triu_indices(len(s), 1)] = -np.inf\n" + SOFT, "not divided by √d"),
        ("def attention(query, key, value):\n    s = query @ key.T / query.shape[1]\n    s[np.triu_indices(len(s), 1)] = -np.inf\n" + SOFT, "It is its root"),
        ("def attention(query, key, value):\n    s = np.tril(query @ key.T / np.sqrt(query.shape[1]))\n" + SOFT, "exp 0 is 1"),
        ("def attention(query, key, value):\n    s = query @ key.T / np.sqrt(query.shape[1])\n    s[np.triu_indices(len(s), 1)] = -np.inf\n"
         "    e = np.exp(s)\n    return (e / e.sum(axis=0)) @ value", "each row of weights sums to 1"),
        ("def attention(query, key, value):\n    s = query @ key.T / np.sqrt(query.shape[1])\n    e = np.exp(s)\n"
         "    a = np.tril(e / e.sum(axis=1, keepdims=True))\n    return a @ value", "rows no longer sum to 1"),
        ("def attention(query, key, value):\n    s = query @ key.T / np.sqrt(query.shape[1])\n    s[np.tril_indices(len(s), -1)] = -np.inf\n" + SOFT, "hid what came before"),
        ("def attention(query, key, value):\n    s = query @ key.T / np.sqrt(query.shape[1])\n    s[np.triu_indices(len(s), 1)] = -np.inf\n"
         "    e = np.exp(s)\n    return e / e.sum(axis=1, keepdims=True)", "answer is weights @ value"),
        ("def attention(query, key, value):\n    s = query @ key.T / np.sqrt(len(query))\n    s[np.triu_indices(len(s), 1)] = -np.inf\n" + SOFT, "not the number of places"),
        ("def attention(query, key, value):\n    s = key @ query.T / np.sqrt(query.shape[1])\n    s[np.triu_indices(len(s), 1)] = -np.inf\n" + SOFT, "query @ key.T"),
    ],
    "14-4": [
        (COUNT + "    p = p + extra\n    return p / p.sum(axis=1, keepdims=True)", "✓"),
        (COUNT + "    p = p + extra\n    return np.array([row / row.sum() for row in p])", "✓"),
        (COUNT + "    return (p + extra) / p.sum(axis=1, keepdims=True)", "27 times the extra"),
        (COUNT + "    return p / p.sum(axis=1, keepdims=True)", "row of a symbol that never occurs is 0/0"),
        (COUNT + "    return p / p.sum(axis=1, keepdims=True) + extra", "belongs to the counts"),
        (COUNT + "    p += extra\n    return p / p.sum()", "sum of the row"),
        (COUNT + "    p += extra\n    return p", "These are counts"),
        (COUNT + "    p += extra\n    return p / p.sum(axis=0)", "sums of the columns"),
        (COUNT.replace("'.' + name + '.'", "name") + "    p += extra\n    return p / p.sum(axis=1, keepdims=True)", "Both full stops are missing"),
        (COUNT.replace("'.' + name + '.'", "name + '.'") + "    p += extra\n    return p / p.sum(axis=1, keepdims=True)", "before the first letter"),
        (COUNT.replace("'.' + name + '.'", "'.' + name") + "    p += extra\n    return p / p.sum(axis=1, keepdims=True)", "after the last letter"),
        (COUNT.replace("index(a), SYMBOLS.index(b)", "index(b), SYMBOLS.index(a)") + "    p += extra\n    return p / p.sum(axis=1, keepdims=True)", "the other way round"),
        (COUNT + "    p += extra\n    return (p / p.sum(axis=1, keepdims=True)).T", "Rows and columns are swapped"),
    ],
    "14-5": [
        ("def meta_gradient(x, alpha, lam, c):\n    new = (1 - alpha * lam) * x\n    return [(new - c) * (-lam * x), (new - c) * (1 - alpha * lam)]", "✓"),
        ("def meta_gradient(x, alpha, lam, c):\n    new = x - alpha * lam * x\n    return np.array([-(new - c) * lam * x, (new - c) * (1 - alpha * lam)])", "✓"),
        ("def meta_gradient(x, alpha, lam, c):\n    new = x - alpha * lam * x\n    return [-(new - c) * lam * x, new - c]", "first-order MAML"),
        ("def meta_gradient(x, alpha, lam, c):\n    new = x - alpha * lam * x\n    return [(new - c) * lam * x, (new - c) * (1 - alpha * lam)]", "sign of the first"),
        ("def meta_gradient(x, alpha, lam, c):\n    return [-(x - c) * lam * x, (x - c) * (1 - alpha * lam)]", "not x − c"),
        ("def meta_gradient(x, alpha, lam, c):\n    return [-lam * x, 1 - alpha * lam]", "goes with each"),
        ("def meta_gradient(x, alpha, lam, c):\n    new = x - alpha * lam * x\n    return [(new - c) * (1 - alpha * lam), -(new - c) * lam * x]", "First the derivative by α"),
        ("def meta_gradient(x, alpha, lam, c):\n    new = x - alpha * x\n    return [-(new - c) * x, (new - c) * (1 - alpha)]", "½λx² is λx"),
        ("def meta_gradient(x, alpha, lam, c):\n    new = x + alpha * lam * x\n    return [(new - c) * lam * x, (new - c) * (1 + alpha * lam)]", "step goes down"),
        ("def meta_gradient(x, alpha, lam, c):\n    new = x - alpha * lam * x\n    return -(new - c) * lam * x", None),
    ],
    "14-6": [
        ("def micro_batches(stages, share):\n    m = 1\n    while (stages - 1) / (m + stages - 1) > share:\n        m += 1\n    return m", "✓"),
        ("def micro_batches(stages, share):\n    return int(np.ceil((stages - 1) / share - (stages - 1)))", "✓"),
        ("def micro_batches(p, s):\n    return np.ceil((p - 1) * (1 / s - 1))", "✓"),
        ("def micro_batches(stages, share):\n    return (stages - 1) / share - stages + 1", "whole: round up"),
        ("def micro_batches(stages, share):\n    return round((stages - 1) / share - stages + 1)", "Rounded to the nearest"),
        ("def micro_batches(stages, share):\n    return int((stages - 1) / share - stages + 1)", "One too few"),
        ("def micro_batches(stages, share):\n    return int(np.ceil((stages - 1) / share))", "Take away the p − 1"),
        ("def micro_batches(stages, share):\n    return int(np.ceil((stages - 1) / share - stages))", "and not p"),
        ("def micro_batches(stages, share):\n    return int(np.ceil(stages / share - stages))", "p − 1 others"),
        ("def micro_batches(stages, share):\n    return int(np.ceil((stages - 1) * share / (1 - share)))", "Upside down"),
        ("def micro_batches(stages, share):\n    m = 1\n    while (stages - 1) / (m + stages - 1) >= share:\n        m += 1\n    return m", "equal to `share` is allowed"),
        ("def micro_batches(stages, share):\n    return int((stages - 1) / share - stages + 1) + 1", "equal to `share` is allowed"),
        ("def micro_batches(stages, share):\n    return 1 / share", None),
    ],
}  # fmt: skip
