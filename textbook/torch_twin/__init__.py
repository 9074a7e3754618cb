"""The same program in PyTorch: its graph walked, and matched with ours node by node.

PyTorch records a graph too: each result's `grad_fn` names the function of its backward pass, and `next_functions` lead
to those of its inputs.  `run` and `replay` run a program there, `align` matches the two graphs from the root on and
compares values and gradients, by the table `RULES`.

Torch is imported when a function is called, and not before.

>>> from textbook.expression import parse
>>> root, _ = parse("f = tanh(x*y) + 2*x").tensors(x=0.5, y=2.0)
>>> found = align(root, replay(root))
>>> [pair.names for pair in found.pairs.values()]
[['AddBackward0'], ['MulBackward0'], ['AccumulateGrad'], ['TanhBackward0'], ['MulBackward0'], ['AccumulateGrad']]
>>> found.worst < 1e-15
True
"""

from textbook.torch_twin.alignment import Alignment, Pair, Twin, align, functions_of, graph_of
from textbook.torch_twin.rules import RULES, MismatchError
from textbook.torch_twin.running import (
    TorchRun,
    functions,
    import_torch,
    model_twin,
    replay,
    run,
    saved_bytes,
    train_both,
)
from textbook.torch_twin.training import OPTIMIZERS, train
