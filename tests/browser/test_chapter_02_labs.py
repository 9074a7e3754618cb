"""The labs of chapter 2 in a real JupyterLab, in one notebook."""

CELLS = [
    "from textbook import labs; ordering = labs.topological_order.show(); ordering",
    "cost = labs.cost.show(operation='activation'); cost",
]


def output(tab, number):
    return tab.page.locator(".jp-Notebook .jp-OutputArea").nth(number)


def says(tab, number, words):
    tab.until("""([number, words]) => document.querySelectorAll('.jp-Notebook .jp-OutputArea')[number]
        ?.querySelector('[aria-live]')?.textContent.includes(words)""", [number, words])  # fmt: skip


def click_node(tab, node):
    said = tab.ask(f"""
        p = ordering.scene.picture
        print(*p.graph.transData.transform(p.places['{node}']), *p.figure.bbox.size)""".replace("\n        ", "\n"))
    x, y, width, height = map(float, said.split())
    canvas = output(tab, 0).locator("canvas[data-painted]")
    box = canvas.bounding_box()
    canvas.click(position={"x": x / width * box["width"], "y": (height - y) / height * box["height"]})


def test_controls_move_the_pictures(notebook):
    tab = notebook(CELLS)

    # topological order: pick by pointer, be refused, pick by keyboard, go back by slider, undo, another graph
    says(tab, 0, "Nothing is picked yet; 8 orders possible. Ready: a, b or d.")
    tab.until("document.querySelector('canvas[data-painted]')")
    click_node(tab, "c")
    says(tab, 0, "✗ Refused: c needs a and b, which have not been computed yet.")
    click_node(tab, "a")
    says(tab, 0, "a = 3. 3 of the 8 orders begin so.")
    buttons = output(tab, 0).locator(".widget-button")
    buttons.get_by_text("b", exact=True).focus()
    tab.page.keyboard.press("Enter")
    says(tab, 0, "b = 2. 2 of the 8 orders begin so.")
    click_node(tab, "c")
    says(tab, 0, "c = add(a, b) = 5.")
    tab.until_kernel("ordering.scene.stage._task is None")
    slider = output(tab, 0).locator("input[type=range]").first
    slider.focus()
    slider.press("Home")
    says(tab, 0, "Nothing is picked yet")
    tab.until_kernel("ordering.scene.settings['order'] == ()")
    click_node(tab, "d")
    says(tab, 0, "d = 4. 2 of the 8 orders begin so.")
    buttons.get_by_text("Undo").click()
    says(tab, 0, "Nothing is picked yet")
    output(tab, 0).locator("select").first.select_option(label="a cycle: u needs f, f needs u")
    says(tab, 0, "0 orders possible. Ready: x.")
    click_node(tab, "x")
    says(tab, 0, "There is no order: this is a cycle.")

    # cost: the size by keyboard, the operation by menu, the kernel, the clock by button
    output(tab, 1).scroll_into_view_if_needed()
    says(tab, 1, "n = 1,024: n = 1,024 operations")
    slider = output(tab, 1).locator("input[type=range]").first
    slider.focus()
    slider.press("ArrowRight")
    says(tab, 1, "n = 2,048: n = 2,048 operations")
    output(tab, 1).locator("select").first.select_option(label="k×k convolution")
    says(tab, 1, "n = 384, k = 3: 2k²n² = 2,654,208 operations")
    output(tab, 1).locator(".widget-hslider").filter(has_text="kernel").locator(".noUi-handle").focus()
    tab.page.keyboard.press("ArrowRight")
    says(tab, 1, "n = 384, k = 5: 2k²n² = 7,372,800 operations")
    output(tab, 1).get_by_role("button", name="Measure on this machine").click()
    says(tab, 1, "Fitted exponent")
    tab.until_kernel("len(cost.scene.data.seconds) == len(cost.scene.data.sizes)")
