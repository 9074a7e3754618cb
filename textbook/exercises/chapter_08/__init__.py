"""Exercises of chapter 8, automatic differentiation: what the chapter and later ones import."""

from textbook.exercises.chapter_08.answers import (
    Dual,
    LineByHand,
    best_parts,
    derivative,
    jacobian,
    per_example,
    rounded,
    size,
    unscaled,
    value,
)
from textbook.exercises.chapter_08.table import EXERCISES
