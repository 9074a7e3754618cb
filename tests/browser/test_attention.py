"""The lab of attention in a real JupyterLab: a click chooses the query, a name is typed, heads are changed."""

from .jupyter import Figure

CELL = "from textbook import labs; view = labs.attention.show(); view"


def test_a_name_is_typed_and_its_places_are_chosen(notebook):
    lab = Figure(notebook([CELL]))
    lab.says("Place 6, t: this head listens most to s, place 5")

    # a click on a row of the map makes it the query; keys go on from there, without the kernel
    lab.drag(lab.at(0, 1, 3), lab.at(0, 1, 3))
    lab.has("s['place'] == 3")
    lab.says("Place 3, r:")
    lab.press("ArrowRight", "ArrowRight")
    lab.says("Place 5, s:")

    # another head, another name
    before = lab.pixels()
    lab.part("head").select_option(label="second")
    lab.has("s['head'] == 1")
    lab.says("Place 5, s:", "itself")
    lab.tab.until_filmed()
    assert (lab.pixels() != before).any()
    lab.part("name").fill("Anna")
    lab.says("Place 4, a:")  # the name is shorter, so its last place
    lab.calls("name='Anna'", "head=1")

    # what is no name is refused in words, and changes nothing else
    caption = lab.caption
    lab.part("name").fill("Anna!")
    lab.place.locator("[role=alert]").filter(has_text="no name of at most 11 letters").wait_for()
    assert lab.caption == caption
