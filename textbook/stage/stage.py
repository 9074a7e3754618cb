"""The live figure: a matplotlib figure whose artists move in the browser."""

import asyncio
import base64
import io
import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import anywidget
import ipywidgets
import numpy as np
import traitlets
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from PIL import Image

from textbook.stage.film import Film, readouts
from textbook.stage.paper import on_paper, png_bytes
from textbook.stage.recorder import Recorder, flat, is_stale, scales

Draw = Callable[[int], str | None]

SCRIPT = Path(__file__).with_name("stage.js")
SLICE = 0.01  # seconds of recording between two looks at the kernel's messages
BACKGROUND = 1.5  # pixels of the picture to one of the figure, until a browser asks for more; and of the still
WHITE = (1.0, 1.0, 1.0, 1.0)
DENSEST = 4.0  # the most that a browser may ask for


class Point(NamedTuple):
    """Where the pointer is, in data coordinates.  `final` is False while it is still dragging."""

    axes: Axes
    x: float
    y: float
    final: bool


class Stage(anywidget.AnyWidget):
    """A matplotlib figure whose `live` artists move in the browser.

    The stage takes the figure over: it solves the layout once and freezes it, and closes the figure in pyplot.  Axis
    limits should stay as they are; call `repaint` after a change to anything that isn't live.

    Args:
        figure: the figure, drawn.
        live: the artists that move; what `plot`, `scatter`, `bar`, ... return may be given as it is.  They lie above
            everything else, in the order of their `zorder`.  A live image should be small: it is sent as its own
            pixels, with interpolation "none".
        pointer: axes in which clicking and dragging sets a point (see `on_point`); linear or log scales.
        title: what the picture shows, for readers who don't see it.

    Raises:
        TypeError: something in `live` is no artist.
        ValueError: an artist isn't in this figure, or a pointer axes has another scale.
    """

    _esm = SCRIPT

    _scene = traitlets.Dict().tag(sync=True)
    _background = traitlets.Bytes().tag(sync=True)
    _film = traitlets.Bytes().tag(sync=True)
    _point: Any = traitlets.List().tag(sync=True, echo_update=False)  # [number of the axes, x, y, final]
    _wanted = traitlets.Float(0).tag(sync=True, echo_update=False)  # pixels of the screen to one of the figure
    frame = traitlets.Int(0, help="the slider's position, counted from 0").tag(sync=True)

    def __init__(self, figure: Figure, live: Any, *, pointer: Iterable[Axes] = (), title: str = "") -> None:
        self.figure, self.title, self.pointer = figure, title, list(pointer)
        self._take(live)
        if (pyplot := sys.modules.get("matplotlib.pyplot")) is not None:
            pyplot.close(figure)  # else the inline backend would show it a second time
        super().__init__()
        self._canvas = FigureCanvasAgg(figure)
        if (layout := figure.get_layout_engine()) is not None:
            with self._scaled(BACKGROUND):  # as it will be painted: texts are measured once
                layout.execute(figure)
            figure.set_layout_engine("none")
        self._recorder = Recorder(figure.bbox.width, figure.bbox.height, figure.dpi)
        self._captions: list[str] = [""]
        self._draw: Draw | None = None
        self._number = 0
        self._task: asyncio.Task | None = None
        self._rest: Iterator[Film | None] = iter(())
        self._density = BACKGROUND
        self.loop = running_loop()
        self.observe(lambda _: self.soon(self._sharpen), "_wanted")
        self.repaint()

    # Filming.

    def film(self, frames: int | Sequence[Any], draw: Draw, *, label: str = "step", interval: float = 100) -> Film:
        """Record every frame, without showing it.  An unfinished `update` is dropped.

        Args:
            frames: how many, or a sequence with the value that each frame shows beside the slider.
            draw: `draw(k)` sets the live artists to frame k, whatever they were before, and returns its caption.
            label: what the slider sets.
            interval: milliseconds a frame stays when playing: 16 to 50 for a smooth motion, 500 and more for steps that
                are read one by one.

        Raises:
            ValueError: there are no frames.
        """
        self._cancel()  # two recordings at a time would mix up which artists have changed
        return _last(self._record(readouts(frames), draw, label, interval))

    def send(self, film: Film) -> None:
        """Show a film in place of the one before."""
        self._cancel()
        self._number += 1
        whole = len(film) == len(film.values)
        self._captions = film.captions if whole else film.captions[:1] * len(film.values)
        with self.hold_sync():
            self.frame = min(self.frame, len(film.values) - 1)
            self._film = film.encode(self._number)

    def update(
        self, frames: int | Sequence[Any], draw: Draw, *, label: str = "step", interval: float = 100,
        start: int | None = None,
    ) -> None:  # fmt: skip
        """Show new frames: the current one at once, the whole film as soon as it is recorded.

        In an event loop, as in a notebook, the film is recorded in slices, so that the kernel goes on answering, and a
        newer `update` takes the place of an unfinished one.  Elsewhere it is complete when this returns.

        Args:
            frames, draw, label, interval: as in `film`.
            start: the frame to show; where the slider stands, unless given.
        """
        self._cancel()
        self._draw, values = draw, readouts(frames)
        later = len(values) > 1 and running_loop() is not None
        with self.hold_sync():
            self.frame = max(0, min(self.frame if start is None else start, len(values) - 1))
            self.send(_last(self._record(values, draw, label, interval, only=self.frame if later else None)))
        if later:
            self._rest = self._record(values, draw, label, interval)
            self._task = asyncio.create_task(self._finish(self._rest))

    def show_frame(self, caption: str = "") -> None:
        """Show the live artists as they stand: for a figure without a film, such as a running training."""
        self.update(1, lambda _: caption)
        self._draw = None

    def _record(
        self, values: list[str], draw: Draw, label: str, interval: float, only: int | None = None
    ) -> Iterator[Film | None]:
        """Record all frames, or one; yields None after each, and the film at the end."""
        self._recorder.begin()
        groups: dict[Artist, int] = {}
        frames, captions = [], []
        for k in range(len(values)) if only is None else [only]:
            captions.append(draw(k) or "")
            for artist in self.live:
                if artist not in groups or is_stale(artist):
                    groups[artist] = self._recorder.record(artist)
            frames.append([groups[artist] for artist in sorted(self.live, key=Artist.get_zorder)])
            yield None
        tables = self._recorder.tables() | {"frames": np.array(frames, "u4").reshape(len(frames), -1)}
        styles = list(self._recorder.styles)
        self._recorder.begin()
        yield Film(tables, styles, captions, values, label, interval, only or 0)

    async def _finish(self, recording: Iterator[Film | None]) -> None:
        await asyncio.sleep(10 * SLICE)  # by then a dragging pointer has sent its next position, and cancelled this
        until = time.perf_counter() + SLICE
        try:
            for film in recording:
                if film is not None:
                    self._task = None  # done: sending must not cancel this
                    self.send(film)
                elif time.perf_counter() > until:
                    await asyncio.sleep(SLICE / 10)
                    until = time.perf_counter() + SLICE
        except Exception:
            self._task = None  # asyncio reports the error of a task that nobody holds
            raise

    def complete(self) -> None:
        """Record the rest of an unfinished film now."""
        if self._task is not None:
            self.send(_last(self._rest))

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None

    # Pictures.

    def _take(self, live: Any) -> None:
        self.live: list[Artist] = list(dict.fromkeys(flat(live)))
        for artist in self.live:
            if artist.get_figure(root=True) is not self.figure:
                raise ValueError(f"{artist} is not in this figure; create it on one of the figure's axes, "
                                 "and hide it rather than remove it")  # fmt: skip
            if isinstance(artist, AxesImage) and artist.get_interpolation() in ("auto", "antialiased", "nearest"):
                artist.set_interpolation("none")

    def repaint(self, live: Any = None) -> None:
        """Paint everything that isn't live again: after a change to axis limits, titles, the size of the figure, ...

        Args:
            live: other artists that move from now on; a new film must follow.
        """
        if live is not None:
            self._cancel()
            self._take(live)
        self._recorder.width, self._recorder.height = self.figure.bbox.width, self.figure.bbox.height
        paper = [p for p in (self.figure.patch, *(ax.patch for ax in self.figure.axes)) if p.get_facecolor() == WHITE]
        hidden = [artist for artist in (*self.live, *paper) if artist.get_visible()]
        for artist in hidden:
            artist.set_visible(False)
        # Ink on nothing: the browser lays it on paper of its theme's colour.
        background = png_bytes(self._pixels(self._density))
        for artist in hidden:
            artist.set_visible(True)
        with self.hold_sync():
            self._background = background
            self._scene = {"width": self._recorder.width, "height": self._recorder.height, "title": self.title,
                           "axes": [scales(axes) for axes in self.pointer]}  # fmt: skip

    def _sharpen(self) -> None:
        # Painted as dense as a large picture or a fine screen needs; never coarser again.
        if self._wanted > 1.1 * self._density < DENSEST:
            self._density = min(DENSEST, self._wanted)
            self.repaint()

    def png(self, scale: float = 1) -> bytes:
        """The current frame as matplotlib draws it."""
        if self._draw is not None:
            self._draw(self.frame)
        return png_bytes(on_paper(self._pixels(scale)))

    def _pixels(self, scale: float) -> Image.Image:
        with self._scaled(scale):
            self._canvas.draw()
            return Image.fromarray(np.asarray(self._canvas.buffer_rgba()).copy())

    def _still(self) -> bytes:
        """The current frame, crisp and small: in 256 colours, the live artists on the background that is there."""
        if self._draw is not None:
            self._draw(self.frame)
        picture: Image.Image = Image.open(io.BytesIO(self._background))
        with self._scaled(self._density):
            agg = RendererAgg(*picture.size, self.figure.dpi)
            for artist in sorted(self.live, key=Artist.get_zorder):
                artist.draw(agg)
            picture = on_paper(Image.fromarray(np.asarray(agg.buffer_rgba())), on_paper(picture))
        return png_bytes(picture.quantize(256, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE))

    @contextmanager
    def _scaled(self, scale: float) -> Iterator[None]:
        """Draw with `scale` pixels to one of the figure."""
        dpi = self.figure.dpi
        try:
            self.figure.dpi = dpi * scale
            yield
        finally:
            self.figure.dpi = dpi
        for artist in self.live:
            artist.stale = True  # drawn, but not recorded

    # In the notebook.

    def soon(self, callback: Callable[[], None]) -> None:
        """Call back in the event loop in which the stage was made, at once or as soon as that loop is free.

        JupyterLab delivers the messages of widgets in a thread of its own (a "subshell") where the kernel has them.
        Neither the stage nor the engine is made for two threads.
        """
        if self.loop is None or self.loop.is_closed() or self.loop is running_loop():
            callback()
        else:
            self.loop.call_soon_threadsafe(callback)

    @property
    def caption(self) -> str:
        """The caption of the current frame."""
        return self._captions[min(self.frame, len(self._captions) - 1)]

    def on_point(self, callback: Callable[[Point], None]) -> None:
        """Call `callback(point)` when the reader clicks, drags, or presses an arrow key in one of `pointer`'s axes."""

        def call(change) -> None:
            number, x, y, final = change["new"]
            callback(Point(self.pointer[number], x, y, final))

        self.observe(call, "_point")

    def bundle(self, view: ipywidgets.Widget | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
        """MIME bundle and metadata: the widget, and the current frame as a still for readers without a kernel.

        Args:
            view: the widget to show, where the stage is only a part of it.
        """
        words = ". ".join(filter(None, (self.title.rstrip("."), self.caption))) or "A figure"
        model = {"version_major": 2, "version_minor": 0, "model_id": (view or self).model_id}
        data = {"application/vnd.jupyter.widget-view+json": model, "text/plain": words,
                "image/png": base64.b64encode(self._still()).decode()}  # fmt: skip
        width, height = round(self._recorder.width), round(self._recorder.height)
        return data, {"image/png": {"alt": words, "width": width, "height": height}}

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        return self.bundle()

    def to_html(self) -> str:
        """A piece of a web page with the present film, which needs neither a kernel nor a network."""
        self.complete()
        source = {"scene": self._scene, "frame": self.frame} | {
            name: base64.b64encode(data).decode()
            for name, data in (("background", self._background), ("film", self._film))
        }
        text = json.dumps(source).replace("<", "\\u003c")
        where = f"stage-{self.model_id}"
        return (f'<div id="{where}"></div>\n<script type="module">\n{SCRIPT.read_text("utf-8")}\n'
                f'mount(document.getElementById("{where}"), fromBase64({text}));\n</script>\n')  # fmt: skip


def _last(recording: Iterator[Film | None]) -> Film:
    *_, film = recording
    assert film is not None
    return film


def running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
