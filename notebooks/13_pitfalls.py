# %% [markdown]
# # 13 Pitfalls: what goes wrong, and how is it seen?
#
# You make five things go wrong on purpose, cure them, and learn to tell them apart by measuring.

# %%
from itertools import count, islice

import numpy as np

from textbook import ask, augment, check, data, labs, nn, ops, optim, plots
from textbook.exercises import chapter_13
from textbook.show import folded
from textbook.train import evaluate, train

# %%
labs.regularisation.show()

# %% [markdown]
# The lab `labs.regularisation` holds 144 mixtures of four remedies, trained in advance. For now move λ alone, from 0 up: a price on large weights closes the gap between the two losses. Does it raise the accuracy? Leave the other controls for section 13.2.
#
# **You will be able to**
#
# - tell overfitting from underfitting, and both from gradients that vanish or explode, by measuring;
# - use dropout, L2, augmentation, early stopping and clipping, and say what each does and does not do;
# - compare two optimizers, or two batch sizes, fairly;
# - name the cause of a bad run from its curves.
#
# **You need** chapters [9](09_optimizers.ipynb), [10](10_vanishing_exploding.ipynb) and [12](12_mnist.ipynb). **Time**: two hours, half of them for the exercises.

# %% [markdown]
# ## 13.1 One way to train, and to measure
#
# `data.load_mnist` gives the digits. The cell below trains a network on the first `n` training images, with `train` on batches of `data.batches`, and lets `evaluate` look at the training and the validation part as it goes. Everything in this chapter is measured on those two. The test part has nothing to do here.
#
# `optim.Optimizer` applies a rule; unless said otherwise it is momentum with α = 0.05. `change` may alter the images of a batch, `loss` may add to `ops.cross_entropy`.

# %%
mnist = data.load_mnist()

def fit(model, n=300, steps=400, *, loss=ops.cross_entropy, change=None, rule="momentum", lr=0.05, batch=50, every=20, seed=0):
    rng, scores = np.random.default_rng(seed), []
    x, y = mnist.x_train[:n], mnist.y_train[:n]
    batches = (pair for _ in count() for pair in data.batches(x, y, batch, rng))    # without end
    if change:
        batches = ((change(images, rng), labels) for images, labels in batches)
    for step in islice(train(model, loss, batches, optim.Optimizer(model, rule, lr=lr)), steps):
        if step.number % every == 0:
            scores.append([*evaluate(model, x, y), *evaluate(model, mnist.x_val, mnist.y_val)])
    return np.array(scores).T

# %% [markdown]
# It returns four rows: training loss, training accuracy, validation loss, validation accuracy; a column for every 20 steps. `evaluate` switches dropout off and takes plain `ops.cross_entropy`, whatever price `loss` adds.

# %% [markdown] tags=["source: §8.2"]
# ## 13.2 Overfitting
#
# **Provoke it.** A large network, `nn.Linear` layers 784-256-10 with `ops.relu` between them in `nn.Sequential`, and only 300 images. `nn.Dropout` stands ready behind the ReLU; with p = 0 it does nothing. Three seeds:

# %%
def large(seed, p=0.0, hidden=256):
    rng = np.random.default_rng(seed)
    first, last = nn.Linear(784, hidden, rng=rng), nn.Linear(hidden, 10, rng=rng)
    return nn.Sequential(first, ops.relu, nn.Dropout(p, rng=rng), last)

plain = [fit(large(seed), seed=seed) for seed in range(3)]

# %% [markdown]
# **See it.** `plots.figure` makes axes, `plots.picture` shows them.

# %%
steps = np.arange(20, 401, 20)

def show_run(run, alt):
    fig, (left, right) = plots.figure(9.0, 3.0, columns=2)
    plots.draw_curves(left, {"training": (steps, run[0]), "validation": (steps, run[2])}, xlabel="step", ylabel="loss (nats)")
    plots.draw_curves(right, {"training": (steps, run[1]), "validation": (steps, run[3])}, xlabel="step", ylabel="accuracy")
    return plots.picture(fig, alt=alt)

show_run(plain[0], "The training loss falls to 0 and the validation loss turns up; training accuracy 1, validation about 0.8.")

# %% [markdown]
# The signature has two parts. The training loss goes to 0: all 300 are known by heart. The validation loss has a lowest point, early, and **rises** from there. The gap alone is no harm; the rise is: the network gets surer where it is wrong. The accuracy, on the right, does not suffer.
#
# ### Four remedies
#
# **Early stopping** takes the weights at the lowest validation loss. But when do you know that it was the lowest? You wait for a number of checks, the *patience*.
#
# **Exercise 13-1 (implement).** `losses` is an array of validation losses, one for each check. Stop at the check that makes it `patience` checks in a row without a new lowest loss. Return the index of the lowest loss seen until then; if it never comes to that, of the lowest of all.

# %%
def stop_at(losses, patience): ...

check.exercise("13-1", stop_at)

# %% [markdown]
# `check.tried` goes on with your function where it is right, and with the book's otherwise.

# %%
stop_at = check.tried("13-1", stop_at, chapter_13.stop_at)
print("lowest before step 150 of 400:", [20 * (stop_at(run[2], patience=3) + 1) < 150 for run in plain])

# %% [markdown]
# **Dropout** switches units off at random, each with probability $p$ and anew in every step, so that no unit can rely on a certain other one. What is left is multiplied by $1/(1-p)$. For the activations $h$ of a layer:
#
# $$h' = \frac{m \odot h}{1 - p}, \qquad m_i = 1 \text{ with probability } 1 - p, \text{ else } 0 \tag{13.1}$$
#
# ($\odot$ multiplies element by element.) So the mean of $h'$ over all masks is $h$, and in evaluation nothing needs to be done.
#
# **Exercise 13-2 (implement).** Return $h'$ for a mask `keep` of True and False.

# %%
def dropout(h, keep, p): ...

check.exercise("13-2", dropout)

# %% [markdown]
# **L2** adds a price for large weights to the loss:
#
# $$\mathcal{L}' = \mathcal{L} + \frac{\lambda}{2} \sum_w w^2 \tag{13.2}$$
#
# **Exercise 13-3 (derive).** `g` is the gradient of ℒ for the weights `w`; `lam` is λ. Return the gradient of ℒ′.

# %%
def l2_gradient(g, w, lam): ...

check.exercise("13-3", l2_gradient)

# %% [markdown]
# As code, (13.2) is a loss for `fit`. The model's `parameters()` are its weights and biases; the biases, which have one axis, are left out, as is usual.

# %%
def with_l2(model, lam):
    weights = [w for w in model.parameters() if w.ndim == 2]
    return lambda z, y: ops.cross_entropy(z, y) + lam / 2 * sum((w * w).sum() for w in weights)

# %% [markdown]
# **Augmentation** makes new images from old ones. A digit that is moved by a pixel is the same digit: *you* know that, and 300 images don't say it.
#
# **Exercise 13-4 (implement).** Move every image `down` and `right` by whole pixels (negative: up, left). What moves in is paper, 0; what moves out is lost. Shapes: (N, 784) in and out, each row 28 lines of 28 pixels.

# %%
def shifted(images, down, right): ...

check.exercise("13-4", shifted)

# %% [markdown]
# `augment.shifted` does this for each image of a batch by up to 2 pixels, drawn anew each time.
#
# **Question 13-a.** 300 images, 400 steps, each remedy alone. Which raises the validation **accuracy** most?

# %%
ask.choice("13-a", "most:", chapter_13.REMEDIES)

# %%
check.prediction("13-a")

# %% [markdown]
# **Cure it.** Three seeds for each remedy: p = 0.5, λ = 0.01, shifts up to 2, patience 3; then dropout, L2 and shifts together. And one remedy that the source does not list: 1,000 images in place of 300. (`folded` keeps a picture under a lid; `plots.OKABE_ITO` holds colours.)

# %%
def cure(seed, n=300, p=0.0, lam=0.0, change=None):
    model = large(seed, p)
    return fit(model, n, loss=with_l2(model, lam) if lam else ops.cross_entropy, change=change, seed=seed)

recipes = {"dropout": dict(p=0.5), "L2": dict(lam=0.01), "shifts": dict(change=augment.shifted),
           "all three": dict(p=0.5, lam=0.01, change=augment.shifted), "1,000 images": dict(n=1000)}
runs = {"nothing": plain, **{name: [cure(seed, **how) for seed in range(3)] for name, how in recipes.items()}}

# %%
ends = {name: np.array([run[[2, 3], -1] for run in of]) for name, of in runs.items()}
ends["early stopping"] = np.array([run[[2, 3], stop_at(run[2], 3)] for run in plain])
fig, axes = plots.figure(9.6, 3.2, columns=2, sharey=True)
for column, (ax, label) in enumerate(zip(axes, ("validation loss (nats)", "validation accuracy"), strict=True)):
    for row, values in enumerate(ends.values()):
        ax.plot(values[:, column], [row] * 3, "o", color=plots.OKABE_ITO["blue"], alpha=0.6)
    ax.axvline(ends["nothing"][:, column].mean(), color="0.6", ls="--")
    ax.set(xlabel=label, yticks=range(len(ends)), yticklabels=ends)
folded(plots.picture(fig, alt="Seven rows of three dots. Left: every remedy lowers the loss. Right: dropout, L2 and early "
                              "stopping stay near the dashed line of no remedy; shifts and more images are far to the right."),
       "The comparison")

# %% [markdown]
# How sure is it? The means over the seeds, as differences to no remedy:

# %%
gain = {name: values.mean(axis=0) - ends["nothing"].mean(axis=0) for name, values in ends.items()}
weak, strong = ("dropout", "L2", "early stopping"), ("shifts", "all three", "1,000 images")
print("lower loss:", [name for name in gain if gain[name][0] < 0])
print("accuracy within 2.5 points of none:", all(abs(gain[name][1]) < 0.025 for name in weak))
print("  a little up:", [name for name in weak if gain[name][1] > 0.005], "  a little down:", [name for name in weak if gain[name][1] < -0.005])
print("accuracy more than 3 points up:    ", all(gain[name][1] > 0.03 for name in strong))

# %% [markdown]
# Read the two columns apart. Shifts and more images bring *new information*, and these alone raise the accuracy by much. Dropout, L2 and early stopping lower the loss, and about as many answers are right as before. How is that possible? Where the network is wrong, how sure is it? (`eval()` switches dropout off, `ops.softmax` makes shares of the logits.)

# %%
def sureness(p=0.0, lam=0.0, steps=400):
    model = large(0, p)
    fit(model, steps=steps, loss=with_l2(model, lam) if lam else ops.cross_entropy)
    shares = ops.softmax(model.eval()(mnist.x_val)).data
    return shares.max(axis=1)[shares.argmax(axis=1) != mnist.y_val].mean()

nothing = sureness()
for name, how in {"dropout": dict(p=0.5), "L2": dict(lam=0.01), "early stopping": dict(steps=40)}.items():
    print(f"{name}: less sure of its mistakes, by more than 5 points:", sureness(**how) < nothing - 0.05)

# %% [markdown]
# L2 and early stopping make the network **less sure of its mistakes**. Dropout does not, here.
#
# All three together do *less* than the shifts alone. The lab at the top says why: switch the shifts on, and move λ to 0.01. There is less to cure now, and that is too much of it. Remedies don't add up; their amounts must be chosen together, on validation data. That holds for this network, 300 images, these amounts and three seeds.
#
# Two more questions for the lab: where does dropout gain more, with shifts or without? What does λ = 0.1 do?
#
# <details><summary>Answers</summary>With shifts. λ = 0.1 makes the gap smaller and both losses larger: it has turned overfitting into underfitting.</details>

# %% [markdown] tags=["source: §8.2"]
# ## 13.3 Underfitting
#
# **Provoke it**, in three ways, on 1,000 images: a network with two hidden units; a good one with 20 steps; a good one with a rate a hundred times too small.

# %%
small, good = large(0, hidden=2), lambda: large(0, hidden=64)
under = {"2 units": fit(small, 1000), "20 steps": fit(good(), 1000, 20), "α = 0.0005": fit(good(), 1000, lr=0.0005)}
under["64 units, 400 steps, α = 0.05"] = fit(good(), 1000)

# %%
fig, ax = plots.figure(8.0, 2.4)
for row, run in enumerate(under.values()):
    ax.plot(run[0, -1], row, "o", color=plots.OKABE_ITO["blue"], label="training" if row == 0 else None)
    ax.plot(run[2, -1], row, "s", color=plots.OKABE_ITO["vermilion"], label="validation" if row == 0 else None)
ax.set(yticks=range(4), yticklabels=under, ylim=(-0.5, 3.5), xlim=(0, None), xlabel="loss at the end (nats)")
ax.legend()
plots.picture(fig, alt="Three underfitted runs with training and validation loss both high, close together; in the good one "
                       "the training loss is near 0 and the validation loss below 0.5.")

# %% [markdown]
# **See it.** The *training* loss is high. That is the whole signature: the validation loss is high too, and close by. The three causes look the same here; what tells them apart is the curve over time. If it still falls at the end, train longer, or with a larger rate. If it has nearly flattened, the network may be too small, or the rate far too large. (20 steps are one point, and not drawn.)

# %%
fig, ax = plots.figure(8.0, 3.0)
curves = {name: (steps[: run.shape[1]], run[0]) for name, run in under.items() if name != "20 steps"}
plots.draw_curves(ax, curves, xlabel="step", ylabel="training loss (nats)")
plots.picture(fig, alt="Training loss: with 2 units it flattens high up; with a small rate it still falls; the good run goes to 0.")

# %% [markdown]
# **Cure it.** The row of 64 units is the cure for all three, and it is the source's: more units, more steps, another rate.
#
# **Question 13-b.** Somebody sees a bad validation accuracy, and adds dropout, p = 0.5, to the network with **two** units. What happens?

# %%
ask.choice("13-b", "", chapter_13.SMALL)

# %%
check.prediction("13-b")

# %%
worse = fit(large(0, p=0.5, hidden=2), 1000)
assert worse[0, -1] > under["2 units"][0, -1] + 0.2
folded(f"training loss without dropout {under['2 units'][0, -1]:.1f}, with it {worse[0, -1]:.1f}", "What happens")

# %% [markdown] tags=["source: §8.2"]
# ## 13.4 Vanishing and exploding gradients
#
# [Chapter 10](10_vanishing_exploding.ipynb) has the theory. Here is how they look in a run. The network is deep: eight layers, 64 wide. `nn.init` draws the weights, `nn.Residual` adds a layer's input to its output, `nn.BatchNorm` standardises over the batch.

# %%
def deep(act, start="xavier", gain=1, residual=False, norm=False):
    rng = np.random.default_rng(0)
    def init(rng, shape): return gain * nn.init.INITS[start](rng, shape)
    layers = [nn.Linear(784, 64, rng=rng, init=init), act]
    for _ in range(6):
        block = [nn.Linear(64, 64, rng=rng, init=init), *([nn.BatchNorm(64)] if norm else []), act]
        layers += [nn.Residual(*block)] if residual else block
    return nn.Sequential(*layers, nn.Linear(64, 10, rng=rng, init=init))

# %% [markdown]
# **Measure** the norm of each layer's gradient on one batch: `backward()`, then `grad`.

# %%
def norms(model):
    ops.cross_entropy(model(mnist.x_train[:100]), mnist.y_train[:100]).backward()
    return [np.linalg.norm(p.grad) for p in model.parameters() if p.ndim == 2]

# %% [markdown]
# **Question 13-c.** With `ops.sigmoid`, whose slope is at most 1/4, there are seven activations between the first and the last layer. By which factor do these slopes multiply a gradient, **at most**?

# %%
ask.number("13-c", "factor:")

# %%
check.prediction("13-c")

# %%
deep_nets = {
    "sigmoid": lambda: deep(ops.sigmoid), "ReLU": lambda: deep(ops.relu), "ReLU, weights 0.01": lambda: deep(ops.relu, "normal"),
    "ReLU, He's weights": lambda: deep(ops.relu, "he"), "sigmoid, residual": lambda: deep(ops.sigmoid, residual=True)}
trained = {name: fit(make(), 1000, 200) for name, make in deep_nets.items()}
fig, (left, right) = plots.figure(9.8, 3.4, columns=2)
plots.draw_curves(left, {name: (np.arange(1, 9), norms(make())) for name, make in deep_nets.items()},
                  xlabel="layer", ylabel="norm of the first gradient")
left.set_yscale("log")
plots.draw_curves(right, {name: (steps[:10], run[0]) for name, run in trained.items()}, xlabel="step", ylabel="training loss")
folded(plots.picture(fig, alt="Left: for sigmoid the gradient falls by a factor of thousands towards the first layer; with "
                              "weights of 0.01 it is below 1e-8 everywhere; the other three are level. Right: these two "
                              "stay at 2.3, the others learn."), "Norms, and what they do to the training")

# %% [markdown]
# **See it.** The loss stays at ln 10 ≈ 2.3, much as with a rate far too small. What tells them apart is the left picture: here the gradients of the *first* layers are tiny beside those of the last, or all of them are nearly 0. **The source's cures** hold: ReLU in place of sigmoid, with the same Xavier weights; weights drawn to suit; residual connections. But ReLU does not save badly drawn weights: with 0.01 its gradients are the smallest of all.
#
# **Exploding.** Draw He's weights three times too large: each layer multiplies by 3 more, eight of them by 3⁸ = 6,561.

# %%
def loud(norm=False, gain=3): return deep(ops.relu, "he", gain=gain, norm=norm)

first = ops.cross_entropy(loud()(mnist.x_train[:100]), mnist.y_train[:100]).item()
size = np.sqrt(sum(np.square(norms(loud()))))
print("first loss in the thousands:", 1e3 < first < 1e5, "  gradient above 5,000:", size > 5e3)

# %% [markdown]
# **Clipping** scales all gradients together, so that their joint norm is at most a limit $c$:
#
# $$g \leftarrow g \cdot \min\!\left(1,\; \frac{c}{\|g\|}\right) \tag{13.3}$$
#
# **Question 13-d.** The gradient's norm is 14,000. It is clipped to 1, and α = 0.05. How long is the step of plain gradient descent?

# %%
ask.number("13-d", "length:")

# %%
check.prediction("13-d")

# %% [markdown]
# **Exercise 13-5 (implement).** `gradients` is a list of arrays, the parts of one long $g$. Return the list after (13.3), with `most` for $c$.

# %%
def clipped(gradients, most): ...

check.exercise("13-5", clipped)

# %% [markdown]
# Now the source's three cures, and one more: weights drawn rightly. The loop is written out, since `optim.clip_grad_norm` stands between `backward()` and `step()`; `zero_grad()` comes first, and `item()` reads the loss. It stops where the loss leaves all bounds.

# %%
def careful(model, lr, limit=np.inf, steps=200):
    optimizer, rng, losses = optim.Optimizer(model, "momentum", lr=lr), np.random.default_rng(0), []
    for x, y in islice((b for _ in count() for b in data.batches(mnist.x_train[:1000], mnist.y_train[:1000], 50, rng)), steps):
        optimizer.zero_grad()
        loss = ops.cross_entropy(model(x), y)
        losses.append(min(loss.item(), 1e12))
        if not loss.item() < 1e12:
            break
        loss.backward()
        optim.clip_grad_norm(model, limit)
        optimizer.step()
    return losses

# %%
cures = {"nothing": careful(loud(), 0.05), "clipped to 1": careful(loud(), 0.05, limit=1), "α = 0.00001": careful(loud(), 1e-5),
         "batch normalisation": careful(loud(norm=True), 0.05), "He's weights": careful(loud(gain=1), 0.05)}
fig, ax = plots.figure(8.4, 3.4)
plots.draw_curves(ax, {name: (np.arange(len(run)), run) for name, run in cures.items()}, xlabel="step", ylabel="batch loss")
ax.set(yscale="log", ylim=(1e-2, 1e13))
ax.axhline(np.log(10), color="0.6", ls=":")
plots.picture(fig, alt="Without a cure the loss leaves the picture within a few steps. Clipping and a small rate bring it down "
                       "slowly from thousands; batch normalisation and He's weights start low and go below 1.")

# %%
print("ends below 1:", [name for name, run in cures.items() if run[-1] < 1])
print("never diverged:", [name for name, run in cures.items() if len(run) == 200])
print("at or above ln 10, nearly:", [name for name, run in cures.items() if len(run) == 200 and np.mean(run[-20:]) > 2])

# %% [markdown]
# Batch normalisation and rightly drawn weights repair what makes the gradients large. Clipping and a small rate only keep the loss finite: after 200 steps neither is much better than guessing (dotted: ln 10). Clipping is made for *rare* large gradients, as recurrent networks have them (Pascanu, Mikolov and Bengio 2013).

# %% [markdown] tags=["source: §8.2"]
# ## 13.5 Slow convergence
#
# The source says: try an adaptive optimizer, and change the batch size. A fair trial gives each side its own best rate, out of equally many. Two thousand images, 784-64-10, 200 steps, four rates for each rule:

# %%
rates = {"gd": (0.03, 0.1, 0.3, 1.0), "momentum": (0.01, 0.03, 0.1, 0.3),
         "rmsprop": (1e-3, 3e-3, 1e-2, 3e-2), "adam": (1e-3, 3e-3, 1e-2, 3e-2)}
rules = {rule: [fit(good(), 2000, 200, rule=rule, lr=lr) for lr in tried] for rule, tried in rates.items()}
fig, (left, right) = plots.figure(9.6, 3.2, columns=2, sharey=True)
for ax, place, title in ((left, 0, "each rule's smallest rate"), (right, None, "each rule's best rate")):
    best = {rule: min(tried, key=lambda run: run[0, -1]) if place is None else tried[place] for rule, tried in rules.items()}
    plots.draw_curves(ax, {rule: (steps[:10], run[0]) for rule, run in best.items()}, xlabel="step", ylabel="training loss")
    ax.set_title(title)
gd = [run[0, -1] for run in rules["gd"]]
print("each best rate lies inside its four:", all(0 < np.argmin([run[0, -1] for run in tried]) < 3 for tried in rules.values()))
print("gd, from 0.03, gains more by its rate than by another rule:", gd[0] - min(gd) > min(gd) - min(r[0, -1] for t in rules.values() for r in t))
plots.picture(fig, alt="Left: with their smallest rates the four rules lie far apart. Right: with their best rates they lie close "
                       "together, all below 0.2 after 200 steps.")

# %% [markdown]
# On the left you could "prove" that any rule you like is slow. On the right, each with its best rate, momentum and the adaptive rules end near each other, plain descent somewhat behind. From its smallest rate, a better rate did more for plain descent (in nats) than a better rule could add to that. One seed, one problem: [chapter 9](09_optimizers.ipynb) compares with more.
#
# Now the batch size, with `"gd"`. Fair means: the same number of *images* looked at, three passes over 2,000, and again the best of four rates.

# %%
sizes, tried = (10, 50, 250), (0.03, 0.1, 0.3, 1.0)
ends = [[fit(good(), 2000, 6000 // b, rule="gd", lr=lr, batch=b, every=6000 // b)[0, -1] for lr in tried] for b in sizes]
fig, ax = plots.figure(7.2, 3.0)
plots.draw_curves(ax, {f"batch {b}: {6000 // b} steps": (tried, row) for b, row in zip(sizes, ends, strict=True)},
                  xlabel="learning rate α", ylabel="training loss after 3 passes")
ax.set(xscale="log")
print("the best of four rates: a smaller batch gives a lower loss:", np.all(np.diff(np.min(ends, axis=1)) > 0))
plots.picture(fig, alt="Loss against rate for three batch sizes. The smaller the batch, the lower its best loss.")

# %% [markdown]
# For the same number of images a small batch takes more steps, and comes further. A larger rate did not make up for it: 1.0 was too large for the largest batch too. A large batch pays where its images are worked on in parallel, so that its step takes hardly longer.

# %% [markdown] tags=["source: §8.2"]
# ## 13.6 Which of them is it?
#
# | symptom | likely causes | the measurement that tells them apart | cure |
# |---|---|---|---|
# | training loss ≈ 0, validation loss rises | overfitting | the same with 3 times the images: does the gap shrink? | more or shifted images; stop early; dropout, L2 |
# | the same, and validation never below ln 10 | labels shuffled | look at images beside their labels | mend the data |
# | training loss high, still falling | too few steps, rate too small | step : weights far below 1/1000? | rate × 10, or longer |
# | training loss high, nearly flat | network too small | twice the units: does it fall? | more units |
# | loss stays at ln 10 | vanishing gradients, dead units, equal weights | gradient norms by layer; activations | ReLU with He's weights, residual connections |
# | loss leaps, or nan | rate too large, exploding gradients, inputs not scaled | the loss *before* the first step | a smaller rate; weights; scaling |
# | loss goes up and down with each pass | no shuffling | does the pattern repeat? | shuffle |
# | falls, then comes back | gradients not zeroed, rate too large | do the norms pile up? | `zero_grad` |
# | slow, and all of this is fine | rate, rule or batch size badly chosen | a few rates each, equal budgets | the best of them |
#
# Look at the training loss first: while it is high, a remedy against overfitting makes it higher. (One network can do both. The one with two units, trained ten times as long, still fits badly, and its validation loss rises.)
#
# **Exercise 13-6 (implement).** Turn that into rules, asked in this order. From two lists of losses return `"diverged"` if the last training loss is not finite, or above twice the first; `"underfitting"` if it is above half of the first; `"overfitting"` if the last validation loss is above 1.1 times the lowest; else `"neither"`.

# %%
def name_cause(training, validation): ...

check.exercise("13-6", name_cause)

# %% [markdown]
# What does it say of the runs of this chapter? `fit` measures nothing before the first step; ln 10, the loss of ten equal shares, stands for it.

# %%
name_cause = check.tried("13-6", name_cause, chapter_13.name_cause)
told = {"300 images": plain[0], "2 units": under["2 units"], "sigmoid": trained["sigmoid"], "shifts": runs["shifts"][0]}
for name, run in told.items():
    print(f"{name:10}  {name_cause([np.log(10), *run[0]], [np.log(10), *run[2]])}")

# %% [markdown]
# Two curves can't tell two units from a vanished gradient. For that, more must be measured.
#
# **Question 13-e.** `ops.cross_entropy` takes logits and applies the softmax itself. Somebody hands it probabilities. What is the lowest loss that is then possible, with ten classes? (The best that can be handed over is a 1 for the true class and nine 0.)

# %%
ask.number("13-e", "nats:")

# %%
check.prediction("13-e")

# %% [markdown]
# ### Diagnose it
#
# In `labs.diagnose` ten trainings wait, each with one thing wrong: 1,000 digits, 784-32-32-10, plain gradient descent, 400 steps. You see the loss beside that of a healthy run; the norm of each layer's gradient; the size of its step, divided by that of its weights (1/1000 is dotted); and what the first hidden layer says to 24 images. Move the step. Then choose a cause. The text answers: right, or what speaks against it.

# %%
labs.diagnose.show(run=7)

# %% [markdown] tags=["source: §8.2"]
# ## What the source says differently
#
# §8.2 gives five pitfalls, each with its remedies. Tried on digits, the list holds, with these refinements.
#
# | the source | what was measured here |
# |---|---|
# | overfitting: dropout, L2, augmentation, early stopping | they are not alike. Three of them mend the loss and hardly the accuracy; augmentation mends both. The best remedy here, more data, is missing |
# | underfitting: more complexity, longer, another rate | holds. Which of them: see the training curve's end |
# | vanishing: ReLU, residual connections, initialisation | holds; but with badly drawn weights ReLU vanishes too |
# | exploding: clipping, a smaller rate, batch normalisation | batch normalisation mends it; the other two keep the loss finite, and in 200 steps not much more. Initialisation belongs in this row too |
# | slow: Adam, RMSprop, batch size | a better rate did most of it for plain descent |
#
# And a cure for one pitfall feeds another: regularisation deepens underfitting. So measure first.
#
# ## In PyTorch
#
# | here | there |
# |---|---|
# | `nn.Dropout(p, rng=…)` | `torch.nn.Dropout(p)`; `model.train()`, `model.eval()` switch it, as here |
# | `with_l2(model, lam)` | `torch.optim.SGD(…, weight_decay=lam)`, which adds λw to the gradient, of biases too. In Adam that is not the same as decaying the weights: `AdamW` (chapter 9) |
# | `augment.shifted` | `torchvision.transforms.RandomAffine(0, translate=…)` |
# | `optim.clip_grad_norm(model, 1)` | `torch.nn.utils.clip_grad_norm_(model.parameters(), 1)` |
#
# ## Further reading
#
# - N. Srivastava et al. (2014). *Dropout: a simple way to prevent neural networks from overfitting.* JMLR 15.
# - L. Prechelt (1998). *Early stopping – but when?* In: Neural Networks: Tricks of the Trade.
# - A. Krogh and J. Hertz (1992). *A simple weight decay can improve generalization.* NeurIPS 4.
# - R. Pascanu, T. Mikolov and Y. Bengio (2013). *On the difficulty of training recurrent neural networks.* ICML. Clipping.
# - C. Shallue et al. (2019). *Measuring the effects of data parallelism on neural network training.* JMLR 20. Batch sizes, each with its own tuned rate.
# - A. Karpathy (2019). *A Recipe for Training Neural Networks.*
