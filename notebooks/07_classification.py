# %% [markdown]
# # 7 Classification
#
# Is it a yes or a no? Which of ten digits? Here a sum of pixels becomes a probability, the loss follows from it, and its gradient turns out to be always *prediction minus truth*.
#
# Below the imports, the lab `labs.logistic` fits a curve to eight points, four of either class.

# %%
import numpy as np

from textbook import ask, check, data, engine, labs, nn, ops, optim
from textbook.exercises import chapter_07 as ours
from textbook.plots import OKABE_ITO, draw_curves, draw_digits, draw_weights, figure, picture
from textbook.show import folded, show_rules

# %%
labs.logistic.show()

# %% [markdown]
# Blue circles are noes, orange squares are yeses. The curve says how probable a yes is at each $x$. Play, then drag a point across to the other class, and play again. On the right stands how hard each point pushes; section 7.6 comes back to that.
#
# **You will be able to**
#
# - turn a number into a probability, and data into a likelihood;
# - choose a loss for a number, for a yes or no, and for one of many classes, and say why;
# - derive the gradient of softmax with cross-entropy, and compute both without overflow;
# - say where and why squared error fails a classifier.
#
# **You need** linear regression ([chapter 6](06_linear_regression.ipynb)) and the chain rule ([chapter 3](03_backpropagation.ipynb)). **Time**: about two hours, half of it for the nine exercises.

# %% [markdown]
# ## 7.1 Probability in one page
#
# A **probability** is a number from 0 to 1: the share of cases, in the long run. All possible outcomes together have 1; so if a yes has $p$, a no has $1 - p$.
#
# Two events are **independent** if one tells nothing about the other. Then the probability of both is the product. Heads, heads, tails, with a coin that shows heads with probability $p$: $p \cdot p \cdot (1 - p)$.
#
# Now turn it round. The throws have been seen, and $p$ is what we don't know. The same product, read as a function of $p$, is called the **likelihood**. The $p$ that makes it largest is the one under which the data are least surprising.
#
# **Question 7-a.** Heads, heads, tails. Which $p$ has the largest likelihood? (A fraction will do. `ask` takes the answer, `check.prediction` compares it.)

# %%
ask.number("7-a", "p =")

# %%
check.prediction("7-a")

# %%
p = np.linspace(0.01, 0.99, 99)
fig, (left, right) = figure(7.4, 2.6, columns=2)
draw_curves(left, {"": (p, p * p * (1 - p))}, xlabel="p", ylabel="likelihood")
draw_curves(right, {"": (p, -np.log(p * p * (1 - p)))}, xlabel="p", ylabel="−log likelihood")
folded(picture(fig, alt="Left: the likelihood has one hump, its top at two thirds. Right: its negative logarithm is a valley "
                        "with its bottom at the same place."), "Show the likelihood for every p")

# %% [markdown]
# A product of thousands of probabilities is too small for a computer. Its logarithm is a sum, and has its maximum at the same place. Turn the sign, and the mountain is a valley: this is the loss. Take the mean, so that it does not grow with the number of examples:
#
# $$\mathcal L = -\frac1N \sum_i \log(\text{probability of what was seen in example } i) \tag{7.1}$$
#
# Logarithms are natural, and losses are measured in **nats**. Of an event with probability ½ the loss is $\log 2 \approx 0.69$ nats, the surprise at a coin.
#
# For a number such as a length, one exact value has probability 0. There one uses a **density**: probability per unit of length, so that the area under its curve is 1. Take the bell curve around the prediction $\hat y$ with width $s$, whose density is proportional to $e^{-(y - \hat y)^2/2s^2}$. Its negative logarithm is
#
# $$-\log(\text{density}) = \frac{(y - \hat y)^2}{2s^2} + \text{constant} \tag{7.2}$$
#
# That is the squared error. Least squares is what (7.1) says if the noise is a bell curve: the deeper reason promised in chapter 6.
#
# The errors of 5,000 points about a line (`data.line`), and the density it was drawn from:

# %%
x_many, y_many = data.line(5000, slope=2.0, intercept=1.0, noise=0.5, rng=np.random.default_rng(0))
error = np.linspace(-2, 2, 101)
fig, ax = figure(5.4, 2.4)
ax.hist((y_many - 2 * x_many - 1).ravel(), 40, density=True, color="0.8")
draw_curves(ax, {"": (error, np.exp(-(error**2) / (2 * 0.5**2)) / (0.5 * np.sqrt(2 * np.pi)))}, xlabel="y − ŷ", ylabel="density")
picture(fig, alt="A histogram of the errors of 5,000 points in the shape of a bell, and the bell curve on top of it.")

# %% [markdown]
# ## 7.2 A yes or a no
#
# Write yes as $y = 1$ and no as $y = 0$. A line $z = wx + b$ gives any number; we want a probability. The **sigmoid** squashes it:
#
# $$z = wx + b, \qquad \hat y = \sigma(z) = \frac{1}{1 + e^{-z}} \tag{7.3}$$
#
# The number $z$ is called the **logit**, and $\hat y$ is read as the probability of a yes. This model is **logistic regression**, whose graph chapter 1 drew. In code:

# %%
def sigmoid(z):
    return 1 / (1 + np.exp(-z))

# %%
sigmoid(np.array([-4.0, -1.0, 0.0, 1.0, 4.0])).round(3)

# %% [markdown]
# Zero is undecided. The *odds*, $\hat y/(1 - \hat y)$, say how many yeses there are for each no. They are exactly $e^z$, so one more on the logit multiplies them by $e$.
#
# Now (7.1). A yes was seen with probability $\hat y$, a no with $1 - \hat y$. As $y$ is 1 or 0, one formula covers both, the **binary cross-entropy**:
#
# $$\mathcal L = -\,y\log\hat y - (1 - y)\log(1 - \hat y) \tag{7.4}$$
#
# The loss of a yes, where the model says 0.01, 0.5 and 0.99:

# %%
np.round(-np.log([0.01, 0.5, 0.99]), 3)

# %% [markdown]
# Sure and right costs almost nothing. Undecided costs $\log 2$. Sure and wrong costs without limit.
#
# **Exercise 7-1 (implement).** The mean of (7.4) over a batch. `y_hat` and `y` are arrays of the same length; return one number. (`check.exercise` compares.)

# %%
def negative_log_likelihood(y_hat, y):
    ...

check.exercise("7-1", negative_log_likelihood)

# %% [markdown]
# Eight numbers, eight answers, and descent on (7.4): a training run in six lines. (`ops.sigmoid`, `ops.log` and `ops.mean` are the engine's, `optim.descend` walks; the lab's points are used.)

# %%
x = np.array([-3.0, -2.2, -1.5, 0.6, -0.4, 1.4, 2.3, 3.1])
y = np.repeat([0.0, 1.0], 4)

# %%
def loss(theta):
    y_hat = ops.sigmoid(theta[0] * x + theta[1])
    return -ops.mean(y * ops.log(y_hat) + (1 - y) * ops.log(1 - y_hat))              # (7.4)

run = optim.descend(loss, [0.0, 0.0], optim.gd, steps=60, lr=1.0)
print("w, b =", run.path[-1].round(3), "  loss", run.loss[[0, -1]].round(3))

# %% [markdown]
# It began at $\log 2$, as undecided as a coin.
#
# ## 7.3 Large logits
#
# Formula (7.4) is fine on paper. In floating point it breaks: for $z = 40$ the sigmoid rounds to exactly 1, and $\log(1 - \hat y)$ is $\log 0$.

# %%
with np.errstate(divide="ignore"):                                                   # no warnings: we want to see it
    print("σ(40) == 1:", sigmoid(40.0) == 1, "   loss of a no there:", -np.log(1 - sigmoid(40.0)))

# %% [markdown]
# The true loss is 40, an ordinary number. It is the way there that leads over the edge. So simplify *before* computing. With $1 - \sigma(z) = \sigma(-z)$ a no costs $-\log(1 - \hat y) = \log(1 + e^z)$. A yes costs $-\log\hat y = \log(1 + e^{-z})$, which is $\log(1 + e^z) - z$. So (7.4) becomes
#
# $$\mathcal L = \log(1 + e^{z}) - y z \tag{7.5}$$
#
# The first term is called *softplus* (`ops.softplus`). It can be written so that the exponent is never positive, and nothing overflows:
#
# $$\log(1 + e^z) = \max(z, 0) + \log\bigl(1 + e^{-|z|}\bigr) \tag{7.6}$$

# %%
z = np.array([40.0, 1e4, -1e4])
ops.softplus(z) - np.array([0, 0, 1]) * z                                            # surely wrong, three times

# %% [markdown]
# **Exercise 7-2 (implement).** The mean binary cross-entropy, from logits `z` of any size, ±10,000 included.

# %%
def binary_cross_entropy(z, y):
    ...

check.exercise("7-2", binary_cross_entropy)

# %% [markdown]
# ## 7.4 One of many
#
# For $K$ classes a model gives $K$ logits $z_1, \dots, z_K$. The **softmax** turns them into probabilities: make them positive, then divide by their sum.
#
# $$\hat y_k = \frac{e^{z_k}}{\sum_j e^{z_j}} \tag{7.7}$$
#
# Only differences matter: adding a number to all logits multiplies numerator and denominator by the same factor. With the two logits $z$ and 0 it is the sigmoid of $z$. In the package it is `ops.softmax`.

# %%
print("softmax        ", ops.softmax(np.array([2.0, 1.0, -1.0])).round(3))
print("100 more, each ", ops.softmax(np.array([102.0, 101.0, 99.0])).round(3))
print("of 0.7 and 0   ", ops.softmax(np.array([0.7, 0.0])).round(3), "  σ(0.7) =", sigmoid(0.7).round(3))

# %% [markdown]
# Let $Y$ be the truth written as a row with a 1 at the true class $c$ and 0 elsewhere, its **one-hot** form. What was seen has the probability $\hat y_c$, so (7.1) is the **cross-entropy**
#
# $$\mathcal L = -\sum_k Y_k \log\hat y_k = -\log\hat y_c = \log\sum_j e^{z_j} - z_c \tag{7.8}$$
#
# The last form has no probability in it. It needs the **log-sum-exp** of the logits, and that can be had safely: take the largest logit $m$ out of the sum.
#
# $$\log\sum_j e^{z_j} = m + \log\sum_j e^{z_j - m}, \qquad m = \max_j z_j \tag{7.9}$$
#
# Now every exponent is at most 0 and one of them is 0: nothing overflows, and the sum is at least 1.
#
# **Exercise 7-3 (implement).** Write (7.9) for each row of an array of logits: `z` has shape (N, K), the result (N,). Each row has its own $m$.

# %%
def log_sum_exp(z):
    ...

check.exercise("7-3", log_sum_exp)

# %% [markdown]
# Yours, or the book's if yours isn't right yet (`check.tried` chooses), on logits from small to large. `ops.cross_entropy` is the engine's (7.8):

# %%
logits = np.array([[1.0, 0.0, -1.0], [1e4, 0.0, -1e4], [-1e4, 0.0, 5.0]])            # class 1 is true, in each row
print("by (7.9)   ", (check.tried("7-3", log_sum_exp, ours.log_sum_exp)(logits) - logits[:, 1]).round(4))
print("the engine ", [round(ops.cross_entropy(row[None], labels=np.array([1])).item(), 4) for row in logits])

# %% [markdown]
# ## 7.5 Why it is ŷ − y
#
# What does cross-entropy send back to the logits? The answer is the most useful formula of this chapter. It comes in four puzzles; each is one line.
#
# **Exercise 7-4 (derive).** The slope of the sigmoid, $\partial\hat y/\partial z$, written with ŷ alone. (Differentiate (7.3), and look for ŷ and $1 - \hat y$ in the result.)

# %%
def sigmoid_slope(y_hat):
    return ...

check.exercise("7-4", sigmoid_slope)

# %% [markdown]
# **Exercise 7-5 (derive).** The slope of the loss (7.4) by the probability, $\partial\mathcal L/\partial\hat y$. `y_hat` and `y` are arrays, and so is the result: one slope for each example.

# %%
def entropy_slope(y_hat, y):
    return ...

check.exercise("7-5", entropy_slope)

# %% [markdown]
# Multiply the two: that is the chain rule, $\partial\mathcal L/\partial z = \partial\mathcal L/\partial\hat y \cdot \partial\hat y/\partial z$. Before you open the lid, do it on paper.

# %%
y_hat, y = np.array([0.2, 0.7, 0.99]), np.array([1, 1, 0])
product = check.tried("7-5", entropy_slope, ours.entropy_slope)(y_hat, y) * check.tried("7-4", sigmoid_slope, ours.sigmoid_slope)(y_hat)
folded(f"ŷ = {y_hat}, y = {y}: the product is {product.round(6)}", "Show the product for three examples")

# %% [markdown]
# The denominator of the one slope is the other, $\hat y(1 - \hat y)$. They cancel:
#
# $$\frac{\partial\mathcal L}{\partial z} = \frac{\hat y - y}{\hat y\,(1 - \hat y)}\cdot \hat y\,(1 - \hat y) = \hat y - y \tag{7.10}$$
#
# ### Softmax with cross-entropy
#
# Now each logit moves *all* the probabilities, since they share one denominator. Write $S = \sum_j e^{z_j}$, so that $\hat y_k = e^{z_k}/S$ and $\partial S/\partial z_j = e^{z_j}$.
#
# **Step 1.** How does $\hat y_k$ depend on another logit $z_j$, $j \ne k$? Only through the denominator:
#
# $$\frac{\partial\hat y_k}{\partial z_j} = -\frac{e^{z_k}}{S^2}\,e^{z_j} = -\hat y_k\,\hat y_j$$
#
# **Step 2.** On its own logit it depends through the numerator too. How much does that add?
#
# **Exercise 7-6 (derive).** The whole matrix, row $k$ and column $j$: $\partial\hat y_k/\partial z_j$, from the vector ŷ. (`np.outer(a, b)` has the products of all pairs, `np.diag(a)` has $a$ on its diagonal.)

# %%
def softmax_jacobian(y_hat):
    return ...

check.exercise("7-6", softmax_jacobian)

# %% [markdown]
# With $[k = j]$ for 1 if $k = j$ and 0 if not, it is
#
# $$\frac{\partial\hat y_k}{\partial z_j} = \hat y_k\,\bigl([k = j] - \hat y_j\bigr) \tag{7.11}$$
#
# **Step 3.** The loss (7.8) depends on the probabilities by $\partial\mathcal L/\partial\hat y_k = -Y_k/\hat y_k$.
#
# **Step 4.** The chain rule with many paths: $z_j$ reaches the loss through every $\hat y_k$, so the products are added up.
#
# $$\frac{\partial\mathcal L}{\partial z_j} = \sum_k -\frac{Y_k}{\hat y_k}\cdot\hat y_k\,\bigl([k = j] - \hat y_j\bigr) = -\sum_k Y_k\,[k = j] + \hat y_j\sum_k Y_k$$
#
# **Step 5.** The probability $\hat y_k$ has cancelled. In the first sum one term survives, $Y_j$. The second sum is 1, since $Y$ has a single 1. So
#
# $$\frac{\partial\mathcal L}{\partial z_j} = \hat y_j - Y_j \tag{7.12}$$
#
# Prediction minus truth. Here are the steps in numbers, and the engine's answer (`engine.grad` is the gradient of any function):

# %%
z, Y = np.array([2.0, 1.0, -1.0]), np.array([0.0, 1.0, 0.0])
y_hat = ops.softmax(z)
J = np.diag(y_hat) - np.outer(y_hat, y_hat)                                          # (7.11)

# %%
print("steps 3 and 4:", ((-Y / y_hat) @ J).round(4))
print("ŷ − Y:        ", (y_hat - Y).round(4))
print("the engine:   ", engine.grad(lambda z: ops.cross_entropy(z, np.array([1])))(z[None])[0].round(4))

# %% [markdown]
# The components add up to zero: what is taken from the wrong classes is given to the right one.
#
# **Exercise 7-7 (derive).** A batch: logits of shape $(N, K)$, labels of shape $(N,)$ with the numbers of the true classes, and the *mean* cross-entropy. Return the gradient, shape $(N, K)$. (`ops.softmax` takes each row.)

# %%
def cross_entropy_gradient(z, labels):
    ...

check.exercise("7-7", cross_entropy_gradient)

# %% [markdown]
# ### Three models, one gradient
#
# | model | prediction | loss | $\partial\mathcal L/\partial z$ |
# |---|---|---|---|
# | linear regression | $\hat y = z$ | $\tfrac12(\hat y - y)^2$ | $\hat y - y$ |
# | logistic regression | $\hat y = \sigma(z)$ | binary cross-entropy | $\hat y - y$ |
# | softmax regression | $\hat y = \text{softmax}(z)$ | cross-entropy | $\hat y - Y$ |
#
# This is no accident. In each row the loss is (7.1) for that kind of answer, and the prediction is the function that belongs to it. (The squared error without the ½ gives twice that.) From the logits on, all three are the same: the gradient of the weights is $X^\top(\hat y - y)/N$, as in (6.8).
#
# ## 7.6 Squared error for a classifier?
#
# One could keep the squared error behind the sigmoid: $(\sigma(z) - y)^2$. It is zero when right, and it is bounded. What is wrong with it?
#
# **Question 7-b.** The truth is yes, $y = 1$, and the model is surely wrong: $z = -10$. Which of the two losses pushes $z$ upwards more strongly?

# %%
ask.choice("7-b", "harder:", ["about the same", "cross-entropy, about 10,000 times", "squared error, about 10,000 times"])

# %%
check.prediction("7-b")

# %% [markdown]
# See it learn, or not, from a surely wrong start. **Task:** play, then choose cross-entropy. (On the right, logits beyond ±10 stand at ±10.)

# %%
labs.logistic.show(loss="squared", start="wrong", step=30)

# %% [markdown]
# The chain rule shows why. With the squared error the slope of the sigmoid remains as a factor; in (7.10) it had cancelled:
#
# $$\frac{\partial}{\partial z}(\hat y - y)^2 = 2\,(\hat y - y)\,\hat y\,(1 - \hat y) \tag{7.13}$$

# %%
squared = engine.grad(lambda z: (ops.sigmoid(z) - 1) ** 2)
entropy = engine.grad(lambda z: ops.softplus(z) - z)
folded(f"at z = −10: cross-entropy {entropy(-10.0):.4f}, squared error {squared(-10.0):.6f}", "Show the two slopes")

# %%
z = np.linspace(-10, 6, 161)
fig, (left, right) = figure(7.6, 3.0, columns=2)
draw_curves(left, {"cross-entropy": (z, ops.softplus(z) - z), "squared error": (z, (ops.sigmoid(z) - 1) ** 2)},
            xlabel="logit z, where y = 1", ylabel="loss")
slopes = {"cross-entropy": entropy, "squared error": squared}
draw_curves(right, {name: (z, -np.array([slope(v) for v in z])) for name, slope in slopes.items()},
            xlabel="logit z, where y = 1", ylabel="push towards a yes, −∂loss/∂z", log=True)
folded(picture(fig, alt="Left: for a wrong logit the cross-entropy rises in a straight line, the squared error levels off at 1. "
                        "Right: the push of cross-entropy nears 1; that of the squared error has a top, and falls to both sides."),
       "Show both losses, and their slopes")

# %% [markdown]
# The push of the squared error has a top. To the left of it, the more wrong the answer, the weaker the push: such an example stays wrong for long. With cross-entropy it is the loudest of all.
#
# **Exercise 7-8 (derive).** Where is the top? Find the $z$ at which $(\sigma(z) - 1)^2$ is steepest. (Write its slope with ŷ alone, find the best ŷ, and then the logit that belongs to it. Give one number, to three digits.)

# %%
steepest = ...

check.exercise("7-8", steepest)

# %% [markdown]
# There is more. Cross-entropy behind a sigmoid or softmax of a *linear* model is convex: the curvature is nowhere negative, there is no second valley. (If a line can separate the classes without an error, the valley has no floor: the loss falls for ever towards 0, and the weights grow without end.) The squared error behind a sigmoid is not (`engine.hessian` differentiates twice):

# %%
for name, f in (("cross-entropy", lambda z: ops.softplus(z) - z), ("squared error", lambda z: (ops.sigmoid(z) - 1) ** 2)):
    print(f"{name}: curvature at z = −3: {engine.hessian(f)(-3.0):.3f}, at z = 1: {engine.hessian(f)(1.0):.3f}")

# %% [markdown]
# ## 7.7 On MNIST: 0 or 1
#
# [Chapter 6](06_linear_regression.ipynb) told ones from zeros by a line. The same pixels and the same score $z$; only the loss is now (7.5). The curvature of (7.5) by $z$ is $\hat y(1 - \hat y)$, at most ¼; that of the squared error is 2. So the learning rate may be eight times as large. `fitted` trains either; `nn.Linear` is $z = xW + b$, `ops.mse` the mean squared error. Of the optimizer, `zero_grad` forgets the old gradients and `step` moves.

# %%
mnist = data.load_mnist()
train, val = mnist.y_train < 2, mnist.y_val < 2
pixels, is_one = mnist.x_train[train], mnist.y_train[train][:, None].astype(np.float32)
new_pixels, truly_one = mnist.x_val[val], mnist.y_val[val][:, None] == 1

def fitted(loss, lr, steps=100):
    model = nn.Linear(784, 1, rng=np.random.default_rng(0), init="zeros")
    optimizer = optim.Optimizer(model.parameters(), optim.gd, lr=lr)
    for _ in range(steps):
        optimizer.zero_grad()
        loss(model(pixels), is_one).backward()
        optimizer.step()
    return model

# %%
X = np.hstack([pixels, np.ones((len(pixels), 1))])
largest = np.linalg.eigvalsh(2 / len(X) * X.T @ X)[-1]
linear = fitted(ops.mse, lr=1 / largest)
logistic = fitted(lambda z, y: ops.mean(ops.softplus(z) - y * z), lr=8 / largest)

# %%
score, probability = linear(new_pixels).data, ops.sigmoid(logistic(new_pixels).data)
print(f"right, of {val.sum()}: linear {((score > 0.5) == truly_one).sum()}, "
      f"logistic {((probability > 0.5) == truly_one).sum()}")

# %% [markdown]
# One image more, which proves nothing. But the outputs differ in kind (`OKABE_ITO` is the palette of the book):

# %%
fig, axes = figure(7.4, 2.6, columns=2)
for ax, name, out in zip(axes, ("linear: ŷ", "logistic: ŷ"), (score, probability), strict=True):
    for is_yes, colour, hatch in ((False, "blue", ""), (True, "vermilion", "//")):
        ax.hist(out[truly_one == is_yes], np.linspace(-0.4, 1.4, 37), color=OKABE_ITO[colour], alpha=0.7, hatch=hatch,
                label=f"images of {is_yes:d}")
    ax.set(xlabel=name, ylabel="images", xlim=(-0.4, 1.4))
axes[1].legend(loc="upper center")
picture(fig, alt="Histograms of the outputs on validation images. Linear: two broad heaps around 0 and 1, reaching beyond "
                 "both. Logistic: nearly all outputs close to 0 or to 1, none outside.")

# %% [markdown]
# Both can be sorted by how far they are from ½. But only the second can be read: 0.9 says nine in ten. (Whether such claims are true can be counted: section 7.8 does.) The weights, each picture with its own scale:

# %%
fig, axes = figure(7.4, 2.4, columns=2)
for ax, name, model in zip(axes, ("linear regression", "logistic regression"), (linear, logistic), strict=True):
    draw_weights(ax, model.w.data)
    ax.set_title(name)
picture(fig, alt="The weights of both models. Linear: a red stroke, and faint patches of both signs beside it. Logistic, on a "
                 "scale several times wider: a red stroke between two blue sides.")

# %%
zeros_ink = pixels[is_one[:, 0] == 0].mean(axis=0) > 0.5
for name, model in (("linear", linear), ("logistic", logistic)):
    print(f"{name}: largest weight {model.w.data.max():.2f}; where zeros are dark, {(model.w.data[zeros_ink] < 0).mean():.0%} are negative")

# %% [markdown]
# The logistic weights are larger, since a sure answer needs a large logit, and after these hundred steps they are cleaner. Here are the images of which it is least sure:

# %%
least_sure = np.argsort(np.abs(probability - 0.5)[:, 0])[:10]
fig, ax = figure(7.2, 1.0)
draw_digits(ax, new_pixels[least_sure], truly_one[least_sure, 0].astype(int))
picture(fig, alt="The ten validation images of which logistic regression is least sure, with their labels.")

# %% [markdown]
# ## 7.8 On MNIST: ten digits
#
# **Softmax regression**: ten scores, (7.7) and (7.8). First an opponent that learns nothing but means: average the training images of each digit, and call a new image by the nearest mean.

# %%
means = np.stack([mnist.x_train[mnist.y_train == digit].mean(axis=0) for digit in range(10)])
distance = ((mnist.x_val[:, None] - means) ** 2).sum(axis=-1)
print(f"nearest mean: {(distance.argmin(axis=1) == mnist.y_val).mean():.0%} of the validation images")

# %% [markdown]
# The nearest mean is linear too: $-\tfrac12\lVert x - \mu\rVert^2$ is $x\cdot\mu - \tfrac12\lVert\mu\rVert^2$, plus something that is the same for all digits. So it answers as a softmax regression does, with weights that nobody has trained: the ten means. What do trained weights add? (`data.batches` deals out the images, 64 at a time.)

# %%
softmax_model = nn.Linear(784, 10, rng=np.random.default_rng(0), init="zeros")
optimizer = optim.Optimizer(softmax_model.parameters(), optim.gd, lr=0.1)
order = np.random.default_rng(1)
for _ in range(15):
    for images, labels in data.batches(mnist.x_train, mnist.y_train, 64, order):
        optimizer.zero_grad()
        ops.cross_entropy(softmax_model(images), labels).backward()
        optimizer.step()
guesses = softmax_model(mnist.x_val).data.argmax(axis=1)
print(f"softmax regression: {(guesses == mnist.y_val).mean():.0%}")

# %% [markdown]
# Are its probabilities true? Sort the guesses by the probability that the model gives them, and count.

# %%
claim, right = ops.softmax(softmax_model(mnist.x_val).data).max(axis=1), guesses == mnist.y_val
for low, high in ((0.0, 0.5), (0.5, 0.7), (0.7, 0.9), (0.9, 1.0)):
    group = (claim > low) & (claim <= high)
    print(f"{group.sum():3} guesses: claimed {claim[group].mean():.0%} on average, right {right[group].mean():.0%}")

# %% [markdown]
# This model is too modest: in each group more guesses are right than it claims. A probability from a model is a claim like any other. Now the weights:

# %%
fig, axes = figure(7.4, 2.6, rows=2)
for ax, w in zip(axes, (means.T - means.mean(axis=0)[:, None], softmax_model.w.data), strict=True):
    draw_weights(ax, w, list("0123456789"))
picture(fig, alt="Above, the mean of each digit, less the mean of all: each is a digit in red on blue. Below, the trained "
                 "weights: rougher, with red and blue where digits that resemble each other differ.")

# %% [markdown]
# Above the means (less the mean of all), below the trained weights. The means say what a digit looks like. The weights say what tells it from the others. [Chapter 12](12_mnist.ipynb) goes on to networks.
#
# ## 7.9 The same in PyTorch
#
# This is the first cell of the chapter that needs torch; it is imported only to compare. The losses and their gradients, on logits that are out of the ordinary:

# %%
import torch

F = torch.nn.functional
z, y = np.array([0.3, -2.0, 1e4, -1e4, 40.0]), np.array([1.0, 0.0, 0.0, 1.0, 1.0])
theirs = torch.tensor(z, requires_grad=True)
torch_loss = F.binary_cross_entropy_with_logits(theirs, torch.tensor(y))
torch_loss.backward()
print("loss", round(torch_loss.item(), 3), "and", ours.binary_cross_entropy(z, y).round(3))
print("gradients agree:", np.allclose(theirs.grad, (ops.sigmoid(z) - y) / 5, rtol=1e-12))                # (7.10)

# %%
z, labels = np.array([[0.3, -2.0, 1.0], [1e4, 0.0, -1e4]]), np.array([2, 1])
theirs = torch.tensor(z, requires_grad=True)
F.cross_entropy(theirs, torch.tensor(labels)).backward()
print("gradients agree:", np.allclose(theirs.grad, ours.cross_entropy_gradient(z, labels), rtol=1e-12))  # (7.12)

# %% [markdown]
# | here | in PyTorch |
# |---|---|
# | `ops.mean(ops.softplus(z) - y * z)` | `F.binary_cross_entropy_with_logits(z, y)` |
# | `ops.cross_entropy(z, labels)` | `F.cross_entropy(z, labels)`: both take logits, not probabilities |
# | `ops.log_softmax(z)` | `F.log_softmax(z, dim=-1)` |
# | (7.9) | `torch.logsumexp(z, dim=-1)` |
#
# A common mistake with these: to put a softmax before `cross_entropy`, which applies one itself. Nothing raises; the gradients are small and the training is slow.
#
# The engine's cross-entropy is one operation. Its rule never forms $1/\hat y$; it sends (7.12) at once, divided by the number of examples, times the upstream `g` (`show_rules` prints entries of the table of derivatives):

# %%
show_rules("cross_entropy")

# %% [markdown]
# **Exercise 7-9 (break).** The engine computes the softmax with (7.9) in mind. Without it: `np.exp(z) / np.exp(z).sum()` is (7.7) as it is written. Find finite logits, a list of two or more, for which the result is not finite.

# %%
breaking_logits = ...

check.exercise("7-9", breaking_logits)

# %% [markdown]
# ## What the source says differently
#
# The source stays with the squared error of one point. The running example that it announces, digits, is a classification, and needs the losses of this chapter.
#
# ## Further reading
#
# - D. R. Cox, *The regression analysis of binary sequences*, Journal of the Royal Statistical Society B 20, 1958: logistic regression.
# - S. Solla, E. Levin, M. Fleisher, *Accelerated learning in layered neural networks*, Complex Systems 2, 1988: cross-entropy against squared error.
# - J. Bridle, *Probabilistic interpretation of feedforward classification network outputs*, 1990: softmax gets its name.
# - C. Bishop, *Pattern Recognition and Machine Learning*, Springer 2006, sections 1.2 and 4.3: losses as log-probabilities.
# - P. Blanchard, D. Higham, N. Higham, *Accurately computing the log-sum-exp and softmax functions*, IMA Journal of Numerical Analysis 41, 2021.
# - S. Rush, *Autodiff Puzzles*, 2023: more derivatives in one line.
#
# Next: [automatic differentiation](08_automatic_differentiation.ipynb), what frameworks do with your graph.
