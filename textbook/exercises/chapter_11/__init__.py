"""Exercises of chapter 11, second order: what the chapter and later ones import."""

from textbook.exercises.chapter_11.answers import (
    SCIPY_BILLS,
    bfgs_update,
    conjugate_gradients,
    fisher,
    newton_step,
    orthogonalised,
    safe_direction,
)
from textbook.exercises.chapter_11.table import EXERCISES
