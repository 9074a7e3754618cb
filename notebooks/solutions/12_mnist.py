# %% [markdown]
# # Solutions to chapter 12
#
# Try first. A solution that you read is a solution that you forget. What you see is the code that your answers are compared with.

# %%
from textbook import check
from textbook.exercises import chapter_12 as ours
from textbook.show import show_source

# %% [markdown]
# **12-1** $\|x\|^2$ is left out: for one $x$ it is the same for all training images, so it cannot change which is nearest.

# %%
check.exercise("12-1", ours.nearest_neighbour)
show_source(ours.nearest_neighbour)

# %% [markdown]
# **12-2** The losses are kept as numbers: a kept `Node` would keep the whole graph of its step.

# %%
check.exercise("12-2", ours.train_epoch)
show_source(ours.train_epoch)

# %% [markdown]
# **12-3** In a single line of NumPy: `np.add.at(counts, (labels, guesses), 1)`. The plain `counts[labels, guesses] += 1` counts each pair once.

# %%
check.exercise("12-3", ours.confusion_matrix)
show_source(ours.confusion_matrix)

# %% [markdown]
# **12-4** `astype(int)` cuts off, so a share on an edge belongs to the tenth above it; `np.minimum` brings the 1 back into the last.

# %%
check.exercise("12-4", ours.reliability)
show_source(ours.reliability)

# %% [markdown]
# **12-5** Back to 28 × 28 first. In a flat row the neighbour of a line's last pixel is the first of the next line.

# %%
check.exercise("12-5", ours.shifted)
show_source(ours.shifted)

# %% [markdown]
# **12-6** The variance of one image is $p(1-p)$. Independent variances add; the mean divides the sum by $n$, and its variance by $n^2$.

# %%
check.exercise("12-6", ours.standard_error)
show_source(ours.standard_error)
