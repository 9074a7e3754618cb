"""The labs of chapter 4 in a real JupyterLab: convergence and batch_size, in one notebook."""

import pytest

CELLS = [
    "from textbook import labs; valley = labs.convergence.show(kappa=100, steps=40); valley",
    "batches = labs.batch_size.show(size=4); batches",
]


class Figure:
    """The output of one cell."""

    def __init__(self, tab, number):
        self.tab, self.number = tab, number
        self.place = tab.page.locator(".jp-OutputArea").nth(number)

    def says(self, *words):
        """Wait until the caption holds all of these words."""
        self.tab.until("""([number, words]) => {
            const output = document.querySelectorAll(".jp-OutputArea")[number];
            const caption = output?.querySelector("[aria-live]")?.textContent ?? "";
            return words.every((word) => caption.includes(word));
        }""", [self.number, list(words)])  # fmt: skip

    def press(self, key):
        slider = self.place.locator("input[type=range]").first
        slider.focus()
        slider.press(key)

    def push(self, label, key):
        """Move a kernel slider by keyboard."""
        self.place.locator(".widget-hslider").filter(has_text=label).locator(".noUi-handle").focus()
        self.tab.page.keyboard.press(key)

    def drag_the_start(self):
        canvas = self.place.locator("canvas").first
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        x, y = box["x"] + 0.2 * box["width"], box["y"] + 0.3 * box["height"]
        self.tab.page.mouse.move(x, y)
        self.tab.page.mouse.down()
        self.tab.page.mouse.move(x + 40, y + 30, steps=4)
        self.tab.page.mouse.up()


@pytest.fixture
def tab(notebook):
    return notebook(CELLS, viewport={"width": 1100, "height": 1500})


def test_the_controls_move_the_pictures(tab):
    convergence, batches = Figure(tab, 0), Figure(tab, 1)
    convergence.says("After 40 steps")
    batches.says("Batch size 4, mini-batch: 96 steps for 384 examples seen")

    # the frame axes, by keyboard: all in the browser
    before = tab.pixels(".jp-OutputArea canvas")
    convergence.press("End")
    convergence.says("κ = 1000", "theory 0.9980")
    assert (tab.pixels(".jp-OutputArea canvas") != before).any()
    convergence.press("Home")
    convergence.says("κ = 2.", "theory 0.3333")
    batches.press("Home")
    batches.says("Batch size 1, stochastic: 384 steps")
    batches.press("End")
    batches.says("Batch size 128, full batch: 3 steps")

    # the other controls ask the kernel
    convergence.push("steps", "ArrowRight")
    convergence.says("κ = 2.", "After 41 steps")
    convergence.place.locator(".widget-dropdown select").select_option(label="flatter far from 0")
    tab.until_kernel("valley.scene.settings['function'] == 'soft'")
    batches.push("epochs", "ArrowLeft")
    batches.says("Batch size 128, full batch: 2 steps")
    batches.press("Home")
    batches.push("learning rate", "End")
    batches.says("Batch size 1, stochastic", "diverged at step")
    batches.push("learning rate", "Home")
    batches.says("the loss ends")

    # the start, dragged
    convergence.drag_the_start()
    tab.until_kernel("valley.scene.settings['start'] != (-2.5, 0.25)")
    convergence.says("κ = 2.", "After 41 steps")
    batches.drag_the_start()
    tab.until_kernel("batches.scene.settings['start'] != (0.0, -1.0)")
    batches.says("Batch size 1, stochastic: 256 steps")
