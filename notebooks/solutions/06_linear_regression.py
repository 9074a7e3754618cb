# %% [markdown]
# # Solutions to chapter 5, linear regression

# %%
import numpy as np

from textbook import check

# %% [markdown]
# **6.2** Forward, backward, update. Both gradients belong to the same forward pass, so both are found before either parameter moves.

# %%
def train_step(w, b, x, y, lr):
    error = w * x + b - y
    return w - lr * 2 * error * x, b - lr * 2 * error

check.exercise("6.2", train_step)

# %% [markdown]
# **6.4** The factor $1 - 2\alpha(x^2 + 1)$ of (6.5) must be zero.

# %%
def best_rate(x):
    return 1 / (2 * (x**2 + 1))

check.exercise("6.4", best_rate)

# %% [markdown]
# **6.5** Put the end into $wx + b = y$: $(w + tx)x + b + t = y$, so $t\,(x^2 + 1) = y - wx - b$.

# %%
def nearest_solution(w, b, x, y):
    t = (y - w * x - b) / (x**2 + 1)
    return w + t * x, b + t

check.exercise("6.5", nearest_solution)

# %%
def gradient(X, y, theta):
    return 2 / len(y) * X.T @ (X @ theta - y)

check.exercise("6.6", gradient)

# %%
def least_squares(X, y):
    return np.linalg.solve(X.T @ X, X.T @ y)

check.exercise("6.7", least_squares)

# %% [markdown]
# **6.9** $w\cdot\frac{x - m}{s} + b = \frac{w}{s}\cdot x + \bigl(b - \frac{w}{s}\cdot m\bigr)$.

# %%
def unstandardise(w, b, mean, std):
    return w / std, b - (w / std) @ mean

check.exercise("6.9", unstandardise)

# %% [markdown]
# **6.10** $\log(1 + e^z) - yz$, with the softplus in the form that cannot overflow.

# %%
def binary_cross_entropy(z, y):
    softplus = np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))
    return np.mean(softplus - y * z)

check.exercise("6.10", binary_cross_entropy)

# %%
def log_sum_exp(z):
    m = z.max(axis=-1, keepdims=True)
    return m[..., 0] + np.log(np.exp(z - m).sum(axis=-1))

check.exercise("6.11", log_sum_exp)

# %%
def softmax_jacobian(y_hat):
    return np.diag(y_hat) - np.outer(y_hat, y_hat)

check.exercise("6.12", softmax_jacobian)

# %% [markdown]
# **6.13** Each row is $\hat y - Y$; the mean over the batch divides by $N$.

# %%
def cross_entropy_gradient(z, labels):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    y_hat = e / e.sum(axis=1, keepdims=True)
    y_hat[np.arange(len(z)), labels] -= 1
    return y_hat / len(z)

check.exercise("6.13", cross_entropy_gradient)

# %% [markdown]
# **6.15** Too large: $e^{1000}$ overflows, and ∞/∞ is no number. All very negative does it too: 0/0.

# %%
check.exercise("6.15", [1000.0, 0.0])
check.exercise("6.15", [-1000.0, -1000.0])

# %% [markdown]
# **6.16** The far point is predicted as far above 1. To lower that one large error the line becomes flatter, and lets go of the point at $x = 1$.

# %%
check.exercise("6.16", 20.0)
