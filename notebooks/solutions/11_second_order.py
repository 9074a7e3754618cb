# %% [markdown]
# # Solutions to chapter 11
#
# Try first. A solution that you read is a solution that you forget. What you see is the code that your answers are compared with.

# %%
from textbook import check
from textbook.exercises import chapter_11 as ours
from textbook.show import show_source

# %% [markdown]
# **11-1** `solve` does in one call what an inverse and a product would do in two, with fewer digits lost.

# %%
check.exercise("11-1", ours.newton_step)
show_source(ours.newton_step)

# %% [markdown]
# **11-2** $f'/f'' = x(1 + x^2)^{-1/2}\,(1 + x^2)^{3/2} = x(1 + x^2)$, so the next point is $x - x - x^3 = -x^3$. Below 1 in size it shrinks, and how: the error is cubed. Beyond 1 it grows. At 1 it jumps to −1 and back.

# %%
check.exercise("11-2", 2.0)

# %% [markdown]
# **11-3** `axes.T @ g` are the shares of the gradient along the axes, `axes @ …` leads back to the coordinates.

# %%
check.exercise("11-3", ours.safe_direction)
show_source(ours.safe_direction)

# %% [markdown]
# **11-4** (11.5), with the right factor as the transpose of the left one. Multiply it by $y$: the first term vanishes, because $(I - \rho\,y\,s^\top)y = y - y = 0$, and the second is $\rho\,s\,(s\cdot y) = s$.

# %%
check.exercise("11-4", ours.bfgs_update)
show_source(ours.bfgs_update)

# %% [markdown]
# **11-5** (11.6). Keep $Ap$, which is what costs, for both its uses, and keep the old residual until $r^+\cdot r^+/r\cdot r$ is computed.

# %%
check.exercise("11-5", ours.conjugate_gradients)
show_source(ours.conjugate_gradients)

# %% [markdown]
# **11-6** The label is 1 with probability $\hat y$, and $(1 - \hat y)^2\hat y + \hat y^2(1 - \hat y) = \hat y(1 - \hat y)$. So each example adds $\hat y(1 - \hat y)\,x\,x^\top$.

# %%
check.exercise("11-6", ours.fisher)
show_source(ours.fisher)

# %% [markdown]
# **11-7** With $M = U\Sigma V^\top$ we have $MM^\top M = U\Sigma^3V^\top$: the directions stay, the singular values change each for itself.

# %%
check.exercise("11-7", ours.orthogonalised)
show_source(ours.orthogonalised)
