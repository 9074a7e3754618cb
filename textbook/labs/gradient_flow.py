"""What becomes of a gradient on its way down?  Fifty random layers, for sixty-one sizes of the weights at once."""

import numpy as np

from textbook import engine, init, ops, plots
from textbook.lab import Choice, FrameAxis, Lab, Picture, Slider, Toggle
from textbook.plots.style import BLUE, GREEN, ORANGE

LAYERS, WIDTH, BATCH = 50, 64, 64
GAINS = 2.0 ** (np.arange(-24, 37) / 12)  # a quarter to eight; 1, √2, 2 and 4 are among them
AT_ONCE = 8  # gains: what one pass keeps then stays in the processor's cache
ACTIVATIONS = {"linear": ops.identity, "tanh": ops.tanh, "sigmoid": ops.sigmoid, "relu": ops.relu}
NORMS = {"none": "none", "layer": "layer normalisation", "batch": "batch normalisation"}
STARTS = {"normal": init.lecun, "orthogonal": init.orthogonal}
AXES = {"layer": -1, "batch": -2}
FAR, OFF = 1e12, 1e3  # the pictures of sizes and of their ratio end there, and at 1/FAR and 1/OFF

lab = Lab(
    "Move the slider to larger weights: the gradient that reaches the first layer vanishes, or explodes",
    inches=(8.4, 4.6),
    activation=Choice("activation", "tanh", {name: name for name in ACTIVATIONS}),
    norm=Choice("normalisation", "none", NORMS),
    init=Choice("weights drawn", "normal", {"normal": "normal", "orthogonal": "orthogonal"}),
    residual=Toggle("residual connections"),
    seed=Slider("seed", 0, 0, 20, 1, more=True),
    gain=FrameAxis("gain g", of=lambda d: d.gain, show="{:.3g}", start=0.75, log=True),
)


def layer(h, w, phi, norm, residual):
    """h ↦ φ(norm(h)) @ w, plus h if the layer is residual; h is (gains, batch, width), w (gains, width, width)."""
    branch = phi(ops.standardize(h, axis=AXES[norm]) if norm in AXES else h) @ w
    return h + branch if residual else branch


def predicted_factors(phi, norm, residual):
    """(LAYERS, gains): what each layer multiplies a gradient's length by, in the mean over very wide random layers.

    gain · √(E[φ'(z)²] / spread), z normal: with variance q = E[h²] and spread 1, or, behind a normalisation, with
    variance 1 and the spread that it divided by.  A residual layer adds 1 under the root.

    Source: Schoenholz et al. 2017, eqs. 3 and 14; for batch normalisation, Yang et al. 2019.
    """
    grid = np.linspace(-8, 8, 800)  # without the kink at 0
    weight = np.exp(-grid * grid / 2) / np.exp(-grid * grid / 2).sum()
    slope = engine.grad(lambda z: ops.sum(phi(z)))
    q, shared, factors = np.ones_like(GAINS), np.zeros_like(GAINS), []  # shared: what all examples of h have in common
    for _ in range(LAYERS):
        z = grid if norm in AXES else np.sqrt(q)[:, None] * grid
        mean, square, slope2 = phi(z) @ weight, phi(z) ** 2 @ weight, slope(z) ** 2 @ weight
        spread = {"none": 1.0, "layer": q, "batch": q - shared}[norm]
        factors.append(np.sqrt(GAINS**2 * slope2 / spread + residual))
        q, shared = GAINS**2 * square + residual * q, GAINS**2 * mean**2 + residual * shared
    return np.array(factors)


@lab.compute
def flow(activation, norm, init, residual, seed):
    """Sizes, root mean squares, in nets with random weights of std gain/√width, on random inputs.

    `activations` (LAYERS + 1, gains) of the states h, the input first; `gradients` (LAYERS + 1, gains) of ∂ℒ/∂h over
    that at the last layer, ℒ being a random weighted sum of the last layer; `predicted` the same in theory.
    """
    rng, phi = np.random.default_rng(seed), ACTIVATIONS[activation]
    x, readout = rng.normal(size=(2, BATCH, WIDTH))
    weights = [STARTS[init](rng, (WIDTH, WIDTH)) for _ in range(LAYERS)]
    activations, gradients = np.empty((2, LAYERS + 1, len(GAINS)))
    for first in range(0, len(GAINS), AT_ONCE):
        some = slice(first, first + AT_ONCE)
        gain = GAINS[some, None, None]
        states = [engine.Tensor(np.repeat(x[None], len(gain), axis=0), requires_grad=True)]
        for w in weights:
            states.append(layer(states[-1], gain * w, phi, norm, residual))
        found = {states[-1]: np.broadcast_to(readout, states[-1].shape)}
        for step in engine.backward_steps(states[-1], seed=found[states[-1]]):
            found[step.parent] = step.total
        for number, h in enumerate(states):
            activations[number, some], gradients[number, some] = size(h.data), size(found[h])
    predicted = predicted_factors(phi, norm, residual)[::-1].cumprod(axis=0)[::-1]
    return {"gain": GAINS, "activations": activations, "gradients": gradients / gradients[-1],
            "predicted": np.vstack([predicted, np.ones(len(GAINS))])}  # fmt: skip


def size(h):
    """The root mean square over batch and features."""
    return np.sqrt(np.einsum("gbn,gbn->g", h, h) / (h.shape[1] * h.shape[2]))


@lab.table
def table(d):
    return {"gain g": d.gain, "gradient, first over last layer": d.gradients[0], "predicted": d.predicted[0],
            "measured / predicted": d.gradients[0] / d.predicted[0],
            "activation, last layer": d.activations[-1]}  # fmt: skip


@lab.picture
def picture(fig):
    grid = fig.add_gridspec(2, 2, width_ratios=(1.2, 1))
    sizes, sheet, ratio = (fig.add_subplot(cell) for cell in (grid[:, 0], grid[0, 1], grid[1, 1]))
    layers, octaves = np.arange(LAYERS + 1), np.log2(GAINS)
    sizes.set(xlim=(0, LAYERS), ylim=(1 / FAR, FAR), yscale="log", xlabel="layer (0: the input)", ylabel="size")
    (forward,) = sizes.plot([], [], "-", color=BLUE, lw=2, label="activations")
    (backward,) = sizes.plot([], [], "o-", color=ORANGE, lw=1.4, ms=3.5, mew=0, label="gradient")
    (theory,) = sizes.plot([], [], ":", color=plots.INK, lw=1.8, label="predicted")
    sizes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=3, fontsize=9, handlelength=1.8, columnspacing=1,
                 borderaxespad=0.3)  # fmt: skip
    half, low, high = (octaves[1] - octaves[0]) / 2, -0.5, LAYERS + 0.5
    image = sheet.imshow(np.zeros((LAYERS + 1, len(GAINS))), cmap="RdBu_r", vmin=-8, vmax=8, aspect="auto",
                         origin="lower", extent=(octaves[0] - half, octaves[-1] + half, low, high))  # fmt: skip
    fig.colorbar(image, ax=sheet, label="log₁₀ gradient")
    sheet.set(ylabel="layer")
    ratio.set(xlim=sheet.get_xlim(), ylim=(1 / OFF, OFF), yscale="log", xlabel="gain g",
              ylabel="measured / predicted")  # fmt: skip
    ratio.axhline(1, color=plots.PALE, lw=1)
    for ax in (sheet, ratio):
        ax.set_xticks(range(-2, 4), ["¼", "½", "1", "2", "4", "8"])
    (here,) = sheet.plot([], [], "-", color=GREEN, lw=2.5)
    (all_of_them,) = ratio.plot([], [], ".", color=ORANGE, ms=4)
    (mark,) = ratio.plot([], [], "o", color=ORANGE, ms=9, mec="white")

    def scenery(d):
        image.set_data(np.log10(d.gradients))
        all_of_them.set_data(octaves, np.clip(d.gradients[0] / d.predicted[0], 1 / OFF, OFF))

    def draw(d, k):
        measured, wanted = d.gradients[:, k], d.predicted[:, k]
        for line, y in ((forward, d.activations[:, k]), (backward, measured), (theory, wanted)):
            line.set_data(layers, np.clip(y, FAR**-2, FAR**2))  # far out of the picture: no floor in sight
        here.set_data(octaves[[k, k]], (low, high))
        mark.set_data(octaves[[k]], np.clip(measured[:1] / wanted[0], 1 / OFF, OFF))
        return (f"Gain {d.gain[k]:.3g}: the gradient at the input is {measured[0]:.2g} times that at the last layer, "
                f"a factor of {measured[0] ** (1 / LAYERS):.3f} a layer; predicted {wanted[0]:.2g}, measured over "
                f"predicted {measured[0] / wanted[0]:.2g}. The last activations are {d.activations[-1, k]:.2g}, "
                f"the inputs {d.activations[0, k]:.2g}.")  # fmt: skip

    return Picture([forward, backward, theory, here, mark], draw, scenery)
