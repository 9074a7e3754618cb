"""What every lab promises, over all of them: whatever it is asked, it draws it or says what is wrong."""

import io
import math

import numpy as np
import pytest
from matplotlib.lines import Line2D
from PIL import Image

from textbook import labs
from textbook.lab import Button, Choice, Control, Lab, Numbers, Several, Slider, Status, Text, Toggle

LABS = labs.LABS
STRANGE = ["zzz", "", b"x", [], {}, (), (1, 2, "a"), object(), math.nan, math.inf, -1e300, 1e300]
BRIEF = {"steps": 3, "hidden": "8"}
QUICK = {"mnist_training": BRIEF, "mnist_race": BRIEF}  # where a run would take seconds
every_lab = pytest.mark.parametrize("lab", LABS.values(), ids=LABS)


def extremes(control: Control) -> list:
    """Values at the edges of what a control takes."""
    if isinstance(control, Slider):
        return [control.low, control.high]
    if isinstance(control, Several):
        return [tuple(control.options), *((option,) for option in control.options)]
    if isinstance(control, Choice):
        return list(control.options)
    if isinstance(control, Toggle):
        return [False, True]
    if isinstance(control, Numbers):
        return [(0.0, 0.0), (1e3, -1e3)]
    return []


def states(lab: Lab) -> list[dict]:
    """Every control at every edge alone, and all of them at their first and at their last."""
    edges = {name: found for name, control in lab.controls.items() if (found := extremes(control))}
    together = [{name: found[end] for name, found in edges.items()} for end in (0, -1)]
    found = [{}, *({name: value} for name, found in edges.items() for value in found), *together]
    return [QUICK.get(lab.name, {}) | state for state in found]


def cut_off(figure) -> list[str]:
    """Titles, axis labels and numbers that the edge of the picture cuts."""
    renderer, (width, height) = figure._get_renderer(), figure.bbox.size
    parts = [(part, box) for ax in figure.axes if ax.get_visible() for part in (ax.title, ax.xaxis, ax.yaxis)
             if part.get_visible() and (box := part.get_tightbbox(renderer)) is not None and ax.axison]
    return [f"{part}: {box}" for part, box in parts
            if min(box.x0, box.y0) < -2 or box.x1 > width + 2 or box.y1 > height + 2]  # fmt: skip


@every_lab
def test_every_edge_is_drawn_or_refused(lab):
    scene = None
    for state in states(lab):
        try:
            settings = lab.settings(**state)
            data = lab.data(settings)
        except ValueError as error:
            assert any(name in str(error) for name in state), error
            continue
        if scene is None:
            scene = lab.scene(**state)
        scene.change(settings)
        assert cut_off(scene.figure) == [], state
        frames = 1 if (axis := lab.axis(settings)) is None else len(axis.of(data))
        for k in range(frames) if not state else sorted({0, 1 % frames, frames // 2, frames - 1}):
            assert scene.draw(k).strip()
            for artist in scene.stage.live:
                if isinstance(artist, Line2D) and artist.get_visible() and len(artist.get_xydata()):
                    points = np.asarray(artist.get_xydata(), float)  # NaN is a gap
                    assert not np.isinf(points).any() and np.isfinite(points).any(), (state, k, artist)
        head, rows = lab.rows(data)
        assert rows and {len(row) for row in rows} == {len(head)}
    scene.figure.draw_without_rendering()


@every_lab
def test_the_still_is_a_picture_with_words(lab):
    view = lab.show()
    data, metadata = view._repr_mimebundle_()
    assert {"image/png", "text/plain", "application/vnd.jupyter.widget-view+json"} <= set(data)
    assert view.stage.caption in metadata["image/png"]["alt"]
    picture = Image.open(io.BytesIO(lab.png()))
    assert picture.size == tuple(round(100 * side) for side in lab.inches)
    assert len(picture.convert("RGB").getcolors(1 << 24)) > 20


@every_lab
def test_the_printed_call_recreates_the_state(lab):
    edges = {name: found[-1] for name, control in lab.controls.items() if (found := extremes(control))}
    for state in ({}, edges, dict([*edges.items()][:1])):
        try:
            view = lab.show(**state)
        except ValueError:
            continue
        if (axis := lab.axis(view.settings)) is not None:
            view.stage.frame = len(axis.of(view.data)) * 2 // 3
        again = eval(view.foot.parts["call"]["value"], {"labs": labs})
        assert (again.stage.caption, again.stage.frame) == (view.stage.caption, view.stage.frame)
        assert again.foot.parts["call"] == view.foot.parts["call"]


@every_lab
def test_every_control_moves_the_picture(lab):
    view = lab.show()
    for name, control in lab.shown.items():
        if isinstance(control, Button | Status | Text):
            continue
        for value in extremes(control):
            if name in view.panel.parts:
                view.move(name, value)
                assert not view.error and view.settings[name] == value
                assert view.panel.parts[name]["value"] == control.raw(value)
            in_sight = {part.split(".")[0] for part, it in view.panel.parts.items() if not it.get("more")}
            assert len(in_sight & set(lab.controls)) <= 4, "fold the others: more=True"


@every_lab
def test_a_strange_value_is_refused_by_name(lab):
    for name, control in lab.controls.items():
        if type(control).__module__ != Control.__module__ or type(control) is Control:
            continue
        refused = 0
        for value in [*STRANGE, None]:
            try:
                lab(**{**QUICK.get(lab.name, {}), name: value})
            except ValueError as error:
                assert name in str(error) or (isinstance(control, Text) and isinstance(value, str)), (value, error)
                refused += 1
        assert refused >= 8, name


@every_lab
def test_a_mistake_leaves_the_picture_as_it_was(lab):
    view = lab.show()
    before = view.stage._film, view.foot.parts["call"], dict(view.settings)
    for name, control in lab.controls.items():
        if type(control) is not Control:
            view.set(**{name: object()})
            assert view.error and view.panel.parts["error"]["value"] == view.error
    assert (view.stage._film, view.foot.parts["call"], dict(view.settings)) == before


@every_lab
def test_the_sentence_says_what_to_do(lab):
    assert len(lab.title) <= 120 and not lab.title.endswith(".")
    assert lab.name and labs.LABS[lab.name] is lab
