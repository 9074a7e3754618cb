# %% [markdown]
# # 4 Backpropagation on arrays
#
# Your engine from chapter 3 learned two half moons, number by number. In this chapter its nodes become arrays, and it learns to read handwritten digits.
#
# The names below are explained where they are first used. `Node` and `topological_order` are the book's; replace their two lines by your own code from chapters 2 and 3, if you have it. `labs.graph.show` opens the graph lab.

# %%
import numpy as np

from textbook import Tensor, ask, check, data, engine, gradcheck, labs, mnist, ops
from textbook.exercises import chapter_04 as ours
from textbook.exercises.chapter_02 import topological_order  # or paste your own function here
from textbook.exercises.chapter_03 import Node  # or paste your own class here
from textbook.plots import draw_curves, draw_digits, draw_weights, figure, picture
from textbook.show import folded, show_rules

# %%
labs.graph.show(formula="z = x * w + b; h = relu(z); loss = (h - y)**2", mode="backward", step=-1,
                values={"x": 2.0, "w": 1.5, "b": -1.0, "y": 1.0})

# %% [markdown]
# One unit with one input, played to its end: drag the slider back and step. Now imagine a whole array of numbers in every box. The graph stays as it is. Only the rules on its edges change.
#
# **You will be able to**
#
# - derive the rule of an operation on arrays, entry by entry, and guess it from the shapes;
# - go back through a deep network by hand, layer by layer;
# - train a digit reader on an engine that is your own;
# - check any gradient, and say which check finds which fault.
#
# **You need** [chapter 3](03_backpropagation.ipynb): messages, rules, `Node`, the five steps. The matrix product is refreshed in the [appendix](90_mathematics.ipynb). **Time**: about two hours, more than half of it for the eight exercises and five questions.

# %% [markdown]
# ## 4.1 The same node, larger
#
# One number in each node would take millions of nodes for a network and a few digits. So a node holds an array. Its gradient is an array of the same shape: entry by entry, how fast the result changes with that entry.
#
# The class `Node` needs no change: NumPy adds and multiplies arrays entry by entry, and so do its two rules.

# %%
a, c = Node(np.array([1.0, 2.0, 3.0])), Node(np.array([10.0, 20.0, 30.0]))
f = a * c + a
print("value:", f.value, "  from * to a, if ones arrive:", f.parents[0].rules[0](np.ones(3)))

# %% [markdown]
# Two things must be settled before `backward` can follow.
#
# **The seed.** A slope belongs to *one* result, and here there are three. Take their sum as the result: its slope in each entry is 1. So the seed is an array of ones, `np.ones_like(root.value)`. Where the root is a loss, one number, nothing changes.
#
# **The shapes.** NumPy adds arrays of different shapes too. A layer with 3 units, for a batch of 4 examples, adds one row of 3 biases to all 4 rows:

# %%
z, b = Node(np.zeros((4, 3))), Node(np.zeros(3))
to_b = (z + b).rules[1](np.ones((4, 3)))                         # the second rule is for b
print("b:", b.value.shape, "  message to b:", to_b.shape)

# %% [markdown]
# A gradient has the shape of its value. This message does not fit.
#
# ## 4.2 Broadcasting: a copy is a sum
#
# NumPy has **broadcast** $b$: it used $b_j$ in all four rows, as if there were four copies. A copy going forwards is a sum going backwards. You know this from chapter 3: a node that is used four times receives four messages, and they add. Let ℒ be the loss, $Z$ the sum, and $G_{ij} = \partial\mathcal L/\partial Z_{ij}$ what arrives at it. Then
#
# $$\frac{\partial\mathcal L}{\partial b_j} = \sum_i G_{ij} \tag{4.1}$$
#
# **Question 4-a.** Four examples, three units, and $G_{ij} = 1$ everywhere. What is each entry of the bias's gradient?

# %%
ask.number("4-a", "each entry:")

# %%
check.prediction("4-a")

# %% [markdown]
# Broadcasting does two things. It adds axes in front, as for a bias. And it stretches axes of length 1: a column of shape (4, 1) beside an array (4, 3). Each is undone by a sum.
#
# **Exercise 4-1 (implement).** `sum_to(g, shape)`: sum the message `g` until it has the given shape, that of the input. The shape may have fewer axes than `g`, and it may hold 1s. In NumPy, `g.sum(axis=0)` drops an axis, and `g.sum(axis=1, keepdims=True)` keeps it, with length 1. (What follows must run in any case: `check.tried` takes yours where it is right, else ours.)

# %%
def sum_to(g, shape): ...

check.exercise("4-1", sum_to)

# %% tags=["source: erratum 13"]
sum_to = check.tried("4-1", sum_to, ours.sum_to)
G = np.array([[1.0, 2.0, 3.0], [10.0, 20.0, 30.0]])
print("to a bias of shape (3,): ", sum_to(G, (3,)))
print("to a column of shape (2, 1):", sum_to(G, (2, 1)).tolist())
print("to one number, shape ():", sum_to(G, ()))

# %% [markdown]
# > **What the source says differently.** Table 2 gives for $z = x + y$ the rule $\partial L/\partial y = \partial L/\partial z$. For a bias the two sides have different shapes, (3,) and (4, 3). Where an input was broadcast, its gradient is the sum over the copies.
#
# **Exercise 4-2 (implement).** `backward(root)` for arrays. Take your five lines from exercise 3-4. Seed with `np.ones_like(root.value)`, and put each message through `sum_to(message, np.shape(parent.value))` before you add it.

# %%
def backward(root): ...

check.exercise("4-2", backward)

# %%
backward = check.tried("4-2", backward, ours.backward)
z, b = Node(np.zeros((6, 3))), Node(np.zeros(3))
backward(z + b)
print("z.grad:", z.grad.shape, "  b.grad:", b.grad)

# %% [markdown]
# ## 4.3 The rule of the matrix product
#
# Let $Z = XW$, with $X$ of shape $(n, m)$ and $W$ of shape $(m, q)$: $n$ examples, $m$ inputs, $q$ units. Entry by entry,
#
# $$Z_{ij} = \sum_{k} X_{ik} W_{kj} \tag{4.2}$$
#
# Which entries of $Z$ does one entry $X_{ik}$ reach? Row $i$, all of it: $X_{ik}$ enters $Z_{ij}$ for every $j$, each time multiplied by $W_{kj}$. So it receives one message for each $j$:
#
# $$\frac{\partial\mathcal L}{\partial X_{ik}} = \sum_j G_{ij} W_{kj} = (G\,W^\top)_{ik} \tag{4.3}$$
#
# The sum runs over the second index of both, and that is the product with a transpose, $W^\top_{jk} = W_{kj}$. In the same way $W_{kj}$ reaches column $j$ of $Z$, once for each example $i$. That sum is yours to find.
#
# **Let the shapes guide you.** The message to $X$ has the shape $(n, m)$ and is made of $G$, $(n, q)$, and $W$, $(m, q)$. With three different sizes, one product fits: $G\,W^\top$. Shapes are a guide, not a proof: they know nothing of a factor 2 or a sign. The proof is the sum.
#
# **Exercise 4-3 (derive).** For `z = x @ w`, return both messages, to `x` and to `w`.

# %%
def matmul_messages(g, x, w): ...

check.exercise("4-3", matmul_messages)

# %%
matmul_messages = check.tried("4-3", matmul_messages, ours.matmul_messages)
X, W = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), np.array([[1.0, 0.0], [2.0, -1.0], [0.0, 3.0]])
G = np.array([[1.0, 10.0], [2.0, 20.0]])
entry = sum(G[0, j] * W[1, j] for j in range(2))                # (4.3), with i = 0 and k = 1
print("entry [0, 1]:", entry, "  the message to X:", matmul_messages(G, X, W)[0].tolist())

# %% [markdown]
# Your engine gets two new operations. `matmul` uses your messages. `relu` is $\max(0, z)$, entry by entry, the activation of the networks in this chapter; its slope is 1 where $z > 0$, else 0.

# %%
def matmul(x, w):
    rules = (lambda g: matmul_messages(g, x.value, w.value)[0], lambda g: matmul_messages(g, x.value, w.value)[1])
    return Node(x.value @ w.value, (x, w), "@", rules)

def relu(z):
    return Node(np.maximum(z.value, 0), (z,), "relu", (lambda g: g * (z.value > 0),))

# %% [markdown]
# ### Why no Jacobian is built
#
# The slopes of all entries of $Z$ in all entries of $X$ form a table, the **Jacobian**: a row for each entry of $Z$, a column for each of $X$. Here it is for the small example, 4 × 6, column by column. `e` nudges one entry of $X$.

# %%
J = np.column_stack([(e.reshape(2, 3) @ W).ravel() for e in np.eye(6)])
print(J.astype(int))
print("G in a row, times the Jacobian:", G.ravel() @ J, "  G Wᵀ in a row:", (G @ W.T).ravel())

# %% [markdown]
# Two of its four blocks are all zeros: row 0 of $Z$ knows nothing of row 1 of $X$. The product with $G$ is all that a message needs, and $G\,W^\top$ gives that product without the table. It is called a **vector-Jacobian product**. For one layer of a digit reader:

# %%
n, m, q = 64, 784, 256                                          # images, pixels, units
print(f"Jacobian: {(n * q) * (n * m):>15,} numbers, {4 * n * q * n * m / 1e9:,.0f} GB in float32")
print(f"message:  {n * m:>15,} numbers")

# %% [markdown]
# What does the way back cost? Forwards a layer takes one matrix product, $n\,m\,q$ multiplications. Backwards it takes two of the same size, one for each message. The first layer needs one: training does not ask for the gradient of the data. Count it for a network of 784 pixels, layers of 256 and 128 units, and 10 outputs:

# %%
sizes = [784 * 256, 256 * 128, 128 * 10]
backwards = sizes[0] + 2 * sizes[1] + 2 * sizes[2]
print(f"backwards / forwards: {backwards / sum(sizes):.3f}")

# %% [markdown]
# Between one and two forward passes, for all parameters at once. (Your `matmul` wastes more: each rule computes both messages, and the data get theirs too.)
#
# ## 4.4 A deep net, by hand
#
# A deep net repeats one pattern. Layer $l$ takes the activations $A^{l-1}$ of the layer before, beginning with $A^0 = X$:
#
# $$Z^l = A^{l-1} W^l + b^l, \qquad A^l = f(Z^l) \tag{4.4}$$
#
# The small $l$ on top is a number, not a power. Write $\delta^l = \partial\mathcal L / \partial Z^l$, the gradient of the layer before its activation. Suppose $\delta^{l+1}$ is known. The matrix product sends $\delta^{l+1} (W^{l+1})^\top$ to $A^l$, by (4.3). The activation multiplies it by its slope. With ∘ for the product entry by entry:
#
# $$\delta^{l} = \bigl(\delta^{l+1} (W^{l+1})^\top\bigr) \circ f'(Z^l) \tag{4.5}$$
#
# So δ goes back through the net one layer at a time, and on its way it leaves behind the gradients of the parameters:
#
# $$\frac{\partial\mathcal L}{\partial W^l} = (A^{l-1})^\top \delta^l, \qquad \frac{\partial\mathcal L}{\partial b^l_j} = \sum_i \delta^l_{ij} \tag{4.6}$$
#
# These are the equations in textbooks on backpropagation. You need not memorise them: they are your three rules, in your engine's order.
#
# **Exercise 4-4 (derive).** Write (4.5) for $f = \mathrm{relu}$: from $\delta$ of the next layer, its weights `w`, and this layer's `z`.

# %%
def delta_before(delta, w, z): ...

check.exercise("4-4", delta_before)

# %% [markdown]
# Now with numbers small enough for a pencil: two examples, layers of 3, 2 and 1 units. **Forwards**, by (4.4):

# %%
X = np.array([[-2.0, -2.0], [1.0, -1.0]])
W1, b1 = np.array([[2.0, -2.0, -2.0], [1.0, 1.0, 2.0]]), np.array([0.0, 0.0, 1.0])
W2, b2 = np.array([[-2.0, 1.0], [2.0, 1.0], [-2.0, 1.0]]), np.array([0.0, 0.0])
W3, b3 = np.array([[-2.0], [1.0]]), np.array([-1.0])
Z1 = X @ W1 + b1
Z2 = np.maximum(Z1, 0) @ W2 + b2
Z3 = np.maximum(Z2, 0) @ W3 + b3
for name, Z in {"Z¹": Z1, "Z²": Z2, "Z³": Z3}.items():
    print(name, "=", Z.astype(int).tolist())

# %% [markdown]
# The targets are $-3$ and $2$, and the loss is half the sum of the squared errors. So $\delta^3$ is output minus target. **Backwards**, by (4.5). Work out the first row of $\delta^2$ with a pencil before you open the fold, which `folded` makes.

# %%
delta_before = check.tried("4-4", delta_before, ours.delta_before)
targets = np.array([[-3.0], [2.0]])
d3 = Z3 - targets
d2 = delta_before(d3, W3, Z2)
d1 = delta_before(d2, W2, Z1)
found = {"δ³": d3, "δ²": d2, "δ¹": d1, "∂ℒ/∂W¹": X.T @ d1, "∂ℒ/∂b¹": d1.sum(axis=0)}
folded("\n".join(f"{name} = {d.astype(int).tolist()}" for name, d in found.items()), "Show δ and the gradients")

# %% [markdown]
# Read the zeros. $Z^2$ is negative in one place, and there $\delta^2$ is 0: the unit is off for that example. So is $\delta^1$, where $Z^1$ is negative. The last two lines are (4.6) for the first layer.
#
# Your engine knows nothing of (4.5) and (4.6); it walks the graph. PyTorch, imported only to compare, does as well.

# %%
w1, c1, w2, c2, w3, c3 = params = [Node(v) for v in (W1, b1, W2, b2, W3, b3)]
z1 = matmul(Node(X), w1) + c1
z2 = matmul(relu(z1), w2) + c2
z3 = matmul(relu(z2), w3) + c3
error = z3 + Node(-targets)
backward(error * error * Node(0.5))
print("δ¹ =", z1.grad.astype(int).tolist(), "  ∂ℒ/∂W¹ =", w1.grad.astype(int).tolist(),
      "  ∂ℒ/∂b¹ =", c1.grad.astype(int).tolist())
assert (z1.grad == d1).all() and (z2.grad == d2).all() and (w1.grad == X.T @ d1).all()

# %%
import torch

leaves = [torch.tensor(p.value, requires_grad=True) for p in params]
u1, v1, u2, v2, u3, v3 = leaves
out = torch.relu(torch.relu(torch.tensor(X) @ u1 + v1) @ u2 + v2) @ u3 + v3
(0.5 * (out - torch.tensor(targets)) ** 2).sum().backward()
print("∂ℒ/∂W¹ =", u1.grad.int().tolist(), "  ∂ℒ/∂b¹ =", v1.grad.int().tolist())
assert all((leaf.grad.numpy() == p.grad).all() for leaf, p in zip(leaves, params, strict=True))

# %% [markdown]
# ## 4.5 Softmax and cross-entropy: p − y
#
# A digit reader has ten outputs, $z_0, \dots, z_9$, one for each digit: the **logits**. **Softmax** makes probabilities of them:
#
# $$p_k = \frac{e^{z_k}}{\sum_j e^{z_j}} \tag{4.7}$$
#
# The loss of one example is $\ell = -\log p_c$, where $c$ is the right digit: 0 if the net is sure of it, large if it thinks it unlikely. This is the **cross-entropy**; chapter 7 says where it comes from. Insert (4.7), and the logarithm undoes the exponential:
#
# $$\ell = -z_c + \log \sum_j e^{z_j}$$
#
# Its slope in $z_k$ has two parts. The first is $-1$ if $k = c$, else 0. The second is $e^{z_k} / \sum_j e^{z_j}$, and that is $p_k$. Write $y$ for the row that has 1 at the right digit and 0 elsewhere:
#
# $$\frac{\partial \ell}{\partial z_k} = p_k - y_k \tag{4.8}$$
#
# **Question 4-b.** Three classes, $(p_1, p_2, p_3) = (0.7, 0.2, 0.1)$, and the second is right. What is the slope of $\ell$ in $z_2$?

# %%
ask.number("4-b", "slope =")

# %%
check.prediction("4-b")

# %% [markdown]
# The loss of a batch is the mean over its examples. So each row of the message is that row's $p - y$, divided by the number $n$ of examples, times the upstream gradient.
#
# `ours.softmax` turns each row of an array into probabilities. It subtracts the row's maximum first, which changes nothing in (4.7) and keeps $e^z$ from overflowing.
#
# **Exercise 4-5 (implement).** `cross_entropy(z, labels)`: the mean loss of a batch, as *one* node with one rule. `z` is a node with the logits, one row an example; `labels` holds the right digits as integers. Take the number of classes from `z`: it need not be 10. `p[np.arange(n), labels]` picks from each row of `p` the probability of its label.

# %%
softmax = ours.softmax
print(softmax(np.array([[2.0, 1.0, 0.0], [1000.0, 0.0, 0.0]])).round(3))

def cross_entropy(z, labels): ...

check.exercise("4-5", cross_entropy)

# %% [markdown]
# ### What one digit asks for
#
# Take the smallest digit reader, one layer with zero weights. `mnist.load_mnist` gives the digits of chapters 2 and 3, in parts: `x_train` holds 7,000 images of 784 pixels, `y_train` the digits they show. Its `p` is 0.1 everywhere: it knows nothing. Now show it one image. Minus the gradient is what this image *asks for*: which weights to raise, which to lower. `draw_weights` draws each column of an array as an image, all on one scale: red positive, blue negative. `figure` makes the paper, `picture` shows it. Column $k$ belongs to the output for digit $k$.

# %%
cross_entropy = check.tried("4-5", cross_entropy, ours.cross_entropy)
digits = mnist.load_mnist("small")

def asks(images, labels):
    w, b = Node(np.zeros((784, 10))), Node(np.zeros(10))
    backward(cross_entropy(matmul(Node(images.astype(float)), w) + b, labels))
    return -w.grad

first = digits.x_train[:1], digits.y_train[:1]
hundreds = digits.x_train[:500], digits.y_train[:500]

# %%
fig, (one, many) = figure(8.5, 2.6, rows=2)
for ax, (images, labels), who in ((one, first, f"one {first[1][0]} asks for"), (many, hundreds, "500 digits, on average, ask for")):
    draw_weights(ax, asks(images, labels), columns=10, labels=list("0123456789")).colorbar.set_label("asks")
    ax.set_title(who)
picture(fig, alt="Two rows of ten images, one for each output. Above, a single digit asks for its own shape in its own "
                 "output, strongly, and against it in all others, faintly. Below, averaged over 500 digits, each output "
                 "shows the shape of its digit in red and its rivals in blue. Each row has its own scale.")

# %% [markdown]
# By (4.6) and (4.8) it must be so: $-X^\top(p - y)$ is the image itself, times 0.9 for its own output and times −0.1 for every other. One image is selfish: it wants to be read. The average keeps what many agree on, and these are the shapes of the digits. (Each row has its own scale: the wishes of many cancel in good part.)
#
# ## 4.6 Your engine reads digits
#
# All parts are there. The network: 784 pixels, 64 hidden units with ReLU, 10 logits. Its weights start as small random numbers, in float32: seven digits each, half the memory of float64 and its sixteen.

# %%
rng = np.random.default_rng(0)

def start(inputs, units):
    return Node(rng.normal(0, np.sqrt(2 / inputs), (inputs, units)).astype(np.float32))

params = [start(784, 64), Node(np.zeros(64, np.float32)), start(64, 10), Node(np.zeros(10, np.float32))]

def network(x):
    w1, b1, w2, b2 = params
    return matmul(relu(matmul(x, w1) + b1), w2) + b2

# %% [markdown]
# First the check by people who have never seen your code: the same loss and its gradients in the book's engine, whose node is a `Tensor` and whose functions live in `ops`, and in PyTorch.

# %%
x_batch, y_batch = digits.x_train[:64], digits.y_train[:64]
backward(cross_entropy(network(Node(x_batch)), y_batch))
book = [Tensor(p.value, requires_grad=True) for p in params]
ops.cross_entropy(ops.relu(x_batch @ book[0] + book[1]) @ book[2] + book[3], y_batch).backward()
theirs = [torch.tensor(p.value, requires_grad=True) for p in params]
logits = torch.relu(torch.tensor(x_batch) @ theirs[0] + theirs[1]) @ theirs[2] + theirs[3]
torch.nn.functional.cross_entropy(logits, torch.tensor(y_batch)).backward()
for p, ours_too, torchs in zip(params, book, theirs, strict=True):
    assert np.allclose(p.grad, ours_too.grad, atol=1e-6) and np.allclose(p.grad, torchs.grad.numpy(), atol=1e-6)
    print(f"{p.value.shape!s:10} agrees with the book's engine and with PyTorch to 0.000001")

# %% [markdown]
# Now train. The loop is that of chapter 3: empty the gradients, forward, backward, step, with learning rate 0.2. `data.batches` deals the training digits out in random batches of 50. One pass over them all is an **epoch**. After each, the network reads the 1,000 digits of the validation part, `x_val`, which it never trains on. `draw_curves` draws its accuracy, `draw_digits` shows forty validation digits with what your engine reads, wrong ones framed.

# %%
def accuracy(images, labels):
    return (network(Node(images)).value.argmax(axis=1) == labels).mean()

scores = [accuracy(digits.x_val, digits.y_val)]
for _ in range(8):
    for images, labels in data.batches(digits.x_train, digits.y_train, 50, rng):
        for p in params:
            p.grad = 0.0
        backward(cross_entropy(network(Node(images)), labels))
        for p in params:
            p.value = p.value - np.float32(0.2) * p.grad
    scores.append(accuracy(digits.x_val, digits.y_val))
assert scores[0] < 0.25 and scores[-1] > 0.91

# %%
fig, (curve, sheet) = figure(9, 3.4, columns=2, width_ratios=[1, 1.7])
draw_curves(curve, {"validation": (range(9), scores)}, xlabel="epoch", ylabel="share read rightly")
curve.set_title(f"after 8 epochs: {scores[-1]:.1%}")
draw_digits(sheet, digits.x_val[:40], digits.y_val[:40], network(Node(digits.x_val[:40])).value.argmax(axis=1), columns=10)
picture(fig, alt="Left: the share of validation digits read rightly climbs from about a tenth to more than nine tenths. "
                 "Right: forty handwritten digits with their readings, nearly all right.")

# %% [markdown]
# This is your engine: a `Node`, an order, a `backward` of six lines, a few operations. Chapter 12 gets more out of the same digits. What the book's engine adds is more operations, good errors, and derivatives of derivatives.
#
# ## 4.7 The table of derivatives
#
# An operation is a forward function and one rule for each input. The book's engine keeps them in one table, `OPS`. `show_rules` shows entries of it, each rule as a formula and as the code from which that formula was made. These five are Table 2 of the source text. Here $g$ is what arrives from above, $z$ (in code `out`) the value, $x$ and $y$ the inputs; `_flip` transposes.

# %% tags=["source: §4.8", "source: Table 2"]
show_rules("add", "mul", "matmul", "relu", "sigmoid")

# %% [markdown]
# You have derived all five: the sum hands on, the product switches, the matrix product switches and transposes (section 4.3), ReLU lets through or blocks, and $\sigma' = \sigma(1 - \sigma)$ is (3.4). No entry mentions broadcasting: a `sum_to` in the engine looks after all of them, as in yours.
#
# ### Add your own
#
# The table is open. A new entry: a bell-shaped bump, $z = e^{-x^2}$.
#
# **Exercise 4-6 (derive).** Its rule: from `g`, `out` and `x`, the message to `x`. In the cell after it, `ops.primitive` enters the function with this rule; `example` tells the book's tests on which inputs to try it.

# %%
def bump_rule(g, out, x): ...

check.exercise("4-6", bump_rule)

# %%
bump_rule = check.tried("4-6", bump_rule, ours.bump_rule)

@ops.primitive(bump_rule, tex="bump", example=lambda rng: ((rng.normal(size=3),), {}))
def bump(x):
    return np.exp(-(x**2))

folded(show_rules("mul", "bump"), "Show the table with the new entry")

# %% [markdown]
# ## 4.8 Check it by differences
#
# Your rules agree with PyTorch's, so far. For a new rule there is nothing to agree with. But a slope is the limit of a quotient, and a computer can take a quotient:
#
# $$f'(x) \approx \frac{f(x + h) - f(x - h)}{2h} \tag{4.9}$$
#
# It knows nothing of your rules, so it cannot share their mistakes. But if $f$ itself is wrong, and its rule fits, it notices nothing.
#
# **Exercise 4-7 (implement).** `differences(f, x, h=1e-5)`: the gradient of a number `f(x)` by (4.9), for an array `x` of any shape, one entry at a time. `np.ndindex(x.shape)` runs through all its indices. The cell after it tries your `cross_entropy` both ways.

# %%
def differences(f, x, h=1e-5): ...

check.exercise("4-7", differences)

# %%
differences = check.tried("4-7", differences, ours.differences)
z = Node(np.array([[2.0, -1.0, 0.5]]))
label = np.array([2])
backward(cross_entropy(z, label))
print("rule:       ", z.grad.round(6))
print("differences:", differences(lambda v: float(cross_entropy(Node(v), label).value), z.value).round(6))

# %% [markdown]
# How small should $h$ be? If it is large, the quotient is not yet the slope. If it is tiny, the two values of $f$ agree in almost all their digits, and their difference is mostly **rounding**. (The first error is called **truncation**; the lab draws what theory says of each.) **Task:** find the $h$ with the smallest error. Then switch to float32, and find it again.

# %%
labs.finite_difference.show(function="exp", x=1.0)

# %% [markdown]
# About $10^{-5}$ in float64; in float32 the best is far worse. The appendix, in its section on finite differences, says why. Three habits: check in float64, with $h$ near $10^{-5}$; compare relative errors; draw the inputs at random, because special points hide mistakes.
#
# The book's own check is `gradcheck.gradcheck`. On your `bump` it keeps silent. A check that never complains is worth nothing, so give it a wrong rule too, one that forgot the minus. (`ops.sum` makes one number of an array.)

# %%
@ops.primitive(lambda g, out, x: g * 2 * x * out, example=lambda rng: ((rng.normal(size=3),), {}))
def wrong_bump(x):
    return np.exp(-(x**2))

gradcheck.gradcheck(lambda x: ops.sum(bump(x)), np.array([1.0, 2.0]))
try:
    gradcheck.gradcheck(lambda x: ops.sum(wrong_bump(x)), np.array([1.5]))
except AssertionError as error:
    print(error)
for name in ("bump", "wrong_bump"):                             # leave the table as it was
    engine.OPS.pop(name, None)

# %% [markdown]
# **Exercise 4-8 (break).** A lazy programmer tests derivatives of $x^3$ at $x = 0$ and at $x = 1$, and nowhere else. Write a *wrong* derivative that passes.

# %%
def wrong_slope(x): ...

check.exercise("4-8", wrong_slope)

# %% [markdown]
# ## 4.9 Break it
#
# An engine that crashes is easy to mend. One that gives wrong numbers trains a little worse, and nobody notices. Four classics:
#
# | sabotage | what is wrong |
# |---|---|
# | `=` for `+=` | the last message overwrites the others |
# | no topological order | a node passes its gradient on before all of it has arrived |
# | forgotten `zero_grad` | the gradient of the last step is still there |
# | `backward` twice | the same messages are added a second time |
#
# What does the last one do to $f = (x + y)\,y$ at $x = 3$, $y = 2$, where the gradients are 2 and 7?

# %%
x, y = Node(np.array(3.0)), Node(np.array(2.0))
f = (x + y) * y
backward(f)
backward(f)
x_book, y_book = (Tensor(v, requires_grad=True) for v in (3.0, 2.0))
f_book = (x_book + y_book) * y_book
f_book.backward()
f_book.backward()
print("yours:     ", float(x.grad), float(y.grad))
print("the book's:", float(x_book.grad), float(y_book.grad))

# %% [markdown]
# The book's engine keeps gradients at the leaves only, and there they double. In yours the sum $u = x + y$ keeps its gradient too: in the second run it sends the old and the new one.
#
# **Question 4-c.** With `backward` called twice on the same graph, for which of these is `x.grad` right all the same?

# %%
ask.choice("4-c", "right for", ours.UNSEEN)

# %%
check.prediction("4-c")

# %% [markdown]
# In the lab choose a sabotage and a formula. Three checks are run on the broken engine: differences in the first step of training, in the second, and whether the same gradient, asked for twice, comes out the same. **Task:** for each sabotage, find a formula on which *no* check notices it.

# %%
labs.broken_backprop.show(sabotage="assign")

# %% [markdown]
# What you can find:
#
# | sabotage | wrong where | escapes where |
# |---|---|---|
# | `=` for `+=` | a node is used twice | every node is used once |
# | no order | a node *in the middle* is used near and far | only leaves are shared; or all messages come in time, as in `u = x*y; f = (u + x)*u` |
# | forgotten `zero_grad` | from the second step on | the first step; a gradient of 0, as in `x - x` |
# | `backward` twice | everywhere else | a gradient of 0, as in `x - x` |
#
# So a test needs a shared node in the middle, reached by ways of different length; two steps; and no gradient that is 0.
#
# ### A fault of arrays
#
# Arrays add a fault that numbers don't have. A sum hands on the array $g$ *itself*. If you store the first message as it is and add the next one in place, with `+=`, you write into an array that others hold too:

# %%
def backward_in_place(root):
    root.grad = np.ones_like(root.value)
    for node in reversed(topological_order(root)):
        for parent, rule in zip(node.parents, node.rules, strict=True):
            message = sum_to(rule(node.grad), np.shape(parent.value))
            if isinstance(parent.grad, float):                  # still 0.0: the first message
                parent.grad = message
            else:
                parent.grad += message

for name, graph in (("a * c * a", lambda a, c: a * c * a), ("(a + c) + a", lambda a, c: (a + c) + a)):
    a, c = Node(np.array([2.0, 3.0])), Node(np.array([5.0, 4.0]))
    backward_in_place(graph(a, c))
    print(f"{name:12} a.grad {a.grad}  c.grad {c.grad}")

# %% [markdown]
# The first line is right: it is $2ac$ and $a^2$. In the second, `c.grad` should be 1 in both places. Starting from `grad = 0.0`, as your `Node` does, saves you: `0.0 + message` is a new array, and only then does `+=` write into it. Either store a copy of the first message, or never add in place. This is why exercise 4-2 was tried on `(a + b) + a`.

# %% [markdown]
# ## 4.10 Kinks
#
# ReLU, the absolute value (`abs`) and the maximum (`max`) have kinks: points without a slope. An engine must return *something* there, and what it returns is a convention. Ours are PyTorch's. `gradcheck.numerical_grad` is (4.9); `engine.grad` makes of a function its slope, by the book's engine:

# %%
for name, f in (("relu", ops.relu), ("abs", ops.abs)):
    print(f"{name} at 0:  engine {engine.grad(f)(0.0)}, differences {gradcheck.numerical_grad(f, 0.0)}")
print("max(2, 2, 1):  engine", engine.grad(ops.max)(np.array([2.0, 2.0, 1.0])))

# %% [markdown]
# Differences take the mean of the two sides. The engine follows its convention: 0 for `relu` and for `abs`, and `max` splits a tie evenly. Almost always this is harmless: a sum of many numbers is almost never exactly 0.
#
# **Question 4-d.** $\mathrm{relu}(x) - \mathrm{relu}(-x)$ is $x$, written in a roundabout way. What does the engine say is its slope at $x = 0$?

# %%
ask.number("4-d", "slope =")

# %%
check.prediction("4-d")

# %% [markdown]
# The convention belongs to the operation, not to the function you build from it. So at a kink a gradient check can fail without any fault of yours, as for `relu` above. For `abs` the two agree. Draw inputs away from kinks.
#
# ## 4.11 On MNIST: whom does a gradient answer?
#
# The image is a leaf like any other. Ask your trained network for its gradient: each pixel says how much the loss would rise with more ink there. Eight validation digits, ordered by $p$, the probability that the network gives to the right answer.

# %%
p_right = softmax(network(Node(digits.x_val)).value)[np.arange(1000), digits.y_val]
chosen = [np.abs(p_right - p).argmin() for p in (0.05, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)]
images = Node(digits.x_val[chosen])
backward(cross_entropy(network(images), digits.y_val[chosen]))
fig, (top, bottom) = figure(8.5, 3.0, rows=2)
captions = [f"{d}: p = {p:.2f}" for d, p in zip(digits.y_val[chosen], p_right[chosen], strict=True)]
draw_digits(top, digits.x_val[chosen], captions, columns=8)
draw_weights(bottom, images.grad.T, columns=8).colorbar.set_label("∂loss/∂pixel")
picture(fig, alt="Eight digits with the probability of the right answer, from low to high, and below each its gradient "
                 "by pixel, all on one scale: strong where the right answer has a low probability, pale where it has a high one.")

# %% [markdown]
# All eight on one scale. Red: ink here would make the network less sure of the right digit. Blue: ink would help. The surer it is of the right digit, the paler the picture: where $p - y$ is almost 0, so is everything behind it.
#
# Now the weights of the first layer, on a batch of 64 images.
#
# **Question 4-e.** Each row of $W^1$ holds the weights that leave one pixel. Which rows have a gradient of exactly 0?

# %%
ask.choice("4-e", "exactly 0:", ours.ROWS)

# %%
check.prediction("4-e")

# %%
for p in params:
    p.grad = 0.0
images = Node(x_batch)
backward(cross_entropy(network(images), y_batch))
w_grad, no_ink = params[0].grad, (x_batch == 0).all(axis=0)
rows, columns = (w_grad[no_ink] == 0).all(axis=1).sum(), (images.grad[:, no_ink] == 0).all(axis=0).sum()

# %%
busiest = np.argsort(-np.abs(w_grad).sum(axis=0))[:10]
fig, ax = figure(8.5, 1.9)
draw_weights(ax, w_grad[:, busiest], columns=10).colorbar.set_label("∂loss/∂weight")
ax.set_title(f"of the {no_ink.sum()} pixels without ink, all zero: {rows} rows of ∂ℒ/∂W¹, {columns} columns of ∂ℒ/∂X")
folded(picture(fig, alt="The gradients of ten hidden units' weights, as images, on one scale: strokes of digits, and 0 "
                        "at the border, where no image has ink. Of the columns of ∂ℒ/∂X none is all zero."),
       "Show ∂ℒ/∂W¹")

# %% [markdown]
# Each image is the gradient of one hidden unit's weights. A few digits stand out: those that the network is least sure of. By (4.6) this is $X^\top \delta$, made of ink. Where no image has ink, nothing is learned. By (4.3) the gradient of the pixels is $\delta\, W^\top$: made of weights. Ink there *would* matter. The two messages of one matrix product answer different questions.

# %% [markdown]
# ## In PyTorch
#
# | here | in PyTorch |
# |---|---|
# | `Node(np.array(…))` | `torch.tensor(…, requires_grad=True)` |
# | `matmul(x, w) + b`, w of shape (in, out) | `torch.nn.Linear`, which stores the transpose, (out, in) |
# | `cross_entropy(z, labels)` | `torch.nn.functional.cross_entropy(z, labels)`: softmax is inside |
# | an entry of `OPS` | a `torch.autograd.Function`, with `forward` and `backward` |
# | `gradcheck.gradcheck(f, x)` | `torch.autograd.gradcheck(f, x)` |
# | `engine.grad(f)` | `torch.func.grad(f)` |
#
# ## Further reading
#
# - T. Parr, J. Howard, *The matrix calculus you need for deep learning*, arXiv 1802.01528, 2018. Section 4.3 at length.
# - S. Prince, *Understanding Deep Learning*, MIT Press 2023, chapter 7; A. Zhang and others, *Dive into Deep Learning*, d2l.ai, section 5.3. The layer equations (4.5) and (4.6).
# - G. Sanderson (3Blue1Brown), *What is backpropagation really doing?*, video, 2017. One digit asks for nudges.
# - A. Karpathy, *Becoming a backprop ninja*, video lecture, 2022. Every rule of a network by hand, p − y among them.
# - S. Kakade, J. Lee, *Provably correct automatic subdifferentiation for qualified programs*, NeurIPS 2018. The roundabout identity of section 4.10.
#
# Next: [gradient descent](05_gradient_descent.ipynb), what to do with all these gradients.
