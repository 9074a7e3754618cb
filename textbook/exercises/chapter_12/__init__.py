"""Exercises of chapter 12, MNIST: what the chapter and later ones import."""

from textbook.exercises.chapter_12.answers import (
    FALL,
    HEART,
    MIDDLE,
    confusion_matrix,
    nearest_neighbour,
    reliability,
    shifted,
    standard_error,
    train_epoch,
)
from textbook.exercises.chapter_12.table import EXERCISES
