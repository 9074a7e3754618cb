"""The optimizer race in JupyterLab: every control, by mouse and by keyboard."""

import re

import numpy as np

CELL = "from textbook import labs; view = labs.optimizer_race.show(); view"
PICTURE, CAPTION = ".stage-picture", ".stage-caption [role=status]"


def until_caption(tab, words: str) -> None:
    tab.until("([selector, words]) => document.querySelector(selector)?.textContent.includes(words)", [CAPTION, words])


def focus_slider(tab, name: str) -> None:
    tab.page.locator(".widget-hslider").filter(has_text=name).locator(".noUi-handle").focus()


def test_controls_move_the_race(notebook):
    tab = notebook([CELL])
    until_caption(tab, "Step 200 of 200.")
    frames = tab.page.locator(".jp-OutputArea input[type=range]")
    whole = tab.pixels(PICTURE)

    # The frame axis, by keyboard and by button: in the browser alone.
    frames.press("Home")
    until_caption(tab, "Step 0 of 200.")
    assert (np.abs(tab.pixels(PICTURE) - whole) > 60).any(axis=-1).sum() > 300
    tab.page.get_by_role("button", name="Next frame").click()
    until_caption(tab, "Step 1 of 200.")

    # The other frame axis.
    menu = tab.page.locator(".widget-dropdown select")
    menu.nth(1).select_option(label="by learning rate")
    until_caption(tab, "All learning rates × 1,")
    frames.press("End")
    until_caption(tab, "All learning rates × 10,")
    until_caption(tab, "diverged at step")
    menu.nth(1).select_option(label="step by step")
    until_caption(tab, "Step 200 of 200.")

    # Which rules; their hyperparameters come and go.
    momentum = tab.page.locator(".widget-hslider").filter(has_text=re.compile("^momentum"))
    assert momentum.is_visible()
    tab.page.locator("select[multiple]").select_option(["gd", "adagrad"])
    until_caption(tab, "adagrad, α = ")
    assert "momentum" not in tab.page.locator(CAPTION).inner_text() and not momentum.is_visible()
    menu.nth(2).select_option(label="set by hand")
    until_caption(tab, "gd, α = 0.01:")
    focus_slider(tab, "α of gd")
    tab.page.keyboard.press("ArrowRight")
    until_caption(tab, "gd, α = 0.0112:")

    # Another surface.
    menu.nth(0).select_option(label="Ravine, κ = 20")
    tab.until_kernel("view.scene.data.surface.name == 'ravine'")
    until_caption(tab, "gd, α = 0.0112: loss 0.0")


def kernel_pair(tab, expression: str) -> tuple[float, float]:
    first, second = tab.ask(f"print(*{expression})").split()
    return float(first), float(second)


def test_the_start_is_dragged_and_set_by_keys(notebook):
    tab = notebook([CELL])
    until_caption(tab, "Step 200 of 200.")
    box = tab.page.locator(PICTURE).bounding_box()
    x, y = box["x"] + 0.2 * box["width"], box["y"] + 0.3 * box["height"]
    before = tab.pixels(PICTURE)
    tab.page.mouse.move(x, y)
    tab.page.mouse.down()
    tab.page.mouse.move(x + 60, y + 80, steps=6)
    # While the button is down, the paths follow already.
    tab.until_kernel("view.scene.settings['start'] is not None and view.scene.stage._point[3] is False")
    tab.page.mouse.up()
    tab.until_kernel("view.scene.stage._point[3] and view.scene.settings['start'] is not None")
    start = kernel_pair(tab, "view.scene.settings['start']")
    assert -2 < start[0] < 0 and 0 < start[1] < 3
    assert tab.ask("print(view.scene.picture.begin.get_xydata()[0].tolist())").strip() == str(list(start))
    assert (np.abs(tab.pixels(PICTURE) - before) > 60).any(axis=-1).sum() > 300
    tab.until("document.querySelector('.jp-OutputArea code').textContent.includes('start=(-')")

    tab.page.locator(".stage-picture canvas").nth(1).press("ArrowRight")
    tab.until_kernel(f"abs(view.scene.settings['start'][0] - {start[0]} - 0.04) < 1e-3")
    tab.until_kernel("view.scene.stage._task is None")  # the whole film has followed
    frames = tab.page.locator(".jp-OutputArea input[type=range]")
    frames.press("Home")
    until_caption(tab, "Step 0 of 200.")


def test_a_formula_of_one_s_own(notebook):
    tab = notebook([CELL])
    until_caption(tab, "Step 200 of 200.")
    field = tab.page.locator(".widget-text input[type=text]")
    field.fill("(x - 1)**2 + 3*y**2")
    tab.until_kernel("view.scene.data.surface.name == 'own'")
    tab.until("document.querySelector('.widget-dropdown select').selectedOptions[0].textContent.startsWith('your')")
    before = tab.pixels(PICTURE)
    field.fill("(x - 1)**2 + 3*z")
    alert = tab.page.locator(".jp-OutputArea [role=alert]")
    alert.wait_for()
    assert "z has no value here" in alert.inner_text()
    assert field.input_value() == "(x - 1)**2 + 3*z"
    assert (tab.pixels(PICTURE) == before).all()
    field.fill("(x - 1)**2 + 3*y**4")
    alert.wait_for(state="detached")
    tab.until_kernel("view.scene.data.surface.title == '(x - 1)**2 + 3*y**4'")
