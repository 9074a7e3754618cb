"""What a matrix does to the plane: it turns a circle into an ellipse, and stretches its eigenvectors."""

import numpy as np

from textbook.lab import FrameAxis, Lab, Slider
from textbook.plots.style import BLUE, GREEN, ORANGE

lab = Lab(
    "Turn the blue arrow until its image keeps its line; then change the matrix",
    inches=(8.4, 4.3),
    a=Slider("a (x to x)", 2.0, -3.0, 3.0, 0.25),
    b=Slider("b (across)", 0.5, -3.0, 3.0, 0.25),
    d=Slider("d (y to y)", 1.0, -3.0, 3.0, 0.25),
    angle=FrameAxis("direction", of=lambda d: d.angle, show="{:.0f}°", start=60.0),
)


@lab.compute
def stretched(a, b, d):
    """The unit arrows, their images under the symmetric matrix (a b; b d), and its eigenvectors, a column each."""
    matrix = np.array([[a, b], [b, d]])
    values, vectors = np.linalg.eigh(matrix)
    low, high = np.sort(np.abs(values))
    angle = np.linspace(0, 360, 121)
    arrow = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
    image = matrix @ arrow
    return {"matrix": matrix, "eigenvalues": values, "eigenvectors": vectors, "angle": angle, "arrow": arrow,
            "image": image, "length": np.hypot(*image), "condition": high / low if low > 1e-12 else np.inf}  # fmt: skip


@lab.picture
def picture(fig):
    ax, lengths = fig.subplots(1, 2, width_ratios=(1.3, 1))
    ax.set(xlim=(-4.5, 4.5), ylim=(-4.5, 4.5), aspect="equal", xlabel="x", ylabel="y")
    ax.grid(color="0.9")
    lengths.set(xlim=(-6, 366), ylim=(0, 6.2), xticks=range(0, 361, 90), xlabel="direction (degrees)",
                title="length of the image")  # fmt: skip
    (curve,) = lengths.plot([], [], color="0.5", ls="-")
    (mark,) = lengths.plot([], [], "s", color=ORANGE)
    styles = [("-", "0.6"), ("-", ORANGE), (":", GREEN), (":", GREEN)]
    circle, ellipse, *own = (ax.plot([], [], look, color=color, lw=1.4)[0] for look, color in styles)
    (image,) = ax.plot([], [], "-s", color=ORANGE, lw=2.4, ms=7, markevery=[1])
    (arrow,) = ax.plot([], [], "-o", color=BLUE, lw=2.4, ms=7, markevery=[1])

    def draw(d, k):
        circle.set_data(*d.arrow)
        ellipse.set_data(*d.image)
        for line, v in zip(own, d.eigenvectors.T, strict=True):
            line.set_data(*np.outer(v, [-6, 6]))
        curve.set_data(d.angle, d.length)
        mark.set_data(d.angle[[k]], d.length[[k]])
        for line, (x, y) in ((arrow, d.arrow[:, k]), (image, d.image[:, k])):
            line.set_data([0, x], [0, y])
        kept = abs(np.linalg.det([d.arrow[:, k], d.image[:, k]])) < 0.03 * (1e-9 + d.length[k])
        return (f"The arrow at {d.angle[k]:.0f}° becomes {d.length[k]:.2f} long, and "
                f"{'it keeps its line: an eigenvector' if kept else 'it is turned'}. Eigenvalues "
                f"{d.eigenvalues[0]:.3g} and {d.eigenvalues[1]:.3g}, along the dotted lines; condition number "
                f"{d.condition:.3g}.")  # fmt: skip

    return [circle, ellipse, *own, image, arrow, curve, mark], draw
