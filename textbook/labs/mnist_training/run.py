"""A training that can be changed between two steps.  Every step is `train.train`'s, or PyTorch's own."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from textbook import data as datasets
from textbook import nn, ops, optim, recipes, torch_twin, train
from textbook.engine import Array, plain
from textbook.labs.mnist_training.deep import REMEDIES, deep_net

SMOOTHING = 0.95  # weight of the past in the running mean of the loss
CHECKS = 4  # validations in an epoch, the last at its end
MEASURES = 16  # of gradients and updates, in an epoch, about
TILES = 4  # the first TILES² units are shown
AT_RESET = ("network", "hidden", "batch", "activation", "init", "engine", "seed")


def widths(text: str) -> list[int]:
    """The widths of the hidden layers, from a text such as "256, 128"; an empty one means none."""
    parts = re.split(r"[,\s]+", text.strip(" ,"))
    if parts == [""]:
        return []
    if not all(re.fullmatch(r"[0-9]{1,4}", part) and int(part) for part in parts):
        raise ValueError(f"hidden widths are whole numbers of 1 or more, such as 256, 128: got {text!r}")
    found = [int(part) for part in parts]
    if sum(found) > 2048:
        raise ValueError(f"the hidden widths add up to {sum(found):,}: at most 2,048 units train at a lively pace")
    return found


class Change(NamedTuple):
    """From after this step on, this rule and learning rate."""

    step: int
    rule: str
    lr: float


@dataclass(frozen=True)
class Training:
    """A training so far.

    Attributes:
        beside: what the picture shows beside the curves.
        shown: which weights the picture shows, "now" or their "change".
        per_epoch: steps in an epoch.
        total: steps of the whole run.
        loss: (steps,) of each batch, in nats, before its step.
        smoothed: (steps,) its exponential mean.
        checked: (checks,) the steps after which the validation data were scored; the first is 0.
        val_loss, val_accuracy: (checks,).
        logits: (validation digits, 10) at the last check.
        images, labels: (validation digits, 784) and their classes.
        weights: (pixels, units) of the first layer: at most 16 units, as last seen finite.
        start: (pixels, units) the same before the first step.
        units: how many the first layer has.
        parameters: how many numbers are learnt.
        layers: (in, out) of each layer with weights; of a convolution as they stand in memory, (k, k, in, out).
        measured: (measures,) the steps in which gradients and updates were measured, counted from 1.
        gradients: (measures, layers) the norm of the gradient with respect to each layer's weights.
        updates: (measures, layers) ‖step‖ / ‖weights before it‖ of each layer's weights.
        changes: rule and learning rate, with the steps from which they hold; the first is the start.
        diverged_at: the step whose loss was no longer a number, or -1.
    """

    beside: str
    shown: str
    per_epoch: int
    total: int
    loss: Array
    smoothed: Array
    checked: Array
    val_loss: Array
    val_accuracy: Array
    logits: Array
    images: Array
    labels: Array
    weights: Array
    start: Array
    units: int
    parameters: int
    layers: tuple[tuple[int, ...], ...]
    measured: Array
    gradients: Array
    updates: Array
    changes: tuple[Change, ...]
    diverged_at: int


@functools.cache
def _mnist() -> datasets.Mnist:
    return datasets.load_mnist()


def _network(s: Mapping[str, Any], rng: np.random.Generator) -> nn.Module:
    if s["network"] == "cnn":
        return recipes.cnn(rng)
    if s["network"] != "own":
        return deep_net(rng, **REMEDIES[s["network"]].parts)
    return nn.MLP([784, *widths(s["hidden"]), 10], rng=rng, init=s["init"], activation=getattr(ops, s["activation"]))


class Run:
    """A training that takes one step at a time, and can be changed between two.

    Args:
        settings: of the lab.  Those named in `AT_RESET` are fixed for this run.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        s = self.settings = settings
        rng = np.random.default_rng(s["seed"])
        self.model = _network(s, rng)
        self.matrices = [p for p in self.model.parameters() if p.ndim > 1]  # each layer's weights
        self.per_epoch = -(-len(_mnist().x_train) // s["batch"])
        self._batches = self._stream(rng)
        self.losses: list[float] = []
        self.smoothed: list[float] = []
        self.checked: list[int] = []
        self.scores: list[train.Score] = []
        self.changes: list[Change] = []
        self.measured: list[int] = []
        self.gradients: list[list[float]] = []
        self.updates: list[list[float]] = []
        self.diverged_at = -1
        self._use_rule(s)
        self._start = self._weights = self._first_weights()
        self.check()

    def _stream(self, rng: np.random.Generator) -> Iterator[tuple[Array, Array]]:
        while True:
            yield from datasets.batches(_mnist().x_train, _mnist().y_train, self.settings["batch"], rng)

    def _use_rule(self, s: Mapping[str, Any]) -> None:
        self.optimizer = optim.Optimizer(self.model.parameters(), s["rule"], lr=s["lr"])
        if s["engine"] == "torch":
            self._steps = torch_twin.train(self.model, self._batches, self.optimizer)
        else:
            ours = train.train(self.model, ops.cross_entropy, self._batches, self.optimizer)
            self._steps = (step.loss for step in ours)

    def change(self, settings: Mapping[str, Any]) -> None:
        """Go on with other settings; another rule starts with a state of zeros, on the same parameters and batches."""
        before = self.settings
        self.settings = {**settings, **{name: before[name] for name in AT_RESET}}
        if settings["rule"] != before["rule"]:
            self._use_rule(settings)
        self.optimizer.hyper["lr"] = settings["lr"]
        if self.step_number:
            self._note_change()

    def _note_change(self) -> None:
        if self.changes and self.changes[-1].step == self.step_number:  # no step was taken with it
            self.changes.pop()
        used = Change(self.step_number, self.settings["rule"], self.settings["lr"])
        if not self.changes or self.changes[-1][1:] != used[1:]:
            self.changes.append(used)

    @property
    def step_number(self) -> int:
        """Steps taken."""
        return len(self.losses)

    @property
    def total(self) -> int:
        """Steps of the whole run."""
        steps = self.settings["steps"]
        return self.per_epoch * self.settings["epochs"] if steps is None else steps

    @property
    def going(self) -> bool:
        """Whether there is a step left to take."""
        return self.diverged_at < 0 and self.step_number < self.total

    def step(self) -> None:
        """Take one step, and score the validation data where it is time."""
        self._note_change()
        due = self.step_number % max(1, self.per_epoch // MEASURES) == 0
        before = [plain(p).copy() for p in self.matrices] if due else []
        with np.errstate(all="ignore"):  # divergence is a result
            loss = next(self._steps)
            if due:
                self._measure(before)
        past = self.smoothed[-1] if self.smoothed else 0.0
        weight = (1 - SMOOTHING) / (1 - SMOOTHING ** (self.step_number + 1))  # the mean of what there is so far
        self.losses.append(loss)
        self.smoothed.append(past + weight * (loss - past))
        if not np.isfinite(loss):
            self.diverged_at = self.step_number
        elif self._checks_due(self.step_number) > self._checks_due(self.step_number - 1) or not self.going:
            self.check()

    def _measure(self, before: list[Array]) -> None:
        """The gradients and the update of the step that was taken, from the weights before it."""
        sizes, steps = map(_norm, before), (_norm(plain(p) - old) for p, old in zip(self.matrices, before, strict=True))
        self.measured.append(self.step_number + 1)
        self.gradients.append([_norm(p.grad) for p in self.matrices])
        self.updates.append([step / size if size else math.nan for step, size in zip(steps, sizes, strict=True)])

    def _checks_due(self, step: int) -> int:
        return CHECKS * step // self.per_epoch

    def check(self) -> None:
        """Score the validation data, unless that is done."""
        if self.diverged_at < 0 and self.step_number not in self.checked[-1:]:
            outputs: list[Array] = []

            def keep(z: Any) -> Any:
                outputs.append(plain(z))
                return z

            with np.errstate(all="ignore"):
                kept = nn.Sequential(self.model, keep)
                self.scores.append(train.evaluate(kept, _mnist().x_val, _mnist().y_val))
            self._logits = np.concatenate(outputs)
            self.checked.append(self.step_number)

    def _first_weights(self) -> Array:
        w = plain(self.matrices[0])
        return w.reshape(-1, w.shape[-1])[:, : TILES**2].copy()

    def data(self) -> Training:
        """The training so far."""
        weights = self._first_weights()
        if np.isfinite(weights).all():
            self._weights = weights
        s, layers = self.settings, tuple(p.shape for p in self.matrices)
        val_loss, val_accuracy = np.array(self.scores, float).T
        gradients, updates = (np.array(found).reshape(-1, len(layers)) for found in (self.gradients, self.updates))
        return Training(
            s["beside"], s["weights"], self.per_epoch, self.total, np.array(self.losses), np.array(self.smoothed),
            np.array(self.checked), val_loss, val_accuracy, self._logits, _mnist().x_val, _mnist().y_val,
            self._weights, self._start, layers[0][-1], sum(p.size for p in self.model.parameters()), layers,
            np.array(self.measured, int), gradients, updates, tuple(self.changes), self.diverged_at,
        )  # fmt: skip


def _norm(a: Array) -> float:
    return math.sqrt(np.vdot(a, a))
