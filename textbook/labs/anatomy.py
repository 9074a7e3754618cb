"""What does an optimizer make of a gradient?  One step, taken apart, for four kinds of coordinates."""

import numpy as np

from textbook import optim, plots
from textbook.lab import Choice, FrameAxis, Lab, Picture, Slider, Toggle
from textbook.words import minus

STEPS = 24
KINDS = ("steady, large", "steady, small", "back and forth", "rare")
COLORS = [plots.OKABE_ITO[name] for name in ("blue", "sky", "vermilion", "green")]
MARKS = "os^D"
# Of each rule, the running mean of g and that of g² (its slots), in the letters of chapter 9.
MEANS = {"gd": (None, None), "momentum": (0, None), "rmsprop": (None, 0), "adam": (0, 1)}
NAMES = {"gd": "gradient descent", "momentum": "momentum", "rmsprop": "RMSprop", "adam": "Adam"}
PANELS = {"g": "gradient g", "m": "m, mean of g", "v": "√v, v mean of g²", "step": "step Δ, for α = 1",
          "m_hat": "m̂ = m / (1 − β₁ᵗ)", "v_hat": "√v̂, v̂ = v / (1 − β₂ᵗ)"}  # fmt: skip
TOP = 40.0  # of the pictures; taller bars end there, and their numbers say how tall


def remembers(s):
    return MEANS[s["rule"]][0] is not None


def scales(s):
    return MEANS[s["rule"]][1] is not None


lab = Lab(
    "Move through the steps and watch the bars of four coordinates; then change the optimizer",
    inches=(8.6, 4.8),
    rule=Choice("optimizer", "adam", NAMES),
    beta1=Slider("β₁, memory of g", 0.9, 0.0, 0.99, 0.01, when=remembers),
    beta2=Slider("β₂, memory of g²", 0.999, 0.5, 0.999, 0.001, when=scales),
    correct_bias=Toggle("bias correction", True, when=lambda s: s["rule"] == "adam"),
    step=FrameAxis("step t", of=lambda d: range(1, STEPS + 1), show="{}", start=3, interval=150),
)


def gradients():
    """(steps, 4): what each kind of coordinate sees, whatever the optimizer does."""
    t = np.arange(1, STEPS + 1)
    return np.stack([0 * t + 4.0, 0 * t + 0.04, np.where(t % 2, 1.0, -1.0), np.where(t % 8 == 1, 1.0, 0.0)], axis=1)


@lab.compute
def anatomy(rule, beta1, beta2, correct_bias):
    """`parts`: {name in `PANELS`: (steps, 4)}, those that the rule has; v and v̂ as their roots."""
    hyper = {"momentum": {"momentum": beta1, "averaged": True}, "rmsprop": {"alpha": beta2},
             "adam": {"betas": (beta1, beta2), "correct_bias": correct_bias}}.get(rule, {})  # fmt: skip
    x, t, g = np.zeros(len(KINDS)), np.arange(1, STEPS + 1)[:, None], gradients()
    state, steps, states = optim.start(rule, x), [], []
    for number, slope in enumerate(g, start=1):
        step, state = optim.RULES[rule](x, slope, state, number, lr=1.0, **hyper)
        steps.append(step)
        states.append(state)
    parts = {"g": g, "step": np.array(steps)}
    for name, slot, beta in zip("mv", MEANS[rule], (beta1, beta2), strict=True):
        if slot is not None:
            mean = np.array([state[slot] for state in states])
            root = np.sqrt if name == "v" else np.asarray
            parts[name] = root(mean)
            if rule == "adam" and correct_bias:
                parts[f"{name}_hat"] = root(mean / (1 - beta**t))
    return {"rule": rule, "parts": parts}


@lab.table
def table(d):
    columns = {"step": np.repeat(np.arange(1, STEPS + 1), len(KINDS)), "coordinate": KINDS * STEPS}
    return columns | {PANELS[name]: values.ravel() for name, values in d.parts.items()}


@lab.picture
def picture(fig):
    grid = fig.add_gridspec(2, 4, width_ratios=(1, 1, 1, 1.25))
    axes = {name: fig.add_subplot(grid[k // 3, k % 3]) for k, name in enumerate(PANELS)}
    past = fig.add_subplot(grid[:, 3], xlabel="step t", title="all steps Δ")
    bars, numbers, curves = {}, {}, []
    for name, ax in axes.items():
        ax.axhline(0, color=plots.INK, lw=0.8, ls="-")
        ax.set(title=PANELS[name], xticks=[], xlim=(-0.6, 3.6))
        bars[name] = [ax.plot([i, i], [0, 0], "-", lw=18, solid_capstyle="butt", color=COLORS[i])[0] for i in range(4)]
        numbers[name] = [ax.text(i, 0, "0", ha="center", fontsize=8) for i in range(4)]
    for ax in (*axes.values(), past):
        ax.set_yscale("symlog", linthresh=0.01, linscale=0.5)
        ax.set(ylim=(-4 * TOP, 4 * TOP), yticks=[-10, -1, -0.1, 0, 0.1, 1, 10], yticklabels=[])
        ax.title.set_fontsize(10)
    for kind, color, mark in zip(KINDS, COLORS, MARKS, strict=True):
        curves += past.plot([], [], mark, ls="-", lw=0.8, ms=3, color=color, label=kind)
    for ax in (axes["g"], axes["step"], past):
        ax.set_yticklabels(["−10", "−1", "−0.1", "0", "0.1", "1", "10"], fontsize=8)
    now = past.axvline(1, color=plots.PALE, lw=1.2, ls="-", zorder=0)
    past.set(xlim=(0, STEPS + 1))
    fig.legend(handles=curves, loc="outside lower left", ncols=4, handlelength=1.2)
    live = [*bars.values(), *numbers.values(), curves, now]

    def scenery(d):
        for name, ax in axes.items():
            for artist in (ax, *bars[name], *numbers[name]):
                artist.set_visible(name in d.parts)
        past.set_title(f"all steps Δ of {NAMES[d.rule]}")
        for i, curve in enumerate(curves):
            curve.set_data(np.arange(1, STEPS + 1), np.clip(d.parts["step"][:, i], -TOP, TOP))

    def draw(d, k):
        now.set_xdata([k + 1, k + 1])
        for name, values in d.parts.items():
            for bar, label, value in zip(bars[name], numbers[name], values[k], strict=True):
                height = float(np.clip(value, -TOP, TOP))
                if height != bar.get_ydata()[1]:  # what stays is not drawn again
                    bar.set_ydata([0, height])
                    label.set(text=minus(f"{value:z.2g}"), y=height, va="bottom" if height >= 0 else "top")
        moves = ", ".join(f"{kind} {v:z.3g}" for kind, v in zip(KINDS, d.parts["step"][k], strict=True))
        return minus(f"{NAMES[d.rule]}, step {k + 1}. With α = 1 it moves the coordinates by: {moves}.")

    return Picture(live, draw, scenery)
