# %% [markdown]
# # Welcome
#
# An interactive textbook on what deep learning rests on: **computational graphs**, **backpropagation** and **gradient descent**. Every formula runs, and every picture answers to your hand.

# %%
import numpy as np

from textbook import Tensor, ask, check, data, labs, nn, ops, optim, plots
from textbook.exercises import chapter_00 as ours
from textbook.graph import Graph
from textbook.show import folded
from textbook.train import evaluate, train

# %%
labs.optimizer_race.show(surface="rosenbrock")

# %% [markdown]
# Four walks down the same curved valley, from one start to the star. **Try it now.** Drag the start. Pull the slider, or press play. Two of the walks creep. What do the other two know?
#
# (If the picture does not move, its cell has not been run: click into the first cell of code, and press Shift+Enter twice.)
#
# **You will be able to**
# - name the three ideas that deep learning stands on, and say what each is for;
# - run, change and break the book's pictures;
# - train a program that reads handwritten digits, in nine lines;
# - find your way through the chapters.
#
# **You need** school calculus and a little Python. About an hour, half of it for the exercises.

# %% [markdown]
# And this is where it leads: a network that has never seen a digit. Press **Start**, and watch it learn to read. Change the learning rate while it runs.

# %%
labs.mnist_training.show()

# %% [markdown]
# ## What this book is
#
# It follows a text, here called **the source**: *计算图、反向传播与梯度下降：深度学习核心数学基础* ("Computational graphs, backpropagation and gradient descent: the mathematical core of deep learning"), by Anson of 深度学习社, written together with the language model Kimi K2 0905 and dated 17 October 2025. It is in Chinese, has about thirty pages, and ends each topic with formulas and PyTorch code.
#
# This book takes up every definition, figure, table and example of the source, in its own words, and makes them run. It adds what a reader asks next. Where the source is mistaken, a box says so, once, under the heading **What the source says differently**; §2.1 means its section 2.1. You don't need the source to read the book.
#
# What you can do here:
#
# - **Play with the ideas.** Pictures answer to sliders and keys. Each is driven by the algorithm it shows, step by step.
# - **Build it.** In chapters 1 to 4 you write a small engine of your own, until it reads digits.
# - **Read all of it.** The book's own engine is a Python package, `textbook`. The chapters show its code after you have written the core yourself.
# - **Trust it, and check.** A line that begins with `assert` is a claim: if it were false, the cell would stop with an error. Derivatives are compared with PyTorch's.
# - **Break it.** Your copy is yours. `make reset CHAPTER=00` brings a chapter back and keeps what you had as a backup.

# %% [markdown]
# ## How to read a chapter
#
# 1. Run the cells one by one from the top, with Shift+Enter. (*Run All* works too, but questions come before their answers, and it is worth meeting them one at a time.)
# 2. Where a **question** is asked, a field opens: `ask.number` takes a number as you would write it (`0.5`, `1/4`, `2^10`, `5 %`), `ask.choice` offers answers, `ask.text` takes words. Commit first, being wrong is no harm; `check.prediction` then compares. Until you have answered, it keeps the answer folded away. An output that would answer a question is folded too (`folded`).
# 3. **Exercises** are checked by `check.exercise`, which names your mistake where it knows it. `...` means not attempted, and disturbs nothing. Later cells use your own version if it is right, and the book's if not: `check.tried` chooses, and `ours` is where the book keeps its answers. The folder `notebooks/solutions` explains them.
# 4. There are four series of numbers: section 4.2, equation (4.2), Exercise 4-2, Question 4-b. The code below an equation uses the same letters.
# 5. Sliders: press Tab to reach one, then the arrow keys. Below each picture stands in words what it shows.
# 6. `plots.figure` makes a figure, `plots.picture` shows it with a text for those who can't see it. Functions in between say what they draw: `draw_graph`, `draw_digits`. `show_source` prints a piece of the book's own code.
#
# **Question 0-a**, to try it on. The source's chapter on gradient descent ends with §5.6. How many sections has it?

# %%
ask.number("0-a", "sections:")

# %%
check.prediction("0-a")

# %% [markdown] tags=["source: §1.2"]
# ## The one problem
#
# A computer can't be *told* how to read a handwritten 7: nobody can write down the rule. It can be shown sevens. **Machine learning** is to choose, among the functions that a program can compute, one that fits the examples and still works on others.
#
# The examples of this book are the digits of **MNIST**: gray pictures of 28 × 28 = 784 pixels, each with the digit that it shows. `data.load_mnist` returns them in parts. These twenty are set aside: the program will not learn from them.

# %%
mnist = data.load_mnist()
fig, ax = plots.figure(7.2, 2.1)
plots.draw_digits(ax, mnist.x_val[:20])
plots.picture(fig, alt="Twenty handwritten digits without labels.")

# %% [markdown] tags=["source: §1.2"]
# The source names four challenges (§1.2). Each can be seen on these pictures.
#
# **Complexity.** The function will be a small *network*. It computes 64 weighted sums of the 784 pixels, bends each of them, and computes ten weighted sums of the results, one for each digit. The largest of the ten is its answer. The numbers that can be set are called **parameters**: every sum has one *weight* for each thing it sums, and one *bias*, which is added.
#
# **Exercise 0-1 (derive).** How many parameters are there, with $n$ pixels, $h$ sums in the middle and $k$ at the end? Replace the dots by a `return`, and run the cell.

# %%
def count_parameters(n, h, k):
    ...

check.exercise("0-1", count_parameters)

# %% tags=["source: §1.2"]
count_parameters = check.tried("0-1", count_parameters, ours.count_parameters)
count = count_parameters(784, 64, 10)
print(f"{count:,} parameters")

# %% [markdown]
# A large language model of today has a million times as many. No one sets them by hand.
#
# **Optimisation.** A number, the **loss**, says how wrong the answers are on the examples: 0 is perfect. We look for parameters that make it small. Trying ten values for each of them is hopeless:

# %% tags=["source: §1.2"]
print(f"10^{count} combinations; the universe has about 10^80 atoms")

# %% [markdown]
# The loss is a landscape like the valley at the top, with one direction for each parameter instead of two. It can't be drawn. It can be walked, if we know which way is down.
#
# **Efficiency.** Which way is down? Nudge one parameter, run the network again, and see whether the loss fell; then the next. That is one run for each parameter, for a single step. Backpropagation gets all the slopes from one run forwards and one walk back.

# %% tags=["source: §1.2"]
print(f"by nudging: {count + 1:,} runs a step;   by backpropagation: 1 run and 1 walk back")

# %% [markdown] tags=["source: §1.2"]
# **Generalisation.** A table of all examples would have a loss of 0, and no answer for a new picture. What counts is how the program does on pictures that it has not seen. That is why some are set aside, and you will see the difference before the end of this page.

# %% [markdown] tags=["source: §1.3"]
# ## Three ideas
#
# The source asks why these three, and no others (§1.3). Here is each in a few lines.
#
# **1. The computational graph** writes a formula as small operations, each fed by the results of others. Take $f = (x + y)\,y$ at $x = 3$, $y = 2$. The package's `Tensor` is a number that remembers how it was computed, and `Graph.of` follows what it remembers. (`requires_grad=True` says: I shall ask for slopes.) The picture numbers results that have no name: v3, v4.

# %% tags=["source: §1.3"]
x = Tensor(3.0, requires_grad=True, name="x")
y = Tensor(2.0, requires_grad=True, name="y")
f = (x + y) * y

# %% tags=["source: §1.3"]
fig, ax = plots.figure(6.4, 2.2)
plots.draw_graph(ax, Graph.of(f), values=True)
plots.picture(fig, alt="The graph of (x + y) times y. x = 3 and y = 2 enter a sum, 5; the sum and y enter a product, 10, the output.")

# %% [markdown]
# **2. Backpropagation** walks the graph from its output to its inputs, and finds for each of them the *slope* of the result: by how many times as much does $f$ grow, if this input alone grows a little?
#
# **Question 0-b.** $y$ grows by a tiny amount. By how many times as much does $f = (x + y)\,y$ grow? Mind that $y$ enters twice.

# %%
ask.number("0-b", "times as much:")

# %%
check.prediction("0-b")

# %% [markdown]
# `f.backward()` does the walk. Afterwards each input holds its slope in `.grad`.

# %% tags=["source: §1.3"]
f.backward()
folded(f"x.grad = {x.grad},  y.grad = {y.grad}", "Show the slopes")

# %% [markdown]
# **Exercise 0-2 (derive).** How fast does $f$ grow with $y$, at any $x$ and $y$? Return its slope.

# %%
def slope_in_y(x, y):
    ...

check.exercise("0-2", slope_in_y)

# %% [markdown]
# **3. Gradient descent** uses the slopes: move every parameter a little against its slope, and do it again.
#
# $$\theta \leftarrow \theta - \alpha\, \nabla \mathcal{L}(\theta) \tag{0.1}$$
#
# θ (theta) stands for all parameters, $\mathcal{L}$ for the loss, and $\nabla \mathcal{L}$, the **gradient**, for the list of all its slopes. The number α (alpha), the **learning rate**, says how far to move.
#
# Try it on a landscape with one parameter, $\mathcal{L} = \theta^2$. Its slope is 2θ. `optim.descend` takes four steps of the plain rule `optim.gd`, from θ = 1 with α = 0.25:

# %% tags=["source: §1.3"]
walk = optim.descend(lambda theta: theta**2, x0=1.0, rule=optim.gd, steps=4, lr=0.25)
walk.path

# %% [markdown]
# Each step halves θ, because 1 − 0.25 · 2 = 0.5. In the code, α is called `lr`.
#
# **Exercise 0-3 (implement).** Write (0.1) for one step: return the new θ.

# %%
def descent_step(theta, gradient, alpha):
    ...

check.exercise("0-3", descent_step)

# %% [markdown]
# **Exercise 0-4 (break).** Find a learning rate with which this walk leads away from 0. Try it in the cell above first: change `lr` and run it again.

# %%
too_large = ...

check.exercise("0-4", too_large)

# %% [markdown]
# ## All three at once
#
# Now the network. `nn.MLP` builds it (*multilayer perceptron*: layers of weighted sums), `model.parameters()` lists its parameters, and `optim.Optimizer` moves them, here by the rule `optim.adam`, a descendant of (0.1). `data.batches` deals out the pictures 64 at a time. `ops.cross_entropy` is the loss, counted in *nats* (chapter 7 says what that is); it builds the graph. `train` runs backpropagation and lets the optimizer take a step, once for each batch. One round over all the pictures is an **epoch**; we take four.

# %%
rng = np.random.default_rng(0)
model = nn.MLP([784, 64, 10], rng=rng)
optimizer = optim.Optimizer(model.parameters(), optim.adam, lr=0.002)
losses = []
for _ in range(4):
    batches = data.batches(mnist.x_train, mnist.y_train, size=64, rng=rng)
    losses += [step.loss for step in train(model, ops.cross_entropy, batches, optimizer)]

# %%
fig, ax = plots.figure(6.4, 2.4)
plots.draw_losses(ax, {"loss of each batch": losses}, smooth=20)
plots.picture(fig, alt="The loss falls steeply at first, then slowly.")

# %% [markdown]
# The answer for each picture is the place of the largest of its ten sums, `argmax`. Here are the twenty that were set aside. A frame and a cross mark a wrong one.

# %%
y_hat = model(mnist.x_val[:20]).data.argmax(axis=1)
fig, ax = plots.figure(7.2, 2.1)
plots.draw_digits(ax, mnist.x_val[:20], mnist.y_val[:20], y_hat)
plots.picture(fig, alt="The twenty digits with the network's answers; a wrong answer is framed and marked with a cross.")

# %% [markdown]
# The share of right answers is the **accuracy**; the function `evaluate` counts it. On all 1,000 that were set aside it is a little above nine in ten.
#
# **Question 0-c.** The other 7,000 the network has seen four times, each with its answer. On how many of these is it right?

# %%
ask.choice("0-c", "it is right", ours.SEEN)

# %%
check.prediction("0-c")

# %% tags=["source: §1.2"]
parts = {"learned from": (mnist.x_train, mnist.y_train), "set aside": (mnist.x_val, mnist.y_val)}
right = {name: 100 * evaluate(model, *part).accuracy for name, part in parts.items()}
fig, ax = plots.figure(6.4, 1.5)
ax.plot(list(right.values()), list(right), "o", markersize=10)
ax.set(xlim=(80, 100), ylim=(-0.5, 1.5), xlabel="right answers, %")
assert 90 < right["set aside"] < right["learned from"] < 99
shown = plots.picture(fig, alt="Accuracy on two sets of images: on those set aside it is lower than on those learned from; both are above 90 %.")
folded(shown, "Show the two accuracies")

# %% [markdown]
# The gap between the two is what *generalisation* is about. **Try it:** train for 20 epochs instead of four. The network then reads nearly all of the 7,000, as if it had learned them by heart, and still not all of the 1,000.

# %% [markdown]
# **Exercise 0-5 (implement).** Write it yourself: from the network's answers `y_hat` and the true digits `y`, two arrays of the same length, return the share that is right, a number from 0 to 1.

# %%
def accuracy(y_hat, y):
    ...

check.exercise("0-5", accuracy)

# %% [markdown]
# That is deep learning, small. [Chapter 12](12_mnist.ipynb) does it properly. The chapters before it take the three ideas apart until nothing is left to believe.

# %% [markdown]
# ## The chapters
#
# | | chapter | its question |
# |---|---|---|
# | 0 | Welcome | where are we going? |
# | 1 | [Computational graphs](01_computational_graphs.ipynb) | what is a formula, seen as a graph? |
# | 2 | [Forward propagation](02_forward_propagation.ipynb) | in which order is it computed, and at what cost? |
# | 3 | [Backpropagation](03_backpropagation.ipynb) | how does every derivative come out of one walk? |
# | 4 | [Backpropagation on arrays](04_backpropagation_on_arrays.ipynb) | how does your engine come to read digits? |
# | 5 | [Gradient descent](05_gradient_descent.ipynb) | how large a step, and when does it arrive? |
# | 6 | [Linear regression](06_linear_regression.ipynb) | one model, all the way through |
# | 7 | [Classification](07_classification.ipynb) | how does a sum become a probability, and which loss fits it? |
# | 8 | [Automatic differentiation](08_automatic_differentiation.ipynb) | what do PyTorch and its kin do? |
# | 9 | [Optimizers](09_optimizers.ipynb) | what do momentum, RMSprop and Adam add? |
# | 10 | [Vanishing and exploding gradients](10_vanishing_exploding.ipynb) | why are deep networks hard to train? |
# | 11 | [Second order](11_second_order.ipynb) | what does curvature buy? |
# | 12 | [MNIST](12_mnist.ipynb) | the whole workflow, on digits |
# | 13 | [Pitfalls](13_pitfalls.ipynb) | what goes wrong, and how is it seen? |
# | 14 | [Architectures and scale](14_architectures_and_scale.ipynb) | convolution, recurrence, attention; many machines |
# | 90 | [Mathematics](90_mathematics.ipynb) | the tools: look up what you miss |
#
# Read 1 to 5 in order. After that, follow your questions.

# %% [markdown] tags=["source: §1.1"]
# The source sets five goals (§1.1). These chapters reach them.
#
# | goal | chapters |
# |---|---|
# | **understand computational graphs**: turn a formula into a graph | 1, 2 |
# | **master backpropagation**: the chain rule, made efficient | 3, 4 |
# | **apply gradient descent**: improve a model's parameters by their gradients | 5, 6, 7, 9 |
# | **practise automatic differentiation**: implement it, and debug it in PyTorch | 3, 4, 8 |
# | **solve a real problem**: MNIST | a section of each chapter, and all of 12 |

# %% [markdown]
# ## Symbols and words
#
# To look things up in. Within a chapter a symbol has one meaning; these are the meanings most of them have throughout. (In chapters 1 to 4, $x$ and $y$ may also be any two inputs of a formula.) The third column is what the code calls it; the last is the Chinese term of the source.
#
# | symbol | meaning | in code | 中文 |
# |---|---|---|---|
# | $G = (V, E)$ | computational graph, its nodes and edges | `Graph` | 计算图，节点，边 |
# | val(v) | value of a node | `value` | 节点的值 |
# | $x$ | input | `x` | 输入 |
# | $w, b$ | weights, bias | `w`, `b` | 权重，偏置 |
# | $\theta$ | all parameters together | `params` | 参数 |
# | $y$ | target, or label | `y` | 目标，标签 |
# | $\hat y$ | prediction | `y_hat` | 预测 |
# | $z$ | logits: scores before softmax | `z` | 未归一化得分 |
# | $\sigma(z)$ | sigmoid, a smooth step from 0 to 1 | `sigmoid` | sigmoid 函数 |
# | $\mathcal{L}$ | loss | `loss` | 损失 |
# | $\partial f / \partial x$ | partial derivative: the slope in one input | | 偏导数 |
# | $\nabla \mathcal{L}$ | gradient: all partial derivatives | `grad` | 梯度 |
# | $g$ | a gradient on its way: the one that arrives at a node or at a rule | `g` | 上游梯度 |
# | $\alpha$ | learning rate | `lr` | 学习率 |
# | $\beta$ | momentum | `momentum` | 动量 |
# | $\beta_1, \beta_2, \epsilon$ | Adam's two decays, and its guard against division by zero | `betas`, `eps` | 衰减率 |
# | $L$ | smoothness: the largest curvature | | 光滑常数 |
# | $\lambda, \mu$ | a curvature; the smallest one | | 曲率 |
# | $\kappa$ | condition number: largest over smallest curvature | | 条件数 |
# | $D$ | depth: the number of layers | | 深度 |
# | $N, B$ | number of examples; of those in a batch | | 样本数，批量 |
#
# | word | 中文 | meaning |
# |---|---|---|
# | forward propagation | 前向传播 | computing the values of a graph, inputs first |
# | backpropagation | 反向传播 | computing its derivatives, output first |
# | chain rule | 链式法则 | how the slopes of nested functions combine |
# | topological order | 拓扑排序 | an order in which inputs come before what uses them |
# | automatic differentiation | 自动微分 | letting a program do both |
# | loss function | 损失函数 | how wrong, as one number |
# | activation function | 激活函数 | what bends the sums of a network |
# | optimizer | 优化器 | the rule that makes a step of a gradient |
# | convergence | 收敛 | coming to rest where one wants to be |
# | mini-batch; epoch | 小批量；训练轮次 | the examples of one step; one round over all |
# | validation data | 验证集 | examples set aside to choose settings by |
# | generalisation | 泛化 | doing well on what was never seen |
# | overfitting; underfitting | 过拟合；欠拟合 | learning the examples by heart; not learning even them |
# | regularisation | 正则化 | whatever holds overfitting back |
# | vanishing, exploding gradient | 梯度消失；梯度爆炸 | slopes that shrink, or grow, from layer to layer |
# | saddle point | 鞍点 | flat, yet downhill in some direction |
# | second-order method | 二阶方法 | a method that uses curvature |

# %% [markdown]
# ## Where it comes from

# %% tags=["source: §1.3", "source: erratum 9"]
descent = {
    1847: "Cauchy walks down the gradient, for the orbits of planets",
    1951: "Robbins and Monro find a root from noisy measurements",
    1952: "Kiefer and Wolfowitz find a maximum so: stochastic descent",
    1964: "Polyak lets the point roll: momentum",
    1983: "Nesterov's momentum, provably faster",
    2015: "Kingma and Ba: Adam",
}

# %% tags=["source: §1.3", "source: erratum 9"]
backpropagation = {
    1960: "Kelley: slopes of flight paths, for a solar sail",
    1962: "Dreyfus gets them from the chain rule alone",
    1970: "Linnainmaa: for any graph of operations",
    1974: "Werbos: for models of all kinds, in a thesis",
    1982: "Werbos: for neural networks",
    1983: "Baur and Strassen: all slopes for a few times the price of one run",
    1986: "Rumelhart, Hinton and Williams: networks find features",
    1989: "LeCun et al.: handwritten digits from the mail",
}

# %% tags=["source: §1.3", "source: erratum 9"]
frameworks = {
    2002: "Torch",
    2010: "Theano: the graph first, then compiled",
    2015: "Chainer: the graph is recorded while the program runs; TensorFlow",
    2017: "PyTorch",
    2018: "JAX: derivatives as functions of functions",
}

# %%
fig, ax = plots.figure(7.2, 5.2)
plots.draw_timeline(ax, {"gradient descent": descent, "backpropagation": backpropagation, "frameworks": frameworks})
plots.picture(fig, alt="A timeline of nineteen entries, 1847 to 2018, in three columns; the next cell lists them with their sources.")

# %% [markdown] tags=["source: §1.3", "source: erratum 9"]
# | year | who | where |
# |---|---|---|
# | 1847 | A. Cauchy | *Méthode générale pour la résolution des systèmes d'équations simultanées*, Comptes Rendus 25, 536–538 |
# | 1951 | H. Robbins, S. Monro | *A stochastic approximation method*, Annals of Mathematical Statistics 22, 400–407 |
# | 1952 | J. Kiefer, J. Wolfowitz | *Stochastic estimation of the maximum of a regression function*, Annals of Mathematical Statistics 23, 462–466 |
# | 1960 | H. J. Kelley | *Gradient theory of optimal flight paths*, ARS Journal 30, 947–954 |
# | 1962 | S. Dreyfus | *The numerical solution of variational problems*, J. Mathematical Analysis and Applications 5, 30–45 |
# | 1964 | B. T. Polyak | *Some methods of speeding up the convergence of iteration methods*, USSR Comp. Math. and Math. Physics 4(5), 1–17 |
# | 1970 | S. Linnainmaa | master's thesis, University of Helsinki; in English: *Taylor expansion of the accumulated rounding error*, BIT 16 (1976), 146–160 |
# | 1974 | P. Werbos | *Beyond Regression*, PhD thesis, Harvard |
# | 1982 | P. Werbos | *Applications of advances in nonlinear sensitivity analysis*, in System Modeling and Optimization, Springer, 762–770 |
# | 1983 | W. Baur, V. Strassen | *The complexity of partial derivatives*, Theoretical Computer Science 22, 317–330 |
# | 1983 | Y. Nesterov | *A method of solving a convex programming problem with convergence rate O(1/k²)*, Soviet Math. Doklady 27, 372–376 |
# | 1986 | D. Rumelhart, G. Hinton, R. Williams | *Learning representations by back-propagating errors*, Nature 323, 533–536 |
# | 1989 | Y. LeCun et al. | *Backpropagation applied to handwritten zip code recognition*, Neural Computation 1, 541–551 |
# | 2002 | R. Collobert, S. Bengio, J. Mariéthoz | *Torch: a modular machine learning software library*, IDIAP-RR 02-46 |
# | 2010 | J. Bergstra et al. | *Theano: a CPU and GPU math expression compiler*, SciPy 2010 |
# | 2015 | D. Kingma, J. Ba | *Adam: a method for stochastic optimization*, ICLR 2015 |
# | 2015 | S. Tokui, K. Oono, S. Hido, J. Clayton | *Chainer: a next-generation open source framework for deep learning*, LearningSys workshop at NIPS 2015 |
# | 2015 | M. Abadi et al. | TensorFlow, released in November 2015; paper: OSDI 2016 |
# | 2017 | A. Paszke et al. | PyTorch, public in January 2017; paper: NeurIPS 2019 |
# | 2018 | R. Frostig, M. Johnson, C. Leary | *Compiling machine learning programs via high-level tracing*, SysML 2018 (JAX) |
#
# On the first of them: C. Lemaréchal, *Cauchy and the gradient method*, Documenta Mathematica, extra volume ISMP (2012), 251–254. On who found backpropagation, and how often: J. Schmidhuber, *Deep learning in neural networks: an overview*, Neural Networks 61 (2015), section 5.5; A. Griewank, *Who invented the reverse mode of differentiation?*, in the same volume as Lemaréchal, 389–400.
#
# > **What the source says differently.** §1.3 and §8.3 let the story begin in the 1960s, with the chain rule in neural networks. Gradient descent is more than a century older. What began in the 1960s was optimal control: Kelley steered a solar sail from the Earth's orbit to that of Mars. The general algorithm is Linnainmaa's (1970), its use for networks Werbos's (1982); 1986 made it famous. (The source also prints one section twice, as §4.3 and §4.4.)
#
# Next: [chapter 1](01_computational_graphs.ipynb), where a formula becomes a graph, and you write the first ten lines of your engine.
