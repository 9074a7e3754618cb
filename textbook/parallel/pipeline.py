"""A pipeline: stages of layers on different processes, and a batch that passes through in micro-batches."""

from __future__ import annotations

from typing import NamedTuple


class Task(NamedTuple):
    """One stage's work on one micro-batch, forwards or backwards, and when."""

    stage: int
    micro_batch: int
    backward: bool
    start: float
    end: float


def forward_then_backward(stage: int, stages: int, micro_batches: int) -> list[tuple[int, bool]]:
    """All micro-batches forwards, then all backwards.  Source: Huang et al. 2019 (GPipe)."""
    return [(m, backward) for backward in (False, True) for m in range(micro_batches)]


def one_forward_one_backward(stage: int, stages: int, micro_batches: int) -> list[tuple[int, bool]]:
    """Backwards as soon as possible, so that a stage holds `stages − stage` micro-batches at most.

    Source: Narayanan et al. 2021 (Megatron-LM), the schedule of PipeDream with a flush.
    """
    ahead = min(stages - stage - 1, micro_batches)
    order = [(m, False) for m in range(ahead)]
    for m in range(micro_batches - ahead):
        order += [(m + ahead, False), (m, True)]
    return order + [(m, True) for m in range(micro_batches - ahead, micro_batches)]


ORDERS = {"forward, then backward": forward_then_backward, "one forward, one backward": one_forward_one_backward}


def schedule(stages: int, micro_batches: int, order=forward_then_backward, backward_time: float = 1.0) -> list[Task]:
    """When each stage does what, if it starts as soon as its input is there.  Forwards takes time 1.

    A micro-batch enters a stage forwards after the stage before, backwards after the stage behind.

    Raises:
        ValueError: the order lets stages wait for each other for ever.
    """
    todo = [order(stage, stages, micro_batches) for stage in range(stages)]
    free = [0.0] * stages
    done: dict[tuple[int, int, bool], float] = {}
    tasks: list[Task] = []
    while any(todo):
        count = len(tasks)
        for stage in range(stages):
            if not todo[stage]:
                continue
            m, backward = todo[stage][0]
            needs = [(stage, m, False), (stage + 1, m, True)] if backward else [(stage - 1, m, False)]
            needs = [need for need in needs if 0 <= need[0] < stages]
            if all(need in done for need in needs):
                start = max([free[stage], *(done[need] for need in needs)])
                free[stage] = done[stage, m, backward] = start + (backward_time if backward else 1.0)
                tasks.append(Task(stage, m, backward, start, free[stage]))
                todo[stage].pop(0)
        if len(tasks) == count:
            waiting = ", ".join(str(stage) for stage in range(stages) if todo[stage])
            raise ValueError(f"in this order stages {waiting} wait for each other for ever")
    return tasks


def idle_share(tasks: list[Task]) -> float:
    """The share of all stages' time in which they wait: the bubble.

    >>> tasks = schedule(stages=4, micro_batches=8)
    >>> idle_share(tasks) == (4 - 1) / (8 + 4 - 1)
    True
    """
    stages = 1 + max(task.stage for task in tasks)
    busy = sum(task.end - task.start for task in tasks)
    return 1 - busy / (stages * max(task.end for task in tasks))
