# %% [markdown]
# # 10 Vanishing and exploding gradients
#
# A gradient walks down through the layers, and each of them multiplies it. You learn to say beforehand what is left of it at the first layer, and to try each known remedy against an honest opponent.

# %%
import functools

import numpy as np

from textbook import Tensor, ask, check, data, init, labs, nn, ops, optim, show, train
from textbook.engine import grad
from textbook.exercises import chapter_10 as ours
from textbook.labs.mnist_training.deep import deep_net, eightfold
from textbook.plots import OKABE_ITO, PALE, figure, picture

labs.gradient_flow.show()

# %% [markdown]
# Fifty layers with random weights. The size of the weights, their **gain**, is on the slider. The gradient enters on the right, at the last layer, and walks to the left. Find the gain at which it arrives with the size it set out with.
#
# **You will be able to**
#
# - say from activation and weights whether a gradient vanishes or explodes, and how fast;
# - name for each remedy what it changes, and where it fails;
# - see the same in recurrent nets, and clip;
# - carry a learning rate from a narrow network to a wide one.
#
# **You need** backpropagation on arrays ([chapter 4](04_backpropagation_on_arrays.ipynb)) and the learning rate ([chapter 5](05_gradient_descent.ipynb)). **Time**: two hours with the exercises.
#
# Of the imported names, `ask` and `check` take your answers, `show.folded` hides an output, `labs` holds the live pictures, `ours` the book's answers; `figure` and `picture` print pictures, in the colours `OKABE_ITO` and `PALE`.
#
# ## 10.1 One number a layer
#
# Take layers of one unit: $z\leftarrow\tanh(w\,z)$, again and again. By the chain rule the derivative of the end by the start is a product, one factor for each layer. At $z=0$, where tanh has slope 1, each factor is $w$: after $D$ layers, the **depth**, the derivative is $w^D$.
#
# **Question 10-a.** Let $w=0.9$, $D=50$ and $z=0$. What is left of a gradient at the first layer?

# %%
ask.choice("10-a", "left at the first layer", ["about 0.45", "about 0.05", "about 0.005", "nothing at all"])

# %%
check.prediction("10-a")

# %% [markdown]
# `grad(net)` is the derivative of `net` by its first argument, computed by our engine; `ops.tanh` is the engine's tanh. At 0, and at 0.5, where the slope of tanh is below 1:

# %%
def net(z, w, layers=50):
    for _ in range(layers):
        z = ops.tanh(w * z)
    return z

rows = [f"w = {w}   at z = 0: {grad(net)(0.0, w):<10.2g} at z = 0.5: {grad(net)(0.5, w):.1e}" for w in (0.9, 1.0, 1.1, 2.0)]
show.folded("\n".join(rows), "Show the derivative after fifty layers")

# %% [markdown]
# A factor below 1 **vanishes**, a factor above 1 **explodes**: exponentially in the depth. The right column shows a third thing. With $w=2$ the derivative explodes at 0 and vanishes from 0.5: within a few layers $z$ climbs to 0.96, where tanh is saturated and $w$ times its slope is only 0.17. Both fates can live in one net.
#
# ## 10.2 Jacobians multiply
#
# A layer of width $n$ takes the row $z$ to $\varphi(z)\,W$: first the activation φ, element by element, then a matrix. (Cut this way, a layer ends with its matrix. For a whole net it makes no difference.) Its **Jacobian**, transposed for the way down, is $J$: a row for each *input*, a column for each output (the gradients stand as columns here):
#
# $$J_{ij}=\frac{\partial{z'_j}}{\partial{z_i}}=\varphi'(z_i)\,W_{ij},\qquad\frac{\partial\mathcal{L}}{\partial{z}}=J\,\frac{\partial\mathcal{L}}{\partial{z'}}\tag{10.1}$$
#
# Down $D$ layers: $\partial\mathcal{L}/\partial{z_0}=J_1J_2\cdots{J_D}\,\,\partial\mathcal{L}/\partial{z_D}$. One gradient enters on the right, and $D$ matrices carry it.
#
# **Exercise 10-1 (implement).** One layer down. `upstream` is ∂ℒ/∂z′, a row for each example; `z` the layer's input; the layer is `tanh(z) @ w`. Return ∂ℒ/∂z.

# %%
def down(upstream, z, w): ...

check.exercise("10-1", down)

# %% [markdown]
# Your function, fifty times, against the engine. (`check.tried` takes yours if right, else the book's.) `init.lecun` draws a matrix of normal numbers with standard deviation $1/\sqrt{n}$; 0.8 times that here. `Tensor` records, and `backward` walks back, starting from the gradient `seed` at the top. `size` is the root mean square, here and in all that follows.

# %%
rng, n, D = np.random.default_rng(0), 64, 50
weights = [0.8 * init.lecun(rng, (n, n)) for _ in range(D)]
states = [rng.normal(size=(16, n))]
for w in weights:
    states.append(np.tanh(states[-1]) @ w)
delta = top = rng.normal(size=states[-1].shape)
for z, w in zip(states[-2::-1], weights[::-1], strict=True):
    delta = check.tried("10-1", down, ours.down)(delta, z, w)

# %%
z = start = Tensor(states[0], requires_grad=True)
for w in weights:
    z = ops.tanh(z) @ w
z.backward(seed=top)

def size(a):
    return np.sqrt(np.mean(np.square(a)))

print(f"size of the gradient at the top {size(top):.2f}, at the bottom {size(delta):.2e}; engine {size(start.grad):.2e}")
assert np.allclose(delta, start.grad, rtol=1e-9, atol=0)

# %% [markdown]
# **Question 10-b.** Multiply the loss by 10. By what is the gradient at the first of the fifty layers multiplied?

# %%
ask.number("10-b", "multiplied by")

# %%
check.prediction("10-b")

# %% tags=["source: erratum 19"]
z = ten = Tensor(states[0], requires_grad=True)
for w in weights:
    z = ops.tanh(z) @ w
z.backward(seed=10 * top)
show.folded(f"at the first layer: {size(ten.grad) / size(start.grad):.1f} times as large", "Show the first layer")

# %% [markdown]
# > **What the source says differently.** §7.5 explains both fates by "small (large) gradients multiplied one after the other". Gradients never meet in a product. If they did, ten times the loss would make the first layer's gradient $10^{50}$ times as large. What multiplies along the depth are the layers' Jacobians; they know the weights and the slopes, and nothing of the loss.
#
# ## 10.3 How long is a product?
#
# $J$ is a matrix, not a number. How can fifty of them have "a factor"? Take the weights as drawn: independent, mean 0, standard deviation $g/\sqrt{n}$. The number $g$ is the **gain**. A component of $Wv$ is a sum of $n$ independent terms of mean 0, so the mean squares add up (E is the mean over the draws):
#
# $$\mathrm{E}\,(Wv)_i^2=\sum_j\frac{g^2}{n}v_j^2=\frac{g^2}n\lVert{v}\rVert^2,\qquad\mathrm{E}\,\lVert{Wv}\rVert^2=g^2\lVert{v}\rVert^2\tag{10.2}$$
#
# On average over the draws, a linear layer multiplies the square of a length by $g^2$, whichever way $v$ points. $D$ layers: $g^{2D}$.
#
# On average. A single matrix has **singular values**, the factors by which it stretches its $n$ special directions ([appendix](90_mathematics.ipynb)).
#
# **Question 10-c.** A 64 × 64 random matrix with $g=1$. Between which numbers do its singular values lie?

# %%
ask.choice("10-c", "between about", ["0.9 and 1.1", "0.5 and 1.5", "0 and 2"])

# %%
check.prediction("10-c")

# %% [markdown]
# Below, the singular values of products of 1, 10 and 50 such matrices, largest first. Beside them fifty from `init.orthogonal`: random rotations and reflections, all of whose singular values are 1.

# %%
fig, ax = figure(7.0, 2.9)
for count, color, dash in ((1, "sky", "-"), (10, "blue", "--"), (50, "black", ":")):
    product = np.linalg.multi_dot([np.eye(n), *(init.lecun(rng, (n, n)) for _ in range(count))])
    ax.semilogy(np.linalg.svd(product, compute_uv=False), color=OKABE_ITO[color], ls=dash, label=f"{count} normal")
product = np.linalg.multi_dot([init.orthogonal(rng, (n, n)) for _ in range(50)])
ax.semilogy(np.linalg.svd(product, compute_uv=False), color=OKABE_ITO["vermilion"], label="50 orthogonal")
ax.set(xlabel="direction, the most stretched first", ylabel="stretched by", ylim=(1e-16, 1e3))
ax.legend(loc="lower left")
picture(fig, alt="One normal matrix: singular values from 2 down to nearly 0. Ten: from about 4 down to 10⁻⁷ and less. Fifty: "
                 "they fall along a line to 10⁻¹⁵, where rounding ends it. Fifty orthogonal ones: 1 throughout.")

# %% [markdown]
# So a product of normal matrices keeps the *mean square* of a length by stretching few directions much and crushing all others. What does one gradient see? Each matrix multiplies its squared length by $g^2$ times a mean of $n$ squares, which scatters by about $\sqrt{2/n}$ of itself. Logarithms add up over the layers: $\ln$ of the length scatters by $\sqrt{D/2n}$, and its mean lies $D/2n$ below $\ln{g^D}$ (the mean of a logarithm is below the logarithm of the mean). We send vectors through 200 products, and compare:

# %%
for width in (8, 32, 128):
    v = np.ones((200, width)) / np.sqrt(width)
    for _ in range(D):
        v = np.einsum("ri,rij->rj", v, rng.standard_normal((200, width, width), dtype=np.float32) / np.sqrt(width))
    logs = np.log(np.linalg.norm(v, axis=1))
    print(f"n = {width:3}: ln of the length: mean {logs.mean():5.2f}, by the rule {-D / 2 / width:5.2f}; "
          f"scatter {logs.std():.2f}, by the rule {np.sqrt(D / 2 / width):.2f}")

# %% [markdown]
# Layers much wider than the net is deep keep to $g^D$; narrow ones scatter, and mostly fall below. In the lab $n=64$, and $\sqrt{D/2n}=0.6$: over fifty layers expect a factor of about 2 up or down.
#
# ### With an activation
#
# (10.1) puts a slope $\varphi'(z)$ before each row of $W$. The mean squares of slopes enter (10.2) as a factor. So a wide layer multiplies the size of a gradient, on average over the draws and if slopes and gradient are independent, by
#
# $$\text{factor}=g\,\sqrt{\mathrm{E}\,\varphi'(z)^2}\tag{10.3}$$
#
# where E is the mean over the values that arrive. For ReLU half of the slopes are 1 and half are 0: the mean square is ½, and the factor is $g/\sqrt2$. So $g=\sqrt2$ keeps the size: He's start (`init.he`). For tanh the slopes depend on how large $z$ is, which depends on $g$ again; followed layer by layer, that is *mean-field theory* (Schoenholz and others, 2017), the dotted line of the lab.
#
# **Exercise 10-2 (derive).** The *leaky ReLU* is $\max(x,a\,x)$: slope 1 above 0 and $a$ below, each for half of the values. Return the gain that keeps the size of gradients.

# %%
def leaky_gain(a): ...

check.exercise("10-2", leaky_gain)

# %% [markdown]
# **Question 10-d.** The sigmoid has the slope $\sigma(z)(1-\sigma(z))$. With $g=1$, how large is the factor (10.3) at most?

# %%
ask.number("10-d", "at most")

# %%
check.prediction("10-d")

# %% [markdown]
# ## 10.4 Measured over predicted
#
# A lab is also a function: called without `show`, it returns its numbers. Four activations at three gains, fifty layers. First what (10.3) predicts for the first layer over the last, then what the engine measures, then their ratio. (`flow` picks the gain from the lab's table of 61.)

# %%
numbers = functools.cache(labs.gradient_flow)    # each setting is computed once

def flow(gain, **settings):
    """The gradient at the first layer over that at the last: predicted, and measured."""
    found = numbers(**settings)
    k = np.abs(found.gain - gain).argmin()
    return found.predicted[0, k], found.gradients[0, k]

for activation in ("linear", "tanh", "sigmoid", "relu"):
    for gain in (0.5, 1.0, 2.0):
        predicted, measured = flow(gain, activation=activation)
        print(f"{activation:8} g = {gain:<4g} predicted {predicted:8.1e}  measured {measured:8.1e}  ratio {measured / predicted:.1f}")

# %% [markdown]
# Sixty powers of ten apart, and these twelve ratios stay between ½ and 2: the scatter of section 10.3. (With tanh and larger gains the lab shows ratios down to 0.1. There most slopes are nearly 0, so few units carry the gradient: it scatters as in a narrow net.)
#
# Now with your hands. Choose *orthogonal* weights and *linear*: what becomes of the ratio? Then *sigmoid*: is there a gain that saves it? Watch the blue line too: it is the signal that goes up.

# %%
labs.gradient_flow.show(activation="sigmoid", gain=1.0)

# %% [markdown]
# With `init.orthogonal` and no activation nothing is left to scatter: the ratio is 1. The sigmoid vanishes at every gain of the slider, least at the largest. And its blue line deceives: the signal keeps its size, but most of it is the same for all inputs, since the outputs of a sigmoid are all positive.
#
# ## 10.5 The remedies, on and off
#
# The source lists six. Against vanishing: ReLU, residual connections, batch normalisation. Against exploding: clipping, initialisation, the learning rate. We take each with an opponent that has everything but the remedy. `flow` gives numbers for fifty layers.
#
# ### ReLU
#
# Its slope is 1 wherever it is not 0: nothing saturates. Is that enough?

# %% tags=["source: §7.5"]
for words, gain, activation in (("sigmoid, gain 1", 1, "sigmoid"), ("ReLU, gain 1", 1, "relu"), ("tanh, gain 1", 1, "tanh"),
                                ("ReLU, gain √2", 2**0.5, "relu"), ("tanh, gain √2", 2**0.5, "tanh")):
    print(f"{words:16} first over last layer {flow(gain, activation=activation)[1]:8.1e}")

# %% [markdown]
# At gain 1 ReLU vanishes too, and worse than tanh. It saves the gradient only together with its start, $\sqrt2$, at which tanh grows.
#
# ### The start
#
# So the right initialisation *is* (10.3) set to 1. It speaks of the first step only: nothing holds the factor once the weights move. Where no formula is at hand, measure.
#
# **Exercise 10-3 (implement).** A start from data. The net is $h\leftarrow\mathrm{relu}(h\,w)$ for each `w` in `weights`, beginning with `h = x`. Layer by layer, divide `w` by the standard deviation of `h @ w`, one number over all its entries, and go on with the new `w`. Leave `weights` as it is. Return the list of new weights.

# %%
def scaled_start(x, weights): ...

check.exercise("10-3", scaled_start)

# %%
x = rng.normal(size=(64, n))
scaled = check.tried("10-3", scaled_start, ours.scaled_start)(x, [0.1 * init.lecun(rng, (n, n)) for _ in range(D)])
gains = np.array([np.std(w) * np.sqrt(n) for w in scaled])
print(f"all were 0.1; now the first is {gains[0]:.2f}, the others {gains[1:].min():.2f} … {gains[1:].max():.2f}, in the mean "
      f"{gains[1:].mean():.2f}; √2 is {2**0.5:.2f}")

# %% [markdown]
# It finds He's gain without knowing of it: 1 for the inputs, and about √2 behind each ReLU. The single layers scatter: sixty-four units are a small sample.
#
# ### Residual connections
#
# A block $f$ with a way around it: $z+f(z)$. Its Jacobian is $I+J_f$, with $I$ the identity matrix, so a gradient always has a free way down. In the package that is `nn.Residual`:

# %%
show.show_source(nn.Residual)

# %% [markdown]
# On average over the draws, the mean square of a gradient is multiplied by $1+\text{factor}^2$. That is never below 1. Is it harmless?

# %% tags=["source: §7.5"]
for activation, gain in (("sigmoid", 1), ("relu", 2**0.5)):
    for residual in (False, True):
        print(f"{activation:8} gain {gain:.3g}, residual {residual!s:5}: {flow(gain, activation=activation, residual=residual)[1]:8.1e}")

# %% [markdown]
# It saves the sigmoid. It also breaks what He's start had mended: $1+1=2$, so each layer multiplies by $\sqrt2$, and fifty explode. A residual net needs a small block, or a normalisation before it.
#
# ### Normalisation
#
# **Batch normalisation** takes each feature over the batch, subtracts its mean, divides by its standard deviation $s$: $\hat{x}=(x-\text{mean})/s$. **Layer normalisation** does the same for each example over its features. Both then stretch and shift by learnt numbers. (A tiny ε is added to the variance, so that $s$ is never 0.) The size of the weights before it now drops out: doubled weights double $s$.
#
# **Exercise 10-4 (implement).** The way down. `upstream` is ∂ℒ/∂x̂, `x_hat` the standardised batch, a row for each example, `s` the standard deviations. Every $x$ moves the mean and $s$ as well. Return ∂ℒ/∂x. (Differentiate $\hat{x}_i$ by $x_j$: the mean contributes $-1/N$, and $\partial{s}/\partial{x_j}=\hat{x}_j/N$, with $N$ rows.)

# %%
def through_standardize(upstream, x_hat, s): ...

check.exercise("10-4", through_standardize)

# %% [markdown]
# The engine's entry says the same (`show_rules` prints entries of the table of derivatives; in them, `g` is the gradient from above and `out` the result; `standardize` is the operation, `nn.BatchNorm` and `nn.LayerNorm` are the layers):

# %%
show.folded(show.show_rules("standardize"), "Show the engine's entry")

# %%
for words, settings in (("sigmoid, nothing", {}), ("sigmoid, batch", {"norm": "batch"}), ("sigmoid, layer", {"norm": "layer"}),
                        ("sigmoid, layer, residual", {"norm": "layer", "residual": True})):
    print(f"{words:27} {flow(1.0, activation='sigmoid', **settings)[1]:8.1e}")
for words, settings in (("ReLU at √2, nothing", {}), ("ReLU at √2, batch", {"norm": "batch"}),
                        ("ReLU at √2, batch, residual", {"norm": "batch", "residual": True})):
    print(f"{words:27} {flow(2**0.5, activation='relu', **settings)[1]:8.1e}")

# %% [markdown]
# Two surprises. Layer normalisation does *not* save the sigmoid. It divides by the spread over the features; behind sigmoids, most of that spread is shared by all examples, so what tells them apart is divided by far too much, and its gradient too. Batch normalisation subtracts what is shared. But batch normalisation, a remedy against vanishing, makes plain ReLU nets *explode*, by $\sqrt{\pi/(\pi-1)}\approx1.21$ a layer: Yang and others (2019) derive it. With residual connections both are tame: here the block's share shrinks as $z$ grows. Residual connections with a normalisation, batch or layer, are in most deep nets of today.
#
# Batch normalisation has a second nature. In training an example's result depends on its companions in the batch. In use there may be none, so it keeps running means of what it saw (`train` and `eval` switch its mode):

# %%
norm, batch = nn.BatchNorm(3, dtype=float), np.random.default_rng(1).normal(size=(8, 3))
print("in training, the first of 8:  ", norm(batch).data[0].round(2), " of 4:", norm(batch[:4]).data[0].round(2))
norm.eval()
print("in evaluation, the first of 8:", norm(batch).data[0].round(2), " of 4:", norm(batch[:4]).data[0].round(2))

# %% [markdown]
# ### Clipping
#
# If the joint length of all gradients exceeds a limit, scale all of them down to it, by one number.
#
# **Question 10-e.** In some net the first layer's gradient is a millionth of the last one's. Clip to length 1. What is it then?

# %%
ask.choice("10-e", "after clipping", ["as large as the last one's", "still a millionth of the last one's", "zero"])

# %%
check.prediction("10-e")

# %% [markdown]
# **Exercise 10-5 (implement).** `grads` is a list of arrays. Return a new list, scaled together to a joint Euclidean length of at most `max_norm`.

# %%
def clipped(grads, max_norm): ...

check.exercise("10-5", clipped)

# %% [markdown]
# ### The learning rate
#
# It multiplies all gradients alike, as clipping does. Take a net whose first layer gets a millionth of the last one's gradient. A rate that moves the first throws the last a million times as far. Adam, which divides by each parameter's own past size ([chapter 9](09_optimizers.ipynb)), escapes *that* argument. We put Adam to the test in sections 10.6 and 10.8.
#
# ## 10.6 Through time
#
# A **recurrent** net reads a sequence $x_1,x_2,\dots$ and keeps a state $h$: the simplest, after Elman (1990), is
#
# $$h_t=\tanh(x_t\,W_x+h_{t-1}\,W_h+b)\tag{10.4}$$
#
# The *same* $W_h$ at every step. So a gradient that walks back $T$ steps is multiplied by powers of one matrix (and by the slopes of tanh, which are 1 near $h=0$). Its eigenvalues ([appendix](90_mathematics.ipynb)) rule in the long run. Let the **spectral radius** ρ be the size of the largest. `elman` is (10.4) as code.

# %%
def elman(x, w_x, w_h, b):
    """The last state; x is (steps, batch, inputs)."""
    h = np.zeros((x.shape[1], w_h.shape[0]))
    for x_t in x:
        h = ops.tanh(x_t @ w_x + h @ w_h + b)
    return h

# %% [markdown]
# How much does the last state feel of the first input? (`ops.sum` makes one number of the state.) Up to 58 steps, three radii. (All inputs are 0, so $h=0$ and every slope is 1.) The dotted lines are multiples of $\rho^t$, drawn through the points at 22.

# %%
fig, ax = figure(7.0, 2.7)
m, w_x = init.lecun(np.random.default_rng(3), (32, 32)), np.ones((1, 32))
feels = grad(lambda x, w_h: ops.sum(elman(x, w_x, w_h, 0.0)))
for rho, color in ((0.8, "blue"), (1.0, "black"), (1.2, "vermilion")):
    w_h = m * rho / np.abs(np.linalg.eigvals(m)).max()
    felt = [np.abs(feels(np.zeros((t, 1, 1)), w_h)[0, 0, 0]) for t in range(1, 61, 3)]
    ax.semilogy(range(1, 61, 3), felt, "o", color=OKABE_ITO[color], ms=4, ls="none", label=f"ρ = {rho}")
    ax.semilogy(range(1, 61, 3), felt[7] * rho ** (np.arange(1, 61, 3) - 22.0), ":", color=PALE)
ax.set(xlabel="steps back", ylabel="|∂ sum(h) / ∂ x₁|", ylim=(1e-8, 1e8))
ax.legend(loc="upper left")
picture(fig, alt="The gradient against the steps back. Radius 0.8: falls along a line by five powers of ten. Radius 1: stays. "
                 "Radius 1.2: rises along a line by several powers of ten.")

# %% [markdown]
# In the long run. In the short run singular values decide, and a matrix with small eigenvalues may stretch a lot at first.
#
# **Exercise 10-6 (break).** Set `matrix` to a 2 × 2 matrix (a list of rows will do) with both eigenvalues below 0.9 in size, whose fifth power still stretches some vector more than tenfold.

# %%
matrix = ...

check.exercise("10-6", matrix)

# %% [markdown]
# **A memory test.** The first input is 1 or −1; noise follows; after $T=40$ steps the net must say which it was. Only the gain of $W_h$ differs, and whether gradients are clipped (`optim.clip_grad_norm`); at last, Adam in place of gradient descent (`"gd"`). `optim.Optimizer` moves the tensors (`zero_grad` forgets the old gradients, `step` moves), `ops.cross_entropy` is the loss. It starts at $\ln2=0.69$: guessing.

# %%
def remember(gain, clip, seed, rule="gd", lr=0.5, steps=120, T=40):
    rng = np.random.default_rng(seed)
    starts = rng.normal(size=(1, 32)), gain * init.orthogonal(rng, (32, 32)), np.zeros(32), init.lecun(rng, (32, 2))
    *cell, w_out = parameters = [Tensor(w, requires_grad=True) for w in starts]
    optimizer, losses = optim.Optimizer(parameters, rule, lr=lr), []
    for _ in range(steps):
        x, y = 0.3 * rng.normal(size=(T, 32, 1)), rng.integers(0, 2, 32)
        x[0, :, 0] = 2 * y - 1
        optimizer.zero_grad()
        loss = ops.cross_entropy(elman(x, *cell) @ w_out, y)
        loss.backward()
        optim.clip_grad_norm(parameters, clip)
        optimizer.step()
        losses.append(loss.item())
    return np.mean(losses[-20:])

# %%
for gain, clip in ((0.8, 1e9), (0.8, 1.0), (1.0, 1e9), (1.0, 1.0)):
    print(f"gain {gain}, {'clipped at 1' if clip == 1 else 'not clipped '}: loss at the end, three seeds:",
          *(f"{remember(gain, clip, seed):.1f}" for seed in range(3)))
print("gain 0.8, Adam, α = 0.03:    loss at the end, three seeds:",
      *(f"{remember(0.8, 1e9, seed, 'adam', 0.03):.1f}" for seed in range(3)))

# %% [markdown]
# At gain 0.8 gradient descent learns nothing: $0.8^{40}$ is about $10^{-4}$. Clipping doesn't help, as in Question 10-e. Adam learns in two of three runs: the small gradient still points the right way, and Adam divides by its size. At gain 1 the net remembers, clipped or not. So what is clipping for?
#
# ### The cliff
#
# Pascanu, Mikolov and Bengio (2013) show it with one unit: $h\leftarrow\sigma(w\,h+b)$, σ the sigmoid, from $h=\tfrac12$, fifty times, and the loss $(h-0.7)^2$. Where the fate of $h$ tips over, the loss is a wall. `cliff` is that loss; `p` holds $w$ and $b$, for many runs at once.

# %%
def cliff(p):
    h = 0.5
    for _ in range(50):
        h = ops.sigmoid(p[0] * h + p[1])
    return (h - 0.7) ** 2

rng = np.random.default_rng(0)
corners = np.stack([rng.uniform(4, 8, 200), rng.uniform(-4, -1, 200)])
slope = grad(lambda p: ops.sum(cliff(p)))
lengths = np.linalg.norm(slope(corners), axis=0)
print(f"200 random places: the median slope is {np.median(lengths):.2f}, the largest {lengths.max():.1f}")

# %%
for lr, limit in ((0.1, np.inf), (1.0, np.inf), (1.0, 1.0)):
    p, longest = corners, 0.0
    for _ in range(300):
        step = lr * slope(p)
        step = step * np.minimum(1, lr * limit / np.maximum(np.linalg.norm(step, axis=0), 1e-12))
        p, longest = p - step, max(longest, np.linalg.norm(step, axis=0).max())
    print(f"α = {lr}, limit {limit}: {(cliff(p) < 1e-3).sum():3} of 200 walks arrive; the longest step was {longest:.3g}")

# %% [markdown]
# The wall is thin: no random place lies on it, but walks run into it. Unclipped, they are thrown far away. A tenth of the rate is no way out in these 300 steps: it still leaps, and creeps everywhere else. Clipped, no step is longer than α, and many more arrive. That is what clipping is for: rare, huge gradients in a landscape that is gentle otherwise.
#
# ## 10.7 Width
#
# Depth multiplies; **width** adds. A unit with $n$ inputs is a sum of $n$ terms. The start allows for that, with weights of size $1/\sqrt{n}$: random signs, so mean squares add up. But a training step has no random signs. It moves all weights of a unit the way of one gradient. Adam moves each by about α, whatever the gradient's size, and the effects of the $n$ moves add up in full.
#
# **Question 10-f.** Adam's best learning rate was found at width 32. You use it at width 512. How will it do?

# %%
ask.choice("10-f", "at width 512", ["it is too small", "it is about right", "it is too large"])

# %%
check.prediction("10-f")

# %% [markdown]
# **Exercise 10-7 (derive).** `lr` is Adam's best rate for weights with `base` inputs. By the argument above, return the rate for weights with `width` inputs, more or fewer.

# %%
def wide_rate(lr, base, width): ...

check.exercise("10-7", wide_rate)

# %% [markdown]
# That is the heart of **μP**, the maximal update parametrisation (Yang and others, 2021), which says for each layer what to change against a net of width `base`. The rates of hidden layers and of the last one follow your formula. The first layer keeps its rate: its inputs are the pixels, whose number stays. So do the biases. And the last layer *starts* smaller, by $\sqrt{\text{base}/n}$: its outputs must not drown what is learnt. `init.mup` says so as a function, layer by layer; `Optimizer` takes a list of rates, one for each parameter.

# %%
show.folded(show.show_source(init.mup), "Show μP for Adam")

# %% [markdown]
# We measure: three widths, eight rates, three seeds, twelve steps of 64 digits (shrunk to 14 × 14 pixels by averaging). For one seed all nets see the same batches. First as usual, `base` equal to the width; then μP with `base=32`. This takes some seconds.

# %%
mnist = data.load_mnist()
small = mnist.x_train.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)).reshape(-1, 196)

def mean_loss(width, lr, base, seed, steps=12):
    """The mean loss over the second half of a few steps."""
    rng, widths = np.random.default_rng(seed), [196, width, width, 10]
    model = nn.MLP(widths, rng=np.random.default_rng(seed))
    factors = init.mup(widths, base)
    for layer, (scale, _) in zip(model.layers, factors, strict=True):
        layer.w.data = layer.w.data * scale
    optimizer = optim.Optimizer(model, "adam", lr=[lr * f for _, rate in factors for f in (rate, 1.0)])
    batches = ((small[i], mnist.y_train[i]) for i in (rng.integers(7000, size=64) for _ in range(steps)))
    return np.mean([step.loss for step in train.train(model, ops.cross_entropy, batches, optimizer)][steps // 2 :])

# %%
widths, rates = (32, 128, 512), 2.0 ** np.arange(-10, -2)
usual, mup = ({width: np.array([[mean_loss(width, lr, base or width, seed) for lr in rates] for seed in range(3)])
               for width in widths} for base in (None, 32))

# %%
fig, axes = figure(8.4, 3.1, columns=2, sharey=True)
for ax, losses, title in zip(axes, (usual, mup), ("as usual", "μP, base 32"), strict=True):
    for (width, loss), color, mark in zip(losses.items(), ("black", "blue", "vermilion"), "os^", strict=True):
        ax.loglog(rates, loss.mean(axis=0), mark + "-", color=OKABE_ITO[color], ms=4, base=2, label=f"width {width}")
        ax.fill_between(rates, loss.min(axis=0), loss.max(axis=0), color=OKABE_ITO[color], alpha=0.15)
        ax.plot(rates[loss.mean(axis=0).argmin()], loss.mean(axis=0).min(), "*", color=OKABE_ITO[color], ms=15)
    ax.set(title=title, xlabel="learning rate α", ylim=(0.5, 5.0), yticks=(0.5, 1, 2, 4), yticklabels=("0.5", "1", "2", "4"))
axes[0].set_ylabel("loss, steps 7 to 12")
axes[1].legend(loc="lower left")
picture(fig, alt="Loss against learning rate for three widths, mean and range of three seeds, the best rate starred. Left: the "
                 "wider the net, the further left its valley, by three octaves in all. Right: the valleys stand nearly above one another.")

# %%
def best(losses, width):
    """Which of the rates gives the least loss: in the mean over the seeds, and for each of them."""
    return losses[width].mean(axis=0).argmin(), losses[width].argmin(axis=1)

for name, losses in (("as usual", usual), ("μP", mup)):
    loss = losses[512].mean(axis=0)
    print(f"{name:8}  log₂ of the best rate, seed by seed: width 32", *np.log2(rates[best(losses, 32)[1]]).astype(int),
          " width 512", *np.log2(rates[best(losses, 512)[1]]).astype(int),
          f"\n          at 512 the rate best at 32 gives {loss[best(losses, 32)[0]] / loss.min():.1f} times the least loss")
assert best(usual, 32)[0] - best(usual, 512)[0] >= 3 and np.ptp([best(mup, width)[0] for width in widths]) <= 1

# %% [markdown]
# As usual, the wider the net, the further left its valley: three octaves from width 32 to 512, with each of the three seeds. With μP it stays, within one step of the grid. Three seeds are few, but on this the curves agree: a rate tuned on the small net can be used on the large one.
#
# Be fair: the *lowest* loss at width 512 is on the left. μP promises that a rate carries over, not that it is best for a net this small after twelve steps. It pays where the wide net is too dear to tune.
#
# ## 10.8 On MNIST: twenty sigmoid layers
#
# `deep_net` builds what we have discussed:

# %%
show.show_source(deep_net, docstring=False)

# %% [markdown]
# Before any training, for one batch of digits: the gradient of the first layer's weights over that of the last, and how much the outputs differ from digit to digit (their standard deviation, or $10^{-6}$ where it is lost in rounding). The remedies: `ops.relu` with He's start; `eightfold` weights, eight times LeCun's, that is gain 8; `nn.Residual`; and the two normalisations.

# %%
remedies = {"nothing": {}, "ReLU, He": {"activation": ops.relu, "start": "he"}, "weights × 8": {"start": eightfold},
            "residual": {"residual": True}, "batch norm": {"norm": nn.BatchNorm}, "layer norm": {"norm": nn.LayerNorm}}
for name, parts in remedies.items():
    model = deep_net(np.random.default_rng(0), **parts)
    outputs = model(mnist.x_train[:256])
    ops.cross_entropy(outputs, mnist.y_train[:256]).backward()
    first, *_, last = [size(p.grad) for p in model.parameters() if p.ndim == 2]
    print(f"{name:12} gradient {first / last:.0e}   outputs differ by {max(outputs.data.std(axis=0).mean(), 1e-6):.0e}")

# %% [markdown]
# Now train each: 100 steps of Adam, α = 0.001, batches of 64, two seeds. And "nothing" with other rates and rules as opponents, one seed each. Which of the six will learn? Write down your order first.

# %%
def trained(seed, rule="adam", lr=1e-3, **parts):
    """The share of validation digits named right after 100 steps; guessing gives 0.1."""
    rng = np.random.default_rng(seed)
    model = deep_net(rng, **parts)
    batches = (batch for _ in range(2) for batch in data.batches(mnist.x_train, mnist.y_train, 64, rng))
    for step in train.train(model, ops.cross_entropy, batches, optim.Optimizer(model, rule, lr=lr)):
        if step.number == 100:
            break
    return train.evaluate(model, mnist.x_val, mnist.y_val).accuracy

# %%
runs = {name: [trained(seed, **parts) for seed in range(2)] for name, parts in remedies.items()}
rules = {"adam 10⁻⁴": ("adam", 1e-4), "adam 10⁻²": ("adam", 1e-2), "gd 1": ("gd", 1.0), "gd 10": ("gd", 10.0)}
runs |= {f"nothing, {name}": [trained(0, *pair)] for name, pair in rules.items()}

# %%
fig, ax = figure(8.0, 3.2)
for row, shares in enumerate(runs.values()):
    ax.barh(row, np.mean(shares), color=OKABE_ITO["vermilion" if max(shares) < 0.2 else "blue"])
    ax.plot(shares, [row] * len(shares), "o", color="black", ms=4, ls="none")
ax.axvline(0.1, color=PALE, ls=":")
ax.set(xlabel="validation digits named right after 100 steps", xlim=(0, 1), yticks=range(len(runs)), yticklabels=list(runs))
ax.invert_yaxis()
show.folded(picture(fig, alt="Bars: the share named right, one for each remedy and each opponent."), "Show who learns")

# %% [markdown]
# "Nothing" learns nothing, at any of the rates and rules tried. Not even with Adam, which makes all steps about equally long: on the way *up* the twenty sigmoids have lost the image (the outputs differ by rounding only), so the gradient, however it is scaled, says next to nothing of it. Layer normalisation fails at this rate, as the lab foretold. Eightfold weights make a beginning. Residual connections, batch normalisation, and ReLU with He's start succeed. Play it: press Start; then choose a remedy under *network*, press Reset, and start again.

# %%
learnt = {name for name, shares in runs.items() if min(shares) > 0.5}
assert {"residual", "batch norm", "ReLU, He"} <= learnt and not any("nothing" in n or "layer" in n for n in learnt)
labs.mnist_training.show(network="deep")

# %% [markdown]
# ## What the source says differently
#
# - Jacobians multiply, not gradients (section 10.2).
# - "ReLU" is half a remedy: with gain 1 it vanishes as well. The initialisation, listed only against explosion, is the other half.
# - "Batch normalisation" against vanishing: yes; and in deep plain ReLU nets it makes gradients explode.
# - "Residual connections" against vanishing: yes; with He's start they explode.
# - Clipping and the learning rate scale everything alike. They keep a step short; neither changes how layers compare.
#
# ## In PyTorch
#
# | here | in PyTorch |
# |---|---|
# | `init.he`, `init.orthogonal` | `nn.init.kaiming_normal_`, `nn.init.orthogonal_` |
# | `nn.BatchNorm(n)`, `nn.LayerNorm(n)` | `nn.BatchNorm1d(n)`, `nn.LayerNorm(n)` |
# | `model.train()`, `model.eval()` | the same |
# | `optim.clip_grad_norm(model, 1.0)` | `nn.utils.clip_grad_norm_(model.parameters(), 1.0)` |
# | `Optimizer(model, "adam", lr=[…])` | parameter groups: `[{"params": […], "lr": …}, …]` |
# | `elman` | `nn.RNN` |
#
# Our batch normalisation agrees with PyTorch's to twelve digits, running means included: in training and in use.

# %%
import torch

layer, twin = nn.BatchNorm(3, dtype=float), torch.nn.BatchNorm1d(3, dtype=torch.float64)
same = [np.allclose(layer(batch).data, twin(torch.tensor(batch)).detach().numpy(), rtol=1e-12, atol=1e-12)]
layer.eval(), twin.eval()
same += [np.allclose(layer(batch).data, twin(torch.tensor(batch)).detach().numpy(), rtol=1e-12, atol=1e-12)]
print("in training and in evaluation:", same)

# %% [markdown]
# ## Further reading
#
# - S. Hochreiter, *Untersuchungen zu dynamischen neuronalen Netzen*, 1991; Y. Bengio, P. Simard, P. Frasconi, *Learning long-term dependencies with gradient descent is difficult*, 1994: the problem, found in recurrent nets.
# - J. Elman, *Finding structure in time*, 1990.
# - R. Pascanu, T. Mikolov, Y. Bengio, *On the difficulty of training recurrent neural networks*, ICML 2013: clipping, the cliff.
# - X. Glorot, Y. Bengio, 2010; K. He and others, *Delving deep into rectifiers*, 2015; D. Mishkin, J. Matas, *All you need is a good init*, 2016: the start.
# - A. Saxe, J. McClelland, S. Ganguli, 2014; S. Schoenholz and others, *Deep information propagation*, 2017: orthogonal starts, mean-field theory.
# - S. Ioffe, C. Szegedy, *Batch normalization*, 2015; J. Ba, J. Kiros, G. Hinton, *Layer normalization*, 2016; G. Yang and others, *A mean field theory of batch normalization*, 2019.
# - K. He and others, *Deep residual learning*, 2016.
# - G. Yang and others, *Tensor programs V: tuning large neural networks via zero-shot hyperparameter transfer*, 2021.
#
# Next: methods that know the curvature ([chapter 11](11_second_order.ipynb)).
