"""Attention at work: which letters a place of a name listens to, and what it hears."""

from functools import cache

import numpy as np
from matplotlib.collections import PatchCollection
from matplotlib.patches import Rectangle

from textbook import language, nn, ops
from textbook.engine import no_grad, plain
from textbook.lab import Choice, FrameAxis, Lab, Picture, Text
from textbook.names import LENGTH, SYMBOLS, encode
from textbook.plots.style import BLUE, GREEN, INK, ORANGE, PALE
from textbook.words import minus

TOP = 6  # next letters that are shown
HEADS = {0: "first", 1: "second"}
LIVELY = 0.02  # from this weight on, it is written beside its bar

net = cache(language.names_net)


def spelt(text):
    """A name as the model reads it, the full stop before it."""
    return "." + text.strip().lower()


lab = Lab(
    "Move along the name: each letter asks the letters before it; then type a name of your own",
    inches=(9.6, 4.2),
    name=Text("a name", "christina", parse=lambda text: encode([text.strip().lower()])),
    head=Choice("head", 0, HEADS),
    place=FrameAxis("place", of=lambda d: range(len(d.letters)), start=lambda d: 2 * (len(d.letters) - 1) // 3,
                    show=lambda d: [f"{k}: {letter}" for k, letter in enumerate(d.letters)], interval=900),
)  # fmt: skip


@lab.compute
def attended(name, head):
    """One head of the trained model of names, at all T places of a name.

    `scores` (T, T), query · key / √d, those of later letters too; `weights` (T, T), 0 there; `values` (T, d), what each
    place says; `heard` (T, d), weights @ values; `next` (T, 27), the whole model's probabilities of the next letter.
    """
    letters, model = spelt(name), net()
    tokens = np.array([[SYMBOLS.index(letter) for letter in letters]])
    norm = next(part for part in model.modules() if isinstance(part, nn.LayerNorm))
    attention = next(part for part in model.modules() if isinstance(part, nn.Attention))
    with no_grad():
        x = norm(model.tokens(tokens) + model.places(np.arange(len(letters))))
        d = x.shape[-1] // attention.heads
        query, key, values = (plain(part(x))[0][:, head * d : (head + 1) * d].astype(float)
                              for part in (attention.query, attention.key, attention.value))  # fmt: skip
        following = ops.softmax(plain(model(tokens))[0].astype(float))
    weights = ops.attention_weights(query, key, ops.causal_mask(len(letters)))
    return {"letters": letters, "head": head, "scores": query @ key.T / np.sqrt(d), "weights": weights,
            "values": values, "heard": weights @ values, "next": following}  # fmt: skip


@lab.table
def table(d):
    rows = [(f"{t}: {letter}", f"{s}: {d.letters[s]}", d.scores[t, s], d.weights[t, s], d.values[s, 0], d.heard[t, 0])
            for t, letter in enumerate(d.letters) for s in range(t + 1)]  # fmt: skip
    return ("place", "listens to", "score", "weight", "first number of the value", "of the sum"), rows


@lab.picture
def picture(fig):
    whole, shares, said, guess = fig.subplots(1, 4, width_ratios=(1.25, 1.35, 1.05, 0.8))
    everywhere = np.arange(LENGTH)
    frame = whole.add_patch(Rectangle((0, 0), 1, 1, fill=False, ec=ORANGE, lw=2.2))
    bars = shares.barh(everywhere, np.zeros(LENGTH), height=0.62, color=BLUE)
    scores = [shares.text(-0.08, s, "", ha="right", va="center", size=9) for s in everywhere]
    amounts = [shares.text(0, s, "", va="center", size=8.5) for s in everywhere]
    strips = said.imshow(np.zeros((3, 16)), cmap="RdBu_r", aspect="auto")
    guesses = guess.barh(range(TOP), np.zeros(TOP), height=0.62, color=GREEN)
    likely = [guess.text(0, k, "", va="center", size=9) for k in range(TOP)]
    live = [frame, *bars, *scores, *amounts, strips, *guesses, *likely]

    def scenery(d):
        T, named = len(d.letters), list(d.letters)
        ahead = np.triu(np.ones((T, T), bool), 1)
        squares = [Rectangle((s - side / 2, t - side / 2), side, side)
                   for (t, s), side in np.ndenumerate(np.sqrt(d.weights)) if s <= t]  # fmt: skip
        whole.add_collection(PatchCollection(squares, fc=BLUE, ec="none"))  # the area is the weight
        whole.plot(*np.argwhere(ahead).T[::-1], "x", color=PALE, ms=4, ls="none")
        whole.set(xticks=range(T), yticks=range(T), xticklabels=named, yticklabels=named, xlim=(-0.5, T - 0.5),
                  ylim=(T - 0.5, -0.5), aspect="equal", xlabel="is listened to", ylabel="listens",
                  title=f"weights, {HEADS[d.head]} head")  # fmt: skip
        shares.set(xlim=(-0.62, 1.02), ylim=(T + 1.5, -0.5), xticks=(0, 1), yticks=range(T), yticklabels=named,
                   title="score     softmax")  # fmt: skip
        said.set(xlim=(-0.5, 15.5), ylim=(T + 1.5, -0.5), xticks=[], yticks=[*range(T), T + 1],
                 yticklabels=[*named, "sum"], title="weight · value")  # fmt: skip
        guess.set(xlim=(0, 1), ylim=(TOP - 0.4, -0.6), xticks=(0, 1), yticks=[], title="next letter")
        for ax in (whole, shares, said):
            ax.tick_params(axis="y", length=0)
        whole.tick_params(axis="x", length=0)

    def load(d):
        T = len(d.letters)
        strips.set_extent((-0.5, 15.5, T + 1.5, -0.5))
        strips.set_clim(-(most := np.abs(d.heard).max()), most)

    def draw(d, k):
        T, weights, following = len(d.letters), d.weights[k], d.next[k]
        frame.set_bounds(-0.5, k - 0.5, T, 1)
        for s in everywhere:
            seen, there = s <= k, s < T
            bars[s].set_width(weights[s] if seen else 0)
            scores[s].set_text(minus(f"{d.scores[k, s]:z.1f}") if seen else "hidden" if there else "")
            scores[s].set_color(INK if seen else PALE)
            amounts[s].set_position(((weights[s] if seen else 0) + 0.03, s))
            amounts[s].set_text(f"{weights[s]:.2f}" if seen and weights[s] >= LIVELY else "")
        strips.set_data(np.vstack([weights[:, None] * d.values, np.zeros_like(d.values[:1]), d.heard[k : k + 1]]))
        best = following.argsort()[::-1][:TOP]
        for bar, text, symbol in zip(guesses, likely, best, strict=True):
            bar.set_width(following[symbol])
            text.set_position((following[symbol] + 0.04, text.get_position()[1]))
            text.set_text(f"{called(SYMBOLS[symbol])} {following[symbol]:.2f}")
        loudest = int(weights.argmax())
        to = "itself" if loudest == k else f"{d.letters[loudest]}, place {loudest}"
        came = "the end" if k + 1 == T else d.letters[k + 1]
        chance = following[SYMBOLS.index("." if k + 1 == T else came)]
        return (f"Place {k}, {d.letters[k]}: this head listens most to {to}: score "
                f"{minus(f'{d.scores[k, loudest]:z.2f}')}, weight {weights[loudest]:.2f}. The model gives "
                f"{called(SYMBOLS[best[0]])} the probability {following[best[0]]:.2f}, and {came}, which follows here, "
                f"{chance:.2f}.")  # fmt: skip

    return Picture(live, draw, scenery, [whole], of=lambda d: (d.letters, d.head), load=load)


def called(symbol):
    """A symbol in words."""
    return "end" if symbol == "." else symbol


@lab.pointed
def pointed(point, s):
    places = len(spelt(s["name"]))
    return {"place": int(np.clip(round(point.y), 0, places - 1))}
