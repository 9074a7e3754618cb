"""Labs in a real JupyterLab: sliders, menus, fields and the pointer move the picture."""

import numpy as np

from .jupyter import Figure

START = "from textbook import labs"


def shows(lab: str, name: str = "view") -> str:
    return f"{START}; {name} = labs.{lab}; {name}"


def differ(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two pictures differ in more than a few pixels."""
    return (np.abs(a - b) > 60).any(axis=-1).sum() > 200


def test_learning_rate_sliders_menu_and_start(notebook):
    figure = Figure(notebook([shows("learning_rate.show(steps=20)")]))
    figure.says("α = 0.44", "oscillating")
    before = figure.pixels()
    figure.press("End")  # in the browser alone
    figure.says("diverging")
    assert differ(figure.pixels(), before)
    figure.press("Home")
    figure.says("too small")
    figure.part("curvature").press("ArrowRight")  # asks the kernel
    figure.says("λ = 4.5")
    figure.part("surface").select_option(label="Ravine, κ = 20")
    figure.says("λ = 20")
    figure.tab.until("!document.querySelector('[data-part=curvature]')")  # of no effect here
    figure.drag(figure.at(0, -1, 1), figure.at(0, 1.5, 2))
    figure.has("s['start'] is not None and abs(s['start'][0] - 1.5) < 0.05")
    assert "start=(1." in figure.call


def test_two_labs_in_one_notebook(notebook):
    cells = [shows("convergence.show(kappa=100, steps=40)", "valley"), shows("batch_size.show(size=4)", "batches")]
    tab = notebook(cells, viewport={"width": 1100, "height": 1500})
    valley, batches = Figure(tab, 0, "valley"), Figure(tab, 1, "batches")
    valley.says("κ = 100. After 40 steps")
    batches.says("Batch size 4, mini-batch: 96 steps for 384 examples seen")
    valley.press("End")
    valley.says("κ = 1000", "theory 0.9980")
    batches.press("End")
    batches.says("Batch size 128, full batch: 3 steps")
    valley.part("steps").press("ArrowRight")
    valley.says("κ = 1000", "After 41 steps")
    batches.part("epochs").press("ArrowLeft")
    batches.says("Batch size 128, full batch: 2 steps")
    batches.press("Home")
    batches.part("lr").press("End")
    batches.says("Batch size 1, stochastic", "diverged at step")


def test_linear_regression_points_start_and_button(notebook):
    figure = Figure(notebook([shows("linear_regression.show(step=0)")]))
    figure.says("step 0: w = 1, b = 0, ŷ = 2, L = 9")
    figure.press("ArrowRight")
    figure.says("step 1: w = 2.2, b = 0.6, ŷ = 5, L = 0")
    figure.drag(figure.at(1, 1, 0), figure.at(1, 3, 2))
    figure.has("s['start'] is not None and s['start'][0] > 2.9")
    figure.drag(figure.at(0, 2, 5), figure.at(0, 4, 1))
    figure.has("s['held'] is None and s['points'] is not None and abs(s['points'][0][0] - 4) < 0.1")
    figure.says("curvatures λ = 3")  # 2·(4² + 1) = 34, about
    figure.part("lift").click()
    figure.has("abs(s['points'][0][1] - 2) < 0.1")
    figure.part("preset").select_option(label="20 noisy points")
    figure.says("κ = 2.4")


def test_race_rules_rates_and_formula(notebook):
    figure = Figure(notebook([shows("optimizer_race.show()")]))
    figure.says("Step 200 of 200.")
    whole = figure.pixels()
    figure.press("Home")
    figure.says("Step 0 of 200.")
    assert differ(figure.pixels(), whole)
    figure.part("frames").select_option(label="by learning rate")
    figure.says("All learning rates × 1,")
    figure.press("End")
    figure.says("All learning rates × 10,", "diverged at step")
    figure.part("frames").select_option(label="step by step")
    figure.says("Step 200 of 200.")
    rules = figure.place.locator("[data-part=rules]")
    for rule in ("momentum", "rmsprop", "adam"):
        rules.get_by_label(rule, exact=True).uncheck()
    figure.has("s['rules'] == ('gd',)")
    figure.unfold()
    figure.part("rates").select_option(label="set by hand")
    figure.says("gd, α = 0.01:")
    figure.part("lr_gd").press("ArrowRight")
    figure.says("gd, α = 0.0112:")
    assert figure.place.locator("[data-part=momentum]").count() == 0

    # A formula of one's own; half typed, it leaves the picture as it was.
    figure.part("surface").select_option(label="your own f(x, y)")
    figure.part("formula").fill("(x - 1)**2 + 3*y**2")
    figure.has("s['formula'] == '(x - 1)**2 + 3*y**2'")
    figure.tab.until_kernel("view.stage._task is None")
    before = figure.pixels()
    figure.part("formula").fill("(x - 1)**2 + 3*z")
    alert = figure.place.locator("[role=alert]")
    alert.filter(has_text="z has no value here").wait_for()
    assert figure.part("formula").input_value() == "(x - 1)**2 + 3*z"
    figure.part("formula").fill("(x - 1)**2 + 3*y**2")
    alert.wait_for(state="hidden")
    assert not differ(figure.pixels(), before)


def test_stability_map_cells_and_maps(notebook):
    figure = Figure(notebook([shows("stability_map.show()")]))
    figure.says("α = 1.01, momentum = 0.80: oscillates and converges")
    figure.press("End")
    figure.says("α = 4.4, momentum = 0.80: diverges; stopped at step")
    figure.tab.page.mouse.click(*figure.at(0, 3.5, 0.3))
    figure.says("momentum = 0.30: diverges; stopped at step")
    figure.tab.until("document.querySelector('[data-part=beta] input').value === '0.3'")
    figure.part("beta").press("ArrowLeft")
    figure.says("momentum = 0.29: diverges")
    figure.part("method").select_option(label="Adam, learning rate × beta1")
    figure.says("The lowest of this row is")


def test_a_dark_theme_makes_a_dark_picture_and_wide_cells_wide_ones(notebook):
    tab = notebook([shows("direction.show()")], viewport={"width": 1280, "height": 900})
    figure = Figure(tab)
    figure.says("direction 30°")
    light = figure.pixels()
    assert light.shape[1] >= 960 and np.median(light) > 240
    blue = (light[..., 2] - light[..., 0] > 120).sum()
    tab.theme("JupyterLab Dark")
    dark = figure.pixels()
    assert np.median(dark) < 60 and dark.max() > 220  # dark paper, light ink
    assert (dark[..., 2] - dark[..., 0] > 120).sum() > 0.5 * blue > 0  # the hue stays
    tab.theme("JupyterLab Light")
    assert not differ(figure.pixels(), light)
