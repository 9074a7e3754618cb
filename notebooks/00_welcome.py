# %% [markdown]
# # Welcome
#
# In this book every formula runs, every picture answers to your hand, and every claim is checked.

# %%
from textbook import Tensor

# %% [markdown]
# A tensor remembers how it was made, so it can tell how its value depends on what it was made from.

# %%
x = Tensor(3.0, requires_grad=True)
(x * x).backward()
assert x.grad == 6.0
