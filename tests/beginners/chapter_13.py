"""What beginners answer in chapter 13."""

PRELUDE = ""

_STOP = "def stop_at(losses, patience):\n"
_CLIP = "def clipped(gradients, most):\n"
_SHIFT = "def shifted(images, down, right):\n"
_NAME = "def name_cause(training, validation):\n"

ANSWERS = {
    "13-1": [
        (_STOP + "    best, wait = 0, 0\n    for k, loss in enumerate(losses):\n        if loss < losses[best]:\n            best, wait = k, 0\n        elif k:\n            wait += 1\n            if wait == patience:\n                return best\n    return best", "✓"),
        (_STOP + "    return int(np.argmin(losses))", "can't know what comes after"),
        (_STOP + "    best, wait = 0, 0\n    for k in range(1, len(losses)):\n        if losses[k] < losses[best]:\n            best, wait = k, 0\n        else:\n            wait += 1\n        if wait == patience:\n            return k\n    return k", "where the waiting ends"),
        (_STOP + "    best, wait = 0, 0\n    for k in range(1, len(losses)):\n        if losses[k] < losses[best]:\n            best, wait = k, 0\n        else:\n            wait += 1\n        if wait > patience:\n            return best\n    return best", "one check too long"),
        (_STOP + "    best, wait = 0, 0\n    for k in range(1, len(losses)):\n        if losses[k] < losses[best]:\n            best = k\n        else:\n            wait += 1\n        if wait == patience:\n            return best\n    return best", "Start counting anew"),
        (_STOP + "    best, wait = 0, 0\n    for k in range(1, len(losses)):\n        if losses[k] < losses[best]:\n            best = k\n        if losses[k] < losses[k - 1]:\n            wait = 0\n        else:\n            wait += 1\n        if wait >= patience:\n            break\n    return best", "Count checks since the lowest"),
        (_STOP + "    best = losses[0]\n    wait = 0\n    for loss in losses[1:]:\n        if loss < best:\n            best, wait = loss, 0\n        else:\n            wait += 1\n        if wait == patience:\n            break\n    return best", "Return its index"),
        (_STOP + "    for k in range(1, len(losses)):\n        if losses[k] > losses[k - 1]:\n            return k - 1\n    return len(losses) - 1", "first rise"),
    ],
    "13-2": [
        ("def dropout(h, keep, p):\n    return np.where(keep, h / (1 - p), 0)", "✓"),
        ("def dropout(h, keep, p):\n    return h * keep", "the mean shrinks"),
        ("def dropout(h, keep, p):\n    return keep * h / p", "divide by 1 − p"),
        ("def dropout(h, keep, p):\n    return (1 - p) * keep * h", "must grow"),
        ("def dropout(h, keep, p):\n    return np.where(keep, 0, h) / (1 - p)", "dropped what should be kept"),
        ("def dropout(h, keep, p):\n    return h*keep/1-p", "Brackets"),
        ("def dropout(h, keep, p):\n    return h / (1 - p)", "Nothing is dropped"),
        ("def dropout(h, keep, p):\n    return h[keep] / (1 - p)", "Set them to 0"),
        ("def dropout(h, keep, p):\n    h[~keep] = 0\n    return h / (1 - p)", "writes into the caller's"),
    ],
    "13-3": [
        ("def l2_gradient(g, w, lam):\n    return lam * w + g", "✓"),
        ("def l2_gradient(g, w, lam):\n    return g + 2 * lam * w", "to cancel the 2"),
        ("def l2_gradient(g, w, lam):\n    return g - lam * w", "towards 0"),
        ("def l2_gradient(g, w, lam):\n    return g + lam / 2 * np.sum(w ** 2)", None),
        ("def l2_gradient(g, w, lam):\n    return lam * w", "Add g"),
        ("def l2_gradient(g, w, lam):\n    return g + 0.5 * lam * w", "left the ½ in"),
        ("def l2_gradient(g, w, lam):\n    return g + lam * np.sum(w)", "no sum is left"),
        ("def l2_gradient(g, w, lam):\n    return g + lam * w**2", "the ½ makes it w"),
    ],
    "13-4": [
        (_SHIFT + "    x = np.pad(images.reshape(-1, 28, 28), ((0, 0), (5, 5), (5, 5)))\n    return x[:, 5 - down:33 - down, 5 - right:33 - right].reshape(-1, 784)", "✓"),
        (_SHIFT + "    x = np.roll(images.reshape(-1, 28, 28), (down, right), axis=(1, 2))\n    return x.reshape(-1, 784)", "must be paper"),
        (_SHIFT + "    return np.roll(images, 28 * down + right, axis=1)", "In a flat row"),
        (_SHIFT + "    x = np.roll(images.reshape(-1, 28, 28), down, axis=0)\n    return np.roll(x, right, axis=1).reshape(-1, 784)", "Axis 0 counts the images"),
        (_SHIFT + "    out = np.zeros((len(images), 28, 28))\n    for n in range(len(images)):\n        im = images[n].reshape(28, 28)\n        for i in range(28):\n            for j in range(28):\n                if i - down < 28 and j - right < 28:\n                    out[n, i, j] = im[i - down, j - right]\n    return out.reshape(-1, 784)", "counts from the end"),
        (_SHIFT + "    x = np.pad(images.reshape(-1, 28, 28), ((0, 0), (5, 5), (5, 5)))\n    return x[:, 5 + down:33 + down, 5 + right:33 + right].reshape(-1, 784)", "turned round"),
        (_SHIFT + "    x = np.pad(images.reshape(-1, 28, 28), ((0, 0), (5, 5), (5, 5)))\n    return x[:, 5 - right:33 - right, 5 - down:33 - down].reshape(-1, 784)", "are swapped"),
        (_SHIFT + "    x = np.pad(images.reshape(-1, 28, 28), ((0, 0), (5, 5), (5, 5)))\n    return x[:, 5 - down:33 - down, 5 - right:33 - right]", "their shape is not"),
        (_SHIFT + "    x = np.zeros((len(images), 28, 28))\n    x[:, down:, right:] = images.reshape(-1, 28, 28)[:, :-down, :-right]\n    return x.reshape(-1, 784)", "element [0, 28] is 0"),
    ],
    "13-5": [
        (_CLIP + "    norm = np.linalg.norm(np.concatenate([g.ravel() for g in gradients]))\n    if norm <= most:\n        return gradients\n    return [g * most / norm for g in gradients]", "✓"),
        (_CLIP + "    return [np.clip(g, -most, most) for g in gradients]", "cut single entries"),
        (_CLIP + "    return [g * min(1, most / np.linalg.norm(g)) for g in gradients]", "each array by itself"),
        (_CLIP + "    norm = np.sqrt(sum(np.sum(g * g) for g in gradients))\n    return [g / norm * most for g in gradients]", "at most 1"),
        (_CLIP + "    norm = sum(np.linalg.norm(g) for g in gradients)\n    return [g * min(1, most / norm) for g in gradients]", "Norms don't add"),
        (_CLIP + "    norm = sum((g ** 2).sum() for g in gradients)\n    return [g * min(1, most / norm) for g in gradients]", "root is missing"),
        (_CLIP + "    n = np.sqrt(sum(np.linalg.norm(g) ** 2 for g in gradients))\n    return [g * min(1, most / (n + 1e-6)) for g in gradients]", "✓"),
        (_CLIP + "    n = max(np.linalg.norm(g) for g in gradients)\n    return [g * min(1, most / n) for g in gradients]", "not the largest"),
        (_CLIP + "    n = np.sqrt(sum(np.linalg.norm(g) ** 2 for g in gradients))\n    return [g * max(1, most / n) for g in gradients]", "not `max`"),
        (_CLIP + "    norm = np.sqrt(sum((g ** 2).sum() for g in gradients))\n    for g in gradients:\n        g *= min(1, most / norm)\n    return gradients", "writes into the caller's"),
    ],
    "13-6": [
        (_NAME + "    last = training[-1]\n    if np.isnan(last) or np.isinf(last) or last > 2 * training[0]:\n        return 'diverged'\n    elif last > training[0] / 2:\n        return 'underfitting'\n    elif validation[-1] > 1.1 * np.min(validation):\n        return 'overfitting'\n    else:\n        return 'neither'", "✓"),
        (_NAME + "    if training[-1] > 2 * training[0]:\n        return 'diverged'\n    if training[-1] > 0.5 * training[0]:\n        return 'underfitting'\n    if validation[-1] > 1.1 * min(validation):\n        return 'overfitting'\n    return 'neither'", "ask np.isfinite first"),
        (_NAME + "    if not np.isfinite(training[-1]) or training[-1] > 2 * training[0]:\n        return 'diverged'\n    if validation[-1] > 1.1 * min(validation):\n        return 'overfitting'\n    if training[-1] > 0.5 * training[0]:\n        return 'underfitting'\n    return 'neither'", "order of the rules"),
        (_NAME + "    if not np.isfinite(training[-1]) or training[-1] > 2 * training[0]:\n        return 'diverged'\n    if training[-1] > 0.5 * training[0]:\n        return 'underfitting'\n    if validation[-1] > 1.1 * training[-1]:\n        return 'overfitting'\n    return 'neither'", "A gap alone is no harm"),
        (_NAME + "    if not np.isfinite(training[-1]) or training[-1] > 2 * training[0]:\n        return 'diverged'\n    if training[-1] > 0.5 * training[0]:\n        return 'underfitting'\n    if validation[-1] > validation[0]:\n        return 'overfitting'\n    return 'neither'", "Compare with its lowest"),
        (_NAME + "    t = training[-1]\n    if not np.isfinite(t) or t > 2 * training[0]: return 'diverged'\n    if t > training[0] / 2: return 'underfitting'\n    if validation[-1] > 1.1 * min(validation): return 'overfitting'", 'return "neither"'),
        (_NAME + "    t = training[-1]\n    if not np.isfinite(t) or t > 2 * training[0]: return 'Diverged'\n    if t > training[0] / 2: return 'Underfitting'\n    if validation[-1] > 1.1 * min(validation): return 'Overfitting'\n    return 'Neither'", "Small letters"),
        (_NAME + "    if max(training) > 2 * training[0] or not np.isfinite(training[-1]): return 'diverged'\n    if t > training[0] / 2: return 'underfitting'\n    if validation[-1] > 1.1 * min(validation): return 'overfitting'\n    return 'neither'".replace("if t >", "if training[-1] >"), "A leap on the way"),
        (_NAME + "    if training[-1] < validation[-1]:\n        return 'overfitting'\n    return 'underfitting'", None),
        (_NAME + "    if not np.isfinite(training[-1]) or training[-1] > 2 * training[0]:\n        print('diverged')\n    elif training[-1] > 0.5 * training[0]:\n        print('underfitting')\n    elif validation[-1] > 1.1 * min(validation):\n        print('overfitting')\n    else:\n        print('neither')", "return"),
    ],
}  # fmt: skip
