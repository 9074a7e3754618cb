# %% [markdown]
# # Solutions to chapter 6
#
# Try first. A solution that you read is a solution that you forget. What you see is the code that your answers are compared with.

# %%
from textbook import check
from textbook.exercises import chapter_06 as ours
from textbook.show import show_source

# %% [markdown]
# **6-1** Forward, backward, update. Both gradients belong to the same forward pass, so both are found before either parameter moves.

# %%
check.exercise("6-1", ours.train_step)
show_source(ours.train_step)

# %% [markdown]
# **6-2** Put the end into $wx + b = y$: $(w + kx)x + b + k = y$, so $k\,(x^2 + 1) = y - wx - b$.

# %%
check.exercise("6-2", ours.nearest_solution)
show_source(ours.nearest_solution)

# %% [markdown]
# **6-3** The factor $1 - 2\alpha(x^2 + 1)$ of (6.5) must be zero.

# %%
check.exercise("6-3", ours.best_rate)
show_source(ours.best_rate)

# %% [markdown]
# **6-4** Formula (6.8), letter by letter.

# %%
check.exercise("6-4", ours.gradient)
show_source(ours.gradient)

# %% [markdown]
# **6-5** Formula (6.9). `solve` does not form the inverse.

# %%
check.exercise("6-5", ours.least_squares)
show_source(ours.least_squares)

# %% [markdown]
# **6-6** $w\cdot\frac{x - m}{s} + b = \frac{w}{s}\cdot x + \bigl(b - \frac{w}{s}\cdot m\bigr)$.

# %%
check.exercise("6-6", ours.unstandardise)
show_source(ours.unstandardise)

# %% [markdown]
# **6-7** At 30 the line has tilted so far that it stays below ½ at $x = 1$. At 20 it is exactly ½ there, which is not above ½; anything beyond will do.

# %%
check.exercise("6-7", 30)
