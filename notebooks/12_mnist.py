# %% [markdown]
# # 12 MNIST: from pixels to digits
#
# You teach a network to read handwritten digits, first on the engine you wrote in chapter 4, and you learn how far to trust it.

# %%
import numpy as np

from textbook import Tensor, ask, check, data, labs, nn, no_grad, ops, optim, plots
from textbook.exercises import chapter_12
from textbook.exercises.chapter_03 import Node
from textbook.exercises.chapter_04 import backward, cross_entropy, matmul
from textbook.graph import Graph
from textbook.show import folded
from textbook.train import evaluate, train

# %% [markdown]
# **You will be able to**
#
# - walk the whole workflow once: look at the data, set up baselines, design a model, train it, find the faults;
# - choose a learning rate, a width and the moment to stop, on data kept for choosing;
# - tell from a few numbers whether a network learns, learns by heart, or dies;
# - say how good a classifier is and how far its shares can be believed, with the uncertainty, from data it has never seen.
#
# **You need** chapters [4](04_backpropagation_on_arrays.ipynb), [5](05_gradient_descent.ipynb) and [7](07_classification.ipynb): gradients of arrays, learning rates, softmax and cross-entropy. `Node`, `backward`, `matmul` and `cross_entropy` are the book's; replace their import lines by your own code from chapters 3 and 4, if you have it. **Time**: about two hours, half of it for the six exercises.

# %% [markdown] tags=["source: §8.2"]
# ## 12.1 The workflow
#
# The source text's seven steps (§8.2), and where the chapter takes them:
#
# | step | the question it answers | section |
# |---|---|---|
# | analyse | what is given, what is wanted, what would be cheap? | 12.2, 12.3 |
# | design | which function, with which parameters? | 12.4, 12.5, 12.11 |
# | graph | which operations, with which shapes? | 12.5 |
# | loss | what does "wrong" cost? | 12.4 |
# | optimizer | how do the parameters move? | 12.4, 12.7 |
# | monitor | is it learning, and is it learning the right thing? | 12.7, 12.8 |
# | debug | is the gradient right? where does it fail? | 12.6, 12.9, 12.10 |
#
# The steps are not a line. A surprise in any of them sends you back to an earlier one.

# %% [markdown] tags=["source: §8.2"]
# ## 12.2 Analyse: what is given?
#
# An image is 28 × 28 intensities between 0 (paper) and 1 (ink), written as one row of 784 numbers. A label is a class from 0 to 9. We want a function from the one to the other that is right about images it has **not** seen.
#
# So the data come in three parts. The parameters are fitted on the *training* part. Choices, such as the learning rate and when to stop, are made on the *validation* part. The *test* part is looked at once, at the end. `data.load_mnist` hands out all three. `plots.draw_digits` draws images with their labels, into axes that `plots.figure` makes; `plots.picture` shows the result.

# %% tags=["source: §8.2", "source: erratum 10"]
mnist = data.load_mnist()
training, validation = (mnist.x_train, mnist.y_train), (mnist.x_val, mnist.y_val)
counts = np.bincount(mnist.y_train)
print(mnist, "\nhow many of each digit:", dict(enumerate(counts.tolist())))
fig, ax = plots.figure(9.6, 2.4)
plots.draw_digits(ax, mnist.x_train[:20], mnist.y_train[:20])
plots.picture(fig, alt="Twenty handwritten digits from the training set, each with its label.")

# %% [markdown] tags=["source: §8.2"]
# The digits are nearly equally common, from 605 fives to 790 ones.
#
# ## 12.3 Baselines first
#
# Is 90 % good? Not if the obvious thing gives 95 %. So the obvious things come first.
#
# **Baseline 1.** Always answer 1, the most common class: right for 790 of 7,000, 11 %.
#
# **Baseline 2.** A cheap summary of a class $k$ is its mean image $m_k$. Answer the class whose mean is nearest to the image.

# %%
means = np.stack([mnist.x_train[mnist.y_train == k].mean(axis=0) for k in range(10)])
plots.draw_digits((sheet := plots.figure(9.6, 1.3))[1], means, range(10))
plots.picture(sheet[0], alt="The mean image of each class: ten blurred digits.")

# %% [markdown]
# Write $\|x\|^2 = x \cdot x$ for the sum of the squares of all pixels, and $\arg\min_k$, $\arg\max_k$ for the $k$ at which something is smallest or largest. Multiply $\|x - m_k\|^2$ out. Since $\|x\|^2$ is the same for every class,
#
# $$\arg\min_k \|x - m_k\|^2 = \arg\max_k \; x \cdot m_k - \tfrac12 \|m_k\|^2 \tag{12.1}$$
#
# The right side is $xW + b$: a matrix product and a bias. It is a *linear* classifier, with weights that nobody has trained.

# %%
scores = mnist.x_val @ means.T - 0.5 * (means**2).sum(axis=1)    # (12.1)
nearest_mean = (scores.argmax(axis=1) == mnist.y_val).mean()
print(f"{nearest_mean:.0%} of the validation part")

# %% [markdown]
# **Baseline 3.** Answer the label of the most similar training image. This *nearest neighbour* needs no training, and it is the baseline that hurts.
#
# **Exercise 12-1 (implement).** For each row of `x`, find the row of `x_train` at the smallest squared distance, and return the array of their labels. A loop would take minutes here, and all the differences at once 22 GB. Use $\|x - t\|^2 = \|x\|^2 - 2\,x \cdot t + \|t\|^2$: one matrix product does the work.

# %%
def nearest_neighbour(x, x_train, y_train): ...

check.exercise("12-1", nearest_neighbour)

# %% [markdown]
# `check.tried` takes your function where it is right, and the book's otherwise.

# %%
nearest_neighbour = check.tried("12-1", nearest_neighbour, chapter_12.nearest_neighbour)
neighbour_val = nearest_neighbour(mnist.x_val, mnist.x_train, mnist.y_train)
print(f"{(neighbour_val == mnist.y_val).mean():.0%} on the validation part")

# %% [markdown]
# That is what a network is measured against. Its price: 7,000 · 784 multiplications for one image, and all training images must be kept.

# %% [markdown] tags=["source: §8.2"]
# ## 12.4 Softmax regression: the same function, trained
#
# (12.1) chose $W$ and $b$ by a formula. Let descent choose them. The ten numbers $z = xW + b$ are the *logits*. The softmax makes shares of them, and the cross-entropy is the surprise at the true class $y_i$, averaged over a batch of $N$ images and measured in nats (chapter 7):
#
# $$\hat y_k = \frac{e^{z_k}}{\sum_j e^{z_j}}, \qquad \mathcal{L} = -\frac1N \sum_{i=1}^N \log \hat y_{i,\,y_i} \tag{12.2}$$
#
# **Question 12-a.** A model that knows nothing gives each of the ten classes 1/10. What is its loss?

# %%
ask.number("12-a", "loss in nats:")

# %%
check.prediction("12-a")

# %% [markdown]
# Train, on the engine that you have built. Forward, and back, for 64 images:

# %%
w, b = Node(np.zeros((784, 10), np.float32)), Node(np.zeros(10, np.float32))
backward(loss := cross_entropy(matmul(Node(mnist.x_train[:64]), w) + b, mnist.y_train[:64]))
print(f"loss {loss.value:.3f}, gradient of w: {w.grad.shape}")

# %% [markdown]
# A model is a function `network` from a `Node` of images to a `Node` of logits; its parameters are Nodes too.
#
# **Exercise 12-2 (implement).** Write the training loop. For each batch `(x, y)` of arrays: find the loss with `cross_entropy`, empty the gradients of all `params`, call `backward`, and move each `p.value` by plain gradient descent with the rate `lr`. Return the list of the losses before the steps, as numbers.

# %%
def train_epoch(network, params, batches, lr): ...

check.exercise("12-2", train_epoch)

# %% [markdown]
# `data.batches` hands out the training part in shuffled batches. An *epoch* is one pass over it. Five epochs of your loop:

# %%
train_epoch = check.tried("12-2", train_epoch, chapter_12.train_epoch)
w, b = Node(np.zeros((784, 10), np.float32)), Node(np.zeros(10, np.float32))
rng, own_losses = np.random.default_rng(0), []
for _ in range(5):
    batches = data.batches(*training, size=64, rng=rng)
    own_losses += train_epoch(lambda x: matmul(x, w) + b, [w, b], batches, lr=0.5)
right = ((mnist.x_val @ w.value + b.value).argmax(axis=1) == mnist.y_val).mean()
print(f"first loss {own_losses[0]:.3f}; afterwards about {right:.0%} of the validation part")

# %% [markdown]
# Better than the nearest mean, with the same formula. The book's engine does the same with more comfort. `nn.MLP([784, 10])` is $xW + b$ with its parameters; `optim.Optimizer` applies a rule to them, here `"gd"`; `train` is your loop, as a generator that hands control back after each step; `evaluate` gives loss and accuracy on a whole part. `fit` collects: the losses of the batches, and scores after each epoch.

# %%
def fit(model, optimizer, epochs, seed=0, on=training, parts=(validation,)):
    rng, losses, after = np.random.default_rng(seed), [], []
    for _ in range(epochs):
        batches = data.batches(*on, size=64, rng=rng)
        losses += [step.loss for step in train(model, ops.cross_entropy, batches, optimizer)]
        after.append([evaluate(model, *part) for part in parts])
    return losses, after

linear = nn.MLP([784, 10], rng=np.random.default_rng(0), init="zeros")
linear_losses, linear_after = fit(linear, optim.Optimizer(linear.parameters(), "gd", lr=0.5), epochs=5)
print(len(own_losses), "losses; the two engines agree to 0.001:", np.allclose(own_losses, linear_losses, atol=1e-3))

# %% [markdown]
# From here on we use the book's.
#
# **Question 12-b.** A mean image has no negative number in it. What will the trained weights for a 0 look like in the middle of the image?

# %%
ask.choice("12-b", "in the middle:", chapter_12.MIDDLE)

# %%
check.prediction("12-b")

# %% [markdown]
# Look at the weights, with `plots.draw_weights`: red is positive, blue negative. From the means, subtract the average of all ten: that changes no decision. Above the means, below the trained weights. (`folded` keeps the picture under a lid until you want it.)

# %%
fig, ax = plots.figure(9.6, 2.6)
both = np.hstack([(means - means.mean(axis=0)).T, linear.parameters()[0].data])
plots.draw_weights(ax, both, labels=[f"{k} {name}" for name in ("mean", "trained") for k in range(10)])
folded(plots.picture(fig, alt="Two rows of ten images. Above, the means less their average; below, the trained weights: "
                              "finer and more broken. For the 0, both have a ring around a negative middle."),
       "The ten weight images")

# %% [markdown] tags=["source: §8.2"]
# Both rows know that ink in the middle speaks against a 0. A mean asks only where a class has more ink than the others. Descent was asked to tell the classes apart: it puts weight where that decides, and breaks up the broad strokes that several classes share.
#
# ## 12.5 Design, and the graph
#
# A linear model gives each pixel one vote per class, whatever the other pixels say. To let pixels be judged together, put a layer of **hidden units** between them, 128 to begin with:
#
# $$h = \max(0,\; x W_1 + b_1), \qquad z = h W_2 + b_2 \tag{12.3}$$
#
# Without the $\max$ (*ReLU*) the two layers would be one matrix and one bias. There are 784 · 128 + 128 + 128 · 10 + 10 = 101,770 parameters. Run it forward on 8 images, as a `Tensor`, and read the graph that the engine has recorded: `Graph.of` takes it from the loss, `plots.draw_graph` draws it.

# %% tags=["source: §8.2"]
def network(seed, width=128, dtype=np.float32):
    return nn.MLP([784, width, 10], rng=np.random.default_rng(seed), dtype=dtype)

x = Tensor(mnist.x_train[:8], name="x")
graph = Graph.of(ops.cross_entropy(network(0)(x), mnist.y_train[:8]))
fig, ax = plots.figure(9.6, 3.0)
plots.draw_graph(ax, graph, names=False, values=False)
plots.picture(fig, alt="The graph of the loss: x @ w1 + b1, ReLU, @ w2 + b2, cross-entropy, with the shape on each edge.")

# %% [markdown] tags=["source: §8.2"]
# Follow the shapes: $(8 × 784) @ (784 × 128)$ leaves $8 × 128$. The labels are no node: nothing flows back to them.
#
# ## 12.6 Debug before you train
#
# Three checks cost a few seconds. **The first loss** should be near ln 10; random weights make it a little worse.
#
# **No input.** Feed zeros in place of the images. All that is left to learn is how common each class is. With frequencies $f_k$, the lowest loss is their entropy, $-\sum_k f_k \ln f_k$. The loss must come down to it, and with the images well below. If it does not, the images do not reach the loss, or meet the wrong labels: that is the third row. (Validation losses; for the zeros, training. 12.7 explains `"momentum"`.)

# %%
print(f"first loss {evaluate(network(0), *validation).loss:.1f}, ln 10 = {np.log(10):.1f}")
f = counts / counts.sum()
print(f"entropy of the frequencies {-(f * np.log(f)).sum():.2f}")
shuffled_labels = np.random.default_rng(1).permutation(mnist.y_train)
blank = np.zeros_like(mnist.x_train)
for name, on in {"zeros": (blank, mnist.y_train), "images": training, "wrong order": (mnist.x_train, shuffled_labels)}.items():
    trial = network(0)
    fit(trial, optim.Optimizer(trial.parameters(), "momentum", lr=0.02), epochs=3, on=on)
    print(f"{name:12} loss {evaluate(trial, *(on if name == 'zeros' else validation)).loss:.1f}")

# %% [markdown]
# **A handful of images** should be learned by heart. If even 20 can't be fitted, look for the fault in the graph, the loss or the optimizer.

# %%
trial, twenty = network(1), (mnist.x_train[:20], mnist.y_train[:20])
fit(trial, optim.Optimizer(trial.parameters(), "momentum", lr=0.05), epochs=60, on=twenty)
print("by heart:", evaluate(trial, *twenty).accuracy == 1)

# %% [markdown]
# **Question 12-c.** Take 1,000 images and shuffle their labels, so that no rule connects the two. Train for 40 epochs. Which *training* accuracy will be reached?

# %%
ask.choice("12-c", "training accuracy:", chapter_12.HEART)

# %%
check.prediction("12-c")

# %%
few = (mnist.x_train[:1000], shuffled_labels[:1000])
trial = network(0)
_, after = fit(trial, optim.Optimizer(trial.parameters(), "momentum", lr=0.05), epochs=40, on=few, parts=(few, validation))
curves = {"training, shuffled labels": [s.accuracy for s, _ in after], "validation": [s.accuracy for _, s in after]}
fig, ax = plots.figure(6.4, 2.8)
plots.draw_curves(ax, curves, xlabel="epoch", ylabel="accuracy")
ax.legend()
folded(plots.picture(fig, alt="Training accuracy climbs to 1; validation accuracy stays near 0.1."), "Both accuracies")

# %% [markdown] tags=["source: §8.2"]
# The network keeps a thousand labels that mean nothing, and knows nothing about any other image (Zhang et al. 2017). A high training accuracy does not show that digits were learned. Only unseen images can.
#
# ## 12.7 Choose, train, watch
#
# The optimizer is gradient descent with momentum: $v \leftarrow \beta v + g,\; \theta \leftarrow \theta - \alpha v$, with β = 0.9. Here θ are the parameters and $g$ is the gradient; [chapter 9](09_optimizers.ipynb) compares it with others. Three things are to be chosen: the rate α, the width, and when to stop. That is what the validation part is for. First four rates with 128 units, each for nine epochs. Then, with the best of them, four widths. `run` gives the validation losses after each epoch.

# %% tags=["source: §8.2"]
def run(lr, width, seed=0):
    model = network(seed, width)
    _, after = fit(model, optim.Optimizer(model.parameters(), "momentum", lr=lr), epochs=9, seed=seed)
    return [score.loss for [score] in after]

by_rate = {lr: run(lr, 128) for lr in (0.005, 0.02, 0.08, 0.32)}
chosen_lr = min(by_rate, key=lambda lr: min(by_rate[lr]))
by_width = {width: by_rate[chosen_lr] if width == 128 else run(chosen_lr, width) for width in (8, 32, 128, 256)}

# %%
fig, (left, right) = plots.figure(9.6, 3.2, columns=2)
epochs = np.arange(1, 10)
plots.draw_curves(left, {f"α = {lr}": (epochs, losses) for lr, losses in by_rate.items()}, xlabel="epoch", ylabel="validation loss (nats)")
plots.draw_curves(right, {f"{width} units": (epochs, losses) for width, losses in by_width.items()}, xlabel="epoch")
for ax in (left, right):
    ax.legend(fontsize=8)
    ax.set(ylim=(0.1, 0.8))
plots.picture(fig, alt="Validation loss against epoch. Left, four rates: the two smallest still fall at the end, the third "
                       "lies lowest, the largest jumps up and down above them. Right, four widths: 8 and 32 units lie "
                       "well above 128 and 256, which nearly agree.")

# %% [markdown]
# Left, take the curve with the lowest point. Right, the lowest is not all that counts: 256 units cost twice as much as 128. So agree on a rule *before* looking at the numbers: the smallest width that comes within 0.02 nats of the best. A smaller difference comes from another seed alone, as the cell shows. And stop at the epoch where the chosen curve is lowest.

# %%
chosen_width = min(width for width, losses in by_width.items() if min(losses) < min(map(min, by_width.values())) + 0.02)
chosen_epochs = 1 + int(np.argmin(by_width[chosen_width]))
print(f"α = {chosen_lr}, {chosen_width} units; another seed alone changes less than 0.02:", abs(min(run(chosen_lr, 128, seed=1)) - min(by_width[128])) < 0.02)

# %% [markdown]
# Each width might have a better rate of its own: whoever has the time tries all pairs.
#
# **Question 12-d.** Look at one run closely and for longer: 20 epochs at α = 0.08. The training loss falls and falls. How far does the validation loss fall?

# %%
ask.choice("12-d", "it falls", chapter_12.FALL)

# %%
check.prediction("12-d")

# %% [markdown]
# "Batch" is the loss of each batch before its step. The others are for the whole part, after each epoch; in the middle the validation loss alone. (`plots.OKABE_ITO` holds the colours of this book.)

# %% tags=["source: §8.2"]
long = network(0)
losses, after = fit(long, optim.Optimizer(long.parameters(), "momentum", lr=0.08), epochs=20, parts=(training, validation))
epochs = np.arange(1, 21)
fig, (left, middle, right) = plots.figure(9.6, 3.2, columns=3)
plots.draw_losses(left, {"batch": losses}, log=True, smooth=20)
for i, (name, colour, line) in enumerate([("training", "vermilion", "--"), ("validation", "green", "-.")]):
    left.plot(110 * epochs, [score[i].loss for score in after], line, label=name, color=plots.OKABE_ITO[colour])
left.legend(fontsize=8)
plots.draw_curves(middle, {"validation": (epochs[2:], [val.loss for _, val in after[2:]])}, xlabel="epoch", ylabel="validation loss (nats)")
part = {name: (epochs, [score[i].accuracy for score in after]) for i, name in enumerate(("training", "validation"))}
plots.draw_curves(right, part, xlabel="epoch", ylabel="accuracy")
folded(plots.picture(fig, alt="Left: losses on a logarithmic scale; training falls and falls, validation flattens. Middle: "
                              "the validation loss from epoch 3: it falls, and slowly rises again. Right: training "
                              "accuracy reaches 1, validation stays below and hardly moves."), "The curves")

# %% [markdown]
# At first both losses fall together. Then the validation loss falls more slowly: the network learns the training images better than it learns digits. That alone is no harm. Harm begins where the validation loss turns up, here slowly. From there, more training makes the network *surer* of its mistakes: the accuracy hardly moves, the loss rises. The name for the gap is **overfitting**, and stopping at the minimum is **early stopping**.

# %% [markdown]
# ## 12.8 Inside: how far do weights move, and who is silent?
#
# A loss curve tells that something is wrong, rarely what. Two numbers from inside tell more. The **update ratio** is how far a step moves the weights, measured by their own length: $\|\Delta W_1\| / \|W_1\|$. And for each hidden unit, the share of training images on which it is *on*, $h > 0$. A unit that is on for none is silent, and no gradient reaches its weights: it may be dead for good.

# %%
def watched(lr, epochs=3):
    model, ratios, rng = network(0), [], np.random.default_rng(0)
    w, b = model.parameters()[:2]
    optimizer, old = optim.Optimizer(model.parameters(), "momentum", lr=lr), w.data.copy()
    for _ in range(epochs):
        for _ in train(model, ops.cross_entropy, data.batches(*training, size=64, rng=rng), optimizer):
            ratios.append(np.linalg.norm(w.data - old) / np.linalg.norm(old))
            old = w.data.copy()
    return ratios, (mnist.x_train @ w.data + b.data > 0).mean(axis=0)

inside = {"before": watched(0.08, epochs=0)} | {f"α = {lr}": watched(lr) for lr in (0.005, 0.08, 0.32)}

# %%
fig, (left, *boxes) = plots.figure(9.6, 2.8, columns=5, width_ratios=(1.8, 1, 1, 1, 1))
plots.draw_curves(left, {name: ratios for name, (ratios, _) in inside.items() if ratios}, ylabel="update ratio", log=True, smooth=20)
left.legend(fontsize=7)
for box, (name, (_, on)) in zip(boxes, inside.items(), strict=True):
    box.hist(on, bins=np.linspace(0, 1, 11), color=plots.OKABE_ITO["sky"])
    box.set(title=name, ylim=(0, 128), xlabel="share of images")
boxes[0].set_ylabel("hidden units")
print("no unit is silent before:", (inside["before"][1] > 0).all(), "\nmore than a fifth are at 0.32:", (inside["α = 0.32"][1] == 0).mean() > 0.2)
plots.picture(fig, alt="Left: update ratios, from below a thousandth for the smallest rate to some hundredths for the largest. "
                       "Then four histograms of how often a unit is on: before training spread from 0 to 1; at 0.005 mostly "
                       "above a half; at 0.08 mostly below; at 0.32 nearly all units are almost never on.")

# %% [markdown]
# At 0.32 the large steps push unit after unit off, and nearly all of them stay off. What is left of the network is narrow: one reason why its curve in 12.7 stays high. The rule of thumb is a ratio near 1/1000 (Karpathy, CS231n). Our good rate moves several times as far, and the slow one is below it when it ends: a rule of thumb finds a wrong power of ten, not the best rate.
#
# Now steer a run yourself, in the lab `labs.mnist_training`, with each layer's ratio beside the curves, as log₁₀. **Task:** start it, and when the loss has settled, raise the rate until it jumps. What do the ratios do? Does the accuracy come back when you lower the rate again?

# %%
labs.mnist_training.show(rule="momentum", lr=0.08, epochs=20, beside="updates")

# %% [markdown]
# ## 12.9 Is the gradient right?
#
# The loss fell, so the gradients can't be nonsense. They could still be doubled, or miss the biases: such a network learns too. So compare every derivative with a program that you did not write. PyTorch gets the same weights and the same batch, in float64 so that rounding can't hide anything. NB: it stores the transpose of our weights. ([Chapter 8](08_automatic_differentiation.ipynb) compares whole trainings.)

# %% tags=["source: §8.2"]
import torch

ours, (x, y) = network(2, dtype=np.float64), (mnist.x_train[:64].astype(float), mnist.y_train[:64])
theirs = torch.nn.Sequential(torch.nn.Linear(784, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10)).double()
with torch.no_grad():
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        q.copy_(torch.tensor(p.data.T))
ops.cross_entropy(ours(x), y).backward()
torch.nn.functional.cross_entropy(theirs(torch.tensor(x)), torch.tensor(y)).backward()
for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
    print(p.name, p.size, "derivatives; largest difference below 1e-12:", np.abs(p.grad.T - q.grad.numpy()).max() < 1e-12)

# %% [markdown]
# ## 12.10 Where does it fail, and does it know?
#
# Train the chosen network, from three seeds: what all three get wrong is no accident of one start. Look at the *validation* part: whoever studies mistakes on the test part and then improves the model has trained on it. `no_grad` says that no gradients will be asked for.

# %%
models = [network(seed, chosen_width) for seed in range(3)]
for seed, model in enumerate(models):
    fit(model, optim.Optimizer(model.parameters(), "momentum", lr=chosen_lr), epochs=chosen_epochs, seed=seed)
with no_grad():
    guesses = [model(mnist.x_val).data.argmax(axis=1) for model in models]
missed = np.all([guess != mnist.y_val for guess in guesses], axis=0)
print("at least a third of the first network's mistakes are made by all three:", missed.sum() > (guesses[0] != mnist.y_val).sum() / 3)
fig, ax = plots.figure(9.6, 2.6)
shown = np.flatnonzero(missed)[:20]
plots.draw_digits(ax, mnist.x_val[shown], mnist.y_val[shown], guesses[0][shown])
plots.picture(fig, alt="Up to twenty validation images that all three networks get wrong, framed, with what the first said and what they are.")

# %% [markdown]
# Read them one by one, and sort them into heaps. A few are hard for us too. Most have a cause:
#
# - **strokes that most writers leave out**: a bar or a foot on a seven, a foot and a flag on a one, a loop in a two;
# - **loops open or squeezed**: nines taken for 7 or 4, a four that is nearly closed;
# - **a lean, or another place**: a seven that lies flat, a narrow nine. The strokes lie where another digit has its own.
#
# Each heap suggests a cure: more such images, thinner strokes, a model that cares less *where* a stroke lies (12.11).
#
# Which classes are taken for which? The **confusion matrix** counts: row $i$, column $j$ holds how many images of class $i$ were taken for $j$.
#
# **Exercise 12-3 (implement).** Write it. Return a (10, 10) array of counts, also where some class does not occur.

# %%
def confusion_matrix(labels, guesses): ...

check.exercise("12-3", confusion_matrix)

# %%
confusion_matrix = check.tried("12-3", confusion_matrix, chapter_12.confusion_matrix)
plots.draw_confusion((sheet := plots.figure(6.4, 4.6))[1], np.array(confusion_matrix(mnist.y_val, guesses[0]), int))
plots.picture(sheet[0], alt="Confusion matrix on the validation images: nearly all counts on the diagonal.")

# %% [markdown]
# Read it by rows: which digit loses most, and for what is it taken? Then by columns: which answer is wrong most often?
#
# **Does it know when it does not know?** Its *confidence* is its largest share. Among answers given with a share near 0.8, about 80 % should be right. Shares that keep this promise are **calibrated**. Sort the answers by confidence into tenths: 0 to 0.1, …, 0.9 to 1. The sum of the confidences is the number of right answers to *expect*.
#
# **Exercise 12-4 (implement).** Return a (10, 3) array: for each tenth how many answers, how many right ones to expect, how many are right. A share on an edge belongs to the tenth above; 1 belongs to the last. `confidence` holds numbers from 0 to 1, `right` is True or False.

# %%
def reliability(confidence, right): ...

check.exercise("12-4", reliability)

# %% [markdown]
# Look at the network that was trained for 20 epochs. Each dot is a tenth with five answers or more, with its standard error (12.13). On the right, a remedy: divide all logits by a **temperature** $T$ before the `ops.softmax`, and choose $T$ by the validation loss (`ops.log_softmax` gives logarithms). No answer changes, only its confidence (Guo et al. 2017).

# %%
reliability, temperatures = check.tried("12-4", reliability, chapter_12.reliability), np.linspace(0.8, 3, 45)
with no_grad():
    z = long(mnist.x_val).data
surprise = [-ops.log_softmax(z / T)[np.arange(1000), mnist.y_val].mean() for T in temperatures]
T = temperatures[np.argmin(surprise)]
fig, (left, right) = plots.figure(9.0, 3.2, columns=2)
for name, shares in {"as trained": ops.softmax(z), "with the chosen T": ops.softmax(z / T)}.items():
    table = np.array(reliability(shares.max(axis=1), shares.argmax(axis=1) == mnist.y_val))
    n, expected, correct = table[table[:, 0] >= 5].T
    left.errorbar(expected / n, correct / n, np.sqrt(correct * (n - correct) / n**3), fmt="o", capsize=3, label=name)
left.plot([0, 1], [0, 1], color="0.6")
left.set(xlabel="confidence", ylabel="share that is right")
left.legend(fontsize=8)
plots.draw_curves(right, {"": (temperatures, surprise)}, xlabel="temperature T", ylabel="validation loss (nats)")
plots.picture(fig, alt="Left: confidence against the share that is right; as trained, most dots lie below the diagonal; with T they lie around it. Right: the validation loss is lowest between 1.4 and 2.")

# %%
confidence, sure = ops.softmax(z).max(axis=1), ops.softmax(z).argmax(axis=1) == mnist.y_val
print(f"as trained, at least 8 more right answers expected than given: {confidence.sum() - sure.sum() > 8}; T between 1.4 and 2: {1.4 < T < 2}")
print("with T, 20 epochs have a lower validation loss than early stopping:", min(surprise) < min(by_rate[0.08]))

# %% [markdown]
# As trained, it promises more than it keeps. One number takes that back, and then 20 epochs beat early stopping: what had gone wrong was the confidence, not the answers. Whether $T$ holds for new images too, the test will tell.
#
# ### What has it learned?
#
# In a hidden unit's 784 weights, the random numbers that they started from cover what came later. So draw what training has *changed*, in the 20 units that changed most.

# %%
change = models[0].parameters()[0].data - network(0, chosen_width).parameters()[0].data
most = np.argsort(-np.linalg.norm(change, axis=0))[:20]
fig, ax = plots.figure(9.6, 2.6)
plots.draw_weights(ax, change[:, most])
never = (mnist.x_train == 0).all(axis=0)
print(never.sum(), "pixels are blank in all training images; largest change there:", np.abs(change[never]).max())
plots.picture(fig, alt="What training changed in the weights of 20 hidden units: strokes and edges in red and blue around "
                       "the middle, white at the border.")

# %% [markdown]
# Not digits: strokes, edges, gaps. The border is white: without ink the gradient is zero.
#
# **What would make it an 8?** Turn the question round. The loss is a function of the pixels too. Leave the weights alone, name the label that you wish for, and descend on the *image*:
#
# $$x \leftarrow x - \alpha\, \frac{g}{\|g\|}, \qquad g = \frac{\partial \mathcal L}{\partial x} \tag{12.4}$$
#
# The lab `labs.draw_digit` does it, with a small network of 32 units. **Task:** go back to step 0, then forward, one step at a time, until the network reads 8. Do you? What has changed: the strokes that make a 3 an 8, or dust? Then draw your own 3.

# %%
labs.draw_digit.show(digit=3, way="change", target=8)

# %% [markdown]
# An image that was changed so that the network errs, while you read what it was, is an *adversarial example*. The network learned what tells digits apart in these data; what a digit *is* was never asked.
#
# ## 12.11 A model made for images
#
# What if the hand stands a little further to the right?
#
# **Exercise 12-5 (implement).** Shift every image one pixel to the right; the new left column is paper, the old right column is lost. `images` has shape (N, 784); return a new array of that shape.

# %%
def shifted(images): ...

check.exercise("12-5", shifted)

# %% [markdown]
# A shift changes nothing for a reader. To the network it brings other weights for every pixel. A **convolution** uses the *same* small window of weights at every place: here 5 × 5, and 8 of them, each making an image of where its stroke is found. *Pooling* keeps the largest of each 2 × 2 block, so a stroke may lie a pixel further. Twice, then ten logits ([chapter 14](14_architectures_and_scale.ipynb) shows the graph). `nn.Sequential` chains the layers `nn.Reshape`, `nn.Conv2d`, `nn.MaxPool2d`, `nn.Flatten`, `nn.Linear` and `ops.relu`. Three epochs, with a rate that falls, in `optimizer.hyper`.

# %%
rng = np.random.default_rng(0)
cnn = nn.Sequential(
    nn.Reshape(28, 28, 1),
    nn.Conv2d(1, 8, 5, rng=rng, padding=2), ops.relu, nn.MaxPool2d(2),
    nn.Conv2d(8, 16, 5, rng=rng, padding=2), ops.relu, nn.MaxPool2d(2),
    nn.Flatten(), nn.Linear(7 * 7 * 16, 10, rng=rng))
optimizer = optim.Optimizer(cnn.parameters(), "momentum")
for epoch, lr in enumerate((0.04, 0.02, 0.005)):
    optimizer.hyper["lr"] = lr
    fit(cnn, optimizer, epochs=1, seed=epoch, parts=())
print(f"{sum(p.size for p in cnn.parameters()):,} parameters; at least 96 % of the validation part: {evaluate(cnn, *validation, size=200).accuracy >= 0.96}")

# %% [markdown]
# A ninth of the parameters. Whom does the shift hurt least? Guess, then look.

# %%
shifted = check.tried("12-5", shifted, chapter_12.shifted)
moved = shifted(mnist.x_val)
drops = {name: [evaluate(m, xs, mnist.y_val, size=200).accuracy for xs in (mnist.x_val, moved)]
         for name, m in {"softmax regression": linear, "network": models[0], "convolutions": cnn}.items()}
drops["nearest neighbour"] = [(nearest_neighbour(xs, *training) == mnist.y_val).mean() for xs in (mnist.x_val, moved)]
fig, ax = plots.figure(7.2, 2.4)
for row, ends in enumerate(drops.values()):
    ax.plot(100 * np.array(ends), [row, row], color="0.6", zorder=0)
    for end, mark, colour, name in zip(ends, "os", ("blue", "vermilion"), ("as they are", "shifted"), strict=True):
        ax.plot(100 * end, row, mark, color=plots.OKABE_ITO[colour], label=None if row else name)
ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
ax.set(yticks=range(4), yticklabels=drops, ylim=(-0.5, 3.5), xlabel="validation accuracy in percent")
folded(plots.picture(fig, alt="All lose by a shift of one pixel: the convolutions least, and they stay far ahead."), "Who suffers")

# %% [markdown]
# ## 12.12 How much would more data help?
#
# Train on the first 250, 1,000, 3,000 and 7,000 images, each time for 450 steps or so, and look at the validation accuracy.

# %%
sizes, curve = (250, 1000, 3000, 7000), {"softmax regression": [], "network": [], "nearest neighbour": []}
for n in sizes:
    some, epochs = (mnist.x_train[:n], mnist.y_train[:n]), round(450 * 64 / n)
    for name, m, lr in (("softmax regression", nn.MLP([784, 10], rng=np.random.default_rng(0), init="zeros"), 0.02),
                        ("network", network(0, chosen_width), 0.05)):
        fit(m, optim.Optimizer(m.parameters(), "momentum", lr=lr), epochs, on=some, parts=())
        curve[name].append(evaluate(m, *validation).accuracy)
    curve["nearest neighbour"].append((nearest_neighbour(mnist.x_val, *some) == mnist.y_val).mean())
fig, ax = plots.figure(6.4, 3.0)
plots.draw_curves(ax, {name: (np.array(sizes), values) for name, values in curve.items()}, xlabel="training images", ylabel="validation accuracy")
ax.set(xscale="log", xticks=sizes, xticklabels=[f"{n:,}" for n in sizes])
ax.tick_params(which="minor", bottom=False, labelbottom=False)
ax.legend()
plots.picture(fig, alt="All three rise with the number of images. At 250 the neighbour is last; at 7,000 softmax regression is.")

# %% [markdown]
# The order changes. With 250 images the neighbour is behind the network: it has nobody near. It gains with every image that it keeps, and catches up. Softmax regression is last with 7,000; with 55,000 it still makes 7 errors in a hundred ([README](../README.md)). So no method is best without "on how much data".

# %% [markdown]
# ## 12.13 The test, once
#
# Everything is decided. How sure can an accuracy be? Each image is right (1) or wrong (0). If the true accuracy is $p$, such a number has the variance $p(1-p)$. The mean of $n$ independent ones has a variance $n$ times smaller; its root is the **standard error**:
#
# $$\sqrt{p\,(1-p)/n} \tag{12.5}$$
#
# **Exercise 12-6 (implement).** Return (12.5), as a share of 1. How much is it for 95 % of our 2,000 test images?

# %%
def standard_error(p, n): ...

check.exercise("12-6", standard_error)

# %% [markdown]
# Now, and only now, the test part. Drawn are *error* rates: near 95 % they tell more than accuracies.

# %%
standard_error = check.tried("12-6", standard_error, chapter_12.standard_error)
with no_grad():
    answers = {"nearest mean": (mnist.x_test @ means.T - 0.5 * (means**2).sum(axis=1)).argmax(axis=1),
               "softmax regression": linear(mnist.x_test).data.argmax(axis=1),
               "nearest neighbour": nearest_neighbour(mnist.x_test, *training)}
    answers |= {f"network, seed {k}": model(mnist.x_test).data.argmax(axis=1) for k, model in enumerate(models)}
    answers["convolutions"] = np.concatenate([cnn(x).data.argmax(axis=1) for x in np.split(mnist.x_test, 10)])
errors = np.array([(answer != mnist.y_test).mean() for answer in answers.values()])
fig, ax = plots.figure(8.0, 3.0)
ax.errorbar(100 * errors, range(7)[::-1], xerr=[100 * standard_error(p, 2000) for p in errors], fmt="o", capsize=3)
ax.set(yticks=range(7)[::-1], yticklabels=answers, xlim=(0, None), xlabel="test error in percent, with its standard error (12.5)")
plots.picture(fig, alt="Test errors: the nearest mean is worst by far, then softmax regression; the nearest neighbour and "
                       "three networks lie close together; the convolutions are best.")

# %% [markdown]
# The networks' bars overlap the nearest neighbour's. But all saw the same 2,000 images, so compare two methods image by image. Where one alone is right, count for whom. If they were equally good, each of these $d$ images would be the toss of a coin, and the two counts would differ by less than $2\sqrt d$ nineteen times out of twenty.

# %%
right = {name: answer == mnist.y_test for name, answer in answers.items()}
for name in ("network, seed 0", "convolutions"):
    ours_only, theirs_only = (right[name] & ~right["nearest neighbour"]).sum(), (right["nearest neighbour"] & ~right[name]).sum()
    print(f"{name} against the neighbour: differ by more than 2√d: {abs(ours_only - theirs_only) > 2 * np.sqrt(ours_only + theirs_only)}")
print(f"multiplications an image: neighbour {7000 * 784:,}, network {784 * 128 + 128 * 10:,}")
with no_grad():
    z = long(mnist.x_test).data
cold, warm = (-ops.log_softmax(z / t)[np.arange(2000), mnist.y_test].mean() for t in (1, T))
print(f"the temperature of 12.10 lowers the test loss: {warm < cold}")

# %% [markdown] tags=["source: erratum 10"]
# The plain network draws level with a method that needs no training; what it buys is speed and memory. The convolutions beat the neighbour, hardly by luck. The temperature holds for images that it was not chosen on.
#
# ### The full 60,000
#
# One line trains on all of MNIST; it downloads the images once, and takes minutes:
#
# ```python
# from textbook import recipes
# recipes.run("cnn", data.load_mnist("full"), seed=0)
# ```
#
# Test errors, published and ours (the [README](../README.md)'s table, mean of three seeds):
#
# | | published | ours |
# |---|---|---|
# | linear | 12.0 % (LeCun et al. 1998) | 7.1 % |
# | one or two hidden layers | 4.7 % (LeCun et al. 1998, 300 units), 1.6 % (Simard et al. 2003, 800 units) | 1.7 % |
# | the same, with distorted copies of the images | 0.7 % (Simard et al. 2003) | 0.9 % |
# | convolutions | 0.95 % (LeNet-5, LeCun et al. 1998), 0.4 % (Simard et al. 2003, distorted copies) | 0.6 % (distorted copies) |
#
# LeCun's networks in the first two rows minimise squared errors, ours cross-entropy. The errors of 12.13 are *not* comparable: less than an eighth of the images, and a test part from MNIST's training images, whose writers the network may have met. MNIST's own test images come from other writers.
#
# ## What the source says differently
#
# The source announces MNIST as its running example and never uses it. Its workflow (§8.2) has no baseline and no test part: you don't know whether a number is good, nor whether it is true.
#
# ## In PyTorch
#
# | here | there |
# |---|---|
# | `nn.MLP([784, 128, 10], rng=…)` | `nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))` |
# | `nn.Conv2d(1, 8, 5, rng=…, padding=2)`, channels last | `nn.Conv2d(1, 8, 5, padding=2)`, channels first |
# | `ops.cross_entropy(z, y)` | `nn.functional.cross_entropy(z, y)`; both take logits |
# | `for step in train(model, loss, batches, optimizer)` | forward, `zero_grad()`, `backward()`, `step()`, written out each time |
# | `with no_grad()` | `with torch.no_grad()` |
#
# ## Further reading
#
# - Y. LeCun, L. Bottou, Y. Bengio and P. Haffner (1998). *Gradient-based learning applied to document recognition.* Proceedings of the IEEE 86(11): MNIST's own paper.
# - P. Simard, D. Steinkraus and J. Platt (2003). *Best practices for convolutional neural networks applied to visual document analysis.* ICDAR.
# - A. Karpathy (2019). *A Recipe for Training Neural Networks.* The checks of 12.6, and many more. His Stanford CS231n notes have 12.8's ratio.
# - C. Zhang, S. Bengio, M. Hardt, B. Recht and O. Vinyals (2017). *Understanding deep learning requires rethinking generalization.* ICLR: shuffled labels.
# - C. Guo, G. Pleiss, Y. Sun and K. Weinberger (2017). *On calibration of modern neural networks.* ICML: the temperature.
