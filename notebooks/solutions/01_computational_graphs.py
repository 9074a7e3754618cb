# %% [markdown]
# # Solutions to chapter 1
#
# Try first. A solution that you read is a solution that you forget. `show_source` shows the book's own answer, `check.exercise` tries it.

# %%
from textbook import check
from textbook.exercises import chapter_01 as ours
from textbook.show import show_source

# %% [markdown]
# **1-1** `__mul__` differs from `__add__` in two places: the sign, and its name.

# %%
show_source(ours.Node)

# %%
check.exercise("1-1", ours.Node)

# %% [markdown]
# **1-2** Every name in every list of inputs is one use. `dict.fromkeys` starts all counts at 0, so that the output is not forgotten.

# %%
show_source(ours.uses)

# %%
check.exercise("1-2", ours.uses)

# %% [markdown]
# **1-3** The node itself, and the trees of its inputs, an input that stands twice counted twice. In one line: `1 + sum(tree_size(sources, s) for s in sources[node])`. The book's version remembers the sizes that it knows; without that, forty doublings would keep it busy for days.

# %%
show_source(ours.tree_size)

# %%
check.exercise("1-3", ours.tree_size)

# %% [markdown]
# **1-4** A cycle through `u` and `f`; an input `bias` that nobody defines; a vector of two and one of three; an operation that the table does not have.

# %%
ours.BROKEN

# %%
check.exercise("1-4", ours.BROKEN)

# %% [markdown]
# **1-5** Inputs: $n$ features, $n$ weights, one bias. Operations: $n$ products, $n$ additions (of $n + 1$ terms), one σ. Two edges lead into each product and each addition, one into σ.

# %%
show_source(ours.logistic_size)

# %%
check.exercise("1-5", ours.logistic_size)

# %% [markdown]
# **1-6** $X$: 784·B, $W$: 7,840, $b$: 10, $XW$: 10·B, $Z$: 10·B, and the loss.

# %%
show_source(ours.numbers_held)

# %%
check.exercise("1-6", ours.numbers_held)
