"""The labs of chapter 3 in a real JupyterLab, in one notebook."""

CELLS = [
    "from textbook import labs; paths = labs.paths.show(stages=3); paths",
    "differences = labs.finite_difference.show(); differences",
    "broken = labs.broken_backprop.show(); broken",
]


def output(tab, number):
    return tab.page.locator(".jp-Notebook .jp-CodeCell").nth(number)


def says(tab, number, words):
    tab.until("""([number, words]) => document.querySelectorAll('.jp-Notebook .jp-CodeCell')[number]
        ?.querySelector('[role=status]')?.textContent.includes(words)""", [number, words])  # fmt: skip


def test_controls_move_the_pictures(notebook):
    tab = notebook(CELLS, viewport={"width": 1100, "height": 2600})

    # paths: the frame axis by keyboard, the way by menu, the stages by keyboard
    says(tab, 0, "Path 1 of 8: 2 · 2 · 2 = 8")
    slider = output(tab, 0).locator("input[type=range]").first
    slider.focus()
    slider.press("End")
    says(tab, 0, "sum so far 125")
    output(tab, 0).locator("select").first.select_option(label="backwards, edge by edge")
    says(tab, 0, "of 12, to")
    tab.until_kernel("paths.scene.stage._task is None")
    slider.press("End")
    says(tab, 0, "∂f/∂x = 125")
    output(tab, 0).locator(".widget-hslider").filter(has_text="stages").locator(".noUi-handle").focus()
    tab.page.keyboard.press("ArrowRight")
    says(tab, 0, "of 16")

    # finite differences: h by mouse, then float32 by menu
    output(tab, 1).scroll_into_view_if_needed()
    says(tab, 1, "truncation is higher")
    box = output(tab, 1).locator("input[type=range]").first.bounding_box()
    tab.page.mouse.click(box["x"] + 0.3 * box["width"], box["y"] + box["height"] / 2)
    says(tab, 1, "rounding is higher")
    output(tab, 1).locator("select").nth(2).select_option(label="float32")
    says(tab, 1, "x + h is rounded to x")

    # broken backprop: the sabotage by menu, the formula by keyboard, a mistake in it
    output(tab, 2).scroll_into_view_if_needed()
    says(tab, 2, "Wrong: x, y, u")
    field = output(tab, 2).locator(".widget-text input")
    field.fill("(x + y)*")
    field.press("Enter")
    tab.until("document.querySelector('[role=alert]')?.textContent.includes('⚠')")
    field.fill("(x + y)*z")
    field.press("Enter")
    says(tab, 2, "Every gradient is right")
    output(tab, 2).locator("select").first.select_option(label="backward twice")
    says(tab, 2, "Pass 2")
    tab.until_kernel("broken.scene.settings['sabotage'] == 'twice' and broken.scene.stage._task is None")
    output(tab, 2).locator("input[type=range]").first.press("End")
    says(tab, 2, "Wrong:")
