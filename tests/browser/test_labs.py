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
    figure = Figure(notebook([shows("learning_rate.show(steps=20, theory=True)")]))
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
    figure.calls("start=(1.")


def test_gradient_flow_gain_and_remedies(notebook):
    figure = Figure(notebook([shows("gradient_flow.show(activation='relu', gain=1.0)")]))
    figure.says("Gain 1:", "a factor of 0.703 a layer")
    before = figure.pixels()
    figure.press("End")
    figure.says("Gain 8:")
    assert differ(figure.pixels(), before)
    figure.part("norm").select_option(label="batch normalisation")
    figure.says("Gain 8:", "predicted 6.8e+04")
    figure.part("residual").check()
    figure.says("predicted 87,")
    figure.calls("norm='batch', residual=True")


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
    figure.place.locator("[data-part=momentum]").wait_for(state="detached")

    # A formula of one's own; half typed, it leaves the picture as it was.
    figure.part("surface").select_option(label="your own f(x, y)")
    figure.part("formula").fill("(x - 1)**2 + 3*y**2")
    figure.has("s['formula'] == '(x - 1)**2 + 3*y**2'")
    figure.tab.until_filmed()
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


STATIC = """from textbook import plots, show
def drawn():
    fig, ax = plots.figure(5, 3)
    ax.axvspan(0, 1, color=plots.OKABE_ITO["blue"])
    ax.plot([2, 3], [0, 1], color=plots.INK, lw=9)
    return plots.picture(fig, "A blue band, and a black line.")
drawn()"""


def test_a_dark_theme_turns_static_pictures_over(notebook):
    tab = notebook([shows("stretch.show()"), STATIC, "show.folded(drawn(), 'Show it')"])
    Figure(tab).tab.until("document.querySelectorAll('.jp-OutputArea img').length === 2")
    tab.page.get_by_text("Show it", exact=True).click()
    places = (".jp-RenderedImage img", "details img")
    assert all(np.median(tab.pixels(place)) > 240 for place in places)
    tab.theme("JupyterLab Dark")
    for place in places:
        dark = tab.pixels(place)
        assert np.median(dark) < 60 and dark.min(axis=2).max() > 200  # dark paper, light ink
        assert (dark[..., 2] - dark[..., 0] > 100).mean() > 0.1  # the hue stays


def test_direction_and_stretch_by_menu_slider_and_pointer(notebook):
    tab = notebook([shows("direction.show()", "direction"), shows("stretch.show()", "stretch")],
                   viewport={"width": 1100, "height": 1500})  # fmt: skip
    direction, stretch = Figure(tab, 0, "direction"), Figure(tab, 1, "stretch")
    direction.says("direction 30°")
    before = direction.pixels()
    direction.press("Home")
    direction.says("direction 0°", "the partial derivative ∂f/∂x")
    direction.part("surface").select_option(label="Rosenbrock's banana")
    direction.has("s['surface'] == 'rosenbrock'")
    direction.tab.page.mouse.click(*direction.at(0, 0.5, 0.5))
    direction.has("max(abs(s['point'][0] - 0.5), abs(s['point'][1] - 0.5)) < 0.05")
    direction.says("direction 0°: the slope is -")
    assert differ(direction.pixels(), before)

    stretch.says("The arrow at 60°", "it is turned")
    before = stretch.pixels()
    stretch.part("b").press("Home")
    stretch.says("Eigenvalues -1.54 and 4.54")
    assert differ(stretch.pixels(), before)
    stretch.press("Home")
    stretch.says("The arrow at 0°")


def click_node(figure: Figure, plan: str, node: str) -> None:
    x, y = map(float, figure.tab.ask(f"print(*{plan}.places['{node}'])").split())
    figure.tab.page.mouse.click(*figure.at(0, x, y))


def test_topological_order_by_pointer_keyboard_and_slider(notebook):
    figure = Figure(notebook([shows("topological_order.show()")]))
    plan = "__import__('textbook.labs.topological_order', fromlist=['plan_of']).plan_of(view.settings['graph'])"
    figure.says("Nothing is picked yet; 8 orders possible. Ready: a, b or d.")
    click_node(figure, plan, "c")
    figure.says("✗ Refused: c needs a and b, which have not been computed yet.")
    click_node(figure, plan, "a")
    figure.says("a = 3. 3 of the 8 orders begin so.")
    figure.part("order.b").press("Enter")
    figure.says("b = 2. 2 of the 8 orders begin so.")
    click_node(figure, plan, "c")
    figure.says("c = a + b = 5.")
    figure.press("Home")
    figure.says("Nothing is picked yet")
    figure.has("s['picked'] == 0")
    click_node(figure, plan, "d")
    figure.says("d = 4. 2 of the 8 orders begin so.")
    figure.part("undo").click()
    figure.says("Nothing is picked yet")
    figure.part("graph").select_option(label="a cycle: u needs f, f needs u")
    figure.says("0 orders possible. Ready: x.")
    click_node(figure, plan, "x")
    figure.says("There is no order: this is a cycle.")


def test_cost_is_counted_then_measured(notebook):
    figure = Figure(notebook([shows("cost.show(operation='activation', n=1024)")]))
    figure.says("n = 1,024: n = 1,024 operations")
    figure.press("ArrowRight")
    figure.says("n = 2,048: n = 2,048 operations")
    figure.part("operation").select_option(label="k×k convolution")
    figure.says("n = 192, k = 3: 2k²n² = 663,552 operations")
    figure.part("k").press("ArrowRight")
    figure.says("k = 5")
    figure.part("measure").click()
    figure.says("Fitted exponent")
    figure.tab.until_kernel("len(view.data.seconds) == len(view.data.sizes)")


def test_paths_and_broken_backprop(notebook):
    cells = [shows("paths.show(stages=3, work=0)", "paths"), shows("broken_backprop.show()", "broken")]
    tab = notebook(cells, viewport={"width": 1100, "height": 1800})
    paths, broken = Figure(tab, 0, "paths"), Figure(tab, 1, "broken")
    paths.says("Path 1 of 8: 2 · 2 · 2 = 8")
    paths.press("End")
    paths.says("sum so far 125")
    paths.part("way").select_option(label="backwards, edge by edge")
    paths.says("of 12, to")
    paths.press("End")
    paths.says("∂f/∂x = 125")
    paths.part("stages").press("ArrowRight")
    paths.says("of 16")

    broken.says("sends")
    assert "Wrong" not in broken.caption, "the end answers the question"
    broken.press("End")
    broken.says("Wrong: x, y, u")
    broken.part("formula").fill("(x + y)*")
    tab.page.get_by_role("alert").filter(has_text="something is missing").wait_for()
    broken.part("formula").fill("(x + y)*z")
    broken.has("s['formula'] == '(x + y)*z'")
    broken.press("End")
    broken.says("Every gradient is right")
    broken.part("sabotage").select_option(label="backward twice")
    broken.has("s['sabotage'] == 'twice'")
    broken.press("End")
    broken.says("Pass 2", "Wrong:")


def test_finite_differences_by_mouse_and_menu(notebook):
    figure = Figure(notebook([shows("finite_difference.show()")]))
    box = figure.place.locator(".stage input[type=range]").bounding_box()
    figure.press("End")
    figure.says("truncation is higher")
    figure.tab.page.mouse.click(box["x"] + 0.3 * box["width"], box["y"] + box["height"] / 2)
    figure.says("rounding is higher")


def test_anatomy_steps_and_bias_correction(notebook):
    figure = Figure(notebook([shows("anatomy.show()")]))
    figure.says("Adam, step 3.", "steady, large −1, steady, small −1")
    corrected = figure.pixels()
    figure.part("correct_bias").uncheck()
    figure.says("Adam, step 3.", "steady, large −4.95")
    assert differ(figure.pixels(), corrected)
    figure.press("Home")
    figure.says("step 1.", "steady, large −3.16")
    figure.part("rule").select_option(label="gradient descent")
    figure.says("gradient descent, step 1.", "steady, large −4, steady, small −0.04")
    figure.tab.until("!document.querySelector('[data-part=beta1]')")


def test_a_race_on_digits_starts_pauses_and_ends(notebook):
    figure = Figure(notebook([shows("mnist_race.show(hidden='16', seeds=2, batch=8)")]))  # long enough to be paused
    figure.says("After step 0 of")
    before = figure.pixels()
    go = figure.part("start")
    go.click()
    state = figure.place.locator("[data-part=state]")
    state.filter(has_text="Racing · step").wait_for()
    go.filter(has_text="Pause").click()
    state.filter(has_text="Paused · step").wait_for()
    assert differ(figure.pixels(), before)
    figure.part("epochs").press("Home")
    state.filter(has_text="epochs: from the next Reset").wait_for()
    figure.unfold()
    figure.part("batch").select_option(label="512")
    figure.part("reset").click()
    figure.says("After step 0 of 14")
    go.click()
    state.filter(has_text="Finished · step 14 of 14, 10 networks").wait_for()
    figure.says("After step 14 of 14", "muon 0.")


def test_second_order_surface_start_and_steps(notebook):
    figure = Figure(notebook([shows("second_order.show(methods=('newton', 'damped_newton'))")]))
    figure.says("Step 5 of 22.")
    before = figure.pixels()
    figure.press("End")  # in the browser alone
    figure.says("Step 22 of 22.", "at a minimum since step 6", "at a minimum since step 22")
    assert differ(figure.pixels(), before)
    figure.part("surface").select_option(label="Saddle: no minimum")
    figure.says("Step 2 of 2.", "on a saddle since step 1", "down without end")
    figure.drag(figure.at(0, 1.5, 0.01), figure.at(0, 1.0, 1.0))
    figure.has("s['start'] is not None and abs(s['start'][0] - 1) < 0.05")
    figure.calls("surface='saddle'", "start=(")


def test_sharpness_rates_and_losses(notebook):
    figure = Figure(notebook([shows("sharpness.show()")]))
    figure.says("α = 1.59", "1.20 times 2/α")
    before = figure.pixels()
    figure.press("Home")
    figure.says("α = 0.4,", "never above it", "rose at 0 of 300 steps")
    assert differ(figure.pixels(), before)
    figure.part("loss").select_option(label="cross-entropy")
    figure.says("α = 0.398", "fell from 2.3")
    figure.press("End")
    figure.says("α = 1,", "so a quadratic would allow 2/α = 2.")


def test_torch_graph_and_memory(notebook):
    cells = [shows("torch_graph.show()", "both"), shows("memory.show(parts=4)", "memory")]
    tab = notebook(cells, viewport={"width": 1280, "height": 1900})
    both, memory = Figure(tab, 0, "both"), Figure(tab, 1, "memory")
    both.says("All 4 are matched; the largest difference is 0.")
    before = both.pixels()
    both.press("Home")
    both.says("4 nodes of ours that a gradient reaches, 4 nodes of PyTorch's")
    assert differ(both.pixels(), before)
    both.part("program").select_option(label="a layer and a loss")
    both.says("5 nodes of ours")
    tab.until("document.querySelector('.stage input[type=range]').max === '5'")  # the film is there
    both.press("End")
    both.says("w1, a leaf. PyTorch: TBackward0 and AccumulateGrad", "All 5 are matched")
    memory.says("Operation", "with everything kept", "48 operations are done twice")
    before = memory.pixels()
    memory.part("parts").press("Home")  # asks the kernel
    memory.says("No operation is done twice")
    assert differ(memory.pixels(), before)
    memory.press("Home")
    memory.says("Operation 1 of 96, forwards: 1 result in memory")


def test_data_parallel_ring_and_pipeline(notebook):
    figure = Figure(notebook([shows("data_parallel.show()")]))
    figure.says("Message 3 of 6", "one whole sum of all 4")
    before = figure.pixels()
    figure.press("End")
    figure.says("are the whole batch's gradient, to rounding")
    assert differ(figure.pixels(), before)
    figure.part("processes").press("ArrowRight")
    figure.says("of 8")
    figure.part("shown").select_option(label="a pipeline of layers")
    figure.says("Of all the stages' time 50% is waiting")
    figure.part("micro_batches").press("ArrowRight")
    figure.says("time 44% is waiting", "4/9")
    figure.part("order").select_option(label="one forward, one backward")
    figure.calls("shown='pipeline'", "order='one forward, one backward'")
