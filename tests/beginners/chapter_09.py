"""Answers of beginners to the exercises of chapter 9."""

ADAM = """
def adam_step(theta, g, m, v, t, lr, beta1, beta2, eps):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g ** 2
    m_hat = m / (1 - beta1 ** t)
    v_hat = v / (1 - beta2 ** t)
    theta = theta - lr * m_hat / (np.sqrt(v_hat) + eps)
    return theta, m, v
"""
PICK = """
def pick(rates, losses):
    losses = np.nan_to_num(losses, nan=np.inf)
    return rates[np.argmin(np.median(losses, axis=1))]
"""
ROUNDS = """
def after_rounds(sigma, rounds, a=3.4445, b=-4.7750, c=2.0315):
    for i in range(rounds):
        sigma = a * sigma + b * sigma ** 3 + c * sigma ** 5
    return sigma
"""

ANSWERS = {
    "9-1": [
        ("""
def heavy_ball(mu, L):
    k = L / mu
    beta = (np.sqrt(k) - 1) / (np.sqrt(k) + 1)
    lr = 4 / (np.sqrt(L) + np.sqrt(mu)) ** 2
    return [lr, beta]
""", "the momentum is its square"),
        ("""
def heavy_ball(mu, L):
    k = L / mu
    return [2 / (mu + L), (k - 1) / (k + 1)]
""", "Take the roots of both equations first"),
        ("""
def heavy_ball(mu, L):
    root = (np.sqrt(L) - np.sqrt(mu)) / (np.sqrt(L) + np.sqrt(mu))
    return [2 / (np.sqrt(L) + np.sqrt(mu)), root ** 2]
""", "then square"),
        ("""
def heavy_ball(mu, L):
    root = (np.sqrt(L) - np.sqrt(mu)) / (np.sqrt(L) + np.sqrt(mu))
    return [1 / (np.sqrt(L) + np.sqrt(mu)) ** 2, root ** 2]
""", "The rate has a 4 above"),
        ("""
def heavy_ball(mu, L):
    beta = ((np.sqrt(L) - np.sqrt(mu)) / (np.sqrt(L) + np.sqrt(mu))) ** 2
    return beta, (1 - np.sqrt(beta)) ** 2 / mu
""", "in the other order"),
        ("""
def heavy_ball(mu, L):
    return 4 / (np.sqrt(L) + np.sqrt(mu)) ** 2
""", "the momentum is missing"),
        ("""
def heavy_ball(mu, L):
    root = (np.sqrt(L) - np.sqrt(mu)) / (np.sqrt(L) + np.sqrt(mu))
    return [4 / (L + mu), root ** 2]
""", "the mixed term is missing"),
        ("""
def heavy_ball(mu, L):
    beta = ((np.sqrt(L) - np.sqrt(mu)) / (np.sqrt(L) + np.sqrt(mu))) ** 2
    return [(1 - np.sqrt(beta)) ** 2 / (mu * (1 - beta)), beta]
""", "leave the 1 − β out"),
        ("""
def heavy_ball(mu, L):
    beta = ((np.sqrt(L) - np.sqrt(mu)) / (np.sqrt(L) + np.sqrt(mu))) ** 2
    return [(1 - np.sqrt(beta)) ** 2 / L, beta]
""", "The ends are mixed up"),
        ("""
def heavy_ball(mu, L):
    a, b = np.sqrt(mu), np.sqrt(L)
    return [(2 / (b - a)) ** 2, ((b + a) / (b - a)) ** 2]
""", "That is the other solution"),
        ("""
def heavy_ball(mu, L):
    return [1 / L, 0.9]
""", None),
        ("""
def heavy_ball(mu, L):
    return [2 / (mu + L), ((L - mu) / (L + mu)) ** 2]
""", "its factor squared"),
        ("""
def heavy_ball(mu, L):
    root_kappa = (L / mu) ** 0.5
    root_beta = (root_kappa - 1) / (root_kappa + 1)
    return (1 + root_beta) ** 2 / L, root_beta ** 2
""", "✓"),
    ],
    "9-2": [
        (ADAM.replace("theta - lr", "theta + lr"), "You walk up"),
        (ADAM.replace("m / (1 - beta1 ** t)", "m").replace("v / (1 - beta2 ** t)", "v"), "The bias is not corrected"),
        (ADAM.replace("beta1 ** t", "beta1").replace("beta2 ** t", "beta2"), "that of the first step at every step"),
        (ADAM.replace("(np.sqrt(v_hat) + eps)", "np.sqrt(v_hat + eps)"), "ε stands outside the root"),
        (ADAM.replace("(np.sqrt(v_hat) + eps)", "(v_hat + eps)"), "You divide by v̂"),
        (ADAM.replace("return theta, m, v", "return theta, m_hat, v_hat"), "Return m and v as they are"),
        (ADAM.replace("g ** 2", "(g - m) ** 2"), "it is no variance"),
        (ADAM.replace("(1 - beta1) * g", "g").replace("(1 - beta2) * g", "g"), "they average, they do not add up"),
        (ADAM.replace("return theta, m, v", "return theta"), "return theta, m, v"),
        (ADAM.replace("(np.sqrt(v_hat) + eps)", "np.sqrt(v_hat)"), "ε is missing"),
        (ADAM.replace("beta2 * v", "beta1 * v"), None),
        (ADAM.replace("g ** 2", "m ** 2"), "v is the mean of g², not of m²"),
        (ADAM.replace("g ** 2", "(g @ g)"), "g @ g adds the squares"),
        (ADAM.replace("theta = theta - lr", "theta = -lr"), "you return the step alone"),
        (ADAM.replace("return theta, m, v", "return m, v, theta"), "in another order"),
        (ADAM.replace("v / (1 - beta2 ** t)", "v").replace("np.sqrt(v_hat)", "np.sqrt(v_hat) / (1 - beta2 ** t)"),
         "The root is that of v̂"),
        ("""
def adam_step(theta, g, m, v, t, lr, beta1, beta2, eps):
    m = m + (1 - beta1) * (g - m)
    v = v + (1 - beta2) * (g * g - v)
    c1, c2 = 1 - beta1 ** t, 1 - beta2 ** t
    return [theta - lr * (m / c1) / ((v / c2) ** 0.5 + eps), m, v]
""", "✓"),
    ],
    "9-3": [
        ("[1, 1, 1]", "Every gradient says left"),
        ("[10, -1, -1]", "let it be hardly larger"),
        ("[3, -1, -1]", "let it be hardly larger"),
        ("[1, -1, -1]", "it must be positive"),
        ("[1, 1, -1]", "Its one step to the right is shorter"),
        ("[5, 1, -2]", "Its one step to the right is shorter"),
        ("[1, -1]", "Give three numbers in a list"),
        ("2.1, -1, -1", "✓"),
        ("np.array([-1.0, -1.0, 2.05])", "✓"),
    ],
    "9-4": [
        (PICK.replace("median", "mean"), "That is the lowest mean"),
        ("""
def pick(rates, losses):
    best = np.nanmin(losses, axis=1)
    best = np.where(np.isnan(best), np.inf, best)
    return rates[best.argmin()]
""", "a lucky seed"),
        ("""
def pick(rates, losses):
    return rates[np.argmin(np.median(losses, axis=1))]
""", "A nan spreads"),
        ("""
def pick(rates, losses):
    medians = []
    for row in losses:
        row = row[~np.isnan(row)]
        medians.append(np.median(row) if len(row) else np.inf)
    return rates[np.argmin(medians)]
""", "Runs that diverged are left out"),
        ("""
def pick(rates, losses):
    return rates[np.nanargmin(np.nanmedian(losses, axis=1))]
""", "Runs that diverged are left out"),
        ("""
def pick(rates, losses):
    return rates[np.argmin(np.nanmedian(losses, axis=1))]
""", "np.nanmedian leaves out"),
        (PICK.replace(", nan=np.inf", ""), "There is a 0 in place of a nan"),
        ("""
def pick(rates, losses):
    return rates[np.nanargmin(np.median(losses, axis=1))]
""", "left out altogether"),
        (PICK.replace("rates[np.argmin(np.median(losses, axis=1))]", "np.argmin(np.median(losses, axis=1))"),
         "return the rate itself"),
        (PICK.replace("axis=1", "axis=0"), "a row is a rate"),
        (PICK.replace("rates[np.argmin(np.median(losses, axis=1))]", "min(np.median(losses, axis=1))"),
         "That is the median loss"),
        (PICK.replace("argmin", "argmax"), "That is the largest median"),
        ("""
def pick(rates, losses):
    best, least = None, np.inf
    for rate, row in zip(rates, losses):
        row = sorted(np.inf if np.isnan(x) else x for x in row)
        if row[len(row) // 2] < least:
            best, least = rate, row[len(row) // 2]
    return best
""", "✓"),
    ],
    "9-5": [
        (ROUNDS.replace("** 3", "** 2").replace("** 5", "** 3"), "σ³, not σ²"),
        (ROUNDS.replace("** 5", "** 4"), "σ⁵, not σ⁴"),
        ("""
def after_rounds(sigma, rounds, a=3.4445, b=-4.7750, c=2.0315):
    result = sigma
    for i in range(rounds):
        result = a * sigma + b * sigma ** 3 + c * sigma ** 5
    return result
""", "you start from the first σ each time"),
        ("""
def after_rounds(sigma, rounds, a=3.4445, b=-4.7750, c=2.0315):
    return a * sigma + b * sigma ** 3 + c * sigma ** 5
""", "There is one round only"),
        (ROUNDS.replace("range(rounds)", "range(rounds + 1)"), "One round too many"),
        (ROUNDS.replace("range(rounds)", "range(1, rounds)"), "One round too few"),
        ("""
def after_rounds(sigma, rounds, a=3.4445, b=-4.7750, c=2.0315):
    for i in range(rounds):
        sigma = a * sigma
        sigma = sigma + b * sigma ** 3
        sigma = sigma + c * sigma ** 5
    return sigma
""", "one after another"),
        (ROUNDS.replace("a * sigma +", "a +").replace("** 3", "** 2").replace("** 5", "** 4"), "aσ, not a"),
        ("""
def after_rounds(sigma, rounds, a=3.4445, b=-4.7750, c=2.0315):
    if rounds == 0:
        return sigma
    square = sigma * sigma
    return after_rounds(sigma * (a + square * (b + c * square)), rounds - 1)
""", "✓"),
    ],
}
