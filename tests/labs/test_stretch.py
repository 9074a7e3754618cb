"""The lab of stretched arrows, without a browser."""

from itertools import product

import numpy as np

from textbook import labs

lab = labs.stretch


def test_eigenvectors_keep_their_line():
    data = lab(a=2.0, b=1.0, d=2.0)
    np.testing.assert_allclose(data.eigenvalues, [1, 3])
    assert data.condition == 3
    np.testing.assert_allclose(data.image, data.matrix @ data.arrow)
    picture = lab.picture()
    picture.load(data)
    assert "3.00 long, and it keeps its line" in picture.draw(15)  # 45°
    assert "it is turned" in picture.draw(0)


def test_extremes():
    picture = lab.picture()
    for a, b, d in product((-3.0, 0.0, 3.0), repeat=3):
        picture.load(lab(a=a, b=b, d=d))
        for frame in (0, 60, 120):
            assert "Eigenvalues" in picture.draw(frame)
            assert all(np.isfinite(np.asarray(line.get_xydata())).all() for line in picture.live)
    assert np.isinf(lab(a=0.0, b=0.0, d=1.0).condition)
