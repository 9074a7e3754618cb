# %% [markdown]
# # 8 Automatic differentiation
#
# You have built an engine that differentiates programs. In this chapter you see what PyTorch does with yours: the same graph, node by node, and then what a graph costs, what it may forget, and where it misleads.

# %%
import re

import numpy as np
import torch

from textbook import OPS, Tensor, ask, check, data, engine, grad, hvp, jvp, labs, nn, no_grad, ops, optim, torch_twin
from textbook.exercises import chapter_08 as ours
from textbook.expression import parse
from textbook.memory import checkpoint, saved_bytes
from textbook.per_example import per_example_gradients
from textbook.plots import draw_digits, figure, picture
from textbook.show import folded, show_source
from textbook.train import train

labs.torch_graph.show()

# %% [markdown]
# Above, the graph of our engine. Below, the one that PyTorch has recorded for the same formula. Step back from the result: at each node both have the same value (blue) and the same gradient (orange).
#
# **You will be able to**
#
# - tell numeric, symbolic and automatic derivatives apart, and say what each costs;
# - run the chain rule forwards, and choose the cheaper direction;
# - read PyTorch's graphs, recorded and traced;
# - say what a backward pass keeps in memory, and make it keep less;
# - avoid the traps: lost digits, lost graphs, values changed too late.
#
# **You need** [chapter 4](04_backpropagation_on_arrays.ipynb). **Time**: two hours with the exercises. All of the chapter compares with PyTorch; it must be installed.
#
# Of the imported names, `ask` and `check` take your answers, `folded` hides an output, `show_source` shows the package's code, `labs` holds the live pictures, `ours` the book's answers; `figure`, `picture`, `draw_digits` print pictures. `Tensor` is our array that remembers how it was made, and `f.backward()` fills `.grad`. The others come where they are needed.
#
# ## 8.1 Three ways to a derivative
#
# **Numeric**: try two nearby points. **Symbolic**: apply the rules to the formula, and get a formula. **Automatic**: apply the rules to the *numbers* while the program runs. One example for all three: start with $x$ and repeat $n$ times
#
# $$\ell\leftarrow4\,\ell\,(1-\ell)\tag{8.1}$$
#
# For the symbolic way a formula is written as nested tuples: `"x"`, a number, or a sign `"+"` or `"*"` with two formulas. So $1-\ell$ is `("+", 1, ("*", -1, e))`, where `e` is the formula for $\ell$.

# %%
def logistic(n):
    e = "x"
    for _ in range(n):
        e = ("*", 4, ("*", e, ("+", 1, ("*", -1, e))))
    return e

logistic(1)

# %% [markdown]
# **Exercise 8-1 (implement).** Write the derivative by $x$ of such a formula, as a formula. It is a function that calls itself. No simplifying: `("+", 1, 0)` may stay as it is.

# %%
def derivative(e): ...

check.exercise("8-1", derivative)

# %% [markdown]
# How long do the formulas get? `ours.size` counts the operations that are written down. The first column is for the program (8.1), which keeps $\ell$ in a variable and uses it twice: four operations a turn.

# %% tags=["source: §7.1"]
derivative = check.tried("8-1", derivative, ours.derivative)
for n in (1, 2, 4, 6, 8):
    print(f"n = {n}: program {4 * n:2}, formula f {ours.size(logistic(n)):5,}, formula f′ {ours.size(derivative(logistic(n))):6,}")

# %% [markdown]
# This is **expression swell**. A formula has no variables, so it repeats what a program shares. (Real systems simplify, and share again: then they are on the way to the automatic one.)
#
# The automatic way works on the program. `grad(f)` is our engine's: one backward pass over the graph that the run leaves, here of three operations a turn, since it may subtract. For the numeric way we take central differences with $h=10^{-5}$. (`ours.value` gives the value of a formula at an $x$.)

# %%
def program(x, n=8):
    for _ in range(n):
        x = 4 * x * (1 - x)
    return x

x, h = 0.3, 1e-5
exact = ours.value(derivative(logistic(8)), x)
print(f"symbolic  {exact:.9f}")
print(f"automatic {grad(program)(x):.9f}")
print(f"numeric   {(program(x + h) - program(x - h)) / (2 * h):.9f}")

# %% [markdown]
# | way | exact? | price of a gradient by 1,000 inputs |
# |---|---|---|
# | numeric | a few digits are lost, whatever $h$ ([appendix, A.10](90_mathematics.ipynb)) | 2,000 runs of the program |
# | symbolic | as rounding allows | a formula that may grow exponentially |
# | automatic, backwards | as rounding allows | one run and one backward pass: a few times the run, for a million inputs too |
#
# ## 8.2 Forwards
#
# The chain rule has two directions. Backpropagation starts from the result. One can start from an input, too: let it move with speed 1, hold the other inputs still, and ask how fast everything else moves. This speed is called **tangent** and written with a dot. Each parent $p$ of a node $c$ adds its speed times the slope of $c$ in $p$:
#
# $$\dot{c}=\sum_{p\to{c}}\frac{\partial{c}}{\partial{p}}\,\dot{p}\tag{8.2}$$
#
# By hand for $f=(x+y)\cdot{y}$ at $x=3$, $y=2$, while $y$ moves. Go in topological order, parents first, and write beside each value its tangent:
#
# | node | value | tangent |
# |---|---|---|
# | $x$ | 3 | $\dot{x}=0$, it is held still |
# | $y$ | 2 | $\dot{y}=1$, it moves |
# | $u=x+y$ | 5 | $1\cdot\dot{x}+1\cdot\dot{y}=0+1=1$ |
# | $f=u\cdot{y}$ | 10 | $y\,\dot{u}+u\,\dot{y}=2\cdot1+5\cdot1=7$ |
#
# The last tangent is $\partial{f}/\partial{y}=7$, as backwards. Of $x$ it says nothing: for $\partial{f}/\partial{x}$ start again, with $\dot{x}=1$ and $\dot{y}=0$. (Try it: the tangents are 1 and 2.)
#
# **Exercise 8-2 (implement).** A **dual number** carries its value and its tangent. Complete the sum and the product; both return a `Dual`.

# %%
class Dual:
    """A value, and how fast it changes."""

    def __init__(self, value, tangent=0.0):
        self.value, self.tangent = value, tangent

    def __add__(self, other): ...

    def __mul__(self, other): ...

check.exercise("8-2", Dual)

# %%
Dual = check.tried("8-2", Dual, ours.Dual)
y = Dual(2.0, 1.0)
vars((Dual(3.0) + y) * y)      # vars: what an object holds

# %% [markdown]
# That was all of forward mode: no graph, nothing kept. Our engine has it as `jvp(f)(x, v)`, the **Jacobian-vector product**: how fast f's outputs move while the inputs move with velocity $v$. (It records a graph, as always, and walks it forwards.) The Jacobian $J$ has a row for each output and a column for each input ([appendix, A.4](90_mathematics.ipynb)).
#
# Where does it get the local rules? The table of derivatives, `OPS`, holds for each edge the backward message $J^\top{g}$, for the upstream gradient $g$. No second table is needed. The message is *linear* in $g$, so its dot product with $v$ has the same gradient by $g$ everywhere:
#
# $$\frac{\partial}{\partial{g}}\bigl((J^\top{g})\cdot{v}\bigr)=J\,v\tag{8.3}$$
#
# Try it on the edge $u\to{f}$ of the example, with $\dot{u}=1$. Its entry is `vjps[0]` of `mul`; a tensor `g` goes in:

# %%
g = Tensor(1.0, requires_grad=True)
OPS["mul"].vjps[0](g, 10.0, 5.0, 2.0).backward(seed=1.0)      # given: upstream, result, u = 5, y = 2; the seed is u̇ = 1
print("y·u̇ =", g.grad, "  the whole walk:", jvp(lambda x, y: (x + y) * y)((3.0, 2.0), (0.0, 1.0)))

# %% [markdown]
# So every operation of the table runs forwards, and none was written twice. The walk itself, `engine.tangent_steps`, mirrors backpropagation's (a node's `recipe` holds its operation and its parents; `_along` is (8.3), for one edge; `new` makes the record of a step):

# %%
show_source(engine.tangent_steps, docstring=False)

# %% [markdown]
# ## 8.3 Which direction?
#
# A pass forwards, by (8.2), answers for one direction of the inputs. A backward pass answers for one combination of the outputs.
#
# **Question 8-a.** A net takes 784 pixels to 10 logits. How many passes forwards does its whole Jacobian take?

# %%
ask.number("8-a", "passes:")

# %%
check.prediction("8-a")

# %% [markdown]
# **Exercise 8-3 (implement).** Return the Jacobian of `f` at the array `x`, a row for each output, made by calls of `jvp`. (`np.eye(n)` holds the unit vectors, `np.stack` joins arrays.)

# %%
def jacobian(f, x): ...

check.exercise("8-3", jacobian)

# %% [markdown]
# The same matrix from backward passes, row by row, for $f(x)=\tanh(xW)$ (`ops.tanh`, and in `ops` its kin). `engine.value_and_grad` takes the upstream gradient of the result as its `seed`.

# %%
jacobian = check.tried("8-3", jacobian, ours.jacobian)
w = np.random.default_rng(0).normal(size=(5, 2)).round(1)
f, x = (lambda x: ops.tanh(x @ w)), np.array([0.1, -0.2, 0.3, 0.4, -0.5])
rows = np.stack([engine.value_and_grad(f, seed=row)(x)[1] for row in np.eye(2)])
print(rows.round(3))
print("5 forward passes and 2 backward passes agree:", np.allclose(jacobian(f, x), rows, rtol=1e-13, atol=0))

# %% [markdown]
# A loss has *one* output and perhaps a million inputs. One backward pass gives its whole gradient; forwards it would take a million. That is why deep learning goes backwards.
#
# ## 8.4 Two graphs of one program
#
# In PyTorch a result has a `grad_fn`, the node of its graph. Its `next_functions` lead to the nodes of its inputs, and a leaf ends in an `AccumulateGrad`.
#
# Are these our graphs? `parse` reads a formula, `.tensors` runs it in our engine, `torch_twin.replay` runs the same operations in PyTorch, and `torch_twin.align` walks both graphs at once, from the result back. It stops with an error at the first node that has no counterpart; `worst` is the largest difference that it met.

# %%
root, leaves = parse("f = 2/x + sigmoid(x*y)").tensors(x=0.5, y=2.0)
found = torch_twin.align(root, torch_twin.replay(root))
print(found, "\nvalues and gradients agree to 1e-14:", found.worst < 1e-14)

# %% [markdown]
# One of our nodes has two there: PyTorch computes $2/x$ as $2\cdot\frac1x$. Such things stand in a table, `torch_twin.RULES`, a line each. This one reads `MulBackward(ReciprocalBackward(x), _)` on PyTorch's side and `div(_, x)` on ours; `_` is a constant.
#
# A layer needs more of them. PyTorch stores a weight transposed, so a `TBackward0` turns it; `addmm` computes $xW+b$ in one piece. **Task:** step through the layer and its loss. Which of our operations has no value in PyTorch? (The input $x$ needs no gradient, so PyTorch's graph leaves it out.) (Programs of your own: `labs.graph.show(tensor=torch_twin.graph_of(torch_twin.run(f, 3.0, 2.0))[0])` draws the graph of any PyTorch function `f`.)

# %%
labs.torch_graph.show(program="layer", step=3)

# %% [markdown]
# ## 8.5 Recorded or written down once
#
# Both engines record *while* the program runs. Such a graph is **dynamic**: Python's own `if` and `for` decide what is in it, and every run may have another. (`engine.topological_order` lists all nodes; below, each division brings itself and a constant.)

# %% tags=["source: §7.1"]
def halve(x):
    while x > 1:
        x = x / 2
    return x

for start in (3.0, 40.0):
    out = halve(Tensor(start, requires_grad=True))
    print(f"from {start:4}: {len(engine.topological_order(out)) // 2} divisions recorded")

# %% [markdown]
# A **static** graph is made once, and run many times. That allows what a recording cannot: to look at the whole before anything runs, and to fuse, reorder, plan memory. `torch.fx.symbolic_trace` makes one. It runs the function on a stand-in that has no numbers, and writes down what is done to it.
#
# **Question 8-b.** A function repeats `x = torch.sin(x) * 2` in a loop with three turns. How many `sin` nodes are in its graph?

# %%
ask.number("8-b", "sin nodes:")

# %%
check.prediction("8-b")

# %%
import torch.fx


def waves(x):
    for _ in range(3):
        x = torch.sin(x) * 2
    return x

traced = torch.fx.symbolic_trace(waves)
calls = [node for node in traced.graph.nodes if node.op == "call_function"]
names = [f"{node.name} = {node.target.__name__}{node.args}" for node in calls]
folded("\n".join(names), "Show the graph")

# %% [markdown]
# And where a number decides? The stand-in has none. `outcome` shows what a call gives, or what it raises.

# %%
def outcome(f, *args, **kwargs):
    try:
        return f(*args, **kwargs)
    except Exception as error:
        return f"{type(error).__name__}: {re.split('[:.(]', str(error))[0]}"

def sine_or_minus(x):
    if x.sum() > 0:
        return torch.sin(x)
    return -x

outcome(torch.fx.symbolic_trace, sine_or_minus)

# %% [markdown]
# `torch.compile` mends that. It reads the function's bytecode, and where it meets such an `if`, it ends the graph, lets Python decide, and begins another: a **graph break**. A **guard** notes what the graph took for granted (shapes, types), and where a guard fails, the function is traced again. Each graph then goes to a *backend* that may make fast code of it. Ours makes nothing: it notes the graph, and runs it as it is.

# %%
graphs = []

def backend(graph, inputs):
    graphs.append([node.name for node in graph.graph.nodes if node.op.startswith("call")])
    return graph.forward

compiled = torch.compile(sine_or_minus, backend=backend)
compiled(torch.ones(3)), compiled(-torch.ones(3))
for number, nodes in enumerate(graphs, start=1):
    print(f"graph {number}: {nodes}")

# %% [markdown]
# Three graphs: up to the question, the one branch, and the other once it was needed.
#
# | | dynamic | static |
# |---|---|---|
# | made | in every run | once, and again where a guard fails |
# | `if` and `for` | Python's own | unrolled, a break, or nodes of their own (`torch.cond`) |
# | debugging | `print` anywhere | what runs is not the line that you wrote |
# | optimised as a whole | no | yes |
#
# ## 8.6 What is kept, and what could be forgotten
#
# A backward pass reads values of the forward pass: $\tanh$'s needs its result, a product needs its factors. Until then they stay. `saved_bytes` counts what our graph keeps; `torch_twin.saved_bytes` catches what PyTorch saves. The net: 16 layers of $\tanh(\sin(x))$ on 1,000 numbers, 8,000 bytes for each result.

# %% tags=["source: §7.1"]
def deep(x, layers=16, tanh=ops.tanh, sin=ops.sin):
    for _ in range(layers):
        x = tanh(sin(x))
    return x

numbers = np.linspace(-1, 1, 1000)
leaf, theirs = Tensor(numbers, requires_grad=True), torch.tensor(numbers, requires_grad=True)
print("ours:   ", saved_bytes(deep(leaf)) // 8000, "results")
print("PyTorch:", torch_twin.saved_bytes(lambda: deep(theirs, 16, torch.tanh, torch.sin), [theirs]) // 8000)

# %% [markdown]
# Ours keeps all 32 results. PyTorch asks each operation what its backward function will read: $\sin$ needs its input, $\tanh$ its result, and these are the same tensors. Half of it can go at once.
#
# Can one keep less? **Checkpointing** (Chen et al. 2016) cuts the net into parts. Of each part it keeps the input, and forgets the inside. When the backward pass arrives, the whole part is computed a second time. `checkpoint(f, x)` is `f(x)` under this rule.
#
# **Question 8-c.** A net of 40 operations is cut into 4 parts, all under a checkpoint. How many operations are done a second time?

# %%
ask.number("8-c", "operations:")

# %%
check.prediction("8-c")

# %% [markdown]
# In the lab each layer is a matrix product and a tanh. **Task:** choose the number of parts with the least memory, and step through both passes. What does each tooth of the curve do? (The squares below it are the results held at this moment.)

# %%
labs.memory.show(parts=0)

# %% [markdown]
# **Exercise 8-4 (derive).** $n$ results, cut into $k$ equal parts. At the worst moment the $k$ inputs are held, and the $n/k$ results of one part. Return the $k$ for which $k+n/k$ is least. (It may be any positive number.)

# %%
def best_parts(n): ...

check.exercise("8-4", best_parts)

# %% [markdown]
# Now `deep` from above on both engines, in 4 parts; PyTorch's checkpoint lives in `torch.utils.checkpoint`. (PyTorch's first part has the leaf as its input, which exists anyway: three are left to keep. Ours counts the net's result too.) The count is taken between the passes; in the backward pass the results inside one part come on top, 8 of ours.

# %%
from torch.utils.checkpoint import checkpoint as torch_checkpoint


def in_parts(x, checkpoint, **how):
    for _ in range(4):
        x = checkpoint(lambda x: deep(x, 4, **how), x)
    return x

def theirs_in_parts():
    return in_parts(theirs, lambda f, x: torch_checkpoint(f, x, use_reentrant=False), tanh=torch.tanh, sin=torch.sin)

slopes = grad(lambda x: deep(x).sum())(numbers), grad(lambda x: in_parts(x, checkpoint).sum())(numbers)
print("ours:   ", saved_bytes(in_parts(leaf, checkpoint)) // 8000, "results; the same gradient:", np.array_equal(*slopes))
print("PyTorch:", torch_twin.saved_bytes(theirs_in_parts, [theirs]) // 8000)

# %% [markdown]
# ## 8.7 Half the digits
#
# Many graphics processors compute several times as fast in **float16**, which takes half the memory of float32. But it has few numbers:

# %%
for kind in (np.float16, np.float32):
    about = np.finfo(kind)
    print(f"{kind.__name__}: from {about.smallest_subnormal:.0e} to {about.max:.4g}, next after 1: 1 + {about.eps:.0e}")

# %% [markdown]
# **Question 8-d.** A weight is 1, an update 0.0001. What is the sum in float16?

# %%
ask.number("8-d", "1 + 0.0001 =")

# %%
check.prediction("8-d")

# %% [markdown]
# So **mixed precision** (Micikevicius et al. 2018) keeps the weights in float32, and casts them to float16 for the forward and backward pass. One more thing must be mended. Below, the mean over 4,096 examples (`ops.mean`) gives each an upstream gradient of 1/4096; times an input of 0.0001 that is $2\cdot10^{-8}$, and float16 has no such number. (Its least one is $6\cdot10^{-8}$: less than half of that becomes 0.) The true gradient of $w$ is 0.0001.

# %%
w, inputs = Tensor(np.float32(1.0), requires_grad=True), np.full(4096, 1e-4, np.float16)

def slope(scale):
    w.grad = None
    loss = ops.mean(w.astype(np.float16) * inputs)      # the cast is a node: its gradient comes back in float32
    (loss * scale).backward()
    return w.grad

print(f"as it is: {slope(1.0)}    scaled by 1024: {slope(1024.0) / 1024:.6f}")

# %% [markdown]
# Every message had become 0. **Loss scaling** multiplies the loss by a power of two; by linearity all gradients grow with it, away from the lower end. They are divided again in float32. A scale too large runs into the upper end instead, and `inf` tells: then the step is left out and the scale halved.
#
# **Exercise 8-5 (implement).** `g` is a float16 array, a gradient of scale·loss. Return the gradient of the loss, an array in float32. (`a.astype(np.float32)` casts an array.)

# %%
def unscaled(g, scale): ...

check.exercise("8-5", unscaled)

# %% [markdown]
# In a deep net (`nn.MLP`, six hidden layers of sigmoids), on 64 digits (`data.load_mnist`): cast to float16, how many of the gradients that are not 0 become 0, how many infinite? (`ops.cross_entropy` is the loss of chapter 7.)

# %%
mnist = data.load_mnist()
net = nn.MLP([784, 64, 64, 64, 64, 64, 64, 10], rng=np.random.default_rng(0), activation=ops.sigmoid, init="xavier")
ops.cross_entropy(net(mnist.x_train[:64]), mnist.y_train[:64]).backward()
sizes = np.concatenate([p.grad.ravel() for p in net.parameters()])
sizes = sizes[sizes != 0]
for power in (0, 8, 16, 24):
    with np.errstate(over="ignore"):
        half = (sizes * np.float32(2.0**power)).astype(np.float16)
    print(f"scale 2^{power:<2}  lost: {(half == 0).sum():5,}   infinite: {np.isinf(half).sum():5,}   of {len(half):,}")

# %% [markdown]
# At $2^0$ the smallest are lost, at $2^{24}$ the largest are infinite. Between there is room: at $2^{16}$ none is either.
#
# (**bfloat16** is the other way out: 16 bits with the range of float32, and still fewer digits. As a rule it needs no scaling.)
#
# ## 8.8 Traps, each in both engines
#
# **A value changed too late.** The backward pass reads what the forward pass left. Whoever writes into it in between gets another function's gradient. Both engines count the writes and refuse. PyTorch's `.data` goes past its count, and nobody complains:

# %%
x, t = Tensor(3.0, requires_grad=True, name="x"), torch.tensor(3.0, requires_grad=True)
y, z = x * x, t * t
x.data -= 1.0
with torch.no_grad():
    t -= 1.0
print("ours:   ", outcome(y.backward))
print("PyTorch:", outcome(z.backward))
z = t * t                                               # t is 2: the slope is 4
t.data -= 1.0
z.backward()
print("PyTorch's .data: the slope at 2 is", t.grad.item())

# %% [markdown]
# **Detached, or not recorded.** `x.detach()` has the value of $x$, and no past: gradients stop there, and half of the slope 6 of $x^2$ is gone. Inside `no_grad()` nothing is recorded at all: right for an evaluation or for moving parameters, wrong for a loss.

# %%
x, t = Tensor(3.0, requires_grad=True), torch.tensor(3.0, requires_grad=True)
(x * x.detach()).backward()
(t * t.detach()).backward()
print("detached:", x.grad, t.grad.item())
with no_grad(), torch.no_grad():
    y, z = x * x, t * t
print("ours:   ", outcome(y.backward))
print("PyTorch:", outcome(z.backward))

# %% [markdown]
# **Exercise 8-6 (implement).** Some nets round their weights, and rounding has slope 0: nothing would learn. Write `rounded(x)` for our tensors. It returns a tensor: its value is $x$ rounded, its gradient that of $x$ itself. (`np.round` rounds arrays, `x.data` is the array of a tensor; what is computed from it is a constant.)

# %%
def rounded(x): ...

check.exercise("8-6", rounded)

# %% [markdown]
# **Question 8-e.** Backward twice: $y=x\cdot{x}$ at $x=3$, and `y.backward()` is called two times. What is in `x.grad`?

# %%
ask.choice("8-e", "x.grad:", ["6 in both", "12 in both", "12 here, an error in PyTorch", "an error in both"])

# %%
check.prediction("8-e")

# %%
def twice(tensor, f, **kept):
    x = tensor(3.0, requires_grad=True)
    y = f(x)
    y.backward(**kept), y.backward(**kept)
    return float(x.grad)

folded(f"ours: {outcome(twice, Tensor, lambda x: x * x)}\n"
       f"PyTorch: {outcome(twice, torch.tensor, lambda x: x * x)}\n"
       f"PyTorch, retain_graph=True: {outcome(twice, torch.tensor, lambda x: x * x, retain_graph=True)}\n"
       f"PyTorch, x + x in place of x·x: {outcome(twice, torch.tensor, lambda x: x + x)}", "Show what happens")

# %% [markdown]
# $x+x$ needs no values, so PyTorch has nothing to miss. And `.grad` *adds up*, in both: forget `zero_grad`, and the old gradient stays in the new one.
#
# **Leaves or all nodes?** Both engines fill `.grad` of leaves alone. In PyTorch `u.retain_grad()`, before `backward`, asks for that of an inner node `u`, too:

# %%
x, t = Tensor(3.0, requires_grad=True), torch.tensor(3.0, requires_grad=True)
u, kept = x * 2, t * 2
kept.retain_grad()
(u * u).backward(), (kept * kept).backward()
print("leaves:", x.grad, t.grad.item(), "  inner:", u.grad, kept.grad.item())
(x * 2).backward(), (t * 2).backward()                  # the slope is 2; nothing has emptied .grad
print("not emptied:", x.grad, t.grad.item())

# %% [markdown]
# ## 8.9 Derivatives of derivatives
#
# Our table's rules are made of the table's operations. So a backward pass over tensors records a graph of its own, and can be differentiated again. In PyTorch `create_graph=True` asks for that. A product of the Hessian $H$ (the matrix of second derivatives) with a vector $v$ then comes in two ways: backwards over backwards, `hvp`; or forwards over backwards, the tangent of the gradient:

# %%
def f(x):
    return (x**3).sum() + x[0] * x[1]

x, v = np.array([1.0, 2.0]), np.array([1.0, -1.0])
print("backwards over backwards", hvp(f)(x, v))
print("forwards over backwards ", jvp(grad(f))(x, v))
t = torch.tensor(x, requires_grad=True)
[slope] = torch.autograd.grad(f(t), t, create_graph=True)
[product] = torch.autograd.grad(slope @ torch.tensor(v), t)
print("PyTorch                 ", product.numpy())

# %% [markdown]
# Neither builds the matrix. [Chapter 11](11_second_order.ipynb) lives on such products.
#
# ## 8.10 The source's class, mended
#
# §7.2 prints a class, `ManualComputationalGraph`, for the line $\hat{y}=wx+b$. Its forward pass, word for word in the line that matters:

# %% tags=["source: §7.2", "source: erratum 4"]
class AsPrinted:
    def __init__(self):
        self.w, self.b = torch.tensor(1.0, requires_grad=True), torch.tensor(0.0, requires_grad=True)

    def forward_pass(self, x):
        y_pred = self.w * x + self.b
        loss = (y_pred - y_true) ** 2    # noqa: F821, as printed
        return y_pred, loss

outcome(AsPrinted().forward_pass, 2.0)

# %% [markdown]
# The target never reaches `forward_pass`. And: the loss is computed twice, here and in `backward_pass`; that one promises manual gradients, and calls `loss.backward()`; its argument `x` and two of the imports are unused; no loop ever trains. Mended, with gradients that really are by hand: `forward` keeps what `backward` needs, `update` moves.

# %% tags=["source: §7.2", "source: erratum 4"]
show_source(ours.LineByHand)

# %%
line, printed = ours.LineByHand(), AsPrinted()
for _ in range(2):
    loss = line.forward(2.0, 5.0)
    print(f"w {line.w:.1f}   b {line.b:.1f}   loss {loss:.1f}   gradients {line.backward()}")
    line.update(*line.backward())
((printed.w * 2.0 + printed.b - 5.0) ** 2).backward()
print("PyTorch, at the start:", (printed.w.grad.item(), printed.b.grad.item()))

# %% [markdown]
# That is the worked example of [chapter 6](06_linear_regression.ipynb): one step, and the loss is 0.
#
# ## 8.11 On MNIST: which image pushes hardest?
#
# A batch's gradient adds up what its examples ask for. Before the sum they can be told apart. In a layer $z=xW+b$, row $i$ of the batch has its $x_i$, and its $\delta_i$: the gradient of example $i$'s own loss by $z_i$.
#
# **Exercise 8-7 (derive).** From `x` of shape $(N, n)$ and `delta` of shape $(N, m)$, return the gradient of $W$ for each example, an array of shape $(N, n, m)$.

# %%
def per_example(x, delta): ...

check.exercise("8-7", per_example)

# %% [markdown]
# `per_example_gradients` does this on the edges into all parameters, during one ordinary backward pass. (No example may see another in the net.) Here for a net that has seen each training image once: `train` runs `optim.Optimizer` with `optim.adam` ([chapter 9](09_optimizers.ipynb)) over the batches that `data.batches` deals out.

# %%
model, x_train = nn.MLP([784, 32, 10], rng=np.random.default_rng(0), dtype=np.float64), mnist.x_train.astype(float)
batches = data.batches(x_train, mnist.y_train, 64, np.random.default_rng(1))
for _ in train(model, ops.cross_entropy, batches, optim.Optimizer(model, optim.adam, lr=1e-3)):
    pass

images, labels = mnist.x_val[:200].astype(float), mnist.y_val[:200].astype(int)
mine = per_example_gradients(model, ops.cross_entropy, images, labels)
{name: g.shape for name, g in mine.items()}

# %% [markdown]
# In PyTorch `torch.func.vmap` turns the gradient of one example into that of many: `in_dims` says that all share the parameters (`None`), and each has its own `x` and `y` (axis 0). (`torch_twin.model_twin` is the same net; its weights are transposed, which `np.moveaxis` undoes.)

# %%
twin = torch_twin.model_twin(model)

def loss_of_one(parameters, x, y):
    return torch.nn.functional.cross_entropy(torch.func.functional_call(twin, parameters, x[None]), y[None])

each = torch.func.vmap(torch.func.grad(loss_of_one), in_dims=(None, 0, 0))
theirs = each(dict(twin.named_parameters()), torch.tensor(images), torch.tensor(labels))
pairs = zip(mine.values(), theirs.values(), strict=True)
print("agree:", [np.allclose(a, np.moveaxis(b.numpy(force=True), 1, -1), rtol=1e-10, atol=1e-13) for a, b in pairs])

# %% [markdown]
# The ten of these 200 validation images with the longest gradients (length: the root of the sum of squares, over all parameters). Below each stands what the net says, and what it is:

# %%
length = np.sqrt(sum((g.reshape(len(g), -1) ** 2).sum(axis=1) for g in mine.values()))
said = model(images).data.argmax(axis=1)
hardest, wrong = np.argsort(-length)[:10], said != labels
print(f"wrong: {wrong[hardest].sum()} of these ten, {wrong.sum()} of all 200")
print(f"the ten make up {length[hardest].sum() / length.sum():.0%} of all lengths")
print(f"mean length: {length[wrong].mean():.1f} where the net is wrong, {length[~wrong].mean():.1f} where it is right")
fig, ax = figure(7.2, 1.0)
draw_digits(ax, images[hardest], labels[hardest], said[hardest])
picture(fig, alt="The ten of 200 validation images that push the parameters hardest, with their labels and the net's answers.")

# %% [markdown]
# They are one image in twenty, and pull more than three times as hard as the average. An image that the net gets wrong pushes about four times as hard as one that it gets right.
#
# ## 8.12 On MNIST: one start, two engines
#
# The last test of two equal graphs is a training run. The same first weights, the same batches, 200 steps of Adam, in float64: a gradient that is wrong in one engine soon sends the two apart. (Not if it is wrong by the same factor in every step: Adam divides that away. The comparisons above would see it.) `torch_twin.train_both` takes each step in both engines, and returns both losses of each step, and how far the parameters are apart at the end.

# %%
net = nn.MLP([784, 32, 10], rng=np.random.default_rng(0), dtype=np.float64)
batches = data.batches(x_train[:6400], mnist.y_train[:6400], 32, np.random.default_rng(1))
losses, apart = torch_twin.train_both(net, batches, lr=1e-3)
print(f"the loss falls from {losses[0, 0]:.1f} to {losses[-10:, 0].mean():.1f}")
print("losses agree to 1e-13:    ", np.abs(losses[:, 0] - losses[:, 1]).max() <= 1e-13)
print("parameters agree to 1e-12:", apart <= 1e-12)

# %% [markdown]
# ## In PyTorch
#
# | here | in PyTorch |
# |---|---|
# | `t.recipe` | `t.grad_fn` |
# | `grad(f)(x)`, `jvp(f)(x, v)` | `torch.func.grad(f)(x)`, `torch.func.jvp(f, (x,), (v,))[1]` |
# | `hvp(f)(x, v)` | `torch.func.jvp(torch.func.grad(f), (x,), (v,))[1]` |
# | `checkpoint(f, x)` | `torch.utils.checkpoint.checkpoint(f, x, use_reentrant=False)` |
# | `per_example_gradients` | `torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0, 0))` |
# | a cast and a scale | `torch.autocast`, `torch.amp.GradScaler` |
#
# ## What the source says differently
#
# - §7.2's listing cannot run, and is not manual: section 8.10.
# - §7.1 lists *dynamic* and *static* graphs as two features of each framework. They are two designs, and today's frameworks record by default and trace on request.
# - §7.1's memory optimisation is "intelligent management". It is two decisions that can be named: what each operation saves, and what is computed twice.
#
# ## Further reading
#
# - A. Griewank, A. Walther, *Evaluating Derivatives*, SIAM 2008: both modes, their cost, checkpointing.
# - A. Baydin, B. Pearlmutter, A. Radul, J. Siskind, *Automatic differentiation in machine learning: a survey*, JMLR 18, 2018: the example (8.1).
# - R. Wengert, *A simple automatic derivative evaluation program*, CACM 7, 1964: forward mode. S. Linnainmaa, 1970: backwards.
# - A. Paszke et al., *PyTorch: an imperative style, high-performance deep learning library*, NeurIPS 2019. J. Ansel et al., *PyTorch 2*, ASPLOS 2024: graph breaks and guards.
# - R. Frostig et al., *Decomposing reverse-mode automatic differentiation*, 2021: transposition, (8.3) the other way round.
# - T. Chen, B. Xu, C. Zhang, C. Guestrin, *Training deep nets with sublinear memory cost*, 2016. P. Micikevicius et al., *Mixed precision training*, ICLR 2018. I. Goodfellow, *Efficient per-example gradient computations*, 2015.
#
# Next: [optimizers](09_optimizers.ipynb), what to do with a gradient.
