"""The live figure: plain matplotlib in Python, a moving picture in the browser.

The picture is in two layers.  What never moves is painted once, as an image.  The *live* artists are recorded as
vector commands, and `stage.js` replays them on a canvas.  A **film** is a table of such commands plus, for every frame,
indices into it, so an artist that stays as it is costs nothing.  Once a film has arrived, sliding and playing need no
kernel.

>>> from matplotlib.figure import Figure
>>> figure = Figure(figsize=(4, 3))
>>> axes = figure.add_subplot(xlim=(0, 1), ylim=(0, 1))
>>> (line,) = axes.plot([0, 1], [0, 1])
>>> stage = Stage(figure, live=[line], title="A line through the origin")
>>> def draw(k):
...     line.set_ydata([0, k / 10])
...     return f"slope {k / 10:.1f}"
>>> film = stage.film(11, draw, label="frame")
>>> len(film), film.captions[3]
(11, 'slope 0.3')
>>> stage.send(film)
"""

import asyncio
import base64
import io
import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path as File
from typing import Any, NamedTuple

import anywidget
import ipywidgets
import numpy as np
import traitlets
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.path import Path
from matplotlib.transforms import Affine2D, IdentityTransform
from numpy.typing import NDArray
from PIL import Image

Draw = Callable[[int], str | None]

SCRIPT = File(__file__).with_name("stage.js")
MARGIN = 50.0  # pixels around the picture beyond which lines are cut: a diverged run reaches 1e300
FAR = 1e6  # pixels; canvas arithmetic is sound that far
MEMORY = 4096  # strings whose layout is remembered
SLICE = 0.01  # seconds of recording between two looks at the kernel's messages
BACKGROUND, STILL = 2.0, 1.6  # pixels of the picture to one of the figure


# --- recording --------------------------------------------------------------------------------------------------------


class Recorder(RendererBase):
    """A matplotlib renderer that writes tables instead of pixels.

    Coordinates are the figure's pixels, y upwards.  Every path is stored relative to its first point, so one that only
    moves is stored once.  An *operation* is (what, style, matrix, count): path number `what`, or image number
    `~what`, at `count` positions.  A *group* is what one artist draws: operations and their positions.

    Args:
        width, height: size of the picture in pixels.
        dpi: pixels per inch.
    """

    def __init__(self, width: float, height: float, dpi: float) -> None:
        super().__init__()
        self.width, self.height, self.dpi = width, height, dpi
        self._glyphs: dict[str, Any] = {}
        self._layouts: dict[tuple, list[tuple[str, float, float, float]]] = {}
        self.begin()

    def begin(self) -> None:
        """Start empty tables.  The layout of strings is kept."""
        # Every table is a dict from content to number, in order of arrival: equal content is stored once.
        self.paths: dict[Any, int] = {}
        self.styles: dict[tuple, int] = {}
        self.matrices: dict[tuple, int] = {(1.0, 0.0, 0.0, 1.0): 0}
        self.images: dict[tuple, int] = {}
        self.groups: dict[tuple, int] = {}
        self._glyph_numbers: dict[str, int | None] = {}

    def record(self, artist: Artist) -> int:
        """Record what `artist` draws, and return the number of that group."""
        self._ops: list[list[int]] = []
        self._positions: list[bytes] = []
        artist.draw(self)
        artist.stale = False
        return _number(self.groups, (tuple(map(tuple, self._ops)), b"".join(self._positions)))

    def tables(self) -> dict[str, NDArray]:
        """The tables as arrays, ready for a film."""
        codes, vertices = [c for c, _ in self.paths], [v for _, v in self.paths]
        ops, positions = [o for o, _ in self.groups], [p for _, p in self.groups]
        ends = zip(map(len, ops), (len(p) // 8 for p in positions), strict=True)
        pixels = [p for _, _, p in self.images]
        return {
            "paths": np.cumsum([0, *map(len, codes)], dtype="u4"),
            "codes": np.frombuffer(b"".join(codes), "u1"),
            "vertices": np.frombuffer(b"".join(vertices), "f4"),
            "matrices": np.array(list(self.matrices), "f4"),
            "ops": np.array(list(chain.from_iterable(ops)), "i4").reshape(-1, 4),
            "positions": np.frombuffer(b"".join(positions), "f4"),
            "groups": np.cumsum([(0, 0), *ends], axis=0, dtype="u4"),
            "images": np.array([(w, h) for w, h, _ in self.images], "u4").reshape(-1, 2),
            "pixels": np.frombuffer(b"".join(pixels), "u1"),
        }

    # What matplotlib asks of a renderer.

    def flipy(self) -> bool:
        return False

    def get_canvas_width_height(self) -> tuple[float, float]:
        return self.width, self.height

    def points_to_pixels(self, points: Any) -> Any:
        return points * self.dpi / 72

    def option_scale_image(self) -> bool:
        return True  # the browser enlarges images: an 8×8 image travels as 8×8

    def draw_path(self, gc, path, transform, rgbFace=None) -> None:
        self._add(*self._path(path, transform, filled=rgbFace is not None), self._style(gc, rgbFace))

    def draw_markers(self, gc, marker_path, marker_trans, path, trans, rgbFace=None) -> None:
        number, origin = self._path(marker_path, marker_trans)
        self._add(number, trans.transform(path.vertices) + origin, self._style(gc, rgbFace))

    def draw_path_collection(self, gc, master_transform, paths, all_transforms, offsets, offset_trans,
                             facecolors, edgecolors, linewidths, linestyles, *rest, **more) -> None:  # fmt: skip
        one_style = max(map(len, (facecolors, edgecolors, linewidths, linestyles, all_transforms))) <= 1
        if one_style and 1 < len(paths) >= len(offsets):  # a quiver, a set of edges: one long path
            inner = (Affine2D(all_transforms[0]) if len(all_transforms) else IdentityTransform()) + master_transform
            shifts = np.resize(np.ma.filled(offset_trans.transform(offsets), np.nan), (len(paths), 2))
            moved = [Path(inner.transform(p.vertices) + by, p.codes) for p, by in zip(paths, shifts, strict=True)]
            paths, all_transforms, offsets = [Path.make_compound_path(*moved)], [], np.zeros((1, 2))
            master_transform = offset_trans = IdentityTransform()
        # matplotlib asks renderers to use these two, private as they are.
        each = self._iter_collection_raw_paths(master_transform, paths, all_transforms)  # type: ignore[attr-defined]
        shapes = [self._path(path, transform, filled=len(facecolors) > 0) for path, transform in each]
        for x, y, (number, origin), gc0, face in self._iter_collection(  # type: ignore[attr-defined]
            gc, shapes, offsets, offset_trans, facecolors, edgecolors, linewidths, linestyles, *rest, **more
        ):
            self._add(number, np.add(origin, (x, y)), self._style(gc0, face))

    def draw_text(self, gc, x, y, s, prop, angle, ismath=False, mtext=None) -> None:
        size = self.points_to_pixels(prop.get_size_in_points()) / self._text2path.FONT_SCALE
        gc.set_linewidth(0)
        style = self._style(gc, gc.get_rgb())
        cos, sin = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
        for glyph, right, up, scale in self._layout(s, prop, ismath):
            if glyph not in self._glyph_numbers:
                vertices, codes = self._glyphs[glyph]
                path = Path(vertices, codes) if len(codes) else Path(np.empty((0, 2)))
                self._glyph_numbers[glyph] = self._path(path, IdentityTransform(), moved=False)[0]
            a, b = float(cos * size * scale), float(sin * size * scale)
            at = (x + size * (cos * right - sin * up), y + size * (sin * right + cos * up))
            self._add(self._glyph_numbers[glyph], at, style, _number(self.matrices, (a, b, -b, a)))

    def draw_image(self, gc, x, y, im, transform=None) -> None:
        height, width = im.shape[:2]
        matrix, corner = (1.0, 0.0, 0.0, 1.0), np.zeros(2)
        if transform is not None:
            m = (Affine2D().scale(1 / width, 1 / height) + transform).get_matrix()
            matrix, corner = (float(m[0, 0]), float(m[1, 0]), float(m[0, 1]), float(m[1, 1])), m[:2, 2]
        alpha = 1.0 if transform is None else gc.get_alpha()  # resampling has applied it already
        number = _number(self.images, (width, height, np.ascontiguousarray(im).tobytes()))
        self._add(~number, np.add(corner, (x, y)), self._style(gc, (0, 0, 0), alpha), _number(self.matrices, matrix))

    def draw_gouraud_triangles(self, gc, triangles_array, colors_array, transform) -> None:
        raise NotImplementedError("a live artist can't be Gouraud-shaded; leave it out of `live`, or use flat shading")

    # The tables.

    def _add(self, number: int | None, at: Any, style: int, matrix: int = 0) -> None:
        """Append `number` at each position of `at`, to the last operation where that is the same one."""
        at = np.asarray(at, float).reshape(-1, 2)
        margin = MARGIN if len(at) > 1 else FAR  # a single path reaches far from its first point
        at = at[((at >= -margin) & (at <= (self.width + margin, self.height + margin))).all(axis=1)]  # NaN goes too
        if number is None or len(at) == 0:
            return
        op = [number, style, matrix, 0]
        if not (self._ops and self._ops[-1][:3] == op[:3]):
            self._ops.append(op)
        self._ops[-1][3] += len(at)
        self._positions.append(at.astype("f4").tobytes())

    def _path(self, path, transform, *, filled=True, moved=True) -> tuple[int | None, NDArray]:
        """Store a path; return its number (None if it is empty) and the position of its first point."""
        box = (-MARGIN, -MARGIN, self.width + MARGIN, self.height + MARGIN)
        has_curves = path.codes is not None and np.isin(path.codes, (Path.CURVE3, Path.CURVE4)).any()
        path = path.cleaned(transform, remove_nans=True, clip=None if filled or has_curves else box, curves=True,
                            simplify=path.should_simplify and not filled)  # fmt: skip
        keep = path.codes != Path.STOP
        vertices, codes = path.vertices[keep], path.codes[keep]
        if len(codes) == 0:
            return None, np.zeros(2)
        origin = np.clip(vertices[0], -FAR, FAR) if moved else np.zeros(2)
        vertices = np.clip(vertices - origin, -FAR, FAR)
        vertices[codes == Path.CLOSEPOLY] = 0
        vertices = vertices.round(2) + 0.0  # hundredths of a pixel; and no -0
        return _number(self.paths, (codes.tobytes(), vertices.astype("f4").tobytes())), origin

    def _style(self, gc, face, alpha: float = 1.0) -> int:
        """Store how to fill and stroke: (fill, stroke, width, dashes, dash offset, cap, join, clip, alpha)."""
        if gc.get_hatch():
            raise ValueError("a live artist can't be hatched; leave it out of `live`, or mark it in another way")
        fill = ""
        if face is not None:
            forced = gc.get_forced_alpha() or len(face) == 3
            fill = _hex((*face[:3], gc.get_alpha() if forced else face[3]))
        width = self.points_to_pixels(gc.get_linewidth())
        pen: tuple = ("", 0, (), 0, "", "")
        if width > 0 and gc.get_rgb()[3] > 0:
            offset, dashes = gc.get_dashes()
            scaled = tuple(round(float(self.points_to_pixels(d)), 2) for d in dashes) if dashes is not None else ()
            pen = (_hex(gc.get_rgb()), round(width, 3), scaled, round(float(self.points_to_pixels(offset or 0)), 2),
                   gc.get_capstyle().replace("projecting", "square"), gc.get_joinstyle())  # fmt: skip
        return _number(self.styles, (fill, *pen, self._clip(gc), alpha))

    def _clip(self, gc) -> tuple:
        """Where the artist may paint: a rectangle (x, y, width, height) and a path (number, x, y), either empty."""
        box = gc.get_clip_rectangle()
        path, transform = gc.get_clip_path()
        rectangle = tuple(round(float(v), 2) for v in box.bounds) if box is not None else ()
        if path is None:
            return rectangle, ()
        number, origin = self._path(path, transform)
        return rectangle, (() if number is None else (number, *map(float, origin.round(2))))

    def _layout(self, s: str, prop, ismath) -> list[tuple[str, float, float, float]]:
        """Glyphs of a string at the font's nominal size: (glyph, right, up, scale)."""
        key = (s, hash(prop), ismath)  # not prop itself: it changes in place
        if key not in self._layouts:
            t2p = self._text2path
            lay = t2p.get_glyphs_mathtext if ismath else t2p.get_glyphs_with_font
            font = prop if ismath else t2p._get_font(prop)  # type: ignore[attr-defined]
            info, new, boxes = lay(font, s, self._glyphs, True)
            self._glyphs.update(new)
            for vertices, codes in boxes:  # the bars of fractions and roots
                self._glyphs[f"bar {vertices}"] = vertices, codes
                info.append((f"bar {vertices}", 0.0, 0.0, 1.0))
            if len(self._layouts) >= MEMORY:
                self._layouts.clear()
            self._layouts[key] = info
        return self._layouts[key]


def _number(table: dict, content: Any) -> int:
    """The number of `content` in a table; new content gets the next one."""
    return table.setdefault(content, len(table))


def _hex(rgba: Sequence[float]) -> str:
    return "#" + bytes(round(255 * float(v)) for v in rgba).hex()


# --- films ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Film:
    """Frames recorded ahead: tables of commands, and for each frame the groups to draw.

    Attributes:
        tables: the arrays of `Recorder.tables`, and `frames`: group numbers in drawing order, (frames, live artists).
        styles: how to fill and stroke, as `Recorder` numbers them.
        captions: a line of words and numbers for each frame.
        values: what the readout shows for each position of the slider.
        label: what the slider sets: "step", "α".
        interval: milliseconds a frame stays when playing.
        first: the slider position of frame 0.  A film with fewer frames than `values` is a part.
    """

    tables: dict[str, NDArray] = field(repr=False)
    styles: list[tuple] = field(repr=False)
    captions: list[str]
    values: list[str]
    label: str = ""
    interval: float = 100
    first: int = 0

    def __len__(self) -> int:
        return len(self.captions)

    def encode(self, number: int = 0) -> bytes:
        """The film as bytes: the length of a JSON header (uint32), the header, then each table, padded to 4 bytes."""
        header: dict[str, Any] = {"number": number, "label": self.label, "interval": self.interval, "first": self.first,
                                  "captions": self.captions, "values": self.values, "styles": self.styles}  # fmt: skip
        places, blocks, end = {}, [], 0
        for name, array in self.tables.items():
            block = array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
            places[name] = (array.dtype.str[1:], end, array.size)
            blocks.append(block + b"\0" * (-len(block) % 4))
            end += len(blocks[-1])
        text = json.dumps(header | {"tables": places}, ensure_ascii=False).encode()
        return b"".join([len(text).to_bytes(4, "little"), text, *blocks])


# --- the figure -------------------------------------------------------------------------------------------------------


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
        return _last(self._record(_readouts(frames), draw, label, interval))

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
        self,
        frames: int | Sequence[Any],
        draw: Draw,
        *,
        label: str = "step",
        interval: float = 100,
        start: int | None = None,
    ) -> None:
        """Show new frames: the current one at once, the whole film as soon as it is recorded.

        The first film is complete when this returns.  Later ones are recorded in slices, so that the kernel goes on
        answering, and a newer `update` takes the place of an unfinished one.

        Args:
            frames, draw, label, interval: as in `film`.
            start: the frame to show; where the slider stands, unless given.
        """
        self._cancel()
        self._draw, values = draw, _readouts(frames)
        later = bool(self._film) and len(values) > 1 and _in_event_loop()
        with self.hold_sync():
            self.frame = max(0, min(self.frame if start is None else start, len(values) - 1))
            self.send(_last(self._record(values, draw, label, interval, only=self.frame if later else None)))
        if later:
            self._task = asyncio.create_task(self._finish(self._record(values, draw, label, interval)))

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
                if artist not in groups or _is_stale(artist):
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
        hidden = [artist for artist in self.live if artist.get_visible()]
        for artist in hidden:
            artist.set_visible(False)
        background = self._paint(BACKGROUND)
        for artist in hidden:
            artist.set_visible(True)
        with self.hold_sync():
            self._background = background
            self._scene = {"width": self._recorder.width, "height": self._recorder.height, "title": self.title,
                           "axes": [_scales(axes) for axes in self.pointer]}  # fmt: skip

    def png(self, scale: float = 1) -> bytes:
        """The current frame as matplotlib draws it."""
        if self._draw is not None:
            self._draw(self.frame)
        return self._paint(scale)

    def _paint(self, scale: float) -> bytes:
        with self._scaled(scale):
            self._canvas.draw()
            picture = Image.fromarray(np.asarray(self._canvas.buffer_rgba()))
        return _png(_on_paper(picture))

    def _still(self) -> bytes:
        """The current frame, crisp and small: in 256 colours, the live artists on the background that is there."""
        if self._draw is not None:
            self._draw(self.frame)
        picture: Image.Image = Image.open(io.BytesIO(self._background))
        with self._scaled(BACKGROUND):
            agg = RendererAgg(*picture.size, self.figure.dpi)
            for artist in sorted(self.live, key=Artist.get_zorder):
                artist.draw(agg)
            picture = _on_paper(Image.fromarray(np.asarray(agg.buffer_rgba())), picture)
        size = [round(STILL * side) for side in (self._recorder.width, self._recorder.height)]
        return _png(picture.resize(size, Image.Resampling.BILINEAR).quantize(256, dither=Image.Dither.NONE))

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
        source = {"scene": self._scene, "frame": self.frame} | {
            name: base64.b64encode(data).decode()
            for name, data in (("background", self._background), ("film", self._film))
        }
        text = json.dumps(source).replace("<", "\\u003c")
        where = f"stage-{self.model_id}"
        return (f'<div id="{where}"></div>\n<script type="module">\n{SCRIPT.read_text("utf-8")}\n'
                f'mount(document.getElementById("{where}"), fromBase64({text}));\n</script>\n')  # fmt: skip


def _on_paper(picture: Image.Image, paper: Image.Image | None = None) -> Image.Image:
    """A picture without transparency: on white, or on another picture."""
    opaque = Image.new("RGB", picture.size, "white") if paper is None else paper.convert("RGB")
    opaque.paste(picture, mask=picture)
    return opaque


def _png(picture: Image.Image) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, "png", compress_level=3)  # more would take longer than sending the difference
    return stream.getvalue()


def flat(artists: Any) -> Iterator[Artist]:
    """The artists in nested lists, tuples and containers."""
    if isinstance(artists, Artist):
        yield artists
    elif isinstance(artists, Iterable) and not isinstance(artists, str):
        for artist in artists:
            yield from flat(artist)
    elif artists is not None:  # an ErrorbarContainer without caps
        raise TypeError(f"live takes matplotlib artists, such as the line that ax.plot returns; got {artists!r}")


def _is_stale(artist: Artist) -> bool:
    arrow = getattr(artist, "arrow_patch", None)  # an annotation doesn't hear from its own arrow
    return artist.stale or (arrow is not None and arrow.stale)


def _readouts(frames: int | Sequence[Any]) -> list[str]:
    """What the readout shows at each position."""
    values: Sequence[Any] = range(frames) if isinstance(frames, int) else frames
    if len(values) == 0:
        raise ValueError("a film needs at least one frame; got none")
    return [f"{v:.4g}" if isinstance(v, float | np.floating) else str(v) for v in values]


def _last(recording: Iterator[Film | None]) -> Film:
    *_, film = recording
    assert film is not None
    return film


def _in_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _scales(axes: Axes) -> dict[str, Any]:
    """What the browser needs to turn pixels into data coordinates."""
    if not {axes.get_xscale(), axes.get_yscale()} <= {"linear", "log"}:
        raise ValueError(f"pointer axes need linear or log scales; got {axes.get_xscale()} and {axes.get_yscale()}")
    return {"box": axes.bbox.bounds, "x": axes.get_xlim(), "y": axes.get_ylim(),
            "log": (axes.get_xscale() == "log", axes.get_yscale() == "log"),
            "label": axes.get_title() or "picture"}  # fmt: skip
