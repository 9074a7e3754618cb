# %% [markdown]
# # 1 Computational graphs
#
# A formula, drawn as what it is: numbers that flow through operations. Everything in this book is a walk through such a drawing.

# %%
import numpy as np

from textbook import OPS, Tensor, ask, check, data, labs, ops
from textbook.engine import Recipe, topological_order
from textbook.expression import parse
from textbook.graph import Graph, check_rules, evaluate
from textbook.plots import draw_graph, figure, picture
from textbook.show import show_source

# %% tags=["source: Fig. 1"]
labs.graph.show(formula="u = x + y; f = u * y")

# %% [markdown]
# Type another formula into the box, and the graph redraws itself. Choose an example from the menu. Later chapters set this picture in motion.
#
# **You will be able to**
#
# - draw the graph of a formula, and read a formula off a graph;
# - say what a node is, what an edge carries, and why the order of edges matters;
# - check a graph against the four rules of construction;
# - tell a graph from a tree, and say what sharing saves;
# - read the graph that an engine records while a program runs.
#
# **You need** school algebra and a little Python; for section 1.8 also the matrix product ([appendix](90_mathematics.ipynb)). **Time**: about an hour and a half with the exercises.

# %% [markdown]
# ## 1.1 What a graph says
#
# Take $f(x, y) = (x + y) \cdot y$. To compute it you add first, and multiply then. Give the intermediate result a name:
#
# $$u = x + y, \qquad f = u \cdot y \tag{1.1}$$
#
# Each line of (1.1) names one operation and what goes into it. Draw a point for each name, and an arrow for each "goes into". That is the **computational graph**.
#
# The picture at the top is the graph of (1.1). **Before you go on.** How many points has the graph of $(x + y) \cdot (x - y)$?

# %%
ask.number("1.1", "nodes:")

# %%
check.prediction("1.1")

# %% [markdown]
# Now exactly. A computational graph is a directed graph
#
# $$G = (V, E) \tag{1.2}$$
#
# - $V$ is the set of **nodes**: inputs, which are variables or constants; operations, such as +, ×, sin; and among them the output, the final result.
# - $E$ holds the **edges**. An edge $u \to v$ says: the value of $u$ is an input of $v$.
# - Every node $v$ has a **value** val(v): a number, or an array of numbers.
#
# In code, a graph is written the way (1.1) is: each node with its operation and its inputs.

# %% tags=["source: §2.1"]
graph = Graph.build({"x": (), "y": (), "u": ("add", "x", "y"), "f": ("mul", "u", "y")})
evaluate(graph, x=3, y=2)

# %%
assert evaluate(graph, x=3, y=2) == {"x": 3, "y": 2, "u": 3 + 2, "f": (3 + 2) * 2}   # val(v), for every v

# %% [markdown]
# The definition is all there: the nodes, and the edges in order.

# %%
print("V =", ", ".join(graph.nodes))
print("E =", ", ".join(f"{e.source}→{e.target}" for e in graph.edges))

# %% [markdown]
# ## 1.2 The parts
#
# **Input nodes** are where the graph starts. They hold what is given: data, parameters, constants. Before a run they get their values; the graph itself does not change. Typical names are $x$, $y$, $w$, $b$.
#
# **Operation nodes** compute. Each takes one or several inputs and gives one result. Each stands for two rules: how to compute the result, and how to pass a gradient back. (A gradient says how fast the final result changes with a node; chapter 3.) This book's operations are the entries of one table.

# %% tags=["source: §2.2", "source: §2.2.1"]
kinds = {key: node.kind for key, node in graph.nodes.items()}
assert kinds == {"x": "input", "y": "input", "u": "operation", "f": "operation"}
print(len(OPS), "operations, among them:", ", ".join(list(OPS)[:12]))

# %%
show_source(ops.mul)

# %% [markdown]
# Read `operator.mul` as the forward rule, and the two `lambda` lines as the way back, one for each input. Chapter 3 is about those lines.
#
# **The output** is the node that we want to know. It is a role, not a third kind of node: here `f` is an operation. In the picture it has a double outline, inputs are boxes, operations are round.

# %%
fig, ax = figure(6.4, 2.4)
drawn = draw_graph(ax, graph)
picture(fig, alt="The graph of f = (x + y) · y. x and y lead to u, u and y lead to f; f has a double outline.")

# %% [markdown]
# **An edge** means four things at once. They are four ways of reading the same arrow.
#
# | reading | for the edge $u \to f$ |
# |---|---|
# | data | the number 5 flows from $u$ to $f$ |
# | dependency | $f$ needs $u$; if $u$ changes, $f$ may change |
# | gradient | on the way back, a message flows from $f$ to $u$ |
# | order | $u$ is computed before $f$ |
#
# Each can be seen in the package: in the values, by a change of an input, in the steps of backpropagation, in the order.

# %% tags=["source: §2.2.2"]
f, leaves = parse("u = x + y; f = u * y").tensors(x=3.0, y=2.0)
recorded = Graph.of(f)
assert recorded.nodes["u"].value == 5                                        # data
assert evaluate(graph, x=4, y=2)["f"] != evaluate(graph, x=3, y=2)["f"]      # dependency
f.backward()
assert leaves["x"].grad is not None                                          # gradient: something came back
order = recorded.topological_order()
assert order.index("u") < order.index("f")                                   # order

# %% [markdown]
# ## 1.3 An edge is more than a pair
#
# The definition above looks as if an edge were a pair $(u, v)$, and $E$ a set of pairs. Try that on the square.
#
# **Before you go on.** $f = x \cdot x$. How many edges?

# %%
ask.number("1.2", "edges:")

# %%
check.prediction("1.2")

# %%
square = Graph.build({"x": (), "f": ("mul", "x", "x")})
square.edges

# %% [markdown]
# Two edges, from the same node to the same node. They differ in their **index**: the first input of ×, and the second. A set of pairs cannot hold both.
#
# The index matters even where no node is used twice. In $a - b$ and $b - a$ the pairs are the same: $(a, f)$ and $(b, f)$. Only the order tells the formulas apart.

# %% tags=["source: erratum 11"]
one = Graph.build({"a": (), "b": (), "f": ("sub", "a", "b")})
other = Graph.build({"a": (), "b": (), "f": ("sub", "b", "a")})
assert {(e.source, e.target) for e in one.edges} == {(e.source, e.target) for e in other.edges}
evaluate(one, a=5, b=3)["f"], evaluate(other, a=5, b=3)["f"]

# %% [markdown]
# > **What the source says differently.** §2.1 defines $E$ as a set of pairs. Then $x \cdot x$ has one edge, and $a - b$ is the same graph as $b - a$. Edges need multiplicity and order. It also lists the output as a third kind of node; it is a role that an operation, or even an input, can play.
#
# **Exercise 1.3 (implement).** A graph is given as `sources`: for each node the names of its inputs, as in `{"x": (), "f": ("x", "x")}`. Return a dictionary that tells for each node how often it is used.

# %%
def uses(sources):
    ...

check.exercise("1.3", uses)

# %% [markdown]
# ## 1.4 A graph, not a tree
#
# In (1.1) the node $y$ is used twice. A formula on paper has no way to say so: it writes $y$ again. Drawn as written, it would be a tree, with a leaf for every letter.
#
# For small formulas the difference is small. Let $y \leftarrow y + y$, ten times over. The graph has 11 nodes.
#
# **Before you go on.** Replace each $y$ by its formula until only $x$ is left. How many nodes has that tree?

# %%
ask.number("1.4", "nodes of the tree:")

# %%
check.prediction("1.4")

# %%
def doubled(times):
    y = Tensor(1.0, requires_grad=True, name="x")
    for _ in range(times):
        y = y + y
    return y

len(topological_order(doubled(10)))

# %% [markdown]
# Forty doublings would give a tree of two million million nodes. The graph has 41, and the engine runs it forwards and backwards in no time.

# %%
y = doubled(40)
y.backward()
assert len(topological_order(y)) == 41
assert y.item() == 2.0**40

# %% [markdown]
# This is the first reason to think in graphs. A part that is used many times is computed once. Its derivative, we shall see, is passed back once as well.
#
# In the lab, the example *a shared subexpression* has a node with three arrows leaving it. Find it. Then write the formula without the name `s`, as `(x*y + x)*(x*y + y)`: the engine records what you write, so now the product stands there twice.

# %%
labs.graph.show(formula="s = x*y; f = (s + x)*(s + y)")

# %%
shared, _ = parse("s = x*y; f = (s + x)*(s + y)").tensors(x=3.0, y=2.0)
written_out, _ = parse("(x*y + x)*(x*y + y)").tensors(x=3.0, y=2.0)
len(Graph.of(shared).nodes), len(Graph.of(written_out).nodes)

# %% [markdown]
# **Exercise 1.5 (implement).** Return the number of nodes of the tree that a node's formula becomes when everything is written out.

# %%
def tree_size(sources, node):
    ...

check.exercise("1.5", tree_size)

# %% [markdown]
# ## 1.5 The four rules of construction
#
# Not every drawing of points and arrows can be computed, and not every one that can be computed can be differentiated. Four rules say which.
#
# 1. **Acyclic.** No node depends on itself, not even by a detour. Such a graph is called a DAG, a directed acyclic graph.
# 2. **Complete.** Every input of every operation comes from somewhere.
# 3. **Consistent.** Types and shapes fit.
# 4. **Differentiable.** Every operation can be run forwards and backwards.
#
# The quickest way to understand a rule is to break it. `check_rules` reports everything it finds. Here is a sound graph to begin with; `sigmoid`, written σ, is a smooth step from 0 to 1, and section 1.6 has its formula.

# %% tags=["source: §2.3"]
sound = {"x": (), "w": (), "b": (), "p": ("mul", "w", "x"), "z": ("add", "p", "b"), "y_hat": ("sigmoid", "z")}
assert check_rules(Graph.build(sound)) == []

# %%
def complaints(definitions, **details):
    for violation in check_rules(Graph.build(definitions, **details)):
        print(f"{violation.rule}: {violation.message}")

# %% [markdown]
# **Rule 1, broken.** Let `p` use the result.

# %%
complaints(sound | {"p": ("mul", "w", "y_hat")})

# %% [markdown]
# To compute `p` you need `y_hat`, for that `z`, for that `p`. There is no place to begin. What about networks with loops, which feed their output back? They do so at the *next* time step. Unrolled in time, with a node for each step, they have no cycle.
#
# **Rule 2, broken.** Misspell a name, or forget an input.

# %%
complaints(sound | {"z": ("add", "p", "bias")})
complaints(sound | {"z": ("add", "p")})

# %% [markdown]
# **Rule 3, broken.** Give `x` three features and `w` two weights.

# %%
complaints(sound, shapes={"x": (3,), "w": (2,)})

# %% [markdown]
# Types belong to it as well. An engine that quietly mixes number formats costs memory and time, so the rule asks you to decide.

# %%
complaints(sound, dtypes={"x": "float32"})

# %% [markdown]
# **Rule 4, broken.** Decide with a hard threshold in place of σ.

# %%
complaints(sound | {"y_hat": ("round", "z")})

# %% [markdown]
# Rounding can be computed. But its slope is 0 wherever it has one, and no message would ever come back through it. That is why classifiers end in a smooth function, and the threshold comes after training.
#
# The engine enforces the rules as you build. A cycle cannot even be written: an operation needs its inputs to exist before it runs. Shapes are checked on the spot, and the error names both.

# %%
try:
    Tensor(np.ones((2, 3))) @ Tensor(np.ones((2, 3)))
except ValueError as error:
    print(str(error).split(": matmul")[0])

# %% [markdown]
# **Exercise 1.6 (implement).** Does a graph have a cycle? Return True or False. All names are defined.

# %%
def has_cycle(sources):
    ...

check.exercise("1.6", has_cycle)

# %% [markdown]
# **Exercise 1.7 (break).** Give four small graphs, as definitions for `Graph.build`: each breaks the rule that is its key, and no other.

# %%
broken = ...    # {"acyclic": {…}, "complete": {…}, "consistent": {…}, "differentiable": {…}}

check.exercise("1.7", broken)

# %% [markdown]
# ## 1.6 A model is a graph
#
# Logistic regression answers a yes-or-no question with a probability. It weighs the features, adds a bias, and squeezes the sum into the range from 0 to 1:
#
# $$\hat y = \sigma(w_1 x_1 + w_2 x_2 + b), \qquad \sigma(z) = \frac{1}{1 + e^{-z}} \tag{1.3}$$
#
# Read the graph from left to right: features meet weights, the products are added, the bias joins, σ gives the probability.

# %% tags=["source: §2.4", "source: Fig. 2"]
labs.graph.show(formula="z = w1*x1 + w2*x2 + b; y_hat = sigmoid(z)", mode="forward")

# %% [markdown]
# The picture does not say which inputs are data and which are parameters. To the graph they are all inputs. It is we who later ask for the gradient with respect to $w_1$, $w_2$ and $b$, and not with respect to the data.
#
# **By hand**, with $w_1 = 0.5$, $x_1 = 2$, $w_2 = -1$, $x_2 = 1.5$, $b = 0.25$:

# %%
z = 0.5 * 2 + -1 * 1.5 + 0.25
y_hat = 1 / (1 + np.exp(-z))
np.round([z, y_hat], 4)

# %% [markdown]
# **Our engine**, from the formula as text:

# %%
values = {"w1": 0.5, "x1": 2.0, "w2": -1.0, "x2": 1.5, "b": 0.25}
result, _ = parse("z = w1*x1 + w2*x2 + b; y_hat = sigmoid(z)").tensors(**values)
assert np.isclose(result.item(), y_hat)
result

# %% [markdown]
# **Exercise 1.8 (derive).** Logistic regression with $n$ features, all scalars, each + with two inputs: how many nodes has its graph, how many edges? Return the pair.

# %%
def logistic_size(n):
    ...

check.exercise("1.8", logistic_size)

# %% [markdown]
# ## 1.7 How a program becomes a graph
#
# Nobody draws graphs by hand for long. You write the formula as a program, and the engine records it while it runs. There is no trick in it. `x + y`, for a `Tensor`, calls a method, and that method notes down what it did:

# %%
show_source(Tensor.__add__)

# %% [markdown]
# `apply` runs the operation on the plain numbers, wraps the result in a new `Tensor`, and hangs a **recipe** on it: which operation, which parents.

# %%
x, y = Tensor(3.0, requires_grad=True, name="x"), Tensor(2.0, requires_grad=True, name="y")
f = (x + y) * y
f.recipe.op.name, [parent.item() for parent in f.recipe.parents]

# %%
show_source(Recipe)

# %% [markdown]
# The whole graph hangs on its output. Follow the parents, and their parents, and you have all of it: this is what `Graph.of` does.

# %%
[(key, node.op or "input", float(node.value)) for key, node in Graph.of(f).nodes.items()]

# %% [markdown]
# Because a program records itself, loops and branches need no notation of their own. The graph is of what was run, this time. Here the number of nodes depends on a value.

# %%
def collatz(n):
    """Half of an even number, 3n + 1 of an odd one, until 1."""
    while n.item() != 1:
        n = n / 2 if n.item() % 2 == 0 else 3 * n + 1
    return n

{start: len(Graph.of(collatz(Tensor(float(start), requires_grad=True))).nodes) for start in (4, 5, 6)}

# %% [markdown]
# A graph that is recorded anew on every run is called **dynamic**. PyTorch works like this. A **static** graph is built once and then run many times. Chapter 6 compares them.

# %% [markdown]
# ## 1.8 On MNIST
#
# So far a node held one number. From here on it may hold an array, and the graph stays small. Softmax regression reads a digit from its 784 pixels: ten weighted sums, one for each digit, turned into probabilities. For a batch of 32 digits, all of it is
#
# $$Z = XW + b, \qquad \mathcal L = \operatorname{CE}(Z, y) \tag{1.4}$$
#
# CE is the cross-entropy: it is small when the right digit gets a high probability. Chapter 5 derives it.

# %%
mnist = data.load_mnist("small")
X = Tensor(mnist.x_train[:32], name="X")
W = Tensor(np.zeros((784, 10), np.float32), requires_grad=True, name="W")
b = Tensor(np.zeros(10, np.float32), requires_grad=True, name="b")
loss = ops.cross_entropy(X @ W + b, labels=mnist.y_train[:32])

# %%
fig, ax = figure(7.6, 2.6)
drawn = draw_graph(ax, Graph.of(loss))
picture(fig, alt="The graph of softmax regression. X (32×784) and W (784×10) meet in @, b (10) is added, CE gives a scalar.")

# %% [markdown]
# Each edge says what flows on it. $X$ is 32 × 784: a row for each digit. $XW$ is 32 × 10. The bias has 10 numbers, and is added to each of the 32 rows; this lending is called **broadcasting**. The loss is one number.
#
# Six nodes, and real digits have been through them. With all weights 0 every digit gets the same probability, one tenth, so the loss must be $\log 10$.

# %%
assert np.isclose(loss.item(), np.log(10))
assert len(Graph.of(loss).nodes) == 6

# %% [markdown]
# Count it as scalars, as in exercise 1.8, and it would be more than half a million nodes. Arrays do not change what a graph is. They draw many equal nodes as one.
#
# **Exercise 1.9 (derive).** How many numbers do the six nodes hold together, for a batch of $B$ digits? The loss counts as one, labels do not count.

# %%
def numbers_held(B):
    ...

check.exercise("1.9", numbers_held)

# %% [markdown]
# ## In PyTorch
#
# | here | in PyTorch |
# |---|---|
# | `Tensor(3.0, requires_grad=True)` | `torch.tensor(3.0, requires_grad=True)` |
# | `t.recipe` | `t.grad_fn` |
# | `t.recipe.parents` | `t.grad_fn.next_functions` |
# | an entry of `OPS` | a pair of C++ functions, forward and backward |
# | `Graph.of(t)` | no counterpart; tools such as torchviz draw it |
#
# PyTorch's `grad_fn` graph holds what the way back needs, and nothing else: leaves appear as `AccumulateGrad`, values that no derivative asks for are not kept.
#
# ## What the source says differently
#
# - The set of edges: section 1.3.
# - It calls a graph's start "usually" the inputs. With rule 2 it is always so: a node without inputs is an input.
#
# ## Further reading
#
# - Linnainmaa, S. (1976). Taylor expansion of the accumulated rounding error. *BIT* 16, 146–160. A program as a graph, and one walk back through it.
# - Baydin, A. G., Pearlmutter, B. A., Radul, A. A., Siskind, J. M. (2018). Automatic differentiation in machine learning: a survey. *JMLR* 18, 1–43.
# - Goodfellow, I., Bengio, Y., Courville, A. (2016). *Deep Learning*, section 6.5.1. MIT Press.
#
# Next: [chapter 2](02_forward_propagation.ipynb), the walk from the inputs to the result.
