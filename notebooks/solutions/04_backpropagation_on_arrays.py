# %% [markdown]
# # Solutions to chapter 4
#
# Try first. A solution that you read is a solution that you forget. `show_source` shows the book's own answer, `check.exercise` tries it.

# %%
from textbook import check
from textbook.exercises import chapter_04 as ours
from textbook.show import show_source

# %% [markdown]
# **4-1** First the axes that broadcasting added in front, then those that it stretched. The order matters: only afterwards do the axes of `g` stand above those of `shape`.

# %%
show_source(ours.sum_to)

# %%
check.exercise("4-1", ours.sum_to)

# %% [markdown]
# **4-2** The lines of exercise 3-4. The message is summed to the shape of the one who *receives* it. `old + new` makes a new array, so no two nodes hold the same one.

# %%
show_source(ours.backward)

# %%
check.exercise("4-2", ours.backward)

# %% [markdown]
# **4-3** $W_{kj}$ enters $Z_{ij}$ for every example $i$, each time multiplied by $X_{ik}$. So it receives $\sum_i X_{ik} G_{ij} = (X^\top G)_{kj}$.

# %%
show_source(ours.matmul_messages)

# %%
check.exercise("4-3", ours.matmul_messages)

# %% [markdown]
# **4-4** Back through the weights, then through the slope. The slope of ReLU is 1 or 0: that is `z > 0`.

# %%
show_source(ours.delta_before)

# %%
check.exercise("4-4", ours.delta_before)

# %% [markdown]
# **4-5** `y` is 0 but for a 1 at each label. The mean over the rows divides by `n`, in the value and in the rule.

# %%
show_source(ours.cross_entropy)

# %%
check.exercise("4-5", ours.cross_entropy)

# %% [markdown]
# **4-6** exp is its own derivative, and that is `out`; the inner slope is $-2x$.

# %%
show_source(ours.bump_rule)

# %%
check.exercise("4-6", ours.bump_rule)

# %% [markdown]
# **4-7** A nudge is an array of zeros with one `h` in it. So nothing has to be taken back, and `x` stays as it was.

# %%
show_source(ours.differences)

# %%
check.exercise("4-7", ours.differences)

# %% [markdown]
# **4-8** At 0 and 1 all powers of $x$ look alike, so $3x$ passes, and $3x^{17}$ does too.

# %%
def wrong_slope(x): return 3 * x

check.exercise("4-8", wrong_slope)
