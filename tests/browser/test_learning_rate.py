"""The learning-rate lab in a real JupyterLab."""

CELL = "from textbook import labs; view = labs.learning_rate.show(steps=20); view"
CAPTION = "(document.querySelector('.jp-OutputArea [aria-live]')?.textContent ?? '')"


def test_controls_move_the_picture(notebook):
    tab = notebook([CELL])
    tab.until(f"{CAPTION}.includes('α = 0.0248')")
    before = tab.pixels(".jp-OutputArea canvas")

    # the frame axis, by keyboard: all in the browser
    slider = tab.page.locator(".jp-OutputArea input[type=range]").first
    slider.focus()
    slider.press("End")
    tab.until(f"{CAPTION}.includes('diverging')")
    assert (tab.pixels(".jp-OutputArea canvas") != before).any()
    slider.press("Home")
    tab.until(f"{CAPTION}.includes('too small')")

    # a kernel control, by keyboard
    tab.page.locator(".widget-hslider").filter(has_text="curvature").locator(".noUi-handle").focus()
    tab.page.keyboard.press("ArrowRight")
    tab.until(f"{CAPTION}.includes('λ = 4.5')")
    tab.until_kernel("view.scene.settings['curvature'] == 4.5")

    # another surface, two-dimensional; then the start, dragged
    tab.page.locator(".widget-dropdown select").select_option(label="Ravine, κ = 20")
    tab.until(f"{CAPTION}.includes('λ = 20')")
    box = tab.page.locator(".jp-OutputArea canvas").first.bounding_box()
    x, y = box["x"] + 0.2 * box["width"], box["y"] + 0.3 * box["height"]
    tab.page.mouse.move(x, y)
    tab.page.mouse.down()
    tab.page.mouse.move(x + 40, y + 30, steps=5)
    tab.page.mouse.up()
    tab.until_kernel("view.scene.settings['start'] is not None and len(view.scene.settings['start']) == 2")
    tab.until(f"{CAPTION}.includes('λ = 20')")
