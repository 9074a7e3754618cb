"""The group of processes, and the messages that carry arrays between them.

Who a process is stands in its environment, as `torchrun` and `launch` set it: RANK, from 0, and WORLD_SIZE.  Without
them a process is alone: every function here then does nothing, and torch is not imported.
"""

from __future__ import annotations

import os
from datetime import timedelta
from functools import cache
from typing import Any

import numpy as np

from textbook.engine import Array
from textbook.torch_twin import import_torch

TIMEOUT = 300.0  # seconds that a process waits for a message from another


def rank() -> int:
    """This process's number in the group, from 0."""
    return int(os.environ.get("RANK", 0))


def size() -> int:
    """How many processes the group has.  NB: PyTorch calls it the world size."""
    return int(os.environ.get("WORLD_SIZE", 1))


def whoami() -> str:
    return f"rank {rank()} of {size()}"


@cache
def join() -> Any:
    """`torch.distributed`, once this process has met the others.  The first message calls it by itself."""
    import_torch()
    import torch.distributed as dist

    # torchrun's processes meet at an address that stands in the environment, those of launch in a file: no port to find
    meeting = os.environ.get("TEXTBOOK_MEETING")
    store = dist.FileStore(meeting, size()) if meeting else None
    wait = timedelta(seconds=float(os.environ.get("TEXTBOOK_TIMEOUT", TIMEOUT)))
    dist.init_process_group("gloo", store=store, rank=rank(), world_size=size(), timeout=wait)
    return dist


def leave() -> None:
    """Close the connections, if there are any: the last thing that a process of a group does."""
    if join.cache_info().currsize:
        join().destroy_process_group()
        join.cache_clear()


def all_reduce(array: Array) -> Array:
    """Put the sum of all processes' arrays in the place of each: x ← Σ_r x_r.

    Args:
        array: of one shape and dtype in all processes; contiguous.  It is overwritten.

    Returns:
        the same array.
    """
    if size() > 1:
        join().all_reduce(_as_torch(array))
    return array


def broadcast(array: Array, root: int = 0) -> Array:
    """Put the array of process `root` in the place of every other's; the same array is returned."""
    if size() > 1:
        join().broadcast(_as_torch(array), root)
    return array


def all_gather(array: Array) -> Array:
    """The arrays of all processes, in order of rank: (…) → (size, …)."""
    found = np.empty((size(), *array.shape), array.dtype)
    found[rank()] = array
    if size() > 1:
        join().all_gather([_as_torch(part) for part in found], _as_torch(found[rank()].copy()))
    return found


def exchange(array: Array, to: int, arrived: Array, source: int) -> Array:
    """Send an array to one process while another's arrives, and is written into `arrived`."""
    dist = join()
    sending = dist.isend(_as_torch(array), to)  # both would wait for ever if all sent first and then received
    dist.recv(_as_torch(arrived), source)
    sending.wait()
    return arrived


def _as_torch(array: Array) -> Any:
    """A torch tensor on the array's own memory."""
    if not isinstance(array, np.ndarray) or not array.flags.c_contiguous or not array.flags.writeable:
        raise ValueError("a message is a contiguous numpy array that may be written into: pass np.array(values)")
    return import_torch().from_numpy(array)
