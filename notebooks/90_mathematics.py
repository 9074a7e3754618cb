# %% [markdown]
# # Appendix: mathematics
#
# Ten ideas that the chapters lean on, each with a number or a picture to push around.

# %%
import numpy as np

from textbook import ask, check, data, labs, show
from textbook.engine import grad, hessian
from textbook.exercises import chapter_90 as ours
from textbook.plots import OKABE_ITO, PALE, draw_curves, draw_weights, figure, picture
from textbook.surfaces import SURFACES, quadratic

labs.direction.show(surface="ravine", angle=45)

# %% [markdown]
# The lab shows a point on a map and a direction. Turn the direction, and watch the slope on the right. Section A.3 comes back to it.
#
# **You will be able to**
#
# - say what a partial derivative, a gradient and a Jacobian are, and find them by a small nudge;
# - tell the slope in any direction from the gradient;
# - multiply matrices, and know why the shapes must fit;
# - approximate a function by Taylor's formula, and say how large the error is;
# - see an eigenvalue as a stretch, a complex one as a turn, and a condition number as a shape.
#
# **You need** school calculus: what a derivative is. **Time**: an hour and a half with the exercises. Read what you miss; the sections stand alone. Of the imported names, `ask` and `check` take your answers, `show.folded` hides an output until you open it, `figure`, `picture`, `draw_curves` and `draw_weights` make the pictures, in the colours `OKABE_ITO` and `PALE`, `ours` holds the book's answers, and `SURFACES` is a table of functions to look at.
#
# ## A.1 A slope is a rate
#
# Nudge $x$ by a little, $h$, and see how much $f$ changes. The ratio is the slope. As $h$ shrinks, it settles down:
#
# $$f'(x) = \lim_{h \to 0} \frac{f(x + h) - f(x)}{h} \tag{A.1}$$
#
# Take $f(x) = x^2$ at $x = 3$, where school says $f'(x) = 2x = 6$.

# %%
def square(x):
    return x**2

[round((square(3 + h) - square(3)) / h, 6) for h in (1, 0.1, 0.01, 0.001)]

# %% [markdown]
# ## A.2 Partial derivatives and the gradient
#
# A loss depends on many numbers at once. Move one of them, and hold the others still: the slope is a **partial derivative**, written with a round ∂.
#
# **Question 90-a.** $f(x, y) = x^2 + 3y$, at $(5, 2)$. What is $\partial f/\partial x$?

# %%
ask.number("90-a", "∂f/∂x =")

# %%
check.prediction("90-a")

# %% [markdown]
# All partial derivatives in a row are the **gradient**:
#
# $$\nabla f = \left(\frac{\partial f}{\partial x},\ \frac{\partial f}{\partial y}\right) \tag{A.2}$$
#
# Here it is for another function, $x y^2$ at $(3, 2)$, where the partial derivatives are $y^2 = 4$ and $2xy = 12$. First by a nudge of each coordinate, then by our engine: `grad(f)` is the gradient of f as a function.

# %%
def f(p):
    return p[0] * p[1] ** 2

at, h = np.array([3.0, 2.0]), 1e-6
nudged = [(f(at + move) - f(at)) / h for move in ((h, 0), (0, h))]
np.round(nudged, 4), grad(f)(at)

# %% [markdown]
# **Exercise 90-1 (derive).** Return both partial derivatives of $f(x, y) = x^2 y + 3y$.

# %%
def partials(x, y): ...

check.exercise("90-1", partials)

# %% [markdown]
# ## A.3 Every direction: the dot product
#
# You need not walk along an axis. Walk one unit in the direction $u = (\cos\psi, \sin\psi)$, where ψ is measured from the x-axis. The walk moves $x$ by its part and $y$ by its part, and the effects add. The slope is a **dot product**, a sum of products of entries in the same place:
#
# $$\nabla f \cdot u = \cos\psi\,\frac{\partial f}{\partial x} + \sin\psi\,\frac{\partial f}{\partial y} \tag{A.3}$$
#
# A dot product has a second meaning. Let $\lVert a\rVert$ be the length of $a$, and φ the angle between $a$ and $b$. Then
#
# $$a \cdot b = \lVert a\rVert\,\lVert b\rVert\cos\varphi \tag{A.4}$$
#
# To see it, turn both arrows together, until $b$ lies along the x-axis. Turning changes neither side. Now $b = (\lVert b\rVert, 0)$, and $a$'s first entry is $\lVert a\rVert\cos\varphi$.

# %%
a, b = np.array([3.0, 4.0]), np.array([2.0, 0.5])
phi = np.arctan2(a[1], a[0]) - np.arctan2(b[1], b[0])
print("entry by entry", a @ b, "  lengths and angle", round(np.linalg.norm(a) * np.linalg.norm(b) * np.cos(phi), 6))

# %% [markdown]
# So the slope is $\lVert\nabla f\rVert\cos\varphi$, with φ the angle from the gradient.
#
# | direction | slope | name |
# |---|---|---|
# | along the gradient | $+\lVert\nabla f\rVert$, the largest | steepest ascent |
# | across it | 0 | contour line |
# | against it | $-\lVert\nabla f\rVert$, the smallest | steepest descent |
#
# **Task.** In the lab at the top, find these three. Compare with the dashed line, and with the numbers here. Then choose another point. (The lab's function is `SURFACES["ravine"]`, $\tfrac12(x^2 + 20y^2)$.)

# %%
ravine = SURFACES["ravine"]
gradient = grad(ravine.f)(np.array(ravine.start))
uphill = np.degrees(np.arctan2(gradient[1], gradient[0]))
print(f"gradient {gradient}, its length {np.linalg.norm(gradient):.2f}, its direction {uphill:.1f}°")

# %%
psi = np.linspace(0, 360, 361)
fig, ax = figure(6.4, 2.4)
draw_curves(ax, {"slope": (psi, gradient @ [np.cos(np.radians(psi)), np.sin(np.radians(psi))])}, ylabel="slope")
ax.axvline(uphill, color=OKABE_ITO["vermilion"], linestyle="--")
ax.set(xlabel="direction ψ (degrees)", xticks=range(0, 361, 45))
picture(fig, alt="The slope against the direction is one period of a cosine; its peak is at the dashed line, the "
                 "direction of the gradient.")

# %% [markdown]
# **Exercise 90-2 (break).** "Where the gradient is not zero, the function changes in every direction." Break this sentence for $f(x, y) = x^2 + y^2$: give a point and a direction, `((x, y), (dx, dy))`, in which the slope is 0.

# %%
level = ...

check.exercise("90-2", level)

# %% [markdown]
# ## A.4 The Jacobian
#
# A function may have several outputs. Each has a gradient. Written one below the other they are the **Jacobian** matrix: a row for each output, a column for each input.
#
# $$J = \begin{pmatrix} \partial F_1/\partial x & \partial F_1/\partial y \\ \partial F_2/\partial x & \partial F_2/\partial y \end{pmatrix} \tag{A.5}$$
#
# It tells what a small move does: the outputs move by $J$ times the move, each by its row's dot product with it. Here $F$ turns a distance $r$ and a direction ψ into $x = r\cos\psi$ and $y = r\sin\psi$.

# %%
def F(r, psi):
    return np.array([r * np.cos(psi), r * np.sin(psi)])

J = np.array([[np.cos(0.5), -2 * np.sin(0.5)], [np.sin(0.5), 2 * np.cos(0.5)]])    # at r = 2, ψ = 0.5
move = np.array([0.001, 0.002])
(F(2 + 0.001, 0.5 + 0.002) - F(2, 0.5)).round(5), (J @ move).round(5)

# %% [markdown]
# **Exercise 90-3 (derive).** Write the Jacobian of $F(x, y) = (x \cdot y,\ x + y^2)$ as a 2 × 2 array.

# %%
def jacobian(x, y): ...

check.exercise("90-3", jacobian)

# %% [markdown]
# ## A.5 The product of matrices
#
# A layer of a network adds up its inputs, each times a weight. Many such sums at once are a matrix product:
#
# $$(AB)_{ik} = \sum_j A_{ij} B_{jk} \tag{A.6}$$
#
# Row $i$ of $A$ meets column $k$ of $B$, in a dot product. So a row of $A$ must be as long as a column of $B$: the inner lengths agree, and vanish. In numpy it is `A @ B`.

# %%
A, B = np.array([[1, 2, 3], [4, 5, 6]]), np.array([[1, 0], [0, 1], [2, 2]])
print(A.shape, "@", B.shape, "→", (A @ B).shape, "  row 1 · column 0 =", 4 * 1 + 5 * 0 + 6 * 2)
A @ B

# %% [markdown]
# The order matters: $BA$ is another matrix, even of another shape. And doing $B$ first, then $A$, is the one matrix $AB$: products are compositions. The chain rule for functions with many inputs and outputs is a product of Jacobians. The **transpose** $A^\top$ swaps rows and columns, and turns a product round: $(AB)^\top = B^\top A^\top$.

# %%
v = np.array([2, -1])
print("A(Bv) =", A @ (B @ v), "  (AB)v =", (A @ B) @ v, "  shape of BA:", (B @ A).shape)
print("(AB)ᵀ = BᵀAᵀ:", ((A @ B).T == B.T @ A.T).all())

# %% [markdown]
# **Exercise 90-4 (implement).** Compute (A.6) with loops, without `@`. `a` and `b` are arrays.

# %%
def matmul(a, b): ...

check.exercise("90-4", matmul)

# %% [markdown]
# ## A.6 Taylor's formula
#
# Near $x$, a smooth function is its value, plus a slope, plus a bend, and so on. Each term takes one more derivative:
#
# $$f(x + h) = f(x) + h\,f'(x) + \frac{h^2}{2}\,f''(x) + \frac{h^3}{6}\,f'''(x) + \cdots \tag{A.7}$$
#
# Cut it off, and for small $h$ the error is about the first term left out that is not 0. For $e^x$ at 0 all derivatives are 1, so the terms are $1, h, h^2/2, h^3/6$:

# %%
h = 0.1
terms = np.array([1, h, h**2 / 2, h**3 / 6, h**4 / 24])
for n in (1, 2, 3, 4):
    print(f"{n} terms: error {np.exp(h) - terms[:n].sum():.2e}, first term left out {terms[n]:.2e}")

# %% [markdown]
# ## A.7 Mean and variance
#
# Throw a fair die. The **mean** of the six numbers is 3.5. The **variance** σ² is the mean of the squared distance from the mean, and its root σ is the typical distance.
#
# Add $n$ independent throws. The distances have both signs and partly cancel; their *squares* add up. So the variance of the sum is $n\sigma^2$. The mean of $n$ throws is the sum divided by $n$, so its variance is divided by $n^2$:
#
# $$\text{typical error of a mean of } n = \sqrt{\frac{n\,\sigma^2}{n^2}} = \frac{\sigma}{\sqrt n} \tag{A.8}$$

# %%
die, rng = np.arange(1, 7), np.random.default_rng(0)
sigma = np.sqrt(np.mean((die - die.mean()) ** 2))
for n in (1, 4, 16, 64):
    means = rng.choice(die, size=(20_000, n)).mean(axis=1)
    print(f"n = {n:2}: typical error {np.sqrt(np.mean((means - 3.5) ** 2)):.2f}, σ/√n = {sigma / np.sqrt(n):.2f}")

# %% [markdown]
# ## A.8 Eigenvalues: where a matrix only stretches
#
# A matrix takes an arrow to another arrow. Most are turned. A few keep their line and only change their length: the **eigenvectors**. The factor is the **eigenvalue** λ:
#
# $$A v = \lambda v \tag{A.9}$$
#
# **Task.** Turn the blue arrow until its image, with the square end, lies on the same line. Do it twice. Read the lengths. Then change the entries of the matrix.

# %%
labs.stretch.show(a=2.0, b=1.0, d=2.0, angle=15)

# %%
eigenvalues, eigenvectors = np.linalg.eigh(np.array([[2.0, 1.0], [1.0, 2.0]]))
print("eigenvalues", eigenvalues.round(6), "  their eigenvectors' dot product", abs(np.dot(*eigenvectors.T).round(6)))

# %% [markdown]
# The dot product is 0: the two lines stand at right angles. This is so for every symmetric matrix (one that equals its transpose). The circle of all arrows becomes an ellipse, and its half-axes have the lengths |λ|.
#
# A matrix that is not symmetric may turn *every* arrow. Then its eigenvalues are complex numbers, and they say by how much. In coordinates that suit it, a matrix with the pair $\lambda = \rho\,(\cos\omega \pm i\sin\omega)$ is a turn by the angle ω and a stretch by ρ = |λ|; in ours its arrows may run along ellipses instead of circles. Here is the plain case, a turn by 30° that shrinks to nine tenths:

# %%
c, s = np.cos(np.radians(30)), np.sin(np.radians(30))
turn = 0.9 * np.array([[c, -s], [s, c]])
pair = np.linalg.eigvals(turn)
print("|λ|", abs(pair).round(6), "  angles", np.degrees(np.angle(pair)).round(6))
print("the arrow (1, 0), turned three times, has the length", np.linalg.norm(turn @ turn @ turn @ [1, 0]).round(6))

# %% [markdown]
# Repeat a matrix again and again, and the eigenvalue with the largest |λ| decides: everything dies out if all |λ| are below 1, whether they are real or complex.
#
# ## A.9 Curvature and the condition number
#
# The second derivatives of $f$ fill a symmetric matrix, the **Hessian** (`hessian(f)` by our engine). Its eigenvalues are curvatures: how much the slope changes for each step along the eigenvector. A large one is a steep wall, a small one a gentle floor. Their ratio is the **condition number**:
#
# $$\kappa = \frac{\lambda_{\max}}{\lambda_{\min}} \tag{A.10}$$

# %%
curvatures = np.linalg.eigvalsh(hessian(ravine.f)(np.array([0.3, -0.2])))
print("curvatures", curvatures, "  κ =", curvatures[1] / curvatures[0])

# %% [markdown]
# The contour lines of a bowl with condition number κ are ellipses, $\sqrt\kappa$ times as long as wide. At κ = 1 they are circles, and the steepest way down leads straight to the bottom. At κ = 20 it points at the opposite wall. The angle between the two, at (1, 1), for bowls that `quadratic` makes:

# %%
def off_course(kappa):
    start = np.array([1.0, 1.0])
    g = grad(quadratic((1.0, kappa)).f)(start)
    return np.degrees(np.arccos(g @ start / np.linalg.norm(g) / np.linalg.norm(start)))    # (A.4), for the angle

{kappa: f"{off_course(kappa) + 0:.1f}°" for kappa in (1, 2, 20, 200)}

# %% [markdown]
# **Exercise 90-5 (implement).** Compute κ of a symmetric matrix with positive eigenvalues. `np.linalg.eigvalsh` gives the eigenvalues, smallest first.

# %%
def condition_number(matrix): ...

check.exercise("90-5", condition_number)

# %% [markdown]
# ## A.10 Finite differences, and how far to trust them
#
# A derivative is a limit of quotients, and a computer can take a quotient. Nudge to both sides:
#
# $$f'(x) \approx \frac{f(x + h) - f(x - h)}{2h} \tag{A.11}$$
#
# How small should $h$ be? Two errors pull in opposite directions.
#
# **Truncation.** Write (A.7) for $h$ and for $-h$, and subtract: the even terms cancel. What is left, divided by $2h$, is $f'(x) + \frac{h^2}{6} f'''(x) + \cdots$. This error shrinks with $h$.
#
# **Rounding.** A computer stores a number with a relative error of at most ε/2, where ε is $2.2 \cdot 10^{-16}$ in float64 and $1.2 \cdot 10^{-7}$ in float32. So each of $f(x \pm h)$ is off by at most $\varepsilon|f|/2$, their difference by at most $\varepsilon|f|$, and dividing by $2h$ magnifies that. This bound grows as $h$ shrinks.
#
# $$\text{error} \;\lesssim\; \frac{h^2}{6}\,|f'''(x)| \;+\; \frac{\varepsilon\,|f(x)|}{2h} \tag{A.12}$$
#
# **Question 90-b.** In float64, for $e^x$ at 1: which power of ten is the best $h$?

# %%
ask.number("90-b", "h = 10^")

# %%
check.prediction("90-b")

# %%
def errors(dtype, h):
    x, h = dtype(1), h.astype(dtype)
    return np.abs((np.exp(x + h) - np.exp(x - h)) / (2 * h) - np.exp(1.0))

fig, ax = figure(7.2, 3.2)
for dtype, color, mark in ((np.float64, "blue", "o"), (np.float32, "vermilion", "s")):
    h = np.logspace(-14 if dtype is np.float64 else -6, 0, 61)
    ax.loglog(h, errors(dtype, h) + 1e-17, mark, color=OKABE_ITO[color], ms=3, ls="none", label=dtype.__name__)
    ax.loglog(h, np.finfo(dtype).eps * np.e / (2 * h), color=OKABE_ITO[color], linestyle="--", linewidth=1)
ax.loglog(h := np.logspace(-8, 0, 9), h**2 * np.e / 6, color=PALE, linestyle="-", linewidth=1, label="truncation")
ax.set(xlabel="h", ylabel="error", ylim=(1e-13, 10))
ax.legend(loc="lower left")
show.folded(picture(fig, alt="Error against h, both axes logarithmic: a V for each format. The right arms lie on the "
                             "truncation line, the ragged left arms below dashed lines."), "Show the errors")

# %% [markdown]
# On two logarithmic axes the two errors are straight lines: one climbs with slope 2, the other falls with slope −1. The measured errors make a **V**. Right of its bottom they lie on the line. Left of it they are ragged: rounding is erratic, and its dashed line is a bound, not a prediction. ($x \pm h$ is rounded too. Here that can add about as much again.)
#
# **Exercise 90-6 (derive).** At which $h$ is the *sum* in (A.12) least? That is not quite where the two are equal. `f` and `f3` are two numbers, the values of $f$ and $f'''$ at $x$, possibly negative; `eps` is ε.

# %%
def best_h(f, f3, eps): ...

check.exercise("90-6", best_h)

# %%
best_h = check.tried("90-6", best_h, ours.best_h)    # yours if right, else the book's
least = {dtype.__name__: f"{best_h(np.e, np.e, np.finfo(dtype).eps):.1e}" for dtype in (np.float64, np.float32)}
show.folded(least, "Show where the sum is least for exp at 1")

# %% [markdown]
# **Task.** Find the best $h$ in the lab. Then switch to float32, to the one-sided quotient (A.1), and to other functions.

# %%
labs.finite_difference.show(function="exp", x=1.0)

# %% [markdown]
# ## On MNIST
#
# The pixels of a digit vary together. Their **covariance** matrix holds, for each pair of pixels, the mean of the product of their distances from the mean; on its diagonal are the variances. It is symmetric, 784 × 784, and its eigenvalues are the variances along its eigenvectors. Here are `data.load_mnist`'s 7,000 training images: the variances, and the first ten eigenvectors as pictures, red and blue for the two signs.

# %%
digits = data.load_mnist("small").x_train.astype(float)
variances, directions = np.linalg.eigh(np.cov(digits, rowvar=False))
print(f"the largest is {variances[-1] / variances[-100]:.0f} times the hundredth;",
      f"the first ten are {variances[-10:].sum() / variances.sum():.1f} of the sum")

# %%
fig, (top, below) = figure(8.4, 3.6, rows=2, height_ratios=[2, 1])
draw_curves(top, {"variance": (np.arange(1, 201), variances[:-201:-1])}, xlabel="eigenvector", ylabel="variance", log=True)
draw_weights(below, directions[:, ::-1][:, :10])
picture(fig, alt="Above: the variance of MNIST's pixels along the first 200 eigenvectors falls steeply. Below: the first "
                 "ten eigenvectors as images, blurred strokes in two colours.")

# %% [markdown]
# The first ten directions hold about half of all the variance. For plain descent such a spread of eigenvalues is a ravine ([chapter 5](05_gradient_descent.ipynb)).
#
# ## In PyTorch
#
# `torch.autograd.functional.jacobian` and `hessian` give (A.5) and the Hessian; `torch.linalg.eigvalsh` the eigenvalues of a symmetric matrix; `@` is the matrix product there too.
#
# ## Further reading
#
# - G. Strang, *Linear Algebra and Learning from Data*. Wellesley–Cambridge Press 2019.
# - M. P. Deisenroth, A. A. Faisal, C. S. Ong, *Mathematics for Machine Learning*. Cambridge University Press 2020.
# - T. Parr, J. Howard, *The matrix calculus you need for deep learning*, arXiv:1802.01528, 2018.
#
# Back to the [welcome](00_welcome.ipynb).
