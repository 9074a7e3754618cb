"""Exercises of chapter 3, backpropagation on numbers: what the chapter and later ones import."""

from textbook.exercises.chapter_03.answers import (
    Node,
    backward,
    held_and_free,
    shortcut,
    slope_of_f,
    tanh,
    thousand_paths,
    train_step,
)
from textbook.exercises.chapter_03.table import EXERCISES
