"""The live figure: plain matplotlib in Python, a moving picture in the browser.

The picture is in two layers.  What never moves is painted once, as an image.  The *live* artists are recorded as
vector commands, and `stage.js` replays them on a canvas.  A **film** is a table of such commands plus, for every frame,
indices into it, so an artist that stays as it is costs nothing.  Once a film has arrived, sliding and playing need no
kernel.

>>> from matplotlib.figure import Figure
>>> figure = Figure(figsize=(4, 3))
>>> axes = figure.add_subplot(xlim=(0, 1), ylim=(0, 1))
>>> (line,) = axes.plot([0, 1], [0, 1])
>>> stage = Stage(figure, live=[line], title="A line through the origin")
>>> def draw(k):
...     line.set_ydata([0, k / 10])
...     return f"slope {k / 10:.1f}"
>>> film = stage.film(11, draw, label="frame")
>>> len(film), film.captions[3]
(11, 'slope 0.3')
>>> stage.send(film)
"""

from textbook.stage.film import Film
from textbook.stage.recorder import Recorder, flat
from textbook.stage.stage import Point, Stage
