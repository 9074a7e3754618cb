"""A digit drawn by mouse in a real JupyterLab: the kernel has its lines, the caption says what the network reads."""

from .jupyter import Figure

CELL = "from textbook import labs; view = labs.draw_digit.show(); view"


def test_a_stroke_changes_caption_and_settings(notebook):
    lab = Figure(notebook([CELL]))
    lab.says("Unit 6", "The network says 7")
    before = lab.pixels()

    # a stroke from top to bottom: the paper was a digit of MNIST, and is now the reader's own
    lab.drag(lab.at(0, 14, 4), lab.at(0, 14, 24))
    lab.has("s['digit'] == 'own' and len(s['lines']) == 1 and len(s['lines'][0]) > 1 and not s['down']")
    lab.has("abs(s['lines'][0][0][1] - 4) < 0.5 and abs(s['lines'][0][-1][1] - 24) < 0.5")
    lab.has("all(abs(x - 14) < 0.5 for x, y in s['lines'][0])")
    lab.says("The network says 1")
    after = lab.pixels()
    assert before.shape == after.shape and (before != after).any()

    # a second stroke is a second line
    lab.drag(lab.at(0, 8, 24), lab.at(0, 20, 24))
    lab.has("len(s['lines']) == 2 and abs(s['lines'][1][-1][0] - 20) < 0.5")

    # keys on the frame axis: through the hidden units, without the kernel
    lab.press("Home")
    lab.says("Unit 0:")
    lab.press("ArrowRight", "ArrowRight")
    lab.says("Unit 2:")

    # a clean sheet
    lab.part("clear").click()
    lab.has("s['lines'] == () and s['digit'] == 'own'")


def test_an_8_is_asked_for_step_by_step(notebook):
    lab = Figure(notebook([CELL]))
    lab.says("The network says 7")
    lab.part("way").select_option(label="make it another digit")
    lab.says("share of 8 from below 0.1%", "an adversarial example")
    lab.has("s['way'] == 'change' and s['target'] == 8")
    lab.tab.until_filmed()
    read = lab.pixels()
    lab.press("Home")
    lab.says("Step 0, the image as it is: the network reads 7")
    assert (read != lab.pixels()).any()
    lab.press("ArrowRight")
    lab.says("Step 1: share of 8", "still reads 7")
    lab.press("End")
    lab.says("Step 32:")
    lab.part("target").select_option(label="a 3")
    lab.says("share of 3 from")

    # the pointer draws here too: what it has drawn is shown before it is changed
    lab.drag(lab.at(0, 14, 4), lab.at(0, 14, 24))
    lab.has("s['digit'] == 'own' and len(s['lines']) == 1 and not s['down'] and s['step'] == 0")
    lab.says("Step 0", "the network reads 1")
