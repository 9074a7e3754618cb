# %% [markdown]
# # Solutions to chapter 5
#
# One way to do each exercise of [chapter 5](../05_gradient_descent.ipynb), as it stands in the book's own tables. Try first; these keep.

# %%
from textbook import check
from textbook.exercises import chapter_05 as ours
from textbook.show import show_source

# %% [markdown]
# **5-1** `theta - …` makes a new array each time. With `theta -= …` every entry of the path would be the same array, and the caller's start would be gone.

# %%
check.exercise("5-1", ours.descent)
show_source(ours.descent, docstring=False)

# %% [markdown]
# **5-2** The slope at 2 is $2^3 - 2 = 6$. The first step must cross 0, so it must be longer than 2: α > 1/3. Up to about 0.605 the walk then settles in the left well; a little beyond, it comes back over the ridge. Two narrow windows follow, from 0.657 to 0.665 and just above 0.666, and from 0.667 on it diverges.

# %%
check.exercise("5-2", 0.5)

# %% [markdown]
# **5-3** The new velocity is $\beta v + \lambda x$: that is the second row, $(\lambda, \beta)$. The new place is $x - \alpha(\beta v + \lambda x) = (1 - \alpha\lambda)x - \alpha\beta v$: the first row.

# %%
check.exercise("5-3", ours.step_matrix)
show_source(ours.step_matrix)

# %% [markdown]
# **5-4** The mean over `rows` divides by the number of examples that are really there, so a smaller last batch needs no special case. Both derivatives come from one residual, taken before anything moves.

# %%
check.exercise("5-4", ours.one_epoch)
show_source(ours.one_epoch, docstring=False)

# %% [markdown]
# **5-5** For small α both factors are positive, and the flat one, $1 - \alpha\mu$, is larger. It falls as α grows. $|1 - \alpha L|$ falls too, reaches 0 at $1/L$, and rises again. The larger of the two is least where they meet: $1 - \alpha\mu = \alpha L - 1$, so $\alpha = 2/(\mu + L)$. Put in: $1 - 2\mu/(\mu + L) = (L - \mu)/(L + \mu)$.

# %%
check.exercise("5-5", ours.best_rate)
show_source(ours.best_rate)

# %% [markdown]
# **5-6** Shorten first, then multiply: the length of the last product is by how much a vector of length 1 was stretched.

# %%
check.exercise("5-6", ours.largest_curvature)
show_source(ours.largest_curvature)
