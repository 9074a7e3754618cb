# %% [markdown]
# # Solutions to chapter 9
#
# One way to do each exercise of [chapter 9](../09_optimizers.ipynb), as it stands in the book's own tables. Try first; these keep.

# %%
from textbook import check
from textbook.exercises import chapter_09 as ours
from textbook.show import show_source

# %% [markdown]
# **9-1** The roots of the two equations are $\sqrt{\alpha\mu}=1-\sqrt\beta$ and $\sqrt{\alpha L}=1+\sqrt\beta$. Their sum is $\sqrt\alpha(\sqrt\mu+\sqrt L)=2$, which gives α. Their quotient is $(1-\sqrt\beta)/(1+\sqrt\beta)=\sqrt{\mu/L}$, which gives $\sqrt\beta=(\sqrt L-\sqrt\mu)/(\sqrt L+\sqrt\mu)$; divided by $\sqrt\mu$ above and below, that is $(\sqrt\kappa-1)/(\sqrt\kappa+1)$.

# %%
check.exercise("9-1", ours.heavy_ball)
show_source(ours.heavy_ball, docstring=False)

# %% [markdown]
# **9-2** Three pairs of lines, as in (9.6). What is kept for the next step is $m$ and $v$; the corrected ones serve this step alone.

# %%
check.exercise("9-2", ours.adam_step)
show_source(ours.adam_step, docstring=False)

# %% [markdown]
# **9-3** With $\beta_1=0$ a step is $-\alpha g/\sqrt{\hat v}$. After the large gradient $C$, $v$ is about $C^2/2$, and the step to the left about $\sqrt2\,\alpha$. Two steps later $v$ is $C^2/4$, then $C^2/8$, and more from the small ones: the two steps to the right are about $2\alpha/C$ and $2.8\,\alpha/C$. With $C$ a little above 2 they win. With 10 they do not.

# %%
check.exercise("9-3", [2.1, -1.0, -1.0])

# %% [markdown]
# **9-4** Put infinity in place of every `nan` first: a median of numbers with a `nan` is a `nan`, and `argmin` takes that for the least.

# %%
check.exercise("9-4", ours.pick)
show_source(ours.pick, docstring=False)

# %% [markdown]
# **9-5** With $X=U\Sigma V^\top$, the product $(XX^\top)X$ is $U\Sigma^3V^\top$, and $(XX^\top)^2X$ is $U\Sigma^5V^\top$: $U$ and $V$ stay, and each singular value goes through the polynomial alone.

# %%
check.exercise("9-5", ours.after_rounds)
show_source(ours.after_rounds, docstring=False)
