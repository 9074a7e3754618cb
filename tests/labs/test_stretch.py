"""The lab of stretched arrows, without a browser."""

import numpy as np

from textbook import labs

lab = labs.stretch


def test_eigenvectors_keep_their_line():
    scene = lab.scene(a=2.0, b=1.0, d=2.0)
    np.testing.assert_allclose(scene.data.eigenvalues, [1, 3])
    assert scene.data.condition == 3
    np.testing.assert_allclose(scene.data.image, scene.data.matrix @ scene.data.arrow)
    assert "3.00 long, and it keeps its line" in scene.draw(15)  # 45°
    assert "it is turned" in scene.draw(0)


def test_a_matrix_of_rank_one_has_no_condition():
    assert np.isinf(lab(a=0.0, b=0.0, d=1.0).condition)
