"""Settings: what a lab can be asked for, what it refuses, and how the panel in the browser shows it.

A control doesn't choose its name: that is the keyword under which the lab is given it.  On the panel a control is one
*part* or several, plain dicts that `panel.js` turns into native elements.  What comes back is *raw*: a position in a
list of options, the text of a field.  `read` turns it into a value, and `check` decides.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

if TYPE_CHECKING:
    from textbook.lab.view import View

FAR = 1e9  # a point beyond it overflows in a square or two
Parts = Sequence[dict[str, Any]]


def number(value: Any) -> float:
    """The value as a number; nan for what is none."""
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan


def as_tuples(numbers: Any) -> Any:
    """An array or nested lists as nested tuples, which can be compared and printed."""
    numbers = numbers.tolist() if isinstance(numbers, np.ndarray) else numbers
    return tuple(map(as_tuples, numbers)) if isinstance(numbers, list) else numbers


DECADE = (1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.8, 2, 2.2, 2.4, 2.5, 2.7, 3, 3.3, 3.6, 4, 4.4, 5, 5.5, 6, 6.6, 7, 8, 9)


def round_numbers(low: float, high: float) -> np.ndarray:
    """Round numbers from low to high, about evenly spaced in their logarithm: what a reader asks for is among them.

    >>> round_numbers(0.8, 1.3)
    array([0.8, 0.9, 1. , 1.1, 1.2, 1.3])
    """
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    numbers = np.array([float(f"{digits}e{power}") for power in powers for digits in DECADE])
    return numbers[(numbers >= low * (1 - 1e-9)) & (numbers <= high * (1 + 1e-9))]


@dataclass
class Control:
    """A setting that only code sets.  The other controls are subclasses; a lab may have its own.

    Args:
        label: what the reader sees (of a frame axis, also a function of the data).
        default: the value where none is given.
        when: whether it has an effect, from all settings by name.  One that has none is not shown.
        more: show it only under "More".
    """

    label: Any = ""
    default: Any = None
    when: Callable[[Mapping[str, Any]], bool] = field(default=lambda s: True, kw_only=True)
    more: bool = field(default=False, kw_only=True)
    name: str = field(default="", init=False)
    kind: ClassVar[str] = ""  # of the one part that the panel shows; none, unless given

    def check(self, value: Any) -> Any:
        """The value as the lab uses it.  Raises ValueError for one that it cannot use."""
        return value

    def parts(self, view: View) -> Parts:
        """What the panel shows: dicts with `kind`, `value` and what that kind needs; `key`s tell several apart."""
        return [{"kind": self.kind, "value": self.raw(view.settings[self.name])}] if self.kind else ()

    def read(self, raw: Any, key: str, view: View) -> Any:
        """The value that a message of the panel stands for; `key` is that of the part it came from."""
        return raw

    def raw(self, value: Any) -> Any:
        """The value as the panel holds it: the inverse of `read`."""
        return value


@dataclass
class Slider(Control):
    """A number between two bounds, on a linear or a logarithmic scale; whole if `step` is."""

    low: float = 0.0
    high: float = 1.0
    step: float = 0.01
    log: bool = False

    def check(self, value: Any) -> Any:
        if not self.low <= (given := number(value)) <= self.high:
            raise ValueError(f"{self.name} must lie between {self.low:g} and {self.high:g}, got {value!r}")
        # Sliders return sums of steps: 3.9999999999999996 for 4.
        return round(given) if isinstance(self.step, int) else float(f"{given:.12g}")

    def parts(self, view: View) -> Parts:
        bounds = {"low": self.low, "high": self.high, "step": self.step, "log": self.log}
        return [{"kind": "slider", "value": view.settings[self.name], **bounds}]


@dataclass
class Choice(Control):
    """One of several: {value: what the reader sees}."""

    options: Mapping[Any, str] = field(default_factory=dict)
    kind = "choice"

    def check(self, value: Any) -> Any:
        if value not in list(self.options):  # a list can be asked for what has no hash
            raise ValueError(f"unknown {self.name} {value!r}: choose one of {', '.join(map(str, self.options))}")
        return value

    def parts(self, view: View) -> Parts:
        value = self.raw(view.settings[self.name])
        return [{"kind": self.kind, "value": value, "options": list(self.options.values())}]

    def read(self, raw: Any, key: str, view: View) -> Any:
        return list(self.options)[raw]

    def raw(self, value: Any) -> Any:
        return list(self.options).index(value)


@dataclass
class Several(Choice):
    """Any of several, one at least, as a tuple in the order of the options."""

    kind = "several"

    def check(self, value: Any) -> Any:
        chosen = (value,) if isinstance(value, str) or not isinstance(value, Iterable) else tuple(value)
        for one in chosen:
            super().check(one)
        if not chosen:
            raise ValueError(f"{self.name}: choose one at least of {', '.join(map(str, self.options))}")
        return tuple(key for key in self.options if key in chosen)

    def read(self, raw: Any, key: str, view: View) -> Any:
        return tuple(list(self.options)[i] for i in raw)

    def raw(self, value: Any) -> Any:
        return [list(self.options).index(one) for one in value]


@dataclass
class Toggle(Control):
    """On or off."""

    default: bool = False
    kind = "toggle"

    def check(self, value: Any) -> bool:
        if not isinstance(value, bool | np.bool_) and value not in (0, 1):
            raise ValueError(f"{self.name} must be True or False, got {value!r}")
        return bool(value)


@dataclass
class Text(Control):
    """A line of text; `parse` turns it into what the lab uses only to find its mistakes (ValueErrors)."""

    parse: Callable[[str], Any] = str
    kind = "text"

    def check(self, value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError(f"{self.name} must be text, in quotes: got {value!r}")
        self.parse(value)
        return value


@dataclass
class Numbers(Control):
    """Finite numbers that the pointer sets, such as a start point: a tuple; None where the lab may choose.

    Args:
        label: what they are, for those who get them wrong.
        shape: (n,), or (None, 2) for any number of pairs.
        most: how large they may be.
    """

    shape: tuple[int | None, ...] = (None,)
    most: float = FAR

    def check(self, value: Any) -> tuple | None:
        if value is None and self.default is None:
            return None
        try:
            given = np.array(value, dtype=float, ndmin=len(self.shape))
        except (TypeError, ValueError, OverflowError):
            given = np.array([])
        sizes = zip(self.shape, given.shape, strict=False)
        fits = given.ndim == len(self.shape) and all(n in (None, size) for n, size in sizes)
        if not fits or not given.size or not (np.abs(given) <= self.most).all():
            kind = "pairs of " if len(self.shape) > 1 else f"{self.shape[0]} " if self.shape[0] else ""
            named = f"{self.name}, {self.label}," if self.label else self.name
            raise ValueError(f"{named} must be {kind}finite numbers, at most {self.most:g} in size, got {value!r}")
        return as_tuples(given)


@dataclass
class Button(Control):
    """No setting: something that happens when it is pressed, such as `lambda view: view.set(start=None)`."""

    does: Callable[[View], Any] = lambda view: None
    words: Callable[[View], str] | None = None  # the label, where it changes

    def parts(self, view: View) -> Parts:
        return [{"kind": "button", "label": self.words(view) if self.words else self.label}]


@dataclass
class Status(Control):
    """No setting: a line of text, and how far something has come (0 to 1, or None), as `of(view)` says."""

    of: Callable[[View], tuple[str, float | None]] = lambda view: ("", None)

    def parts(self, view: View) -> Parts:
        text, progress = self.of(view)
        return [{"kind": "status", "text": text, "value": progress}]


@dataclass
class FrameAxis(Control):
    """The setting that the stage's own slider moves: all its positions are computed in one call, and sent once.

    A value between two positions is shown at the nearest; None is the telling frame, `start`.

    Args:
        of: from the data, the values: one for each frame, ascending.  For a `range`, negative settings count from the
            end.
        show: how the slider's readout writes a value; or a function of the data that returns all the readouts.
        start: the value shown where the call sets none, or a function of the data that says so; the first, unless
            given.  Choose a frame that tells something: it is what the saved notebook shows.
        log: whether "nearest" means the nearest ratio.
        interval: milliseconds a frame stays when playing.
    """

    of: Callable[[Any], Sequence[Any] | np.ndarray] = lambda d: range(1)
    show: str | Callable[[Any], Sequence[str]] = "{:.4g}"
    start: float | Callable[[Any], float] | None = None
    log: bool = False
    interval: float = 60

    def check(self, value: Any) -> Any:
        if value is None:
            return None
        if not math.isfinite(given := number(value)) or (self.log and given <= 0):
            raise ValueError(f"{self.name} must be a {'positive' if self.log else 'finite'} number, got {value!r}")
        return int(given) if given.is_integer() and isinstance(value, int | np.integer) else given

    def readouts(self, data: Any) -> list[str]:
        """What the slider shows at each position."""
        return [self.show.format(v) for v in self.of(data)] if isinstance(self.show, str) else list(self.show(data))

    def frame(self, data: Any, value: Any, strict: bool = False) -> int:
        """The position nearest to a value.  With `strict`, raises ValueError for one that lies outside all of them."""
        values = self.of(data)
        if value is None:
            value = self.start(data) if callable(self.start) else self.start
            if value is None:
                return 0
        if isinstance(values, range) and value < 0:
            value += len(values)
        first, last = float(values[0]), float(values[-1])
        slack = 1e-4 * max(abs(first), abs(last), 1e-300)  # the printed call rounds
        if strict and not min(first, last) - slack <= value <= max(first, last) + slack:
            raise ValueError(f"{self.name} must lie between {first:.4g} and {last:.4g} here, got {value!r}")
        places = np.asarray(values, float)
        away = np.abs(np.log(places / value)) if self.log else np.abs(places - value)
        return int(away.argmin())

    def value(self, data: Any, frame: int) -> Any:
        """The value of a position, as a plain number."""
        value = self.of(data)[frame]
        return value.item() if isinstance(value, np.generic) else value
