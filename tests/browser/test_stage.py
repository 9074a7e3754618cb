"""The live figure in a real browser: it shows what matplotlib would draw, and its controls work without a kernel."""

import numpy as np
import pytest
from artists import gallery
from matplotlib.figure import Figure
from PIL import Image, ImageFilter

from textbook.stage import Stage

from .conftest import pixels

PICTURE = ".stage-picture"
PAINTED = "document.querySelector('canvas[data-painted]')"
SLIDER, CAPTION, READOUT = "input[type=range]", "[role=status]", "output"
TOLERANCE = 24


def counting(frames: int = 50, interval: float = 40, **options) -> Stage:
    """A stage whose frame k has a dot at x = k."""
    figure = Figure(figsize=(5, 3))
    ax = figure.add_subplot(xlim=(-5, frames + 5), ylim=(0, 2))
    (dot,) = ax.plot([0], [1], "o", ms=12, color="#ff0000")
    stage = Stage(figure, live=[dot], **({"pointer": [ax]} if options.pop("point", False) else {}), **options)

    def draw(k):
        dot.set_xdata([k])
        return f"the dot is at {k}"

    stage.update(np.arange(frames) / 10, draw, label="α", interval=interval)
    return stage


def sized(stage: Stage) -> str:
    """A page on which the picture has the size of its figure."""
    return f"<div style='width: {stage.figure.bbox.width}px'>{stage.to_html()}</div>"


def center_of_red(image: np.ndarray) -> float:
    """The mean column of red pixels."""
    red = (image[..., 0] > 200) & (image[..., 1:].max(axis=2) < 80)
    assert red.any(), "there is no red dot"
    return float(np.nonzero(red)[1].mean())


def painted(tab) -> int:
    """How often the canvas has been painted, once it has."""
    tab.until("document.querySelector('canvas[data-ready]')")
    return int(tab.until(f"{PAINTED}?.dataset.painted"))


def frame(tab) -> int:
    return int(tab.page.locator(SLIDER).input_value())


def until_repainted(tab, before: int) -> None:
    tab.until("(before) => +document.querySelector('canvas[data-painted]').dataset.painted > before", before)


# --- the same picture as matplotlib's ---------------------------------------------------------------------------------


def largest_difference(a: np.ndarray, b: np.ndarray) -> float:
    """The largest difference (0 ... 255) after a blur that hides anti-aliasing and shifts of less than a pixel."""
    blurred = [np.asarray(Image.fromarray(np.uint8(image)).filter(ImageFilter.GaussianBlur(5))) for image in (a, b)]
    edge = 16  # the card has round corners
    return float(np.abs(np.subtract(*blurred, dtype=float))[edge:-edge, edge:-edge].max())


def unsnapped(stage: Stage) -> None:
    """Agg moves markers and upright lines to whole pixels; the canvas doesn't."""
    for artist in stage.figure.findobj():
        artist.set_snap(False)


@pytest.fixture(scope="module")
def rolls():
    """A film in which frame k hides the k-th artist, and frame 0 none; and what matplotlib makes of frame 0."""
    figure, _, made = gallery()
    for spine in figure.axes[0].spines.values():
        spine.set_visible(False)  # live artists lie above them, in matplotlib some lie below
    stage = Stage(figure, live=made.values())
    unsnapped(stage)
    stage.repaint()
    names = list(made)
    parts = {name: Stage(figure, live=made[name]).live for name in names}

    def draw(k):
        for number, name in enumerate(names, 1):
            for artist in parts[name]:
                artist.set_visible(number != k)
        return "all" if k == 0 else f"without {names[k - 1]}"

    stage.update(1 + len(names), draw)
    return stage, names, pixels(stage.png(scale=2))


def test_canvas_shows_what_matplotlib_draws(web_page, rolls):
    stage, names, wanted = rolls
    stage._wanted = 2.0  # as a browser with such a screen would
    tab = web_page(sized(stage), device_scale_factor=2)
    painted(tab)
    shown = tab.pixels(PICTURE)
    assert shown.shape == wanted.shape
    found = largest_difference(shown, wanted)
    # The comparison would notice a missing artist, whichever it is.
    without = {}
    for k, name in enumerate(names, 1):
        before = painted(tab)
        tab.page.locator(SLIDER).fill(str(k))
        until_repainted(tab, before)
        assert tab.page.locator(CAPTION).inner_text() == f"without {name}"
        without[name] = largest_difference(tab.pixels(PICTURE), wanted)
    assert found < TOLERANCE < min(without.values()), (found, without)
    assert np.abs(shown - wanted).mean() < 1


@pytest.mark.parametrize("density", [1, 1.5, 3])
def test_canvas_is_sharp_at_any_density(web_page, density):
    tab = web_page(sized(counting()), device_scale_factor=density)
    painted(tab)
    size = tab.page.evaluate(f"[{PAINTED}.width, {PAINTED}.height]")
    assert size == [round(500 * density), round(300 * density)]


def test_figure_takes_the_width_of_its_container(web_page):
    tab = web_page("<style>body { margin: 0 }</style>" + counting().to_html(), viewport={"width": 320, "height": 700})
    painted(tab)
    box = tab.page.locator(PICTURE).bounding_box()
    assert box["width"] == 320 and abs(box["height"] - 192) < 1
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= 320
    before = painted(tab)
    tab.page.set_viewport_size({"width": 800, "height": 700})
    until_repainted(tab, before)
    assert tab.page.evaluate(f"{PAINTED}.width") == 800
    before = painted(tab)
    tab.page.set_viewport_size({"width": 1600, "height": 500})  # but never so high that it can't be seen at once
    until_repainted(tab, before)
    assert tab.page.locator(PICTURE).bounding_box()["height"] <= 0.83 * 500


# --- controls ---------------------------------------------------------------------------------------------------------


def test_keyboard_moves_frame_caption_and_readout(web_page):
    tab = web_page(sized(counting(title="A dot")))
    painted(tab)
    assert tab.page.locator(CAPTION).inner_text() == "the dot is at 0"
    start = center_of_red(tab.pixels(PICTURE))
    for _ in range(6):
        tab.page.keyboard.press("Tab")
    assert tab.page.evaluate("document.activeElement.type") == "range"
    for key, expected in [("ArrowRight", 1), ("ArrowUp", 2), ("ArrowLeft", 1), ("End", 49), ("Home", 0), ("End", 49)]:
        before = painted(tab)
        tab.page.keyboard.press(key)
        until_repainted(tab, before)
        assert frame(tab) == expected
        assert tab.page.locator(CAPTION).inner_text() == f"the dot is at {expected}"
        assert tab.page.locator(READOUT).inner_text() == f"α = {expected / 10:.4g}"
        assert tab.page.locator(SLIDER).get_attribute("aria-valuetext") == f"α = {expected / 10:.4g}"
    assert center_of_red(tab.pixels(PICTURE)) - start == pytest.approx(500 * 0.775 * 49 / 60, abs=1.5)
    assert tab.page.get_by_role("img", name="A dot. the dot is at 49").count() == 1
    assert tab.page.get_by_role("slider", name="α").count() == 1


def test_mouse_drags_the_slider(web_page):
    tab = web_page(counting().to_html())
    painted(tab)
    box = tab.page.locator(SLIDER).bounding_box()
    middle = box["y"] + box["height"] / 2
    tab.page.mouse.move(box["x"] + 8, middle)
    tab.page.mouse.down()
    tab.page.mouse.move(box["x"] + box["width"] / 2, middle, steps=5)
    assert tab.page.locator(CAPTION).get_attribute("aria-live") == "off"
    tab.page.mouse.up()
    assert abs(frame(tab) - 24.5) < 2
    assert tab.page.locator(CAPTION).inner_text() == f"the dot is at {frame(tab)}"
    assert tab.page.locator(CAPTION).get_attribute("aria-live") == "polite"


def test_buttons_step(web_page):
    tab = web_page(counting().to_html())
    painted(tab)
    steps = [("Next", 1), ("Next", 2), ("Previous", 1), ("Last", 49), ("Next", 49), ("First", 0), ("Previous", 0)]
    for name, expected in steps:
        tab.page.get_by_role("button", name=f"{name} frame").click()
        assert frame(tab) == expected


@pytest.mark.parametrize(("motion", "speed", "low", "high"), [
    ("no-preference", "1", 23, 25), ("no-preference", "0.5", 11, 13), ("reduce", "1", 3, 4),
])  # fmt: skip
def test_playing_keeps_its_pace(web_page, motion, speed, low, high):
    tab = web_page("", reduced_motion=motion)
    tab.page.clock.install()
    tab.page.set_content(counting(interval=40).to_html())
    tab.page.clock.run_for(100)
    painted(tab)
    assert frame(tab) == 0  # nothing plays by itself
    tab.page.get_by_label("Speed").select_option(speed)
    tab.page.get_by_role("button", name="Play").press("Space")
    assert tab.page.locator(CAPTION).get_attribute("aria-live") == "off"
    tab.page.clock.run_for(1000)
    assert low <= frame(tab) <= high
    tab.page.get_by_role("button", name="Pause").press("Space")
    stopped = frame(tab)
    tab.page.clock.run_for(1000)
    assert frame(tab) == stopped
    assert tab.page.locator(CAPTION).get_attribute("aria-live") == "polite"


def test_playing_paints_every_refresh_and_stops_at_the_end(web_page):
    tab = web_page("")
    tab.page.clock.install()
    tab.page.set_content(counting(interval=16).to_html())
    tab.page.clock.run_for(100)
    before = painted(tab)
    tab.page.locator(SLIDER).press(" ")
    tab.page.clock.run_for(2000)
    assert frame(tab) == 49
    assert painted(tab) - before >= 40  # 50 frames of 16 ms at 60 refreshes a second
    assert tab.page.get_by_role("button", name="Play").count() == 1
    tab.page.locator(SLIDER).press(" ")  # from the end it starts over
    tab.page.clock.run_for(100)
    assert 0 < frame(tab) < 25


def test_a_single_frame_has_no_controls(web_page):
    stage = counting()
    stage.show_frame("")
    tab = web_page(stage.to_html())
    painted(tab)
    assert not tab.page.get_by_role("slider").is_visible()
    assert not tab.page.locator(CAPTION).is_visible()


# --- the pointer ------------------------------------------------------------------------------------------------------


KEEP = """
function keep(element, source) {
  Object.assign(window, { mount, source, points: [] });
  window.stage = mount(element, { ...source, onPoint: (point) => points.push(point) });
}
"""


def mounted(stage: Stage) -> str:
    """A page with the stage, on which window.points collects what the pointer sends."""
    before, call = stage.to_html().rsplit("mount(document", 1)
    return f"{before}{KEEP}keep(document{call}"


@pytest.mark.parametrize("scale", ["linear", "log"])
@pytest.mark.parametrize("width", [900, 300])
def test_pointer_is_right_within_a_pixel(web_page, scale, width):
    figure = Figure(figsize=(6, 4))
    left, right = figure.subplots(1, 2)
    left.set(xlim=(-3, 1), ylim=(5, 2))  # upside down
    right.set(xscale=scale, yscale=scale, xlim=(1e-3, 10), ylim=(1e-2, 1e2))
    stage = Stage(figure, live=left.plot([0], [3], "o"), pointer=[left, right])
    stage.show_frame()
    tab = web_page(mounted(stage), viewport={"width": width, "height": 700})
    painted(tab)
    box = tab.page.locator(PICTURE).bounding_box()
    factor = box["width"] / 600

    for number, ax, places in [(0, left, [(-2.5, 4.9), (0.5, 2.2)]), (1, right, [(0.3, 0.5), (4, 50)])]:
        pixel = ax.transData.transform(places) * factor
        (x0, y0), (x1, y1) = np.column_stack([box["x"] + pixel[:, 0], box["y"] + box["height"] - pixel[:, 1]])
        tab.page.mouse.move(x0, y0)
        tab.page.mouse.down()
        tab.page.mouse.move(x1, y1, steps=3)
        tab.page.mouse.up()
        points = tab.page.evaluate("points.splice(0)")
        assert {point[0] for point in points} == {number}
        assert [point[3] for point in points] == [False] * (len(points) - 1) + [True]
        for point, wanted in [(points[0], pixel[0]), (points[-1], pixel[1])]:
            assert ax.transData.transform(point[1:3]) * factor == pytest.approx(wanted, abs=1)


def test_pointer_stays_inside_and_starts_inside(web_page):
    stage = counting(point=True)
    tab = web_page(mounted(stage))
    painted(tab)
    box = tab.page.locator(PICTURE).bounding_box()
    tab.page.mouse.click(box["x"] + 3, box["y"] + 3)  # outside the axes
    assert tab.page.evaluate("points") == []
    tab.page.mouse.move(box["x"] + 250, box["y"] + 150)
    tab.page.mouse.down()
    tab.page.mouse.move(box["x"] + 5000, box["y"] - 500)
    tab.page.mouse.up()
    assert tab.page.evaluate("points.at(-1)") == [0, 55, 2, True]


def test_arrow_keys_nudge_the_point(web_page):
    tab = web_page(mounted(counting(point=True)))
    painted(tab)
    tab.page.keyboard.press("Tab")
    for key in ["ArrowRight", "Shift+ArrowUp"]:
        tab.page.keyboard.press(key)
    right, up = tab.page.evaluate("points")
    assert right == pytest.approx([0, 25.6, 1, True])  # a hundredth of the axis
    assert up == pytest.approx([0, 25.6, 1.2, True])


# --- films that follow each other -------------------------------------------------------------------------------------


def test_a_late_old_film_is_not_shown(web_page):
    stage = counting()
    new = stage.film(3, lambda k: f"new {k}")
    tab = web_page(mounted(stage))
    painted(tab)
    as_bytes = "(bytes) => stage.set('film', new Uint8Array(bytes))"
    tab.page.evaluate(as_bytes, list(new.encode(7)))
    assert tab.page.locator(CAPTION).inner_text() == "new 0"
    tab.page.evaluate(as_bytes, list(stage.film(5, lambda k: "old").encode(6)))
    assert tab.page.locator(CAPTION).inner_text() == "new 0"


def test_memory_stays_flat(web_page):
    tab = web_page(mounted(counting(point=True)))
    painted(tab)
    devtools = tab.page.context.new_cdp_session(tab.page)
    devtools.send("Performance.enable")

    def measure() -> dict:
        devtools.send("HeapProfiler.collectGarbage")
        return {entry["name"]: entry["value"] for entry in devtools.send("Performance.getMetrics")["metrics"]}

    work = """async () => {
        for (let round = 0; round < 40; round++) {
            const element = document.body.appendChild(document.createElement("div"));
            const other = mount(element, source);
            for (let i = 0; i < 5; i++) { other.set("film", source.film); other.set("frame", i); }
            other.set("background", source.background);
            await new Promise(requestAnimationFrame);
            other.destroy();
            element.remove();
            for (let i = 0; i < 5; i++) stage.set("film", source.film);
        }
    }"""
    tab.page.evaluate(work)
    first = measure()
    tab.page.evaluate(work)
    for _ in range(30):  # the last images are decoded and let go after a while; what leaks stays
        second = measure()
        if second["Nodes"] <= first["Nodes"] + 5:
            break
        tab.page.evaluate("new Promise(requestAnimationFrame)")
    assert second["JSEventListeners"] <= first["JSEventListeners"]
    assert second["Nodes"] <= first["Nodes"] + 5
    assert second["JSHeapUsedSize"] < first["JSHeapUsedSize"] + 500_000  # 400 films
    assert tab.page.locator(PICTURE).count() == 1


# --- in JupyterLab ----------------------------------------------------------------------------------------------------

LAB = """
import numpy as np
from matplotlib.figure import Figure
from textbook.stage import Stage

figure = Figure(figsize=(5, 3))
ax = figure.add_subplot(xlim=(-5, 55), ylim=(0, 2))
(dot,) = ax.plot([0], [1], "o", ms=12, color="#ff0000")
stage = Stage(figure, live=[dot], pointer=[ax], title="A dot")
height, points, calls = 1.0, [], []

def draw(k):
    dot.set_data([k], [height])
    return f"({k}, {height:.2f})"

def move(point):
    global height
    points.append(point)
    height = point.y
    stage.update(50, draw)

stage.on_point(move)
stage.update(50, draw, start=10, interval=16)
stage
"""

BOX = """
from IPython.display import display
from ipywidgets import IntSlider, VBox

data, metadata = stage.bundle(VBox([IntSlider(), stage]))
display(data, metadata=metadata, raw=True)
"""


def contrast(image: np.ndarray) -> float:
    """The contrast between the lightest and the darkest pixel, after WCAG 2."""
    channels = image / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    light = linear @ [0.2126, 0.7152, 0.0722]
    return float((light.max() + 0.05) / (light.min() + 0.05))


def test_a_lab_in_jupyterlab(notebook):
    tab = notebook([LAB])
    painted(tab)
    assert (frame(tab), tab.page.locator(CAPTION).inner_text()) == (10, "(10, 1.00)")

    # Keys reach the slider, not JupyterLab; the kernel hears of the frame.
    tab.page.locator(SLIDER).focus()
    for _ in range(4):
        tab.page.keyboard.press("ArrowRight")
    tab.page.keyboard.press("d")
    tab.page.keyboard.press("d")
    assert frame(tab) == 14
    tab.until_kernel("stage.frame == 14")
    tab.ask("stage.frame = 30")  # and the other way round
    tab.until("document.querySelector('input[type=range]').value === '30'")

    # Dragging moves the dot at once; the last position arrives, and the whole film after it.
    tab.page.locator(PICTURE).scroll_into_view_if_needed()
    box = tab.page.locator(PICTURE).bounding_box()
    tab.page.mouse.move(box["x"] + 200, box["y"] + 150)
    tab.page.mouse.down()
    for y in range(150, 60, -2):
        tab.page.mouse.move(box["x"] + 200, box["y"] + y)
    tab.page.mouse.up()
    tab.until_kernel("points and points[-1].final and stage._task is None")
    height = float(tab.ask("print(points[-1].y)"))
    tab.until(f"document.querySelector('{CAPTION}').textContent === '(30, {height:.2f})'")
    tab.page.locator(SLIDER).press("Home")
    tab.until(f"document.querySelector('{CAPTION}').textContent === '(0, {height:.2f})'")

    # Legible in both themes.
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        tab.theme(theme)
        for part in (CAPTION, READOUT, "button[aria-label=Play]", PICTURE):
            assert contrast(tab.pixels(part)) > 4.5, (theme, part)

    # Without a kernel, the film goes on.
    tab.shut_down()
    shown = tab.pixels(PICTURE)
    before = center_of_red(shown)
    tab.page.get_by_role("button", name="Play").click()
    tab.until("document.querySelector('input[type=range]').value === '49'")
    tab.page.locator(SLIDER).press("ArrowLeft")
    assert frame(tab) == 48
    assert center_of_red(tab.pixels(PICTURE)) - before == pytest.approx(shown.shape[1] * 0.775 * 48 / 60, abs=2)


def test_the_notebook_keeps_a_still(notebook):
    tab = notebook([LAB, BOX])
    tab.until("document.querySelectorAll('canvas[data-painted]').length === 2")
    for cell in (0, 1):
        (output,) = tab.outputs()[cell]
        assert output["data"]["image/png"]
        assert output["data"]["text/plain"] == "A dot. (10, 1.00)"
        assert output["metadata"]["image/png"]["alt"] == "A dot. (10, 1.00)"


def test_a_second_view_shows_the_same(notebook):
    tab = notebook([LAB, "stage"])
    tab.until("document.querySelectorAll('canvas[data-painted]').length === 2")
    tab.page.locator(SLIDER).first.press("End")
    tab.until("document.querySelectorAll('input[type=range]')[1].value === '49'")
