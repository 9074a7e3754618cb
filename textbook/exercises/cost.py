"""What a right answer costs: checkers that stand beside an exercise's cases."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from textbook.exercises import SEED


def one_product_a_round(cases: Callable[[np.random.Generator], Iterable[tuple]]) -> Callable[[Any], Iterator[str]]:
    """A checker of answer(product, v, steps): one product a round, and at most one before the first.

    Args:
        cases: of the exercise; the one with the most rounds is tried.
    """

    def checker(answer: Any) -> Iterator[str]:
        product, v, steps = max(cases(np.random.default_rng(SEED)), key=lambda case: case[2])
        calls = 0

        def counted(v: Any) -> Any:
            nonlocal calls
            calls += 1
            return product(v)

        answer(counted, v, steps)
        if calls > steps + 1:
            yield (f"The result is right, but for steps={steps} it called product {calls} times. That is what costs: "
                   "call it once a round, and keep what it returned for all its uses.")  # fmt: skip

    return checker
