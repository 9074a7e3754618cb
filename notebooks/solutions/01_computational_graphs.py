# %% [markdown]
# # Solutions to chapter 1
#
# Try first. A solution that you read is a solution that you forget.

# %%
from textbook import check

# %% [markdown]
# **1.3** Walk over all edges, and count where they come from. A node that nothing uses must not be left out.

# %%
def uses(sources):
    count = dict.fromkeys(sources, 0)
    for inputs in sources.values():
        for source in inputs:
            count[source] += 1
    return count

check.exercise("1.3", uses)

# %% [markdown]
# **1.5** A node, and the trees of its inputs, each written out as often as it is used.

# %%
def tree_size(sources, node):
    return 1 + sum(tree_size(sources, source) for source in sources[node])

check.exercise("1.5", tree_size)

# %% [markdown]
# **1.6** Take away every node whose inputs are all gone. What remains when nothing more can be taken is a cycle, and what hangs on it.

# %%
def has_cycle(sources):
    left = dict(sources)
    while ready := [v for v, inputs in left.items() if not any(s in left for s in inputs)]:
        for v in ready:
            del left[v]
    return bool(left)

check.exercise("1.6", has_cycle)

# %% [markdown]
# **1.7**

# %%
broken = {
    "acyclic": {"x": (), "u": ("add", "x", "f"), "f": ("sin", "u")},
    "complete": {"x": (), "f": ("add", "x", "bias")},
    "consistent": {"v": [1.0, 2.0], "w": [1.0, 2.0, 3.0], "f": ("add", "v", "w")},
    "differentiable": {"x": (), "f": ("floor", "x")},
}

check.exercise("1.7", broken)

# %% [markdown]
# **1.8** Nodes: n features, n weights, one bias; n products, n additions, one σ. Each product and each addition takes two edges, σ one: 2n + 2n + 1.

# %%
def logistic_size(n):
    return 4 * n + 2, 4 * n + 1

check.exercise("1.8", logistic_size)

# %% [markdown]
# **1.9** X: 784B. W: 7,840. b: 10. XW: 10B. Z: 10B. The loss: 1.

# %%
def numbers_held(B):
    return 784 * B + 7840 + 10 + 10 * B + 10 * B + 1

check.exercise("1.9", numbers_held)
