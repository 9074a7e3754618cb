# %% [markdown]
# # 2 Forward propagation
#
# A graph says what depends on what. In this chapter you run it: one pass takes five lines of code. You find the orders in which it can be done, count what it costs, and then draw a digit and watch it go through a network.

# %%
import operator
import time

import numpy as np

from textbook import ask, check, data, labs
from textbook.exercises import chapter_01, chapter_02
from textbook.graph import Graph, evaluate, is_topological, order_fault, topological_orders
from textbook.plots import draw_curves, draw_digits, draw_graph, draw_weights, figure, picture
from textbook.show import folded, show_source

# %%
labs.graph.show(formula="u = x + y; f = u * y", mode="forward")

# %% [markdown]
# This is the `labs.graph` of chapter 1, in motion. It opens at its end. Drag the slider to its start, then press the step button. Values appear one at a time, and never before the values they are made from.
#
# **You will be able to**
#
# - define a forward pass, and carry one out by hand and in code;
# - say whether an order of computation is valid, find one, and count them all;
# - write the two algorithms that find one;
# - count the operations of a matrix product and of a convolution;
# - follow a digit of your own through a network, number by number.
#
# **You need** the graph: nodes, edges, inputs, operations ([chapter 1](01_computational_graphs.ipynb)). For section 2.5, the matrix product ([appendix](90_mathematics.ipynb)). **Time**: two hours, of which the exercises take one.

# %% [markdown]
# ## 2.1 A forward pass in five lines
#
# A computational graph has inputs and operations. The inputs are given numbers. **Forward propagation** finds the numbers of all other nodes.
#
# Write $\mathrm{val}(v)$ for the value of the node $v$. If $v$ is an operation, let $f_v$ be what it does, and $u_1, u_2, \dots$ the nodes whose edges lead into $v$, in their order. Then
#
# $$\mathrm{val}(v) = f_v\big(\mathrm{val}(u_1), \mathrm{val}(u_2), \dots\big) \tag{2.1}$$
#
# The algorithm has three steps:
#
# 1. **Inputs.** For each input $v$, set $\mathrm{val}(v)$ to the number that is given.
# 2. **Order.** Visit the operations, each after all the nodes it is made from.
# 3. **Operation.** At each, compute $\mathrm{val}(v)$ by (2.1).
#
# By hand first, for $u = x + y$ and $f = u \cdot y$ at $x = 3$, $y = 2$:
#
# $$x = 3,\quad y = 2 \qquad\longrightarrow\qquad u = 3 + 2 = 5 \qquad\longrightarrow\qquad f = 5 \cdot 2 = 10$$
#
# Now in code. A graph is a dict: for each operation node the function and the names of its inputs. Python's `operator.add` and `operator.mul` are + and × as functions.

# %% tags=["source: §3.1"]
graph = {"u": (operator.add, "x", "y"), "f": (operator.mul, "u", "y")}

def forward(graph, given):
    val = dict(given)                                      # 1 inputs
    for v, (f_v, *inputs) in graph.items():                # 2 order: as the graph is written
        val[v] = f_v(*[val[name] for name in inputs])      # 3 operation: (2.1)
    return val

# %% [markdown]
# `f_v, *inputs` takes an entry apart: the function, and the list of all names after it. The dict `val` is our $\mathrm{val}$. Run it.

# %% tags=["source: §3.3"]
print(forward(graph, {"x": 3, "y": 2}))
print(forward(graph, {"x": np.array([3, 0, -1]), "y": np.array([2, 2, 4])})["f"])

# %% [markdown]
# The graph is the recipe; the numbers are one meal. The same graph serves other inputs, and whole arrays of them: the second line is three meals at once.
#
# The package does the same with more care. `Graph.build` makes a graph from such a dict (operations by name, inputs with none), and `evaluate` is the forward pass:

# %%
fig_1 = Graph.build({"x": (), "y": (), "u": ("add", "x", "y"), "f": ("mul", "u", "y")})
evaluate(fig_1, x=3, y=2)

# %% [markdown]
# What does the real one add? It finds the order by itself, and it refuses a wrong one. Both are about step 2, and so is the next section.

# %% [markdown]
# ## 2.2 In which order?
#
# Take the example of the source text, $c = a + b$ and $e = c \times d$. A function `draw_graph` draws any graph into axes; `figure` makes those, and `picture` shows the result.

# %%
example = Graph.build({"a": (), "b": (), "d": (), "c": ("add", "a", "b"), "e": ("mul", "c", "d")})
fig, ax = figure(6, 2.6)
draw_graph(ax, example)
picture(fig, alt="a and b lead into the sum c; c and d lead into the product e.")

# %% [markdown]
# An order of all nodes is **topological** if every edge points forward in it. With $\mathrm{pos}(v)$ for the place of $v$ in the order, each node standing in it once:
#
# $$u \to v \text{ is an edge} \quad\Longrightarrow\quad \mathrm{pos}(u) < \mathrm{pos}(v) \tag{2.2}$$
#
# Is $a, b, d, c, e$ one? The edges are $a \to c$, $b \to c$, $c \to e$, $d \to e$. In each of them the first stands before the second: yes. And $c, a, b, d, e$? Ask `is_topological`, and `order_fault`, which says where an order first goes wrong.

# %% tags=["source: §3.2"]
print(is_topological(example, ["a", "b", "d", "c", "e"]), is_topological(example, ["b", "a", "d", "c", "e"]))
print(order_fault(example, ["c", "a", "b", "d", "e"]).message)

# %% [markdown]
# **Question 2-a.** The first line shows two valid orders of `example`. How many are there in all? (`ask` opens a field for your answer, `check.prediction` compares it.)

# %%
ask.number("2-a", "orders:")

# %%
check.prediction("2-a")

# %% [markdown]
# Now play it, in the lab `labs.topological_order`. Dashes mark the nodes that are ready, with the number of orders that remain if you pick them. It opens with the graph of section 2.1. **Task:** choose the graph of §3.2 in the menu, and find an order in which $c$ is computed before $d$. Then start again, ask for $c$ first, and read the answer.

# %%
labs.topological_order.show(graph="fig_1")

# %% [markdown]
# A generator, `topological_orders`, finds all of them: it tries every choice, and takes the last one back. Compare with your count. (`folded` puts a result under a lid, so that you can think first.)

# %% tags=["source: §3.2"]
orders = list(topological_orders(example))
folded("\n".join(" ".join(order) for order in orders), "All the orders")

# %% [markdown]
# The numbers in the lab say the same. If $d$ comes first, only $a$ and $b$ can still change places. If $a$ comes first, then $b$, $c$ stay in this order, and $d$ has three places left.
#
# > **What the source says differently.** §3.2 lists two orders, the two that we tried first. Both are valid. It does not say that there are more, and that in some of them the sum is computed before $d$ is even read.
#
# Which one you take makes no difference to the result. By (2.1) a value depends on the values of its inputs and on nothing else.

# %%
{evaluate(example, order, a=3, b=2, d=4)["e"] for order in orders}

# %% [markdown]
# A set with one element: all orders agree. The choice does make a difference to what may run at the same time. Nodes that are ready together can be computed together, on several processors.
#
# ### What goes wrong without one
#
# Two things can. One is loud: our five lines, given $e$ before $c$.

# %%
wrong_way = {"e": (operator.mul, "c", "d"), "c": (operator.add, "a", "b")}
try:
    forward(wrong_way, {"a": 3, "b": 2, "d": 4})
except KeyError as missing:
    print("no value for", missing)

# %% [markdown]
# The other is silent. Training runs the same graph thousands of times, and a careless program still has the values of the pass before. Let an old $c = 2$ be lying around:

# %%
forward(wrong_way, {"a": 3, "b": 2, "d": 4, "c": 2})["e"]

# %% [markdown]
# The right answer is $(3 + 2) \cdot 4 = 20$. This is the old $c$ times the new $d$: no error, no warning, a number of plausible size. That is why `evaluate` starts with no values at all, and refuses an order that is not topological, in the words of `order_fault`.
#
# You know a program that does all of this: a spreadsheet. Its cells form a graph, it computes them in a topological order whatever their places on the sheet, and where there is no such order it complains of a "circular reference".
#
# **Question 2-b.** $c = a + b$ and $e = c \times d$ have been computed. Then $d$ changes. How many of the two operations must be done again?

# %%
ask.number("2-b", "operations:")

# %%
check.prediction("2-b")

# %% [markdown]
# A spreadsheet redoes only those. The engines of this book and of PyTorch redo everything, since in training every parameter changes with every step.
#
# **Exercise 2-1 (implement).** `order` is a list of names. `inputs` maps each node to the names of its inputs: `{"a": (), "b": (), "d": (), "c": ("a", "b"), "e": ("c", "d")}` is our example. Return whether the order is topological: each node of the graph once, and each after all of its inputs.

# %%
def my_is_topological(order, inputs): ...

check.exercise("2-1", my_is_topological)

# %% [markdown]
# ## 2.3 How to find one
#
# With five nodes one can try. With a network's thousands one cannot: $n$ nodes have $n! = 1 \cdot 2 \cdots n$ sequences. Two algorithms find an order without trying. Their work grows in proportion to the number of nodes and edges.
#
# ### Take what is ready: Kahn's algorithm
#
# You have played it in the lab. A node is **ready** when all its inputs are done.
#
# 1. For each node, count the inputs that it still waits for. Who waits for none is ready.
# 2. Take any node that is ready, and append it to the order.
# 3. Everyone who waited for it waits for one less. Who now waits for none becomes ready.
# 4. Repeat 2 and 3 until nobody is ready.
#
# Suppose that nodes are left over. Each of them waits for another that is left over. Follow these from one to the next: there are finitely many, so you must come round. That is a **cycle**, and with a cycle there is no topological order. Without one nobody is left over. So the algorithm is a test as well.
#
# **Task:** run into the wall. Here $u$ needs $f$, and $f$ needs $u$. Pick $x$, and see what is left.

# %%
labs.topological_order.show(graph="cycle")

# %% [markdown]
# **Exercise 2-2 (implement).** Write Kahn's algorithm. `inputs` is as in exercise 2-1. Return a list of names, any valid order; raise `ValueError` if there is none. Mind $x \cdot x$: its node has two edges from the same $x$.

# %%
def kahn(inputs): ...

check.exercise("2-2", kahn)

# %% [markdown]
# Later cells need the function, whether or not you have written it. `check.tried` takes yours where it is right, and the book's where it is not there yet. The attribute `sources` of a graph holds the inputs of each node.

# %%
kahn = check.tried("2-2", kahn, chapter_02.kahn)
" ".join(kahn(dict(example.sources)))

# %% [markdown]
# ### Ask for the result: depth first
#
# Kahn's algorithm starts at the inputs. One can also start at the result, and ask what it needs. To *visit* a node is to visit each of its inputs, and then to append the node. Whose visit has begun before is left alone.
#
# $$\text{visit}(v):\quad \text{visit each input of } v; \text{ then append } v \tag{2.3}$$
#
# In a graph without cycles, each node is appended after all of its inputs: that is (2.2). And one meets only the nodes that the result depends on.
#
# Visiting calls itself: a function that does so is **recursive**. Each call must come closer to a case that needs no further call; here, to a node without inputs.
#
# We write it for the `Node` that you built in chapter 1: a value, its parents (another word for the inputs), and an operation. If you have yours, paste it here; else this is the book's.

# %%
Node = chapter_01.Node
show_source(Node)

# %% [markdown]
# **Exercise 2-3 (implement).** Return the list of all nodes that `root` depends on: each once, each after its parents, `root` last. Anything that has `.parents` will do.

# %%
def topological_order(root): ...

check.exercise("2-3", topological_order)

# %%
topological_order = check.tried("2-3", topological_order, chapter_02.topological_order)
x, y = Node(3.0), Node(2.0)
u = x + y
f = u * y
[node.value for node in topological_order(f)]

# %% [markdown]
# The values of $x$, $y$, $u$, $f$, in this order. Chapter 3 walks this list backwards: that is where your function comes into its own.
#
# With a cycle, (2.3) alone does not notice. Fed with $u = x + f$, $f = u \cdot x$, it ends, and returns a list in which $u$ stands before $f$, which it needs. A formula cannot have a cycle, since each line uses only what earlier lines have made. A graph written by hand can, so the package asks first (rule 1 of chapter 1).
#
# ### Computed at once, and computed again
#
# Where was the order when you wrote `f = u * y`? Your `Node` is **eager**: it computes its value when it is made. The order is then the order in which the program runs. But look what happens when an input changes.

# %%
x.value = 8.0
f.value

# %% [markdown]
# Still 10: a stale value, the silent mistake of section 2.2. To bring the graph up to date, run a forward pass over it. The other way is to build first and compute later; such a graph is called **lazy**.
#
# **Exercise 2-4 (implement).** Run the forward pass: go through `topological_order(root)`, for each node that has an operation, compute the value from the values of its parents and store it in `node.value`. Return the value of `root`. `OPERATIONS[node.op]` is the function of a node.

# %%
OPERATIONS = {"+": operator.add, "*": operator.mul}

def refresh(root): ...

check.exercise("2-4", refresh)

# %%
refresh = check.tried("2-4", refresh, chapter_02.refresh)
refresh(f)

# %% [markdown]
# $(8 + 2) \cdot 2 = 20$. PyTorch and this book's engine are eager, and do not offer a refresh. A training step runs the program again instead, which makes new nodes with new values.
#
# **Exercise 2-5 (break).** Python allows about a thousand calls inside each other. Return the last node of a graph, made of `Node`s, on which the recursive `chapter_02.topological_order` fails with a `RecursionError`. Is it the number of nodes that matters?

# %%
def too_deep(): ...

check.exercise("2-5", too_deep)

# %% [markdown]
# A network that reads a long text word by word is a chain as long as the text. The package keeps a list of its own in place of calls, and gets through a chain of 100,000 operations.
#
# ## 2.4 What it costs
#
# A forward pass visits each node once. So its cost is the sum of the costs of its operations, and these differ widely. To compare them, count the multiplications and additions as the input grows, and keep the shape of the growth.
#
# A cost is $O(n^r)$, read "of order $n$ to the $r$", if for all large $n$ it is at most some constant times $n^r$. So $2n^3$ and $n^3 + 100\,n^2$ are both $O(n^3)$; and $O(1)$ means: at most a constant, however large $n$ is.
#
# This is Table 1 of the source text. It leaves open what $n$ is; the last column says it.
#
# | operation | time | space | here, $n$ is |
# |---|---|---|---|
# | elementary arithmetic | $O(1)$ | $O(1)$ | nothing: one number |
# | matrix product | $O(n^3)$ | $O(n^2)$ | the side of both matrices |
# | convolution | $O(k \cdot n^2)$, see below | $O(n^2)$ | the side of the image |
# | activation function | $O(n)$ | $O(n)$ | the number of elements |
#
# *Space* is the memory for the result. An *activation function* is a function of one number, applied to each element of an array, such as $\max(z, 0)$.
#
# Where does $n^3$ come from? Each entry of the product $C = AB$ is a sum of $n$ products,
#
# $$C_{ij} = \sum_{l=1}^{n} A_{il}\, B_{lj} \tag{2.4}$$
#
# and there are $n^2$ entries. Let numbers count for themselves: this one makes a mark for each product and each sum, in a dict `marks` that the next cell makes. NumPy's `@` works on arrays of any objects.

# %%
class Counted(float):
    def __mul__(self, other):
        marks["×"] += 1
        return Counted(float(self) * float(other))

    def __add__(self, other):
        marks["+"] += 1
        return Counted(float(self) + float(other))

# %% tags=["source: Table 1"]
def square(n):
    return np.array([[Counted(1.0) for _ in range(n)] for _ in range(n)], dtype=object)

for n in (2, 4, 8, 16):
    marks = {"×": 0, "+": 0}
    square(n) @ square(n)
    print(f"n = {n:2}:  {marks['×']:4} products, {marks['+']:4} sums")

# %% [markdown]
# Each doubling of $n$ makes eight times as many products: $n^3$. A sum of $n$ terms takes $n - 1$ additions, so there are $n^3 - n^2$ of them.
#
# **Question 2-c.** You make $n$ three times as large. How many times as many multiplications will a matrix product take?

# %%
ask.number("2-c", "times")

# %%
check.prediction("2-c")

# %% [markdown]
# **Exercise 2-6 (derive).** A layer of a network is no square. A matrix of shape $(n, m)$ times one of shape $(m, p)$: return two numbers, the multiplications and the additions.

# %%
def matmul_costs(n, m, p): ...

check.exercise("2-6", matmul_costs)

# %% [markdown]
# A count is a promise about time only if each operation takes equally long. Take the clock: the least of several runs, since other programs can only make a run longer. If the time is a constant times $n^r$, then its logarithm is a straight line in $\log n$, with slope $r$. `draw_curves` draws it, with the slope from the last three points in the legend.

# %%
def seconds(call, runs=5):
    taken = []
    for _ in range(runs):
        start = time.perf_counter()
        call()
        taken.append(time.perf_counter() - start)
    return min(taken)

# %% tags=["source: Table 1", "source: §3.4"]
sides = np.array([64, 128, 256, 512])
squares = [np.ones((n, n)) for n in sides]
timed = {"matrix product": [seconds(lambda s=s: s @ s) for s in squares],
         "activation, on each of n² elements": [seconds(lambda s=s: np.maximum(s, 0)) for s in squares]}
slope = {name: np.polyfit(np.log(sides[1:]), np.log(t[1:]), 1)[0] for name, t in timed.items()}

# %% tags=["source: Table 1"]
fig, ax = figure(6.4, 3.4)
draw_curves(ax, {f"{name}: slope {slope[name]:.1f}": (sides, t) for name, t in timed.items()}, xlabel="side n", ylabel="seconds", log=True)
ax.set(xscale="log")
ax.set_xticks(sides, sides)
ax.set_xticks([], minor=True)
assert slope["matrix product"] > slope["activation, on each of n² elements"] + 0.3
picture(fig, alt="Time against side on logarithmic axes: two nearly straight lines; the matrix product is the steeper.")

# %% [markdown]
# By the counts the slopes should be 3 and 2. Measured, they come near, and do not hit them. At small $n$ the call itself takes a good part of the time, which flattens a line; at large $n$ the numbers no longer fit into the processor's fast memory, which steepens it.
#
# **Task:** choose an operation in the lab, read the count, and press the button. Compare "three plain loops" (compiled, not Python's) with "as @ does it". Both have the same count. What differs? (The lab counts $2n^3$: it adds each product to a sum that starts at 0.)

# %%
labs.cost.show()

# %% [markdown]
# `@` calls a library that does the same multiplications in another order, so that each number fetched from memory is used many times, and several at once. The exponent of the count is the same; the constant is not. $O(n^3)$ says how a cost grows. It does not say what it is.
#
# ### The row that is wrong
#
# A **convolution** slides a small matrix of weights, the kernel $K$ of side $k$, over an image $X$. Each pixel of the result is the weighted sum of the pixels under the kernel:
#
# $$Y_{ij} = \sum_{g=1}^{k} \sum_{h=1}^{k} K_{gh}\, X_{i+g-1,\; j+h-1} \tag{2.5}$$
#
# The double sum has $k^2$ terms. A result with $n^2$ pixels takes $k^2 n^2$ multiplications. Count them:

# %% tags=["source: erratum 2"]
def slide(image, kernel, n, k):
    return [[sum(kernel[g, h] * image[i + g, j + h] for g in range(k) for h in range(k))
             for j in range(n)] for i in range(n)]

for k in (1, 3, 5):
    marks = {"×": 0, "+": 0}
    slide(square(12 + k - 1), square(k), 12, k)
    print(f"k = {k}, n = 12:  {marks['×']} products;  k·n² = {k * 12**2}, k²·n² = {k**2 * 12**2}")

# %% [markdown]
# > **What the source says differently.** Table 1 has $O(k \cdot n^2)$ with "$k$, the size of the kernel". A kernel of side $k$ has $k^2$ entries, so it is $k^2 n^2$. ($k \cdot n^2$ is right if $k$ counts the *entries*.) In the same table $n$ is a side for matrices and images, and a number of elements for activations. And $n^3$ is the schoolbook method: Strassen (1969) needs only $O(n^{2.81})$, which pays off for large matrices.
#
# Images in a network have channels: 3 for colour, later dozens. Each output channel has a kernel for each input channel, and adds their results up.
#
# **Exercise 2-7 (derive).** The result has $n \times n$ pixels, the kernels are $k \times k$, and there are `c_in` channels in, `c_out` channels out. Return the number of multiplications.

# %%
def convolution_cost(n, k, c_in, c_out): ...

check.exercise("2-7", convolution_cost)

# %% [markdown]
# ## 2.5 On MNIST: a digit goes through
#
# `data.load_mnist` loads the digits. Its `x_val` holds images that the network was not trained on (*val* for validation): 28 × 28 pixels each, a row of 784 numbers from 0 (paper) to 1 (ink). `y_val` says which digits they are. The network comes trained; how that is done is the matter of the next chapters. `data.digit_net` hands out its parameters.

# %%
mnist, net = data.load_mnist(), data.digit_net()
{name: array.shape for name, array in net._asdict().items()}

# %% [markdown]
# It has 784 inputs, 32 **hidden units** and 10 outputs. A hidden unit is a number on the way: a weighted sum of all pixels, plus a bias $b$, and then set to 0 where it is negative. That cut is called **ReLU**, $\max(z, 0)$. Why cut at all? Without it, two weighted sums in a row would be one weighted sum, and the hidden units would add nothing.
#
# In the graph, $x$ is one image as a row. The last line of numbers, the ten **scores**, says how well each digit fits.

# %%
network = Graph.build({
    "x": (), "w1": (), "b1": (), "s1": ("matmul", "x", "w1"), "z1": ("add", "s1", "b1"),
    "a1": ("relu", "z1"), "w2": (), "b2": (), "s2": ("matmul", "a1", "w2"), "z2": ("add", "s2", "b2"),
}, shapes={"x": (1, 784), "w1": (784, 32), "b1": (32,), "w2": (32, 10), "b2": (10,)})
fig, ax = figure(9.6, 3.0)
draw_graph(ax, network)
picture(fig, alt="The network as a graph: x times w1, plus b1, ReLU, times w2, plus b2; with the shape on each edge.")

# %% [markdown]
# One digit, number 5 (`[[5]]` keeps it a row), and the parameters as inputs like any other: `**net._asdict()` hands them over by name. The algorithm is that of section 2.1; only the values have become arrays.

# %%
digit = mnist.x_val[[5]]
val = evaluate(network, x=digit, **net._asdict())
{name: val[name].shape for name in ("x", "z1", "a1", "z2")}

# %% [markdown]
# Scores may be any numbers. To read them as shares, make them positive and divide by their sum. This is the **softmax**: $\hat y_j = e^{z_j} / \sum_l e^{z_l}$. The shares are often called probabilities; whether they deserve the name is a question for chapter 12.

# %%
scores = val["z2"][0]
shares = np.exp(scores) / np.exp(scores).sum()
print("label", mnist.y_val[5], " share of each digit:", shares.round(3))

# %% [markdown]
# All the numbers on the way, as pictures. The hidden units have no places in the image; they stand in four rows of eight. In the middle pictures red is positive, blue negative, white zero. `draw_digits` draws images.

# %%
fig, axes = figure(9.6, 2.6, columns=4, width_ratios=[1, 1.7, 1.7, 1.2])
draw_digits(axes[0], digit, columns=1)
for ax, name in zip(axes[1:3], ("z1", "a1"), strict=True):
    ax.imshow(val[name].reshape(4, 8), cmap="RdBu_r", vmin=-np.abs(val["z1"]).max(), vmax=np.abs(val["z1"]).max())
    ax.set(xticks=[], yticks=[])
axes[3].barh(range(10), shares)
axes[3].set(yticks=range(10), ylim=(9.6, -0.6), xlim=(0, 1))
for ax, words in zip(axes, ("784 pixels", "32 sums, z1", "after ReLU, a1", "shares"), strict=True):
    ax.set_title(words, fontsize=10, loc="left")
picture(fig, alt="A digit's pixels, 32 sums in red and blue, the same with the negative ones cut to zero, and ten "
                 "shares, one of them near 1.")

# %% [markdown]
# **Exercise 2-8 (implement).** Write the forward pass of this network with NumPy: `x` has a row for each image, and the result a row of ten scores for each.

# %%
def digit_scores(x, w1, b1, w2, b2): ...

check.exercise("2-8", digit_scores)

# %%
digit_scores = check.tried("2-8", digit_scores, chapter_02.digit_scores)
right = digit_scores(mnist.x_val, *net).argmax(axis=1) == mnist.y_val
print(f"{right.mean():.0%} of the {len(right):,} validation images are read right")

# %% [markdown]
# What does a hidden unit look for? It has one weight for each pixel, so its weights are a picture too: a **stencil**. Where the stencil is red, ink raises the unit; where it is blue, ink lowers it. Here, by `draw_weights`, are the eight units that this digit excites most.

# %%
loud = val["a1"][0].argsort()[::-1][:8]
fig, ax = figure(9.6, 1.9)
draw_weights(ax, net.w1[:, loud], [f"{a:.1f}" for a in val["a1"][0][loud]], columns=8)
picture(fig, alt="Eight stencils of 28 by 28 weights, each with the unit's value: strokes in red and blue.")

# %% [markdown]
# Now **your** digit, in the lab `labs.draw_digit`. Draw one with the mouse, and watch its forward pass. Before the network sees it, the drawing is scaled into 20 × 20 pixels and centred by its ink, as MNIST's digits were. **Task:** draw a 7. Then give it a bar through the middle, and see which hidden units change. Then try to draw something that is no digit, and read how sure the network is of it.

# %%
labs.draw_digit.show()

# %% [markdown]
# What did it cost? By exercise 2-6, one image takes $784 \cdot 32 + 32 \cdot 10 = 25{,}408$ multiplications, nearly all of them in the first layer, where the pixels are. And what must be kept? To predict, only what comes next needs: a value may go as soon as its last user has it. To train, the values that the backward pass will ask for, the **activations**, are kept until it has used them (chapter 3). How much memory $x$, $z_1$, $a_1$ and $z_2$ take depends on how many images go through at once. The parameters take theirs whatever the number.

# %%
parameters = sum(array.nbytes for array in net)
for images in (1, 64, 1024):
    activations = sum(val[name].nbytes * images for name in ("x", "z1", "a1", "z2"))
    print(f"{images:5} images: activations {activations:>9,} bytes, parameters {parameters:,} bytes")

# %% [markdown]
# ## What the source says differently
#
# Besides what the two boxes say: "space" (Table 1) is the memory of the result. Training also keeps the values of the nodes on the way; the table does not say so.
#
# ## In PyTorch
#
# | here | in PyTorch |
# |---|---|
# | `Node`, eager | tensors: a forward pass in the order of the program |
# | a graph as a dict, then `evaluate` | `torch.fx.symbolic_trace` records a program as a graph, which can be run later |
# | `kahn` | autograd's backward pass, in C++: it counts what each node waits for, and takes what is ready |
# | counting numbers | `torch.utils.flop_counter.FlopCounterMode` |
#
# ## Further reading
#
# - A. B. Kahn (1962). *Topological sorting of large networks.* Communications of the ACM 5(11). The networks were project plans.
# - V. Strassen (1969). *Gaussian elimination is not optimal.* Numerische Mathematik 13.
# - Y. LeCun, L. Bottou, Y. Bengio and P. Haffner (1998). *Gradient-based learning applied to document recognition.* Proceedings of the IEEE 86(11). Section III: how the digits were prepared.
# - A. Griewank and A. Walther (2008). *Evaluating Derivatives*, 2nd edition, SIAM. Chapters 2 and 4: forward passes, and what they must keep.
#
# **Next**: [chapter 3](03_backpropagation.ipynb) walks the same order backwards.
