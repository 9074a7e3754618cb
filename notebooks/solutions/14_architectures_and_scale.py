# %% [markdown]
# # Solutions to chapter 14
#
# Try first. A solution that you read is a solution that you forget. What you see is the code that your answers are compared with.

# %%
from textbook import check
from textbook.exercises import chapter_14 as ours
from textbook.show import show_source

# %% [markdown]
# **14-1** A window of 3 rows fits into an image of 28 at 28 − 3 + 1 = 26 heights. In NumPy without loops: `np.lib.stride_tricks.sliding_window_view`.

# %%
check.exercise("14-1", ours.conv)
show_source(ours.conv)

# %% [markdown]
# **14-2** At each step three factors: through tanh, beside $u$ stands the state before, and on to that state through $u$. The sum is there because every step used the same $u$.

# %%
check.exercise("14-2", ours.through_time)
show_source(ours.through_time)

# %% [markdown]
# **14-3** The row's largest score is taken away before `exp`: no overflow, and the same weights (7.3).

# %%
check.exercise("14-3", ours.attention)
show_source(ours.attention)

# %% [markdown]
# **14-4** `"." + name` and `name + "."`, side by side, are all pairs. Rows of symbols that never occurred become 1/27 throughout.

# %%
check.exercise("14-4", ours.bigram)
show_source(ours.bigram)

# %% [markdown]
# **14-5** $V=\tfrac12(x'-c)^2$ has the slope $x'-c$ by $x'$; and $x'=x-\alpha\lambda x$ has $-\lambda x$ by α and $1-\alpha\lambda$ by $x$.

# %%
check.exercise("14-5", ours.meta_gradient)
show_source(ours.meta_gradient)

# %% [markdown]
# **14-6** $(p-1)/(m+p-1)\le s$ is $m+p-1\ge(p-1)/s$, so $m\ge(p-1)(1-s)/s$: the next whole number.

# %%
check.exercise("14-6", ours.micro_batches)
show_source(ours.micro_batches)
