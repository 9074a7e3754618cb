# %% [markdown]
# # Solutions to chapter 2
#
# Try first. A solution that you read is a solution that you forget.

# %%
import numpy as np

from textbook import check
from textbook.exercises.chapter_02 import Node

# %% [markdown]
# **2.2** Walk through the order, and remember who is done.

# %%
def is_topological(order, inputs):
    done = set()
    for node in order:
        if node in done or any(source not in done for source in inputs[node]):
            return False
        done.add(node)
    return done == set(inputs)

check.exercise("2.2", is_topological)

# %% [markdown]
# **2.3** Note beforehand who uses whom, so that nobody is searched for. $x \cdot x$ waits for two values and stands twice among the users of `x`: the two counts agree.

# %%
def kahn(inputs):
    users = {node: [] for node in inputs}
    for node, sources in inputs.items():
        for source in sources:
            users[source].append(node)
    waits_for = {node: len(sources) for node, sources in inputs.items()}
    ready = [node for node in inputs if not waits_for[node]]
    order = []
    while ready:
        node = ready.pop()
        order.append(node)
        for user in users[node]:
            waits_for[user] -= 1
            if not waits_for[user]:
                ready.append(user)
    if len(order) < len(inputs):
        raise ValueError("the graph has a cycle")
    return order

check.exercise("2.3", kahn)

# %% [markdown]
# **2.4** First everything it needs, then itself.

# %%
def topological_order(root):
    order, seen = [], set()

    def visit(node):
        if node not in seen:
            seen.add(node)
            for parent in node.parents:
                visit(parent)
            order.append(node)

    visit(root)
    return order

check.exercise("2.4", topological_order)

# %% [markdown]
# **2.5** Formula (2.1), in a loop.

# %%
def forward(root):
    for node in topological_order(root):
        if node.operation is not None:
            node.value = node.operation(*[parent.value for parent in node.parents])
    return root.value

check.exercise("2.5", forward)

# %% [markdown]
# **2.6** A chain. The number of nodes does not matter: a balanced tree of a million nodes is 20 deep.

# %%
def too_deep():
    node = x = Node(value=1.0)
    for _ in range(5000):
        node = node + x
    return node

check.exercise("2.6", too_deep)

# %% [markdown]
# **2.8** Each layer's input, for each image of the batch, 4 bytes for each number. The last width belongs to no layer's input.

# %%
def kept_bytes(widths, batch):
    return 4 * batch * sum(widths[:-1])

check.exercise("2.8", kept_bytes)

# %% [markdown]
# **2.10** There are $n \cdot p$ entries. Each is a sum of $m$ products: $m$ multiplications, $m - 1$ additions.

# %%
def matmul_costs(n, m, p):
    return n * p * m, n * p * (m - 1)

check.exercise("2.10", matmul_costs)

# %% [markdown]
# **2.11** $n^2$ pixels, $k^2$ weights, for each of $c \cdot d$ pairs of channels.

# %%
def convolution_cost(n, k, c, d):
    return n**2 * k**2 * c * d

check.exercise("2.11", convolution_cost)

# %% [markdown]
# **2.12** One shifted piece of the image for each entry of the kernel.

# %%
def sliding_sum(image, kernel):
    k = len(kernel)
    h, w = image.shape[0] - k + 1, image.shape[1] - k + 1
    out = np.zeros((h, w))
    for i in range(k):
        for j in range(k):
            out = out + kernel[i, j] * image[i : i + h, j : j + w]
    return out

check.exercise("2.12", sliding_sum)
