# %% [markdown]
# # Welcome
#
# In this book every formula runs, every picture answers to your hand, and every claim is checked.

# %%
import numpy as np

from textbook import Tensor, ask, check, data, labs, nn, ops, optim, plots
from textbook.graph import Graph
from textbook.train import evaluate, train

# %%
labs.optimizer_race.show(surface="rosenbrock")

# %% [markdown]
# Several walks down the same curved valley, all from one start to the star. **Try it now.** Drag the start. Pull the slider, or press play. Why is one so slow, and what do the others know that it doesn't?
#
# (If the picture does not move, run it first: click into the cell above and press Shift+Enter, or choose *Run → Run All Cells*.)
#
# **You will be able to**
# - name the three ideas that deep learning stands on, and say what each is for;
# - run, change and break the book's pictures;
# - train a program that reads handwritten digits, in nine lines;
# - find your way through the chapters.
#
# **You need** school calculus and a little Python. About 30 minutes.

# %% [markdown]
# And this is where it leads: a network that has never seen a digit. Press **Start**, and watch it learn to read. Change the learning rate while it runs.

# %%
labs.mnist_training.show()

# %% [markdown]
# ## What the book lets you do
#
# - **Play with the ideas.** Pictures answer to sliders and keys. Each is driven by the algorithm it shows, step by step; there is no second, simplified copy.
# - **Read all of it.** The engine that learns here is a few hundred lines of Python, and the chapters show it. `import textbook` is the book.
# - **Trust it.** Lines that begin with `assert` are claims. If one were false, the book's own tests would fail. The derivatives are compared with PyTorch's.
# - **Break it.** Your copy is yours. `make reset CHAPTER=00` brings a chapter back and keeps what you had as a backup.
#
# ## How to read a chapter
#
# 1. Run the cells from the top, with Shift+Enter.
# 2. Where it says **Before you go on** (or **run**, or **play**), stop; where a box follows, write your answer into it, and press the button. Being wrong first is the best way to remember.
# 3. A formula has a number, such as (4.2). The code below it uses the same letters, and a comment repeats the number.
# 4. Sliders: press Tab to reach one, then the arrow keys. Below each picture stands in words what it shows, and the call that brings it back.
# 5. Three things come in this order: by hand, with this book's engine, with PyTorch. They must agree, and the chapter says so with an `assert`.
# 6. Exercises are checked. A wrong answer gets its mistake by name; `...` means not attempted, and disturbs nothing. Solutions are in the folder `notebooks/solutions`.

# %% [markdown] tags=["source: §1.2"]
# ## The one problem
#
# A computer can't be *told* how to read a handwritten 7: nobody can write down the rule. It can be shown sevens. **Machine learning** is to choose, among the functions that a program can compute, one that fits the examples and still works on others.

# %%
mnist = data.load_mnist()
fig, ax = plots.figure(7.2, 2.1)
plots.draw_digits(ax, mnist.x_val[:20])
plots.picture(fig, alt="Twenty handwritten digits without labels.")

# %% [markdown] tags=["source: §1.2"]
# The source names four challenges. Here is what each means for these images.
#
# | challenge | here | chapters |
# |---|---|---|
# | **complexity**: millions to billions of parameters | even our small network has thousands; no one can set them by hand | 1, 12 |
# | **optimisation**: a search in a space of that many dimensions | a valley like the one above, but not to be drawn | 4, 7, 8, 9 |
# | **efficiency**: large data, large models | one gradient should cost about as much as one prediction, not as much as thousands | 2, 3, 6 |
# | **generalisation**: to do well on what was never seen | some images are kept aside to find out | 10, 11 |

# %% [markdown] tags=["source: §1.3"]
# ## Three ideas
#
# **1. The computational graph** writes a formula as small operations, each fed by the results of others.

# %% tags=["source: §1.3"]
x, y = Tensor(3.0, requires_grad=True, name="x"), Tensor(2.0, requires_grad=True, name="y")
f = (x + y) * y

# %%
fig, ax = plots.figure(6.4, 2.2)
plots.draw_graph(ax, Graph.of(f), values=True)
plots.picture(fig, alt="The graph of (x + y) times y. x = 3 and y = 2 enter a sum, 5; the sum and y enter a product, 10, the output.")

# %% [markdown]
# **2. Backpropagation** walks the graph from its output to its inputs and finds how much each of them matters: all derivatives in one walk.
#
# **Before you go on.** If $y$ grows a little, by how many times as much does $f = (x + y)\,y$ grow? Mind that $y$ enters twice.

# %%
ask.number("0.1", "times as much:")

# %%
check.prediction("0.1")

# %%
f.backward()
x.grad, y.grad

# %%
assert x.grad == 2.0 and y.grad == 7.0    # ∂f/∂x = y and ∂f/∂y = x + 2y, at x = 3, y = 2

# %% [markdown]
# **Exercise 0.2 (derive).** How fast does $f$ grow with $y$, at any $x$ and $y$? Replace the dots by a `return`, and run the cell.

# %%
def slope_in_y(x, y): ...

check.exercise("0.2", slope_in_y)

# %% [markdown]
# **3. Gradient descent** uses these numbers: move every parameter a little against its derivative, and do it again.
#
# $$\theta \leftarrow \theta - \alpha\, \nabla \mathcal{L}(\theta) \tag{0.1}$$
#
# Here θ stands for all parameters, ℒ for the loss, and α for the learning rate.

# %% tags=["source: §1.3"]
walk = optim.descend(lambda theta: theta**2, x0=1.0, rule=optim.gd, steps=4, lr=0.25).path
walk

# %%
assert (walk == 0.5 ** np.arange(5)).all()    # ∇ℒ = 2θ, so (0.1) halves θ: 1 − 0.25 · 2 = 0.5

# %% [markdown]
# **Exercise 0.3 (implement).** Write (0.1) for one step.

# %%
def descent_step(theta, gradient, alpha): ...

check.exercise("0.3", descent_step)

# %% [markdown]
# **Exercise 0.4 (break).** Find a learning rate `lr` for the walk above that leads away from 0. Try it there first.

# %%
too_large = ...

check.exercise("0.4", too_large)

# %% [markdown]
# ## All three at once
#
# A network that maps 784 pixels to ten scores, trained for four rounds. `MLP` is short for *multilayer perceptron*: layers of weighted sums. `ops.cross_entropy` builds the graph, `train` runs backpropagation and takes the steps.

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
# **Before you run the next cell.** The images shown above were not among those it learned from. How many of the twenty will it get right?

# %%
y_hat = model(mnist.x_val[:20]).data.argmax(axis=1)
fig, ax = plots.figure(7.2, 2.1)
plots.draw_digits(ax, mnist.x_val[:20], mnist.y_val[:20], y_hat)
plots.picture(fig, alt="The twenty digits with the network's answers; wrong answers are framed and marked with a cross.")

# %%
assert evaluate(model, mnist.x_val, mnist.y_val).accuracy > 0.88

# %% [markdown]
# **Exercise 0.5 (implement).** `evaluate` counts for you. Write it yourself: from the network's answers and the true digits, the share that is right.

# %%
def accuracy(y_hat, y): ...

check.exercise("0.5", accuracy)

# %% [markdown]
# That is deep learning, small. [Chapter 12](12_mnist.ipynb) does it properly. The chapters before it take the three ideas apart until nothing is left to believe.

# %% [markdown] tags=["source: §1.1"]
# ## What you will have learned
#
# The source sets five goals (§1.1). These are the chapters that reach them.
#
# | goal | chapters |
# |---|---|
# | **understand computational graphs**: turn a formula into a graph | 1, 2 |
# | **master backpropagation**: the chain rule, made efficient | 3 |
# | **apply gradient descent**: improve a model's parameters by their gradients | 4, 5, 7, 9 |
# | **practise automatic differentiation**: implement it, and debug it in PyTorch | 3, 6, 8 |
# | **solve a real problem**: MNIST | each chapter, and 10, 11, 12 |

# %% [markdown]
# ## Symbols and words
#
# One symbol, one meaning, in every chapter. The third column is what the code calls it; the last is the Chinese term of the source.
#
# | symbol | meaning | in code | 中文 |
# |---|---|---|---|
# | $G = (V, E)$ | computational graph, its nodes and edges | `Graph` | 计算图，节点，边 |
# | $x$ | input | `x` | 输入 |
# | $w, b$ | weights, bias | `w`, `b` | 权重，偏置 |
# | $\theta$ | all parameters together | `params` | 参数 |
# | $y$ | target, or label | `y` | 目标，标签 |
# | $\hat y$ | prediction | `y_hat` | 预测 |
# | $z$ | logits: scores before softmax | `z` | 未归一化得分 |
# | $\mathcal{L}$ | loss | `loss` | 损失 |
# | $\nabla \mathcal{L}$ | gradient | `grad` | 梯度 |
# | $g$ | gradient that arrives from above (*upstream*); in an optimizer's rule, $\nabla \mathcal{L}$ | `g` | 上游梯度 |
# | $\partial f / \partial x$ | partial derivative | | 偏导数 |
# | $\alpha$ | learning rate | `lr` | 学习率 |
# | $\beta$ | momentum | `momentum` | 动量 |
# | $\beta_1, \beta_2, \epsilon$ | Adam's two decays, and its guard against division by zero | `betas`, `eps` | 衰减率 |
# | $L$ | smoothness: the largest curvature | | 光滑常数 |
# | $\lambda, \mu$ | a curvature; the smallest one | | 曲率 |
# | $\kappa$ | condition number: largest over smallest curvature | | 条件数 |
# | $D$ | depth: the number of layers | | 深度 |
#
# Words that recur:
#
# | English | 中文 | English | 中文 |
# |---|---|---|---|
# | forward propagation | 前向传播 | backpropagation | 反向传播 |
# | chain rule | 链式法则 | topological order | 拓扑排序 |
# | automatic differentiation | 自动微分 | gradient descent | 梯度下降 |
# | loss function | 损失函数 | activation function | 激活函数 |
# | optimizer | 优化器 | convergence | 收敛 |
# | mini-batch | 小批量 | epoch (one pass over the data) | 训练轮次 |
# | overfitting | 过拟合 | underfitting | 欠拟合 |
# | generalisation | 泛化 | regularisation | 正则化 |
# | vanishing gradient | 梯度消失 | exploding gradient | 梯度爆炸 |
# | saddle point | 鞍点 | second-order method | 二阶方法 |

# %% [markdown] tags=["source: §1.3", "source: erratum 9"]
# ## Where it comes from
#
# **Before you go on.** When was gradient descent invented?

# %%
ask.choice("0.6", "in", ["1847", "1951", "1986"])

# %%
check.prediction("0.6")

# %% tags=["source: §1.3", "source: erratum 9"]
descent = {
    1847: "Cauchy walks down the gradient, for astronomy",
    1951: "Robbins and Monro descend with noisy measurements",
    1964: "Polyak lets the point roll: momentum",
    1983: "Nesterov's momentum, provably faster",
    2015: "Kingma and Ba: Adam",
}

# %%
backpropagation = {
    1960: "Kelley: gradients of flight paths, backwards in time",
    1962: "Dreyfus gets them from the chain rule alone",
    1970: "Linnainmaa: for any program, at the cost of a few runs",
    1974: "Werbos: in a thesis, for models of all kinds",
    1982: "Werbos: for neural networks",
    1986: "Rumelhart, Hinton and Williams: networks find features",
    1989: "LeCun et al.: handwritten digits from the mail",
}

# %%
frameworks = {
    2002: "Torch",
    2010: "Theano: the graph first, then compiled",
    2015: "TensorFlow",
    2017: "PyTorch: the graph is recorded while the program runs",
    2018: "JAX: derivatives as functions of functions",
}

# %%
fig, ax = plots.figure(7.2, 5.2)
plots.draw_timeline(ax, {"gradient descent": descent, "backpropagation": backpropagation, "frameworks": frameworks})
plots.picture(fig, alt="A timeline of 17 events, 1847 to 2018, in three threads; the next cell lists them with their sources.")

# %% [markdown] tags=["source: §1.3", "source: erratum 9"]
# | year | who | where |
# |---|---|---|
# | 1847 | A. Cauchy | *Méthode générale pour la résolution des systèmes d'équations simultanées*, Comptes Rendus 25, 536–538 |
# | 1951 | H. Robbins, S. Monro | *A stochastic approximation method*, Annals of Mathematical Statistics 22, 400–407 |
# | 1960 | H. J. Kelley | *Gradient theory of optimal flight paths*, ARS Journal 30, 947–954 |
# | 1962 | S. Dreyfus | *The numerical solution of variational problems*, J. Mathematical Analysis and Applications 5, 30–45 |
# | 1964 | B. T. Polyak | *Some methods of speeding up the convergence of iteration methods*, USSR Comp. Math. and Math. Physics 4(5), 1–17 |
# | 1970 | S. Linnainmaa | master's thesis, University of Helsinki; in English: BIT 16 (1976), 146–160 |
# | 1974 | P. Werbos | *Beyond Regression*, PhD thesis, Harvard |
# | 1982 | P. Werbos | *Applications of advances in nonlinear sensitivity analysis*, in System Modeling and Optimization, Springer, 762–770 |
# | 1983 | Y. Nesterov | *A method of solving a convex programming problem with convergence rate O(1/k²)*, Soviet Math. Doklady 27, 372–376 |
# | 1986 | D. Rumelhart, G. Hinton, R. Williams | *Learning representations by back-propagating errors*, Nature 323, 533–536 |
# | 1989 | Y. LeCun et al. | *Backpropagation applied to handwritten zip code recognition*, Neural Computation 1, 541–551 |
# | 2002 | R. Collobert, S. Bengio, J. Mariéthoz | *Torch: a modular machine learning software library*, IDIAP-RR 02-46 |
# | 2010 | J. Bergstra et al. | *Theano: a CPU and GPU math expression compiler*, SciPy 2010 |
# | 2015 | D. Kingma, J. Ba | *Adam: a method for stochastic optimization*, ICLR 2015 (arXiv, December 2014) |
# | 2015 | M. Abadi et al. | TensorFlow, released in November 2015; paper: OSDI 2016 |
# | 2017 | A. Paszke et al. | PyTorch, public in January 2017 after first versions in 2016; paper: NeurIPS 2019 |
# | 2018 | R. Frostig, M. Johnson, C. Leary | *Compiling machine learning programs via high-level tracing*, SysML 2018 (JAX) |
#
# > **What the source says differently.** §1.3 and §8.3 let the story begin in the 1960s, with the chain rule in neural networks. Gradient descent is more than a century older. What began in the 1960s was optimal control: Kelley and Dreyfus steered rockets, not networks. The general algorithm is Linnainmaa's (1970), its use for networks Werbos's (1982); 1986 made it famous. Graphs and automatic differentiation were not first put in order in the 1990s either. (The source also prints one section twice, as §4.3 and §4.4.)

# %% [markdown]
# ## The chapters
#
# | | chapter | its question |
# |---|---|---|
# | 0 | Welcome | where are we going? |
# | 1 | [Computational graphs](01_computational_graphs.ipynb) | what is a formula, seen as a graph? |
# | 2 | [Forward propagation](02_forward_propagation.ipynb) | in which order is it computed, and at what cost? |
# | 3 | [Backpropagation](03_backpropagation.ipynb) | how does every derivative come out of one walk? |
# | 5 | [Gradient descent](05_gradient_descent.ipynb) | how large a step, and when does it arrive? |
# | 6 | [Linear regression](06_linear_regression.ipynb) | one model, all the way through |
# | 6 | Automatic differentiation | what do PyTorch and its kin do? |
# | 7 | Optimizers | what do momentum, RMSprop and Adam add? |
# | 8 | Vanishing and exploding gradients | why are deep networks hard to train? |
# | 9 | Second order | what does curvature buy? |
# | 12 | [MNIST](12_mnist.ipynb) | the whole workflow, on digits |
# | 11 | Pitfalls | what goes wrong, and how is it seen? |
# | 12 | Architectures and scale | convolution, recurrence, attention; many machines |
# | 90 | [Mathematics](90_mathematics.ipynb) | the tools, in thirty minutes |
#
# Read 1 to 5 in order. After that, follow your questions. Chapters without a link are still being written.
