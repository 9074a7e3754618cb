"""Exercises of chapter 10, vanishing and exploding gradients: what the chapter and later ones import."""

from textbook.exercises.chapter_10.answers import (
    clipped,
    down,
    leaky_gain,
    scaled_start,
    through_standardize,
    wide_rate,
)
from textbook.exercises.chapter_10.table import EXERCISES
