# %% [markdown]
# # Solutions to chapter 3
#
# Try first. A solution that you read is a solution that you forget. `show_source` shows the book's own answer, `check.exercise` tries it.

# %%
from textbook import check
from textbook.exercises import chapter_03 as ours
from textbook.show import show_source

# %% [markdown]
# **3-1** Two paths lead from $x$ to $f = x \sin(x^2)$: the factor $x$, with the other factor as its local derivative, and the $x$ inside the sine, along which three rates multiply: $x$, $\cos(x^2)$ and $2x$.

# %%
show_source(ours.slope_of_f)

# %%
check.exercise("3-1", ours.slope_of_f)

# %% [markdown]
# **3-2** With $u$ held, the slope of $u \cdot y$ is $u = x + y$. If $u$ is free, it moves by 1 for each unit of $y$, and $f$ by $y$ for each unit of $u$: another $y$.

# %%
show_source(ours.held_and_free)

# %%
check.exercise("3-2", ours.held_and_free)

# %% [markdown]
# **3-3** The product is a switcher: each rule multiplies what arrives by the *other* factor.

# %%
show_source(ours.Node)

# %%
check.exercise("3-3", ours.Node)

# %% [markdown]
# **3-4** The seed, the order, and the sum of formula (3.3). When a node's turn comes, everyone who uses it has had theirs, so its gradient is complete. Only the root's gradient is set; all others grow by what arrives.

# %%
show_source(ours.backward)

# %%
check.exercise("3-4", ours.backward)

# %% [markdown]
# **3-5** With $\tanh z = 2\sigma(2z) - 1$ and (3.4), $\tanh' z = 2 \cdot \sigma(1 - \sigma) \cdot 2$, where σ is taken at $2z$. Now $\sigma = (1 + \tanh z)/2$ and $1 - \sigma = (1 - \tanh z)/2$, so $\tanh' z = (1 + \tanh z)(1 - \tanh z) = 1 - \tanh^2 z$.

# %%
show_source(ours.tanh)

# %%
check.exercise("3-5", ours.tanh)

# %% [markdown]
# **3-6** Write 1000 in binary: 1111101000. Adding a node to itself doubles its paths, and appends a 0; adding $x$ makes one path more, and turns that 0 into a 1. Nine doublings and five times $x$: 14 additions.

# %%
show_source(ours.thousand_paths)

# %%
check.exercise("3-6", ours.thousand_paths)

# %% [markdown]
# **3-7** The root reaches $u$ directly, so the hasty engine finds $u$ early and lets it speak. The second message to $u$ comes by way of $u + x$, when $u$ has already spoken.

# %%
show_source(ours.shortcut)

# %%
check.exercise("3-7", ours.shortcut)

# %% [markdown]
# **3-8** The gradients are emptied *before* the backward pass. Emptied at the very end they would do as well, if the first step starts with empty ones.

# %%
show_source(ours.train_step)

# %%
check.exercise("3-8", ours.train_step)
