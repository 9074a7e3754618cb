# %% [markdown]
# # Solutions to the welcome

# %%
import numpy as np

from textbook import check

# %% [markdown]
# **0.2** $f = xy + y^2$.

# %%
def slope_in_y(x, y):
    return x + 2 * y

check.exercise("0.2", slope_in_y)

# %%
def descent_step(theta, gradient, alpha):
    return theta - alpha * gradient

check.exercise("0.3", descent_step)

# %% [markdown]
# **0.4** Each step multiplies θ by 1 − 2α. Beyond α = 1 that is less than −1.

# %%
check.exercise("0.4", 1.1)

# %%
def accuracy(y_hat, y):
    return np.mean(y_hat == y)

check.exercise("0.5", accuracy)
