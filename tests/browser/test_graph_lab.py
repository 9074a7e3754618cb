"""The graph lab in a real JupyterLab: what a reader types, drags and clicks, and what the lab then says."""

import numpy as np

from .jupyter import Figure

CAPTION, READOUT = "[role=status]", "output"
SHOW = "from textbook import labs\nview = labs.graph.show(mode='backward', step=3)\nview"
SLIDERS = ".lab-panel .lab-slider input[type=range]"


def says(tab, text: str) -> None:
    """Wait until the caption contains a text."""
    tab.until("(text) => document.querySelector('[role=status]')?.innerText.includes(text)", text)


def formula_is(tab, text: str) -> None:
    """Wait until the field of the formula holds this: the panel hears of a change after the picture."""
    tab.until("(text) => document.querySelector('[data-part=formula] input').value === text", text)


def painted(tab) -> int:
    return int(tab.until("document.querySelector('canvas[data-painted]')?.dataset.painted"))


def until_repainted(tab, before: int) -> None:
    tab.until("(before) => +document.querySelector('canvas[data-painted]').dataset.painted > before", before)


def click_node(tab, node: str) -> None:
    where = tab.ask(f"p = view.data.plan; print(*p.places['{node}'], *p.size)")
    x, y, width, height = map(float, where.split())
    canvas = tab.page.locator("canvas[data-painted]")
    box = canvas.bounding_box()
    canvas.click(position={"x": x / width * box["width"], "y": (height - y) / height * box["height"]})


def choose(page, name: str, option: str) -> None:
    page.locator(".lab-choice").filter(has_text=name).locator("select").select_option(label=option)


def hue(image: np.ndarray, red: int, green: int, blue: int) -> int:
    """How many pixels have about this colour."""
    return int((np.abs(image - (red, green, blue)).max(axis=2) < 40).sum())


def test_graph_lab(notebook):
    tab = notebook([SHOW])
    page, lab = tab.page, tab.page.locator(".jp-OutputArea")
    painted(tab)
    says(tab, "The seed: ∂f/∂f = 1.")

    # Step by step, by keyboard: the worked example.
    slider = page.locator(".stage input[type=range]")
    slider.focus()
    for caption in (
        "u receives ∂f/∂f · ∂f/∂u = 1 · 2 = 2;  ∂f/∂u = 2.",
        "y receives ∂f/∂f · ∂f/∂y|u = 1 · 5 = 5;  ∂f/∂y = 5 so far, 1 edge to come.",
        "x receives ∂f/∂u · ∂u/∂x = 2 · 1 = 2;  ∂f/∂x = 2.",
        "y receives ∂f/∂u · ∂u/∂y = 2 · 1 = 2;  ∂f/∂y = 5 + 2 = 7.",
        "Done, in one pass: ∂f/∂x = 2 and ∂f/∂y = 7.",
    ):
        before, orange = painted(tab), hue(tab.pixels(".stage-picture"), 213, 94, 0)
        slider.press("ArrowRight")
        assert page.locator(CAPTION).inner_text() == caption.replace("  ", " ")
        until_repainted(tab, before)
        assert "Done" in caption or hue(tab.pixels(".stage-picture"), 213, 94, 0) != orange
    page.get_by_role("button", name="First frame").click()
    says(tab, "Nothing else has been computed yet.")
    page.get_by_role("button", name="Next frame").click()
    assert page.locator(CAPTION).inner_text() == "u = x + y = 3 + 2 = 5"
    assert page.locator(READOUT).first.inner_text() == "step = 1 of 8"
    page.get_by_role("button", name="Last frame").click()
    says(tab, "Done, in one pass")

    # An input's slider, by keyboard; the frame stays.
    tab.until_kernel("view.stage.frame == 8")
    handles = page.locator(SLIDERS)
    assert handles.count() == 2
    handles.nth(1).focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    says(tab, "Done, in one pass: ∂f/∂x = 3 and ∂f/∂y = 9.")

    # Hold the intermediate node fixed.
    page.get_by_label("hold intermediate nodes fixed").check()
    says(tab, "With u held fixed, f sees only what its own operation reads: ∂f/∂x = 0 and ∂f/∂y = 6.")
    page.get_by_label("hold intermediate nodes fixed").uncheck()
    says(tab, "Done, in one pass: ∂f/∂x = 3 and ∂f/∂y = 9.")
    tab.until_filmed()

    # Click a node; click it again.
    before = hue(tab.pixels(".stage-picture"), 240, 228, 66)
    click_node(tab, "y")
    says(tab, "∂f/∂y = ∂f/∂f · ∂f/∂y|u + ∂f/∂u · ∂u/∂y = 1 · 6 + 3 · 1 = 6 + 3 = 9.")
    tab.until_kernel("view.settings['node'] == 'y'")
    tab.until_filmed()
    assert hue(tab.pixels(".stage-picture"), 240, 228, 66) > before + 100
    click_node(tab, "y")
    tab.until("!document.querySelector('[role=status]').innerText.includes('+ 3 = 9')")

    # Type another formula: sliders come and go.  A half-typed one says what is missing and changes nothing else.
    box = lab.get_by_label("formula", exact=True)
    height = page.locator(".stage-picture").bounding_box()["height"]
    box.fill("h = tanh(w*x + b); loss = (h*v - y)**2")
    tab.until("(sliders) => document.querySelectorAll(sliders).length === 5", SLIDERS)
    says(tab, "Done, in one pass: ∂loss/∂w")
    tab.until("(height) => document.querySelector('.stage-picture').clientHeight > height", height)
    tab.until_filmed()
    caption = page.locator(CAPTION).inner_text()
    box.fill("h = tanh(w*x + b); loss = (h*v - ")
    page.get_by_role("alert").filter(has_text="closed").wait_for()
    assert "never closed" in page.get_by_role("alert").inner_text()
    assert page.locator(CAPTION).inner_text() == caption and handles.count() == 5
    assert box.input_value() == "h = tanh(w*x + b); loss = (h*v - "

    # An example from the menu, the other modes, the table.
    page.get_by_text("More", exact=True).click()
    choose(page, "example", "Fig. 4: linear regression")
    says(tab, "Done, in one pass: ∂loss/∂w = −12")
    formula_is(tab, "y_hat = w*x + b; loss = (y_hat - y)**2")
    choose(page, "show", "the forward pass")
    says(tab, "loss = v7**2 = (−3)**2 = 9")
    choose(page, "show", "the structure")
    says(tab, "The output is loss.")
    page.get_by_label("hold intermediate nodes fixed").wait_for(state="hidden")
    choose(page, "explain node", "y_hat")
    says(tab, "y_hat = v3 + b: an operation on v3 and b.")
    page.get_by_text("The data as a table").click()
    page.get_by_role("cell", name="y_hat = v3 + b").wait_for()
    Figure(tab).calls("formula='y_hat = w*x + b; loss = (y_hat - y)**2'")


def test_play_goes_on_without_the_kernel(notebook):
    tab = notebook([SHOW])
    tab.until_filmed()
    tab.shut_down()
    tab.page.get_by_label("Speed").select_option("4")
    tab.page.get_by_role("button", name="Play").click()
    says(tab, "Done, in one pass: ∂f/∂x = 2 and ∂f/∂y = 7.")
