# %% [markdown]
# # Solutions to the welcome
#
# Try first. A solution that you read is a solution that you forget. `show_source` shows the book's own answer, `check.exercise` tries it.

# %%
from textbook import check
from textbook.exercises import chapter_00 as ours
from textbook.show import show_source

# %% [markdown]
# **0-1** A sum of $n$ things has $n$ weights and one bias: $n + 1$ parameters. There are $h$ such sums in the middle, and $k$ sums of $h$ things at the end.

# %%
show_source(ours.count_parameters)

# %%
check.exercise("0-1", ours.count_parameters)

# %% [markdown]
# **0-2** Multiplied out, $f = xy + y^2$. The first part has the slope $x$ in $y$, the second $2y$.

# %%
check.exercise("0-2", ours.slope_in_y)

# %% [markdown]
# **0-3** Formula (0.1), word for word. It works on one number and on an array of them.

# %%
show_source(ours.descent_step)

# %%
check.exercise("0-3", ours.descent_step)

# %% [markdown]
# **0-4** Each step multiplies θ by 1 − 2α. That leads away where it is below −1: for every α above 1.

# %%
check.exercise("0-4", 1.1)

# %% [markdown]
# **0-5** `y_hat == y` is an array of truth values; their mean counts True as 1 and False as 0.

# %%
show_source(ours.accuracy)

# %%
check.exercise("0-5", ours.accuracy)
