"""Data parallelism: several processes, each with its share of every batch, take the step that one would have taken.

The gradient of a mean loss is the mean of the examples' gradients.  So each process computes the gradient of its own
share with our engine, `average_gradients` sums them, weighted, over all processes, and every process then takes the
same step from the same weights.  `torch.distributed` (its gloo backend) carries the messages and nothing else.

`launch` starts processes on this machine, from a script or a notebook:

>>> from textbook import parallel
>>> parallel.launch(parallel.whoami, processes=2)
['rank 0 of 2', 'rank 1 of 2']

`torchrun` starts them on one machine or on many; there `python -m textbook.parallel` is the script (`__main__.py`):

    torchrun --nproc-per-node=2 -m textbook.parallel --epochs=2
    torchrun --nnodes=2 --nproc-per-node=4 --rdzv-backend=c10d --rdzv-endpoint=HOST:29400 -m textbook.parallel

the second one typed on both machines, HOST being one of them.  Torch is imported by a process's first message.

Source: Goyal et al. 2017 (data parallelism, weighting); Li et al. 2020 (PyTorch's DistributedDataParallel).
"""

from textbook.parallel.group import all_gather, all_reduce, broadcast, exchange, join, leave, rank, size, whoami
from textbook.parallel.launching import WorkerError, launch
from textbook.parallel.pipeline import Task, idle_share, one_forward_one_backward, schedule
from textbook.parallel.ring import Hop, ring, ring_all_reduce, ring_steps
from textbook.parallel.sharding import ShardedOptimizer, state_bytes
from textbook.parallel.training import accumulate, average_gradients, share, train
from textbook.parallel.trials import Gradients, Training, one_batch, training
