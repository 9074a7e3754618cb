# %% [markdown]
# # 14 Architectures and scale
#
# A convolution, a recurrent net, a Transformer: three more graphs, and the same backward walk through each. You build their cores, train a small language model on the book's own engine, and share a step out among several processes.

# %%
import numpy as np
import torch

from textbook import Tensor, ask, check, data, labs, language, nn, ops, optim, parallel
from textbook.engine import grad
from textbook.exercises import chapter_14 as ours
from textbook.names import SYMBOLS, cost, encode, ngram
from textbook.plots import figure, picture
from textbook.show import folded, show_source
from textbook.train import train

labs.attention.show()

# %% [markdown]
# A small Transformer writes names, and this is what goes on inside. Each letter (a row) shares out its attention among itself and the letters before it. Move along the name; type your own. The model has two such maps, called heads: what does each look for?
#
# **You will be able to**
#
# - write a convolution, backpropagation through time, and attention, and find their parameters in the graph;
# - train a model that writes, and say honestly how good it is;
# - differentiate through a step of training;
# - say what travels between processes that train one model, and what each keeps.
#
# **You need** chapters [4](04_backpropagation_on_arrays.ipynb), [7](07_classification.ipynb), [8](08_automatic_differentiation.ipynb) and [9](09_optimizers.ipynb). **Time**: two hours with the exercises.
#
# ## 14.1 A small window: convolution
#
# A linear layer on 784 pixels has a weight for each pixel and each unit. It learns an edge in the upper left corner, and knows nothing of the same edge one pixel on. A **convolution** has one small window of weights and slides it over the image. At every place $(r,q)$ it gives the sum over the window's rows $i$ and columns $j$:
#
# $$z_{rq}=\sum_{i,\,j} x_{r+i,\,q+j}\;w_{ij}\qquad(i,j=0,1,\dots)\tag{14.1}$$
#
# (Mathematicians turn the window over first, and call this cross-correlation.)
#
# **Exercise 14-1 (implement).** `x` is an image, `w` a window, both of two axes, not always square. Return all sums (14.1), for every place at which the window lies inside the image.

# %%
def conv(x, w): ...

check.exercise("14-1", conv)

# %%
conv = check.tried("14-1", conv, ours.conv)
mnist = data.load_mnist()
seven = mnist.x_val[mnist.y_val == 7][0].reshape(28, 28).astype(float)
upright, level = np.array([[1, 0, -1]] * 3), np.array([[1, 0, -1]] * 3).T

# %%
fig, axes = figure(7.2, 2.5, columns=3)
axes[0].imshow(seven, cmap="gray_r")
for ax, window in zip(axes[1:], (upright, level), strict=True):
    ax.imshow(conv(seven, window), cmap="RdBu_r", vmin=-4, vmax=4)
for ax, title in zip(axes, ("x", "upright edges", "level edges"), strict=True):
    ax.set(title=title, xticks=[], yticks=[])
picture(fig, alt="A seven; its upright edges, red on one side and blue on the other; its level edges, strong at the bar.")

# %% [markdown]
# Nine numbers find edges anywhere. A layer has several such windows, one for each **channel** that comes out; each sees all channels that come in. In the package images are (N, height, width, channels), and `nn.Conv2d(c_in, c_out, size)` holds the weights, (size, size, c_in, c_out), and a bias for each channel.
#
# **Question 14-a.** How many parameters has `nn.Conv2d(16, 32, 3)`?

# %%
ask.number("14-a", "parameters:")

# %%
check.prediction("14-a")

# %% [markdown]
# Here is a net of one convolution. `nn.MaxPool2d(2)` keeps the largest number of each 2 × 2 block; `nn.Flatten` makes a row of what is left; `nn.Sequential` puts layers one after the other; `nn.Linear`, `ops.relu` and `ops.cross_entropy` you know. The lab has its graph (∗ is the convolution), on smaller images, with a border of zeros that keeps their size: step forth and back, watch the shapes, add layers.

# %% tags=["source: §8.3"]
rng = np.random.default_rng(0)
cnn = nn.Sequential(nn.Conv2d(1, 4, 3, rng=rng, dtype=float), ops.relu, nn.MaxPool2d(2),
                    nn.Flatten(), nn.Linear(13 * 13 * 4, 10, rng=rng, dtype=float))
x, y = Tensor(mnist.x_val[:8].reshape(-1, 28, 28, 1).astype(float), name="x"), mnist.y_val[:8]
loss = ops.cross_entropy(cnn(x), y)

# %%
labs.architectures.show(net="cnn", layers=1, step=4)

# %% [markdown]
# **Question 14-b.** A weight of the first layer is used at 26 · 26 = 676 places of an image. Each place sends it a gradient. What is the weight's gradient?

# %%
ask.choice("14-b", "Of the 676 it is", ours.SHARED)

# %%
check.prediction("14-b")

# %% [markdown]
# Sharing is nothing new to backpropagation: messages add up. A convolution needs no new algorithm, only a rule for `conv2d` in the table. Below, the same net in PyTorch, from the same weights; it has channels before height and width, so `permute` exchanges axes. `agree` compares the gradients, as arrays (`numpy`).

# %%
def agree(gradients, theirs):
    """Print whether our gradients are PyTorch's."""
    worst = max(np.abs(g - t.grad.numpy()).max() for g, t in zip(gradients, theirs, strict=True))
    print("largest difference below 1e-12:", bool(worst < 1e-12))
    assert worst < 1e-12

from torch.nn import functional as F

loss.backward()
w, b, v, c = (torch.tensor(p.data, requires_grad=True) for p in cnn.parameters())
z = F.conv2d(torch.tensor(x.data).permute(0, 3, 1, 2), w.permute(3, 2, 0, 1), b)
h = F.max_pool2d(F.relu(z), 2).permute(0, 2, 3, 1).flatten(1)
F.cross_entropy(h @ v + c, torch.tensor(y)).backward()
agree([p.grad for p in cnn.parameters()], [w, b, v, c])

# %% [markdown]
# ## 14.2 A loop, unrolled: recurrent nets
#
# A sequence is read from left to right, with a **state** $h$ that is carried along. The same weights serve every step:
#
# $$h_t=\tanh(x_t W+h_{t-1}U+b),\qquad h_0=0\tag{14.2}$$
#
# That is a loop, and a graph has none (chapter 1). But each turn of the loop makes new nodes. **Unrolled**, it is an ordinary graph, as long as the sequence; $W$, $U$ and $b$ are nodes with an edge to each step. `nn.RNN(n_in, n_hidden)` is (14.2), with `ops.tanh`, and this is its loop; `inward` gives $x_tW+b$, and the first turn leaves out $h_0U=0$. In the lab, three steps: find the two messages to $U$; add some.

# %% tags=["source: §8.3"]
show_source(nn.RNN.states, docstring=False)

# %%
labs.architectures.show(net="rnn", steps=3)

# %% [markdown]
# Backpropagation on it is called **backpropagation through time**: from the last state to the first, and each step adds its share to the gradient of $U$.
#
# **Exercise 14-2 (derive).** All numbers: $h_t=\tanh(u\,h_{t-1}+x_t)$ for $t = 1,\dots,T$, with $h_0=0$. `x` lists $x_1,\dots,x_T$. Return $\partial h_T/\partial u$, by walking back.

# %%
def through_time(u, x): ...

check.exercise("14-2", through_time)

# %%
through_time = check.tried("14-2", through_time, ours.through_time)

def last_state(u, x):
    h = 0.0
    for value in x:
        h = ops.tanh(u * h + value)
    return h

print("by hand", round(through_time(0.8, [0.5, -1.0, 0.3]), 6), " by `grad`", round(grad(last_state)(0.8, [0.5, -1.0, 0.3]), 6))

# %% [markdown]
# (`grad`: [chapter 8](08_automatic_differentiation.ipynb).) On its way back a gradient is multiplied by $U^\top$ and a slope of tanh at every step; what comes of that: section 10.6. Against PyTorch, over nine steps:

# %%
rnn, x = nn.RNN(2, 3, rng=rng, dtype=float), rng.normal(size=(5, 9, 2))
(rnn(x) ** 2).sum().backward()
theirs = torch.nn.RNN(2, 3, batch_first=True, dtype=torch.float64)
weights = {"weight_ih_l0": rnn.inward.w.data.T, "weight_hh_l0": rnn.u.data.T, "bias_ih_l0": rnn.inward.b.data, "bias_hh_l0": np.zeros(3)}
theirs.load_state_dict({name: torch.tensor(w) for name, w in weights.items()})
(theirs(torch.tensor(x))[0] ** 2).sum().backward()
agree([rnn.inward.w.grad.T, rnn.u.grad.T, rnn.inward.b.grad], [theirs.weight_ih_l0, theirs.weight_hh_l0, theirs.bias_ih_l0])

# %% [markdown]
# ## 14.3 Who listens to whom: attention
#
# A state must carry all that was read. **Attention** lets every place look back itself. Each place $t$ makes three vectors of its features, by three linear layers: a **query** $q_t$, what it looks for; a **key** $k_t$, what it offers to be found by; a **value** $v_t$, what it says when found. How well place $s$ fits is the score $q_t\cdot k_s/\sqrt d$, $d$ being how many numbers a query has. The softmax of the scores gives the **attention weights**, and $t$ hears the weighted mean:
#
# $$a_{ts}=\frac{\exp(q_t\cdot k_s/\sqrt d)}{\sum_{s'\le t}\exp(q_t\cdot k_{s'}/\sqrt d)},\qquad z_t=\sum_{s\le t}a_{ts}\,v_s\tag{14.3}$$
#
# Why $\sqrt d$? A sum of $d$ products of independent numbers with mean 0 and variance 1 has variance $d$. Divided by its root, scores keep their size, and the softmax its slope. The sums stop at $t$: the attention is **causal**, because a model that is to guess the next letter must not see it. In practice hidden scores become $-\infty$ (a **mask**), and $\exp(-\infty)=0$.
#
# **Question 14-c.** Causal: where does the first place of a sequence put its attention?

# %%
ask.choice("14-c", "It puts it", ours.FIRST)

# %%
check.prediction("14-c")

# %% [markdown]
# **Exercise 14-3 (implement).** `query` and `key` are $(T, d)$; `value` has $T$ rows too, of any width. Return all $z_t$, a row for each place.

# %%
def attention(query, key, value): ...

check.exercise("14-3", attention)

# %% [markdown]
# `ops.attention` is the same, on any number of sequences and heads at once, with `ops.causal_mask`. It needs no derivative of its own: it consists of products and a softmax. The lab has it with its linear layers, and $x$ added at the end.

# %%
attention = check.tried("14-3", attention, ours.attention)
q, k, v = (Tensor(rng.normal(size=(5, 4)), requires_grad=True, name=name) for name in ("query", "key", "value"))
z = ops.attention(q, k, v, ops.causal_mask(5))
print("yours and the package's agree:", np.allclose(attention(q.data, k.data, v.data), z.data))

# %%
labs.architectures.show(net="attention", tokens=4)

# %%
(z * z).sum().backward()
theirs = [torch.tensor(t.data, requires_grad=True) for t in (q, k, v)]
(F.scaled_dot_product_attention(*theirs, is_causal=True) ** 2).sum().backward()
agree([q.grad, k.grad, v.grad], theirs)

# %% [markdown]
# In the lab, a smaller model than section 14.4's, trained before, at work ($d = 16$ in each head). From left to right: all weights, as areas, a row for each query; one query's scores, and the softmax of those not hidden; each value times its weight, and their sum; what the whole model makes of it. Click a row.
#
# One head listens mostly to the letter just before, the other to the letter itself. Which is which?

# %%
labs.attention.show(name="annabelle", place=4)

# %% [markdown]
# What a head does was found by training alone, and words such as "listens to the letter before" are ours; a map of weights shows where a head looks, not why.
#
# A **Transformer block** (`nn.TransformerBlock`) is attention with several **heads**, each with its share of the features, and then a small net for each place by itself. Both are *added* to what was there, as in a residual net (chapter 10):
#
# $$x\leftarrow x+\text{attention}(\text{norm}(x)),\qquad x\leftarrow x+\text{net}(\text{norm}(x))$$
#
# (Vaswani et al. 2017 normalise after the addition.) A letter enters as a row of a table (`nn.Embedding`), and so does its place: attention alone does not know an order.
#
# ## 14.4 A model that writes names
#
# With the book come (`data.load_names`) 5,163 first names of the United States' census of 1990, shuffled: 4,163 to fit, 500 to choose on, 500 for the end. `encode` makes numbers of them, by their place in `SYMBOLS`: `.` is 0 and begins and ends a name, a to z are 1 to 26. What comes in is `x`, what should come next is `y`; −1 says that nothing is asked.

# %% tags=["source: §8.3"]
names = data.load_names()
print(SYMBOLS, names.train[:5], [len(part) for part in names])
for row in encode(["anna"]):
    print(row[0])

# %% [markdown]
# The model gives probabilities for the next character; the loss is the mean of $-\log p$ of the one that came, in **nats per character**. Baselines first.
#
# **Question 14-d.** What is the loss of a model that gives all 27 symbols the same probability?

# %%
ask.number("14-d", "nats:")

# %%
check.prediction("14-d")

# %% [markdown]
# **Exercise 14-4 (implement).** A table (27, 27): in row $i$ and column $j$ the probability that symbol $j$ follows symbol $i$, counted in a list of names, each with `.` before and behind it. Add `extra` to every count before you divide: no pair is impossible. `SYMBOLS.index("a")` is 1.

# %%
def bigram(names, extra): ...

check.exercise("14-4", bigram)

# %% [markdown]
# `cost` is the loss of such a table on names. `ngram(names, n, weight, below)` counts what follows each run of symbols, one shorter than `n`, and where that was rarely seen backs off to `below`, the table for one symbol less. A strong opponent. `weight`, how many sightings `below` is worth, was chosen on the validation names.

# %%
bigram = check.tried("14-4", bigram, ours.bigram)
table, costs = ngram(names.train, 1, weight=1), {}
costs["letters alone"] = cost(table, names.val)
costs["pairs"] = cost(bigram(names.train, 0.1), names.val)
costs["triples"] = cost(ngram(names.train, 3, weight=3), names.val)
for n in range(2, 6):
    table = ngram(names.train, n, weight=15, below=table)
costs["up to five, backing off"] = cost(table, names.val)
{name: round(value, 3) for name, value in costs.items()}

# %% [markdown]
# Now the Transformer: `nn.Transformer(27, 12, d=48, heads=4, blocks=2)`, for 27 symbols at up to 12 places; each of the four heads has 12 of the 48 features. `language.loss` is the cross-entropy where something is asked. `train` (each `step` with its number and loss) and `optim.Optimizer` with AdamW are chapter 9's; the rate warms up and then falls along a cosine (`optim.warm_up`, `optim.cosine`). This takes about half a minute.

# %%
def letters(seed=0, epochs=15, lr=4e-3):
    """A Transformer trained on the names, and its losses."""
    rng, losses = np.random.default_rng(seed), []
    model = nn.Transformer(27, 12, d=48, heads=4, blocks=2, rng=rng)
    batches = [batch for _ in range(epochs) for batch in data.batches(*encode(names.train), 64, rng, drop_last=True)]
    optimizer = optim.Optimizer(model, "adamw", lr=lr, weight_decay=0.3)
    factor = optim.warm_up(50, optim.cosine(len(batches) - 50))
    for step in train(model, language.loss, batches, optimizer):
        losses.append(step.loss)
        optimizer.hyper["lr"] = lr * factor(step.number)
    return model, losses

model, losses = letters()

# %%
costs = {"nothing known": np.log(27), **costs, "Transformer": language.cost(model, names.val)}
fig, (left, right) = figure(8.4, 2.7, columns=2)
left.plot(losses, lw=0.7)
left.set(xlabel="step", ylabel="nats per character", ylim=(1.5, 3.9), title="training")
right.barh(list(costs), list(costs.values()))
right.set(xlim=(0, 3.5), xlabel="nats per character", title="on names it has not seen")
right.invert_yaxis()
picture(fig, alt="Left: the loss falls from 3.7 to below 2. Right: each step of the baselines is cheaper than the one before; five symbols with backing off and the "
                 "Transformer cost least, nearly the same.")

# %%
size = sum(p.size for p in model.parameters())
met = {("...." + name + ".")[i : i + 5] for name in names.train for i in range(len(name) + 1)}
print(f"{size:,} parameters; of the {table.size:,} entries for five symbols, {len(met):,} were ever counted")
print("below the triples:", costs["Transformer"] < costs["triples"] - 0.1)
for called, part in (("validation", names.val), ("test, once", names.test)):
    print(f"as good as five, within 0.05 ({called}):", abs(language.cost(model, part) - cost(table, part)) < 0.05)
del table    # 115 MB

# %% [markdown]
# So the little Transformer is *not* better than counting, with backing off, here. It ties, without having been told what a pair is, or that one backs off to it. Nor is it smaller than what was really counted. What counting cannot do is to carry over: what it learned about *an* tells it nothing about *en*. A model in which letters are vectors can, and with more text and a longer past it wins (Bengio et al. 2003).
#
# It writes: `language.write` draws one letter after another, each with the probability that the model gives it.

# %%
written = language.write(model, 400, np.random.default_rng(1))
known = set(names.train)
new = [name for name in dict.fromkeys(written) if name not in known]
fig, ax = figure(7.2, 1.5)
ax.axis("off")
ax.text(0, 0.5, "\n".join("   ".join(new[i : i + 8]) for i in range(0, 40, 8)), va="center", fontsize=11)
held = set(names.val) | set(names.test)
print("most of the 400 are new:", len(new) > 200, "  some of the new ones are real, held-out names:", len(held & set(new)) >= 3)
picture(fig, alt="Forty names that are not among those it was fitted to; most of them could be said aloud.")

# %% [markdown]
# ## 14.5 Learning how to learn
#
# **Schedules** change α as training goes on (section 5.8), and a warm-up spares a model its first, longest steps (section 9.8); `letters` used both. Could α itself be learned? A step of gradient descent is made of operations too:
#
# $$\theta'=\theta-\alpha\,\nabla\mathcal L_\text{train}(\theta),\qquad V=\mathcal L_\text{val}(\theta')\tag{14.4}$$
#
# So the validation loss *after* the step has a gradient, by α and by the start θ. That is **meta-learning** in its smallest form: differentiate through an update.
#
# **Exercise 14-5 (derive).** One number $x$. Training loss $\tfrac12\lambda x^2$, one step with the rate α to $x'$, validation loss $\tfrac12(x'-c)^2$. Return [derivative by α, derivative by $x$].

# %%
def meta_gradient(x, alpha, lam, c): ...

check.exercise("14-5", meta_gradient)

# %% [markdown]
# The engine does the same on digits. `grad` of a function that itself calls `grad`: the table of derivatives is closed, so the inner gradient is a graph that can be walked too. Softmax regression, 100 digits to train on, 200 others to judge; beside it, the central difference.

# %% tags=["source: §8.3"]
def loss_on(rows):
    return lambda w: ops.cross_entropy(mnist.x_train[rows].astype(float) @ w, mnist.y_train[rows])

training, validation = loss_on(slice(0, 100)), loss_on(slice(100, 300))
start = 0.01 * rng.normal(size=(784, 10))

def after_a_step(alpha, w):
    return validation(w - alpha * grad(training)(w))

# %%
by_alpha, by_start = grad(after_a_step, argnum=(0, 1))(0.1, start)
difference = (after_a_step(0.1 + 1e-5, start) - after_a_step(0.1 - 1e-5, start)) / 2e-5
print(f"∂V/∂α {by_alpha:.6f}, by differences {difference:.6f}")

# %% [markdown]
# It is negative: a slightly longer step would have been better. And $\partial V/\partial\theta$ says which *start* would have been better for a learner that takes one step. Averaged over many tasks, that is **MAML** (Finn et al. 2017). Its gradient has the factor $I-\alpha H$, as $1-\alpha\lambda$ in your exercise; H is the Hessian of the training loss. Leave H out, and it is *first-order* MAML, cheaper. How much is lost? The last line tries both along a random direction.

# %%
first_order = grad(validation)(start - 0.1 * grad(training)(start))
cosine = (by_start * first_order).sum() / np.linalg.norm(by_start) / np.linalg.norm(first_order)
print(f"cosine of the angle between the two: {cosine:.4f}; lengths {np.linalg.norm(by_start):.3f} and {np.linalg.norm(first_order):.3f}")
way = rng.normal(size=start.shape)
slope = (after_a_step(0.1, start + 1e-5 * way) - after_a_step(0.1, start - 1e-5 * way)) / 2e-5
print(f"along it: through the step {(by_start * way).sum():.5f}, by differences {slope:.5f}, first order {(first_order * way).sum():.5f}")

# %% [markdown]
# ## 14.6 One batch on many processes
#
# A batch is too large, or too slow, for one machine: share it out. The loss of a batch of $n$ digits is a mean, and so is its gradient. If process $r$ of $p$ has $n_r$ of the digits and finds the gradient $g_r$ of the mean loss over *its* digits, then
#
# $$\nabla\mathcal L=\sum_{r=0}^{p-1}\frac{n_r}{n}\,g_r\tag{14.5}$$
#
# Here are 3 digits in one share and 7 in the other. `gradient_of` is an ordinary backward pass over some rows.

# %% tags=["source: §8.3"]
x, y = mnist.x_train[:10].astype(float), mnist.y_train[:10]
net = nn.MLP([784, 16, 10], rng=np.random.default_rng(0), dtype=float)

def gradient_of(rows):
    """Of the mean loss over these rows, with respect to the first weights."""
    for p in net.parameters():
        p.grad = None
    ops.cross_entropy(net(x[rows]), y[rows]).backward()
    return net.layers[0].w.grad

# %% [markdown]
# **Before you run the next cell.** Is the mean of the two shares' gradients, $\tfrac12(g_0+g_1)$, the gradient of the batch?

# %%
few, many, whole = gradient_of(slice(0, 3)), gradient_of(slice(3, 10)), gradient_of(slice(0, 10))
mean, weighted = (few + many) / 2, 3 / 10 * few + 7 / 10 * many
folded(f"mean: {np.allclose(mean, whole)}, weighted as (14.5): {np.allclose(weighted, whole)}", "Show what happens")

# %% [markdown]
# **All-reduce.** Every process needs that sum, and each holds one term of it. To put the sum of all arrays in the place of each is called all-reduce. One process that collects them receives $p-1$ arrays, one after the other. A **ring** does better: cut the array into $p$ chunks, and let every process talk only to the next.
#
# First lap: send a chunk on, the receiver adds it to its own. After $p-1$ messages each process holds one chunk of the whole sum. Second lap: the sums travel round, and replace what was there. `parallel.ring` lists what one process does; `parallel.ring_steps` runs it for all of them here.

# %%
show_source(parallel.ring)

# %%
arrays = np.array([[1, 2, 3], [10, 20, 30], [100, 200, 300]])
for held in parallel.ring_steps(arrays):
    print(*[np.concatenate(chunks) for chunks in held], sep="   ")

# %% [markdown]
# Follow the 3 of process 0: it takes in 300, goes on as 303, and comes back in the second lap as 333. Then the same with a gradient: a linear classifier's, by the weights of one digit. The number beside a band counts the terms in it.

# %%
labs.data_parallel.show()

# %% [markdown]
# Each process sends $2(p-1)$ chunks, each $1/p$ of the array: less than twice the array, however many take part (Patarasuk & Yuan 2009).
#
# **Real processes.** `parallel.launch(function, processes=2)` starts new Python processes on this machine, calls the function in each, and returns the results by **rank**, a process's number. `parallel.one_batch` takes its share of 64 digits, finds the gradient with our engine, and averages it in three ways: `torch.distributed`'s all-reduce (its *gloo* library only carries our numbers), our ring with real messages, and PyTorch's `DistributedDataParallel`, DDP, which computes everything itself.

# %% tags=["source: §8.3"]
ranks = parallel.launch(parallel.one_batch, processes=2, n=64)
alone = parallel.one_batch(64, ddp=False).own                # one process, the whole batch
for way in ("own", "averaged", "ring", "ddp"):
    print(f"{way:9}", [bool(np.abs(getattr(found, way) - alone).max() < 1e-12) for found in ranks])

# %% [markdown]
# A share's gradient is not the batch's. Averaged, both processes hold it, to within $10^{-12}$. The training loop is the usual one with one line more, a call of `parallel.average_gradients`: all gradients in one message.
#
# NB: DDP weighs all processes alike: wrong, if their shares have unequal sizes.
#
# `textbook.parallel` is also a script that trains so. PyTorch's `torchrun` starts it, here or on many machines: type the second line on each of two, with the first one's name for HOST.
#
# ```sh
# torchrun --nproc-per-node=2 -m textbook.parallel --epochs=2
# torchrun --nnodes=2 --nproc-per-node=4 --rdzv-backend=c10d --rdzv-endpoint=HOST:29400 -m textbook.parallel
# ```
#
# When one of many fails, the others would wait for its message for ever. So a failure must end all, and name the first: `parallel.launch` raises a `WorkerError`. (A function written in a notebook travels as its source, and imports what it uses: its `rank`, and `all_reduce`.)

# %%
def careless():
    import numpy as np

    from textbook import parallel
    if parallel.rank() == 1:
        raise ValueError("my disk is full")
    parallel.all_reduce(np.zeros(3))

# %%
try:
    parallel.launch(careless)
except parallel.WorkerError as error:
    print(str(error).splitlines()[0], "…", str(error).splitlines()[-1])

# %% [markdown]
# ## 14.7 Less memory: shares in turn, state in shards
#
# (14.5) doesn't ask that all work at the same time. One process may take the shares in turn, and let `.grad` add up: **gradient accumulation**. Only one share's intermediate results are in memory; the gradient is the batch's. `parallel.accumulate` is the loop.

# %%
for p in net.parameters():
    p.grad = None
parallel.accumulate(net, ops.cross_entropy, x, y, parts=4)
np.allclose(net.layers[0].w.grad, whole)

# %% [markdown]
# Data parallelism keeps everything in every process. In float32 a parameter takes 4 bytes, its gradient 4, and Adam's two running means 8 more. But all processes take the same Adam step: that work, and its memory, can be shared out. With a **sharded optimizer** (ZeRO, Rajbhandari et al. 2020) process $r$ keeps the means for its $1/p$ of the parameters, moves those, and all exchange what they moved. `parallel.training` trains an MLP either way, and counts the bytes of its state.

# %%
def both():
    import numpy as np

    from textbook import parallel
    given = dict(widths=(784, 16, 10), steps=5, batch=64, dtype=np.float64)
    return [parallel.training(sharded=sharded, **given) for sharded in (False, True)]

# %%
full, sharded = parallel.launch(both)[0]
print(f"{full.state_bytes:,} bytes of state in each process, sharded {sharded.state_bytes:,}")
print("same parameters after 5 steps:", np.allclose(full.params, sharded.params, rtol=0, atol=1e-12))

# %% [markdown]
# The same path, half the state (these numbers are float64). PyTorch's FSDP shards gradients and parameters too.
#
# ## 14.8 A pipeline, and its bubble
#
# A model too large for one device is cut by layers: stage 1 has the first ones, stage 2 the next. Then stage 2 waits for stage 1. So the batch is cut too, into $m$ **micro-batches** that follow each other through the $p$ stages. What remains idle, while the pipeline fills and empties, is the **bubble**.
#
# **Question 14-e.** Four stages, one micro-batch: which share of the stages' time is idle? Then, in the lab, find how many bring it down to a quarter.

# %%
ask.number("14-e", "idle share:")

# %%
check.prediction("14-e")

# %% tags=["source: §8.3"]
labs.data_parallel.show(shown="pipeline", processes=4, micro_batches=1)

# %% [markdown]
# Let each take one unit of time in each stage. Forwards, the last micro-batch enters stage 1 at time $m-1$ and leaves stage $p$ at $m+p-1$; each stage was busy for $m$ of it. Backwards the same in the other direction. So
#
# $$\text{idle share}=\frac{p-1}{m+p-1}\tag{14.6}$$
#
# `parallel.schedule` plays it through, each stage starting as soon as its input is there, and `parallel.idle_share` measures.

# %%
for m in (1, 8, 32):
    print(m, round(parallel.idle_share(parallel.schedule(stages=4, micro_batches=m)), 4), round(3 / (m + 3), 4))

# %% [markdown]
# **Exercise 14-6 (derive).** How many micro-batches are needed, at least, so that the idle share is not above `share`? Return a whole number.

# %%
def micro_batches(stages, share): ...

check.exercise("14-6", micro_batches)

# %% [markdown]
# Choose *one forward, one backward* in the lab: the bubble is the same, but a stage holds at most $p$ micro-batches in memory, not $m$ (Narayanan et al. 2021).
#
# ## 14.9 What you can do now
#
# The source closes with what its reader should understand and be able to do; here it is as a self-check. Take an exercise of each row.

# %% [markdown] tags=["source: §8.1"]
# | **computational graphs** | where it is shown | try |
# |---|---|---|
# | take a computation apart into basic operations | [1.1–1.5](01_computational_graphs.ipynb) | [1-1](01_computational_graphs.ipynb), [1-3](01_computational_graphs.ipynb) |
# | the graph as the basis of automatic differentiation | [8.1–8.4](08_automatic_differentiation.ipynb) | [8-1](08_automatic_differentiation.ipynb), [8-2](08_automatic_differentiation.ipynb) |
# | understand and debug a large model by its graph | [4.8–4.9](04_backpropagation_on_arrays.ipynb), [12.6](12_mnist.ipynb), [13.6](13_pitfalls.ipynb), 14.1–14.3 | [1-4](01_computational_graphs.ipynb), [4-7](04_backpropagation_on_arrays.ipynb), [4-8](04_backpropagation_on_arrays.ipynb) |
# | *skill:* draw a simple model's graph by hand | [1.7](01_computational_graphs.ipynb) | [1-5](01_computational_graphs.ipynb), [1-6](01_computational_graphs.ipynb) |
# | *skill:* PyTorch's dynamic graph | [8.4–8.8](08_automatic_differentiation.ipynb) | [8-6](08_automatic_differentiation.ipynb) |
# | *skill:* topological order, and what depends on what | [2.2–2.3](02_forward_propagation.ipynb) | [2-1](02_forward_propagation.ipynb), [2-2](02_forward_propagation.ipynb), [2-3](02_forward_propagation.ipynb), [3-7](03_backpropagation.ipynb) |
# | **backpropagation** | | |
# | the chain rule, from the output back to the inputs | [3.2–3.4](03_backpropagation.ipynb) | [3-2](03_backpropagation.ipynb), [3-4](03_backpropagation.ipynb) |
# | nothing computed twice: why it is cheap | [3.9](03_backpropagation.ipynb), [8.3](08_automatic_differentiation.ipynb) | [3-6](03_backpropagation.ipynb), [8-3](08_automatic_differentiation.ipynb) |
# | the core of every framework | [4.1–4.7](04_backpropagation_on_arrays.ipynb) | [4-2](04_backpropagation_on_arrays.ipynb), 14-2 |
# | *skill:* gradients of simple functions by hand | [3.2–3.5](03_backpropagation.ipynb), [7.5](07_classification.ipynb) | [3-1](03_backpropagation.ipynb), [7-4](07_classification.ipynb), [7-7](07_classification.ipynb) |
# | *skill:* how gradients add up | [3.7](03_backpropagation.ipynb), [4.2](04_backpropagation_on_arrays.ipynb), 14.1 | [3-3](03_backpropagation.ipynb), [4-1](04_backpropagation_on_arrays.ipynb), [12-2](12_mnist.ipynb) |
# | *skill:* the rules of the usual operations | [4.3–4.7](04_backpropagation_on_arrays.ipynb) | [4-3](04_backpropagation_on_arrays.ipynb), [4-5](04_backpropagation_on_arrays.ipynb), [4-6](04_backpropagation_on_arrays.ipynb) |
# | **gradient descent** | | |
# | find a minimum by following the gradient | [5.1–5.3](05_gradient_descent.ipynb), [6](06_linear_regression.ipynb) | [0-3](00_welcome.ipynb), [6-1](06_linear_regression.ipynb), [6-4](06_linear_regression.ipynb) |
# | the rate sets the step, and whether it converges | [5.4, 5.6](05_gradient_descent.ipynb) | [0-4](00_welcome.ipynb), [5-5](05_gradient_descent.ipynb), [6-3](06_linear_regression.ipynb) |
# | the variants, and what each improves | [9.2–9.6](09_optimizers.ipynb), [11](11_second_order.ipynb) | [9-1](09_optimizers.ipynb), [9-2](09_optimizers.ipynb), [11-5](11_second_order.ipynb) |
# | *skill:* write gradient descent | [5.3](05_gradient_descent.ipynb), [12.7](12_mnist.ipynb) | [5-1](05_gradient_descent.ipynb), [5-4](05_gradient_descent.ipynb), [12-2](12_mnist.ipynb) |
# | *skill:* strengths and weaknesses of optimizers | [9.7](09_optimizers.ipynb), [11.8](11_second_order.ipynb) | [9-3](09_optimizers.ipynb), [9-4](09_optimizers.ipynb), [11-2](11_second_order.ipynb) |
# | *skill:* tune a learning rate | [5.8](05_gradient_descent.ipynb), [10.7](10_vanishing_exploding.ipynb), [12.7](12_mnist.ipynb) | [5-6](05_gradient_descent.ipynb), [9-4](09_optimizers.ipynb), [10-7](10_vanishing_exploding.ipynb) |

# %% [markdown] tags=["source: §8.3"]
# ## 14.10 Where to go next
#
# The source's five roads, what this book has, and a good next text:
#
# | road | here | next |
# |---|---|---|
# | mathematics | chapters 5, 11, [appendix](90_mathematics.ipynb) | S. Boyd, L. Vandenberghe, *Convex Optimization*, 2004; L. Bottou, F. Curtis, J. Nocedal, SIAM Review 60, 2018 |
# | architectures | 14.1–14.4 | I. Goodfellow, Y. Bengio, A. Courville, *Deep Learning*, 2016; S. Prince, *Understanding Deep Learning*, 2023 |
# | optimization | chapters 9, 10, 11, 14.5 | C. Finn, P. Abbeel, S. Levine, ICML 2017; A. Baydin et al., *Hypergradient descent*, ICLR 2018 |
# | distribution | 14.6–14.8 | P. Goyal et al., *Accurate, large minibatch SGD*, 2017; S. Rajbhandari et al., *ZeRO*, SC 2020 |
# | projects | chapters [12](12_mnist.ipynb), [13](13_pitfalls.ipynb) | take your own data; begin with baselines and a zero-input check |
#
# **The frontier**, as the source saw it in 2025. *Architecture search*: which graph is best? A choice among operations has no gradient; DARTS (Liu et al. 2019) replaces it by a softmax-weighted mix, and descends. Random search is the opponent to beat (Li & Talwalkar 2019). *Automated machine learning*: the same question for everything else that is chosen on validation data; 14.5 is one answer, for what is continuous. *Quantum machine learning*: the state inside a quantum circuit can't be kept and read, so there is no reverse walk; a derivative takes two evaluations of the circuit for each parameter (Mitarai et al. 2018): the price that backpropagation has spared us. (The source's dates of the past: corrected in the [Welcome](00_welcome.ipynb).)
#
# **What remains.** The source ends by calling the three ideas keys rather than tools: to better models, to finding faults, to new methods, to other fields. This book would put it so. A model is a program made of small steps, each of which knows its own slope. Because they compose, the slope of the whole is a walk back, at a small multiple of the price of running it, whatever the program: a digit reader, a writer of names, a step of training. And a slope, followed patiently, is enough to find what nobody could have written down. All three fit on a page. You have written that page.
#
# ## In PyTorch
#
# | here | in PyTorch |
# |---|---|
# | `ops.conv2d`, `nn.Conv2d` (N, height, width, channels) | `F.conv2d`, `torch.nn.Conv2d` (N, channels, height, width) |
# | `nn.RNN`, one bias | `torch.nn.RNN(batch_first=True)`, two biases that are added |
# | `ops.attention(…, ops.causal_mask(T))` | `F.scaled_dot_product_attention(…, is_causal=True)` |
# | `nn.TransformerBlock` | `torch.nn.TransformerEncoderLayer(norm_first=True)` |
# | `grad` inside `grad` | `torch.func.grad`, or `create_graph=True` |
# | `parallel.average_gradients`, `parallel.ShardedOptimizer` | `DistributedDataParallel`, `ZeroRedundancyOptimizer`, FSDP |
#
# ## Further reading
#
# - Y. LeCun et al., *Backpropagation applied to handwritten zip code recognition*, Neural Computation 1, 1989: convolution. J. Elman, *Finding structure in time*, Cognitive Science 14, 1990; P. Werbos, *Backpropagation through time*, Proc. IEEE 78, 1990. A. Vaswani et al., *Attention is all you need*, NeurIPS 2017.
# - Y. Bengio et al., *A neural probabilistic language model*, JMLR 3, 2003. D. MacKay, L. Peto, *A hierarchical Dirichlet language model*, Natural Language Engineering 1, 1995: backing off. A. Karpathy, *makemore*, 2022: names, from pairs to Transformers.
# - P. Patarasuk, X. Yuan, *Bandwidth optimal all-reduce*, J. Parallel and Distributed Computing 69, 2009. Y. Huang et al., *GPipe*, NeurIPS 2019. D. Narayanan et al., *Efficient large-scale language model training on GPU clusters*, SC 2021.
# - H. Liu, K. Simonyan, Y. Yang, *DARTS*, ICLR 2019. L. Li, A. Talwalkar, UAI 2019. K. Mitarai et al., *Quantum circuit learning*, Physical Review A 98, 2018.
