# %% [markdown]
# # Solutions to the appendix
#
# One way to do each exercise of the [appendix](../90_mathematics.ipynb). Try first; these keep.

# %%
from textbook import check
from textbook.exercises import chapter_90 as ours
from textbook.show import show_source

# %% [markdown]
# **90-1** In $\partial f/\partial x$ the letter y is a constant: $x^2$ becomes $2x$, the factor y stays, and $3y$ drops out. In $\partial f/\partial y$ the constant is $x^2$.

# %%
check.exercise("90-1", ours.partials)
show_source(ours.partials)

# %% [markdown]
# **90-2** The gradient at (1, 0) is (2, 0). Across it lies (0, 1). Any point but (0, 0) will do, with $(-y, x)$ as the direction.

# %%
check.exercise("90-2", ((1.0, 0.0), (0.0, 1.0)))

# %% [markdown]
# **90-3** Row 1 holds the slopes of $xy$, row 2 those of $x + y^2$.

# %%
check.exercise("90-3", ours.jacobian)
show_source(ours.jacobian)

# %% [markdown]
# **90-4** The two outer loops run over the entries of the result; the inner one is the sum over $j$.

# %%
check.exercise("90-4", ours.matmul)
show_source(ours.matmul)

# %% [markdown]
# **90-5** `eigvalsh` sorts: the largest eigenvalue stands last, the smallest first.

# %%
check.exercise("90-5", ours.condition_number)
show_source(ours.condition_number)

# %% [markdown]
# **90-6** The derivative of $h^2|f'''|/6 + \varepsilon|f|/(2h)$ by $h$ is $h|f'''|/3 - \varepsilon|f|/(2h^2)$. It is 0 where $h^3 = \tfrac32\,\varepsilon|f|/|f'''|$.

# %%
check.exercise("90-6", ours.best_h)
show_source(ours.best_h)
