# %% [markdown]
# # Solutions to chapter 13
#
# Try first. A solution that you read is a solution that you forget. What you see is the code that your answers are compared with.

# %%
from textbook import check
from textbook.exercises import chapter_13 as ours
from textbook.show import show_source

# %% [markdown]
# **13-1** `k - best` is how many checks have gone by since the lowest loss. A new lowest sets it back to 0 by itself.

# %%
check.exercise("13-1", ours.stop_at)
show_source(ours.stop_at)

# %% [markdown]
# **13-2** A unit is kept with probability $1-p$, and then multiplied by $1/(1-p)$: on average, once.

# %%
check.exercise("13-2", ours.dropout)
show_source(ours.dropout)

# %% [markdown]
# **13-3** The derivative of $\tfrac{\lambda}{2} w^2$ is $\lambda w$. Other weights' squares don't depend on this one.

# %%
check.exercise("13-3", ours.l2_gradient)
show_source(ours.l2_gradient)

# %% [markdown]
# **13-4** The pixel at row $i$, column $j$ of the new image comes from row $i$ − down, column $j$ − right of the old one, if there is such a pixel.

# %%
check.exercise("13-4", ours.shifted)
show_source(ours.shifted)

# %% [markdown]
# **13-5** One norm over all arrays, one factor for all of them, never above 1.

# %%
check.exercise("13-5", ours.clipped)
show_source(ours.clipped)

# %% [markdown]
# **13-6** The rules in the order of the text. `nan` fails every comparison, so it needs a question of its own.

# %%
check.exercise("13-6", ours.name_cause)
show_source(ours.name_cause)
