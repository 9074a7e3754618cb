"""The table of the exercises of chapter 13: questions, right answers, and what each wrong one is told."""

import numpy as np

from textbook.exercises import Exercise
from textbook.exercises.chapter_13 import trials, wrong
from textbook.exercises.chapter_13.answers import (
    REMEDIES,
    SMALL,
    clipped,
    dropout,
    l2_gradient,
    name_cause,
    shifted,
    stop_at,
)

EXERCISES = [
    Exercise(
        "13-a", "predict", "Which remedy alone raises the validation accuracy most, with 300 images?",
        reference=REMEDIES[2],
        mistakes={
            "Dropout lowers the validation loss; the accuracy moves by about a point.": REMEDIES[0],
            "L2 keeps the weights small and the net less sure. About as many answers are right as before.": REMEDIES[1],
            "It takes an earlier point of the same run, and the accuracy there is about that at the end.": REMEDIES[3],
        },
        insight="It alone brings something that was not in the 300 images: that a shifted digit is the same digit.",
    ),
    Exercise(
        "13-1", "implement", "Where does early stopping take its weights?",
        reference=stop_at,
        cases=trials.stop_cases,
        mistakes={
            "That is where the waiting ends. Return where the lowest loss stood.": wrong.stops_now,
            "The lowest of all: early stopping can't know what comes after it has stopped.":
                lambda losses, patience: int(np.argmin(losses)),
            "You count rises from one check to the next. Count checks since the lowest so far.": wrong.rises_in_a_row,
            "You count every check that brought no new lowest. Start counting anew at each new lowest.":
                wrong.never_forgets,
            "It waits one check too long: stop at the check that makes it `patience`.":
                lambda losses, patience: stop_at(losses, patience + 1),
            "That is the loss there. Return its index.": lambda losses, patience: losses[stop_at(losses, patience)],
            "That is the first rise. Wait for `patience` checks.": lambda losses, patience: stop_at(losses, 1),
        },
        insight="Training goes on after the best moment, to know that it was one: keep a copy of its weights.",
    ),
    Exercise(
        "13-2", "implement", "Inverted dropout, with the mask given.",
        reference=dropout,
        cases=trials.dropout_cases,
        mistakes={
            "p is the probability of dropping: divide by 1 − p.": lambda h, keep, p: h * keep / p,
            "Without the factor 1/(1 − p) the mean shrinks, and the next layer meets other numbers in evaluation.":
                lambda h, keep, p: h * keep,
            "You multiplied by 1 − p. What is left must grow, to make up for what is gone.":
                lambda h, keep, p: h * keep * (1 - p),
            "You dropped what should be kept.": lambda h, keep, p: h * ~keep / (1 - p),
            "The factor is 1/(1 − p), whatever share this mask happens to keep.":
                lambda h, keep, p: h * keep / keep.mean(),
            "Nothing is dropped: multiply by the mask too.": lambda h, keep, p: h / (1 - p),
            "Brackets: `/ 1 - p` divides by 1, and subtracts p from that.": lambda h, keep, p: h * keep / 1 - p,
            "The dropped units are gone from the shape. Set them to 0 instead.": lambda h, keep, p: h[keep] / (1 - p),
        },
        insight="The mean over all masks is h itself, so evaluation needs no mask and no factor.",
    ),
    Exercise(
        "13-3", "derive", "The gradient of ℒ + λ/2 Σ w².",
        reference=l2_gradient,
        cases=trials.l2_cases,
        mistakes={
            "The ½ is there to cancel the 2 of the derivative of w².": lambda g, w, lam: g + 2 * lam * w,
            "You left the ½ in: the derivative of w²/2 is w.": lambda g, w, lam: g + lam / 2 * w,
            "The penalty pushes the weights towards 0, so its gradient is +λw, which the step then subtracts.":
                lambda g, w, lam: g - lam * w,
            "That is the penalty itself. Its derivative is λw.": lambda g, w, lam: g + lam / 2 * w**2,
            "The derivative of w² is 2w, and the ½ makes it w.": lambda g, w, lam: g + lam * w**2,
            "That is L1's: the derivative of |w|.": lambda g, w, lam: g + lam * np.sign(w),
            "That is the penalty's gradient alone. Add g.": lambda g, w, lam: lam * w,
            "Every weight has its own derivative: no sum is left.": lambda g, w, lam: g + lam * w.sum(),
        },
        insight="A step then multiplies each weight by 1 − αλ, before g has its say: hence the name weight decay.",
    ),
    Exercise(
        "13-4", "implement", "Every image moved by whole pixels.",
        reference=shifted,
        cases=trials.shift_cases,
        mistakes={
            "np.roll brings what leaves on one side back in on the other. What moves in must be paper.": wrong.rolled,
            "Both directions are turned round: a positive `down` moves the ink down.":
                lambda images, down, right: shifted(images, -down, -right),
            "`down` and `right` are swapped: the first axis of an image counts rows.":
                lambda images, down, right: shifted(images, right, down),
            "In a flat row, what leaves a line on the right enters the next one on the left. It must be lost.":
                lambda images, down, right: np.roll(images, 28 * down + right, axis=1),
            "Axis 0 counts the images, so they change places. Move along axes 1 and 2.":
                lambda images, down, right: np.roll(images.reshape(-1, 28, 28), (down, right), (0, 1)).reshape(-1, 784),
            "A negative index counts from the end, and brings ink back in: ask for 0 <= it too.": wrong.from_the_end,
        },
        insight="What an augmentation may change is knowledge about the task: shifts yes, mirror images no.",
    ),
    Exercise(
        "13-b", "predict", "A net of two hidden units underfits. What does dropout do to it?",
        reference=SMALL[2],
        mistakes={
            "There is hardly a gap to make smaller: the training loss itself is high.": SMALL[0],
            "It takes one of two units away half of the time. That is felt.": SMALL[1],
        },
        insight="A cure for one illness feeds the other. Hence: measure which of them it is, first.",
    ),
    Exercise(
        "13-c", "predict", "Seven sigmoids in a row: by which factor do they at most multiply a gradient?",
        reference=0.25**7,
        mistakes={
            "That is for one. They multiply.": 0.25,
            "A sum; along the depth, factors multiply.": 7 * 0.25,
            "The slope of a sigmoid is at most 1/4, not 1/2.": 0.5**7,
            "That is for eight. There are seven between the layers.": 0.25**8,
        },
        insight="0.25⁷ = 0.00006. The weights have their factors too, and seldom make up for it.",
        rtol=0.05,
        atol=0.0,
    ),
    Exercise(
        "13-d", "predict", "Clipped to 1, rate 0.05: how long is a step of plain descent at a gradient of 14,000?",
        reference=0.05,
        mistakes={
            "That is the gradient's length after clipping. The rate multiplies it.": 1.0,
            "That is the step without clipping.": 700.0,
        },
        insight="A bound on the step, α · 1, and the direction stays.",
    ),
    Exercise(
        "13-5", "implement", "Gradients clipped together.",
        reference=clipped,
        cases=trials.clip_cases,
        mistakes={
            "You clip each array by itself, which turns the direction. One factor for all.": wrong.each_alone,
            "Short gradients must stay as they are: the factor is at most 1.": wrong.always,
            "You cut single entries off. Scale all of them by one factor.": wrong.entries,
            "Norms don't add. Add the squares of all entries, then take the root.": wrong.norms_added,
            "The root is missing: divide by the norm, not by its square.": wrong.squared,
            "The norm is that of all entries together, not the largest of the arrays' norms.": wrong.largest_norm,
            "The smaller of the two, 1 and c/‖g‖: `min`, not `max`.": wrong.never_shorter,
        },
        rtol=1e-5,  # PyTorch adds 1e-6 to the norm
        insight="The direction stays, and no step is longer than α times the limit.",
    ),
    Exercise(
        "13-e", "predict", "What is the lowest cross-entropy that ten probabilities can reach, taken for logits?",
        reference=float(np.log(np.e + 9) - 1),
        mistakes={
            "So it would be with logits, which may be as large as they like. Probabilities end at 1.": 0.0,
            "That is ten equal ones, which is what a net knows at first.": float(np.log(10)),
            "The other nine count too: each adds e⁰ = 1 below the line.": 1.0,
            "That is ln(e + 9), the sum alone. Subtract the 1 of the true class.": float(np.log(np.e + 9)),
            "That is the probability, e/(e + 9). Take minus its logarithm.": float(np.e / (np.e + 9)),
        },
        insight="−ln(e/(e + 9)) = 1.46. A loss that stops there is a signature.",
        atol=0.01,
    ),
    Exercise(
        "13-6", "implement", "Name what two loss curves tell.",
        reference=name_cause,
        cases=trials.curve_cases,
        mistakes={
            "A gap alone is no harm. Overfitting is a validation loss that has turned up from its own lowest.":
                wrong.gap,
            "You compare with its first value. Compare with its lowest.": wrong.first_against_last,
            "You ask for overfitting before underfitting: the order of the rules counts.": wrong.validation_first,
            "nan is neither larger nor smaller than anything: ask np.isfinite first.": wrong.nan_forgotten,
            "Small letters: \"diverged\", not \"Diverged\".":
                lambda training, validation: name_cause(training, validation).capitalize(),
            "Where no rule applies, return \"neither\".":
                lambda training, validation: None if (told := name_cause(training, validation)) == "neither" else told,
            "A leap on the way is no divergence: compare the last training loss.": wrong.leap,
        },
        insight="Training first, validation second. The first rule that applies says where to start.",
    ),
]  # fmt: skip
