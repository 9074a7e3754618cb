"""Interactive figures.  Each module here exports one object, `lab`; it is found by its module's name.

>>> from textbook import labs
>>> data = labs.learning_rate(surface="valley", curvature=4.0)  # headless: the numbers
>>> labs.learning_rate.show(lr=0.3)  # doctest: +SKIP

How one is written, with the smallest example: `textbook.lab`.
"""

from importlib import import_module
from pkgutil import iter_modules

from textbook.lab import Lab

LABS: dict[str, Lab] = {name: import_module(f"{__name__}.{name}").lab for _, name, _ in iter_modules(__path__)}
globals().update(LABS)  # labs.graph is the lab; its module stays importable as textbook.labs.graph

__all__ = ["LABS", *LABS]
