# %% [markdown]
# # 3 Backpropagation
#
# One walk backwards through a graph gives every derivative at once. In this chapter you take that walk, then you write it, then you train a network with what you wrote.

# %%
from typing import NamedTuple

import numpy as np

from textbook import GraphError, Tensor, ask, check, data, engine, labs, nn, ops, optim, train
from textbook.engine import OPS, backward_steps
from textbook.exercises import chapter_03 as ours
from textbook.expression import parse
from textbook.gradcheck import gradcheck, numerical_grad
from textbook.plots import draw_curves, draw_digits, draw_weights, figure, picture
from textbook.show import show_rules, show_source

# %%
labs.graph.show(formula="u = x + y; f = u * y", mode="backward")

# %% [markdown]
# Press the step button. Each step sends one number along one edge, from the result back to what it was made from. At the end every node knows how strongly the result depends on it.
#
# **You will be able to**
#
# - apply the chain rule along one path and along many;
# - run backpropagation by hand on a small graph, and say what each number means;
# - write an engine that does it for arrays, and train a network with it;
# - derive the rule of a new operation from its shapes, and check it numerically;
# - say why the walk goes backwards, what it costs, and how it breaks.
#
# **You need** the graph and its parts ([chapter 1](01_computational_graphs.ipynb)), the forward pass and topological order ([chapter 2](02_forward_propagation.ipynb)). Derivatives and matrix products are refreshed in the [appendix](90_mathematics.ipynb). **Time**: about three hours with the exercises.

# %% [markdown]
# ## 3.1 Why gradients?
#
# A forward pass says how good the parameters are. It does not say how to make them better. The **gradient** does: the list of the partial derivatives of the loss, one for each parameter. A partial derivative is a rate: how much the loss changes for each unit of one parameter, while the others stay where they are.
#
# The source text gives four reasons to want it. Each can be tried on the smallest model there is, a line $\hat y = wx + b$, with three points and the mean squared error.

# %%
points, targets = np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 5.0])

def line_loss(w, b):
    return ops.mse(w * points + b, targets)

# %%
w, b = Tensor(1.0, requires_grad=True, name="w"), Tensor(0.0, requires_grad=True, name="b")
loss = line_loss(w, b)
loss.backward()
np.round([loss.item(), w.grad, b.grad], 4)

# %% [markdown]
# **It tells the direction.** The loss is 3, and its two rates are negative: a little more $w$, or a little more $b$, and the loss falls. So walk against the gradient. Along it, the loss rises.

# %% tags=["source: §4.1"]
along = [line_loss(1.0 + t * w.grad, t * b.grad) for t in (-0.02, 0.0, 0.02)]
assert along[0] < along[1] < along[2]
np.round(along, 3)

# %% [markdown]
# **It tells who matters.** Nudge one parameter by 0.01. The gradient predicts the change: the rate times the nudge. Here the prediction stands beside what happens.

# %%
for name, rate, moved in (("w", w.grad, line_loss(1.01, 0.0)), ("b", b.grad, line_loss(1.0, 0.01))):
    print(f"{name} + 0.01:  predicted {0.01 * rate:+.4f}, measured {moved - loss.item():+.4f}")

# %% [markdown]
# A nudge of $w$ matters more than a nudge of $b$. The rest, a few ten-thousandths, is curvature: a rate describes the immediate neighbourhood and nothing else.
#
# **It makes training cheap.** The obvious way to find a rate is to nudge and look, once for each parameter. Count what that costs for a network that reads digits.

# %%
model = nn.MLP([784, 256, 128, 10], rng=np.random.default_rng(0))
parameters = sum(p.size for p in model.parameters())
digit_loss = ops.cross_entropy(model(np.full((1, 784), 0.5, np.float32)), np.array([3]))
print(f"{parameters:,} parameters: as many extra forward passes by nudging")
print(f"{len(list(backward_steps(digit_loss)))} messages in one backward pass")

# %% [markdown]
# A message can be a whole matrix, so the messages are not free. Section 3.9 counts: a backward pass costs about as much as two forward passes, however many parameters there are.
#
# **Every optimizer stands on it.** The rules of chapters 4 and 7 differ in what they do with the gradient. All of them ask for it, and all of them get down with it.

# %%
for name, rule in optim.RULES.items():
    fit = [Tensor(1.0, requires_grad=True), Tensor(0.0, requires_grad=True)]
    optimizer = optim.Optimizer(fit, rule, lr=0.01)
    for _ in range(50):
        optimizer.zero_grad()
        line_loss(*fit).backward()
        optimizer.step()
    assert line_loss(*fit).item() < loss.item(), name
print("the loss fell under:", ", ".join(optim.RULES))

# %% [markdown]
# ## 3.2 The chain rule
#
# Think of gears. If the second wheel turns twice as fast as the first, and the third five times as fast as the second, then the third turns ten times as fast as the first. Rates along a chain multiply. For $z = f(y)$ with $y = g(x)$:
#
# $$\frac{dz}{dx} = \frac{dz}{dy} \cdot \frac{dy}{dx} \tag{3.1}$$
#
# Each factor is taken where the forward pass has been: $dz/dy$ at $y = g(x)$, $dy/dx$ at $x$. This is why a backward pass needs the values that the forward pass has found.
#
# **Before you go on.** Let $y = 3x$ and $z = y^2$. At $x = 2$, how fast does $z$ change with $x$?

# %%
ask.number("3.1", "dz/dx =")

# %%
check.prediction("3.1")

# %% tags=["source: §4.2"]
x = Tensor(2.0, requires_grad=True)
y = 3 * x
z = y**2
z.backward()
assert x.grad == 2 * y.item() * 3                                            # (3.1): dz/dy · dy/dx
float(x.grad)

# %% [markdown]
# Now let $x$ reach $z$ in several ways: $z = f(y_1, \dots, y_n)$, where every $y_i = g_i(x)$. Each way contributes what (3.1) says, and the contributions add:
#
# $$\frac{dz}{dx} = \sum_{i=1}^{n} \frac{\partial z}{\partial y_i} \cdot \frac{dy_i}{dx} \tag{3.2}$$
#
# Why a sum? Move $x$ by a little. Each $y_i$ moves by its own little, and $z$ feels all of them. For small moves, what one does to $z$ hardly depends on the others, so the effects add.
#
# Take $z = y_1 y_2$ with $y_1 = x^2$ and $y_2 = \sin x$.

# %%
x = 0.7
through_y1 = np.sin(x) * 2 * x                                               # ∂z/∂y1 · dy1/dx
through_y2 = x**2 * np.cos(x)                                                # ∂z/∂y2 · dy2/dx
slope = engine.grad(lambda x: x**2 * ops.sin(x))(x)
assert np.isclose(slope, through_y1 + through_y2)                            # (3.2)
np.round([through_y1, through_y2, slope], 4)

# %% [markdown]
# You know this one under another name: it is the product rule. The quotient rule is another case. In the end there is one rule, (3.2).
#
# **Exercise 3.2 (derive).** Differentiate $f(x) = x \sin(x^2)$ with pen and paper, and write the derivative. On how many paths does $x$ reach $f$?

# %%
def slope_of_f(x): ...

check.exercise("3.2", slope_of_f)

# %% [markdown]
# ## 3.3 Passing the blame
#
# A company has had a bad year. On the way up, information had passed from the staff to the heads of department to the director: the forward pass. Now the director looks back. How much of this is due to each department? And each head of department asks the same of each member of staff.
#
# | company | graph |
# |---|---|
# | information goes up | forward pass |
# | blame comes down | backward pass |
# | how much is due to you | gradient of a node |
# | how the head weighs your word | local derivative of an edge |
# | change the way you work | parameter update |
#
# The picture is good in one respect: nobody needs to see the whole company. Each node hears what arrives from above, multiplies by how strongly it listened to each of its inputs, and passes that on. Backpropagation is local, and that is why it works on any graph.
#
# It misleads in another. Ask yourself first.
#
# **Before you go on.** $f = a + b + c$, and a gradient of 6 arrives at $f$ from above. What does each of $a$, $b$, $c$ receive?

# %%
ask.number("3.3", "each receives")

# %%
check.prediction("3.3")

# %% tags=["source: §4.3", "source: §4.4", "source: erratum 20"]
a, b, c = (Tensor(v, requires_grad=True) for v in (1.0, 20.0, 300.0))
(a + b + c).backward(seed=6.0)
assert a.grad == b.grad == c.grad == 6.0

# %% [markdown]
# The three receive 18 in all, though only 6 arrived. Blame is shared out; a gradient is not. It also takes no notice that $c$ is three hundred times as large as $a$. A gradient answers one question: *what if this node moved a little?* It does not say who contributed how much.
#
# The difference can be as large as you like. Here one factor is 0, so the product is 0, whatever the other factor is.

# %%
a, b = Tensor(0.0, requires_grad=True), Tensor(1000.0, requires_grad=True)
(a * b).backward()
float(a.grad), float(b.grad)

# %% [markdown]
# $a$ contributes nothing to the result, and the result depends on it more than on anything. $b$ is huge, and nudging it changes nothing.
#
# > **What the source says differently.** §4.3 calls the gradient a *degree of responsibility* that is distributed among departments and people. Nothing is distributed: an addition hands each input the whole message. Sensitivity is not contribution. (The section is then printed a second time as §4.4.)

# %% [markdown]
# ## 3.4 The algorithm
#
# Let $f$ be the result: in training, the loss ℒ. Write $\bar v = \partial f / \partial v$ for the **gradient of the node** $v$: how fast $f$ changes with $v$, everything behind $v$ moving along. An edge $v \to u$ says that $u$ was computed from $v$. It carries the **local derivative** $\partial u / \partial v$: how fast $u$ changes with this input, its other inputs held. Then (3.2) reads
#
# $$\bar v = \sum_{v \to u} \bar u \cdot \frac{\partial u}{\partial v} \tag{3.3}$$
#
# The sum runs over the edges that leave $v$; if $u = v \cdot v$, there are two of them. One term of the sum is a **message**: $u$ sends it to $v$. To send, $u$ must know $\bar u$, so it must have received all of its own messages. That settles the order.
#
# 1. **Forward pass.** Compute every node, and keep the values.
# 2. **Seed.** $\bar f = \partial f / \partial f = 1$.
# 3. **Backward pass.** Visit the nodes in reverse topological order. Then each node's turn comes after that of everyone who uses it.
# 4. **Messages.** Each visited node $u$ sends $\bar u \cdot \partial u / \partial v$ to each of its inputs $v$; what a node receives adds up to its gradient, (3.3).
# 5. **Parameters.** Where the node is a parameter θ, keep $\bar\theta = \partial f / \partial\theta$ for the optimizer.
#
# This is the engine's own loop. Find the five steps in it.

# %%
show_source(engine.backward_steps, docstring=False)

# %% [markdown]
# | step | in the code |
# |---|---|
# | 1 forward pass | done before: `node._data` and `node.recipe.parents` hold what it left |
# | 2 seed | `upstream = {root: _seed(root, seed)}` |
# | 3 order | `for node in reversed(topological_order(root))` |
# | 4 messages | `message = op.vjps[index](g, …)`, then `total + message` |
# | 5 parameters | `backward()` takes the totals of the leaves into `.grad` |
#
# `g` is $\bar u$, the **upstream gradient**. `op.vjps[index]` is the operation's rule for input number `index`; it multiplies `g` by the local derivative. The name stands for *vector-Jacobian product*, and section 3.9 says why. The other lines look after broadcasting, number formats and tensors that were changed too late.
#
# The loop is a generator: it stops after each message. What you stepped through at the top of this chapter is this loop, and `backward()` is the same loop run to its end.

# %% tags=["source: §4.5"]
f, leaves = parse("u = x + y; f = u * y").tensors(x=3.0, y=2.0)
for s in backward_steps(f):
    print(f"{s.node.name} → {s.parent.name}:  upstream {s.upstream}, message {s.message}, total {s.total}")

# %% [markdown]
# Read the second column of numbers against (3.3): each message is the upstream gradient times one local derivative. Read the last: `y` has received two messages, and the total is their sum.

# %% [markdown]
# ## 3.5 The example, by hand
#
# $f = u \cdot y$ with $u = x + y$, at $x = 3$, $y = 2$. The forward pass gives $u = 5$ and $f = 10$.
#
# **Before you go on.** Section 3.4 has printed the messages for this point. Do it in your head for another one: what is $\partial f / \partial y$ at $x = 1$, $y = 4$?

# %%
ask.number("3.4", "∂f/∂y =")

# %%
check.prediction("3.4")

# %% [markdown]
# Back at $x = 3$, $y = 2$, by hand, in reverse topological order $f, u, y, x$:
#
# - seed: $\bar f = 1$;
# - $f$ sends $\bar f \cdot y = 2$ to $u$, and $\bar f \cdot u = 5$ to $y$;
# - $u$ has heard everything: $\bar u = 2$. It sends $\bar u \cdot 1 = 2$ to $x$, and $2$ to $y$;
# - $\bar x = 2$, and $\bar y = 5 + 2 = 7$.

# %% tags=["source: §4.6"]
u, f_bar = 3 + 2, 1
u_bar, y_direct = f_bar * 2, f_bar * u
x_bar, y_bar = u_bar * 1, y_direct + u_bar * 1
assert (u, u * 2, u_bar, x_bar, y_bar) == (5, 10, 2, 2, 7)
x_bar, y_bar

# %% [markdown]
# Our engine agrees:

# %%
f.backward()
x, y = leaves["x"], leaves["y"]
assert (f.item(), x.grad, y.grad) == (10, x_bar, y_bar)

# %% [markdown]
# And so does PyTorch. This is the first cell of the chapter that needs it; it is imported only to compare.

# %%
import torch

# %%
x_torch, y_torch = (torch.tensor(v, requires_grad=True) for v in (3.0, 2.0))
((x_torch + y_torch) * y_torch).backward()
assert (x_torch.grad, y_torch.grad) == (x_bar, y_bar)

# %% [markdown]
# ### The trap in ∂
#
# Ask two people for "the derivative of $u \cdot y$ by $y$". One says 5: it is a product, the other factor is $u$, and $u = 5$. The other says 7. Both are right, because they hold different things fixed.
#
# - With **$u$ held fixed**: nudge $y$ in the product alone. $\partial(u \cdot y)/\partial y = u = 5$. This is the *partial* derivative of the last operation, the number on one edge.
# - With **$u$ free to move**: nudge the input $y$ and run forward again. $u$ moves too. This is the *total* derivative of $f$ as a function of $x$ and $y$: 7.
#
# Backpropagation builds the second out of the first. Switch the toggle in the lab and watch which edges count.

# %% tags=["source: erratum 12"]
nudge = 1e-6
u_held = (5 * (2 + nudge) - 10) / nudge                                      # u stays at 5
u_free = ((3 + 2 + nudge) * (2 + nudge) - 10) / nudge                        # u moves with y
assert np.allclose([u_held, u_free], [5, 7], atol=1e-5)

# %%
labs.graph.show(formula="u = x + y; f = u * y", mode="backward", hold=True)

# %% [markdown]
# > **What the source says differently.** §4.6 writes $\frac{\partial}{\partial y}(u \times y)$ for the 5 and $\frac{\partial f}{\partial y}$ for the 7, in one line and with the same ∂, although $f = u \times y$. Read literally, the line says 7 = 5 + 2 with 7 and 5 under the same name. When you write ∂, say what you hold.
#
# **Exercise 3.5 (derive).** For $f = u \cdot y$, $u = x + y$: return the slope in $y$ with $u$ held fixed, and the total slope, at any $x$ and $y$.

# %%
def partial_and_total(x, y): ...

check.exercise("3.5", partial_and_total)

# %% [markdown]
# ## 3.6 Forward and backward, side by side
#
# A graph is walked twice: values forwards, messages backwards. Here it is logistic regression; the source text draws the same contrast for $f = (x + y)\,y$, which you find in the menu. **Task:** play the lab to its end, then step back and forth over the turning point. For each row of the table below, find the moment that shows it.

# %% tags=["source: Fig. 3", "source: §4.7"]
start = {"w1": 0.5, "x1": 2.0, "w2": -1.0, "x2": 1.5, "b": 0.3}
labs.graph.show(formula="z = w1*x1 + w2*x2 + b; y_hat = sigmoid(z)", values=start, mode="backward")

# %% [markdown]
# | | forward pass | backward pass |
# |---|---|---|
# | starts at | the inputs | the result, with the seed 1 |
# | order | topological | reverse topological |
# | a node waits for | all its inputs | all its users |
# | along an edge flows | a value | a message: upstream gradient × local derivative |
# | where edges meet | the operation combines its inputs | messages add |
# | where a value is used twice | it is copied | the two messages add |
# | leaves behind | val(v) at each node | ∂f/∂v at each node |
# | needs | the inputs | the values of the forward pass |
#
# The sixth row is worth a second look. A copy going forward is a sum going backward. You will meet it again as broadcasting.

# %% [markdown]
# ## 3.7 Your engine: numbers
#
# Time to build one. By section 3.10 it has some sixty lines, most of them yours, and they train a network. A **node** holds a value, its parents, and one rule for each parent. A rule takes the upstream gradient $g$ and returns the message. For $u = a + b$ both local derivatives are 1, so both rules are $g \mapsto g$.
#
# **Exercise 3.6 (implement).** Write the product.

# %%
class Node:
    """A value; the nodes it was made from; and for each of them the rule that passes a gradient on to it."""

    def __init__(self, value, parents=(), rules=()):
        self.value, self.parents, self.rules = value, parents, rules
        self.grad = 0.0

    def __add__(self, other):
        return Node(self.value + other.value, (self, other), (lambda g: g, lambda g: g))

    def __mul__(self, other):
        ...

check.exercise("3.6", Node)

# %% [markdown]
# The rest of the chapter must run whether or not you have solved an exercise. So each piece is yours where it is right, and ours where it is not there yet:

# %%
def tried(number, mine, book):
    """Your answer where it is right, else the book's."""
    return mine if check.diagnose(number, mine).status == check.RIGHT else book

Node = tried("3.6", Node, ours.Node)

# %% [markdown]
# The order you know from chapter 2. This one works on anything that has parents:

# %%
show_source(ours.topological_order)

# %% [markdown]
# **Exercise 3.7 (implement).** Backpropagation: steps 2, 3 and 4 of section 3.4. Every node starts with `grad = 0.0`. Put ∂root/∂v into `v.grad` for every node v. Five lines are enough; `ours.topological_order(root)` gives the order.

# %%
def backward(root): ...

check.exercise("3.7", backward)

# %% [markdown]
# On the worked example, Fig. 1 of the source text:

# %%
backward = tried("3.7", backward, ours.backward)
x, y = Node(3.0), Node(2.0)
f = (x + y) * y
backward(f)
assert (f.value, x.grad, y.grad) == (10, 2, 7)

# %% [markdown]
# And on Fig. 2, logistic regression $\hat y = \sigma(w_1 x_1 + w_2 x_2 + b)$. It needs one more operation, and an operation is a value with its rule. For $\sigma(z) = 1/(1 + e^{-z})$ the derivative is $\sigma(z)(1 - \sigma(z))$, so the rule can use what the forward pass has computed:

# %%
def sigmoid(z):
    out = 1 / (1 + np.exp(-z.value))
    return Node(out, (z,), (lambda g: g * out * (1 - out),))

leaves = {name: Node(v) for name, v in start.items()}
w1, x1, w2, x2, b = leaves.values()
backward(sigmoid(w1 * x1 + w2 * x2 + b))

# %%
y_hat, tensors = parse("sigmoid(w1*x1 + w2*x2 + b)").tensors(**start)
y_hat.backward()
for name, leaf in leaves.items():
    assert np.isclose(leaf.grad, tensors[name].grad, rtol=1e-12)
    print(f"∂ŷ/∂{name:<2} = {leaf.grad:+.4f}")

# %% [markdown]
# ## 3.8 Why backwards?
#
# Unroll (3.3) and the gradient becomes a sum over all paths from $v$ to $f$. Each path contributes the product of its local derivatives:
#
# $$\frac{\partial f}{\partial v} = \sum_{\text{paths } v \to f} \; \prod_{\text{edges on the path}} \text{local derivative} \tag{3.4}$$
#
# This is a correct recipe, and nobody uses it. Take a row of diamonds: each stage sends its value along two branches, multiplies it by something on each, and adds what arrives.
#
# **Before you play.** Ten diamonds in a row. How many paths lead from one end to the other?

# %%
ask.number("3.8", "paths:")

# %%
check.prediction("3.8")

# %% [markdown]
# In the lab, first walk the paths one by one. Then switch to *backwards* and count again. **Task:** find the number of stages at which backwards wins by more than ten to one.

# %%
labs.paths.show(stages=4)

# %% [markdown]
# The paths share almost all of their edges. Going backwards, the sum so far is collected at each node, and what lies before the node sees one number. So every edge is used once. Factoring a sum of products: $ab + ac = a(b + c)$, at every node.
#
# The number of paths can be had the same way. Double $v$ a hundred times by $v \leftarrow v + v$. Each local derivative is 1, so each path counts 1.

# %%
v = x = Tensor(1.0, requires_grad=True)
for _ in range(100):
    v = v + v
v.backward()
assert x.grad == 2.0**100 and len(list(backward_steps(v))) == 200
f"{int(x.grad):,} paths, 200 messages"

# %% [markdown]
# ### Forward mode
#
# One can also collect from the other end: start at one input, and carry with each value its slope, how fast it moves with that input. A value with its slope is a **dual number**.

# %%
class Dual(NamedTuple):
    """A value, and how fast it moves with the one input that is watched."""

    value: float
    slope: float

    def __add__(self, other):
        return Dual(self.value + other.value, self.slope + other.slope)

    def __mul__(self, other):
        return Dual(self.value * other.value, self.slope * other.value + self.value * other.slope)

# %%
f_along_x, f_along_y = (Dual(3, 1) + Dual(2, 0)) * Dual(2, 0), (Dual(3, 0) + Dual(2, 1)) * Dual(2, 1)
assert (f_along_x.slope, f_along_y.slope) == (2, 7)
f_along_x, f_along_y

# %% [markdown]
# No second walk, and nothing to remember: the slopes come with the values. The price: one pass answers for one input. Two inputs took two passes.
#
# | | one pass gives | $n$ inputs, $m$ outputs |
# |---|---|---|
# | forward mode | the slope of *every output* along *one input* | $n$ passes |
# | reverse mode (backpropagation) | the slope of *one output* along *every input* | $m$ passes |
#
# **Before you run the next cell.** A digit classifier has 784 inputs and 10 outputs. How many backward passes give all 7,840 derivatives?

# %%
ask.number("3.9", "passes:")

# %%
check.prediction("3.9")

# %%
image = Tensor(np.random.default_rng(1).random((1, 784)), requires_grad=True)
small = nn.MLP([784, 16, 10], rng=np.random.default_rng(0), dtype=np.float64)
jacobian = np.empty((10, 784))
for k in range(10):                                          # one backward pass for each output
    image.grad = None
    small(image).backward(seed=np.eye(10)[[k]])
    jacobian[k] = image.grad[0]

# %%
nudged = image.data.copy()
nudged[0, 400] += 1e-6
column = (small(nudged) - small(image.data))[0].data / 1e-6  # one input: all ten outputs
assert np.allclose(column, jacobian[:, 400], atol=1e-6)
jacobian.shape

# %% [markdown]
# A loss is one number. So $m = 1$, and one backward pass answers for all parameters at once, be they five or five billion. That is the whole reason why training goes backwards.

# %% [markdown]
# ## 3.9 From numbers to arrays
#
# Networks compute with matrices. One could put a node on every number; a graph of millions. Instead a node holds an array, and its gradient is an array of the same shape: entry by entry, how fast the loss changes with that entry.
#
# ### The rule of the matrix product
#
# Let $Z = XY$, with $X$ of shape $(n, m)$ and $Y$ of shape $(m, p)$. Entry by entry,
#
# $$Z_{ij} = \sum_{k} X_{ik} Y_{kj} \tag{3.5}$$
#
# Let $G$ be the upstream gradient, $G_{ij} = \partial\mathcal L / \partial Z_{ij}$. Which entries of $Z$ does one entry $X_{ik}$ reach? Row $i$, all of it: $X_{ik}$ enters $Z_{ij}$ for every $j$, each time multiplied by $Y_{kj}$. So by (3.3), with one message for each $j$,
#
# $$\frac{\partial\mathcal L}{\partial X_{ik}} = \sum_j G_{ij} Y_{kj} = (G\,Y^\top)_{ik} \tag{3.6}$$
#
# The sum runs over the second index of both: that is a product with a transpose. In the same way $Y_{kj}$ reaches column $j$, and $\partial\mathcal L / \partial Y = X^\top G$.
#
# **Let the shapes guide you.** $G$ has the shape of $Z$, $(n, p)$. The message to $X$ must have the shape $(n, m)$ and is made of $G$, $(n, p)$, and $Y$, $(m, p)$. With different numbers $n, m, p$ there is one product that fits: $G\,Y^\top$.
#
# **Exercise 3.10 (derive).** Return both messages.

# %%
def matmul_messages(g, x, y): ...

check.exercise("3.10", matmul_messages)

# %% [markdown]
# ### Why no Jacobian is ever built
#
# The derivatives of all entries of $Z$ by all entries of $X$ form a table with (entries of $Z$) × (entries of $X$) numbers, the **Jacobian**. Chaining layers means multiplying Jacobians. Here is one, for small shapes, built column by column, and the message computed with it.

# %%
matmul_messages = tried("3.10", matmul_messages, ours.matmul_messages)
rng = np.random.default_rng(2)
X, Y, G = rng.normal(size=(2, 3)), rng.normal(size=(3, 4)), rng.normal(size=(2, 4))
J = np.column_stack([(e.reshape(2, 3) @ Y).ravel() for e in np.eye(6)])  # 8 × 6
message = (G.ravel() @ J).reshape(2, 3)
assert np.allclose(message, matmul_messages(G, X, Y)[0])                     # (3.6)
J.round(1)                                                                   # entries of Z by entries of X

# %% [markdown]
# The upstream vector times the Jacobian: a *vector-Jacobian product*. The rule $G\,Y^\top$ gives the same without the table, which is mostly zeros anyway. For one layer of a digit network, with 64 images in a batch:

# %%
batch, n_in, n_out = 64, 784, 256
table = (batch * n_out) * (batch * n_in)
print(f"Jacobian ∂Z/∂X: {table:,} numbers, {4 * table / 1e9:,.0f} GB in float32")
print(f"message G·Yᵀ:   {batch * n_in:,} numbers, {4 * batch * n_in / 1e6:.1f} MB")

# %% [markdown]
# The rule also shows the price of the backward pass. The forward product takes $n\,m\,p$ multiplications. Each of the two messages is a product of the same three sizes. So a layer costs one product forward and two backward, and the first layer one and one, since nobody asks for the gradient of the data.

# %%
multiplications = batch * n_in * n_out
x_message, y_message = batch * n_out * n_in, n_in * batch * n_out
assert x_message + y_message == 2 * multiplications

# %% [markdown]
# ### Broadcasting: a copy is a sum
#
# A layer adds its bias: $Z = XW + b$. $XW$ has a row for each example, $b$ is one row. NumPy copies $b$ to every row, and a copy going forward is a sum going backward: the bias receives one message from each example.
#
# $$\frac{\partial\mathcal L}{\partial b_j} = \sum_{i} G_{ij} \tag{3.7}$$

# %% tags=["source: erratum 13"]
bias = Tensor(np.zeros(4), requires_grad=True)
(Tensor(X @ Y) + bias).backward(seed=G)
assert bias.grad.shape == (4,) and np.allclose(bias.grad, G.sum(axis=0))  # (3.7)

# %% [markdown]
# > **What the source says differently.** Table 2 gives for $z = x + y$ the rule $\partial\mathcal L/\partial y = \partial\mathcal L/\partial z$. For a bias that is wrong in the simplest way: the two sides have different shapes, (4,) and (2, 4). Where an input was broadcast, its gradient is summed over the copies.
#
# **Exercise 3.11 (implement).** `sum_to(g, shape)`: sum the message `g` to the shape of the input. Broadcasting does two things, and each is undone by a sum: it adds axes in front, and it stretches axes of length 1.

# %%
def sum_to(g, shape): ...

check.exercise("3.11", sum_to)

# %% [markdown]
# **Exercise 3.12 (implement).** Backpropagation on arrays. Take your five lines from exercise 3.7. The seed becomes `np.ones_like(root.value)`, and each message goes through `sum_to(…, np.shape(parent.value))` before it is added. Write `a = a + m`, not `a += m`: a message may be another node's own array.

# %%
sum_to = tried("3.11", sum_to, ours.sum_to)

def backward_on_arrays(root): ...

check.exercise("3.12", backward_on_arrays)

# %% [markdown]
# ## 3.10 Your engine learns
#
# Two half moons, interlocked. No straight line separates them; a network with one hidden layer can. Three operations are missing, and each is a value with its rules.

# %%
backward_on_arrays = tried("3.12", backward_on_arrays, ours.backward_on_arrays)

def matmul(x, y):
    def messages(g): return matmul_messages(g, x.value, y.value)
    return Node(x.value @ y.value, (x, y), (lambda g: messages(g)[0], lambda g: messages(g)[1]))

def tanh(z):
    out = np.tanh(z.value)
    return Node(out, (z,), (lambda g: g * (1 - out**2),))

def mean(z):
    return Node(z.value.mean(), (z,), (lambda g: np.full(z.value.shape, g / z.value.size),))

# %% [markdown]
# The network is $\hat y = \tanh(XW_1 + b_1)\,W_2 + b_2$, the loss is the mean squared error against targets −1 and +1.

# %%
rng = np.random.default_rng(0)
inputs, classes = data.moons(200, noise=0.1, rng=rng)
minus_target = Node(1.0 - 2.0 * classes[:, None])

def network(x, w1, b1, w2, b2):
    return matmul(tanh(matmul(x, w1) + b1), w2) + b2

def moons_loss(*params):
    error = network(Node(inputs), *params) + minus_target
    return mean(error * error)

# %%
params = [Node(rng.normal(size=shape)) for shape in ((2, 16), (16,), (16, 1), (1,))]
backward_on_arrays(moons_loss(*params))
[p.grad.shape for p in params]

# %% [markdown]
# Before it trains, a check by people who have never seen your code. The same program on the book's engine, and on PyTorch:

# %%
def same_program(tensor, tanh):
    w1, b1, w2, b2 = leaves = [tensor(p.value) for p in params]
    error = tanh(inputs_of[tensor] @ w1 + b1) @ w2 + b2 + targets_of[tensor]
    (error * error).mean().backward()
    return [leaf.grad for leaf in leaves]

# %%
def book(v): return Tensor(v, requires_grad=True)
def pytorch(v): return torch.tensor(v, requires_grad=True)

inputs_of = {book: inputs, pytorch: torch.tensor(inputs)}
targets_of = {book: minus_target.value, pytorch: torch.tensor(minus_target.value)}
for tensor, activation in ((book, ops.tanh), (pytorch, torch.tanh)):
    for mine, theirs in zip(params, same_program(tensor, activation), strict=True):
        assert np.allclose(mine.grad, np.asarray(theirs), rtol=1e-12, atol=1e-14)

# %% [markdown]
# All gradients agree, to twelve digits. Now the walk downhill, which chapter 4 is about: each parameter takes a step against its gradient. New nodes are made for each step, so that no gradient is left over from the one before.

# %%
moons_losses = []
for _ in range(800):
    loss = moons_loss(*params)
    backward_on_arrays(loss)
    moons_losses.append(float(loss.value))
    params = [Node(p.value - 0.1 * p.grad) for p in params]

right = (network(Node(inputs), *params).value[:, 0] > 0) == (classes == 1)
assert right.mean() > 0.96

# %%
grid = np.stack(np.meshgrid(np.linspace(-1.6, 2.6, 141), np.linspace(-1.1, 1.6, 101)), axis=-1)
height = network(Node(grid.reshape(-1, 2)), *params).value.reshape(101, 141)
fig, (left, plane) = figure(8, 3.4, columns=2, width_ratios=[1, 1.35])
draw_curves(left, {"loss": moons_losses}, ylabel="mean squared error", log=True)
plane.contourf(*grid.transpose(2, 0, 1), height > 0, levels=[-0.5, 0.5, 1.5], colors=["#D5E9F7", "#FDEBC8"])
for label, marker in ((0, "o"), (1, "^")):
    plane.plot(*inputs[classes == label].T, marker, ls="none", ms=4, label=f"class {label}")
plane.legend(loc="upper right")
picture(fig, alt="Left: the loss falls over 800 steps. Right: the plane is cut into two regions "
                 "along a curve that winds between the two half moons.")

# %% [markdown]
# That is deep learning, whole: a graph, a walk backwards, a step downhill. What the book's engine adds is more operations, speed, good errors, and derivatives of derivatives.

# %% [markdown]
# ## 3.11 The table of derivatives
#
# Every operation contributes a forward function and one rule for each input. The engine keeps them in one table, `OPS`; here are the five that the source text lists, with the rules as they stand in the code.

# %% tags=["source: §4.8", "source: Table 2"]
show_rules("add", "mul", "matmul", "relu", "sigmoid")

# %% [markdown]
# `g` is the upstream gradient, `out` what the forward pass gave, `x` and `y` the inputs; `_flip` is the transpose. Compare with what you have derived: addition passes on, multiplication crosses over, the matrix product crosses over with transposes, ReLU lets through or blocks, and the sigmoid uses its own output.
#
# Each of the five, with numbers:

# %%
rng = np.random.default_rng(3)
g, p, q = rng.normal(size=(3, 4, 4))
s = ops.sigmoid(p)
expected = {"add": (g, g), "mul": (g * q, g * p), "matmul": (g @ q.T, p.T @ g),
            "relu": (np.where(p > 0, g, 0),), "sigmoid": (g * s * (1 - s),)}
for name, messages in expected.items():
    op = OPS[name]
    given = (p, q)[: len(op.vjps)]
    for rule, message in zip(op.vjps, messages, strict=True):
        assert np.allclose(rule(g, op.forward(*given), *given), message)

# %% [markdown]
# Nothing else in the book knows a derivative. `softmax`, `gelu` and the mean squared error are written with these operations, so their gradients come by themselves.
#
# ### Add your own
#
# An operation is a forward function with its rules. This one cubes:

# %%
def in_one_to_two(rng):
    return (rng.uniform(1, 2, size=3),), {}

@ops.primitive(lambda g, out, x: g * 3 * x**2, example=in_one_to_two)
def cube(x):
    return x * x * x

# %% [markdown]
# It is in the table now. Is the rule right? Do not believe it; compare with differences. `gradcheck` nudges each element by a little, both ways, and complains where the rule disagrees.

# %%
gradcheck(lambda x: ops.sum(cube(x)), rng.normal(size=5))
gradcheck(lambda x: ops.sum(ops.sin(cube(x) * x)), rng.normal(size=5))
assert OPS["cube"].name == "cube"

# %% [markdown]
# No complaint. A check that never complains is worth nothing, so give it a wrong rule, with 2 where 3 belongs:

# %%
@ops.primitive(lambda g, out, x: g * 2 * x**2, example=in_one_to_two)
def wrong_cube(x):
    return x * x * x

try:
    gradcheck(lambda x: ops.sum(wrong_cube(x)), np.array([1.0, 2.0]))
except AssertionError as error:
    print(error)

# %%
for name in ("cube", "wrong_cube"):                                          # leave the table as it was
    del OPS[name]

# %% [markdown]
# **Exercise 3.13 (break).** A lazy programmer tests derivatives of $x^3$ at $x = 0$ and $x = 1$ and nowhere else. Write a *wrong* derivative that passes.

# %%
def wrong_slope(x): ...

check.exercise("3.13", wrong_slope)

# %% [markdown]
# ## 3.12 Checking by differences, and how far to trust it
#
# A derivative is a limit of quotients, and a computer can take a quotient. The symmetric one is the better choice:
#
# $$f'(x) \approx \frac{f(x + h) - f(x - h)}{2h} \tag{3.8}$$

# %%
show_source(numerical_grad, docstring=False)

# %% [markdown]
# How small should $h$ be? Two errors pull in opposite directions.
#
# **Truncation.** Taylor's formula for $f(x + h)$ and $f(x - h)$: the even terms cancel, and what (3.8) leaves over begins with $\frac{h^2}{6} f'''(x)$. It shrinks with $h$.
#
# **Rounding.** $f(x + h)$ and $f(x - h)$ are stored with a relative error of about ε: $2.2 \cdot 10^{-16}$ in float64, $1.2 \cdot 10^{-7}$ in float32. Their difference has an error of about $\varepsilon |f|$, and dividing by $2h$ magnifies it to about $\varepsilon |f| / h$. It grows as $h$ shrinks.
#
# $$\text{error} \;\approx\; \frac{h^2}{6}\,|f'''| \;+\; \frac{\varepsilon\,|f|}{h} \tag{3.9}$$
#
# **Before you move the slider.** In float64, for a function like $e^x$ near 1: at which power of ten is the sum smallest?

# %%
ask.number("3.13b", "h = 10^")

# %%
check.prediction("3.13b")

# %% [markdown]
# **Task:** find it in the lab. Then switch to float32, to the one-sided quotient, and to other functions.

# %%
labs.finite_difference.show(function="exp", x=1.0)

# %% [markdown]
# On two logarithmic axes the two errors are straight lines: one climbs with slope 2, the other falls with slope −1. The measured error follows whichever is higher, and makes a **V**. Left of the bottom it is ragged, since rounding is erratic. The cell below checks both sides: right of the bottom the measured error is the truncation line to one percent, left of it it stays below three times the rounding line.

# %%
V = labs.finite_difference(function="exp", x=1.0)
truncation, rounding = (V.h > 10 * V.best) & (V.h < 0.1), V.h < V.best / 10
assert np.allclose(V.error[truncation], V.truncation[truncation], rtol=0.01)
assert (V.error[rounding] < 3 * V.rounding[rounding]).all()
f"they cross at h = {V.best:.1e}"

# %% [markdown]
# **Exercise 3.14 (derive).** At which $h$ do the two lines cross?

# %%
def best_h(f, f3, eps): ...

check.exercise("3.14", best_h)

# %%
best_h = tried("3.14", best_h, ours.best_h)
assert np.isclose(best_h(np.e, np.e, np.finfo(float).eps), V.best)

# %% [markdown]
# How many digits does the best $h$ leave? Relative errors:

# %%
best = {dtype: labs.finite_difference(dtype=dtype).error.min() / np.e for dtype in ("float64", "float32")}
assert 1e-13 < best["float64"] < 1e-10 and 1e-7 < best["float32"] < 1e-4

# %% [markdown]
# Ten good digits or more in float64, four or more in float32. Differences also cost two passes for each parameter. That makes them a poor way to train and an excellent way to check: they know nothing of your rules, so they cannot share their mistakes. Check in float64, at points where nothing is special, and compare relative errors.

# %% [markdown]
# ## 3.13 Break it
#
# An engine that crashes is easy to mend. An engine that gives wrong numbers trains a little worse, and nobody notices. Four classics:
#
# | sabotage | what is wrong |
# |---|---|
# | `=` for `+=` | the last message overwrites the others |
# | no topological order | a node passes its gradient on before all of it has arrived |
# | forgotten `zero_grad` | the gradient of the last training step is still there |
# | `backward` twice | the same gradient is added a second time |
#
# **Before you play.** Take $f = (x + y)\,y$ at $x = 3$, $y = 2$ and call `f.backward()` twice. What does `y.grad` hold?

# %%
ask.number("3.15", "y.grad =")

# %%
check.prediction("3.15")

# %%
x, y = Tensor(3.0, requires_grad=True), Tensor(2.0, requires_grad=True)
f = (x + y) * y
f.backward()
f.backward()
assert (x.grad, y.grad) == (4, 14)

# %% [markdown]
# Now choose a sabotage and a formula. **Task:** for each sabotage, find a formula on which *no* check notices it, if there is one. What do these formulas have in common?

# %%
labs.broken_backprop.show(sabotage="assign")

# %% [markdown]
# What you can find:
#
# | sabotage | goes wrong where | escapes where |
# |---|---|---|
# | `=` for `+=` | a node is used twice | every node is used once: a tree |
# | no order | a node *in the middle* is used twice, near and far | trees; graphs in which only leaves are shared |
# | forgotten `zero_grad` | the second step and all later ones | the first step: a check of one gradient sees nothing |
# | `backward` twice | everywhere, by a factor of 2 | nowhere |
#
# A test of an engine therefore needs a shared node in the middle, reached by ways of different lengths, and it must take two steps. Small symmetric examples find none of it.
#
# **Exercise 3.16 (break).** Build a graph of two nodes $x$, $y$, with + and ×, which the engine without topological order gets wrong. It visits nodes as it discovers them from the root, breadth first.

# %%
def graph_that_needs_order(x, y): ...

check.exercise("3.16", graph_that_needs_order)

# %% [markdown]
# One more way to break it is to change a value after the forward pass has used it. The rules then multiply by numbers that were not there. The engine notices:

# %%
x, y = Tensor(3.0, requires_grad=True, name="x"), Tensor(2.0, requires_grad=True, name="y")
f = (x + y) * y
y.data = 100.0
try:
    f.backward()
except GraphError as error:
    print(error)

# %% [markdown]
# ## 3.14 Kinks
#
# ReLU, the absolute value and the maximum have kinks: points with no derivative. There an engine must return *something*, and what it returns is a convention. Ours are those of PyTorch.

# %%
print("relu'(0) =", engine.grad(ops.relu)(0.0))
print("|x|' at 0 =", engine.grad(ops.abs)(0.0))
print("max(2, 2, 1): the two winners share", engine.grad(ops.max)(np.array([2.0, 2.0, 1.0])))

# %% [markdown]
# Differences disagree: a symmetric quotient at a kink averages the two sides.

# %%
print("differences say relu'(0) =", numerical_grad(ops.relu, 0.0))
kinks = torch.zeros(2, requires_grad=True)
(torch.relu(kinks[0]) + kinks[1].abs()).backward()
assert kinks.grad.tolist() == [0, 0]
tied = torch.tensor([2.0, 2.0, 1.0], requires_grad=True)
tied.amax().backward()
assert tied.grad.tolist() == [0.5, 0.5, 0]

# %% [markdown]
# Is it harmless? Almost always: a sum of many numbers is exactly 0 almost never. But keep in mind that the convention belongs to the operation, not to the function you have built from it. Here is the identity, written in a roundabout way: $\mathrm{relu}(x) - \mathrm{relu}(-x) = x$. Its slope is 1 everywhere.

# %%
def roundabout(x):
    return ops.relu(x) - ops.relu(-x)

assert [roundabout(v) for v in (-1.0, 0.0, 2.0)] == [-1, 0, 2]
[float(engine.grad(roundabout)(v)) for v in (-1.0, 0.0, 2.0)]

# %% [markdown]
# At 0 the engine says 0, and 0 is not the slope of this function in any sense. A gradient check at a kink fails for that reason: draw its inputs away from kinks, as the `example` of every entry in `OPS` does.

# %% [markdown]
# ## 3.15 On MNIST
#
# A network of 784 inputs, 64 hidden units and 10 outputs, trained briefly on real digits. Chapter 10 does this properly; here we only need a network that has learned something.

# %%
mnist = data.load_mnist("small")
rng = np.random.default_rng(0)
model = nn.MLP([784, 64, 10], rng=rng)
first_weights = model.layers[0].w.data.copy()
optimizer = optim.Optimizer(model.parameters(), optim.adam, lr=2e-3)
for _ in range(2):
    epoch = data.batches(mnist.x_train, mnist.y_train, 64, rng)
    digit_losses = [step.loss for step in train.train(model, ops.cross_entropy, epoch, optimizer)]
assert train.evaluate(model, mnist.x_val, mnist.y_val).accuracy > 0.88

# %% [markdown]
# ### ∂loss/∂pixel
#
# The images are a leaf of the graph like any other. Ask for their gradient, and each pixel says how much the loss would rise with more ink there.

# %%
chosen = [int(np.flatnonzero(mnist.y_val == digit)[0]) for digit in range(8)]
images = Tensor(mnist.x_val[chosen], requires_grad=True)
pixel_loss = ops.cross_entropy(model(images), mnist.y_val[chosen])
pixel_loss.backward()

# %%
fig, (top, bottom) = figure(8, 2.9, rows=2)
draw_digits(top, mnist.x_val[chosen], columns=8)
scale = np.abs(images.grad).max(axis=1, keepdims=True)
draw_weights(bottom, (images.grad / scale).T, columns=8).colorbar.set_label("∂loss/∂pixel")
picture(fig, alt="Eight digits, and below each its gradient by pixel: red where more ink would raise "
                 "the loss, blue where it would lower it.")

# %% [markdown]
# Red: ink here would make the network less sure of the right digit. Blue: ink here would help. Each image is scaled on its own, since a digit that is classified with confidence has a tiny gradient. Much of the picture looks like noise, and some of it is: from pixels that never hold ink, the weights are still the random numbers they started from.

# %%
dark = (mnist.x_train == 0).all(axis=0)
assert dark.sum() > 50 and (model.layers[0].w.data[dark] == first_weights[dark]).all()

# %% [markdown]
# A picture proves nothing. Walk against the gradient: change each pixel by a tiny amount, and the loss must fall by what (3.1) predicts, the squared length of the gradient times the step.

# %%
moved = ops.cross_entropy(model(images.data - 0.1 * images.grad), mnist.y_val[chosen])
predicted = -0.1 * float((images.grad**2).sum())
assert np.isclose(float(moved - pixel_loss.item()), predicted, rtol=0.1)

# %% [markdown]
# ### ∂loss/∂W
#
# Now the weights of the first layer, on a batch of 64 images.
#
# **Before you look.** Row $p$ of $W_1$ holds the weights that leave pixel $p$. Which rows have a gradient of exactly 0? The rule $\partial\mathcal L/\partial W_1 = X^\top G$ knows.

# %%
ask.choice("3.17", "exactly 0:", ours.ROWS)

# %%
check.prediction("3.17")

# %%
x_batch, y_batch = mnist.x_train[:64], mnist.y_train[:64]
for p in model.parameters():
    p.grad = None
ops.cross_entropy(model(x_batch), y_batch).backward()
w_grad = model.layers[0].w.grad
w_grad.shape

# %%
fig, ax = figure(8, 2.4)
draw_weights(ax, w_grad[:, :12], columns=6).colorbar.set_label("∂loss/∂weight")
picture(fig, alt="The gradients of twelve units' weights, as images: digit-like, with a border of zeros.")

# %%
never_inked = (x_batch == 0).all(axis=0)
assert (w_grad[never_inked] == 0).all()
assert never_inked.sum() > 100 and (images.grad[:, never_inked] != 0).any()

# %% [markdown]
# A row of $X^\top G$ is a sum of the images' ink at one pixel. Where no image of the batch has ink, the weights from that pixel do not move: they cannot learn from what they have not seen. The gradient *by* that pixel is $G W^\top$ and is not zero: ink there would make a difference, if there were some. The two pictures answer different questions, and (3.6) tells them apart.

# %% [markdown] tags=["source: erratum 9"]
# ## What the source says differently
#
# - **§4.3 and §4.4** are the same section, printed twice. We give it once, in 3.3.
# - **"Responsibility" is shared out** (§4.3). It is not: an addition hands each input the whole message, and a gradient measures sensitivity, not contribution (3.3).
# - **One ∂ for two things** (§4.6): the partial with $u$ held fixed, 5, and the total, 7 (3.5).
# - **Addition without broadcasting** (Table 2): a bias sums its gradient over the batch (3.9).
# - **"1986: rediscovered"** (§1.3) is right, and leaves out whom: reverse accumulation is Linnainmaa's, 1970; Werbos brought it to networks, 1974 and 1982.

# %% [markdown]
# ## In PyTorch
#
# | here | in PyTorch |
# |---|---|
# | `Tensor(v, requires_grad=True)` | `torch.tensor(v, requires_grad=True)` |
# | `tensor.recipe` | `tensor.grad_fn` |
# | `recipe.parents` | `grad_fn.next_functions` |
# | an entry of `OPS` | a `torch.autograd.Function`, with `forward` and `backward` |
# | `gradcheck(f, x)` | `torch.autograd.gradcheck(f, x)` |
# | `engine.grad(f)` | `torch.func.grad(f)` |
# | `x.grad` adds up until emptied | the same |
# | `f.backward()` a second time: adds again | raises, unless `retain_graph=True`: the saved values are gone |
#
# The last row can be seen:

# %%
f_torch = (x_torch + y_torch) * y_torch
f_torch.backward()
try:
    f_torch.backward()
except RuntimeError as error:
    print(str(error).split(".")[0])

# %% [markdown]
# ## Further reading
#
# - S. Linnainmaa, *The representation of the cumulative rounding error of an algorithm as a Taylor expansion of the local rounding errors*, master's thesis (in Finnish), Helsinki 1970; in English in BIT 16, 1976. Reverse accumulation, with code.
# - P. Werbos, *Applications of advances in nonlinear sensitivity analysis*, 1982. Proposed for networks.
# - D. Rumelhart, G. Hinton, R. Williams, *Learning representations by back-propagating errors*, Nature 323, 1986. Three pages that changed the field.
# - W. Baur, V. Strassen, *The complexity of partial derivatives*, Theoretical Computer Science 22, 1983. Why a gradient costs only a small multiple of the function.
# - A. Griewank, A. Walther, *Evaluating Derivatives*, 2nd edition, SIAM 2008. The book on the subject.
# - A. Baydin, B. Pearlmutter, A. Radul, J. Siskind, *Automatic differentiation in machine learning: a survey*, JMLR 18, 2018.
# - T. Parr, J. Howard, *The matrix calculus you need for deep learning*, arXiv 1802.01528, 2018. Section 3.9 at length.
# - S. Kakade, J. Lee, *Provably correct automatic subdifferentiation for qualified programs*, NeurIPS 2018. What kinks do to the roundabout identity of section 3.14.
#
# Next: [gradient descent](05_gradient_descent.ipynb), what to do with all these gradients.
