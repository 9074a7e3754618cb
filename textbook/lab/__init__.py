r'''How a lab is written.  The labs themselves are in `textbook.labs`: a new one is one file there.

This is a whole lab.  Saved as `textbook/labs/thrown.py` it is `labs.thrown`, with its controls, keys, play button,
caption, table, still picture, dark theme, and the call that recreates its state:

>>> import numpy as np
>>> from textbook.lab import FrameAxis, Lab, Slider
>>> lab = Lab(
...     "Throw a ball: move the slider to see it fly, and change its speed",
...     speed=Slider("speed in m/s", 12.0, 1.0, 30.0, 0.5),
...     time=FrameAxis("time", of=lambda d: d.t, show="{:.2f} s", start=lambda d: d.t[-1] / 2),
... )
>>> @lab.compute
... def thrown(speed):
...     t = np.linspace(0, 2 * speed / 9.81, 61)
...     return dict(t=t, height=speed * t - 9.81 / 2 * t**2)
>>> @lab.picture
... def picture(fig):
...     ax = fig.subplots()
...     ax.set(xlim=(0, 6.2), ylim=(0, 46), xlabel="time in s", ylabel="height in m")
...     (curve,), (ball,) = ax.plot([], []), ax.plot([], [], "o", ms=9)
...     def draw(d, k):
...         curve.set_data(d.t, d.height)
...         ball.set_data(d.t[[k]], d.height[[k]])
...         return f"After {d.t[k]:.2f} s the ball is {d.height[k]:.1f} m high."
...     return [curve, ball], draw
>>> float(lab(speed=10.0).height.max().round(1))  # headless: the data
5.1
>>> lab.png(speed=10.0)[:4]  # the picture
b'\x89PNG'
>>> view = lab.show(speed=10.0, time=1.0)  # the live figure; moved here as a reader would
>>> view.stage.caption
'After 0.99 s the ball is 5.1 m high.'
>>> view.move("speed", 20.0)
>>> view.settings["speed"], view.stage.caption
(20.0, 'After 1.02 s the ball is 15.3 m high.')

**Settings** are the keywords of `Lab`, in the order in which they are shown: `Slider`, `Choice`, `Several`, `Toggle`,
`Text`; `Numbers` (set by the pointer), `Control` (set by code), or your own subclass (its `parts` may be many, and
depend on the state).  A `Button` does something, a `Status` says something.  At most four stand in sight: give the
others `more=True`; one that has no effect in some states gets `when=lambda s: ...`.  One may be the `FrameAxis`.

**`@lab.compute`** is a pure function that takes the settings by name (not the frame axis: the data hold all its
positions, so that a batched rule computes them in one call) and returns a dict or a dataclass.

**`@lab.picture`** fills an empty figure (`Lab(..., inches=(8.4, 4.2))`) with every artist it will ever need, and
returns the live ones and `draw(data, frame)`, which sets them and returns the caption.  Where limits, titles or
contours depend on the data, it returns `Picture(live, draw, scenery, pointer=[axes])` instead.  Text and lines in
black, grey and white are turned over in a dark theme by themselves; hues stay.

Optional: `@lab.table`, `@lab.pointed`, `@lab.moved`, `@lab.check`, and `Lab(..., view=...)`, a subclass of `View`, for
labs that work by themselves (`Work` is their loop).
'''

from textbook.lab.controls import (
    Button,
    Choice,
    Control,
    FrameAxis,
    Numbers,
    Several,
    Slider,
    Status,
    Text,
    Toggle,
    as_tuples,
    number,
    round_numbers,
)
from textbook.lab.lab import Data, Lab, Picture, Settings
from textbook.lab.panel import Panel
from textbook.lab.view import Scene, View, html_table
from textbook.lab.work import Work
