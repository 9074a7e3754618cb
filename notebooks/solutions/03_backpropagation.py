# %% [markdown]
# # Solutions to chapter 3
#
# Try first. A solution that you read is a solution that you forget.

# %%
import numpy as np

from textbook import check
from textbook.exercises.chapter_02 import topological_order

# %% [markdown]
# **3.2** Two paths lead from $x$ to $f = x \sin(x^2)$: the factor $x$, and the $x$ inside the sine.

# %%
def slope_of_f(x):
    return np.sin(x**2) + x * np.cos(x**2) * 2 * x

check.exercise("3.2", slope_of_f)

# %% [markdown]
# **3.5** With $u$ held, the slope of $u \cdot y$ is $u = x + y$. If $u$ moves, it moves by 1 for each unit of $y$, and $f$ by $y$ for each unit of $u$: another $y$.

# %%
def partial_and_total(x, y):
    return x + y, x + y + y

check.exercise("3.5", partial_and_total)

# %% [markdown]
# **3.6**

# %%
class Node:
    """A value; the nodes it was made from; and for each of them the rule that passes a gradient on to it."""

    def __init__(self, value, parents=(), rules=()):
        self.value, self.parents, self.rules = value, parents, rules
        self.grad = 0.0

    def __add__(self, other):
        return Node(self.value + other.value, (self, other), (lambda g: g, lambda g: g))

    def __mul__(self, other):
        rules = (lambda g: g * other.value, lambda g: g * self.value)
        return Node(self.value * other.value, (self, other), rules)

check.exercise("3.6", Node)

# %% [markdown]
# **3.7** The seed, the order, and the sum of formula (3.3).

# %%
def backward(root):
    root.grad = 1.0
    for node in reversed(topological_order(root)):
        for parent, rule in zip(node.parents, node.rules, strict=True):
            parent.grad += rule(node.grad)

check.exercise("3.7", backward)

# %% [markdown]
# **3.10** The shapes leave no choice.

# %%
def matmul_messages(g, x, y):
    return g @ y.T, x.T @ g

check.exercise("3.10", matmul_messages)

# %% [markdown]
# **3.11** First the axes that were added in front, then those that were stretched.

# %%
def sum_to(g, shape):
    while g.ndim > len(shape):
        g = g.sum(axis=0)
    for axis, n in enumerate(shape):
        if n == 1:
            g = g.sum(axis=axis, keepdims=True)
    return g

check.exercise("3.11", sum_to)

# %% [markdown]
# **3.12** `a = a + m` makes a new array. `a += m` would write into a message that two nodes may share.

# %%
def backward_on_arrays(root):
    root.grad = np.ones_like(root.value)
    for node in reversed(topological_order(root)):
        for parent, rule in zip(node.parents, node.rules, strict=True):
            parent.grad = parent.grad + sum_to(rule(node.grad), np.shape(parent.value))

check.exercise("3.12", backward_on_arrays)

# %% [markdown]
# **3.13** $3x$ and $3x^2$ agree at 0 and at 1. So does $3x^{17}$.

# %%
def wrong_slope(x):
    return 3 * x

check.exercise("3.13", wrong_slope)

# %% [markdown]
# **3.14** $h^2 |f'''| / 6 = \varepsilon |f| / h$, so $h^3 = 6 \varepsilon |f| / |f'''|$.

# %%
def best_h(f, f3, eps):
    return (6 * eps * abs(f) / abs(f3)) ** (1 / 3)

check.exercise("3.14", best_h)

# %% [markdown]
# **3.16** From the root $u \cdot (u + x)$ the engine discovers $u$ first and lets it speak. The message that comes to $u$ through the sum is late.

# %%
def graph_that_needs_order(x, y):
    u = x * y
    return u * (u + x)

check.exercise("3.16", graph_that_needs_order)
