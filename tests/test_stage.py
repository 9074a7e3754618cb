"""The live figure without a browser: what is recorded, encoded, sent; and what the notebook keeps."""

import asyncio
import base64
import gc
import io
import json
import warnings
import weakref

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from artists import ARTISTS, gallery
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Polygon, Rectangle
from PIL import Image

from textbook.stage import Film, Point, Stage

MEGABYTE = 1_000_000


def decode(data: bytes) -> dict:
    """Read an encoded film as stage.js does, from the description of the format alone."""
    size = int.from_bytes(data[:4], "little")
    film = json.loads(data[4 : 4 + size])
    for name, (kind, start, length) in film["tables"].items():
        film[name] = np.frombuffer(data, "<" + kind, length, 4 + size + start)
    return film


def groups(film: Film, frame: int) -> np.ndarray:
    return film.tables["frames"][frame]


def number_of(film: Film, table: str) -> int:
    """How many entries a table of a film has."""
    array = film.tables[table]
    return len(array) - 1 if table in ("paths", "groups") else len(array)


def pixels(png: bytes) -> np.ndarray:
    """The colours of a PNG on white paper."""
    picture = Image.open(io.BytesIO(png)).convert("RGBA")
    return np.asarray(Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture))[..., :3].astype(float)


def simple(**options):
    """A stage with a line and a dot, and draw(k)."""
    figure = Figure(figsize=(4, 3), layout="constrained")
    ax = figure.add_subplot(xlim=(0, 1), ylim=(0, 10))
    (line,), (dot,) = ax.plot([0, 1], [0, 0]), ax.plot([0.5], [5], "o")
    stage = Stage(figure, live=[line, dot], **options)

    def draw(k):
        line.set_ydata([0, k])
        return f"slope {k}"

    return stage, draw


# --- recording --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ARTISTS)
def test_every_kind_of_artist_is_recorded(name):
    figure, _, made = gallery([name])
    film = Stage(figure, live=made[name]).film(1, lambda k: None)
    assert len(film.tables["ops"]) > 0
    assert number_of(film, "paths") + number_of(film, "images") > 0
    for table in ("vertices", "positions", "matrices"):
        assert np.isfinite(film.tables[table]).all()
        assert np.abs(film.tables[table]).max(initial=0) < 2e6


def test_tables_refer_to_each_other():
    figure, _, made = gallery()
    data = decode(Stage(figure, live=made.values()).film(1, lambda k: "all").encode(3))
    ops, ends = data["ops"].reshape(-1, 4), data["groups"].reshape(-1, 2)
    assert data["number"] == 3 and data["captions"] == ["all"]
    assert tuple(ends[-1]) == (len(ops), len(data["positions"]) // 2)
    assert ops[:, 3].sum() == ends[-1, 1]
    assert ops[:, 0].max() < len(data["paths"]) - 1 and (~ops[:, 0]).max() < len(data["images"]) // 2
    assert ops[:, 1].max() < len(data["styles"]) and ops[:, 2].max() < len(data["matrices"]) // 4
    assert data["paths"][-1] == len(data["codes"]) == len(data["vertices"]) // 2
    assert data["frames"].max() < len(ends) - 1
    assert 4 * data["images"].reshape(-1, 2).prod(axis=1).sum() == len(data["pixels"])


def test_a_small_image_travels_as_its_own_pixels():
    figure, _, made = gallery(["grey image"])
    tables = Stage(figure, live=made["grey image"]).film(1, lambda k: None).tables
    assert tables["images"].tolist() == [[8, 8]]
    image = tables["pixels"].reshape(8, 8, 4)
    assert (image[..., 3] == 255).all() and np.ptp(image[..., 0]) > 200


def test_markers_are_one_path_at_many_positions():
    figure = Figure()
    (dots,) = figure.add_subplot().plot(np.arange(50.0), np.arange(50.0), "o", ls="none")
    film = Stage(figure, live=[dots]).film(1, lambda k: None)
    assert number_of(film, "paths") == 1
    assert film.tables["ops"].tolist() == [[0, 0, 0, 50]]


def test_glyphs_are_sent_once():
    figure = Figure()
    ax = figure.add_subplot()
    texts = [ax.text(0.1, k / 10, "aabb", fontsize=8 + k) for k in range(5)]
    film = Stage(figure, live=texts).film(1, lambda k: None)
    assert number_of(film, "paths") == 2  # a and b, at any size
    assert number_of(film, "matrices") == 1 + 5
    assert film.tables["ops"][:, 3].sum() == 20


def test_only_stale_artists_are_recorded_again():
    figure = Figure()
    ax = figure.add_subplot()
    texts = [ax.text(0.1, k / 10, f"text {k}") for k in range(8)]
    stage = Stage(figure, live=texts)
    drawn = []

    def draw(k):
        texts[k % 8].set_color(["k", "r"][k % 2])
        drawn.append(sum(text.stale for text in texts))

    film = stage.film(20, draw)
    assert drawn == [8] + [1] * 19
    changed = [(groups(film, k) != groups(film, k - 1)).sum() for k in range(1, 20)]
    assert max(changed) == 1
    assert number_of(film, "groups") <= 8 + 8  # and what looks as before is stored once


def test_a_path_that_moves_is_stored_once():
    figure = Figure()
    ax = figure.add_subplot(xlim=(0, 30), ylim=(0, 30))
    circle, box = ax.add_patch(Circle((1, 1), 0.5)), ax.add_patch(Rectangle((0, 0), 0.7, 0.7))

    def draw(k):
        circle.center = (1 + k / 3, 2 + k / 7)
        box.set_xy((k / 7, 3))

    film = Stage(figure, live=[circle, box]).film(60, draw)
    assert number_of(film, "paths") == 2
    assert number_of(film, "groups") == 120


def test_an_annotation_notices_its_arrow():
    figure = Figure()
    note = figure.add_subplot().annotate("", (0.2, 0.2), (0.8, 0.8), arrowprops={"arrowstyle": "->"})
    colors = ["#ff0000", "#00ff00"]
    film = Stage(figure, live=[note]).film(2, lambda k: note.arrow_patch.set_color(colors[k]))
    assert groups(film, 0) != groups(film, 1)


def test_hidden_artists_draw_nothing():
    stage, _ = simple()
    film = stage.film(2, lambda k: stage.live[0].set_visible(k == 0))
    ends = film.tables["groups"]
    assert [int(np.diff(ends[g : g + 2, 0])[0]) for g in (groups(film, 0)[0], groups(film, 1)[0])] == [1, 0]


def test_drawing_order_follows_zorder():
    stage, _ = simple()
    line, dot = stage.live
    film = stage.film(2, lambda k: line.set_zorder([2, 9][k]))
    (line_below, dot_above), (dot_below, line_above) = film.tables["frames"]
    assert dot_above == dot_below and line_above == line_below and line_above != dot_above
    assert dot is stage.live[1]


def test_a_diverged_line_is_cut_at_the_margin():
    figure, _, made = gallery(["diverged line"])
    film = Stage(figure, live=made["diverged line"]).film(1, lambda k: None)
    assert np.abs(film.tables["vertices"]).max() < 2_000


@settings(max_examples=50)
@given(st.lists(st.tuples(*[st.floats(allow_nan=True, allow_infinity=True)] * 2), max_size=8))
def test_any_data_at_all_is_recorded(points):
    figure = Figure(figsize=(2, 2))
    ax = figure.add_subplot(xlim=(0, 1), ylim=(0, 1))
    (line,) = ax.plot([], [], "o-")
    with np.errstate(all="ignore"):  # the overflow is in matplotlib's own transform
        stage = Stage(figure, live=[line])
        line.set_data(*np.array(points).reshape(-1, 2).T)
        film = stage.film(1, lambda k: None)
    assert np.isfinite(film.tables["vertices"]).all() and np.isfinite(film.tables["positions"]).all()


def test_recording_raises_no_warning_and_leaves_the_artists_alone():
    figure, _, made = gallery()
    stage = Stage(figure, live=made.values())
    before = [artist.get_visible() for artist in stage.live]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        stage.film(2, lambda k: None)
        stage.png()
    assert [artist.get_visible() for artist in stage.live] == before


# --- films ------------------------------------------------------------------------------------------------------------


def test_film_of_lines_is_small():
    figure = Figure()
    axes = figure.subplots(2, 2).ravel()
    t = np.linspace(0, 1, 200)
    lines = [ax.plot(t, np.sin(9 * t))[0] for ax in axes]
    rng = np.random.default_rng(0)  # noise: nothing to simplify
    noise = rng.random((80, 4, 200))

    def draw(k):
        for line, y in zip(lines, noise[k], strict=True):
            line.set_ydata(y)

    film = Stage(figure, live=lines).film(80, draw)
    assert len(film.encode()) < 2 * MEGABYTE
    assert number_of(film, "groups") == 320


def test_film_of_a_graph_is_small():
    figure = Figure()
    ax = figure.add_subplot(xlim=(0, 10), ylim=(0, 7))
    nodes, totals, others = [], [], []
    for i in range(60):
        x, y = i % 10 + 0.4, i // 10 + 0.5
        nodes.append(ax.add_patch(Circle((x, y), 0.25, fc="w", ec="k")))
        totals.append(ax.text(x, y - 0.4, "0.000"))
        others += [ax.text(x, y, f"x{i}"), *ax.plot([x + 0.3, x + 0.7], [y, y], "k"),
                   ax.add_patch(Polygon([[x + 0.6, y - 0.05], [x + 0.7, y], [x + 0.6, y + 0.05]]))]  # fmt: skip

    def draw(k):
        nodes[(k - 1) % 60].set_facecolor("w")
        nodes[k % 60].set_facecolor("C1")
        totals[k % 60].set_text(f"{k / 7:.3f}")
        return f"step {k}"

    film = Stage(figure, live=[nodes, totals, others]).film(140, draw)
    assert len(film.encode()) < 2 * MEGABYTE / 4
    assert number_of(film, "groups") <= 5 * 60 + 3 * 140  # not 140 × 300
    assert number_of(film, "paths") < 40


def test_captions_and_readouts():
    stage, draw = simple()
    film = stage.film(np.linspace(0, 1, 4), draw, label="α", interval=20)
    assert film.captions == ["slope 0", "slope 1", "slope 2", "slope 3"]
    assert film.values == ["0", "0.3333", "0.6667", "1"]
    assert (film.label, film.interval, len(film)) == ("α", 20, 4)
    assert stage.film(["seed", "add"], draw).values == ["seed", "add"]
    assert stage.film(2, lambda k: None).captions == ["", ""]


@pytest.mark.parametrize("frames", [0, [], np.array([])])
def test_an_empty_film_is_refused(frames):
    stage, draw = simple()
    with pytest.raises(ValueError, match="at least one frame"):
        stage.film(frames, draw)


def test_an_error_in_draw_comes_through():
    stage, _ = simple()
    with pytest.raises(ZeroDivisionError):
        stage.update(3, lambda k: 1 / k)


# --- sending ----------------------------------------------------------------------------------------------------------


def test_update_sends_the_film_and_remembers_the_frame():
    stage, draw = simple()
    stage.update(5, draw, start=2)
    assert decode(stage._film)["captions"] == [f"slope {k}" for k in range(5)]
    assert (stage.frame, stage.caption) == (2, "slope 2")
    stage.frame = 4  # as the browser does
    stage.update(3, draw)
    assert (stage.frame, stage.caption) == (2, "slope 2")
    assert decode(stage._film)["number"] == 2


def run_with_updates(stage, *updates):
    """Call `stage.update` within an event loop, as in a kernel; returns the films that were sent."""
    sent = []
    stage.observe(lambda change: sent.append(decode(change["new"])), "_film")

    async def work():
        for update in updates:
            stage.update(*update)
        while stage._task is not None:
            await asyncio.sleep(0)

    asyncio.run(work())
    return sent


def test_the_current_frame_comes_first_and_the_film_after():
    stage, draw = simple()
    stage.update(30, draw, start=7)
    part, whole = run_with_updates(stage, (40, draw))
    assert (part["first"], part["captions"], len(part["values"])) == (7, ["slope 7"], 40)
    assert (whole["first"], len(whole["captions"])) == (0, 40)
    assert part["number"] < whole["number"]


def test_a_newer_update_takes_the_place_of_an_unfinished_one():
    stage, draw = simple()
    stage.update(30, draw)
    sent = run_with_updates(stage, (40, draw), (50, draw), (60, draw))
    assert [len(film["captions"]) for film in sent] == [1, 1, 1, 60]
    assert [film["number"] for film in sent] == sorted(film["number"] for film in sent)


def test_an_error_in_a_later_frame_is_reported():
    stage, draw = simple()
    stage.update(9, draw)
    reported = []

    def fail(k):
        if k == 5:
            raise ZeroDivisionError("frame 5")

    async def work():
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: reported.append(context["exception"]))
        stage.update(9, fail)
        while stage._task is not None:
            await asyncio.sleep(0)
        gc.collect()

    asyncio.run(work())
    gc.collect()
    assert [str(error) for error in reported] == ["frame 5"]


def test_show_frame_shows_the_artists_as_they_stand():
    stage, draw = simple()
    draw(4)
    stage.show_frame("epoch 4")
    film = decode(stage._film)
    assert film["captions"] == ["epoch 4"] and stage.caption == "epoch 4"
    assert stage.live[0].get_ydata()[1] == 4


def test_points_arrive_in_data_coordinates():
    figure = Figure()
    left, right = figure.subplots(1, 2)
    right.set(xscale="log", xlim=(1e-3, 1))
    stage = Stage(figure, live=left.plot([0, 1]), pointer=[left, right])
    points = []
    stage.on_point(points.append)
    stage._point = [1, 0.01, 3.0, False]
    assert points == [Point(right, 0.01, 3.0, False)]
    assert [scene["log"] for scene in stage._scene["axes"]] == [(False, False), (True, False)]


def test_pointer_axes_need_scales_the_browser_knows():
    figure = Figure()
    ax = figure.add_subplot(xscale="symlog")
    with pytest.raises(ValueError, match="linear or log"):
        Stage(figure, live=[], pointer=[ax])


def test_live_artists_must_be_in_the_figure():
    other = Figure().add_subplot().plot([0, 1])
    with pytest.raises(ValueError, match="not in this figure"):
        Stage(Figure(), live=other)


@pytest.mark.parametrize("thing", ["line", 3, [[1, 2]]])
def test_live_takes_artists_only(thing):
    with pytest.raises(TypeError, match="matplotlib artists"):
        Stage(Figure(), live=[thing])


def test_what_cannot_be_recorded_is_refused():
    figure = Figure()
    ax = figure.add_subplot()
    hatched = ax.add_patch(Rectangle((0, 0), 1, 1, hatch="/"))
    shaded = ax.tripcolor([0, 1, 0], [0, 0, 1], [1, 2, 3], shading="gouraud")
    with pytest.raises(ValueError, match="hatched"):
        Stage(figure, live=[hatched]).show_frame()
    with pytest.raises(NotImplementedError, match="Gouraud"):
        Stage(figure, live=[shaded]).show_frame()


def test_the_figure_leaves_pyplot():
    figure, ax = plt.subplots()
    Stage(figure, live=ax.plot([0, 1]))
    assert not plt.fignum_exists(figure.number)


def test_old_films_are_forgotten():
    stage, draw = simple()
    films = []
    for _ in range(5):
        film = stage.film(20, draw)
        stage.send(film)
        films.append(weakref.ref(film))
    del film
    gc.collect()
    assert not any(reference() for reference in films)
    assert len(stage._recorder._layouts) < 10


# --- stills -----------------------------------------------------------------------------------------------------------


def test_png_shows_the_current_frame():
    stage, draw = simple()
    stage.update(9, draw, start=8)
    steep = pixels(stage.png())
    assert steep.shape == (300, 400, 3)
    stage.frame = 0
    flat = pixels(stage.png())
    assert np.abs(steep - flat).max() > 100
    stage.frame = 8
    assert np.array_equal(pixels(stage.png()), steep)
    assert pixels(stage.png(scale=2)).shape == (600, 800, 3)


def test_the_background_leaves_the_live_artists_out():
    stage, _ = simple()
    background = pixels(stage._background)
    assert background.shape == (450, 600, 3)
    shown = pixels(stage.png(scale=1.5))
    assert np.abs(shown - background).max() > 100
    for artist in stage.live:
        artist.set_visible(False)
    assert np.abs(pixels(stage.png(scale=1.5)) - background).max() <= 4  # composed in another order


def test_a_browser_may_ask_for_a_denser_background():
    stage, _ = simple()
    for wanted, width in ((1.2, 600), (2.0, 800), (1.0, 800), (50.0, 1600)):
        stage._wanted = wanted
        assert pixels(stage._background).shape[1] == width


def test_repaint_sends_what_changed():
    stage, _ = simple(pointer=())
    before = stage._background
    stage.figure.axes[0].set_title("another")
    stage.repaint()
    assert stage._background != before


def test_png_between_two_frames_does_not_disturb_a_film():
    stage, draw = simple()

    def interrupted(k):
        draw(k)
        stage.png()
        return "x"

    film = stage.film(4, interrupted)
    assert len({int(g[0]) for g in film.tables["frames"]}) == 4


def test_the_notebook_keeps_a_still_and_words():
    stage, draw = simple(title="A slope.")
    stage.update(5, draw, start=3)
    data, metadata = stage._repr_mimebundle_()
    assert metadata["image/png"] == {"alt": "A slope. slope 3", "width": 400, "height": 300}
    assert data["text/plain"] == "A slope. slope 3"
    still, plain = base64.b64decode(data["image/png"]), stage.png(scale=1.5)
    assert pixels(still).shape == (450, 600, 3) and len(still) < 0.8 * len(plain)
    assert np.abs(pixels(still) - pixels(plain)).mean() < 2
    stage.frame = 0
    other = base64.b64decode(stage.bundle()[0]["image/png"])
    assert np.abs(pixels(other) - pixels(stage.png(scale=1.5))).mean() < 2 < np.abs(pixels(still) - pixels(other)).max()
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == stage.model_id


def test_html_holds_the_whole_film_although_it_is_being_recorded():
    async def reader():
        stage, draw = simple()
        stage.update(40, draw, start=7)
        assert stage._task is not None and len(decode(stage._film)["captions"]) == 1
        await asyncio.sleep(0)
        stage.to_html()
        return stage

    stage = asyncio.run(reader())
    assert decode(stage._film)["captions"] == [f"slope {k}" for k in range(40)] and stage.frame == 7


def test_html_is_complete_in_itself():
    stage, draw = simple(title="</script><b>")
    stage.update(5, draw)
    html = stage.to_html()
    assert "http:" not in html.replace("http://www.w3.org", "") and "https:" not in html
    assert html.count("</script>") == 1
    assert base64.b64encode(stage._film).decode() in html


def test_the_backend_stays_as_it_was():
    backend = matplotlib.get_backend()
    simple()
    assert matplotlib.get_backend() == backend
