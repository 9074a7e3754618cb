"""What every lab shares: settings with their controls, a pure computation, a picture, and the way it is shown.

A lab is computed, then drawn.  `compute` is pure: settings in, a `Data` out, no browser.  A `Picture` is the figure
and how a frame of it is set from the data.  One setting may be the frame axis: the positions of its slider are all
computed in one call and sent to the browser once.  All other settings ask the kernel for a new film.
"""

from __future__ import annotations

import asyncio
import html
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import ipywidgets
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from textbook.stage import Point, Stage, flat

# ---------------------------------------------------------------------------------------------- settings


@dataclass(frozen=True)
class Control(ABC):
    """A setting: its name in code, its label for readers, its default, and the widget that changes it."""

    name: str
    label: str
    default: Any
    when: Callable[[Mapping[str, Any]], bool] = field(default=lambda s: True, kw_only=True)  # is it of use in s?

    @abstractmethod
    def check(self, value: Any) -> Any:
        """The value as the lab uses it.  Raises ValueError for one that it cannot use."""

    def widget(self, value: Any) -> ipywidgets.Widget | None:
        """The control on the screen; None for a setting that the pointer or the frame axis changes."""
        return None


_WIDE = {"description_width": "initial"}
_FAR = 1e9  # a point beyond it overflows in a square or two


def _number(value: Any) -> float:
    """The value as a number; nan for what is none."""
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan


@dataclass(frozen=True)
class Slider(Control):
    """A number between two bounds, on a linear or a logarithmic scale; whole if `step` is."""

    low: float = 0.0
    high: float = 1.0
    step: float = 0.01
    log: bool = False

    def check(self, value: Any) -> Any:
        number = _number(value)
        if not self.low <= number <= self.high:
            raise ValueError(f"{self.name} must lie between {self.low:g} and {self.high:g}, got {value!r}")
        # The browser's sliders return sums of steps: 3.9999999999999996 for 4.
        return round(number) if isinstance(self.step, int) else float(f"{number:.12g}")

    def widget(self, value: Any) -> ipywidgets.Widget:
        if self.log:
            return ipywidgets.FloatLogSlider(
                value=value, min=np.log10(self.low), max=np.log10(self.high), step=self.step, description=self.label,
                readout_format=".3g", style=_WIDE,
            )  # fmt: skip
        kind = ipywidgets.IntSlider if isinstance(self.step, int) else ipywidgets.FloatSlider
        return kind(
            value=value, min=self.low, max=self.high, step=self.step, description=self.label, style=_WIDE,
            **({} if isinstance(self.step, int) else {"readout_format": ".3g"}),
        )  # fmt: skip


@dataclass(frozen=True)
class Choice(Control):
    """One of several: {value: what the reader sees}."""

    options: Mapping[Any, str] = field(default_factory=dict)

    def check(self, value: Any) -> Any:
        if value not in list(self.options):  # a list can be asked for what has no hash
            raise ValueError(f"unknown {self.name} {value!r}: choose one of {', '.join(map(str, self.options))}")
        return value

    def widget(self, value: Any) -> ipywidgets.Widget:
        options = [(text, key) for key, text in self.options.items()]
        return ipywidgets.Dropdown(options=options, value=value, description=self.label, style=_WIDE)


@dataclass(frozen=True)
class Several(Choice):
    """Any of several, one at least, as a tuple in the order of the options."""

    def check(self, value: Any) -> Any:
        chosen = (value,) if isinstance(value, str) or not isinstance(value, Iterable) else tuple(value)
        for one in chosen:
            super().check(one)
        if not chosen:
            raise ValueError(f"{self.name}: choose one at least of {', '.join(map(str, self.options))}")
        return tuple(key for key in self.options if key in chosen)

    def widget(self, value: Any) -> ipywidgets.Widget:
        options = [(text, key) for key, text in self.options.items()]
        return ipywidgets.SelectMultiple(
            options=options, value=value, rows=min(len(options), 7), description=self.label, style=_WIDE
        )


@dataclass(frozen=True)
class Toggle(Control):
    """On or off."""

    def check(self, value: Any) -> Any:
        return bool(value)

    def widget(self, value: Any) -> ipywidgets.Widget:
        return ipywidgets.Checkbox(value=value, description=self.label, indent=False)


@dataclass(frozen=True)
class Text(Control):
    """A line of text; `parse` turns it into what the lab uses only to find its mistakes."""

    parse: Callable[[str], Any] = str

    def check(self, value: Any) -> Any:
        if not isinstance(value, str):
            raise ValueError(f"{self.name} must be text, in quotes: got {value!r}")
        self.parse(value)
        return value

    def widget(self, value: Any) -> ipywidgets.Widget:
        return ipywidgets.Text(
            value=value, description=self.label, style=_WIDE, layout=ipywidgets.Layout(width="28em")
        )


@dataclass(frozen=True)
class Numbers(Control):
    """Finite numbers that the pointer sets, such as a start point: a tuple, or None where the lab chooses."""

    def check(self, value: Any) -> Any:
        if value is None:
            return None
        numbers = tuple(map(_number, value if isinstance(value, list | tuple | np.ndarray) else (value,)))
        if not all(abs(v) <= _FAR for v in numbers):
            raise ValueError(f"{self.name} must be finite numbers, at most {_FAR:g} in size, got {value!r}")
        return numbers


@dataclass(frozen=True)
class FrameAxis(Control):
    """The setting that the stage's own slider moves: a number, shown at the nearest frame."""

    above: float = 0.0  # all its values are

    def check(self, value: Any) -> Any:
        if value is None:
            return None
        if not self.above < (number := _number(value)) < math.inf:
            raise ValueError(f"{self.name} must be a finite number above {self.above:g}, got {value!r}")
        return number


class Settings(dict[str, Any]):
    """A lab's settings by name, complete and checked."""

    def __init__(self, lab: Lab, values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self.lab = lab

    def call(self) -> str:
        """The call that shows the lab in this state; defaults are left out."""
        changed = [
            f"{c.name}={_short(self[c.name])}" for c in self.lab.controls if self[c.name] != c.default
        ]
        return f"labs.{self.lab.name}.show({', '.join(changed)})"


def _short(value: Any) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(map(_short, value))}{',' if len(value) == 1 else ''})"
    return f"{value:.6g}" if isinstance(value, float) else repr(value)


# ---------------------------------------------------------------------------------------------- what a lab makes


@dataclass(frozen=True)
class Data:
    """What a lab computed from its settings.  A lab's own data are a subclass."""

    settings: Settings

    def show(self) -> View:
        """The live figure in this state."""
        return self.settings.lab.show(**self.settings)


@dataclass(frozen=True)
class Frames:
    """The positions of the frame axis: the values shown beside its slider, its label, and the pace of playing in ms."""

    values: Sequence[Any]
    label: str
    interval: float = 60
    start: int | None = None  # the frame to show first; None: where the slider stands


class Picture(ABC):
    """A figure, and how its live artists are set from data.

    `__init__` builds the figure with every artist it will ever need (hidden, if need be) and sets the attributes.
    """

    figure: Figure
    live: Iterable[Artist] | list[Any]
    pointer: Sequence[Axes] = ()

    def wipe(self, *axes: Axes) -> None:
        """Remove everything from axes but the live artists."""
        live = set(flat(self.live))
        for ax in axes:
            for artist in [*ax.lines, *ax.collections, *ax.images, *ax.patches, *ax.texts]:
                if artist not in live:
                    artist.remove()

    @abstractmethod
    def load(self, data: Any) -> bool:
        """Take new data.  Returns whether the static part changed (limits, contours, titles)."""

    @abstractmethod
    def draw(self, frame: int) -> str:
        """Set the live artists to a frame, whatever they were before.  Returns the caption, in words and numbers."""


class Lab(ABC):
    """An interactive figure.

    >>> from textbook import labs
    >>> labs.learning_rate(surface="bowl", lr=0.1).loss.shape[0]  # data, without a browser
    31
    """

    name: str  # the module's
    title: str  # one line: what the picture shows
    controls: tuple[Control, ...]

    @abstractmethod
    def compute(self, s: Settings) -> Data:
        """Everything that is drawn, as numbers.  Pure; the frame axis does not enter."""

    @abstractmethod
    def picture(self) -> Picture:
        """A new figure."""

    @abstractmethod
    def frames(self, data: Any) -> Frames:
        """The frame axis for these data."""

    @abstractmethod
    def table(self, data: Any) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
        """The data as a table: the heads of its columns, and its rows."""

    def pointed(self, s: Settings, point: Point) -> dict[str, Any]:
        """The settings that a click or drag changes."""
        return {}

    def moved(self, s: Settings, name: str, value: Any) -> dict[str, Any]:
        """The settings that a control changes: its own, and those that go with it."""
        return {name: value}

    def framed(self, data: Any, frame: int) -> dict[str, Any]:
        """The settings that a position of the frame axis stands for."""
        return {}

    # ---- for callers

    def settings(self, **values: Any) -> Settings:
        """Complete and check settings.

        Raises:
            TypeError: a name that is no setting of this lab.
            ValueError: a value that a setting cannot take.
        """
        known = {c.name: c for c in self.controls}
        for name in values:
            if name not in known:
                raise TypeError(f"labs.{self.name} has no setting {name!r}: it has {', '.join(known)}")
        return Settings(self, {n: c.check(values.get(n, c.default)) for n, c in known.items()})

    def __call__(self, **values: Any) -> Any:
        """The data for these settings, without a browser."""
        return self.compute(self.settings(**values))

    def png(self, *, scale: float = 1, **values: Any) -> bytes:
        """The picture for these settings, as PNG bytes."""
        return Scene(self, self.settings(**values)).stage.png(scale)

    def show(self, **values: Any) -> View:
        """The live figure, with its controls."""
        return View(self, self.settings(**values))


# ---------------------------------------------------------------------------------------------- on the screen


class Scene:
    """A lab's data on a stage: without controls, so that it serves headless pictures too."""

    def __init__(self, lab: Lab, settings: Settings) -> None:
        self.lab, self.settings = lab, settings
        self.picture = lab.picture()
        self.data = self.compute(settings)
        self.picture.load(self.data)
        self.stage = Stage(self.picture.figure, self.picture.live, pointer=self.picture.pointer, title=lab.title)
        self._film()

    def change(self, settings: Settings) -> None:
        """Show other settings.  What can't be computed leaves everything as it was."""
        self.data = self.compute(settings)
        self.settings = settings
        with self.stage.hold_sync():  # in one message: the browser changes background and film together
            if self.picture.load(self.data):
                self.stage.repaint(self.picture.live)
            self._film()

    def compute(self, settings: Settings) -> Data:
        """The data to show; a live lab shows how far it has come."""
        return self.lab.compute(settings)

    def _film(self) -> None:
        f = self.lab.frames(self.data)
        self.stage.update(f.values, self.picture.draw, label=f.label, interval=f.interval, start=f.start)


class View(ipywidgets.VBox):
    """A lab in a notebook: controls, stage, the call that recreates its state, and its data as a table."""

    def __init__(self, lab: Lab, settings: Settings, scene: type[Scene] = Scene) -> None:
        self._loop = _running_loop()
        self._waiting: dict[str, Callable[[], None]] = {}
        self.scene = scene(lab, settings)
        self.widgets: dict[str, ipywidgets.Widget] = {}
        for control in lab.controls:
            widget = control.widget(settings[control.name])
            if widget is not None:
                self.widgets[control.name] = widget
                widget.observe(self._moved, "value")
        self.error = ipywidgets.HTML()
        self.call = ipywidgets.HTML()
        self._table = ipywidgets.HTML()
        self._fold = ipywidgets.Accordion([self._table], titles=["The data as a table"])
        self._fold.observe(lambda _: self.soon("table", self._tell), "selected_index")
        self.scene.stage.on_point(self._pointed)
        self.scene.stage.observe(self._framed, "frame")
        self._names = {id(w): n for n, w in self.widgets.items()}
        row = ipywidgets.Box(list(self.widgets.values()), layout=ipywidgets.Layout(flex_flow="row wrap"))
        super().__init__([row, self.error, self.scene.stage, self.call, self._fold])
        self._tell()

    def set(self, **values: Any) -> None:
        """Change settings from code, as a reader would by hand."""
        before = self.scene.settings
        try:
            settings = self.scene.lab.settings(**{**before, **values})
            self.scene.change(settings)
        except ValueError as error:
            # The picture stays as it was: a half-typed formula must not take it away.
            self.error.value = f'<span role="alert">⚠ {html.escape(str(error))}</span>'
            return
        self.error.value = ""
        # The controls follow what the pointer, another control or code has changed; a half-typed formula stays.
        for name, widget in self.widgets.items():
            if name in self._waiting or (name in values and widget.value == values[name]):
                continue  # the reader has moved on since; or asked for this, before rounding
            if settings[name] != before[name] and widget.value != settings[name]:
                widget.unobserve(self._moved, "value")
                widget.value = settings[name]
                widget.observe(self._moved, "value")
        self._tell()

    def soon(self, name: str, callback: Callable[[], None]) -> None:
        """Answer a control in the event loop in which the lab was shown, at once or as soon as that loop is free.

        JupyterLab delivers the messages of widgets in a thread of its own (a "subshell") where the kernel has them.
        Neither the stage nor the engine is made for two threads.  Of several callbacks that wait under one name, the
        newest is called.
        """
        if self._loop is None or self._loop.is_closed() or self._loop is _running_loop():
            callback()
        else:
            self._waiting[name] = callback
            self._loop.call_soon_threadsafe(self._catch_up)

    def _catch_up(self) -> None:
        for name in list(self._waiting):
            self._waiting.pop(name)()

    def _moved(self, change: Any) -> None:
        name = self._names[id(change.owner)]
        self.soon(name, lambda: self.set(**self.scene.lab.moved(self.scene.settings, name, change.new)))

    def _pointed(self, point: Point) -> None:
        self.soon("point", lambda: self.set(**self.scene.lab.pointed(self.scene.settings, point)))

    def _framed(self, _: Any) -> None:
        self.soon("frame", self._keep_frame)

    def _keep_frame(self) -> None:
        # Kept, so that the next film starts from the same value and the call recreates it; nothing is computed.
        self.scene.settings.update(self.scene.lab.framed(self.scene.data, self.scene.stage.frame))
        self._tell()

    def _tell(self) -> None:
        for control in self.scene.lab.controls:
            if control.name in self.widgets:
                self.widgets[control.name].layout.display = None if control.when(self.scene.settings) else "none"
        self.call.value = f"<code>{html.escape(self.scene.settings.call())}</code>"
        if self._fold.selected_index is not None:
            head, rows = self.scene.lab.table(self.scene.data)
            self._table.value = html_table(head, rows)

    def _repr_mimebundle_(self, **_: Any) -> Any:
        return self.scene.stage.bundle(view=self)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def html_table(head: Sequence[str], rows: Sequence[Sequence[Any]], most: int = 200) -> str:
    """A plain HTML table; numbers to four digits, at most so many rows."""

    def cell(value: Any) -> str:
        return html.escape(f"{value:.4g}" if isinstance(value, float | np.floating) else str(value))

    body = "".join(f"<tr>{''.join(f'<td>{cell(v)}</td>' for v in r)}</tr>" for r in rows[:most])
    more = f"<tr><td colspan={len(head)}>… and {len(rows) - most} more</td></tr>" if len(rows) > most else ""
    return f"<table><tr>{''.join(f'<th>{html.escape(h)}</th>' for h in head)}</tr>{body}{more}</table>"
