"""The linear-regression lab in a real JupyterLab."""

CELL = "from textbook import labs; view = labs.linear_regression.show(); view"
CAPTION = "(document.querySelector('.jp-OutputArea [aria-live]')?.textContent ?? '')"


def test_line_bowl_and_numbers_move_together(notebook):
    tab = notebook([CELL])
    tab.until(f"{CAPTION}.includes('step 0: w = 1, b = 0, ŷ = 2, L = 9')")
    before = tab.pixels(".jp-OutputArea canvas")

    # the frame axis, by keyboard: the source's one step
    slider = tab.page.locator(".jp-OutputArea input[type=range]").first
    slider.focus()
    slider.press("ArrowRight")
    tab.until(f"{CAPTION}.includes('step 1: w = 2.2, b = 0.6, ŷ = 5, L = 0')")
    assert (tab.pixels(".jp-OutputArea canvas") != before).any()

    # the learning rate, by keyboard
    handle = tab.page.locator(".widget-hslider").filter(has_text="α").locator(".noUi-handle")
    handle.focus()
    tab.page.keyboard.press("ArrowRight")
    tab.until(f"{CAPTION}.includes('α = 0.101')")
    tab.until_kernel("view.scene.settings['lr'] == 0.101")

    # the start, dragged in the bowl; then the data point, dragged by mouse
    canvas = tab.page.locator(".jp-OutputArea canvas").first
    box = canvas.bounding_box()

    def place(axes, x, y):
        """Where a point of some axes is on the page."""
        u, v = map(float, tab.ask(f"""
p = view.scene.picture
print(*(p.{axes}.transData.transform(({x}, {y})) / p.figure.bbox.size))""").split())
        return box["x"] + u * box["width"], box["y"] + (1 - v) * box["height"]

    def drag(begin, end):
        tab.page.mouse.move(*begin)
        tab.page.mouse.down()
        tab.page.mouse.move(*end, steps=4)
        tab.page.mouse.up()

    drag(place("bowl", 1, 0), place("bowl", 3, 2))
    tab.until_kernel("view.scene.settings['start'] is not None and view.scene.settings['start'][0] > 2.9")
    drag(place("data_axes", 2, 5), place("data_axes", 4, 1))
    tab.until_kernel("view.scene.settings['points'] is not None and view.scene.settings['held'] is None")
    tab.until_kernel("abs(view.scene.settings['points'][0][0] - 4) < 0.1")
    tab.until(f"{CAPTION}.includes('curvatures λ = 3')")  # 2·(4² + 1) = 34, about

    # other points
    tab.page.locator(".widget-dropdown select").select_option(label="20 noisy points")
    tab.until(f"{CAPTION}.includes('κ = 2.4')")
    tab.until(f"!{CAPTION}.includes('ŷ')")
