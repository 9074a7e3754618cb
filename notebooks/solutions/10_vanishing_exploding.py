# %% [markdown]
# # Solutions to chapter 10
#
# One way to do each exercise of [chapter 10](../10_vanishing_exploding.ipynb), as it stands in the book's own tables. Try first; these keep.

# %%
from textbook import check
from textbook.exercises import chapter_10 as ours
from textbook.show import show_source

# %% [markdown]
# **10-1** The layer is tanh, then the matrix. On the way down the matrix comes first, transposed; then each element is multiplied by the slope of tanh at $z$.

# %%
check.exercise("10-1", ours.down)
show_source(ours.down, docstring=False)

# %% [markdown]
# **10-2** Half of the slopes are 1 and half are $a$: their mean square is $(1+a^2)/2$. (10.3) set to 1 gives $g^2(1+a^2)/2=1$.

# %%
check.exercise("10-2", ours.leaky_gain)
show_source(ours.leaky_gain)

# %% [markdown]
# **10-3** The division comes before `h` goes on, so that the next layer measures what it will really get.

# %%
check.exercise("10-3", ours.scaled_start)
show_source(ours.scaled_start, docstring=False)

# %% [markdown]
# **10-4** $\hat x_i=(x_i-\bar x)/s$. By $x_j$: the first factor gives $(\delta_{ij}-1/N)/s$, where $\delta_{ij}$ is 1 for $i=j$ and else 0; the second gives $-\hat x_i/s\cdot\hat x_j/N$. Multiply by the upstream of $i$ and add over $i$: the upstream of $j$, less the mean of all, less $\hat x_j$ times the mean of upstream times $\hat x$, all over $s$.

# %%
check.exercise("10-4", ours.through_standardize)
show_source(ours.through_standardize)

# %% [markdown]
# **10-5** One length for all arrays together, and one factor. It is never above 1.

# %%
check.exercise("10-5", ours.clipped)
show_source(ours.clipped, docstring=False)

# %% [markdown]
# **10-6** A triangular matrix has its eigenvalues on the diagonal. With ½ there and $c$ in the corner, the fifth power has $5\cdot c/16$ in the corner: any $c$ of 32 or more will do.

# %%
check.exercise("10-6", [[0.5, 40.0], [0.0, 0.5]])

# %% [markdown]
# **10-7** Each of the `width` weights moves by about `lr`, all the way of one gradient, so the unit moves in proportion to `width · lr`. To keep that product, divide by the ratio of the widths.

# %%
check.exercise("10-7", ours.wide_rate)
show_source(ours.wide_rate, docstring=False)
