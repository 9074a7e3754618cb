# %% [markdown]
# # Solutions to chapter 2
#
# Try first. A solution that you read is a solution that you forget. What you see is the code that your answers are compared with.

# %%
from textbook import check
from textbook.exercises import chapter_02 as ours
from textbook.show import show_source

# %% [markdown]
# **2-1** Go through the order with a set of what is done. At each node, all of its inputs must be in the set, and the node itself must not. At the end nothing may be missing.

# %%
check.exercise("2-1", ours.is_topological)
show_source(ours.is_topological)

# %% [markdown]
# **2-2** `waits_for` counts edges, not nodes: $x \cdot x$ waits for two, and hears twice.

# %%
check.exercise("2-2", ours.kahn)
show_source(ours.kahn)

# %% [markdown]
# **2-3** The inner function is (2.3). A set remembers who has been visited.

# %%
check.exercise("2-3", ours.topological_order)
show_source(ours.topological_order)

# %% [markdown]
# **2-4** Nodes with parents are operations. The order makes sure that the parents' values are fresh.

# %%
check.exercise("2-4", ours.refresh)
show_source(ours.refresh)

# %% [markdown]
# **2-5** Each sum stands on top of the one before: 5,000 levels. A sum of 5,000 different inputs, added in pairs, has as many nodes and only 13 levels; it does no harm.

# %%
check.exercise("2-5", ours.chain)
show_source(ours.chain)

# %% [markdown]
# **2-6** There are $n p$ entries, and each is a sum of $m$ products.

# %%
check.exercise("2-6", ours.matmul_costs)
show_source(ours.matmul_costs)

# %% [markdown]
# **2-7** $n^2$ pixels, $k^2$ terms each, for every pair of channels.

# %%
check.exercise("2-7", ours.convolution_cost)
show_source(ours.convolution_cost)

# %% [markdown]
# **2-8** The bias is added before the cut. The scores are not cut: a score may be negative.

# %%
check.exercise("2-8", ours.digit_scores)
show_source(ours.digit_scores)
