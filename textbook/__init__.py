"""Computational graphs, backpropagation and gradient descent: the package behind the notebooks.

>>> from textbook import Tensor
>>> x, y = Tensor(3.0, requires_grad=True), Tensor(2.0, requires_grad=True)
>>> f = (x + y) * y
>>> f.backward()
>>> f.item(), float(x.grad), float(y.grad)
(10.0, 2.0, 7.0)
"""

from textbook import data, gradcheck, nn, ops, optim, train  # ops fills the table of derivatives
from textbook.engine import OPS, GraphError, Tensor, grad, hessian, hvp, jvp, no_grad

__all__ = [
    "OPS", "GraphError", "Tensor", "data", "grad", "gradcheck", "hessian", "hvp", "jvp", "nn", "no_grad", "ops",
    "optim", "train",
]  # fmt: skip
