"""Ten trainings, each with one thing wrong: name the cause from what was measured.

The runs are stored: `tools/diagnose.py` makes them.  What each cause would show is the table `CAUSES`.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from matplotlib.ticker import NullLocator

from textbook.lab import Choice, FrameAxis, Lab, Picture
from textbook.mnist import EMBEDDED
from textbook.plots.style import BLUE, GREEN, INK, ORANGE, PALE

KNOW_NOTHING = float(np.log(10))  # the loss of ten equal probabilities
PASS, NORMS, LOOKS = 20, 5, 20  # steps in a pass, between measurements, between looks at the validation part
FLOOR = 1e-6  # a gradient of 0 is drawn here
INKY = 4.0  # activations from here on are as dark as the picture gets


class Sign(NamedTuple):
    """What a cause would show: the `rule`, whether a run `shows` it, and what is `seen` instead or indeed."""

    rule: str
    shows: Callable[[Any], bool]
    seen: Callable[[Any], str]


class Cause(NamedTuple):
    """Something that goes wrong: its signs, and what to say to those who find it."""

    name: str
    signs: list[Sign]
    lesson: str


def passes(r: Any) -> np.ndarray:
    """The training loss, mean over each pass."""
    return r.loss.reshape(-1, PASS).mean(axis=1)


def echo(r: Any) -> float:
    """How well the loss one pass ago tells the loss now: the correlation, without the trend, after two passes."""
    wiggle = (r.loss.reshape(-1, PASS) - passes(r)[:, None])[2:]
    a, b = wiggle[:-1].ravel(), wiggle[1:].ravel()
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))


def growth(r: Any) -> float:
    """The gradient's norm at the end, all weights together, over the first; 0 where it is 0 throughout."""
    first, last = (np.sqrt((r.norm[when] ** 2).sum(axis=1)).mean() for when in (slice(1), slice(-8, None)))
    return float(last / first) if first else 0.0


CAUSES = {
    "rate_too_large": Cause("learning rate too large", [
        Sign("an ordinary first loss, near 2.3, for it is taken before the first step",
             lambda r: r.loss[0] < 3, lambda r: f"the first loss is {r.loss[0]:.3g}"),
        Sign("a loss that leaps up within the first steps",
             lambda r: r.loss[:6].max() > 2 * r.loss[0],
             lambda r: f"the loss goes from {r.loss[0]:.3g} to at most {r.loss[:6].max():.3g} in five steps"),
    ], "The first step moves a layer by nearly as much as its weights are large, and the loss leaps. Afterwards most "
       "units are dead, and nothing moves any more. Divide the rate by 10, and again."),
    "rate_too_small": Cause("learning rate too small", [
        Sign("steps that are tiny beside the weights, below 3 in 10,000",
             lambda r: r.ratio.max() < 3e-4, lambda r: f"a step is up to {r.ratio.max():.2g} times the weights"),
        Sign("a healthy gradient in every layer",
             lambda r: r.norm[0].min() > 1e-2, lambda r: f"the smallest first gradient is {r.norm[0].min():.2g}"),
    ], "Everything is right except the size of the steps: the gradient is as large as in a healthy run, and each step "
       "is a few hundred times smaller. Multiply the rate by 10, and again."),
    "labels_shuffled": Cause("labels shuffled", [
        Sign("a training loss that falls clearly below ln 10: labels can be learned by heart",
             lambda r: passes(r)[-1] < KNOW_NOTHING - 0.3,
             lambda r: f"its mean over the last 20 steps is {passes(r)[-1]:.3g}"),
        Sign("a validation loss that never gets below ln 10 = 2.3",
             lambda r: r.val.min() > KNOW_NOTHING - 0.05, lambda r: f"it gets down to {r.val.min():.3g}"),
    ], "Gradients and steps are healthy, the training loss falls, and the validation loss only rises: what is learned "
       "is true of these images alone. Look at images beside their labels, after the last line that touches them."),
    "not_zeroed": Cause("gradients not zeroed", [
        Sign("gradients that pile up, to many times the first",
             lambda r: growth(r) > 5,
             lambda r: f"at the end they are {growth(r):.2g} times the first"),
        Sign("a loss that falls first, and then comes back",
             lambda r: passes(r)[-1] > passes(r).min() + 0.5,
             lambda r: f"its mean over 20 steps is {passes(r).min():.3g} at best and {passes(r)[-1]:.3g} at the end"),
    ], "Each step goes along the sum of all gradients so far. At first that looks like momentum, and the loss falls "
       "well; then the old gradients outweigh the new one. Call zero_grad() before backward()."),
    "not_scaled": Cause("inputs not scaled", [
        Sign("a huge loss before the first step", lambda r: r.loss[0] > 10, lambda r: f"it is {r.loss[0]:.3g}"),
        Sign("huge activations at step 0",
             lambda r: r.hidden[0].max() > 20, lambda r: f"the largest is {r.hidden[0].max():.3g}"),
    ], "The weights are drawn for inputs near 1, and these go to 255: activations, loss and gradients are hundreds of "
       "times too large before the first step. That step kills every unit. Divide by 255."),
    "all_equal": Cause("all weights start equal", [
        Sign("units that are twins: each row of the activations in one shade",
             lambda r: r.hidden[0].max() > 0 and np.ptp(r.hidden, axis=2).max() < 1e-3,
             lambda r: "they are all 0 from the start" if r.hidden[0].max() == 0
             else f"one image's activations differ by up to {np.ptp(r.hidden, axis=2).max():.3g}"),
    ], "Equal units get equal gradients and stay equal: 32 units do the work of one. Start from random weights."),
    "units_dead": Cause("all units dead from the start", [
        Sign("activations that are 0 at step 0, for every image and unit",
             lambda r: r.hidden[0].max() == 0, lambda r: f"the largest is {r.hidden[0].max():.3g}"),
        Sign("gradients of the weights that are 0 at every step",
             lambda r: r.norm.max() == 0, lambda r: f"the largest is {r.norm.max():.2g}"),
    ], "The biases start so low that no image brings a unit above 0: no unit passes a gradient, and the last bias "
       "alone learns how common each digit is. Start the biases at 0."),
    "few_images": Cause("overfitting: too few images", [
        Sign("a training loss near 0",
             lambda r: passes(r)[-1] < 0.02, lambda r: f"its mean over the last 20 steps is {passes(r)[-1]:.3g}"),
        Sign("a validation loss that turns up, far above it",
             lambda r: r.val[-1] > 1.1 * r.val.min() and r.val[-1] > 1,
             lambda r: f"its lowest is {r.val.min():.3g}, its last {r.val[-1]:.3g}"),
    ], "The training images are known by heart, and the gradients die out with their loss; the validation loss has "
       "turned up. Get more images, or see the lab `regularisation`."),
    "softmax_twice": Cause("softmax applied twice", [
        Sign("a loss that cannot get below 1.46, whatever the net says",
             lambda r: r.loss.min() > 1.46, lambda r: f"it gets down to {r.loss.min():.3g}"),
        Sign("far more right answers than such a loss suggests",
             lambda r: r.accuracy[-1] > 0.6, lambda r: f"the validation accuracy ends at {r.accuracy[-1]:.0%}"),
    ], "The loss takes the softmax itself. Given probabilities as if they were logits, it cannot get below "
       "ln(e + 9) − 1 = 1.46; the gradients are some ten times smaller. Hand it the logits."),
    "sorted": Cause("sorted labels, never shuffled", [
        Sign("a loss with a pattern that repeats in each pass of 20 steps",
             lambda r: echo(r) > 0.5,
             lambda r: f"one pass tells the next with a correlation of {echo(r):.2f}"),
        Sign("gradients that do not pile up",
             lambda r: growth(r) < 5,
             lambda r: f"they end at {growth(r):.2g} times the first"),
    ], "For two steps the net sees zeros alone, then ones alone: each digit is learned at the cost of the one before, "
       "and the loss leaps where the digit changes. Shuffle in every pass."),
}  # fmt: skip
RUNS = ("few_images", "not_scaled", "softmax_twice", "all_equal", "labels_shuffled", "rate_too_small", "sorted",
        "not_zeroed", "units_dead", "rate_too_large")  # fmt: skip

lab = Lab(
    "Choose a run, look at its four pictures, then choose what went wrong: the text below answers",
    inches=(8.8, 5.6),
    run=Choice("run", 1, {k: f"run {k}" for k in range(1, len(RUNS) + 1)}),
    cause=Choice("what went wrong", "", {"": "not chosen yet", **{key: CAUSES[key].name for key in sorted(CAUSES)}}),
    step=FrameAxis("step", of=lambda d: d.looks, show="{:.0f}", start=400, interval=300),
)  # fmt: skip


def stored(sabotage: str) -> dict[str, np.ndarray]:
    """A stored run, as `tools.diagnose.watched` returns it."""
    with np.load(EMBEDDED.with_name("diagnose.npz")) as arrays:
        names = ("loss", "val", "accuracy", "norm", "ratio", "hidden")
        return {name: arrays[f"{sabotage}_{name}"].astype(float) for name in names}


@lab.compute
def measured(run, cause):
    """The run's `loss` (400,), `val` and `accuracy` (21,), `norm` and `ratio` (80, 3), `hidden` (21, 24, 32);
    `healthy`, the loss of a run without a fault; `looks`, the steps of `val`, `accuracy` and `hidden`; `cause`, what
    the reader chose."""
    healthy = stored("healthy")["loss"]
    return {**stored(RUNS[run - 1]), "run": run, "cause": cause, "looks": np.arange(0, 401, LOOKS), "healthy": healthy}


def verdict(d: Any) -> str:
    """What the measurements say to the reader's choice."""
    if not d.cause:
        return "What went wrong?"
    cause = CAUSES[d.cause]
    for sign in cause.signs:
        if not sign.shows(d):
            return f"Not “{cause.name}”. That would show {sign.rule}; here {sign.seen(d)}."
    seen = "; ".join(f"{sign.rule} ({sign.seen(d)})" for sign in cause.signs)
    return f"Yes: {cause.name}. Its signs: {seen}. {cause.lesson}"


@lab.table
def table(d):
    rows = [min(step // NORMS, len(d.norm) - 1) for step in d.looks]
    batch = [min(step, len(d.loss) - 1) for step in d.looks]
    return {"step": d.looks, "batch loss": d.loss[batch], "validation loss": d.val, "validation accuracy": d.accuracy,
            **{f"gradient, layer {k + 1}": d.norm[rows, k] for k in range(3)},
            **{f"step : weights, layer {k + 1}": d.ratio[rows, k] for k in range(3)}}  # fmt: skip


@lab.picture
def picture(fig):
    (losses, units), (norms, ratios) = fig.subplots(2, 2)
    for ax, title in ((losses, "loss"), (norms, "gradient's norm, by layer"), (ratios, "step : weights, by layer")):
        ax.set(xlim=(0, 400), yscale="log", xlabel="step")
        ax.set_title(title, fontsize=10.5)
        ax.yaxis.set_major_formatter("{x:g}")  # plain text: mathematical text costs ten times as much to draw
        ax.yaxis.set_minor_locator(NullLocator())
    (healthy,) = losses.plot([], [], "-", color="0.75", lw=1, label="healthy run")
    losses.axhline(KNOW_NOTHING, ls=":", color=INK, lw=1, label="ln 10")
    (batch,) = losses.plot([], [], "-", color=BLUE, lw=1, label="batch")
    (val,) = losses.plot([], [], "o--", color=ORANGE, lw=1.6, ms=3, label="validation")
    losses.legend(fontsize=8, loc="lower left", framealpha=0.8)
    styles = list(zip(range(1, 4), (BLUE, ORANGE, GREEN), ("-", "--", "-."), strict=True))
    norm, ratio = ([ax.plot([], [], line, color=color, lw=1.4, label=f"layer {k}")[0] for k, color, line in styles]
                   for ax in (norms, ratios))  # fmt: skip
    norms.legend(fontsize=8, ncols=3, loc="upper center", framealpha=0.8)
    for ax, top in ((norms, 3), (ratios, 2)):
        ax.set_ylim(FLOOR / 3, 3 * 10.0**top)
        powers = range(-4, top + 1, 2)
        ax.set_yticks([FLOOR, *(10.0**power for power in powers)], ["0", *(f"{10.0**power:g}" for power in powers)])
    ratios.axhline(1e-3, ls=":", color=PALE, lw=1)
    image = units.imshow(np.zeros((24, 32)), cmap="viridis", vmin=0, vmax=INKY, aspect="auto", interpolation="none")
    units.set(xlabel="unit of the first hidden layer", ylabel="image", xticks=[0, 31], yticks=[0, 23])
    units.set_title("activations", fontsize=10.5)
    fig.colorbar(image, ax=units, extend="max")
    marks = [ax.plot([], [], "-", color=PALE, lw=1.5)[0] for ax in (losses, norms, ratios)]

    def scenery(d):
        every = np.concatenate([d.loss, d.val, d.healthy])
        losses.set_ylim(0.6 * max(every.min(), 1e-3), 2.5 * every.max())
        healthy.set_data(np.arange(400), d.healthy)
        batch.set_data(np.arange(400), d.loss)
        val.set_data(d.looks, d.val)
        for k in range(3):
            for line, values in ((norm[k], d.norm), (ratio[k], d.ratio)):
                line.set_data(np.arange(0, 400, NORMS), np.maximum(values[:, k], FLOOR))

    def draw(d, k):
        image.set_data(np.minimum(d.hidden[k], INKY))
        for ax, mark in zip((losses, norms, ratios), marks, strict=True):
            mark.set_data([d.looks[k]] * 2, ax.get_ylim())
        at, h = min(d.looks[k] // NORMS, len(d.norm) - 1), d.hidden[k]
        said = [
            f"Run {d.run}, step {d.looks[k]}: validation loss {d.val[k]:.3g}, accuracy {d.accuracy[k]:.0%};",
            f"gradients {', '.join(f'{g:.2g}' for g in d.norm[at])}; activations up to {h.max():.3g},",
            f"{(h == 0).mean():.0%} of them 0.",
            verdict(d),
        ]
        return " ".join(said)

    return Picture([image, *marks], draw, scenery)
