"""Predictions of chapter 10, MNIST."""

from textbook.exercises import Exercise

MIDDLE = ("positive, as in the mean image", "near 0", "strongly negative")
FALL = ("further than the training loss", "as far", "less far")

EXERCISES = [
    Exercise(
        "12.1", "predict", "Which accuracy, in percent, has the most common class as the answer to everything?",
        reference=11.3,
        mistakes={
            "That is 10 classes of equal size. The most common one has 790 of the 7,000 images: a little more.": 10.0,
            "That is the share. In percent it is a hundred times as much.": 0.113,
            "Half would need two classes. There are ten, of nearly equal size.": 50.0,
        },
        insight="About 790/7,000, the share of that class. Any classifier must beat it.",
        atol=0.6,
    ),
    Exercise(
        "12.2", "predict", "A model gives each of ten classes the probability 1/10. What is its cross-entropy?",
        reference=2.303,
        mistakes={
            "That is the probability. The loss is minus its logarithm.": 0.1,
            "The logarithm is the natural one: −log 0.1 = 2.303 nats.": 1.0,
            "The sign: the logarithm of 1/10 is negative, and the loss is minus that.": -2.303,
            "That is in bits. The logarithm is the natural one.": 3.322,
        },
        insight="−ln(1/10) = ln 10.",
        atol=0.02,
    ),
    Exercise(
        "12.3", "predict", "What do the trained weights for a 0 look like in the middle of the image?",
        reference=MIDDLE[2],
        mistakes={
            "The mean of the zeros has a hole there, and no ink.": MIDDLE[0],
            "Near 0 would say that ink there tells nothing. It tells a lot: other digits have ink there.": MIDDLE[1],
        },
        insight="Ink in the middle speaks against a 0.",
    ),
    Exercise(
        "12.4", "predict", "How many parameters has a network with 784 inputs, 128 hidden units and 10 outputs?",
        reference=101770.0,
        mistakes={
            "The biases are parameters too: 128 and 10 of them.": 101632.0,
            "That is the first layer alone.": 100480.0,
            "The layers are added, not multiplied.": 784.0 * 128 * 10,
        },
        insight="784 · 128 + 128 and 128 · 10 + 10. Nearly all of them are in the first layer.",
    ),
    Exercise(
        "12.5", "predict", "The training loss falls. How far does the validation loss fall?",
        reference=FALL[2],
        mistakes={
            "The parameters were fitted to the training images, and not to these.": FALL[0],
            "So it would be if it learned only what holds for all images. It also learns by heart.": FALL[1],
        },
        insight="What is learned by heart helps with the training images alone.",
    ),
    Exercise(
        "12.6", "predict", "95 % of 2,000 images are right. How many percentage points is the standard error?",
        reference=0.487,
        mistakes={
            "That is the standard deviation of one image, in percentage points. Divide by √2000.": 21.8,
            "That is a share of 1. In percentage points it is a hundred times as much.": 0.00487,
            "You forgot the square root.": 0.00238,
        },
        insight="√(0.95 · 0.05 / 2000) = 0.0049, about half a percentage point.",
        rtol=0.05,
        atol=0.0,
    ),
]
