"""Exercises of chapter 13, pitfalls: what the chapter and later ones import."""

from textbook.exercises.chapter_13.answers import (
    CURVES,
    REMEDIES,
    SMALL,
    clipped,
    dropout,
    l2_gradient,
    name_cause,
    shifted,
    stop_at,
)
from textbook.exercises.chapter_13.table import EXERCISES
