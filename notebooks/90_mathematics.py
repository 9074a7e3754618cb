# %% [markdown]
# # Appendix: mathematics in thirty minutes
#
# Seven ideas that the chapters lean on, and two pictures to push around.

# %%
import numpy as np

from textbook import ask, check, data, grad, hessian, labs
from textbook.gradcheck import numerical_grad
from textbook.plots import draw_curves, figure, picture
from textbook.surfaces import SURFACES, quadratic

# %%
labs.direction.show(surface="ravine")

# %% [markdown]
# **You will be able to**
#
# - say what a partial derivative and a gradient are, and find them by a small nudge;
# - tell the slope in any direction from the gradient;
# - write the Jacobian of a function with several outputs;
# - multiply matrices, and know why the shapes must fit;
# - see an eigenvalue as a stretch, and a condition number as a shape.
#
# **You need** school calculus: what a derivative is. **Time**: half an hour, and as long again with the exercises.

# %% [markdown]
# ## A.1 A slope is a rate
#
# Nudge $x$ by a little, $h$, and see how much $f$ changes. The ratio is the slope. As $h$ shrinks, it settles down:
#
# $$f'(x) = \lim_{h \to 0} \frac{f(x + h) - f(x)}{h} \tag{A.1}$$
#
# Take $f(x) = x^2$ at $x = 3$, where school says $f'(x) = 2x = 6$.

# %%
def f(x):
    return x**2

[round((f(3 + h) - f(3)) / h, 6) for h in (1, 0.1, 0.01, 0.001)]

# %% [markdown]
# Nudge to both sides, and the error falls much faster. For a parabola it is gone at once:

# %%
central = (f(3 + 0.1) - f(3 - 0.1)) / (2 * 0.1)
assert np.isclose(central, 6)
round(central, 6)

# %% [markdown]
# ## A.2 Partial derivatives and the gradient
#
# A loss depends on many numbers at once. Move one of them, and hold the others still: the slope is a **partial derivative**, written with a round ∂.
#
# **Before you go on.** $f(x, y) = x^2 + 3y$, at $(2, 1)$. What is $\partial f/\partial x$?

# %%
ask.number("90.1", "∂f/∂x =")

# %%
check.prediction("90.1")

# %% [markdown]
# All partial derivatives in a row are the **gradient**:
#
# $$\nabla f = \left(\frac{\partial f}{\partial x},\ \frac{\partial f}{\partial y}\right) \tag{A.2}$$

# %%
def f(p):
    return p[0] ** 2 + 3 * p[1]

at = np.array([2.0, 1.0])
assert np.allclose(grad(f)(at), [2 * at[0], 3])                 # (A.2), by hand and by our engine
assert np.allclose(grad(f)(at), numerical_grad(f, at))          # and by nudging each coordinate
grad(f)(at)

# %% [markdown]
# **Exercise 90.2 (derive).** Return both partial derivatives of $f(x, y) = x^2 y + 3y$.

# %%
def partials(x, y):
    ...

check.exercise("90.2", partials)

# %% [markdown]
# ## A.3 Every direction
#
# You need not walk along an axis. Walk in the direction $(\cos\varphi, \sin\varphi)$, one unit long. A small walk moves $x$ by its part and $y$ by its part, and the effects add. So the slope is
#
# $$\cos\varphi\,\frac{\partial f}{\partial x} + \sin\varphi\,\frac{\partial f}{\partial y} = \nabla f \cdot (\cos\varphi, \sin\varphi) \tag{A.3}$$
#
# **Task.** In the lab at the top, turn the direction with the slider. Find where the slope is largest, where it is 0, where it is most negative. Compare with the dashed line. Then click another point.

# %%
slopes = labs.direction(surface="ravine")
largest, smallest = slopes.angle[slopes.slope.argmax()], slopes.angle[slopes.slope.argmin()]
assert abs(abs(largest - smallest) - 180) < 1e-9
assert np.isclose(slopes.slope.max(), np.hypot(*slopes.gradient), rtol=1e-3)
largest, smallest

# %% [markdown]
# | direction | slope | name |
# |---|---|---|
# | along the gradient | $+\lVert\nabla f\rVert$, the largest | steepest ascent |
# | across it | 0 | contour line |
# | against it | $-\lVert\nabla f\rVert$, the smallest | steepest descent |
#
# $\lVert\nabla f\rVert$ is the gradient's length. A picture of (A.3): the slope against the direction is a cosine, and its peak is at the gradient.

# %%
fig, ax = figure(6.4, 2.6)
draw_curves(ax, {"slope": (slopes.angle, slopes.slope)}, xlabel="direction (degrees)", ylabel="slope")
picture(fig, alt="The slope against the direction is one period of a cosine.")

# %% [markdown]
# **Exercise 90.3 (break).** "Where the gradient is not zero, the function changes in every direction." Break this sentence for $f(x, y) = x^2 + y^2$: give a point and a direction, `((x, y), (dx, dy))`, in which the slope is 0.

# %%
level = ...

check.exercise("90.3", level)

# %% [markdown]
# ## A.4 The Jacobian
#
# A function may have several outputs. Each has a gradient. Written one below the other they are the **Jacobian** matrix: a row for each output, a column for each input.
#
# $$J = \begin{pmatrix} \partial F_1/\partial x & \partial F_1/\partial y \\ \partial F_2/\partial x & \partial F_2/\partial y \end{pmatrix} \tag{A.4}$$
#
# It tells what a small move does: the outputs move by $J$ times the move. Here $F$ turns polar coordinates into plane ones.

# %%
def F(r, phi):
    return np.array([r * np.cos(phi), r * np.sin(phi)])

def J(r, phi):
    return np.array([[np.cos(phi), -r * np.sin(phi)], [np.sin(phi), r * np.cos(phi)]])

# %%
move = np.array([1e-6, 2e-6])
assert np.allclose(F(2 + move[0], 0.5 + move[1]) - F(2, 0.5), J(2, 0.5) @ move, atol=1e-11)
J(2, 0.5).round(3)

# %% [markdown]
# **Exercise 90.4 (derive).** Write the Jacobian of $F(x, y) = (x \cdot y,\ x + y^2)$ as a 2 × 2 array.

# %%
def jacobian(x, y):
    ...

check.exercise("90.4", jacobian)

# %% [markdown]
# ## A.5 The product of matrices
#
# A layer of a network adds up its inputs, each times a weight. Many such sums at once are a matrix product:
#
# $$(AB)_{ik} = \sum_j A_{ij} B_{jk} \tag{A.5}$$
#
# Row $i$ of $A$ meets column $k$ of $B$. So a row of $A$ must be as long as a column of $B$: the inner lengths agree, and vanish.

# %%
A, B = np.array([[1, 2, 3], [4, 5, 6]]), np.array([[1, 0], [0, 1], [2, 2]])
assert (A @ B)[1, 0] == 4 * 1 + 5 * 0 + 6 * 2                   # (A.5), for i = 1 and k = 0
A @ B

# %% [markdown]
# Two facts to keep. The order matters: $AB$ and $BA$ differ, even in shape. And doing $B$ first, then $A$, is one matrix, $AB$: products are compositions. The chain rule for functions with many inputs and outputs is a product of Jacobians.

# %%
assert (A @ B).shape == (2, 2) and (B @ A).shape == (3, 3)
v = np.array([2, -1])
assert (A @ (B @ v) == (A @ B) @ v).all()

# %% [markdown]
# The **transpose** $A^\top$ swaps rows and columns. It turns a product round: $(AB)^\top = B^\top A^\top$.

# %%
assert ((A @ B).T == B.T @ A.T).all()

# %% [markdown]
# **Exercise 90.5 (implement).** Compute (A.5) with loops, without `@`. `a` and `b` are arrays.

# %%
def matmul(a, b):
    ...

check.exercise("90.5", matmul)

# %% [markdown]
# ## A.6 Eigenvalues: where a matrix only stretches
#
# A matrix takes an arrow to another arrow. Most are turned. A few keep their line and only change their length: the **eigenvectors**. The factor is the **eigenvalue** λ:
#
# $$A v = \lambda v \tag{A.6}$$
#
# **Task.** Turn the blue arrow until its image, with the square end, lies on the same line. Do it twice. Read the lengths. Then change the entries of the matrix.

# %%
labs.stretch.show(a=2.0, b=1.0, d=2.0)

# %% [markdown]
# For this symmetric matrix, the two lines stand at right angles. This is so for every symmetric matrix. The circle of all arrows becomes an ellipse, and its half-axes have the lengths |λ|.

# %%
A = np.array([[2.0, 1.0], [1.0, 2.0]])
eigenvalues, eigenvectors = np.linalg.eigh(A)
assert np.allclose(A @ eigenvectors[:, 1], eigenvalues[1] * eigenvectors[:, 1])      # (A.6)
assert abs(eigenvectors[:, 0] @ eigenvectors[:, 1]) < 1e-12
eigenvalues.round(6)

# %% [markdown]
# ## A.7 Curvature and the condition number
#
# The second derivatives of $f$ fill a symmetric matrix, the **Hessian**. Its eigenvalues are curvatures: how much the slope changes for each step along the eigenvector. A large one is a steep wall, a small one a gentle floor. Their ratio is the **condition number**:
#
# $$\kappa = \frac{\lambda_{\max}}{\lambda_{\min}} \tag{A.7}$$

# %%
ravine = SURFACES["ravine"]
H = hessian(ravine.f)(np.array([0.3, -0.2]))
curvatures = np.linalg.eigvalsh(H)
assert np.allclose(curvatures, [1, 20])
curvatures[1] / curvatures[0]

# %% [markdown]
# The contour lines of a bowl with condition number κ are ellipses, $\sqrt\kappa$ times as long as wide. At κ = 1 they are circles, and the steepest way down leads straight to the bottom. At κ = 20 the steepest way down points at the opposite wall. You have seen this at the top: the dashed line, drawn on backwards, misses the star. Chapter 4 shows what that costs.

# %%
def aim(kappa):
    """The angle, in degrees, between steepest descent and the way to the minimum, at (1, 1)."""
    start = np.array([1.0, 1.0])
    g = grad(quadratic((1.0, kappa)).f)(start)
    return np.degrees(np.arccos(g @ start / np.linalg.norm(g) / np.linalg.norm(start)))

[(kappa, round(aim(kappa), 1)) for kappa in (1, 2, 20, 200)]

# %% [markdown]
# **Exercise 90.6 (implement).** Compute κ of a symmetric matrix with positive eigenvalues. `np.linalg.eigvalsh` gives the eigenvalues, smallest first.

# %%
def condition_number(matrix):
    ...

check.exercise("90.6", condition_number)

# %% [markdown]
# ## On MNIST
#
# Here is all of it on real digits. Ten numbers for each of 32 digits are one matrix product. The centred pixels have a covariance matrix, symmetric, 784 × 784, and its eigenvalues tell how much the digits vary along each eigenvector. They differ so much that plain descent on raw pixels has a ravine to walk along.

# %%
x = data.load_mnist("small").x_train.astype(float)
logits = x[:32] @ np.random.default_rng(0).normal(size=(784, 10))
assert logits.shape == (32, 10)

# %%
spread = np.linalg.eigvalsh(np.cov(x, rowvar=False))[::-1]
assert spread[0] / spread[99] > 30                              # already the hundredth is far smaller than the first

# %%
fig, ax = figure(6.4, 2.8)
draw_curves(ax, {"variance": (np.arange(1, 201), spread[:200])}, xlabel="eigenvector", ylabel="variance", log=True)
picture(fig, alt="The variance of MNIST's pixels along the first 200 eigenvectors falls steeply.")

# %% [markdown]
# ## In PyTorch
#
# `torch.autograd.functional.jacobian` and `hessian` give (A.4) and the Hessian; `torch.linalg.eigvalsh` the eigenvalues; `@` is the matrix product there too.
#
# ## Further reading
#
# - Strang, G. (2019). *Linear Algebra and Learning from Data*. Wellesley–Cambridge Press.
# - Deisenroth, M. P., Faisal, A. A., Ong, C. S. (2020). *Mathematics for Machine Learning*. Cambridge University Press.
# - Parr, T., Howard, J. (2018). The matrix calculus you need for deep learning. arXiv:1802.01528.
#
# Back to the [welcome](00_welcome.ipynb).
