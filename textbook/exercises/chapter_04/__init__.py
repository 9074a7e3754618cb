"""Exercises of chapter 4, backpropagation on arrays: what the chapter and later ones import."""

from textbook.exercises.chapter_04.answers import (
    ROWS,
    UNSEEN,
    backward,
    bump_rule,
    cross_entropy,
    delta_before,
    differences,
    matmul,
    matmul_messages,
    relu,
    softmax,
    sum_to,
)
from textbook.exercises.chapter_04.table import EXERCISES
