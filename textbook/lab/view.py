"""A lab on the screen: its data on a stage, its controls on panels."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets
import numpy as np
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import LogFormatterSciNotation, NullFormatter

from textbook import plots
from textbook.lab.controls import Button
from textbook.lab.lab import Lab, Settings
from textbook.lab.panel import Panel
from textbook.stage import Point, Stage

ROOM = (0.025, 0, 0.963, 1)  # the layout is solved once, and at the sides longer numbers may come later


class Powers(LogFormatterSciNotation):
    """10⁻³ in plain text: as mathtext, each label of an axis would cost 14 ms."""

    RAISED = str.maketrans("-−0123456789", "⁻⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

    def __call__(self, x: float, pos: int | None = None) -> str:
        text = super().__call__(x, pos).replace("$", "").replace(r"\mathdefault", "").replace(r"\times", "×")
        return re.sub(r"\^\{(.*?)\}", lambda found: found[1].translate(self.RAISED), text).strip("{}")


class Scene:
    """A lab's data on a stage: without controls, so that it serves headless pictures too."""

    def __init__(self, lab: Lab, settings: Settings, *, film: bool = True) -> None:
        self.lab, self.settings = lab, settings
        self.data = self.compute(settings, strict=True)
        with plots.style():
            self.figure = Figure(figsize=lab.inches, layout=ConstrainedLayoutEngine(rect=ROOM))
        self.picture = lab.draw_on(self.figure)
        self._painted: list[Artist] = []
        self._of: Any = None
        self._load(self.data)
        self.stage = Stage(self.figure, self.picture.live, pointer=self.picture.pointer, title=lab.title)
        self.film = film
        self._film()

    def compute(self, settings: Settings, strict: bool = False) -> Any:
        """The data to show; a live lab shows how far it has come."""
        return self.lab.data(settings, strict)

    def change(self, settings: Settings, strict: bool = False) -> None:
        """Show other settings.  What can't be computed or drawn leaves everything as it was, a film being made too."""
        data = self.compute(settings, strict)
        try:
            repaint = self._load(data)
        except Exception:
            self._load(self.data)
            raise
        self.data, self.settings = data, settings
        with self.stage.hold_sync():  # in one message: the browser changes background and film together
            if repaint:
                self.stage.repaint(self.picture.live)
            self._film()

    def _load(self, data: Any) -> bool:
        with plots.style():
            repaint = self.picture.scenery is not None and self._of != (of := (self.picture.of(data),))
            if repaint:
                self._paint(data)
                self._of = of
            self.picture.load(data)
        for ax in self.figure.axes:
            for axis in (ax.xaxis, ax.yaxis):
                if type(axis.get_major_formatter()) is LogFormatterSciNotation:
                    axis.set_major_formatter(Powers())
                    axis.set_minor_formatter(NullFormatter())
        return repaint

    def _paint(self, data: Any) -> None:
        """Paint the scenery anew, in place of the former."""
        self._of = None  # until all of it is there
        for artist in self._painted:
            artist.remove()
        for ax in self.figure.axes:  # of a bar chart the bars have gone, not yet its entry in a legend
            ax.containers[:] = [c for c in ax.containers if any(artist.axes for artist in c.get_children())]
        before = {artist for ax in self.figure.axes for artist in ax.get_children()}
        try:
            self.picture.scenery(data)  # type: ignore[misc]  # there is one
        finally:
            self._painted = [a for ax in self.figure.axes for a in ax.get_children() if a not in before]

    def _film(self) -> None:
        axis, data, draw = self.lab.axis(self.settings), self.data, self.picture.draw  # a film keeps its data
        start = axis.frame(data, self.settings[axis.name]) if axis else 0
        if axis is None or not self.film:
            self.stage.update(1, lambda _: draw(data, start))
            return
        values, label = axis.readouts(data), axis.label(data) if callable(axis.label) else axis.label
        self.stage.update(values, lambda k: draw(data, k), label=label, interval=axis.interval, start=start)

    def draw(self, frame: int) -> str:
        """Set the live artists to a frame, and return its caption."""
        return self.picture.draw(self.data, frame)


class View(ipywidgets.VBox):
    """A lab in a notebook: controls, stage, the call that recreates its state, and its data as a table.

    A lab with a view of its own overrides `scene_of`, `arrange` or `told`.
    """

    def __init__(self, lab: Lab, settings: Settings) -> None:
        self._waiting: dict[str, Callable[[], None]] = {}
        self._refused: dict[str, Any] = {}  # what the reader has typed that can't be used: it stays on the panel
        self._table = False  # whether it is open
        self.lab, self.error = lab, ""
        self.scene = self.scene_of(settings)
        self.stage = self.scene.stage
        self.panel, self.foot = Panel(self._heard), Panel(self._heard)
        self.stage.on_point(lambda point: self.soon("point", lambda: self._pointed(point)))
        self.stage.observe(lambda _: self.soon("frame", self._framed), "frame")
        self.told()
        super().__init__(self.arrange())

    # ---- for labs with a view of their own

    def scene_of(self, settings: Settings) -> Scene:
        """What is on the stage."""
        return Scene(self.lab, settings)

    def arrange(self) -> list[ipywidgets.Widget]:
        """What is shown, from top to bottom."""
        return [self.panel, self.stage, self.foot]

    def told(self) -> None:
        """Bring the panels up to date: after a change of the settings, or of what a `Status` or `Button` says."""
        self.panel.show(self._parts(), self._waiting)
        call = {"id": "call", "kind": "code", "value": self.settings.call()}
        table = {"id": "table", "kind": "fold", "label": "The data as a table", "value": self._table, "html": ""}
        if self._table:
            table["html"] = html_table(*self.lab.rows(self.data))
        self.foot.show([call, table])

    # ---- for callers

    @property
    def settings(self) -> Settings:
        return self.scene.settings

    @property
    def data(self) -> Any:
        return self.scene.data

    def set(self, **values: Any) -> None:
        """Change settings from code, as a reader would by hand: a mistake is shown, and the picture stays."""
        try:
            settings = self.lab.settings(**{**self.settings, **values})
            axis = self.lab.axis(settings)
            self.scene.change(settings, strict=axis is not None and axis.name in values)
        except ValueError as error:
            self.error = str(error)
        else:
            self.error = ""
            self._refused.clear()
        self.told()

    def move(self, name: str, value: Any, key: str = "") -> None:
        """Move a control as the reader's hand would: `key` tells the parts of one apart.  For tests.

        Raises:
            KeyError: no such control is in sight, or under "More".
        """
        self.panel.hear(f"{name}.{key}" if key else name, self.lab.shown[name].raw(value))

    def press(self, name: str) -> None:
        """Press a button, as the reader's hand would."""
        self.panel.hear(name, True)

    def soon(self, name: str, callback: Callable[[], None]) -> None:
        """Answer a control as `Stage.soon` does; of several callbacks that wait under one name, the newest."""
        self._waiting[name] = callback
        self.stage.soon(self._catch_up)

    def _catch_up(self) -> None:
        for name in list(self._waiting):
            self._waiting.pop(name)()

    # ---- what comes from the browser

    def _heard(self, part: str, raw: Any) -> None:
        self.soon(part, lambda: self._answer(part, raw))

    def _answer(self, part: str, raw: Any) -> None:
        if part == "table":
            self._table = bool(raw)
            return self.told()
        name, _, key = part.partition(".")
        control = self.lab.shown[name]
        if isinstance(control, Button):
            control.does(self)
            return self.told()
        value = control.read(raw, key, self)
        self._refused[part] = raw
        self.set(**self.lab.move(self.settings, name, value))

    def _pointed(self, point: Point) -> None:
        if changed := self.lab.point(point, self.settings):
            self.set(**changed)

    def _framed(self) -> None:
        # Kept, so that the next film starts from the same value and the call recreates it; nothing is computed.
        axis = self.lab.axis(self.settings)
        if axis is not None and self.stage.frame != axis.frame(self.data, self.settings[axis.name]):
            self.settings[axis.name] = axis.value(self.data, self.stage.frame)
            self.told()

    def _parts(self) -> list[dict[str, Any]]:
        parts: list[dict[str, Any]] = [{"id": "title", "kind": "title", "value": self.lab.title}]
        for name, control in self.lab.shown.items():
            if control.when(self.settings):
                for part in control.parts(self):
                    key = part.pop("key", "")
                    part = {"id": f"{name}.{key}" if key else name, "label": control.label, "more": control.more} | part
                    part["value"] = self._refused.get(part["id"], part.get("value"))
                    parts.append(part)
        return [*parts, {"id": "error", "kind": "alert", "value": self.error}]

    def _repr_mimebundle_(self, **_: Any) -> Any:
        return self.stage.bundle(view=self)


def html_table(head: Sequence[str], rows: Sequence[Sequence[Any]], most: int = 200) -> str:
    """A plain HTML table; numbers to four digits, at most so many rows."""

    def cell(value: Any) -> str:
        return html.escape(f"{value:.4g}" if isinstance(value, float | np.floating) else str(value))

    body = "".join(f"<tr>{''.join(f'<td>{cell(v)}</td>' for v in r)}</tr>" for r in rows[:most])
    more = f"<tr><td colspan={len(head)}>… and {len(rows) - most} more</td></tr>" if len(rows) > most else ""
    return f"<table><tr>{''.join(f'<th>{html.escape(h)}</th>' for h in head)}</tr>{body}{more}</table>"
