# %% [markdown]
# # 12 MNIST: from pixels to digits
#
# A network on this book's own engine learns to read handwritten digits, and you learn how far to trust it.

# %%
import numpy as np

from textbook import Tensor, ask, check, data, labs, nn, no_grad, ops, optim, plots
from textbook.exercises import chapter_12
from textbook.graph import Graph
from textbook.show import folded
from textbook.train import evaluate, train

# %%
labs.mnist_training.show()

# %% [markdown]
# Press the start button of the lab `labs.mnist_training`, and change the learning rate while the network learns. By the end of the chapter you know where each of its curves comes from.
#
# **You will be able to**
#
# - walk the whole workflow once: look at the data, set up baselines, design a model, choose a loss and an optimizer, watch the training, find the faults;
# - choose a learning rate and the moment to stop, on data that is there for choosing;
# - read a loss curve, a confusion matrix and a picture of weights;
# - check a gradient against a program that you did not write;
# - say how good a classifier is, with its uncertainty, from data it has never seen.
#
# **You need** chapters [4](04_backpropagation_on_arrays.ipynb), [5](05_gradient_descent.ipynb) and [7](07_classification.ipynb): gradients of arrays, learning rates, softmax and cross-entropy. **Time**: an hour and a half, half of it for the exercises.

# %% [markdown] tags=["source: §8.2"]
# ## 12.1 The workflow
#
# The source text lists seven steps (§8.2). This is where the chapter takes them.
#
# | step | the question it answers | section |
# |---|---|---|
# | analyse | what is given, what is wanted, what would be cheap? | 12.2, 12.3 |
# | design | which function, with which parameters? | 12.4, 12.5 |
# | graph | which operations, with which shapes? | 12.5 |
# | loss | what does "wrong" cost? | 12.4 |
# | optimizer | how do the parameters move? | 12.7 |
# | monitor | is it learning, and is it learning the right thing? | 12.7 |
# | debug | is the gradient right? where does it fail? | 12.6, 12.8, 12.9 |
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
print(mnist)
fig, ax = plots.figure(9.6, 2.4)
plots.draw_digits(ax, mnist.x_train[:20], mnist.y_train[:20])
plots.picture(fig, alt="Twenty handwritten digits from the training set, each with its label.")

# %% [markdown]
# Is every digit equally common? Count.

# %%
counts = np.bincount(mnist.y_train)
dict(enumerate(counts.tolist()))

# %% [markdown]
# Nearly, from 605 fives to 790 ones. That matters: with 99 % zeros, a program that always answers 0 would score 99 %, and a high accuracy would tell us little.

# %% [markdown] tags=["source: §8.2"]
# ## 12.3 Baselines first
#
# A number alone says little. Is 90 % good? It is if the obvious thing gives 50 %, and it is not if the obvious thing gives 95 %. So the obvious things come first.
#
# **Baseline 1.** Always answer the most common class.
#
# **Question 12-a.** What accuracy will that reach on the validation part, about?

# %%
ask.number("12-a", "accuracy:", "%")

# %%
check.prediction("12-a")

# %% [markdown]
# **Baseline 2.** The cheapest summary of a class $k$ is its mean image $m_k$. Answer the class whose mean is nearest to the image.

# %%
means = np.stack([mnist.x_train[mnist.y_train == k].mean(axis=0) for k in range(10)])
fig, ax = plots.figure(9.6, 1.3)
plots.draw_digits(ax, means, range(10))
plots.picture(fig, alt="The mean image of each class: ten blurred digits.")

# %% [markdown]
# Write $\|x\|^2 = x \cdot x$ for the sum of the squares of all pixels, and $\arg\min_k$, $\arg\max_k$ for the $k$ at which something is smallest or largest. Multiply $\|x - m_k\|^2$ out. Since $\|x\|^2$ is the same for every class,
#
# $$\arg\min_k \|x - m_k\|^2 = \arg\max_k \; x \cdot m_k - \tfrac12 \|m_k\|^2 \tag{12.1}$$
#
# The right side is $xW + b$: a matrix product and a bias. It is a *linear* classifier, with weights that nobody has trained.

# %%
scores = mnist.x_val @ means.T - 0.5 * (means**2).sum(axis=1)    # (12.1)
nearest_mean = (scores.argmax(axis=1) == mnist.y_val).mean()
print(f"{nearest_mean:.0%}")

# %% [markdown]
# **Baseline 3.** Answer the label of the most similar training image. It is called *nearest neighbour*, needs no training at all, and it is the baseline that hurts.
#
# **Exercise 12-1 (implement).** For each row of `x`, find the row of `x_train` at the smallest squared distance, and return its label. Use $\|x - t\|^2 = \|x\|^2 - 2\,x \cdot t + \|t\|^2$, so that one matrix product does the work.

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
# That is what a network has to be measured against. It has a price. For one image, the nearest neighbour takes 7,000 · 784 multiplications, and all the training images must be kept.

# %% [markdown] tags=["source: §8.2"]
# ## 12.4 Softmax regression: the same function, trained
#
# (12.1) chose $W$ and $b$ by a formula. Let descent choose them. The ten numbers $z = xW + b$ are the *logits*. The softmax makes shares of them, and the cross-entropy is the surprise at the true class $y_i$, averaged over a batch of $N$ images and measured in nats (chapter 7):
#
# $$\hat y_k = \frac{e^{z_k}}{\sum_j e^{z_j}}, \qquad \mathcal{L} = -\frac1N \sum_{i=1}^N \log \hat y_{i,\,y_i} \tag{12.2}$$
#
# **Question 12-b.** A model that knows nothing gives each of the ten classes 1/10. What is its loss?

# %%
ask.number("12-b", "loss in nats:")

# %%
check.prediction("12-b")

# %% [markdown]
# Remember this number. A loss above it is worse than not looking at the images; a first loss far above it means that something is wrong before training has begun.
#
# Now the training loop. One step forgets the old gradients, computes the loss `ops.cross_entropy` on a batch, walks back through the graph, and lets the optimizer move the parameters.
#
# **Exercise 12-2 (implement).** Write one step. `model(x)` gives logits; `optimizer` has `zero_grad()` and `step()`; a loss has `backward()` and `item()`. Return the loss before the move, as a number.

# %%
def training_step(model, x, y, optimizer): ...

check.exercise("12-2", training_step)

# %% [markdown]
# `train` is this step in a loop over `data.batches`, as a generator: it hands control back after each one. `evaluate` gives the loss and the accuracy on a whole part. Here a model is trained, and evaluated after each epoch, a pass over the training part:

# %%
training, validation = (mnist.x_train, mnist.y_train), (mnist.x_val, mnist.y_val)

def fit(model, optimizer, epochs, seed=0, parts=(validation,)):
    rng, losses, after = np.random.default_rng(seed), [], []
    for _ in range(epochs):
        batches = data.batches(*training, size=64, rng=rng)
        losses += [step.loss for step in train(model, ops.cross_entropy, batches, optimizer)]
        after.append([evaluate(model, *part) for part in parts])
    return losses, after

# %% [markdown]
# `nn.MLP([784, 10])` is $xW + b$ with parameters; `optim.Optimizer` applies a rule to them, here `"gd"`, plain gradient descent. Started from zeros, the model knows nothing at first: look at its first loss.

# %%
linear = nn.MLP([784, 10], rng=np.random.default_rng(0), init="zeros")
linear_losses, linear_after = fit(linear, optim.Optimizer(linear.parameters(), "gd", lr=0.5), epochs=5)
print(f"first loss {linear_losses[0]:.3f}; afterwards about {linear_after[-1][0].accuracy:.0%} of the validation part")

# %% [markdown]
# Better than the nearest mean, with the same formula. So the weights must differ from the means.
#
# **Question 12-c.** A mean image has no negative number in it. What will the trained weights for a 0 look like in the middle of the image?

# %%
ask.choice("12-c", "in the middle:", chapter_12.MIDDLE)

# %%
check.prediction("12-c")

# %% [markdown]
# Look at the weights, with `plots.draw_weights`: red is positive, blue negative. To be fair to the means, subtract from each the average of all ten: the same number added to a pixel's ten weights changes no decision. Above the means, below the trained weights. (`folded` keeps the picture under a lid until you want it.)

# %%
fig, ax = plots.figure(9.6, 2.6)
both = np.hstack([(means - means.mean(axis=0)).T, linear.parameters()[0].data])
plots.draw_weights(ax, both, labels=[f"{k} {name}" for name in ("mean", "trained") for k in range(10)])
folded(plots.picture(fig, alt="Two rows of ten images. Above, the means less their average; below, the trained weights: "
                              "finer and more broken. For the 0, both have a ring around a negative middle."),
       "The ten weight images")

# %% [markdown]
# Both rows know that ink in the middle speaks against a 0. What has descent changed? A mean weighs each pixel by how much more ink the class has there than the others, and asks no further. Descent was asked to tell the classes apart: it puts weight where that decides, and breaks up the broad strokes that several classes share.

# %% [markdown] tags=["source: §8.2"]
# ## 12.5 Design, and the graph
#
# A linear model gives each pixel one vote per class, whatever the other pixels say. To let pixels be judged together, put a layer of 128 **hidden units** between them:
#
# $$h = \max(0,\; x W_1 + b_1), \qquad z = h W_2 + b_2 \tag{12.3}$$
#
# Without the $\max$ (*ReLU*) the two layers would collapse into one matrix and one bias, and nothing would be gained.
#
# **Question 12-d.** How many parameters would (12.3) have with 100 hidden units in place of 128?

# %%
ask.number("12-d", "parameters:")

# %%
check.prediction("12-d")

# %% [markdown]
# Run it forward on a batch of 8 images, as a `Tensor`, and read the graph that the engine has recorded: `Graph.of` takes it from the loss, `plots.draw_graph` draws it, with the shape of what flows on each edge.

# %% tags=["source: §8.2"]
def network(seed, dtype=np.float32):
    return nn.MLP([784, 128, 10], rng=np.random.default_rng(seed), dtype=dtype)

x = Tensor(mnist.x_train[:8], name="x")
graph = Graph.of(ops.cross_entropy(network(0)(x), mnist.y_train[:8]))
fig, ax = plots.figure(9.6, 3.0)
plots.draw_graph(ax, graph, names=False, values=False)
plots.picture(fig, alt="The graph of the loss: x @ w1 + b1, ReLU, @ w2 + b2, cross-entropy, with the shape on each edge.")

# %% [markdown]
# Follow the shapes. A product $(8 × 784) @ (784 × 128)$ leaves $8 × 128$: the inner numbers must be equal, and vanish. The bias has shape 128 and is added to each of the 8 rows. The labels are no node: nothing flows back to them.

# %% [markdown] tags=["source: §8.2"]
# ## 12.6 Debug before you train
#
# Two checks cost a second.
#
# **The first loss** should be near ln 10. Random weights make it a little worse.
#
# **A handful of images** should be learned by heart. If even 20 images can't be fitted, no amount of data will help: look for the fault in the graph, the loss or the optimizer.

# %%
print(f"first loss {evaluate(network(0), mnist.x_val, mnist.y_val).loss:.1f}, ln 10 = {np.log(10):.1f}")
trial = network(1)
twenty = [(mnist.x_train[:20], mnist.y_train[:20])] * 60
few = [step.loss for step in train(trial, ops.cross_entropy, twenty, optim.Optimizer(trial.parameters(), "momentum", lr=0.05))]
assert few[-1] < 0.01
print("by heart:", evaluate(trial, *twenty[0]).accuracy == 1)

# %% [markdown]
# They find what stops the training. They do not find what only spoils it. Two sabotages: the gradients of the biases are lost, or all gradients are doubled. Here is the share of the twenty that is learned all the same.

# %%
def by_heart(factors):
    model = network(1)
    optimizer = optim.Optimizer(model.parameters(), "momentum", lr=0.05)
    for _ in range(60):
        optimizer.zero_grad()
        ops.cross_entropy(model(twenty[0][0]), twenty[0][1]).backward()
        for p, factor in zip(model.parameters(), factors, strict=True):
            p.grad = factor * p.grad
        optimizer.step()
    return float(evaluate(model, *twenty[0]).accuracy)

print("biases frozen:", by_heart([1, 0, 1, 0]), "  gradients doubled:", by_heart([2, 2, 2, 2]))

# %% [markdown]
# Both learn the twenty by heart. Shuffled labels pass too, with a network as large as this: try it. So a third check follows the training: section 12.8 compares every number with another program.

# %% [markdown]
# ## 12.7 Choose, train, watch
#
# The optimizer is gradient descent with momentum: $v \leftarrow \beta v + g,\; \theta \leftarrow \theta - \alpha v$, with β = 0.9. Here θ are the parameters and $g$ is the gradient; the step $v$ keeps nine tenths of the one before. That is all you need now; [chapter 9](09_optimizers.ipynb) compares it with the others. Two things are to be chosen: the rate α, and when to stop. That is what the validation part is for. Four rates, each followed for nine epochs:

# %% tags=["source: §8.2"]
rates = (0.005, 0.02, 0.08, 0.32)
runs = {lr: fit(m := network(0), optim.Optimizer(m.parameters(), "momentum", lr=lr), epochs=9) for lr in rates}

# %%
fig, ax = plots.figure(8.4, 3.4)
epochs = np.arange(1, 10)
curves = {f"α = {lr}": (epochs, [val.loss for [val] in after]) for lr, (_, after) in runs.items()}
plots.draw_curves(ax, curves, xlabel="epoch", ylabel="validation loss (nats)")
ax.legend(loc="center left", bbox_to_anchor=(1, 0.5), handlelength=3)
plots.picture(fig, alt="Validation loss against epoch for four learning rates: the two smallest still fall at the end; "
                       "the third lies lowest and has flattened; the largest jumps up and down above them.")

# %% [markdown]
# Take the lowest point of all the curves: a rate and an epoch. Where it lies exactly depends on the machine's rounding, so the cell says only what is sure.

# %%
grid = np.array([[val.loss for [val] in runs[lr][1]] for lr in rates])
best_rate, best_epoch = (int(i) for i in np.unravel_index(grid.argmin(), grid.shape))
chosen_lr, chosen_epochs = rates[best_rate], best_epoch + 1
assert chosen_lr in (0.02, 0.08) and 3 <= chosen_epochs <= 9
print("chosen: one of the two middle rates, stopped where its validation loss was lowest")

# %% [markdown]
# **Question 12-e.** Now look at one run closely and for longer: the rate 0.08, 20 epochs. The training loss falls and falls. How far does the validation loss fall?

# %%
ask.choice("12-e", "it falls", chapter_12.FALL)

# %%
check.prediction("12-e")

# %% [markdown]
# Three curves: the loss of each batch as it came ("batch", before the step, a noisy view of a moving model); the loss on the whole training part, and on the validation part, after each epoch. In the middle the validation loss alone, since the left picture is too flat for it. (`plots.OKABE_ITO` holds the colours of this book.)

# %% tags=["source: §8.2"]
losses, after = fit(m := network(0), optim.Optimizer(m.parameters(), "momentum", lr=0.08), epochs=20, parts=(training, validation))
epochs, lowest = np.arange(1, 21), min(val.loss for _, val in after)
assert after[-1][1].loss > 3 * after[-1][0].loss and after[-1][1].loss > 1.03 * lowest
fig, (left, middle, right) = plots.figure(9.6, 3.2, columns=3)
whole = {name: (110 * epochs, [score[i].loss for score in after]) for i, name in enumerate(("training", "validation"))}
plots.draw_losses(left, {"batch": losses}, log=True, smooth=20)
for (name, curve), colour, line in zip(whole.items(), ("vermilion", "green"), ("--", "-."), strict=True):
    left.plot(*curve, line, label=name, color=plots.OKABE_ITO[colour])
left.legend(fontsize=8)
plots.draw_curves(middle, {"validation": (epochs[2:], whole["validation"][1][2:])}, xlabel="epoch", ylabel="validation loss (nats)")
part = {name: (epochs, [score[i].accuracy for score in after]) for i, name in enumerate(("training", "validation"))}
plots.draw_curves(right, part, xlabel="epoch", ylabel="accuracy")
folded(plots.picture(fig, alt="Left: losses on a logarithmic scale; training falls and falls, validation flattens. Middle: "
                              "the validation loss from epoch 3: it falls, and slowly rises again. Right: training "
                              "accuracy reaches 1, validation stays below and hardly moves."), "The curves")

# %% [markdown]
# Read them in order. For the first epochs both losses fall together. Then the training loss goes on falling and the validation loss falls more slowly: the network learns the training images better than it learns digits. That alone is no harm; the validation loss still gains. Harm begins where the validation loss turns up. Here it does so slowly. From there, more training makes the network *surer* of its mistakes: the accuracy hardly moves, the loss rises. The name for the gap is **overfitting**, and stopping at the minimum is **early stopping**.

# %% [markdown]
# ## 12.8 Is the gradient right?
#
# The loss fell, so the gradients can't be nonsense. They could still be doubled, or miss the biases. A falling loss proves little; a second program proves more.
#
# Give PyTorch the same weights and the same batch, in float64 so that rounding can't hide anything. NB: PyTorch stores the transpose of our weights.

# %% tags=["source: §8.2"]
import torch

ours = network(2, dtype=np.float64)
theirs = torch.nn.Sequential(torch.nn.Linear(784, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10)).double()
with torch.no_grad():
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        q.copy_(torch.tensor(p.data.T))

# %%
x, y = mnist.x_train[:64].astype(float), mnist.y_train[:64]
ops.cross_entropy(ours(x), y).backward()
torch.nn.functional.cross_entropy(theirs(torch.tensor(x)), torch.tensor(y)).backward()
for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
    print(p.name, p.size, "derivatives; largest difference below 1e-12:", np.abs(p.grad.T - q.grad.numpy()).max() < 1e-12)

# %% [markdown]
# All of them agree. And so does what an optimizer makes of them. Three steps each, line for line:

# %%
optimizer = optim.Optimizer(ours.parameters(), "momentum", lr=0.05)
torch_optimizer = torch.optim.SGD(theirs.parameters(), lr=0.05, momentum=0.9)
for _ in range(3):
    optimizer.zero_grad()
    ops.cross_entropy(ours(x), y).backward()
    optimizer.step()
    torch_optimizer.zero_grad()
    torch.nn.functional.cross_entropy(theirs(torch.tensor(x)), torch.tensor(y)).backward()
    torch_optimizer.step()
pairs = zip(ours.parameters(), theirs.parameters(), strict=True)
print("equal to 1e-12:", all(np.abs(p.data.T - q.detach().numpy()).max() < 1e-12 for p, q in pairs))

# %% [markdown]
# ## 12.9 Where does it fail?
#
# Train the chosen network. Then look at its mistakes, on the *validation* part. Whoever studies the mistakes on the test part and then improves the model has trained on the test part. `no_grad` says that no gradients will be asked for.

# %%
model = network(0)
fit(model, optim.Optimizer(model.parameters(), "momentum", lr=chosen_lr), epochs=chosen_epochs)
with no_grad():
    z = model(mnist.x_val).data
guess = z.argmax(axis=1)

# %% [markdown]
# The loss of a single image, with `ops.log_softmax`, tells how surprised the model was. The worst mistakes are those made with confidence.

# %%
surprise = -ops.log_softmax(z)[np.arange(len(z)), mnist.y_val]    # (12.2), without the mean
worst = np.argsort(-surprise)[:20]
fig, ax = plots.figure(9.6, 2.6)
plots.draw_digits(ax, mnist.x_val[worst], mnist.y_val[worst], guess[worst])
plots.picture(fig, alt="The twenty validation images with the highest loss, framed, with what the model said and what they are.")

# %% [markdown]
# Some of these are hard for us too. Others are plain: those are the ones to think about.
#
# Which classes are taken for which? The **confusion matrix** counts: row $i$, column $j$ holds how many images of class $i$ were taken for $j$.
#
# **Exercise 12-3 (implement).** Write it. Return a (10, 10) array of counts, also where some class does not occur.

# %%
def confusion_matrix(labels, guesses): ...

check.exercise("12-3", confusion_matrix)

# %%
confusion_matrix = check.tried("12-3", confusion_matrix, chapter_12.confusion_matrix)
confusion = confusion_matrix(mnist.y_val, guess)
fig, ax = plots.figure(6.4, 4.6)
plots.draw_confusion(ax, confusion)
plots.picture(fig, alt="Confusion matrix on the validation images: nearly all counts on the diagonal.")

# %% [markdown]
# Read it by rows: which digit loses most, and for what is it taken? Then by columns: which answer is wrong most often? And go back to the pictures with that in mind. What do the fours that are no fours have in common? What does a bar through the stem of a seven do?

# %% [markdown]
# ## 12.10 What has it learned?
#
# Each hidden unit has 784 weights, one for each pixel. Drawn as they are, they show mostly the random numbers that they started from. So draw what training has *changed*, $W_1$ minus its start. Here are the 20 units that changed most.

# %%
change = model.parameters()[0].data - network(0).parameters()[0].data
most = np.argsort(-np.linalg.norm(change, axis=0))[:20]
fig, ax = plots.figure(9.6, 2.6)
plots.draw_weights(ax, change[:, most])
blank = (mnist.x_train == 0).all(axis=0)
print(blank.sum(), "pixels are blank in all training images; largest change there:", np.abs(change[blank]).max())
plots.picture(fig, alt="What training changed in the weights of 20 hidden units: strokes and edges in red and blue around "
                       "the middle, white at the border.")

# %% [markdown]
# Not digits: strokes, edges, gaps. The border is white. No training image has ink there, so there the gradient is zero, and these weights are still the ones they started with.
#
# ## 12.11 The test, once
#
# Everything is decided. How sure can an accuracy be? Each image is right (1) or wrong (0). If the true accuracy is $p$, such a number has the variance $p(1-p)$. The mean of $n$ independent ones has a variance $n$ times smaller; its root is the **standard error**:
#
# $$\sqrt{p\,(1-p)/n} \tag{12.4}$$
#
# **Question 12-f.** We have 2,000 test images and expect about 95 %. How many percentage points is (12.4)?

# %%
ask.number("12-f", "standard error:", "%")

# %%
check.prediction("12-f")

# %% [markdown]
# Now, and only now, the test part. The network is trained from three seeds, since one might be lucky. Drawn are *error* rates: near 95 % they tell more than accuracies.

# %%
test_errors = [1 - evaluate(model, mnist.x_test, mnist.y_test).accuracy]    # seed 0: the network of 12.9
for seed in (1, 2):
    model = network(seed)
    fit(model, optim.Optimizer(model.parameters(), "momentum", lr=chosen_lr), epochs=chosen_epochs, seed=seed)
    test_errors.append(1 - evaluate(model, mnist.x_test, mnist.y_test).accuracy)
neighbour = nearest_neighbour(mnist.x_test, mnist.x_train, mnist.y_train)

# %%
mean_wrong = 1 - ((mnist.x_test @ means.T - 0.5 * (means**2).sum(axis=1)).argmax(axis=1) == mnist.y_test).mean()
errors = np.array([mean_wrong, 1 - evaluate(linear, mnist.x_test, mnist.y_test).accuracy,
                   (neighbour != mnist.y_test).mean(), *test_errors])
names = ["nearest mean", "softmax regression", "nearest neighbour", *[f"network, seed {k}" for k in range(3)]]
fig, ax = plots.figure(8.0, 2.8)
ax.errorbar(100 * errors, range(6)[::-1], xerr=100 * np.sqrt(errors * (1 - errors) / 2000), fmt="o", capsize=3)
ax.set(yticks=range(6)[::-1], yticklabels=names, xlim=(0, None), xlabel="test error in percent, with its standard error (12.4)")
plots.picture(fig, alt="Test errors: the nearest mean is worst by far, then softmax regression; the nearest neighbour and "
                       "three networks lie close together, well below.")

# %% [markdown]
# Read the picture with its error bars. The network is far better than softmax regression. Against the nearest neighbour, the bars overlap. Both saw the same 2,000 images, so compare them, the last network and the neighbour, image by image: where both are right or both wrong, they do not differ. Where one alone is right, count for whom. If they were equally good, each of these $n$ images would be a toss of a coin, and the two counts would differ by less than $2\sqrt n$ nineteen times out of twenty.

# %%
with no_grad():
    network_right = model(mnist.x_test).data.argmax(axis=1) == mnist.y_test
neighbour_right = neighbour == mnist.y_test
only = [(network_right & ~neighbour_right).sum(), (neighbour_right & ~network_right).sum()]
print("each alone is right on more than 20 images:", min(only) > 20)
print("the two counts differ by less than 2√n:", abs(int(only[0]) - int(only[1])) < 2 * np.sqrt(sum(only)))
print(f"multiplications an image: neighbour {7000 * 784:,}, network {784 * 128 + 128 * 10:,}")
print(f"numbers to keep:          neighbour {7000 * 784:,}, network {101_770:,}")

# %% [markdown]
# That is the honest result for 7,000 training images and this small network: it draws level with a method that needs no training. What it buys is what happens afterwards, the last two lines. And it can be improved: layers made for images leave the neighbour far behind (LeCun et al. 1998, on 60,000 training images). The accuracies here are for the book's own split of 10,000 images. They can't be compared with published ones, which stand for 60,000 training images and another test set; `data.load_mnist("full")` loads those.

# %% [markdown]
# ## Exercises
#
# **Exercise 12-4 (implement).** Return (12.4) for any $p$ and $n$, as a share of 1.

# %%
def standard_error(p, n): ...

check.exercise("12-4", standard_error)

# %% [markdown]
# **Exercise 12-5 (implement).** Shift every image one pixel to the right; the new left column is paper, the old right column is lost. `images` has shape (N, 784); return a new array of that shape.

# %%
def shifted(images): ...

check.exercise("12-5", shifted)

# %% [markdown]
# A shift changes nothing for a reader. Whom does it hurt here: softmax regression, the network, the nearest neighbour? Guess, then look.

# %%
shifted = check.tried("12-5", shifted, chapter_12.shifted)
moved = shifted(mnist.x_val)
right = {"softmax regression": linear, "network": model}
drops = {name: [evaluate(m, xs, mnist.y_val).accuracy for xs in (mnist.x_val, moved)] for name, m in right.items()}
drops["nearest neighbour"] = [(nearest_neighbour(xs, mnist.x_train, mnist.y_train) == mnist.y_val).mean()
                              for xs in (mnist.x_val, moved)]
fig, ax = plots.figure(7.2, 2.2)
for row, (before, now) in enumerate(drops.values()):
    ax.plot([100 * before, 100 * now], [row, row], color="0.6", zorder=0)
    ax.plot(100 * before, row, "o", color=plots.OKABE_ITO["blue"], label="as they are" if row == 0 else None)
    ax.plot(100 * now, row, "s", color=plots.OKABE_ITO["vermilion"], label="shifted" if row == 0 else None)
ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
ax.set(yticks=range(3), yticklabels=drops, ylim=(-0.5, 2.5), xlabel="validation accuracy in percent")
folded(plots.picture(fig, alt="All three lose several points by a shift of one pixel."), "Who suffers")

# %% [markdown] tags=["source: erratum 10"]
# ## What the source says differently
#
# The source announces MNIST as its running example and then never uses it. This chapter is what it announced. Its workflow (§8.2) has no baseline, and no test part. Without the first you don't know whether a number is good; without the second you don't know whether it is true.
#
# ## In PyTorch
#
# | here | there |
# |---|---|
# | `nn.MLP([784, 128, 10], rng=…)` | `nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))` |
# | `ops.cross_entropy(z, y)` | `nn.functional.cross_entropy(z, y)`; both take logits |
# | `optim.Optimizer(model.parameters(), "momentum", lr=0.05)` | `torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)` |
# | `for step in train(model, loss, batches, optimizer)` | the lines of 12.8, written out each time |
# | `with no_grad()` | `with torch.no_grad()` |
#
# ## Further reading
#
# - Y. LeCun, L. Bottou, Y. Bengio and P. Haffner (1998). *Gradient-based learning applied to document recognition.* Proceedings of the IEEE 86(11): MNIST's own paper.
# - A. Karpathy (2019). *A Recipe for Training Neural Networks.* The checks of 12.6, and many more.
# - C. Zhang, S. Bengio, M. Hardt, B. Recht and O. Vinyals (2017). *Understanding deep learning requires rethinking generalization.* ICLR. Networks learn shuffled labels by heart.
# - I. Goodfellow, Y. Bengio and A. Courville (2016). *Deep Learning*, chapter 11. The workflow at length.
