# %% [markdown]
# # 1 Computational graphs
#
# A formula, drawn as what it is: numbers that flow through operations. Everything in this book is a walk through such a drawing.

# %%
import numpy as np

from textbook import OPS, Tensor, ask, check, data, labs, ops
from textbook.engine import topological_order
from textbook.exercises import chapter_01 as ours
from textbook.expression import parse
from textbook.graph import Graph, check_rules, evaluate
from textbook.plots import draw_graph, figure, picture
from textbook.show import show_source

# %% tags=["source: Fig. 1"]
labs.graph.show(formula="u = x + y; f = u * y")

# %% [markdown]
# Type another formula into the box, and the graph redraws itself. Later chapters set this picture in motion.
#
# **You will be able to**
#
# - draw the graph of a formula, and read a formula off a graph;
# - write, in ten lines, numbers that remember how they were computed: the engine that you will build on until chapter 4;
# - say what a node is, what an edge carries, and why the order of edges matters;
# - tell a graph from a tree, and say what sharing saves;
# - check a graph against the four rules of construction.
#
# **You need** school algebra and a little Python: functions, dictionaries, a class with a method, and for Exercise 1-3 a function that calls itself. For section 1.8 also the matrix product ([appendix](90_mathematics.ipynb)). **Time**: about an hour and three quarters, half of it for the exercises.

# %% [markdown]
# ## 1.1 What a graph says
#
# Take $f(x, y) = (x + y) \cdot y$. To compute it you add first, and multiply then. Give the intermediate result a name:
#
# $$u = x + y, \qquad f = u \cdot y \tag{1.1}$$
#
# Each line of (1.1) names one operation and what goes into it. Draw a point for each name, and an arrow for each "goes into". That is the **computational graph**; the picture at the top shows it.
#
# **Question 1-a.** How many points has the graph of $(x + y) \cdot (x - y)$?

# %%
ask.number("1-a", "nodes:")

# %%
check.prediction("1-a")

# %% [markdown]
# Now exactly. A computational graph is a directed graph
#
# $$G = (V, E) \tag{1.2}$$
#
# - $V$ is the set of **nodes**: *inputs*, which are variables or constants; *operations*, such as + and ×; and among them the *output*, the final result.
# - $E$ holds the **edges**. An edge $u \to v$ says: the value of $u$ is an input of $v$.
# - Every node $v$ has a **value** val(v): a number, or an array of numbers.
#
# What is it good for? Each node is one small operation, whose derivative is in every textbook. A program that has the graph can put the derivative of the whole together from these, without any new thought. That is **automatic differentiation**, and the graph is its basis.

# %% [markdown]
# ## 1.2 Ten lines of your own
#
# Nobody draws graphs by hand for long. Let the program draw while it computes: a number that remembers how it came about. Three things are enough to remember: the value, the parents (the nodes that went in), and the name of the operation.

# %% tags=["source: §2.1"]
class Node:
    """A value, and how it was computed."""
    def __init__(self, value, parents=(), op=""):
        self.value, self.parents, self.op = value, parents, op

    def __add__(self, other):
        return Node(self.value + other.value, (self, other), "+")

# %% [markdown]
# Python calls `__add__` when it meets a `+`. The method adds the two numbers, and wraps the result in a new node that knows its parents. An input has no parents and no operation.

# %%
x, y = Node(3), Node(2)
u = x + y
print(u.value, u.op, [parent.value for parent in u.parents])

# %% [markdown]
# **Exercise 1-1 (implement).** Give it ×, which Python calls `__mul__`. Write its line like the one above it.

# %%
class Node:
    """A value, and how it was computed."""
    def __init__(self, value, parents=(), op=""):
        self.value, self.parents, self.op = value, parents, op

    def __add__(self, other):
        return Node(self.value + other.value, (self, other), "+")

    def __mul__(self, other):
        ...

check.exercise("1-1", Node)

# %% [markdown]
# From here on the chapter uses your `Node` if it is right, else the book's. With it, a formula is its own graph:

# %%
Node = check.tried("1-1", Node, ours.Node)
x, y = Node(3), Node(2)
f = (x + y) * y
print(f.value, f.op, [(parent.value, parent.op) for parent in f.parents])

# %% [markdown]
# The whole graph hangs on the output. Follow the parents, and their parents, until there are none:

# %%
def written(node):
    """The formula of a node: of an input its value, else its parents with the sign between them."""
    if not node.parents:
        return str(node.value)
    left, right = node.parents
    return f"({written(left)} {node.op} {written(right)})"

written(f)

# %% [markdown]
# `written` calls itself for each parent, and stops at the inputs. Such a function is called *recursive*; graphs are made for it.
#
# So much for the core. What does the book's own engine add? Names, arrays, thirty more operations, and the way back. Section 1.7 returns to it. For looking at graphs we also want to write one down without computing anything. `Graph.build` takes a dictionary: each node with its operation and its inputs, as (1.1) has them; an input has `()`. Then `evaluate` computes all the values.

# %% tags=["source: §2.1"]
graph = Graph.build({"x": (), "y": (), "u": ("add", "x", "y"), "f": ("mul", "u", "y")})
print("V =", ", ".join(graph.nodes))
print("E =", ", ".join(f"{edge.source}→{edge.target}" for edge in graph.edges))
print("val =", evaluate(graph, x=3, y=2))

# %% [markdown]
# ## 1.3 The parts
#
# **Input nodes** are where the graph starts. They hold what is given: data, parameters, constants. Before a run they get their values; the graph itself does not change. Typical names are $x$, $y$, $w$, $b$.
#
# **Operation nodes** compute. Each takes one or several inputs and gives one result. Each stands for two rules: how to compute the result, and how to pass a gradient back. (A gradient says how fast the final result changes with a node; chapter 3.) `OPS` is the table of the book's operations.
#
# Besides + and ×, two will recur in every network. **Sigmoid**, $\sigma(z) = 1/(1 + e^{-z})$, is a smooth step from 0 to 1. **ReLU**, $\max(0, z)$, cuts off what is negative. Like every entry of the table, `ops.sigmoid` and `ops.relu` can be called on arrays of plain numbers.

# %% tags=["source: §2.2", "source: §2.2.1"]
print({key: node.kind for key, node in graph.nodes.items()})
print("in the table:", ", ".join(list(OPS)[:6]), "…")
z = np.array([-2.0, 0.0, 2.0])
print("sigmoid", ops.sigmoid(z).round(3), "  relu", ops.relu(z))

# %% [markdown]
# **The output** is the node that we want to know. It is a role, not a third kind of node: here `f` is an operation. In the picture it has a double outline, inputs are boxes, operations are round.

# %%
fig, ax = figure(6.4, 2.4)
draw_graph(ax, graph)
picture(fig, alt="The graph of f = (x + y) · y. x and y lead to the sum u; u and y lead to the product f, which has a double outline.")

# %% [markdown]
# **An edge** can be read in four ways.
#
# | reading | for the edge $u \to f$ |
# |---|---|
# | data | the number 5 flows from $u$ to $f$ |
# | dependency | $f$ needs $u$; if $u$ changes, $f$ may change |
# | gradient | on the way back, a number flows from $f$ to $u$ |
# | order | $u$ is computed before $f$ |
#
# All four can be seen. A formula as text, read by `parse`, becomes a graph of the book's engine with `tensors`: it returns the result and the inputs by name. `backward` walks back; then every input has its slope in `.grad`. And `topological_order` lists the nodes as they can be computed.

# %% tags=["source: §2.2.2"]
f, inputs = parse("u = x + y; f = u * y").tensors(x=3.0, y=2.0)
f.backward()
print("data:       5 × 2 =", f.item())
print("dependency: with x = 4, f =", evaluate(graph, x=4, y=2)["f"])
print("gradient:   at x arrives", inputs["x"].grad, "and at y", inputs["y"].grad)
print("order:     ", [node.name for node in topological_order(f)])

# %% [markdown]
# Here is the third reading in full: the same four edges, walked backwards. How the numbers come about is chapter 3's subject. For now, see that each edge carries one. It says how fast the edge's end grows with its start alone: ∂u/∂x = 1 means that $u$ grows as fast as $x$; in ∂f/∂y|u the $u$ is held still. The number at a node says how fast $f$ grows with it, by all ways together.

# %% tags=["source: §2.2.2"]
labs.graph.show(formula="u = x + y; f = u * y", mode="backward", step=-1)

# %% [markdown]
# ## 1.4 An edge is more than a pair
#
# The definition above looks as if an edge were a pair $(u, v)$, and $E$ a set of pairs. Try that on a square.
#
# **Question 1-b.** $f = x \cdot x$. How many edges?

# %%
ask.number("1-b", "edges:")

# %%
check.prediction("1-b")

# %% [markdown]
# What you decide here, your `Node` has decided already. It keeps its parents in a tuple, in which the same node may stand twice, and the first place differs from the second:

# %%
x = Node(3)
square = x * x
print(square.parents[0] is x, square.parents[1] is x, len(square.parents))

# %% [markdown]
# The place matters even where no node is used twice. In $a - b$ and $b - a$ the pairs are the same: $(a, f)$ and $(b, f)$. Only their order tells the formulas apart. The next cell prints for each graph whether it has these pairs, and its value at $a = 5$, $b = 3$.

# %% tags=["source: erratum 11"]
one = Graph.build({"a": (), "b": (), "f": ("sub", "a", "b")})
other = Graph.build({"a": (), "b": (), "f": ("sub", "b", "a")})
for each in (one, other):
    print({(edge.source, edge.target) for edge in each.edges} == {("a", "f"), ("b", "f")}, evaluate(each, a=5, b=3)["f"])

# %% [markdown]
# > **What the source says differently.** §2.1 defines $E$ as a set of pairs. Then $x \cdot x$ has one edge, and $a - b$ is the same graph as $b - a$. Edges need multiplicity and order. It also lists the output as a third kind of node; it is a role that an operation, or even an input, can play.
#
# **Exercise 1-2 (implement).** A graph is given as `sources`: for each node the names of its inputs, as in `{"x": (), "f": ("x", "x")}`. Return a dictionary that tells for each node how often it is used. For this graph that is `{"x": 2, "f": 0}`. A node may stand in the dictionary before its inputs.

# %%
def uses(sources):
    ...

check.exercise("1-2", uses)

# %% [markdown]
# ## 1.5 A graph, not a tree
#
# In (1.1) the node $y$ is used twice. A formula on paper has no way to say so: it writes $y$ again. Drawn as written, it would be a **tree**, in which every node is used once, with a leaf for every letter.
#
# For small formulas the difference is small. Now start from $y = x$, and let $y \leftarrow y + y$, ten times over. The graph has 11 nodes.
#
# **Question 1-c.** In the last $y$, replace each $y$ by its own formula, and again, until every letter is an $x$. How many nodes has that tree?

# %%
ask.number("1-c", "nodes of the tree:")

# %%
check.prediction("1-c")

# %% [markdown]
# Forty doublings would give a tree of two million million nodes. With your `Node` it takes no time, because each sum is made once and used twice:

# %%
y = Node(1)
for _ in range(40):
    y = y + y
print(y.value, "=", 2**40)

# %% [markdown]
# (Don't ask for `written(y)`: it writes the tree.)
#
# This is the first reason to think in graphs. A part that is used many times is computed once. Its derivative, we shall see, is passed back once as well.
#
# In the lab below, $s$ is shared: two arrows leave it. Now write the formula without the name, as `(x*y + x)*(x*y + y)`. The engine records what you write, so the product stands there twice, and three arrows leave $x$ instead of two. (Results without a name are numbered, as v4 here.)

# %%
labs.graph.show(formula="s = x*y; f = (s + x)*(s + y)")

# %%
shared, _ = parse("s = x*y; f = (s + x)*(s + y)").tensors(x=3.0, y=2.0)
written_out, _ = parse("(x*y + x)*(x*y + y)").tensors(x=3.0, y=2.0)
len(topological_order(shared)), len(topological_order(written_out))

# %% [markdown]
# **Exercise 1-3 (implement).** Return the number of nodes of the tree that a node's formula becomes when everything is written out. A leaf is a tree of one node. For the others, which may have any number of inputs, let `tree_size` call itself, as `written` did.

# %%
def tree_size(sources, node):
    ...

check.exercise("1-3", tree_size)

# %% [markdown]
# ## 1.6 The four rules of construction
#
# Not every drawing of points and arrows can be computed, and not every one that can be computed is of use for learning. Four rules say which.
#
# 1. **Acyclic.** No node depends on itself, not even by a detour. Such a graph is called a DAG, a directed acyclic graph.
# 2. **Complete.** Every input of every operation comes from somewhere.
# 3. **Consistent.** Types and shapes fit.
# 4. **Differentiable.** Every operation can be run forwards, and has a derivative to send back.
#
# The quickest way to understand a rule is to break it. `check_rules` reports all that it finds. Here is a sound graph to begin with, a weight, an input and a bias:

# %% tags=["source: §2.3"]
sound = {"x": (), "w": (), "b": (), "p": ("mul", "w", "x"), "z": ("add", "p", "b"), "y_hat": ("sigmoid", "z")}

def complaints(definitions):
    for violation in check_rules(Graph.build(definitions)):
        print(f"{violation.rule}: {violation.message}")

complaints(sound)

# %% [markdown]
# Nothing to complain of. **Rule 1, broken.** Let `p` use the result. (`sound | {"p": …}` is the dictionary `sound` with another entry for `p`.)

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
# **Rule 3, broken.** A node may hold a list of numbers. Give `x` three features and `w` two weights. (A node that is written as numbers, not as a tuple with an operation, is a constant.)

# %%
complaints(sound | {"x": [1.0, 2.0, 3.0], "w": [0.5, -0.5]})

# %% [markdown]
# **Rule 4, broken.** Decide with a hard threshold in place of σ.

# %%
complaints(sound | {"y_hat": ("round", "z")})

# %% [markdown]
# Rounding can be computed. But its slope is 0 wherever it has one, so no parameter behind it would ever learn. That is why classifiers end in a smooth function, and the threshold comes after training.
#
# Strictly, the rule asks for a derivative *almost everywhere*, and one that tells something. ReLU has a corner at 0, where a convention decides; it is among the most used functions of all. (PyTorch does have a derivative for rounding: the useless one, 0.)
#
# The book's engine enforces most of this as you build. A cycle cannot even be written: an operation needs its inputs to exist before it runs, and so does your `Node`. Shapes are checked on the spot:

# %%
try:
    Tensor([1.0, 2.0, 3.0]) * Tensor([0.5, -0.5])
except ValueError as error:
    print(error)

# %% [markdown]
# **Exercise 1-4 (break).** Give four small graphs, as definitions for `Graph.build`: each breaks the rule that is its key, and no other.

# %%
broken = ...    # {"acyclic": {…}, "complete": {…}, "consistent": {…}, "differentiable": {…}}

check.exercise("1-4", broken)

# %% [markdown]
# ## 1.7 A model is a graph
#
# **Logistic regression** answers a yes-or-no question with a probability. It weighs the features, adds a bias, and squeezes the sum into the range from 0 to 1:
#
# $$\hat y = \sigma(w_1 x_1 + w_2 x_2 + b) \tag{1.3}$$
#
# By hand, with $w_1 = 0.5$, $x_1 = 2$, $w_2 = -1$, $x_2 = 1.5$, $b = 0.25$:

# %%
z = 0.5 * 2 + -1 * 1.5 + 0.25
print("z =", z, "  y_hat =", round(1 / (1 + np.exp(-z)), 4))

# %% [markdown]
# Now as a graph, at the same values. Read it from left to right: features meet weights, the products are added, the bias joins, σ gives the probability. Move a slider, and see which nodes change.

# %% tags=["source: §2.4", "source: Fig. 2"]
values = {"w1": 0.5, "x1": 2.0, "w2": -1.0, "x2": 1.5, "b": 0.25}
labs.graph.show(formula="z = w1*x1 + w2*x2 + b; y_hat = sigmoid(z)", mode="forward", values=values, step=-1)

# %% [markdown]
# The picture does not say which inputs are data and which are parameters. To the graph they are all inputs. It is we who later ask for the gradient with respect to $w_1$, $w_2$ and $b$, and not with respect to the data.
#
# **Exercise 1-5 (derive).** Logistic regression with $n$ features, all scalars, each + with two inputs: how many nodes has its graph, how many edges? Return the pair, nodes first. The picture is the case $n = 2$.

# %%
def logistic_size(n):
    ...

check.exercise("1-5", logistic_size)

# %% [markdown]
# **What the real engine adds.** The book's `Tensor` does what your `Node` does. `x + y` calls a method, and the method notes down what it did. `show_source` shows that method as it stands in the package:

# %%
show_source(Tensor.__add__)

# %% [markdown]
# `apply` runs the operation on the plain values, wraps the result in a new `Tensor`, and hangs a recipe on it, `recipe`: which operation, which parents.

# %%
a, b = Tensor(3.0, requires_grad=True, name="a"), Tensor(2.0, requires_grad=True, name="b")
c = (a + b) * b
print(c.recipe.op.name, [parent.item() for parent in c.recipe.parents])

# %% [markdown]
# `Graph.of` follows the recipes from the output, and returns the graph.
#
# Because a program records itself, loops and branches need no notation of their own. The graph is of what was run, this time. In the next cell it depends on a value how many nodes there are: halve an even number, take 3n + 1 of an odd one, until 1 is reached.

# %%
def collatz(n):
    while n.item() != 1:
        n = n / 2 if n.item() % 2 == 0 else 3 * n + 1
    return n

{start: len(Graph.of(collatz(Tensor(float(start), requires_grad=True))).nodes) for start in (4, 5, 6)}

# %% [markdown]
# A graph that is recorded anew on every run is called **dynamic**. PyTorch works like this. A **static** graph is built once and then run many times. [Chapter 8](08_automatic_differentiation.ipynb) compares them.

# %% [markdown]
# ## 1.8 On MNIST
#
# So far a node held one number. From here on it may hold an array, and the graph stays small. **Softmax regression** reads a digit from its 784 pixels: ten weighted sums $z_0, \dots, z_9$, one for each digit. They are turned into probabilities by $p_k = e^{z_k} / (e^{z_0} + \dots + e^{z_9})$, which are positive and add up to 1.
#
# How good is the answer? Look only at the probability $p$ that it gives to the *right* digit. The **cross-entropy** is $-\log p$, with the natural logarithm: 0 if the model was sure and right, and the larger, the less it believed the truth. The loss is its mean over the digits of a batch. For a batch of 32 digits, all of it is
#
# $$Z = XW + b, \qquad \mathcal L = \operatorname{CE}(Z, y) \tag{1.4}$$
#
# with the pixels in $X$, a row for each digit, the weights in $W$, and the right digits in $y$. CE makes the probabilities and takes the mean, in one operation: `ops.cross_entropy`. Chapter 7 asks why this loss.

# %%
mnist = data.load_mnist("small")
X = Tensor(mnist.x_train[:32], name="X")
W = Tensor(np.zeros((784, 10), np.float32), requires_grad=True, name="W")
b = Tensor(np.zeros(10, np.float32), requires_grad=True, name="b")
XW = X @ W
Z = XW + b
loss = ops.cross_entropy(Z, labels=mnist.y_train[:32])
XW.name, Z.name, loss.name = "XW", "Z", "loss"

# %%
fig, ax = figure(7.6, 2.6)
draw_graph(ax, Graph.of(loss), values=False)
picture(fig, alt="The graph of softmax regression. X (32×784) and W (784×10) meet in @, b (10) is added, CE gives a scalar.")

# %% [markdown]
# Each edge says what flows on it. $XW$ is 32 × 10: ten sums for each digit. The bias has 10 numbers, and is added to each of the 32 rows; this lending is called **broadcasting**. The loss is one number.
#
# Six nodes, and real digits have been through them. All weights are 0, so the sums are equal, and every digit gets the probability one tenth. The loss must be $-\log \tfrac{1}{10} = \log 10$:

# %%
print(len(Graph.of(loss).nodes), "nodes;  loss", round(loss.item(), 4), "  log 10 =", round(float(np.log(10)), 4))

# %% [markdown]
# Count it in scalars, as in Exercise 1-5, and it would be more than half a million nodes. Arrays do not change what a graph is. They draw many equal nodes as one.
#
# **Exercise 1-6 (derive).** How many numbers do the six nodes hold together, for a batch of $B$ digits? The loss counts as one; labels do not count.

# %%
def numbers_held(B):
    ...

check.exercise("1-6", numbers_held)

# %% [markdown]
# ## In PyTorch
#
# | your `Node` | the book's engine | PyTorch |
# |---|---|---|
# | `Node(3.0)` | `Tensor(3.0, requires_grad=True)` | `torch.tensor(3.0, requires_grad=True)` |
# | `node.op` | `t.recipe.op` | `t.grad_fn` |
# | `node.parents` | `t.recipe.parents` | `t.grad_fn.next_functions` |
# | a method such as `__add__` | an entry of `OPS` | a pair of C++ functions, forward and backward |
# | `written(node)` | `Graph.of(t)` | tools such as torchviz |
#
# PyTorch's graph holds what the way back needs, and nothing else: leaves appear as `AccumulateGrad`, and values that no derivative asks for are not kept.
#
# ## Further reading
#
# - Linnainmaa, S. (1976). Taylor expansion of the accumulated rounding error. *BIT* 16, 146–160. A program as a graph, and one walk back through it.
# - Baydin, A. G., Pearlmutter, B. A., Radul, A. A., Siskind, J. M. (2018). Automatic differentiation in machine learning: a survey. *JMLR* 18, 1–43.
# - Karpathy, A. (2020). *micrograd*, github.com/karpathy/micrograd. An engine on single numbers, in a hundred lines.
# - Goodfellow, I., Bengio, Y., Courville, A. (2016). *Deep Learning*, section 6.5.1. MIT Press.
#
# Next: [chapter 2](02_forward_propagation.ipynb), the walk from the inputs to the result.
