# %% [markdown]
# # Solutions to chapter 8
#
# One way to do each exercise of [chapter 8](../08_automatic_differentiation.ipynb), as it stands in the book's own tables. Try first; these keep.

# %%
from textbook import check
from textbook.exercises import chapter_08 as ours
from textbook.show import show_source

# %% [markdown]
# **8-1** One case for each kind of formula. In the product rule `a` and `b` are written down twice each: once as they are, once differentiated.

# %%
check.exercise("8-1", ours.derivative)
show_source(ours.derivative)

# %% [markdown]
# **8-2** The second entry of each pair follows (8.2): for a sum both local derivatives are 1, for a product each is the value of the other factor.

# %%
check.exercise("8-2", ours.Dual)
show_source(ours.Dual)

# %% [markdown]
# **8-3** A unit vector in, a column out. The columns stand side by side, so they are stacked along axis 1.

# %%
check.exercise("8-3", ours.jacobian)
show_source(ours.jacobian)

# %% [markdown]
# **8-4** The derivative of $k+n/k$ by $k$ is $1-n/k^2$. It is 0 at $k=\sqrt{n}$, negative before and positive after: there the sum is least, $2\sqrt{n}$.

# %%
check.exercise("8-4", ours.best_parts)
show_source(ours.best_parts)

# %% [markdown]
# **8-5** A float16 array divided by a Python number stays float16. So the cast comes first; it is to float32, and a Python number leaves that as it is.

# %%
check.exercise("8-5", ours.unscaled)
show_source(ours.unscaled)

# %% [markdown]
# **8-6** What is computed from `x.data` has no past. Added to $x$ it changes the value and leaves the gradient alone. In PyTorch one writes `x + (x.round() - x).detach()`.

# %%
check.exercise("8-6", ours.rounded)
show_source(ours.rounded)

# %% [markdown]
# **8-7** The entry $(i, j, k)$ is $x_{ij}\,\delta_{ik}$. Summed over $i$ it is $X^\top\delta$.

# %%
check.exercise("8-7", ours.per_example)
show_source(ours.per_example)
