"""What a lab is: its sentence, its settings, a pure computation, and a picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from inspect import signature
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

from textbook import plots
from textbook.lab.controls import Button, Control, FrameAxis, Numbers, Status
from textbook.stage import Point

if TYPE_CHECKING:
    from textbook.lab.view import Scene, View

Table = tuple[Sequence[str], Sequence[Sequence[Any]]]


class Data(SimpleNamespace):
    """What a lab computed, by name: what its `compute` returned as a dict."""

    def __repr__(self) -> str:
        shapes = (f"{k}{list(v.shape)}" if isinstance(v, np.ndarray) else k for k, v in vars(self).items())
        return f"Data({', '.join(shapes)})"


class Picture(NamedTuple):
    """How a lab is drawn.

    Args:
        live: the artists that move.
        draw: `draw(data, frame)` sets them, whatever they were before, and returns the caption in words and numbers.
        scenery: `scenery(data)` paints what stands still: limits, titles, contours.  All that it has added to the axes
            is removed before it paints again.
        pointer: the axes in which clicking and dragging sets a point.
        of: what the scenery depends on, `of(data)`: while that is the same, nothing is painted again.
        load: `load(data)` sets, after the scenery, live artists that are the same in all frames of these data.
    """

    live: Any
    draw: Callable[[Any, int], str]
    scenery: Callable[[Any], None] | None = None
    pointer: Sequence[Any] = ()
    of: Callable[[Any], Any] = lambda data: object()  # equal to no other
    load: Callable[[Any], None] = lambda data: None


class Settings(dict[str, Any]):
    """A lab's settings by name, complete and checked."""

    def __init__(self, lab: Lab, values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self.lab = lab

    def call(self) -> str:
        """The call that shows the lab in this state; defaults are left out."""
        changed = [f"{n}={_short(v)}" for n, v in self.items() if v != self.lab.controls[n].default]
        return f"labs.{self.lab.name}.show({', '.join(changed)})"


def _short(value: Any) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(map(_short, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{k!r}: {_short(v)}' for k, v in value.items())}}}"
    return f"{value:.6g}" if isinstance(value, float) else repr(value)


class Lab:
    """An interactive figure.  See `textbook.lab` for how one is written.

    Args:
        title: one sentence that says what to do with it.
        inches: the size of the figure.
        view: the class that shows it in a notebook.
        controls: its settings by name, in the order in which they are shown.  Of several `FrameAxis`, `when` says
            which one the slider moves.
    """

    def __init__(
        self, title: str, *, inches: tuple[float, float] = (8.4, 4.2), view: Callable[..., View] | None = None,
        **controls: Control,
    ) -> None:  # fmt: skip
        self.title, self.inches, self.name = title, inches, ""
        self.controls = {n: c for n, c in controls.items() if not isinstance(c, Button | Status)}
        self.shown = controls
        for name, control in controls.items():
            if not isinstance(control, Control):
                raise TypeError(f"{name} must be a control, such as a Slider; got {control!r}")
            control.name = name
        self._axes = [c for c in controls.values() if isinstance(c, FrameAxis)]
        self._view = view
        self._compute: Callable[..., Any] | None = None
        self._names: list[str] = []
        self._picture: Callable[[Figure], Any] | None = None
        self._table: Callable[[Any], Any] | None = None
        self._pointed: Callable[[Point, Settings], dict[str, Any]] | None = None
        self._moved: Callable[[Settings, str, Any], dict[str, Any]] | None = None
        self._check: Callable[[Settings], dict[str, Any]] | None = None

    # ---- for authors: decorators that return the function as it is

    def compute(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A pure function of the settings it names, which returns the data: a dict, or a dataclass.

        The frame axis doesn't enter: the data hold all its positions.
        """
        named = signature(function).parameters.values()
        self._names = [p.name for p in named if p.kind is not p.VAR_KEYWORD]
        for name in self._names:
            if name not in self.controls:
                raise TypeError(f"compute asks for {name!r}, which is no setting: it has {', '.join(self.controls)}")
        if len(self._names) < len(named):  # **rest takes all other settings
            self._names += [n for n in self.controls if n not in self._names]
        self._compute = function
        self.name = self.name or function.__module__.rpartition(".")[2]
        return function

    def picture(self, function: Callable[[Figure], Any]) -> Callable[[Figure], Any]:
        """A function that fills an empty figure, and returns `live, draw` or a `Picture`."""
        self._picture = function
        return function

    def table(self, function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """The data as a table: {head of a column: its values}, or the heads and the rows.

        Without it, the table shows those data that have one number for each frame.
        """
        self._table = function
        return function

    def pointed(self, function: Callable[[Point, Settings], dict[str, Any]]) -> Callable[..., dict[str, Any]]:
        """The settings that a click or drag changes: `pointed(point, settings)`.

        Without it, the first `Numbers` among the settings becomes the point, to four digits.
        """
        self._pointed = function
        return function

    def moved(self, function: Callable[[Settings, str, Any], dict[str, Any]]) -> Callable[..., dict[str, Any]]:
        """The settings that moving a control changes beside its own: `moved(settings, name, value)`."""
        self._moved = function
        return function

    def check(self, function: Callable[[Settings], dict[str, Any]]) -> Callable[[Settings], dict[str, Any]]:
        """What settings ask of each other: raises ValueError, or returns those to put in place of what was given."""
        self._check = function
        return function

    # ---- for callers

    def settings(self, **values: Any) -> Settings:
        """Complete and check settings.

        Raises:
            TypeError: a name that is no setting of this lab.
            ValueError: a value that a setting cannot take.
        """
        for name in values:
            if name not in self.controls:
                raise TypeError(f"labs.{self.name} has no setting {name!r}: it has {', '.join(self.controls)}")
        settings = Settings(self, {n: c.check(values.get(n, c.default)) for n, c in self.controls.items()})
        if self._check is not None:
            settings.update(self._check(settings) or {})
        return settings

    def data(self, settings: Settings, strict: bool = True) -> Any:
        """Compute; with `strict`, refuse a place on the frame axis that isn't there."""
        assert self._compute is not None, "the lab has no compute"
        data = self._compute(**{name: settings[name] for name in self._names})
        data = Data(**data) if isinstance(data, Mapping) else data
        if strict and (axis := self.axis(settings)) is not None:
            axis.frame(data, settings[axis.name], strict=True)
        return data

    def axis(self, settings: Settings) -> FrameAxis | None:
        """The frame axis in this state."""
        return next((axis for axis in self._axes if axis.when(settings)), None)

    def __call__(self, **values: Any) -> Any:
        """The data for these settings, without a browser."""
        return self.data(self.settings(**values))

    def rows(self, data: Any) -> Table:
        """The data as a table: the heads of its columns, and its rows."""
        if self._table is not None:
            table = self._table(data)
        else:
            frames = {len(axis.of(data)) for axis in self._axes}
            table = {k: v for k, v in vars(data).items() if np.ndim(v) == 1 and len(v) in frames}
        if isinstance(table, Mapping):
            return list(table), list(zip(*table.values(), strict=True))
        return table

    def point(self, point: Point, settings: Settings) -> dict[str, Any]:
        """The settings that the pointer changes."""
        if self._pointed is not None:
            return self._pointed(point, settings)
        here = tuple(float(f"{value:.4g}") for value in (point.x, point.y))  # finer than a pixel, and short in the call
        return next(({n: here} for n, c in self.controls.items() if isinstance(c, Numbers)), {})

    def move(self, settings: Settings, name: str, value: Any) -> dict[str, Any]:
        """The settings that a control changes: its own, and those that go with it."""
        return {name: value} | (self._moved(settings, name, value) if self._moved is not None else {})

    def draw_on(self, figure: Figure) -> Picture:
        """Build the picture."""
        assert self._picture is not None, "the lab has no picture"
        with plots.style():
            return Picture(*self._picture(figure))

    def scene(self, **values: Any) -> Scene:
        """The data for these settings on a stage, at their frame, without controls and without a film."""
        from textbook.lab.view import Scene

        return Scene(self, self.settings(**values), film=False)

    def png(self, *, scale: float = 1, **values: Any) -> bytes:
        """The picture for these settings, as PNG bytes."""
        return self.scene(**values).stage.png(scale)

    def show(self, **values: Any) -> View:
        """The live figure, with its controls."""
        from textbook.lab.view import View

        return (self._view or View)(self, self.settings(**values))
