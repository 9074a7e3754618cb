# %% [markdown]
# # 3 Backpropagation
#
# One walk backwards through a graph gives every derivative at once. Here you take that walk, you write it, and a small network learns with what you wrote.
#
# Below the imports, `labs.graph.show` opens the graph lab that you know from chapters 1 and 2.

# %%
import gc
import math

import numpy as np

from textbook import Tensor, ask, check, data, engine, labs, mnist, show
from textbook.exercises import chapter_03 as ours
from textbook.exercises.chapter_02 import topological_order
from textbook.expression import parse
from textbook.graph import Graph
from textbook.plots import draw_curves, draw_digits, draw_graph, draw_weights, figure, picture

# %%
labs.graph.show(formula="u = x + y; f = u * y", mode="backward", step=-1)

# %% [markdown]
# You see the end of the walk. Drag the slider to its start, then step. Values run forwards; then each step sends one number back along one edge.
#
# **You will be able to**
#
# - apply the chain rule along one path and along many;
# - run backpropagation by hand on a small graph, and say what each number means;
# - write an engine that does it for any graph of numbers, and train a network with it;
# - say why the walk goes backwards, and what it costs.
#
# **You need** the graph and its parts ([chapter 1](01_computational_graphs.ipynb)), the forward pass and topological order ([chapter 2](02_forward_propagation.ipynb)). Derivatives are refreshed in the [appendix](90_mathematics.ipynb). **Time**: about two hours, half of it for the eight exercises.

# %% [markdown]
# ## 3.1 Why gradients?
#
# A line $\hat y = w x + b$ should pass near three points. Its **loss**, one number, says how badly it does: the mean of the squared vertical distances. It does not say what to change. A slope does: how fast the loss rises with one parameter while the other stays where it is. The obvious way is to **nudge** and look. (`lambda w: …` is a function of $w$ without a name.)

# %%
def line_loss(w, b):
    points = [(1, 2), (2, 4), (3, 5)]                           # x and its target
    return sum((w * x + b - target) ** 2 for x, target in points) / len(points)

def slope(function, at, h=1e-6):
    """Nudge the input by h, either way: how much does the output change for each unit?"""
    return (function(at + h) - function(at - h)) / (2 * h)

slope_w = slope(lambda w: line_loss(w, 0), at=1)
slope_b = slope(lambda b: line_loss(1, b), at=0)
print(f"loss {line_loss(1, 0):.3f}   slope in w {slope_w:.3f}   slope in b {slope_b:.3f}")

# %% [markdown]
# The list of these slopes, one for each parameter, is the **gradient**. The source text gives four reasons to want it.
#
# **It tells the direction.** Both slopes are negative: a little more $w$, or a little more $b$, and the loss falls. A small step against the gradient, no step, and a step along it:

# %% tags=["source: §4.1"]
for t in (-0.02, 0.0, 0.02):
    print(f"{t:+.2f} · gradient:  loss {line_loss(1 + t * slope_w, t * slope_b):.3f}")

# %% [markdown]
# **It tells who matters.** The loss answers a nudge of $w$ more than twice as strongly as an equal nudge of $b$.
#
# **It makes training cheap**, if it is found in the right way. `slope` runs the function twice for each parameter, and a small network that reads digits has some 200,000. Backpropagation needs one walk for all of them.
#
# **Optimizers stand on it.** The methods of chapters 5 and 9 differ in what they do with the gradient; all ask for it.

# %% [markdown]
# ## 3.2 The chain rule
#
# Think of gears. If the second wheel turns twice as fast as the first, and the third five times as fast as the second, then the third turns ten times as fast as the first. Rates along a chain multiply. If $x$ turns into $u$, and $u$ into $f$:
#
# $$\frac{df}{dx} = \frac{df}{du} \cdot \frac{du}{dx} \tag{3.1}$$
#
# Each factor is taken at the value that the forward pass has found there: $df/du$ at that $u$, not at $x$.
#
# Now you. `ask` takes your prediction, `check.prediction` answers it. Commit before you open the answer.
#
# **Question 3-a.** Let $u = 3x$ and $f = u^2$. At $x = 2$, how fast does $f$ change with $x$?

# %%
ask.number("3-a", "df/dx =")

# %%
check.prediction("3-a")

# %% [markdown]
# Often $x$ reaches $f$ in several ways, through $u_1, \dots, u_n$. Each way contributes what (3.1) says, and the contributions add:
#
# $$\frac{df}{dx} = \sum_{i=1}^{n} \frac{\partial f}{\partial u_i} \cdot \frac{du_i}{dx} \tag{3.2}$$
#
# The round ∂ says: the other $u$'s are held where they are. Why a sum? Move $x$ by a little, and each $u_i$ moves by its own little. For small moves, what one of them does to $f$ hardly depends on the others, so the effects add.
#
# Take $f = u_1 u_2$ with $u_1 = x^2$ and $u_2 = \sin x$.

# %% tags=["source: §4.2"]
x = 0.7
through_u1 = math.sin(x) * 2 * x                                # ∂f/∂u1 · du1/dx
through_u2 = x**2 * math.cos(x)                                 # ∂f/∂u2 · du2/dx
nudged = slope(lambda x: x**2 * math.sin(x), at=x)
print(f"{through_u1:.4f} + {through_u2:.4f} = {through_u1 + through_u2:.4f}   nudged: {nudged:.4f}")
assert abs(through_u1 + through_u2 - nudged) < 1e-8

# %% [markdown]
# You know this case of (3.2) as the product rule.
#
# `check.exercise` says whether an answer is right and, if it can, which mistake it makes.
#
# **Exercise 3-1 (derive).** On how many paths does $x$ reach $f(x) = x \sin(x^2)$? Differentiate with pen and paper, and return the derivative at $x$, one number. Use `np.sin` and `np.cos`.

# %%
def slope_of_f(x): ...

check.exercise("3-1", slope_of_f)

# %% [markdown]
# ## 3.3 Passing the blame
#
# A company has had a bad year. Information had gone up, from the staff to the heads of department to the director: the forward pass. Now blame comes down: the backward pass. The director blames each head, and each head the staff. What arrives at someone's desk is the gradient of a node. Whoever gets blame should change the way they work: that is the update of a parameter.
#
# The picture is good in one respect: nobody needs to see the whole company. Each node takes what arrives from above, multiplies it by how strongly it listened to each input, and passes that on. It misleads in another.
#
# **Question 3-b.** Let $f = a + c + d$, and something above changes 6 times as fast as $f$: "6 arrives at $f$". What does each of $a$, $c$, $d$ receive?

# %%
ask.number("3-b", "each receives")

# %%
check.prediction("3-b")

# %% [markdown]
# Blame is shared out; a gradient is not. It takes no notice of how large $a$, $c$ and $d$ are, either. A gradient answers one question: *what if this node moved a little?* It does not say who contributed how much. The difference can be as large as you like:

# %% tags=["source: §4.3", "source: §4.4", "source: erratum 20", "source: erratum 9"]
a, c = 0.0, 1000.0
print("a · c =", a * c)
print(f"slope in a: {slope(lambda a: a * c, at=a):.0f}   slope in c: {slope(lambda c: a * c, at=c):.0f}")

# %% [markdown]
# The product is 0, and depends on $a$ more than on anything. $c$ is huge, and nudging it changes nothing.
#
# > **What the source says differently.** §4.1 says that gradients show how much each parameter *contributes*, §4.3 that *responsibility* is distributed to departments and people. Nothing is distributed: a sum hands each input all that arrives. Sensitivity is not contribution. (§4.3 is printed a second time as §4.4.)

# %% [markdown]
# ## 3.4 The algorithm
#
# Let $f$ be the result; in training, the loss ℒ. Write $\bar v = \partial f / \partial v$ for the **gradient of the node** $v$: how fast $f$ changes with $v$, when everything that was computed from $v$ moves along. An edge $v \to u$ says that $u$ was computed from $v$. It carries the **local derivative** $\partial u / \partial v$: how fast $u$ changes with this one input, its other inputs held. Then (3.2) reads
#
# $$\bar v = \sum_{v \to u} \bar u \cdot \frac{\partial u}{\partial v} \tag{3.3}$$
#
# The sum runs over the edges that leave $v$; if $u = v \cdot v$, there are two of them. One term of the sum is a **message**, from $u$ back to $v$. To send it, $u$ must know $\bar u$, so $u$ must have received all of its own messages. That settles the order:
#
# 1. **Forward pass.** Compute every node, and keep the values.
# 2. **Seed.** $\bar f = \partial f / \partial f = 1$.
# 3. **Backward pass.** Visit the nodes in reverse topological order. Then each node's turn comes after that of everyone who uses it.
# 4. **Messages.** Each visited node $u$ sends $\bar u \cdot \partial u / \partial v$ to each of its inputs $v$. What a node receives adds up to its gradient.
# 5. **Parameters.** Where the node is a parameter θ, keep $\bar\theta = \partial f/\partial\theta$: this is what training needs.
#
# Here it is for the graph at the top. `edges` lists the edges in the order of step 3; `grad` holds the gradients.

# %% tags=["source: §4.5"]
x, y = 3.0, 2.0
u = x + y                                                       # 1  forward pass
f = u * y
edges = [("f", "u", y), ("f", "y", u), ("u", "x", 1.0), ("u", "y", 1.0)]  # message from, to, local derivative
grad = {"f": 1.0, "u": 0.0, "x": 0.0, "y": 0.0}                 # 2  seed
for sender, receiver, local in edges:                           # 3  backwards
    message = grad[sender] * local                              # 4  messages, which add
    grad[receiver] += message
    print(f"{sender} → {receiver}:  {grad[sender]} · {local} = {message},  {receiver} has now {grad[receiver]}")
print(f"∂f/∂x = {grad['x']},  ∂f/∂y = {grad['y']}")             # 5  parameters

# %% [markdown]
# ## 3.5 By hand
#
# The forward pass gave $u = 5$ and $f = 10$.
#
# - Seed: $\bar f = 1$.
# - $f = u \cdot y$ sends $\bar f \cdot y = 2$ to $u$, and $\bar f \cdot u = 5$ to $y$.
# - $u$ has heard everything: $\bar u = 2$. As $u = x + y$, it sends $\bar u \cdot 1 = 2$ to $x$, and 2 to $y$.
# - $\bar x = 2$, and $\bar y = 5 + 2 = 7$.
#
# **Question 3-c.** The same graph at another point, in your head: what is $\partial f / \partial y$ at $x = 1$, $y = 4$?

# %%
ask.number("3-c", "∂f/∂y =")

# %%
check.prediction("3-c")

# %% [markdown]
# ### The trap in ∂
#
# At $x = 3$, $y = 2$, ask two people for "the derivative of $u \cdot y$ by $y$". One says 5: the other factor. The other says 7. Both are right, because they hold different things fixed.
#
# - **$u$ held**: nudge $y$ in the product alone. The slope is $u = 5$, the local derivative on one edge.
# - **$u$ free**: nudge the input $y$ and run forward again; $x$ stays, $u$ moves. The slope is 7, the gradient of $y$.
#
# Backpropagation builds the second kind out of the first. In the lab, `hold=True` keeps $u$ where it is. **Task:** find its switch, move it, and watch which messages disappear.

# %% tags=["source: §4.6", "source: erratum 12"]
print(f"hold u: {slope(lambda y: 5 * y, at=2):.4f}   let u move: {slope(lambda y: (3 + y) * y, at=2):.4f}")
print(f"and by x: {slope(lambda x: (x + 2) * 2, at=3):.4f}")

# %%
labs.graph.show(formula="u = x + y; f = u * y", mode="backward", hold=True, step=-1)

# %% [markdown]
# > **What the source says differently.** §4.6 writes $\frac{\partial}{\partial y}(u \times y)$ for the 5 and $\frac{\partial f}{\partial y}$ for the 7, in one line and with the same ∂, although $f = u \times y$. When you write ∂, say what you hold.
#
# **Exercise 3-2 (derive).** For $f = u \cdot y$, $u = x + y$, at any $x$ and $y$: return the slope in $y$ with $u$ held, and the slope in $y$ with $u$ free, as a pair.

# %%
def held_and_free(x, y): ...

check.exercise("3-2", held_and_free)

# %% [markdown]
# ## 3.6 Forward and backward, side by side
#
# A graph is walked twice. Left: values, from the inputs to the result. Right: gradients, from the result to the inputs, on the same edges. `parse` reads a formula, `tensors` computes it, `Graph.of` takes the graph, `draw_graph` draws it. `figure` opens a page for drawings, `picture` shows it.

# %% tags=["source: Fig. 3", "source: §4.7"]
f, leaves = parse("u = x + y; f = u * y").tensors(x=3.0, y=2.0)
fig, (left, right) = figure(9, 2.4, columns=2)
draw_graph(left, Graph.of(f))
left.set_title("forward →  values")
draw_graph(right, Graph.of(f), gradients=grad)
right.set_title("gradients  ← backward")
picture(fig, alt="The graph of u = x + y, f = u·y twice. Left its values: x = 3, y = 2, u = 5, f = 10. "
                 "Right, with the arrows turned round, the gradients of f: by f 1, by u 2, by x 2, by y 7.")

# %% [markdown]
# | | forward pass | backward pass |
# |---|---|---|
# | starts at | the inputs | the result, with the seed 1 |
# | order | topological | reverse topological |
# | along an edge flows | a value | a message: gradient above × local derivative |
# | where a value is used twice | it is copied | the two messages add |
# | leaves behind | a value at each node | a gradient at each node |
# | needs | the inputs | the values of the forward pass |
#
# The fourth row in short: a copy forwards is a sum backwards. **Task:** find the moment that shows it in the first lab.

# %% [markdown]
# ## 3.7 Your engine
#
# The lines of section 3.4 know one graph. An engine knows them all: it needs a graph that carries its own local derivatives.
#
# Take your `Node` from chapter 1, with its value, its parents and its sign `op`. It gets two things more. `grad` is its gradient, 0 to begin with. `rules` holds one function for each parent: given the **upstream gradient** $g$, the gradient of the node itself, it returns the message to that parent. For a sum both local derivatives are 1, so both rules return $g$ as it is.
#
# **Exercise 3-3 (implement).** Write the product: a new `Node` with `op` `"*"` and two rules.

# %%
class Node:
    """A value, how it was computed, and for each parent the rule that passes a gradient on to it."""

    def __init__(self, value, parents=(), op="", rules=()):
        self.value, self.parents, self.op, self.rules = value, parents, op, rules
        self.grad = 0.0

    def __add__(self, other):
        return Node(self.value + other.value, (self, other), "+", (lambda g: g, lambda g: g))

    def __mul__(self, other):
        ...

check.exercise("3-3", Node)

# %% [markdown]
# What follows must run whether or not you have solved an exercise. `check.tried` returns your answer where it is right, and the book's, from `ours`, where it is not there yet.
#
# **Exercise 3-4 (implement).** Write `backward(root)`: steps 2, 3 and 4 for any graph. If every `grad` was 0 before, `v.grad` is then ∂root/∂v for every node $v$. It empties nothing: messages add to what a node holds. You wrote `topological_order(root)` in chapter 2: a list of nodes, parents first, root last. Five lines are enough; `zip(node.parents, node.rules)` pairs each parent with its rule.

# %%
Node = check.tried("3-3", Node, ours.Node)

def backward(root): ...

check.exercise("3-4", backward)

# %% [markdown]
# Your engine beside the hand calculation, the book's engine and PyTorch. In the book's engine a node is a `Tensor`, and `requires_grad=True` asks for its gradient; PyTorch uses the same words.

# %%
import torch

backward = check.tried("3-4", backward, ours.backward)
x, y = Node(3.0), Node(2.0)
backward((x + y) * y)
x_book, y_book = (Tensor(v, requires_grad=True) for v in (3.0, 2.0))
((x_book + y_book) * y_book).backward()
x_torch, y_torch = (torch.tensor(v, requires_grad=True) for v in (3.0, 2.0))
((x_torch + y_torch) * y_torch).backward()
for who, *found in (("by hand", 2, 7), ("yours", x.grad, y.grad), ("book", x_book.grad, y_book.grad),
                    ("PyTorch", x_torch.grad, y_torch.grad)):
    print(f"{who:8}", *map(float, found))
    assert found == [2, 7]

# %% [markdown]
# ## 3.8 Gates
#
# A new operation is a value with its rules, and nothing else in your engine changes. Take the maximum of two numbers.
#
# **Question 3-d.** At $\max(2, 5)$ a gradient of 3 arrives. What does the input 2 receive?

# %%
ask.number("3-d", "it receives")

# %%
check.prediction("3-d")

# %% [markdown]
# Three operations, three ways with what arrives. The names follow Stanford's course CS231n:
#
# | gate | sends | it is a |
# |---|---|---|
# | $a + c$ | $g$ to both | **distributor** of copies |
# | $\max(a, c)$ | $g$ to the larger, 0 to the other | **router** (if $c = 0$: the ReLU of chapter 2) |
# | $a \cdot c$ | $g \cdot c$ to $a$, $g \cdot a$ to $c$ | **switcher**: each gets the other's value |
#
# Here is the router, and two more operations, with derivatives from school: $(e^a)' = e^a$ and $(a^r)' = r\,a^{r-1}$. At a tie the maximum has no slope; this `maximum` then sends everything to $c$, which is a convention.

# %%
def maximum(a, c):
    a_wins = a.value > c.value
    return Node(max(a.value, c.value), (a, c), "max", (lambda g: g if a_wins else 0.0, lambda g: 0.0 if a_wins else g))

def exp(a):
    out = math.exp(a.value)
    return Node(out, (a,), "exp", (lambda g: g * out,))

def power(a, r):
    return Node(a.value**r, (a,), f"**{r}", (lambda g: g * r * a.value ** (r - 1),))

# %% [markdown]
# ### A sigmoid in stages
#
# The sigmoid $\sigma(z) = 1 / (1 + e^{-z})$ squeezes any number into the range from 0 to 1. Your parts build it in four stages. CS231n works one by hand, with $z = w_1 x_1 + w_2 x_2 + b$; here are its numbers on your engine.

# %%
w1, x1, w2, x2, b = inputs = [Node(v) for v in (2.0, -1.0, -3.0, -2.0, -3.0)]
z = w1 * x1 + w2 * x2 + b
minus_z = z * Node(-1.0)
grown = exp(minus_z)
below = grown + Node(1.0)
y_hat = power(below, -1)
backward(y_hat)
for name, node in {"z": z, "−z": minus_z, "e^−z": grown, "1 + e^−z": below, "σ(z)": y_hat}.items():
    print(f"{name:>9}   value {node.value:6.2f}   gradient {node.grad:6.2f}")
print("by w1, x1, w2, x2, b:", [round(node.grad, 2) for node in inputs])

# %% [markdown]
# Read the gradients from the bottom up: that is the way they came. The switcher is at work in the last line: what $w_1$ gets carries the factor $x_1 = -1$. The same graph in the lab. **Task:** move $b$, and find where $\hat y$ answers it most strongly.

# %%
labs.graph.show(formula="z = w1*x1 + w2*x2 + b; y_hat = 1 / (1 + exp(-z))", mode="backward", step=-1,
                values={"w1": 2.0, "x1": -1.0, "w2": -3.0, "x2": -2.0, "b": -3.0})

# %% [markdown]
# The stages collapse. By (3.1), one factor for each (that of "+ 1" is 1):
#
# $$\sigma'(z) = \underbrace{\frac{-1}{(1 + e^{-z})^2}}_{\text{power}} \cdot \underbrace{e^{-z}}_{\exp} \cdot \underbrace{(-1)}_{-z} = \frac{1}{1 + e^{-z}} \cdot \frac{e^{-z}}{1 + e^{-z}} = \sigma(z)\,\bigl(1 - \sigma(z)\bigr) \tag{3.4}$$
#
# It is largest, ¼, where σ = ½: in the task, at $b = -4$. So a sigmoid can be one node. Its rule needs only its own output, which the forward pass has already found:

# %%
def sigmoid(z):
    out = 1 / (1 + math.exp(-z.value))
    return Node(out, (z,), "σ", (lambda g: g * out * (1 - out),))

z = Node(1.0)
backward(sigmoid(z))
print(f"one node: {z.grad:.12f}   nudged: {slope(lambda z: 1 / (1 + math.exp(-z)), at=1.0):.8f}")

# %% [markdown]
# **Exercise 3-5 (implement).** The network below uses $\tanh z = 2\,\sigma(2z) - 1$, which runs from −1 to 1. Derive $\tanh'$ from (3.4), in terms of tanh itself, and write `tanh` as one node. `math.tanh` gives the value.

# %%
def tanh(z): ...

check.exercise("3-5", tanh)

# %% [markdown]
# ## 3.9 Why backwards?
#
# Insert (3.3) into itself until only $f$ is left. The gradient becomes a sum over all paths from $v$ to $f$. Each path contributes the product of its local derivatives:
#
# $$\frac{\partial f}{\partial v} = \sum_{\text{paths } v \to f} \; \prod_{\text{edges on the path}} \text{local derivative} \tag{3.5}$$
#
# It is correct, and nobody computes it so. Take a row of diamonds: each stage sends its value along two branches, multiplies it by something on each, and adds what arrives.
#
# **Question 3-e.** Ten diamonds in a row. How many paths lead from one end to the other?

# %%
ask.number("3-e", "paths:")

# %%
check.prediction("3-e")

# %% [markdown]
# In the lab `labs.paths`, walk the paths one by one, then switch to *backwards*. **Task:** from how many stages on does backwards win by more than ten to one?

# %%
labs.paths.show(stages=4)

# %% [markdown]
# The paths share almost all of their edges. Going backwards, what has arrived is added up at each node *before* it is sent on, and what lies beyond sees one number. So every edge is used once. It is the factoring of a sum, $ac + ad = a(c + d)$, at every node.
#
# If every local derivative is 1, then every path counts 1, and the gradient *is* the number of paths. Double a node a hundred times:

# %%
node = x = Node(1.0)
for _ in range(100):
    node = node + node
backward(node)
messages = sum(len(v.parents) for v in topological_order(node))
print(f"{int(x.grad):,} paths, {messages} messages")

# %% [markdown]
# **Exercise 3-6 (implement).** Use + alone, at most 15 times, to build a graph in which exactly 1,000 paths lead from $x$ to its last node. Return the last node.

# %%
def thousand_paths(x): ...

check.exercise("3-6", thousand_paths)

# %% [markdown]
# One could also start at one input, and carry along how fast each value moves with it. That walk answers for *one input*, the walk backwards for *one result*. A loss is one result, its parameters are many: one walk backwards serves them all. ([Chapter 8](08_automatic_differentiation.ipynb) has both.)
#
# The price is two messages for each sum or product, however many parameters there are. And the order must be kept. Suppose a hasty engine keeps a queue, with the root in it. It takes the first node out, lets it send its messages, and puts its parents at the end of the queue, unless they have been there before. So every node speaks once, as soon as it is found.
#
# **Exercise 3-7 (break).** Build a graph from two leaves $x$ and $y$, with + and ×, for which the hasty engine gives wrong gradients. Return its last node.

# %%
def graph_that_needs_order(x, y): ...

check.exercise("3-7", graph_that_needs_order)

# %% [markdown]
# ## 3.10 Your engine learns
#
# First, a trap. Your `backward` adds messages to `grad`, and `grad` starts at 0 when a node is made. Parameters are made once and used in every step of training.
#
# **Question 3-f.** Build $f = (x + y)\,y$ from $x = 3$, $y = 2$, call `backward(f)`, then build $f$ again *from the same* `x` *and* `y` and call `backward(f)` again. What does `y.grad` hold?

# %%
ask.number("3-f", "y.grad =")

# %%
check.prediction("3-f")

# %% [markdown]
# So a training loop has four beats: empty the gradients (**zero_grad**), forward, backward, move. To move is to take a small step against the gradient, $p \leftarrow p - \alpha\,\bar p$ for every parameter $p$. The **learning rate** α, `lr` in code, says how small; chapter 5 is about it.
#
# **Exercise 3-8 (implement).** One step of training. `params` is a list of leaf nodes, `make_loss()` builds the graph anew and returns its root. Change each `p.value`, and return the value of the loss before the step.

# %%
def train_step(params, make_loss, lr): ...

check.exercise("3-8", train_step)

# %% [markdown]
# Something to learn: two half moons, interlocked. `data.moons` draws points $(x_1, x_2)$ and the moon, 0 or 1, to which each belongs. No straight line separates them. A network with eight **hidden units**, one tanh each, can:
#
# $$\hat y = b + \sum_{k=1}^{8} s_k \tanh(w_{1k}\,x_1 + w_{2k}\,x_2 + b_k)$$
#
# A positive answer says moon 1, a negative one moon 0; the targets are +1 and −1. Every parameter is a node of its own.

# %%
tanh = check.tried("3-5", tanh, ours.tanh)
rng = np.random.default_rng(0)
points, moons = data.moons(50, noise=0.1, rng=rng)
units = [[Node(v) for v in row] for row in rng.normal(size=(8, 4)).tolist()]
bias = Node(0.0)
params = [bias, *(p for unit in units for p in unit)]

def network(x1, x2):
    y_hat = bias
    for w1, w2, b, s in units:
        y_hat = y_hat + s * tanh(w1 * x1 + w2 * x2 + b)
    return y_hat

# %%
examples = [(Node(x1), Node(x2), Node(1.0 - 2.0 * moon))
            for (x1, x2), moon in zip(points.tolist(), moons.tolist(), strict=True)]

def moons_loss():
    total = Node(0.0)
    for x1, x2, minus_target in examples:
        error = network(x1, x2) + minus_target
        total = total + error * error
    return total * Node(1 / len(examples))

# %%
for p in params:
    p.grad = 0.0                                                # in case this cell runs twice
loss = moons_loss()
backward(loss)
graph = topological_order(loss)
made = sum(bool(node.parents) for node in graph)
print(f"{len(params)} parameters, {made:,} operations, {sum(len(node.parents) for node in graph):,} messages")

# %% [markdown]
# Before it trains, a check by people who have never seen your code: the same network in PyTorch, with arrays, the subject of the next chapter.

# %%
w_torch = torch.tensor([[p.value for p in unit] for unit in units], dtype=torch.float64, requires_grad=True)
bias_torch = torch.tensor(0.0, dtype=torch.float64, requires_grad=True)
hidden = torch.tanh(torch.tensor(points) @ w_torch[:, :2].T + w_torch[:, 2])
errors = hidden @ w_torch[:, 3] + bias_torch + 1 - 2 * torch.tensor(moons)
(errors**2).mean().backward()
theirs = [bias_torch.grad.item(), *w_torch.grad.ravel().tolist()]
assert np.allclose([p.grad for p in params], theirs, rtol=1e-12, atol=1e-14)
print(f"{len(theirs)} gradients agree with PyTorch's to twelve digits")

# %% [markdown]
# Now it learns, with your `train_step`. For comparison, 60 steps of a forgetful loop, from the same start, never empty the gradients. The cell takes some seconds. `draw_curves` draws both losses. (`gc.freeze` keeps Python's garbage collector from searching PyTorch at every step.)

# %%
train_step = check.tried("3-8", train_step, ours.train_step)
gc.freeze()
start = [p.value for p in params]
forgetful = []
for _ in range(60):
    loss = moons_loss()
    backward(loss)
    for p in params:
        p.value -= 0.2 * p.grad
    forgetful.append(loss.value)
for p, value in zip(params, start, strict=True):
    p.value, p.grad = value, 0.0
losses = {"zero_grad": [train_step(params, moons_loss, lr=0.2) for _ in range(120)], "forgotten": forgetful}

# %%
across, up = np.linspace(-1.6, 2.6, 43), np.linspace(-1.1, 1.6, 28)
answers = np.array([[network(Node(x1), Node(x2)).value for x1 in across.tolist()] for x2 in up.tolist()])
right = np.mean([(network(x1, x2).value > 0) == (moon == 1) for (x1, x2, _), moon in zip(examples, moons, strict=True)])
assert right > 0.95
fig, (curves, plane) = figure(9, 3.4, columns=2, width_ratios=[1, 1.35])
draw_curves(curves, losses, ylabel="loss", log=True)
plane.contourf(across, up, answers, levels=[-9, 0, 9], colors=["#D5E9F7", "#FDEBC8"])
for moon, marker in ((0, "o"), (1, "^")):
    plane.plot(*points[moons == moon].T, marker, ls="none", ms=4, label=f"moon {moon}")
plane.legend(loc="upper right")
plane.set(title=f"{right:.0%} of the points on their own side", xlabel="x1", ylabel="x2")
picture(fig, alt="Left: with zero_grad the loss falls steadily; without, it swings up and down. Right: the plane is cut "
                 "into two regions along a curve that winds between the two moons.")

# %% [markdown]
# With all earlier gradients still in it, each step goes on in the old directions, like a ball that never loses speed: it swings through the valley and out again.
#
# That is how every deep network learns in this book: a graph, a walk backwards, a step downhill. And it is yours.
#
# ## 3.11 What the book's engine adds
#
# The book's engine, `engine.backward_steps`, does what yours does. It is a generator, which stops after each message: the labs show where it stops, `Tensor.backward` runs it to the end. `show.show_source` shows the source as it runs, `show.folded` folds it away.

# %%
show.folded(show.show_source(engine.backward_steps, docstring=False), "Show the book's engine")

# %% [markdown]
# | yours | the book's |
# |---|---|
# | rules are made with each node | rules (`op.vjps`) stand in one table, an entry for each operation (chapter 4) |
# | a node holds a number | a tensor holds an array of numbers (chapter 4) |
# | every node keeps its gradient | only leaves do; what passes through the middle is forgotten |
# | the order is found by recursion | by a loop: a chain of 100,000 nodes is no problem |
# | a value changed after the forward pass: wrong gradients | an error |
#
# ## 3.12 On MNIST: one neuron
#
# A digit is 784 pixels. One neuron has one weight for each: $z = \sum_i w_i x_i$. To the digit below, a zero, it answers $\tanh z$; the target is 1, a yes. `mnist.load_mnist` reads the digits, `draw_digits` and `draw_weights` show 784 numbers as an image. The sum is taken in halves, ten levels deep: a chain of 784 comes near the thousand calls that Python nests.

# %%
def added(nodes):
    middle = len(nodes) // 2
    return added(nodes[:middle]) + added(nodes[middle:]) if middle else nodes[0]

digit = mnist.load_mnist("small").x_train[0].tolist()
pixels, weights = [Node(x) for x in digit], [Node(w) for w in np.random.default_rng(0).normal(0, 0.05, 784).tolist()]
error = tanh(added([w * x for w, x in zip(weights, pixels, strict=True)])) + Node(-1.0)
loss = error * error
backward(loss)
print("pixels without ink:   ", sum(x.value == 0 for x in pixels))
print("weights of gradient 0:", sum(w.grad == 0 for w in weights))
print(f"nodes: {len(topological_order(loss)):,}")

# %%
fig, (ink, by_weight, by_pixel) = figure(8, 2.4, columns=3)
draw_digits(ink, [digit], columns=1)
for ax, nodes, title in ((by_weight, weights, "∂ℒ/∂weight"), (by_pixel, pixels, "∂ℒ/∂pixel")):
    draw_weights(ax, np.array([[node.grad] for node in nodes]), columns=1).colorbar.set_label("")
    ax.set_title(title)
ink.set_title("the digit")
picture(fig, alt="Three images: a digit; the gradient by the weights, which is the digit again, in one colour; "
                 "the gradient by the pixels, which is noise: the weights.")

# %% [markdown]
# Here you see the switcher. The gradient by the weights is the *digit*, times one number. The gradient by the pixels is the *weights*, still random, times the same number. Where there is no ink, a weight learns nothing.
#
# One neuron and one digit took more than 3,000 nodes; a network, on many digits, would need millions. The way out is not a faster engine but larger nodes: a node that holds a whole array. Then your five lines read digits. That is [chapter 4](04_backpropagation_on_arrays.ipynb).

# %% [markdown]
# ## In PyTorch
#
# | here | in PyTorch |
# |---|---|
# | `Node(3.0)` | `torch.tensor(3.0, requires_grad=True)` |
# | `node.parents` and `node.rules` | `tensor.grad_fn` and its `next_functions` |
# | `backward(f)` | `f.backward()` |
# | `grad` adds up until emptied | the same: `optimizer.zero_grad()` |
# | `backward(f)` twice on one graph: wrong, since `u.grad` was never emptied | raises, unless the graph needs no saved values, as `x + y` does |
#
# ## Further reading
#
# - *CS231n: Backpropagation, Intuitions*, course notes, Stanford, cs231n.github.io/optimization-2. The gates and the staged sigmoid of section 3.8.
# - A. Karpathy, *micrograd*, github.com/karpathy/micrograd, 2020. An engine on numbers, in a hundred lines.
# - C. Olah, *Calculus on Computational Graphs: Backpropagation*, colah.github.io, 2015. Paths against edges.
# - S. Linnainmaa, *Taylor expansion of the accumulated rounding error*, BIT 16, 1976. Reverse accumulation, from his thesis of 1970.
# - D. Rumelhart, G. Hinton, R. Williams, *Learning representations by back-propagating errors*, Nature 323, 1986.
# - W. Baur, V. Strassen, *The complexity of partial derivatives*, Theoretical Computer Science 22, 1983. Why a gradient costs only a small multiple of the function.
#
# Next: [backpropagation on arrays](04_backpropagation_on_arrays.ipynb).
