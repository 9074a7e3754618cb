# %% [markdown]
# # Solutions to chapter 4
#
# One way to write each exercise of [chapter 4](../05_gradient_descent.ipynb). Try first; these keep.

# %%
import numpy as np

from textbook import check

# %% [markdown]
# **5.3** The new velocity is $\beta v + \lambda x$: that is the second row, $(\lambda, \beta)$. The new place is $x - \alpha(\beta v + \lambda x) = (1 - \alpha\lambda)x - \alpha\beta v$: the first row.

# %%
def step_matrix(alpha, beta, lam):
    return [[1 - alpha * lam, -alpha * beta], [lam, beta]]

check.exercise("5.3", step_matrix)

# %% [markdown]
# **5.4** `theta - …` makes a new array each time. With `theta -= …` every entry of the path would be the same array, and the caller's start would be gone.

# %%
def descent(slope, theta, lr, steps):
    path = [theta]
    for _ in range(steps):
        theta = theta - lr * slope(theta)
        path.append(theta)
    return np.array(path)

check.exercise("5.4", descent)

# %% [markdown]
# **5.6** The mean over `rows` divides by the number of examples that are really there, so a smaller last batch needs no special case. Both derivatives come from one residual, taken before anything moves.

# %%
def one_epoch(theta, x, y, order, size, lr):
    w, b = theta
    for first in range(0, len(order), size):
        rows = order[first : first + size]
        residual = w * x[rows] + b - y[rows]
        w, b = w - lr * 2 * np.mean(residual * x[rows]), b - lr * 2 * np.mean(residual)
    return [w, b]

check.exercise("5.6", one_epoch)

# %% [markdown]
# **5.7** For small α both factors are positive, and the flat one, $1 - \alpha\mu$, is larger. It falls as α grows. $|1 - \alpha L|$ falls too, reaches 0 at $1/L$, and rises again. The larger of the two is least where they meet: $1 - \alpha\mu = \alpha L - 1$, so $\alpha = 2/(\mu + L)$. Put in: $1 - 2\mu/(\mu + L) = (L - \mu)/(L + \mu)$.

# %%
def best_rate(mu, L):
    return [2 / (mu + L), (L - mu) / (L + mu)]

check.exercise("5.7", best_rate)

# %% [markdown]
# **5.10** The slope at 1.8 is $1.8^3 - 1.8 = 4.03$. The first step must be longer than 1.8, so $\alpha > 0.45$ or a little less if a second step helps; and it must not land so high on the left wall that the walk comes back. Around the bottom of the left well λ is 2, so α must stay below 1.

# %%
check.exercise("5.10", 0.6)

# %% [markdown]
# **5.11** Shorten first, then multiply: the length of the last product is by how much a vector of length 1 was stretched.

# %%
def largest_curvature(product, v, steps):
    for _ in range(steps):
        v = product(v / np.linalg.norm(v))
    return np.linalg.norm(v)

check.exercise("5.11", largest_curvature)
