"""What dropout, L2, shifted images and more images do to a net that overfits, alone and together.

The runs are stored, means over three seeds: `tools/regularisation.py` makes them.
"""

import numpy as np

from textbook.lab import Choice, FrameAxis, Lab, Picture, Toggle
from textbook.mnist import EMBEDDED
from textbook.plots.style import BLUE, GREEN, INK, ORANGE, PALE

IMAGES, DROPOUT, AUGMENT = (100, 300, 1000), (0.0, 0.25, 0.5, 0.75), (False, True)
DECAY = (0.0, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1)

lab = Lab(
    "Move λ, then switch on shifted images or dropout: what closes the gap, and what raises the accuracy?",
    inches=(8.8, 4.4),
    images=Choice("training images", 300, {n: f"{n:,}" for n in IMAGES}),
    dropout=Choice("dropout p", 0.0, {p: f"{p:g}" for p in DROPOUT}),
    augment=Toggle("shifted images", False),
    decay=FrameAxis("L2: λ", of=lambda d: d.decay, show="{:g}", start=0.0, interval=700),
)  # fmt: skip


@lab.compute
def stored(images, dropout, augment):
    """For each λ of `decay`: `loss` and `accuracy` (λ, 2, measurements), training and validation, at the steps `at`;
    `stop` (λ,), the measurement with the lowest validation loss; `plain`, the validation accuracy at the end without
    any remedy."""
    with np.load(EMBEDDED.with_name("regularisation.npz")) as arrays:
        values, at = arrays["values"][IMAGES.index(images)].astype(float), arrays["at"]
    runs = values[DROPOUT.index(dropout), AUGMENT.index(augment)]
    return {"images": images, "dropout": dropout, "augment": augment, "decay": np.array(DECAY), "at": at,
            "loss": runs[:, :2], "accuracy": runs[:, 2:], "stop": runs[:, 1].argmin(axis=1),
            "plain": values[0, 0, 0, 3, -1]}  # fmt: skip


@lab.table
def table(d):
    rows = np.arange(len(d.decay))
    return {"λ": d.decay, "training loss": d.loss[:, 0, -1], "validation loss": d.loss[:, 1, -1],
            "gap": d.loss[:, 1, -1] - d.loss[:, 0, -1], "validation accuracy": d.accuracy[:, 1, -1],
            "stopping early: step": d.at[d.stop], "loss there": d.loss[rows, 1, d.stop],
            "accuracy there": d.accuracy[rows, 1, d.stop]}  # fmt: skip


@lab.picture
def picture(fig):
    losses, ends, right = fig.subplots(1, 3, gridspec_kw={"width_ratios": (1.5, 1, 1)})
    losses.set(xlim=(0, 615), ylim=(0, 2.45), xlabel="step", ylabel="loss in nats")
    (training,) = losses.plot([], [], "--", color=BLUE, lw=1.8, label="training")
    (validation,) = losses.plot([], [], "-", color=ORANGE, lw=1.8, label="validation")
    (stop,) = losses.plot([], [], "v", color=INK, ms=8, label="its lowest: stop here")
    losses.legend(loc="upper right", fontsize=9)
    rows = np.arange(len(DECAY))
    for ax, label, limits in ((ends, "loss at the end", (0, 2.45)), (right, "validation accuracy", (0.5, 1.0))):
        ax.set(xlabel="λ", ylabel=label, ylim=limits, xlim=(-0.4, len(rows) - 0.6))
        ax.set_xticks(rows, [f"{v:g}" for v in DECAY], rotation=45, fontsize=8)
    last = [ends.plot([], [], style, color=color, lw=1.2, ms=4)[0] for style, color in (("s--", BLUE), ("o-", ORANGE))]
    (gap,) = ends.plot([], [], "-", color=INK, lw=2.5)
    (reached,) = right.plot([], [], "o-", color=GREEN, lw=1.2, ms=4, label="at the end")
    (early,) = right.plot([], [], "v", color=INK, ms=5, label="stopped early")
    (without,) = right.plot([], [], ":", color=PALE, lw=1.4, label="no remedy")
    right.legend(loc="lower left", fontsize=8)
    (mark,) = right.plot([], [], "o", color=GREEN, ms=10, mec="white", zorder=4)

    def scenery(d):
        for k, line in enumerate(last):
            line.set_data(rows, d.loss[:, k, -1])
        reached.set_data(rows, d.accuracy[:, 1, -1])
        early.set_data(rows, d.accuracy[rows, 1, d.stop])
        without.set_data([-0.4, len(rows) - 0.6], [d.plain] * 2)

    def draw(d, k):
        (low, high), best = d.loss[k, :, -1], d.stop[k]
        training.set_data(d.at, d.loss[k, 0])
        validation.set_data(d.at, d.loss[k, 1])
        stop.set_data(d.at[[best]], d.loss[k, 1, [best]])
        gap.set_data([k, k], [low, high])
        mark.set_data([k], d.accuracy[k, 1, [-1]])
        said = [
            f"{d.images:,} images, dropout {d.dropout:g}, λ = {d.decay[k]:g}, shifts {'on' if d.augment else 'off'}:",
            f"after 600 steps the training loss is {low:.2f}, the validation loss {high:.2f}, a gap of",
            f"{high - low:.2f}; validation accuracy {d.accuracy[k, 1, -1]:.1%}, without any remedy {d.plain:.1%}.",
            f"Lowest validation loss: {d.loss[k, 1, best]:.2f} at step {d.at[best]}, with",
            f"{d.accuracy[k, 1, best]:.1%} right. Means over three seeds.",
        ]
        return " ".join(said)

    return Picture([training, validation, stop, gap, mark], draw, scenery)
