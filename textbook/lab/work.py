"""Long work in a notebook: the one task loop, in which the sliders go on answering."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

TICKS = 8  # passes of the event loop between two pieces of work: a message of the kernel needs 4 to 6


class Work:
    """Work done piece by piece in a task of the running event loop.

    Args:
        piece: does a piece; returns how many seconds to rest after it, or None when nothing is left to do.
        ended: called after the last piece.
        failed: called with the exception that a piece has raised; in a task it would be lost.
    """

    def __init__(
        self, piece: Callable[[], float | None], *, ended: Callable[[], None], failed: Callable[[Exception], None]
    ) -> None:
        self.piece, self.ended, self.failed = piece, ended, failed
        self._task: asyncio.Task | None = None

    @property
    def going(self) -> bool:
        return self._task is not None

    def start(self) -> None:
        """Begin, or go on.  Raises RuntimeError where no event loop is running, as in a script."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._go())

    def stop(self) -> None:
        """Stop after the present piece.  `start` goes on."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _go(self) -> None:
        try:
            while (rest := self.piece()) is not None:
                for _ in range(TICKS):
                    await asyncio.sleep(0)
                if rest > 0:
                    await asyncio.sleep(rest)
        except Exception as error:
            self._task = None
            self.failed(error)
        else:
            self._task = None
            self.ended()
