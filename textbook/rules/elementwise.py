"""The elementwise rules: whatever they do to one number of a parameter, they do to each.

None of them mixes elements, so that any hyperparameter may be an array that broadcasts.
"""

import numpy as np

from textbook.rules.table import is_zero, rule


@rule()
def gd(x, g, s, t, *, lr=1e-3):
    """Gradient descent: x ← x - lr·g.  NB: PyTorch calls it SGD, whichever data g came from.

    Source: Cauchy 1847; with sampled gradients, Robbins & Monro 1951.
    """
    return -lr * g, s


@rule("v")
def momentum(x, g, s, t, *, lr=1e-3, momentum=0.9, dampening=0.0, averaged=False):
    """Heavy ball: v ← momentum·v + g;  x ← x - lr·v.

    `averaged=True` is the other convention, v ← momentum·v + (1 - momentum)·g from v = 0: the same path as the
    default with lr·(1 - momentum).  `dampening` is PyTorch's: it scales every gradient but the first.

    Source: Polyak 1964, eq. 9.  NB: in PyTorch, SGD(momentum=…).
    """
    (v,) = s
    if averaged:
        v = momentum * v + (1 - momentum) * g
    elif t == 1 or is_zero(dampening):
        v = momentum * v + g
    else:
        v = momentum * v + (1 - dampening) * g
    return -lr * v, (v,)


@rule("v")
def nesterov(x, g, s, t, *, lr=1e-3, momentum=0.9):
    """Nesterov's momentum: v ← momentum·v + g;  x ← x - lr·(g + momentum·v).

    Source: Nesterov 1983, in the form of Sutskever et al. 2013.  NB: in PyTorch, SGD(momentum=…, nesterov=True).
    """
    (v,) = s
    v = momentum * v + g
    return -lr * (g + momentum * v), (v,)


@rule("v")
def adagrad(x, g, s, t, *, lr=1e-2, eps=1e-10):
    """AdaGrad: v ← v + g²;  x ← x - lr·g / (√v + eps).

    Source: Duchi, Hazan & Singer 2011.
    """
    (v,) = s
    v = v + g * g
    return -lr * g / (np.sqrt(v) + eps), (v,)


@rule("v")
def rmsprop(x, g, s, t, *, lr=1e-2, alpha=0.99, eps=1e-8, eps_inside=False):
    """RMSprop: v ← alpha·v + (1 - alpha)·g²;  x ← x - lr·g / (√v + eps).

    NB: `alpha` is PyTorch's name for the decay of v, not the learning rate.  `eps_inside=True` divides by √(v + eps).

    Source: Hinton 2012, Coursera lecture 6e.
    """
    (v,) = s
    v = alpha * v + (1 - alpha) * (g * g)
    return -lr * g / (np.sqrt(v + eps) if eps_inside else np.sqrt(v) + eps), (v,)


@rule("m", "v")
def adam(x, g, s, t, *, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, eps_inside=False, correct_bias=True):
    """Adam: m and v are running means of g and g²; x ← x - lr·m̂ / (√v̂ + eps).

    `weight_decay` is added to the gradient, as in PyTorch's Adam; `adamw` decouples it.  `eps_inside=True` divides by
    √(v̂ + eps); `correct_bias=False` leaves m and v as they are.

    Source: Kingma & Ba 2015, Algorithm 1.
    """
    m, v = s
    beta1, beta2 = betas
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * (g * g)
    c1, c2 = (1 - beta1**t, 1 - beta2**t) if correct_bias else (1, 1)  # m̂ = m / c1, v̂ = v / c2
    root = np.sqrt(v / c2 + eps) if eps_inside else np.sqrt(v) / c2**0.5 + eps
    return -(lr / c1) * (m / root), (m, v)


@rule("m", "v")
def adamw(x, g, s, t, *, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2):
    """Adam with decoupled weight decay: x ← x - lr·weight_decay·x besides Adam's step.

    Source: Loshchilov & Hutter 2019, Algorithm 2.
    """
    step, s = adam(x, g, s, t, lr=lr, betas=betas, eps=eps)
    return step - (lr * weight_decay) * x, s


@rule("m", "v", "share")
def nadam(x, g, s, t, *, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, momentum_decay=4e-3):
    """NAdam: Adam with Nesterov's look ahead: m̂ counts the newest gradient once more.

    The momentum warms up, β(t) = beta1·(1 - 0.96^(momentum_decay·t) / 2), and `share` is the weight that the gradients
    have in m so far, 1 - β(1)·β(2)…β(t): the bias that m̂ corrects.

    Source: Dozat 2016, Algorithm 2.
    """
    m, v, share = s
    beta1, beta2 = betas
    now, ahead = (beta1 * (1 - 0.96 ** (step * momentum_decay) / 2) for step in (t, t + 1))
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * (g * g)
    share = 1 - now * (1 - share)
    m_hat = (1 - now) / share * g + ahead / (1 - ahead * (1 - share)) * m
    return -lr * m_hat / (np.sqrt(v) / (1 - beta2**t) ** 0.5 + eps), (m, v, share)


@rule("m", "v")
def radam(x, g, s, t, *, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    """RAdam: Adam that does not divide by √v̂ before v̂ can be trusted, and trusts it step by step.

    `length` is how many gradients v̂ averages, in effect.  Up to 5, the step is -lr·m̂.

    Source: Liu et al. 2020, Algorithm 2.
    """
    m, v = s
    beta1, beta2 = betas
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * (g * g)
    longest = 2 / (1 - beta2) - 1
    length = longest - 2 * t * beta2**t / (1 - beta2**t)
    n, most = np.maximum(length, 5), np.maximum(longest, 5)
    trust = ((n - 4) * (n - 2) * most / ((most - 4) * (most - 2) * n)) ** 0.5
    factor = np.where(length > 5, trust * (1 - beta2**t) ** 0.5 / (np.sqrt(v) + eps), 1)
    return -(lr / (1 - beta1**t)) * m * factor.astype(g.dtype), (m, v)


@rule("m")
def lion(x, g, s, t, *, lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0):
    """Lion: x ← x - lr·sign(beta1·m + (1 - beta1)·g), then m ← beta2·m + (1 - beta2)·g.

    Every number moves by lr exactly, whatever the gradient's size.  Weight decay is decoupled.

    Source: Chen et al. 2023, Algorithm 2.  NB: not in torch.optim.
    """
    (m,) = s
    beta1, beta2 = betas
    step = np.sign(beta1 * m + (1 - beta1) * g)
    return -lr * step - (lr * weight_decay) * x, (beta2 * m + (1 - beta2) * g,)
