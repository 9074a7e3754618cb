# %% [markdown]
# # Solutions to chapter 7
#
# Try first. A solution that you read is a solution that you forget. What you see is the code that your answers are compared with.

# %%
import numpy as np

from textbook import check
from textbook.exercises import chapter_07 as ours
from textbook.show import show_source

# %% [markdown]
# **7-1** As $y$ is 1 or 0, one of the two terms is 0.

# %%
check.exercise("7-1", ours.negative_log_likelihood)
show_source(ours.negative_log_likelihood)

# %% [markdown]
# **7-2** (7.5) with the softplus of (7.6). `np.logaddexp(0, z)` is a softplus too.

# %%
check.exercise("7-2", ours.binary_cross_entropy)
show_source(ours.binary_cross_entropy)

# %% [markdown]
# **7-3** `keepdims` lets each row have its own maximum.

# %%
check.exercise("7-3", ours.log_sum_exp)
show_source(ours.log_sum_exp)

# %% [markdown]
# **7-4** The derivative is $e^{-z}/(1 + e^{-z})^2$: one factor is $\hat y$, the other, $e^{-z}/(1 + e^{-z})$, is $1 - \hat y$.

# %%
check.exercise("7-4", ours.sigmoid_slope)
show_source(ours.sigmoid_slope)

# %% [markdown]
# **7-5** $-y/\hat y + (1 - y)/(1 - \hat y)$, over a common denominator.

# %%
check.exercise("7-5", ours.entropy_slope)
show_source(ours.entropy_slope)

# %% [markdown]
# **7-6** (7.11): what the numerator adds stands on the diagonal.

# %%
check.exercise("7-6", ours.softmax_jacobian)
show_source(ours.softmax_jacobian)

# %% [markdown]
# **7-7** (7.12) for each row. `np.eye(K)[labels]` is the one-hot form; the mean divides by N.

# %%
check.exercise("7-7", ours.cross_entropy_gradient)
show_source(ours.cross_entropy_gradient)

# %% [markdown]
# **7-8** By (7.13) the push is $2(1 - \hat y)^2\,\hat y$, apart from its sign. Its derivative by ŷ is $2(1 - \hat y)(1 - 3\hat y)$, which is zero at $\hat y = \tfrac13$. The odds are then ½, so $z = \log\tfrac12 = -\log 2$.

# %%
check.exercise("7-8", -np.log(2))

# %% [markdown]
# **7-9** 1,000 overflows: infinity over infinity is no number.

# %%
check.exercise("7-9", [1000.0, 0.0])
