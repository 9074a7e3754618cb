"""Exercises of chapter 7, classification: what the chapter and later ones import."""

from textbook.exercises.chapter_07.answers import (
    binary_cross_entropy,
    cross_entropy_gradient,
    entropy_slope,
    log_sum_exp,
    negative_log_likelihood,
    sigmoid,
    sigmoid_slope,
    softmax,
    softmax_jacobian,
    squared_slope,
)
from textbook.exercises.chapter_07.table import EXERCISES
