# %% [markdown]
# # 2 Forward propagation
#
# A graph says what depends on what. In this chapter you run it: you find the orders in which it can be computed, write the first half of an engine, and learn what a pass costs in time and in memory.

# %%
import numpy as np

from textbook import Tensor, ask, check, data, labs, nn, no_grad, ops, optim, train
from textbook.exercises import chapter_02 as ours
from textbook.expression import parse
from textbook.graph import Graph, evaluate, forward_steps, is_topological, order_fault, topological_orders
from textbook.labs.cost import OPERATIONS, Counted, count, draw_times, exponent, measure, peak_bytes, sliding_sum
from textbook.plots import OKABE_ITO, draw_digits, draw_graph, draw_weights, figure, picture
from textbook.show import show_source

# %%
labs.graph.show(formula="u = x + y; f = u * y", mode="forward")

# %% [markdown]
# Press the step button until the end. Values appear one at a time, from left to right, and never before the values they are made from.
#
# **You will be able to**
#
# - define a forward pass, and carry one out by hand and in code;
# - say whether an order of computation is valid, find one, and count them all;
# - write Kahn's algorithm, a depth-first order and a forward pass: part 1 of your own engine;
# - say what a forward pass must keep, and how many bytes that is;
# - count the operations of a matrix product and a convolution, and check the count with a clock;
# - follow one digit through a network, activation by activation.
#
# **You need** the graph: nodes, edges, inputs, operations ([chapter 1](01_computational_graphs.ipynb)). **Time**: about two hours with the exercises.

# %% [markdown]
# ## 2.1 What a forward pass is
#
# A computational graph $G = (V, E)$ has inputs and operations. Its inputs are given numbers. **Forward propagation** finds the numbers of all other nodes. Write $\mathrm{val}(v)$ for the value of the node $v$. If $v$ is an operation, let $f_v$ be what it does, and $u_1, \dots, u_k$ the nodes whose edges lead into $v$, in their order. Then
#
# $$\mathrm{val}(v) = f_v\big(\mathrm{val}(u_1), \mathrm{val}(u_2), \dots, \mathrm{val}(u_k)\big) \tag{2.1}$$
#
# and the algorithm has three steps:
#
# 1. **Inputs.** For each input $v$, set $\mathrm{val}(v)$ to the value that is given.
# 2. **Order.** Visit all nodes in topological order: each after all the nodes it is made from.
# 3. **Operations.** At each operation, compute $\mathrm{val}(v)$ by (2.1).
#
# This is how the package does it. Find the three steps.

# %%
show_source(forward_steps, docstring=False)

# %% [markdown]
# | step | in the code |
# |---|---|
# | 1 inputs | `values[key] = inputs.get(key, node.value)` |
# | 2 order | `for key in order`, with `order = graph.topological_order()` if you give none |
# | 3 operations | `values[key] = apply(op, *arguments)`, where `arguments` holds $\mathrm{val}(u_1), \dots, \mathrm{val}(u_k)$ |
#
# The remaining lines say what is wrong where something is wrong. The function is a generator: it stops after each node, so that a picture can show that node. To run it to its end is `evaluate`.

# %% [markdown]
# ## 2.2 The example, by hand
#
# $f = u \cdot y$ with $u = x + y$. At $x = 3$, $y = 2$:
#
# 1. the inputs are given: $x = 3$, $y = 2$;
# 2. $u = x + y = 3 + 2 = 5$;
# 3. $f = u \times y = 5 \times 2 = 10$;
# 4. so $f(3, 2) = 10$.

# %% tags=["source: §3.3"]
x, y = 3, 2
u = x + y
f = u * y
assert (u, f) == (5, 10)

# %% [markdown]
# You have used a topological order without a word about it: the lines of the program. Line 3 may use `u` because line 2 has made it. Put them the other way round, and Python stops with a `NameError`.
#
# Now the same as a graph. It is written down first, and nothing is computed.

# %%
fig_1 = Graph.build({"x": (), "y": (), "u": ("add", "x", "y"), "f": ("mul", "u", "y")})
print(fig_1.nodes["u"].value)

# %% [markdown]
# Then numbers flow through it, one node at a time.

# %% tags=["source: §3.1", "source: §3.3"]
for step in forward_steps(fig_1, x=3, y=2):
    arguments = ", ".join(map(str, step.inputs)) or "given"
    print(f"val({step.node}) = {step.value:>2}    from {arguments}")

# %%
assert evaluate(fig_1, x=3, y=2) == {"x": x, "y": y, "u": u, "f": f}  # the engine agrees with the hand

# %% [markdown]
# The graph is the recipe; the numbers are one meal. The same graph serves any inputs, and whole arrays of them.

# %%
evaluate(fig_1, x=np.array([3, 0, -1]), y=np.array([2, 2, 4]))["f"]

# %% [markdown]
# ## 2.3 In which order?
#
# Take the example of the source text, $c = a + b$, $e = c \times d$.

# %%
example = Graph.build({"a": (), "b": (), "d": (), "c": ("add", "a", "b"), "e": ("mul", "c", "d")})
fig, ax = figure(6, 2.6)
draw_graph(ax, example)
picture(fig, alt="a and b lead into a sum, the sum and d lead into a product.")

# %% [markdown]
# An order of all nodes is **topological** if every edge points forward in it. With $\mathrm{pos}(v)$ for the place of $v$:
#
# $$u \to v \text{ is an edge} \quad\Longrightarrow\quad \mathrm{pos}(u) < \mathrm{pos}(v) \tag{2.2}$$
#
# Each node stands in it exactly once. Is `[a, b, d, c, e]` one? The edges are $a \to c$, $b \to c$, $c \to e$, $d \to e$, and in each of them the first stands before the second. Yes.

# %% tags=["source: §3.2"]
assert is_topological(example, ["a", "b", "d", "c", "e"])
assert is_topological(example, ["b", "a", "d", "c", "e"])

# %% [markdown]
# And `[c, a, b, d, e]`? The package says what is wrong with it, and where it first goes wrong.

# %% tags=["source: §3.2"]
order_fault(example, ["c", "a", "b", "d", "e"]).message

# %% [markdown]
# The source text names the two orders above as valid, and no others. **Before you go on.** How many are there?

# %%
ask.number("2.1", "orders:")

# %%
check.prediction("2.1")

# %% [markdown]
# Now play with it. **Task:** find an order in which $c$ is computed before $d$. Then ask for $c$ first and read the answer. Blue dashes mark the nodes that are ready, with the number of orders that remain if you pick them. Look at the first picks: why does $d$ leave only 2 orders, and $a$ leave 3?

# %%
labs.topological_order.show()

# %% [markdown]
# All of them, by trying every choice and taking the last one back:

# %% tags=["source: §3.2"]
orders = list(topological_orders(example))
for order in orders:
    print(" ".join(order))

# %%
assert len(orders) == 8 and all(is_topological(example, order) for order in orders)
assert {tuple("abdce"), tuple("badce")} < set(orders)  # the source's two are among them

# %% [markdown]
# Why 8? $e$ needs everything, so it is last. In front of it stand $a$, $b$, $c$, with $c$ after the other two: 2 ways. $d$ may be pushed in at any of 4 places: $2 \times 4 = 8$. If $d$ comes first, only $a$ and $b$ can still change places: 2. If $a$ comes first, then $b$, $c$ stay in this order, and $d$ has 3 places left.
#
# > **What the source says differently.** §3.2 lists `[a, b, d, c, e]` and `[b, a, d, c, e]`. Both are valid, and six more are not mentioned. In two of the eight the sum is computed before $d$ is even read.
#
# Which one you take makes no difference to the result. By (2.1) a value depends on the values of its inputs and on nothing else, so once these are there, the time of day does not matter.

# %%
results = [evaluate(example, order, a=3, b=2, d=4)["e"] for order in orders]
assert results == [20] * 8

# %% [markdown]
# The choice can make a difference to the memory that is needed at once, and to what may run at the same time: nodes that are ready together can be computed together.

# %% [markdown]
# ### What goes wrong without one
#
# Two things can happen. The first is loud. Here is a careless evaluator that takes any order:

# %%
rules = {"c": lambda v: v["a"] + v["b"], "e": lambda v: v["c"] * v["d"]}

def run(order, values):
    values = dict(values)
    for node in order:
        values[node] = rules[node](values)
    return values["e"]

# %%
fresh = {"a": 3, "b": 2, "d": 4}
try:
    run(["e", "c"], fresh)
except KeyError as missing:
    print("no value for", missing)

# %% [markdown]
# The second is silent. Training runs the same graph thousands of times, and a careless evaluator still has the values of the pass before. Let these be $c = 2$, $e = 2$:

# %%
left_over = fresh | {"c": 2, "e": 2}
run(["c", "e"], left_over), run(["e", "c"], left_over)

# %% [markdown]
# The second answer is the old $c$ times the new $d$. No error, no warning, a number of plausible size. This is why `forward_steps` starts with no values at all and refuses an order that is not topological:

# %%
try:
    evaluate(example, ["a", "b", "d", "e", "c"], a=3, b=2, d=4)
except ValueError as refused:
    print(refused)

# %% [markdown]
# You know a program that does all of this: a spreadsheet. Its cells form a graph, it computes them in a topological order, whatever their places on the sheet, and it complains of a "circular reference" when there is no such order.
#
# **Exercise 2.2 (implement).** `inputs` maps each node to the names of its inputs, as `example.sources` does. Return whether `order` is topological: each node once, and each after all of its inputs.

# %%
dict(example.sources)

# %%
def my_is_topological(order, inputs): ...

check.exercise("2.2", my_is_topological)

# %% [markdown]
# ## 2.4 How to find one
#
# With 5 nodes one can try. With a network's thousands one cannot: there may be as many as $n! = 1 \cdot 2 \cdots n$ sequences of $n$ nodes. Two algorithms find an order at once. Both look at each node and each edge once, so the work grows in proportion to their number.
#
# ### Take what is ready: Kahn's algorithm
#
# You have played it. Some nodes are **ready**: all their inputs are done.
#
# 1. For each node, note what it still waits for. Who waits for nothing is ready.
# 2. Take any node that is ready, and append it to the order.
# 3. Everyone who waited for it waits for it no longer. Who now waits for nothing becomes ready.
# 4. Repeat 2 and 3 until nobody is ready.
#
# If nodes are left over, each of them waits for another that is left over. Follow these from one to the next: there are finitely many, so you must come round. That is a **cycle**, and the graph has no topological order. Without a cycle there is always one. So the algorithm is a test as well.
#
# **Task:** run into the wall. Pick `x`, and see what is left.

# %%
labs.topological_order.show(graph="cycle", order=("x",))

# %% [markdown]
# **Exercise 2.3 (implement).** Write Kahn's algorithm. `inputs` is as above. Return a list; raise `ValueError` if there is no order. Mind $x \cdot x$: its node has two edges from the same `x`.

# %%
def kahn(inputs): ...

check.exercise("2.3", kahn)

# %% [markdown]
# The rest of the chapter must run whether or not you have solved an exercise. So each piece is yours where it is right, and ours where it is not there yet:

# %%
def tried(number, mine, book):
    """Your answer where it is right, else the book's."""
    return mine if check.diagnose(number, mine).status == check.RIGHT else book

# %%
kahn = tried("2.3", kahn, ours.kahn)
assert is_topological(example, kahn(example.sources)) and is_topological(fig_1, kahn(fig_1.sources))

# %% [markdown]
# ### Ask for the result: depth first
#
# Kahn's algorithm starts at the inputs. One can also start at the result and ask: what do you need? To visit a node is to visit all of its inputs first, and then to append the node itself. A node that has been visited before is left alone.
#
# $$\text{visit}(v):\quad \text{visit each input of } v; \text{ then append } v \tag{2.3}$$
#
# When $v$ is appended, all of its inputs have been. That is (2.2). And this way one meets only nodes that the result depends on: what is not needed is not computed.
#
# For this one we turn from names to objects, since the engine will work on objects. A **node** knows its operation and its parents, the nodes it is applied to. An input has neither; it has a value. This is the class, with three operations:

# %%
show_source(ours.Node)

# %%
Node = ours.Node
x, y = Node(value=3.0), Node(value=2.0)
u = x + y
f = u * y
print(f.value)  # the recipe; nothing is cooked yet

# %% [markdown]
# **Exercise 2.4 (implement).** Return a list of all nodes that `root` depends on, `root` included and last, each once and after its parents. Anything that has `.parents` will do.

# %%
def topological_order(root): ...

check.exercise("2.4", topological_order)

# %%
topological_order = tried("2.4", topological_order, ours.topological_order)
names = {x: "x", y: "y", u: "u", f: "f"}
[names[node] for node in topological_order(f)]

# %% [markdown]
# ## 2.5 Your engine, part 1: forward
#
# **Exercise 2.5 (implement).** Steps 2 and 3 of the algorithm, on nodes: go through `topological_order(root)`, set the `value` of each operation by (2.1), and return the value of `root`. The inputs have their values already.

# %%
def forward(root): ...

check.exercise("2.5", forward)

# %%
forward = tried("2.5", forward, ours.forward)
assert forward(f) == 10 and u.value == 5

# %% [markdown]
# Any operation will do. This is Fig. 2 of the source text, logistic regression, $\hat y = \sigma(w_1 x_1 + w_2 x_2 + b)$ with $\sigma(z) = 1/(1 + e^{-z})$:

# %%
def sigmoid(z):
    return Node(lambda value: 1 / (1 + np.exp(-value)), (z,))

values = {"w1": 0.5, "x1": 2.0, "w2": -1.0, "x2": 1.5, "b": 0.25}
w1, x1, w2, x2, b = (Node(value=v) for v in values.values())
y_hat = sigmoid(w1 * x1 + w2 * x2 + b)

# %%
theirs, _ = parse("sigmoid(w1*x1 + w2*x2 + b)").tensors(**values)
assert np.isclose(forward(y_hat), theirs.item(), rtol=1e-12)  # your engine and the book's
round(float(forward(y_hat)), 4)

# %% [markdown]
# Change an input, run forward again, and the graph gives another value. Nothing is built anew.

# %%
x.value = 8.0
forward(f)

# %% [markdown]
# ### First build, or compute at once?
#
# Your nodes are **lazy**: `u = x + y` notes what is to be done, and `forward` does it later. The book's `Tensor`, like PyTorch's, is **eager**: `u = x + y` computes the value and notes how it was made.

# %%
x_tensor = Tensor(3.0, requires_grad=True, name="x")
y_tensor = Tensor(2.0, requires_grad=True, name="y")
f_tensor = (x_tensor + y_tensor) * y_tensor
f_tensor.item(), list(Graph.of(f_tensor).nodes)

# %% [markdown]
# Where is the topological order, then? It is the order in which your program runs. A line can only use what earlier lines have made, so every eager program is a forward pass in topological order, and no one has to look for it. In chapter 3 the nodes of your engine will be eager too: a value, the parents, and a rule for the way back. There the order that you have just written comes into its own: the backward pass walks it in reverse.
#
# ### How deep may a graph be?
#
# Exercise 2.4 calls itself once for each level of the graph. Python allows about a thousand calls inside each other. The graph of a network that reads a long text word by word is deeper than that.
#
# **Exercise 2.6 (break).** Return the last node of a graph, built of `Node`s, on which `ours.topological_order` fails with a `RecursionError`. Is it the number of nodes that matters?

# %%
def too_deep(): ...

check.exercise("2.6", too_deep)

# %% [markdown]
# The package keeps a list of its own instead of calling itself, and gets through. So it should:

# %%
deep = Tensor(1.0, requires_grad=True)
for _ in range(100_000):
    deep = deep + 1.0
nodes = Graph.of(deep).nodes
assert deep.item() == 100_001 and len(nodes) == 200_001
del deep, nodes

# %% [markdown]
# ## 2.6 What is kept
#
# A forward pass could throw away each value as soon as its last user has run. It keeps them, for two reasons.
#
# The first is small. **Before you go on.** $c = a + b$ and $e = c \times d$ have been computed. Then $d$ changes. How many operations must be redone?

# %%
ask.number("2.7", "operations:")

# %%
check.prediction("2.7")

# %% [markdown]
# The second is large. The backward pass of chapter 3 asks for the slope of every operation, *at the point where the forward pass has been*. The slope of $u \cdot y$ in $u$ is $y$: so $y$ must still be there. The slopes of a matrix product $X W$ contain $X$ and $W$. The values on the way through a network are called its **activations**, and training keeps them from the forward pass to the backward pass.
#
# How much is that? Take a network for digits: 784 pixels, 128 **hidden units** and 10 outputs. A hidden unit is a number on the way, a weighted sum that is set to 0 where it is negative; this cut is called *ReLU*. Send a batch of 64 images through it.

# %%
model = nn.MLP([784, 128, 10], rng=np.random.default_rng(0))
batch = Tensor(np.zeros((64, 784), np.float32), name="x")
kept = Graph.of(model(batch)).nodes
for v, node in kept.items():
    print(f"{v:3} {node.op or node.kind:9} {node.shape!s:11} {node.value.nbytes:>8,} bytes")

# %% [markdown]
# The parameters `w1`, `b1`, `w2`, `b2` are there anyway. The rest is there because of the pass, and has a row for each image. The engine holds on to all of it. The rules of the two matrix products need only two of these arrays: the inputs of the two layers, `x` and the output of the ReLU.
#
# **Exercise 2.8 (derive).** A network of the given widths, such as `[784, 128, 10]`, keeps the input of each layer, in float32, for a batch. How many bytes?

# %%
def kept_bytes(widths, batch): ...

check.exercise("2.8", kept_bytes)

# %%
relu = next(node for node in kept.values() if node.op == "relu")
needed = kept["x"].value.nbytes + relu.value.nbytes
kept_bytes = tried("2.8", kept_bytes, ours.kept_bytes)
assert needed == kept_bytes([784, 128, 10], 64)
f"{needed:,} bytes"

# %% [markdown]
# Twice the batch, twice the bytes; twice the layers, about twice the bytes. In large networks the activations, not the parameters, fill the memory. When you only predict, nobody will ask for slopes. `no_grad` says so, and nothing is recorded:

# %%
with no_grad():
    out = model(batch)
assert out.recipe is None and model(batch).recipe is not None

# %% [markdown]
# ## 2.7 What it costs
#
# A forward pass visits each node once, so its cost is the sum of the costs of its operations. These differ widely. To compare them we count arithmetic operations as the input grows, and keep only the shape of the growth.
#
# A cost is $O(n^p)$, read *of order $n$ to the $p$*, if it is at most some constant times $n^p$ for all large $n$. The constant may be anything; so $2n^3$ and $n^3 + 100 n^2$ are both $O(n^3)$. And $O(1)$ means: no more than some constant, however large $n$ is.
#
# This is Table 1 of the source text. It does not say what $n$ is in each row; the last column does.
#
# | operation | time | space | here, $n$ is |
# |---|---|---|---|
# | elementary arithmetic | $O(1)$ | $O(1)$ | nothing: one number at a time |
# | matrix product | $O(n^3)$ | $O(n^2)$ | the side of both matrices |
# | convolution | $O(k \cdot n^2)$, see below | $O(n^2)$ | the side of the image |
# | activation function | $O(n)$ | $O(n)$ | the number of elements |
#
# *Space* is the memory for the result. Each row can be counted, and timed. We count first.
#
# ### Counting
#
# A **counting number** is a number that makes a mark whenever something is done with it. NumPy takes arrays of anything, so the very code that computes can be made to count.

# %%
show_source(Counted)

# %% tags=["source: Table 1"]
for name in ("arithmetic", "dot", "activation", "convolution", "matmul"):
    marks = [sum(count(name, n).values()) for n in (4, 8, 16)]
    print(f"{name:12} n = 4, 8, 16: {marks}   formula {OPERATIONS[name].time}")

# %%
for name in ("arithmetic", "dot", "activation", "convolution", "matmul"):
    for n, k in ((5, 1), (5, 3), (8, 3)):
        assert sum(count(name, n, k).values()) == OPERATIONS[name].operations(n, k)

# %% [markdown]
# Read the rows: doubling $n$ multiplies the counts by 1, 2, 2, 4 and 8. (`dot`, the dot product $\sum_i x_i y_i$, is not in the source's table. Entries of a matrix product are made of it.)
#
# **Before you go on.** Two $n \times n$ matrices are multiplied by plain loops. You make $n$ three times as large. How many times as long will it take?

# %%
ask.number("2.9", "times")

# %%
check.prediction("2.9")

# %% [markdown]
# Where does $n^3$ come from? Each entry of $C = AB$ is a dot product,
#
# $$C_{ij} = \sum_{k=1}^{n} A_{ik} B_{kj} \tag{2.4}$$
#
# There are $n^2$ entries, and each takes $n$ multiplications: $n^3$. The result has $n^2$ numbers: that is the space.

# %%
A, B = np.random.default_rng(0).normal(size=(2, 5, 5))
C = [[sum(A[i, k] * B[k, j] for k in range(5)) for j in range(5)] for i in range(5)]
assert np.allclose(C, A @ B) and count("matmul", 5)["×"] == 5**3             # (2.4)

# %% [markdown]
# A layer of a network is no square. **Exercise 2.10 (derive).** A matrix of shape $(n, m)$ times one of shape $(m, p)$, each entry summed without a superfluous first "0 +": return the number of multiplications and the number of additions.

# %%
def matmul_costs(n, m, p): ...

check.exercise("2.10", matmul_costs)

# %% [markdown]
# ### Measuring
#
# A count is a promise about time only if every operation takes equally long. Does it? Take the clock. Each operation is run many times at each size, and the *least* time counts, since other programs can only make it longer. If time is $c\,n^p$, then $\log(\text{time}) = \log c + p \log n$: on logarithmic axes a straight line, with slope $p$. So $p$ can be read off by fitting a line.

# %%
show_source(exponent)

# %%
names = ("arithmetic", "dot", "activation", "convolution", "matmul")
times = {name: [measure(name, n) for n in OPERATIONS[name].sizes] for name in names}
fitted = {name: exponent(OPERATIONS[name].sizes, times[name]) for name in names}

# %%
fig, (left, right) = figure(8, 3.9, columns=2, sharey=True)
draw_times(left, {name: times[name] for name in names[:3]}, xlabel="n, elements")
draw_times(right, {name: times[name] for name in names[3:]}, xlabel="n, side")
right.set_ylabel("")
picture(fig, alt="Time against n on logarithmic axes, five nearly straight lines with the fitted "
                 "exponent of each: flat for one sum, steepest for the matrix product.")

# %% [markdown]
# The lines are nearly straight, and their slopes are near the counted exponents: near 0, 1, 1, 2 and 3. They do not hit them exactly. At small $n$ the call itself takes most of the time, which flattens the line; at large $n$ the numbers no longer fit into the processor's fast memory, which steepens it. So the assertion leaves room:

# %% tags=["source: Table 1", "source: §3.4"]
for name, (low, high) in {"arithmetic": (-0.4, 0.4), "dot": (0.5, 1.5), "activation": (0.6, 1.4),
                          "convolution": (1.3, 2.9), "matmul": (2.2, 3.5)}.items():
    assert low < fitted[name] < high, name

# %% [markdown]
# And space? Ask Python how much memory a call takes at its worst moment, its result included, in numbers of 8 bytes:

# %% tags=["source: Table 1"]
def in_units(name, n, unit):
    return round(peak_bytes(name, n) / 8 / unit)

print("matrix product, in n² numbers:", [in_units("matmul", n, n**2) for n in (128, 256, 512)])
print("activation,     in n numbers: ", [in_units("activation", n, n) for n in (10_000, 100_000)])
assert all(in_units("convolution", n, n**2) in (3, 4) for n in (256, 512))

# %% [markdown]
# The convolution needs three or four images: the padded one, a product, and the sum, for a moment twice. That is still $O(n^2)$; constants do not count. They do fill your memory, though.
#
# **Task:** in the lab, choose an operation, read the count, and press the button. Compare "three plain loops" with "as @ does it". Both have the same count. What differs?

# %%
labs.cost.show()

# %% [markdown]
# `@` calls a library (BLAS) that does the same multiplications in another order, so that each number fetched from memory is used many times, and on all cores at once. The exponent of the count is the same; the constant is not. $O(n^3)$ says how a cost grows. It does not say what it is.
#
# ### The row that is wrong
#
# A **convolution** slides a small matrix of weights, the kernel $K$ of size $k \times k$ with $k$ odd, over an image $X$. Each pixel of the result is the weighted sum of the pixels around it:
#
# $$Y_{rc} = \sum_{i=1}^{k} \sum_{j=1}^{k} K_{ij}\, X_{r+i-h,\; c+j-h}, \qquad h = \tfrac{k+1}{2} \tag{2.5}$$
#
# with $X = 0$ outside the image. There are $n^2$ pixels, and the double sum has $k^2$ terms: $k^2 n^2$ multiplications.

# %%
show_source(sliding_sum, docstring=False)

# %% tags=["source: erratum 2"]
marks = {k: count("convolution", 12, k)["×"] for k in (1, 3, 5, 11)}
assert marks == {k: k**2 * 12**2 for k in marks}  # k²n², exactly
marks

# %% [markdown]
# From $k = 3$ to $k = 11$ the source's $O(k \cdot n^2)$ predicts $11/3 \approx 3.7$ times the work, the count says $121/9 \approx 13.4$ times. Ask the clock:

# %% tags=["source: erratum 2"]
seconds = {k: measure("convolution", 192, k, enough=0.2) for k in (3, 11)}
assert seconds[11] / seconds[3] > 6  # 3.7 is out of the question

# %% [markdown]
# > **What the source says differently.** Table 1 has $O(k \cdot n^2)$ with "$k$, the size of the kernel". A kernel of side $k$ has $k^2$ entries, so the cost is $k^2 n^2$ for each pair of an input and an output channel. (It is $k \cdot n^2$ if $k$ counts the *entries*.) In the same table $n$ is a side length for matrices and images, and a number of elements for activations. And $n^3$ is the schoolbook method: Strassen (1969) does it with $O(n^{2.81})$, which pays off only for large matrices.
#
# Images in a network have channels: 3 for colour, later dozens. Each output channel has a kernel for each input channel, and sums over them.
#
# **Exercise 2.11 (derive).** An $n \times n$ image with $c$ channels in, $d$ channels out, kernels $k \times k$, zeros outside. How many multiplications?

# %%
def convolution_cost(n, k, c, d): ...

check.exercise("2.11", convolution_cost)

# %% [markdown]
# ## 2.8 On MNIST
#
# A network, trained for a moment so that it knows something. (How training works is the matter of chapters 3 and 4.)

# %%
mnist = data.load_mnist("small")
rng = np.random.default_rng(0)
model = nn.MLP([784, 128, 10], rng=rng)
optimizer = optim.Optimizer(model.parameters(), optim.adam, lr=2e-3)
epoch = data.batches(mnist.x_train, mnist.y_train, 64, rng)
losses = [step.loss for step in train.train(model, ops.cross_entropy, epoch, optimizer)]
assert train.evaluate(model, mnist.x_val, mnist.y_val).accuracy > 0.85

# %% [markdown]
# Here is its graph, written out: two matrix products, two sums, and between them a ReLU, $\max(z, 0)$ of each number. Ten scores come out, one for each digit.

# %%
network = Graph.build({
    "x": (), "W1": (), "b1": (), "p1": ("matmul", "x", "W1"), "z1": ("add", "p1", "b1"),
    "a1": ("relu", "z1"), "W2": (), "b2": (), "p2": ("matmul", "a1", "W2"), "z2": ("add", "p2", "b2"),
}, shapes={"x": (1, 784), "W1": (784, 128), "b1": (128,), "W2": (128, 10), "b2": (10,)})

# %%
fig, ax = figure(8.4, 2.2)
draw_graph(ax, network)
picture(fig, alt="The graph of the network, with the shape of what flows on each edge: 1×784 in, 1×128 inside, 1×10 out.")

# %% [markdown]
# One digit, and the parameters as inputs like any other. The steps are those of section 2.1; only the values have become arrays.

# %%
parameters = dict(zip(("W1", "b1", "W2", "b2"), (p.data for p in model.parameters()), strict=True))
digit = mnist.x_val[[5]]
for step in forward_steps(network, x=digit, **parameters):
    if step.inputs:
        print(step.node, "from", *[v.shape for v in step.inputs], "→", step.value.shape)

# %%
values = evaluate(network, x=digit, **parameters)
assert np.allclose(values["z2"], model(digit).data, atol=1e-5)  # the graph is the model
probability = ops.softmax(values["z2"][0])  # scores into shares of 1
assert probability.argmax() == mnist.y_val[5] and np.isclose(probability.sum(), 1, atol=1e-5)

# %% [markdown]
# Every activation on the way, as a picture. The hidden units have no places in the image; they are put in 8 rows of 16.

# %%
fig, axes = figure(8.4, 2.6, columns=5, width_ratios=[1, 1.5, 1.5, 1, 1])
axes[0].imshow(digit.reshape(28, 28), cmap="gray_r")
for ax, name in zip(axes[1:3], ("z1", "a1"), strict=True):
    top = np.abs(values["z1"]).max()
    ax.imshow(values[name].reshape(8, 16), cmap="RdBu_r", vmin=-top, vmax=top)
axes[3].barh(range(10), values["z2"][0], color=OKABE_ITO["sky"])
axes[4].barh(range(10), probability, color=OKABE_ITO["orange"])
titles = ("x: 784 pixels", "z1: 128 sums", "a1 = relu(z1)", "z2: scores", "probabilities")
for ax, title in zip(axes, titles, strict=True):
    ax.set_title(title, fontsize=10)
    ax.set(yticks=range(10), xticks=[]) if ax in axes[3:] else ax.set_axis_off()
picture(fig, alt="One digit through the network: its pixels, 128 sums in red and blue, the same with the "
                 "negative ones set to zero, ten scores, and ten probabilities, of which one is near 1.")

# %% [markdown]
# Red is positive, blue negative, white zero: the ReLU has put out the blue. Some hidden units stay silent for this digit, others for the next one.

# %%
other = evaluate(network, x=mnist.x_val[[6]], **parameters)
assert ((values["a1"] == 0) & (other["a1"] > 0)).any()
assert ((values["a1"] > 0) & (other["a1"] == 0)).any()

# %% [markdown]
# **What did it cost?** Multiplications, by exercise 2.10, for one image:

# %%
per_layer = [n * m for n, m in ((784, 128), (128, 10))]
print(f"{per_layer[0]:,} + {per_layer[1]:,} = {sum(per_layer):,}")

# %% [markdown]
# Nearly all of it is in the first layer. That is where the pixels are.
#
# ### An edge filter, by hand
#
# The network has learned its weights. A kernel can also be written down. This one has $-1$ in its left column and $+1$ in its right: it takes the ink on the right of a pixel minus the ink on its left. Where the picture is even, the two cancel; where ink begins or ends, they do not.

# %%
vertical = np.array([[-1.0, 0.0, 1.0]] * 3)
image = mnist.x_val[5].reshape(28, 28).astype(float)
response, turned = sliding_sum(image, vertical), sliding_sum(image, vertical.T)

# %%
r, c = 14, 12
by_hand = sum(vertical[i, j] * image[r + i - 1, c + j - 1] for i in range(3) for j in range(3))
assert np.isclose(response[r, c], by_hand)  # (2.5), counted from 0

# %%
fig, (left, right) = figure(8, 2.7, columns=2, width_ratios=[1, 2.4])
draw_digits(left, image[None], columns=1)
both = np.column_stack([response.ravel(), turned.ravel()])
draw_weights(right, both, ["right − left", "below − above"], columns=2).colorbar.set_label("response")
picture(fig, alt="A digit, and its response to two edge filters: red where ink begins, blue where it ends, "
                 "going right in the first and going down in the second.")

# %% [markdown]
# No loop over pixels was needed: nine shifted copies of the image, each times one weight, added up. A convolution is an elementwise sum that slides.
#
# **Exercise 2.12 (implement).** Write it without the zeros outside: only the places where the whole kernel fits, so that the result is smaller, $(h - k + 1) \times (w - k + 1)$. Two loops, over the kernel.

# %%
def my_sliding_sum(image, kernel): ...

check.exercise("2.12", my_sliding_sum)

# %%
inner = tried("2.12", my_sliding_sum, ours.sliding_sum)(image, vertical)
assert np.allclose(inner, response[1:-1, 1:-1])

# %% [markdown] tags=["source: erratum 2"]
# ## What the source says differently
#
# - **Two valid orders** (§3.2): there are eight (2.3).
# - **Convolution $O(k \cdot n^2)$** (Table 1): $k^2 n^2$ for a kernel of side $k$, for each pair of channels. Counted exactly, and confirmed by the clock (2.7).
# - **One $n$ for different things** (Table 1): a side length for matrices and images, a number of elements for activations. An activation on an $n \times n$ image costs $n^2$.
# - **The matrix product is $O(n^3)$** (Table 1): by the schoolbook method, for square matrices. A layer costs $n \cdot m \cdot p$, and faster methods exist.
# - **"Space"** (Table 1) is the memory of the result. Training keeps the values of *all* nodes until the backward pass (2.6); the table does not say so.

# %% [markdown]
# ## In PyTorch
#
# | here | in PyTorch |
# |---|---|
# | `f = (x + y) * y` on Tensors | the same: eager, a forward pass in program order |
# | `Graph.build(…)`, then `evaluate` | `torch.fx.symbolic_trace`, then run the graph module: lazy |
# | `topological_order(root)` | inside autograd, in C++ |
# | `no_grad()` | `torch.no_grad()`, `torch.inference_mode()` |
# | `sliding_sum(image, kernel)` | `torch.nn.functional.conv2d(…, padding=k//2)`; it does not flip the kernel either |
# | counting numbers | `torch.utils.flop_counter.FlopCounterMode` |
#
# This is the one place in the chapter where PyTorch is imported: to compare.

# %%
import torch

# %%
x_torch, y_torch = torch.tensor(3.0), torch.tensor(2.0)
assert ((x_torch + y_torch) * y_torch).item() == f_tensor.item() == 10

# %%
given, weights = (torch.tensor(v)[None, None] for v in (image, vertical))
theirs = torch.nn.functional.conv2d(given, weights, padding=1)[0, 0].numpy()
assert np.allclose(theirs, response, atol=1e-12)

# %% [markdown]
# ## Further reading
#
# - A. B. Kahn (1962). *Topological sorting of large networks.* Communications of the ACM 5(11). Short and readable; the networks were project plans.
# - R. E. Tarjan (1976). *Edge-disjoint spanning trees and depth-first search.* Acta Informatica 6. Where the depth-first order comes from.
# - V. Strassen (1969). *Gaussian elimination is not optimal.* Numerische Mathematik 13. The day $n^3$ fell.
# - K. Goto and R. van de Geijn (2008). *Anatomy of high-performance matrix multiplication.* ACM Transactions on Mathematical Software 34(3). Why `@` is fast.
# - A. Griewank and A. Walther (2008). *Evaluating Derivatives*, 2nd edition, SIAM. Chapters 2 and 4: forward passes, and what they must keep.
#
# **Next**: [chapter 3](03_backpropagation.ipynb) walks the same order backwards.
