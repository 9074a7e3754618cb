"""A film: frames recorded ahead, and how they travel to the browser."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Film:
    """Frames recorded ahead: tables of commands, and for each frame the groups to draw.

    Attributes:
        tables: the arrays of `Recorder.tables`, and `frames`: group numbers in drawing order, (frames, live artists).
        styles: how to fill and stroke, as `Recorder` numbers them.
        captions: a line of words and numbers for each frame.
        values: what the readout shows for each position of the slider.
        label: what the slider sets: "step", "α".
        interval: milliseconds a frame stays when playing.
        first: the slider position of frame 0.  A film with fewer frames than `values` is a part.
    """

    tables: dict[str, NDArray] = field(repr=False)
    styles: list[tuple] = field(repr=False)
    captions: list[str]
    values: list[str]
    label: str = ""
    interval: float = 100
    first: int = 0

    def __len__(self) -> int:
        return len(self.captions)

    def encode(self, number: int = 0) -> bytes:
        """The film as bytes: the length of a JSON header (uint32), the header, then each table, padded to 4 bytes."""
        header: dict[str, Any] = {"number": number, "label": self.label, "interval": self.interval, "first": self.first,
                                  "captions": self.captions, "values": self.values, "styles": self.styles}  # fmt: skip
        places, blocks, end = {}, [], 0
        for name, array in self.tables.items():
            block = array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
            places[name] = (array.dtype.str[1:], end, array.size)
            blocks.append(block + b"\0" * (-len(block) % 4))
            end += len(blocks[-1])
        text = json.dumps(header | {"tables": places}, ensure_ascii=False).encode()
        return b"".join([len(text).to_bytes(4, "little"), text, *blocks])



def readouts(frames: int | Sequence[Any]) -> list[str]:
    """What the readout shows at each position."""
    values: Sequence[Any] = range(frames) if isinstance(frames, int) else frames
    if len(values) == 0:
        raise ValueError("a film needs at least one frame; got none")
    return [f"{v:.4g}" if isinstance(v, float | np.floating) else str(v) for v in values]
