"""Pictures: `draw_*(ax, data)` in plain matplotlib, one house style, and `picture`, which shows a figure with its text.

A draw function adds to the axes it is given and returns the artists it made.  Figures come from `figure`, not from
pyplot: nothing is global, nothing needs closing, and nothing is shown twice.

>>> fig, ax = figure(4, 3)
>>> curves = draw_losses(ax, {"training": [2.3, 1.1, 0.6]})
>>> picture(fig, alt="The training loss falls in three steps.")
The training loss falls in three steps.
"""

from textbook.plots.curves import draw_curves, draw_losses, draw_timeline
from textbook.plots.graphs import FILL, GraphArtists, draw_graph
from textbook.plots.images import draw_confusion, draw_digits, draw_weights
from textbook.plots.style import INK, OKABE_ITO, PALE, PAPER, STYLE, Picture, figure, picture, style
from textbook.plots.surfaces import draw_contour, draw_trajectory
