# %% [markdown]
# # 12 MNIST: from pixels to digits
#
# A network on this book's own engine learns to read handwritten digits, and you learn how far to trust it.
#
# **You will be able to**
# - walk the whole workflow once: look at the data, beat a weak baseline, design a model, choose a loss and an optimizer, watch the training, find the faults;
# - read a loss curve, a confusion matrix and a picture of weights;
# - check a gradient against a second program that you did not write;
# - say how good a classifier is, with its uncertainty, from data it has never seen.
#
# **You need** matrices and the chain rule. Chapters [0](00_welcome.ipynb) to 5 explain the words; this one uses them all. About 60 minutes.

# %%
import numpy as np

from textbook import Tensor, ask, check, data, nn, no_grad, ops, optim, plots
from textbook.exercises.chapter_12 import FALL, MIDDLE
from textbook.graph import Graph
from textbook.train import evaluate, train

# %% tags=["source: §8.2", "source: erratum 10"]
mnist = data.load_mnist()
fig, ax = plots.figure(7.2, 2.1)
plots.draw_digits(ax, mnist.x_train[:20], mnist.y_train[:20])
plots.picture(fig, alt="Twenty handwritten digits from the training set, each with its label.")

# %% [markdown] tags=["source: §8.2"]
# ## 12.1 The workflow
#
# The source lists seven steps (§8.2). They are the sections of this chapter.
#
# | step | the question it answers | section |
# |---|---|---|
# | analyse | what is given, what is wanted, what would be cheap? | 12.2, 12.3 |
# | design | which function, with which parameters? | 12.4, 12.5 |
# | graph | which operations, with which shapes? | 12.5 |
# | loss | what does "wrong" cost? | 12.4 |
# | optimizer | how do the parameters move? | 12.6 |
# | monitor | is it learning, and is it learning the right thing? | 12.6, 12.7 |
# | debug | is the gradient right? where does it fail? | 12.6, 12.8, 12.9 |
#
# The steps are not a line. A surprise in any of them sends you back to an earlier one.

# %% [markdown] tags=["source: §8.2"]
# ## 12.2 Analyse: what is given?
#
# An image is 28 × 28 intensities between 0 (paper) and 1 (ink), written as one row of 784 numbers. A label is a class from 0 to 9. We want a function from the one to the other that is right about images it has **not** seen.
#
# So the data come in three parts. The parameters are fitted on the *training* part. Choices such as the learning rate and when to stop are made on the *validation* part. The *test* part is looked at once, at the end.

# %% tags=["source: §8.2"]
mnist

# %%
assert mnist.x_train.shape == (7000, 784) and mnist.x_train.dtype == np.float32
assert mnist.x_train.min() == 0 and mnist.x_train.max() == 1

# %% [markdown]
# **Before you run the next cell.** Is every digit equally common? Guess the rarest and the most common one.

# %%
counts = np.bincount(mnist.y_train)
counts

# %%
fig, ax = plots.figure(6.4, 2.4)
ax.bar(range(10), counts, color=plots.OKABE_ITO["sky"])
ax.axhline(counts.mean(), color="black", linewidth=1)
ax.set(xlabel="digit", ylabel="training images", xticks=range(10))
plots.picture(fig, alt="Bars: how many training images each digit has, all near a line at 700. 1 is the most common, 5 the rarest.")

# %% [markdown]
# The classes are nearly balanced. That matters: with 99 % zeros, a program that always answers 0 would score 99 %, and accuracy would tell us nothing.
#
# The cheapest summary of a class is its mean image.

# %%
means = np.stack([mnist.x_train[mnist.y_train == k].mean(axis=0) for k in range(10)])
means.shape

# %%
fig, ax = plots.figure(7.2, 1.1)
plots.draw_digits(ax, means, range(10))
plots.picture(fig, alt="The mean image of each class: ten blurred digits. The 1 is blurred by its many slants, the 0 is a clear ring.")

# %% [markdown] tags=["source: §8.2"]
# ## 12.3 A weak baseline first
#
# A number alone says little. Is 90 % good? It is if the obvious thing gives 50 %, and it is not if the obvious thing gives 89 %. So the obvious things come first.
#
# **Baseline 1.** Always answer the most common class.
#
# **Before you go on.** What accuracy will that reach on the validation part, about?

# %%
ask.number("12.1", "accuracy in percent:")

# %%
check.prediction("12.1")

# %%
majority = (mnist.y_val == counts.argmax()).mean()
majority

# %% [markdown]
# **Baseline 2.** Answer the class whose mean image $m_k$ is nearest. Since $\|x\|^2$ is the same for every class,
#
# $$\arg\min_k \|x - m_k\|^2 = \arg\max_k \; x \cdot m_k - \tfrac12 \|m_k\|^2 \tag{12.1}$$
#
# The right side is $x W + b$: one matrix product and a bias. A *linear* classifier, with weights nobody has trained.

# %%
scores = mnist.x_val @ means.T - 0.5 * (means**2).sum(axis=1)    # (12.1)
nearest_mean = (scores.argmax(axis=1) == mnist.y_val).mean()

# %%
distances = ((mnist.x_val[:50, None] - means) ** 2).sum(axis=2)
assert (distances.argmin(axis=1) == scores[:50].argmax(axis=1)).all()    # both sides of (12.1)

# %%
assert 0.75 < nearest_mean < 0.87 and majority < 0.12

# %% [markdown] tags=["source: §8.2"]
# ## 12.4 Softmax regression: the same function, trained
#
# (12.1) chose $W$ and $b$ by a formula. Let descent choose them. That needs a loss, and a loss needs probabilities. The **softmax** turns the ten scores $z = xW + b$, the *logits*, into them:
#
# $$\hat y_k = \frac{e^{z_k}}{\sum_j e^{z_j}} \tag{12.2}$$
#
# The **cross-entropy** is the surprise at the true class $y$, averaged over a batch of $N$ images and measured in nats:
#
# $$\mathcal{L} = -\frac1N \sum_{i=1}^N \log \hat y_{i,\,y_i} \tag{12.3}$$

# %%
z = np.array([[2.0, 1.0, -1.0]])
y_hat = ops.softmax(z)
y_hat.round(3)

# %%
assert np.isclose(ops.cross_entropy(z, labels=np.array([0])), -np.log(y_hat[0, 0]))    # (12.2), (12.3)

# %% [markdown]
# **Before you go on.** A model that knows nothing gives each of the ten classes 1/10. What is its loss?

# %%
ask.number("12.2", "loss in nats:")

# %%
check.prediction("12.2")

# %%
nothing = ops.cross_entropy(np.zeros((1, 10)), labels=np.array([3]))
assert np.isclose(nothing, np.log(10))
nothing.round(3)

# %% [markdown]
# Remember this number. A loss above it is worse than not looking at the image; a first loss far above it means that something is wrong before training has begun.
#
# Now train. `train` is a generator: it takes one step of the optimizer for each batch and hands control back to us.

# %%
def fit(model, optimizer, epochs, seed=0):
    """Train, and return the loss of each batch and (training score, validation score) after each epoch."""
    rng, losses, scores = np.random.default_rng(seed), [], []
    for _ in range(epochs):
        batches = data.batches(mnist.x_train, mnist.y_train, size=64, rng=rng)
        losses += [step.loss for step in train(model, ops.cross_entropy, batches, optimizer)]
        scores.append((evaluate(model, mnist.x_train, mnist.y_train), evaluate(model, mnist.x_val, mnist.y_val)))
    return losses, scores


# %%
linear = nn.MLP([784, 10], rng=np.random.default_rng(0), init="zeros")
gd = optim.Optimizer(linear.parameters(), optim.gd, lr=0.5)
linear_losses, linear_scores = fit(linear, gd, epochs=5)

# %%
assert np.isclose(linear_losses[0], np.log(10))    # zero weights: it knows nothing
assert 0.88 < linear_scores[-1][1].accuracy < 0.93

# %% [markdown]
# Better than the nearest mean, with the same formula. So the weights must differ from the means.
#
# **Before you go on.** The mean images have only ink in them. What will the trained weights for a 0 look like in the middle of the image?

# %%
ask.choice("12.3", "in the middle:", MIDDLE)

# %%
check.prediction("12.3")

# %%
w = linear.parameters()[0].data
fig, ax = plots.figure(7.2, 1.3)
plots.draw_weights(ax, w, labels=[str(k) for k in range(10)])
plots.picture(fig, alt="Ten images of trained weights. For the 0, a ring of positive weights around a strongly negative middle.")

# %% [markdown]
# Ink in the middle of the image is evidence *against* a 0. A mean image can't say that. Descent found it, because it saw what tells the classes apart and not only what each looks like.

# %% [markdown] tags=["source: §8.2"]
# ## 12.5 Design, and the graph
#
# A linear model gives each pixel one vote per class, whatever the other pixels say. To let pixels be judged together, put a layer of 128 **hidden units** between them:
#
# $$h = \max(0,\; x W_1 + b_1), \qquad z = h W_2 + b_2 \tag{12.4}$$
#
# Without the $\max$ (called *relu*) the two layers would collapse into one matrix, and nothing would be gained.

# %% [markdown]
# **Before you go on.** How many parameters does (12.4) have?

# %%
ask.number("12.4", "parameters:")

# %%
check.prediction("12.4")

# %%
model = nn.MLP([784, 128, 10], rng=np.random.default_rng(0))
sum(p.size for p in model.parameters())

# %%
assert sum(p.size for p in model.parameters()) == 784 * 128 + 128 + 128 * 10 + 10

# %% [markdown]
# Run it forward on a batch of 8, and read the graph that the engine has recorded. Boxes are inputs, round nodes operations, the double outline marks the output; on each edge stands the shape of what flows there.

# %% tags=["source: §8.2"]
x = Tensor(mnist.x_train[:8], name="x")
graph = Graph.of(ops.cross_entropy(model(x), mnist.y_train[:8]))

# %%
fig, ax = plots.figure(8, 1.9)
plots.draw_graph(ax, graph)
plots.picture(fig, alt="The graph of the loss: x @ w1 + b1, relu, @ w2 + b2, cross-entropy (CE), with the shape on each edge.")

# %% [markdown]
# Follow the shapes. A product $(8 × 784) @ (784 × 128)$ leaves $8 × 128$: the inner numbers must be equal and vanish. The bias has shape 128 and is added to each of the 8 rows. In the end a single number is left, and from it the gradients run back along the same edges.

# %%
shapes = [graph.nodes[v].shape for v in graph.topological_order() if graph.nodes[v].op]
assert shapes == [(8, 128), (8, 128), (8, 128), (8, 10), (8, 10), ()]

# %% [markdown] tags=["source: §8.2"]
# ## 12.6 Debug before you train
#
# Two checks cost a second and find most mistakes.
#
# **The first loss** should be near ln 10, (12.3) for a model that knows nothing. Random weights make it a little worse.

# %%
first = evaluate(model, mnist.x_val, mnist.y_val)
assert np.log(10) < first.loss < 1.5 * np.log(10) and first.accuracy < 0.25

# %% [markdown]
# **A handful of images** should be learned by heart. If even 20 images can't be fitted, no amount of data will help: look for the fault in the graph, the loss or the optimizer.

# %%
few_x, few_y = mnist.x_train[:20], mnist.y_train[:20]
trial = nn.MLP([784, 128, 10], rng=np.random.default_rng(1))
momentum = optim.Optimizer(trial.parameters(), optim.momentum, lr=0.05)
few = [step.loss for step in train(trial, ops.cross_entropy, [(few_x, few_y)] * 60, momentum)]

# %%
assert few[-1] < 0.01 and evaluate(trial, few_x, few_y).accuracy == 1

# %% [markdown]
# ## 12.7 Train, and watch
#
# The optimizer is gradient descent with momentum: $v \leftarrow \beta v + g,\; \theta \leftarrow \theta - \alpha v$, with β = 0.9 and α = 0.05. Chapter 7 compares it with the others.
#
# **Before you go on.** The training loss will fall. How far will the validation loss fall?

# %%
ask.choice("12.5", "it falls", FALL)

# %%
check.prediction("12.5")

# %% tags=["source: §8.2"]
momentum = optim.Optimizer(model.parameters(), optim.momentum, lr=0.05)
losses, scores = fit(model, momentum, epochs=10)

# %% tags=["source: §8.2"]
epoch_ends = 110 * np.arange(1, 11)
on_train, on_val = zip(*scores, strict=True)
fig, (left, right) = plots.figure(7.8, 3.2, columns=2)
after = {"training": (epoch_ends, [s.loss for s in on_train]), "validation": (epoch_ends, [s.loss for s in on_val])}
plots.draw_losses(left, {"batch": losses, **after}, log=True, smooth=20)
right.axhline(linear_scores[-1][1].accuracy, color="grey", linestyle="-", linewidth=1)
right.text(10, linear_scores[-1][1].accuracy, "softmax regression", ha="right", va="bottom")
plots.draw_curves(right, {"training": [s.accuracy for s in on_train], "validation": [s.accuracy for s in on_val]},
                  xlabel="epoch", ylabel="accuracy")
plots.picture(fig, alt="Left: losses on a log scale. Training falls steadily, validation levels off. Right: training accuracy nears 1, validation stays below it, above softmax regression.")

# %%
assert len(losses) == epoch_ends[-1]
assert on_train[-1].accuracy > 0.99 and 0.93 < on_val[-1].accuracy < 0.97
assert on_val[-1].loss > 3 * on_train[-1].loss

# %% [markdown]
# The curves part. The network goes on to learn the training images by heart, and that no longer helps with others: it **overfits**. Chapter 11 is about the cures. Here the validation loss has levelled off but not risen, so ten epochs are enough and no harm is done.

# %% [markdown]
# ## 12.8 Is the gradient right?
#
# The loss fell, so the gradients can't be nonsense. They could still be wrong by a factor, or in one bias. A falling loss proves little; a second program proves more.
#
# Give PyTorch the same weights and the same batch, in float64 so that rounding can't hide anything. This cell imports torch, the only one here that needs it. NB: PyTorch stores the transpose of our weights.

# %% tags=["source: §8.2"]
import torch

ours = nn.MLP([784, 128, 10], rng=np.random.default_rng(2), dtype=np.float64)
theirs = torch.nn.Sequential(torch.nn.Linear(784, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10)).double()
with torch.no_grad():
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        q.copy_(torch.tensor(p.data.T))

# %%
x, y = mnist.x_train[:64].astype(float), mnist.y_train[:64]
loss = ops.cross_entropy(ours(x), y)
loss.backward()

# %%
torch_loss = torch.nn.functional.cross_entropy(theirs(torch.tensor(x)), torch.tensor(y))
torch_loss.backward()
assert abs(loss.item() - torch_loss.item()) < 1e-12

# %%
for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
    assert np.abs(p.grad.T - q.grad.numpy()).max() < 1e-12, p.name

# %% [markdown]
# All 101,770 partial derivatives agree. And so does what an optimizer makes of them: here are three steps of training in each, line for line.

# %%
optimizer = optim.Optimizer(ours.parameters(), optim.momentum, lr=0.05)
for _ in range(3):
    optimizer.zero_grad()
    loss = ops.cross_entropy(ours(x), y)
    loss.backward()
    optimizer.step()

# %%
torch_optimizer = torch.optim.SGD(theirs.parameters(), lr=0.05, momentum=0.9)
for _ in range(3):
    torch_optimizer.zero_grad()
    torch_loss = torch.nn.functional.cross_entropy(theirs(torch.tensor(x)), torch.tensor(y))
    torch_loss.backward()
    torch_optimizer.step()

# %%
for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
    assert np.abs(p.data.T - q.detach().numpy()).max() < 1e-12, p.name

# %% [markdown]
# ## 12.9 Where does it fail?
#
# We look at the mistakes on the *validation* part. Whoever studies the mistakes on the test part and then improves the model has trained on the test part.
#
# The loss of a single image tells how surprised the model was. The worst mistakes are those made with confidence.

# %%
with no_grad():
    z = model(mnist.x_val).data
surprise = -ops.log_softmax(z)[np.arange(len(z)), mnist.y_val]    # (12.3), without the mean
assert np.isclose(surprise.mean(), on_val[-1].loss, rtol=1e-4)

# %% [markdown]
# **Before you run the next cell.** Which digits would you expect among the worst mistakes?

# %%
worst = np.argsort(-surprise)[:20]
fig, ax = plots.figure(7.2, 2.1)
plots.draw_digits(ax, mnist.x_val[worst], mnist.y_val[worst], z.argmax(axis=1)[worst])
plots.picture(fig, alt="The twenty validation images with the highest loss, framed, with what the model said and what they are. Many are hard to read.")

# %% [markdown]
# Some of these are hard for us too. Others are plain: those are the ones to think about.
#
# Which classes are taken for which? The **confusion matrix** counts.

# %%
confusion = np.zeros((10, 10), dtype=int)
np.add.at(confusion, (mnist.y_val, z.argmax(axis=1)), 1)
assert confusion.sum() == 1000 and np.trace(confusion) / 1000 == on_val[-1].accuracy

# %%
fig, ax = plots.figure(6.4, 4.6)
plots.draw_confusion(ax, confusion)
plots.picture(fig, alt="Confusion matrix on the validation images: nearly all counts on the diagonal, a few mistakes between similar digits.")

# %% [markdown]
# ## 12.10 What has it learned?
#
# Each hidden unit has 784 weights, one for each pixel. Drawn as an image, they show what the unit looks for: it fires when ink lies on red and not on blue. Here are the 40 with the longest weight vectors.

# %%
w1 = model.parameters()[0].data
strongest = np.argsort(-np.linalg.norm(w1, axis=0))[:40]
fig, ax = plots.figure(7.2, 2.9)
plots.draw_weights(ax, w1[:, strongest])
plots.picture(fig, alt="Weights of 40 hidden units as images: strokes and edges in red and blue around the middle, grey noise near the border.")

# %% [markdown]
# Not digits: strokes, edges, gaps. And noise at the border, where no image has ink: there the gradient is zero, so these weights are still the random ones they started with.

# %%
blank = (mnist.x_train == 0).all(axis=0)
start = nn.MLP([784, 128, 10], rng=np.random.default_rng(0)).parameters()[0].data
assert blank.sum() > 50 and (w1[blank] == start[blank]).all()

# %% [markdown]
# ## 12.11 The test, once
#
# Everything is decided. Now, and only now, the test part. For an accuracy $p$ measured on $n$ images, the standard error is
#
# $$\sqrt{p\,(1-p)/n} \tag{12.5}$$
#
# **Before you go on.** We have 2,000 test images and expect about 95 %. How many percentage points is (12.5)?

# %%
ask.number("12.6", "percentage points:")

# %%
check.prediction("12.6")

# %%
np.sqrt(0.95 * 0.05 / 2000).round(4)

# %%
test = evaluate(model, mnist.x_test, mnist.y_test)
assert 0.93 < test.accuracy < 0.97

# %%
names = ["majority", "nearest mean", "softmax regression", "784-128-10", "784-128-10 on test"]
p = np.array([majority, nearest_mean, linear_scores[-1][1].accuracy, on_val[-1].accuracy, test.accuracy])
error = np.sqrt(p * (1 - p) / np.array([1000, 1000, 1000, 1000, 2000]))    # (12.5)
fig, ax = plots.figure(7.2, 2.4)
bars = ax.barh(names[::-1], p[::-1], xerr=error[::-1], color=plots.OKABE_ITO["sky"], capsize=3)
ax.bar_label(bars, fmt="{:.1%}", padding=6)
ax.set(xlim=(0, 1.15), xlabel="accuracy on the validation part, and on the test part, with one standard error")
plots.picture(fig, alt="Bars of accuracy: majority lowest, then nearest mean, softmax regression, and the network, on validation and test about equal.")

# %% [markdown]
# The last two bars agree within their error. That is what an honest validation part is for: it told us beforehand what the test would say.
#
# These are accuracies on the book's own split of 10,000 images. They can't be compared with published ones, which stand for 60,000 training images and another test set. `data.load_mnist("full")` loads those.

# %% [markdown]
# ## Exercises
#
# These four are experiments. No cell checks them.
#
# **12.7 (predict).** Start `linear` with `init="he"` instead of `"zeros"`. What changes in its first loss, and what in its last? Then do the same with `model` and `init="zeros"`: why does it learn so much less?
#
# **12.8 (derive).** Show from (12.2) and (12.3) that $\partial \mathcal{L} / \partial z = (\hat y - \text{onehot}(y))/N$. Check it with `grad` on a batch of 4.
#
# **12.9 (implement).** Shift every validation image by one pixel to the right and evaluate `model` again. Which of the models in the last figure suffers most?
#
# **12.10 (break).** Shuffle the labels of the training part and train `model` anew. How far does the training loss fall, and what does the validation loss do? What has been learned?

# %% [markdown] tags=["source: erratum 10"]
# ## What the source says differently
#
# The source announces MNIST as its running example and then never uses it. This chapter is what it announced.
#
# Its workflow (§8.2) has no baseline, and no test part. Without the first you don't know whether a number is good; without the second you don't know whether it is true.
#
# ## In PyTorch
#
# | here | there |
# |---|---|
# | `nn.MLP([784, 128, 10], rng=…)` | `nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))` |
# | `ops.cross_entropy(z, y)` | `nn.functional.cross_entropy(z, y)`; both take logits, not probabilities |
# | `optim.Optimizer(params, optim.momentum, lr=0.05)` | `torch.optim.SGD(params, lr=0.05, momentum=0.9)` |
# | `for step in train(model, loss, batches, optimizer)` | five lines written out each time, as in 12.8 |
# | `with no_grad()` | `with torch.no_grad()` |
#
# ## Further reading
#
# - LeCun, Bottou, Bengio, Haffner 1998, *Gradient-based learning applied to document recognition*, Proceedings of the IEEE 86(11): MNIST's own paper.
# - Karpathy 2019, *A Recipe for Training Neural Networks*: the checks of 12.6, and many more.
# - Goodfellow, Bengio, Courville 2016, *Deep Learning*, chapter 11: the workflow at length.
