"""The architectures in a real JupyterLab: frames without the kernel, another net with it."""

from .jupyter import Figure

CELL = "from textbook import labs; view = labs.architectures.show(steps=2); view"


def test_forward_back_and_another_architecture(notebook):
    lab = Figure(notebook([CELL]))
    lab.says("message 2 of 2 to W")
    lab.tab.until_filmed()
    lab.press("Home")
    lab.says("W 2 times")
    begin = lab.pixels()
    lab.press("ArrowRight")
    lab.says("Forward. xW1 = x1 @ W: 2×4 and 4×4 → 2×4.")
    assert (begin != lab.pixels()).any()
    lab.part("net").select_option(label="convolutional")
    lab.has("s['net'] == 'cnn'")
    lab.tab.until_filmed()
    lab.press("End")
    lab.says("Done, in one pass.", "w1 from 1")
    lab.part("net").select_option(label="a block of attention")
    lab.tab.until_filmed()
    lab.part("tokens").fill("7")
    lab.has("s['tokens'] == 7")
    lab.press("Home")
    lab.says("x 4 times")
