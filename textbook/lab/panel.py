"""The controls of a lab: one widget for all of them, whatever they are, so that opening a lab takes few messages."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from pathlib import Path
from typing import Any

import anywidget
import traitlets


class Panel(anywidget.AnyWidget):
    """Native controls in the browser, described by plain dicts.

    Each part has an `id`, a `kind` that `panel.js` knows, a `label` and a `value`; `more` puts it under "More".

    Args:
        heard: called with a part's id and its raw value when the reader has changed it.
    """

    _esm = Path(__file__).with_name("panel.js")

    _parts: Any = traitlets.List().tag(sync=True)
    # {id: [raw value, count]}: all that the reader has set, because messages that wait are merged into the newest.
    _said: Any = traitlets.Dict().tag(sync=True, echo_update=False)

    def __init__(self, heard: Callable[[str, Any], None]) -> None:
        super().__init__()
        self._heard = heard
        self._counts: dict[str, int] = {}
        self.observe(self._hear, "_said")

    @property
    def parts(self) -> dict[str, dict[str, Any]]:
        """What is shown, by id."""
        return {part["id"]: part for part in self._parts}

    def show(self, parts: Sequence[Mapping[str, Any]], waiting: Container[str] = ()) -> None:
        """Show these parts in this order.

        The browser leaves those alone that the reader has moved since, or whose message is `waiting` for an answer.
        """
        self._parts = [{**p, "heard": self._counts.get(p["id"], 0) - (p["id"] in waiting)} for p in parts]

    def hear(self, part: str, raw: Any) -> None:
        """Take a message as if it came from the browser.

        Raises:
            KeyError: no such part is shown.
        """
        if part not in self.parts:
            raise KeyError(f"{part!r} is not in sight: {', '.join(self.parts)} are")
        self._said = {**self._said, part: [raw, self._counts.get(part, 0) + 1]}

    def _hear(self, change: Any) -> None:
        for part, (raw, count) in change.new.items():
            if count > self._counts.get(part, 0):
                self._counts[part] = count
                self._heard(part, raw)
