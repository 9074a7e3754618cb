"""A matplotlib renderer that writes tables of vector commands instead of pixels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.path import Path
from matplotlib.transforms import Affine2D, IdentityTransform
from numpy.typing import NDArray

MARGIN = 50.0  # pixels around the picture beyond which lines are cut: a diverged run reaches 1e300
FAR = 1e6  # pixels; canvas arithmetic is sound that far
MEMORY = 4096  # strings whose layout is remembered


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


def flat(artists: Any) -> Iterator[Artist]:
    """The artists in nested lists, tuples and containers."""
    if isinstance(artists, Artist):
        yield artists
    elif isinstance(artists, Iterable) and not isinstance(artists, str):
        for artist in artists:
            yield from flat(artist)
    elif artists is not None:  # an ErrorbarContainer without caps
        raise TypeError(f"live takes matplotlib artists, such as the line that ax.plot returns; got {artists!r}")


def is_stale(artist: Artist) -> bool:
    """Whether an artist has changed since it was drawn."""
    arrow = getattr(artist, "arrow_patch", None)  # an annotation doesn't hear from its own arrow
    return artist.stale or (arrow is not None and arrow.stale)


def scales(axes: Axes) -> dict[str, Any]:
    """What the browser needs to turn pixels into data coordinates."""
    if not {axes.get_xscale(), axes.get_yscale()} <= {"linear", "log"}:
        raise ValueError(f"pointer axes need linear or log scales; got {axes.get_xscale()} and {axes.get_yscale()}")
    return {"box": axes.bbox.bounds, "x": axes.get_xlim(), "y": axes.get_ylim(),
            "log": (axes.get_xscale() == "log", axes.get_yscale() == "log"),
            "label": axes.get_title() or "picture"}  # fmt: skip
