"""Exercises of chapter 2, forward propagation: what the chapter and later ones import."""

from textbook.exercises.chapter_02.answers import (
    OPERATIONS,
    chain,
    convolution_cost,
    digit_scores,
    is_topological,
    kahn,
    matmul_costs,
    refresh,
    topological_order,
)
from textbook.exercises.chapter_02.table import EXERCISES
