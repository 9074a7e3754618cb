"""The lab of attention, without a browser."""

import numpy as np
import pytest

from textbook import data, labs, language, names
from textbook.engine import no_grad, plain
from textbook.stage import Point

lab = labs.attention
NAMES = ["christina", "al", "", "elizabethan"]


def looked_into(name):
    """What the layers themselves give: the weights (heads, T, T), and the probabilities of the next letter."""
    model, x = language.names_net(), names.encode([name])[0][:, : len(name) + 1]
    norm, attention = model.blocks.layers[0].listen.branch.layers
    with no_grad():
        logits = plain(model(x))[0].astype(float)
        p = np.exp(logits - logits.max(axis=1, keepdims=True))
        inside = norm(model.tokens(x) + model.places(np.arange(x.shape[1])))
        return plain(attention.weights(inside))[0], p / p.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("head", [0, 1])
@pytest.mark.parametrize("name", NAMES)
def test_it_shows_what_the_layers_compute(name, head):
    d, (weights, following) = lab(name=name, head=head), looked_into(name)
    np.testing.assert_allclose(d.weights, weights[head], atol=1e-5)
    np.testing.assert_allclose(d.next, following, atol=1e-5)
    np.testing.assert_allclose(d.heard[0], d.values[0])  # the first place hears itself alone
    assert d.letters == "." + name


@pytest.mark.parametrize("name", NAMES)
def test_weights_are_the_softmax_of_the_scores_that_are_not_hidden(name):
    d = lab(name=name)
    for t, (scores, weights) in enumerate(zip(d.scores, d.weights, strict=True)):
        exp = np.exp(scores[: t + 1])
        np.testing.assert_allclose(weights[: t + 1], exp / exp.sum())
        assert (weights[t + 1 :] == 0).all()


def test_the_caption_says_who_is_heard_and_what_comes_next():
    scene = lab.scene(name="anna")
    d = scene.data
    t = 3
    loudest = d.weights[t].argmax()
    said = scene.draw(t)
    assert said.startswith(f"Place {t}, n: this head listens most to {d.letters[loudest]}, place {loudest}:")
    assert f"and a, which follows here, {d.next[t, 1]:.2f}." in said
    assert f"and the end, which follows here, {d.next[4, 0]:.2f}." in scene.draw(4)


def test_a_click_on_a_row_makes_it_the_query():
    view = lab.show(name="anna", place=1)
    for y, place in ((2.9, 3), (99.0, 4), (-0.4, 0)):
        view.set(**lab.point(Point(view.stage.figure.axes[0], 2.2, y, True), view.settings))
        assert view.settings["place"] == place
        assert view.stage.caption.startswith(f"Place {place}, {'.anna'[place]}:")


@pytest.mark.parametrize("name", ["zoë", "twelveletter", "a b"])
def test_what_is_no_name_is_refused(name):
    with pytest.raises(ValueError, match="no name"):
        lab(name=name)


def test_capitals_and_blanks_around_it_do_not_matter():
    assert lab(name=" Anna ").letters == ".anna"


def test_the_table_has_a_row_for_each_pair_that_is_not_hidden():
    heads, rows = lab.rows(lab(name="al"))
    assert len(rows) == 6 and len(heads) == len(rows[0])
    assert rows[0][:2] == ("0: .", "0: .")


def test_one_head_looks_at_the_letter_before_and_the_other_at_the_letter_itself():
    loudest: list[list[int]] = [[], []]
    for name in data.load_names().val[:60]:
        for head in (0, 1):
            weights = lab(name=name, head=head).weights
            loudest[head] += [t - int(weights[t].argmax()) for t in range(2, len(weights))]
    before, itself = np.array(loudest)
    assert (before == 1).mean() > 0.55 and (itself == 0).mean() > 0.7
