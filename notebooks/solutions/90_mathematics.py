# %% [markdown]
# # Solutions to the appendix

# %%
import numpy as np

from textbook import check


# %%
def partials(x, y):
    return 2 * x * y, x**2 + 3

check.exercise("90.2", partials)

# %% [markdown]
# **90.3** The gradient at (1, 0) is (2, 0). Across it lies (0, 1).

# %%
check.exercise("90.3", ((1.0, 0.0), (0.0, 1.0)))

# %%
def jacobian(x, y):
    return np.array([[y, x], [1, 2 * y]])

check.exercise("90.4", jacobian)

# %%
def matmul(a, b):
    out = np.zeros((a.shape[0], b.shape[1]))
    for i in range(a.shape[0]):
        for k in range(b.shape[1]):
            for j in range(a.shape[1]):
                out[i, k] += a[i, j] * b[j, k]
    return out

check.exercise("90.5", matmul)

# %%
def condition_number(matrix):
    eigenvalues = np.linalg.eigvalsh(matrix)
    return eigenvalues[-1] / eigenvalues[0]

check.exercise("90.6", condition_number)
