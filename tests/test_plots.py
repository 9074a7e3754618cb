"""What the pictures contain: artists, texts and positions, never pixels."""

import subprocess
import sys

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from textbook import Tensor, nn, ops, optim, plots
from textbook.graph import Graph
from textbook.surfaces import SURFACES

PLANE = [s for s in SURFACES.values() if s.dimension == 2]


@pytest.fixture
def ax():
    return plots.figure(7.2, 3.6)[1]


def variables(*values):
    return [Tensor(v, requires_grad=True, name=name) for name, v in zip("xyz", values, strict=False)]


def texts(ax):
    return [text.get_text() for text in ax.texts]


# ---- style, figure, picture ----


def luminance(color):
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in matplotlib.colors.to_rgb(color))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def test_palette_is_okabe_and_ito():
    # Wong 2011, Points of view: Color blindness, Nature Methods 8: the same eight colours as RGB.
    published = [(0, 0, 0), (230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178),
                 (213, 94, 0), (204, 121, 167)]
    assert [to_hex(np.array(rgb) / 255) for rgb in published] == [c.lower() for c in plots.OKABE_ITO.values()]


def test_lines_differ_in_more_than_colour_and_stand_out_from_paper():
    cycle = list(plots.STYLE["axes.prop_cycle"])
    assert len({str(look["linestyle"]) for look in cycle}) == len({look["color"] for look in cycle}) == len(cycle)
    assert all(1.05 / (luminance(look["color"]) + 0.05) > 2 for look in cycle)


def test_style_ends_with_its_block_even_after_an_error():
    before = dict(matplotlib.rcParams)
    with pytest.raises(ZeroDivisionError), plots.style():
        assert not matplotlib.rcParams["axes.spines.top"]
        raise ZeroDivisionError
    assert dict(matplotlib.rcParams) == before


def test_figure_has_the_style_and_is_no_global_of_pyplot():
    from matplotlib import pyplot

    fig, axes = plots.figure(7, 3, rows=2, columns=3)
    assert axes.shape == (2, 3) and tuple(fig.get_size_inches()) == (7, 3)
    assert not axes[0, 0].spines["top"].get_visible()
    assert pyplot.get_fignums() == []


def test_picture_shows_a_png_with_its_alt_text():
    fig, ax = plots.figure(4, 3)
    ax.plot([0, 1])
    shown = plots.picture(fig, alt="A line.")
    data, metadata = shown._repr_mimebundle_()
    assert data["image/png"].startswith(b"\x89PNG") and data["text/plain"] == "A line." == repr(shown)
    assert metadata == {"image/png": {"alt": "A line.", "width": 400, "height": 300}}
    width, height = (int.from_bytes(data["image/png"][i : i + 4], "big") for i in (16, 20))
    assert width / height == 4 / 3 and width > 400, "sharper than one pixel a pixel"


def test_same_picture_gives_the_same_bytes():
    def make():
        fig, ax = plots.figure(3, 2)
        plots.draw_contour(ax, SURFACES["booth"])
        return plots.picture(fig, alt="Booth").png

    assert make() == make()


def test_picture_closes_a_figure_of_pyplot():
    from matplotlib import pyplot

    plots.picture(pyplot.figure(), alt="empty")
    assert pyplot.get_fignums() == []


@pytest.mark.parametrize("alt", ["", "  "])
def test_picture_needs_an_alt_text(alt):
    with pytest.raises(ValueError, match="alt is empty: say what"):
        plots.picture(Figure(), alt=alt)


def test_notebooks_accept_the_picture():
    from IPython.core.formatters import DisplayFormatter

    fig, _ = plots.figure(2, 2)
    data, metadata = DisplayFormatter().format(plots.picture(fig, alt="axes"))
    assert set(data) == {"image/png", "text/plain"} and metadata["image/png"]["alt"] == "axes"


def test_import_opens_no_backend():
    code = "import textbook.plots, sys; print('matplotlib.pyplot' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"


# ---- curves ----


def test_curves_have_names_dashes_and_steps_from_one(ax):
    lines = plots.draw_losses(ax, {"training": [3.0, 2.0, 1.0], "validation": ([1, 3], [3.0, 2.0])})
    assert lines["training"].get_xydata().tolist() == [[1, 3], [2, 2], [3, 1]]
    assert lines["validation"].get_xydata().tolist() == [[1, 3], [3, 2]]
    assert lines["training"].get_linestyle() != lines["validation"].get_linestyle()
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["training", "validation"]
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_yscale()) == ("step", "loss (nats)", "linear")


def test_one_curve_needs_no_legend(ax):
    plots.draw_curves(ax, {"loss": [1.0]}, log=True)
    assert ax.get_legend() is None and ax.get_yscale() == "log"


def test_smoothing_is_the_mean_of_the_last_values(ax):
    y = np.array([1.0, 5.0, 3.0, 8.0])
    line = plots.draw_curves(ax, {"loss": y}, smooth=3)["loss"]
    assert np.allclose(line.get_xydata(), [[3, 3], [4, 16 / 3]])
    assert any(np.array_equal(other.get_ydata(), y) for other in ax.lines if other is not line)


def test_curve_that_left_all_bounds_has_a_gap(ax):
    line = plots.draw_curves(ax, {"diverged": [1.0, np.inf, np.nan, 2.0]}, log=True)["diverged"]
    assert np.isnan(line.get_ydata()).tolist() == [False, True, True, False]
    ax.figure.canvas.draw()


@pytest.mark.parametrize(("curves", "options", "message"), [
    ({}, {}, "nothing to draw"),
    ({"a": []}, {}, r"'a' has shape \(0,\)"),
    ({"a": [[1.0, 2.0]]}, {}, "both must be"),
    ({"a": ([1, 2], [1.0])}, {}, "both must be"),
    ({"a": [0.0, -1.0]}, {"log": True}, "no positive value"),
    ({"a": [np.nan]}, {"log": True}, "no positive value"),
])
def test_curves_refuse(ax, curves, options, message):
    with pytest.raises(ValueError, match=message):
        plots.draw_curves(ax, curves, **options)


# ---- images ----


def test_digits_stand_where_their_captions_say(ax):
    images = np.stack([np.full((4, 4), k / 10) for k in range(5)])
    drawn = plots.draw_digits(ax, images.reshape(5, 16), labels=range(5), columns=3)
    sheet = drawn["image"][0].get_array().filled(np.nan)
    for k, caption in enumerate(drawn["captions"]):
        x, y = caption.get_position()
        assert caption.get_text() == str(k)
        block = sheet[round(y) - 5 : round(y) - 1, round(x - 1.5) : round(x - 1.5) + 4]
        assert (block == k / 10).all()


def test_wrong_digits_are_marked_without_colour(ax):
    drawn = plots.draw_digits(ax, np.zeros((3, 16)), labels=[1, 2, 3], predictions=np.array([1, 7, 3]))
    assert texts(ax) == ["1", "✗ 7, is 2", "3"]
    [frame] = drawn["frames"]
    assert frame.get_x() < drawn["captions"][1].get_position()[0] < frame.get_x() + frame.get_width()


def test_digits_without_labels(ax):
    assert plots.draw_digits(ax, np.zeros((2, 3, 5)))["captions"] == []
    assert ax.axison is False


@pytest.mark.parametrize("columns", [8, 10, 16])
def test_captions_of_wrong_digits_do_not_touch(columns):
    fig, ax = plots.figure(7.2, 20 / columns)
    drawn = plots.draw_digits(ax, np.zeros((32, 784)), labels=[4] * 32, predictions=[9] * 32, columns=columns)
    wrong = drawn["captions"]
    fig.draw_without_rendering()
    boxes = [caption.get_window_extent() for caption in wrong]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    assert all(fig.bbox.containsx(edge) for box in boxes for edge in (box.x0, box.x1))


@pytest.mark.parametrize(("images", "options", "message"), [
    (np.zeros((2, 15)), {}, "15 pixels are no square"),
    (np.zeros((0, 16)), {}, "N ≥ 1"),
    (np.zeros(16), {}, "images must be"),
    (np.full((2, 16), np.nan), {}, "image 0 holds NaN or infinity, first at row 0, column 0"),
    (np.zeros((2, 16)), {"labels": [1]}, r"labels of shape \(2,\), got \(1,\)"),
    (np.zeros((2, 16)), {"labels": [1, 2], "predictions": [1]}, "predictions of shape"),
    (np.zeros((2, 16)), {"predictions": [1, 2]}, "predictions need labels"),
    (np.zeros((2, 16)), {"columns": 0}, "columns must be at least 1"),
])
def test_digits_refuse(ax, images, options, message):
    with pytest.raises(ValueError, match=message):
        plots.draw_digits(ax, images, **options)


def test_weights_are_columns_on_a_symmetric_scale(ax):
    w = np.arange(-4.0, 28.0).reshape(16, 2)
    image = plots.draw_weights(ax, w, labels=["a", "b"])
    sheet = image.get_array().filled(np.nan)
    assert np.array_equal(sheet[:4, :4], w[:, 0].reshape(4, 4))
    low, high = image.get_clim()
    assert low == -high < 0 and image.get_cmap().name == "RdBu_r"
    assert texts(ax) == ["a", "b"]
    assert "weight" in [other.get_ylabel() for other in ax.figure.axes]


def test_one_outlier_does_not_pale_the_other_weights(ax):
    w = np.random.default_rng(0).normal(size=(784, 10))
    w[0, 0] = 1000
    assert plots.draw_weights(ax, w).get_clim()[1] < 10


def test_weights_that_are_all_zero(ax):
    assert plots.draw_weights(ax, np.zeros((4, 3))).get_clim() == (-1, 1)


@pytest.mark.parametrize(("w", "options", "message"), [
    (np.zeros(16), {}, "w must be"),
    (np.zeros((15, 2)), {}, "no square"),
    (np.zeros((16, 2)), {"labels": ["a"]}, "2 units need as many labels, got 1"),
    (np.full((4, 2), np.inf), {}, "NaN or infinity"),
])
def test_weights_refuse(ax, w, options, message):
    with pytest.raises(ValueError, match=message):
        plots.draw_weights(ax, w, **options)


# ---- confusion ----


def test_confusion_writes_every_count_but_zero(ax):
    plots.draw_confusion(ax, [[5, 1], [0, 7]], labels=["cat", "dog"])
    written = {(text.get_position(), text.get_text()) for text in ax.texts}
    assert written == {((0, 0), "5"), ((1, 0), "1"), ((1, 1), "7")}
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["cat", "dog"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("predicted", "true")


def test_confusion_can_be_read(ax):
    counts = np.array([[k, 20 - k] * 10 for k in range(20)])    # shares from none to a tenth of the row ...
    counts[np.diag_indices(20)] += 40 * np.arange(20)           # ... and up to nearly all of it
    image = plots.draw_confusion(ax, counts)
    for text in ax.texts:
        column, row = text.get_position()
        ground, ink = luminance(image.to_rgba(image.get_array()[row, column])[:3]), luminance(text.get_color())
        assert (max(ground, ink) + 0.05) / (min(ground, ink) + 0.05) > 3


def test_confusion_of_a_class_without_examples(ax):
    assert np.isfinite(plots.draw_confusion(ax, [[0, 0], [1, 2]]).get_array()).all()


@pytest.mark.parametrize(("counts", "options", "message"), [
    ([[1, 2]], {}, r"got shape \(1, 2\)"),
    ([], {}, "counts must be"),
    ([[0.5]], {}, "whole numbers"),
    ([[-1]], {}, "whole numbers"),
    ([[1]], {"labels": ["a", "b"]}, "1 classes need as many labels, got 2"),
])
def test_confusion_refuses(ax, counts, options, message):
    with pytest.raises(ValueError, match=message):
        plots.draw_confusion(ax, counts, **options)


# ---- surfaces ----


@pytest.mark.parametrize("surface", PLANE, ids=lambda s: s.name)
def test_contour_fills_the_picture_for_every_surface(ax, surface):
    filled = plots.draw_contour(ax, surface)
    z = surface.f(surface.grid())
    inside = np.histogram(z, filled.levels)[0] / z.size
    assert len(inside) >= 10 and inside.max() < 0.2, "no band may swallow the picture"
    assert (ax.get_xlim(), ax.get_ylim()) == surface.extent
    stars = {tuple(line.get_xydata()[0]) for line in ax.lines if line.get_marker() == "*"}
    assert stars == set(surface.minima)


def test_round_bowl_has_rings_at_equal_distances(ax):
    heights = plots.draw_contour(ax, SURFACES["bowl"], points=401).levels
    radii = np.sqrt(2 * heights[heights < 4.5])    # ½r² = 4.5 touches the border
    assert np.allclose(np.diff(radii), np.diff(radii).mean(), atol=0.02)


def test_contour_refuses_a_line():
    with pytest.raises(ValueError, match=r"valley has 1 coordinate, a contour needs 2: draw its graph with"):
        plots.draw_contour(plots.figure()[1], SURFACES["valley"])


def test_trajectory_has_start_and_end_and_leaves_the_map_alone(ax):
    plots.draw_contour(ax, SURFACES["bowl"])
    drawn = plots.draw_trajectory(ax, np.array([[-2.0, 1.0], [50.0, 0.0], [0.0, 1.0]]), label="gd")
    assert drawn["start"].get_xydata().tolist() == [[-2, 1]] and drawn["end"].get_xydata().tolist() == [[0, 1]]
    assert len(drawn["path"].get_xydata()) == 3 and drawn["path"].get_label() == "gd"
    assert ax.get_xlim() == (-3, 3)


def test_trajectories_take_the_colours_of_the_curves(ax):
    other = plots.figure()[1]
    curves = plots.draw_curves(other, {"a": [1.0], "b": [1.0]})
    colors = [plots.draw_trajectory(ax, np.zeros((2, 2)))["path"].get_color() for _ in "ab"]
    assert colors == [line.get_color() for line in curves.values()]
    assert plots.draw_trajectory(ax, np.zeros((2, 2)), color="k")["end"].get_color() == "k"


def test_diverged_trajectory_says_so(ax):
    surface = SURFACES["ravine"]
    run = optim.descend(surface.f, surface.start, "gd", 200, lr=0.5)
    plots.draw_contour(ax, surface)
    drawn = plots.draw_trajectory(ax, run, label="gd")
    assert run.diverged_at > 0 and drawn["path"].get_label() == f"gd diverged at step {run.diverged_at}"
    assert drawn["end"].get_marker() == "x"
    ax.figure.canvas.draw()    # numbers near 1e12 raise no warning


@pytest.mark.parametrize("path", [np.zeros(3), np.zeros((3, 3)), np.zeros((3, 2, 4))])
def test_trajectory_refuses_what_is_no_path_in_the_plane(ax, path):
    with pytest.raises(ValueError, match="draw one at a time"):
        plots.draw_trajectory(ax, path)


# ---- graphs ----


def kinds(drawn):
    """For each node whether its outline is round, and its dashes."""
    return {key: (len(np.unique(patch.get_path().vertices[:, 1].round(3))) > 9, str(patch.get_linestyle()),
                  np.ptp(patch.get_path().vertices[:7], axis=0).max() > 10) for key, patch in drawn.nodes.items()}


def test_graph_draws_every_node_and_edge(ax):
    x, y = variables(3.0, 2.0)
    graph = Graph.of((x + y) * y)
    drawn = plots.draw_graph(ax, graph, values=True)
    assert set(drawn.nodes) == set(graph.nodes) and set(drawn.edges) == set(drawn.heads) == set(graph.edges)
    assert {drawn.labels[v].get_text() for v in "xy"} == {"x", "y"}
    assert [drawn.values[v].get_text() for v in graph.topological_order()] == ["3", "2", "v3 = 5", "v4 = 10"]
    assert [drawn.labels[v].get_text() for v in ("v3", "v4")] == ["+", "×"]
    assert drawn.notes == {}, "scalars need no shapes"


def test_kinds_of_node_differ_without_colour(ax):
    (x,) = variables(3.0)
    graph = Graph.of(2 * x)
    looks = kinds(plots.draw_graph(ax, graph))
    assert len(set(looks.values())) == 3
    assert len(ax.patches) == len(graph.nodes) + 1, "the output, and only it, has a second outline"


def test_shapes_stand_on_the_edges(ax):
    model = nn.MLP([6, 4, 3], rng=np.random.default_rng(0))
    graph = Graph.of(ops.cross_entropy(model(Tensor(np.ones((2, 6)), name="x")), np.array([0, 2])))
    drawn = plots.draw_graph(ax, graph)
    shapes = {(e.source, e.index): note.get_text() for e, note in drawn.notes.items()}
    assert shapes["x", 0] == "2×6" and shapes["w1", 1] == "6×4" and shapes["b2", 1] == "3"
    assert len(drawn.notes) == len(graph.edges)
    assert plots.draw_graph(plots.figure()[1], graph, shapes=False).notes == {}


def test_notes_and_nodes_do_not_overlap():
    model = nn.MLP([784, 128, 10], rng=np.random.default_rng(0))
    graph = Graph.of(ops.cross_entropy(model(Tensor(np.ones((8, 784)), name="x")), np.zeros(8, dtype=int)))
    fig, ax = plots.figure(8, 2.4)
    drawn = plots.draw_graph(ax, graph)
    fig.draw_without_rendering()
    boxes = [artist.get_window_extent() for artist in (*drawn.notes.values(), *drawn.nodes.values())]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    assert all(fig.bbox.x0 <= box.x0 and box.x1 <= fig.bbox.x1 for box in boxes)
    for key, label in drawn.labels.items():
        inner, outer = label.get_window_extent(), drawn.nodes[key].get_window_extent()
        assert outer.x0 <= inner.x0 and inner.x1 <= outer.x1, f"{key}: its label is wider than the node"


def test_edges_run_from_node_to_node(ax):
    x, y = variables(3.0, 2.0)
    graph = Graph.of(x * x - y)
    drawn = plots.draw_graph(ax, graph, values=False)
    for e, line in drawn.edges.items():
        tail, tip = line.get_xydata()[0], drawn.heads[e].get_xydata()[0]
        for point, key in ((tail, e.source), (tip, e.target)):
            (x0, y0), (x1, y1) = drawn.nodes[key].get_path().get_extents().get_points()
            gap = max(x0 - point[0], point[0] - x1, y0 - point[1], point[1] - y1)
            assert -8 < gap < 14, "pixels"
    middles = {tuple(line.get_xydata()[len(line.get_xydata()) // 2].round()) for line in drawn.edges.values()}
    assert len(middles) == 4, "both edges of x·x are seen"


def test_broken_graph_is_drawn_as_it_is(ax):
    graph = Graph.build({"x": (), "u": ("add", "x", "f"), "f": ("mul", "u", "q")})
    drawn = plots.draw_graph(ax, graph)
    [missing] = [e for e in graph.edges if e.source == "q"]
    assert drawn.edges[missing].get_linestyle() == "--" and "q ? " in texts(ax)
    assert len(drawn.edges) == 4


def test_graph_of_one_node_and_a_loop():
    plots.draw_graph(plots.figure()[1], Graph.of(Tensor(1.0, name="x")))
    drawn = plots.draw_graph(plots.figure()[1], Graph.build({"a": ("add", "a", "a")}))
    assert len(drawn.edges) == 2


def test_graph_values_leave_out_arrays_and_constants(ax):
    x, _ = variables(np.ones(3), 1.0)
    drawn = plots.draw_graph(ax, Graph.of(ops.sum(x * 2)), values=True)
    assert [text.get_text() for text in drawn.values.values()] == ["v3", "v4 = 6"]
    plain = plots.draw_graph(plots.figure()[1], Graph.of(ops.sum(x * 2)), values=False, names=False)
    assert plain.values == {}


def test_gradients_take_the_place_of_values_and_arrows_turn_round(ax):
    x, y = variables(3.0, 2.0)
    graph = Graph.of((x + y) * y)
    forwards = plots.draw_graph(plots.figure()[1], graph)
    back = plots.draw_graph(ax, graph, gradients={"x": 2.0, "y": 7.0, "v3": 2.0, "v4": 1.0})
    assert [text.get_text() for text in back.values.values()] == [
        "∂v4/∂x = 2", "∂v4/∂y = 7", "∂v4/∂v3 = 2", "∂v4/∂v4 = 1",
    ]  # fmt: skip
    for e in graph.edges:
        ahead, behind = forwards.heads[e].get_xdata()[0], back.heads[e].get_xdata()[0]
        assert ahead > back.plan.places[e.source][0] + 60 and behind < back.plan.places[e.target][0] - 60


def test_a_long_line_of_nodes_is_drawn_smaller(ax):
    (x,) = variables(0.5)
    for _ in range(12):
        x = ops.sigmoid(x)
    drawn = plots.draw_graph(ax, Graph.of(x))
    ax.figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in drawn.values.values()]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


# ---- timeline ----


def test_timeline_is_in_order_and_threads_differ_without_colour(ax):
    written = plots.draw_timeline(ax, {"a": {1951: "later", 1847: "first"}, "b": {1986: "last"}})
    assert [text.get_text() for text in written] == ["1847  first", "1951  later", "1986  last"]
    rows = [text.get_position()[1] for text in written]
    assert rows == sorted(rows)
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    markers = {handle.get_marker() for handle in ax.get_legend().legend_handles}
    assert labels == ["a", "b"] and len(markers) == 2


def test_timeline_of_one_event_and_of_none(ax):
    plots.draw_timeline(ax, {"a": {1986: "only"}})
    ax.figure.canvas.draw()
    with pytest.raises(ValueError, match="nothing to draw"):
        plots.draw_timeline(ax, {"a": {}})
