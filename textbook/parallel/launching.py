"""Starting a group of processes on this machine, from a script or a notebook, and ending it whatever happens."""

from __future__ import annotations

import inspect
import os
import pickle
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

FROM_NOTEBOOK = "from_notebook"  # the module that a notebook's function travels in
LOOPBACK = {"linux": "lo", "darwin": "lo0"}  # the network interface inside a machine


class WorkerError(RuntimeError):
    """A process of the group failed; `rank` says which one."""

    def __init__(self, rank: int, message: str) -> None:
        super().__init__(message)
        self.rank = rank


def launch(
    function: Callable[..., Any],
    processes: int = 2,
    *,
    timeout: float = 60.0,
    threads: int = 1,
    **arguments: Any,
) -> list[Any]:
    """Call a function in each of several new processes, which form a group, and return what each returned, by rank.

    What they print appears at the end.  Whatever ends the call (an error, an interrupt, the time limit) ends all of
    them; they end by themselves if the process that launched them dies.

    Args:
        function: of a module; or of a notebook, then it travels as its source, and must import what it uses itself.
        processes: how many, at least 1.
        timeout: seconds after which the run is given up; also how long one waits for a message of another.
        threads: for each one's matrix products.
        **arguments: the function's, the same in every process; they are pickled.

    Raises:
        WorkerError: one raised, or ended without a result; the message holds its traceback or how it ended.
        TimeoutError: the time was up; the message names those that had not ended.
        ValueError: a new process could not find the function.
    """
    if processes < 1:
        raise ValueError(f"processes must be at least 1, got {processes}")
    with TemporaryDirectory(prefix="textbook-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        module, qualname = _where(function, folder)
        (folder / "work.pickle").write_bytes(pickle.dumps((module, qualname, arguments)))
        workers: list[subprocess.Popen] = []
        try:
            for rank in range(processes):
                workers.append(_start(rank, processes, folder, timeout, threads))
            return _results(workers, folder, timeout)
        finally:
            _end(workers)
            for rank in range(processes):
                for line in _said(rank, folder).splitlines():
                    print(f"rank {rank}: {line}")


def _where(function: Callable[..., Any], folder: Path) -> tuple[str, str]:
    """The module and the name by which a new process finds a function."""
    if not inspect.isfunction(function):
        raise ValueError(f"{function!r:.80} is no function: new processes find one by its name; wrap it in a def")
    if function.__module__ != "__main__":
        if "<" in function.__qualname__:
            raise ValueError(f"{function.__qualname__} exists in this process only: write it at the top of a module")
        return function.__module__, function.__qualname__
    if function.__closure__ or not function.__name__.isidentifier() or "<" in function.__qualname__:
        raise ValueError(f"{function.__qualname__} can't travel as source: write it with def, not inside another")
    source = "from __future__ import annotations\n" + textwrap.dedent(inspect.getsource(function))
    (folder / f"{FROM_NOTEBOOK}.py").write_text(source, encoding="utf-8")
    return FROM_NOTEBOOK, function.__qualname__


def _start(rank: int, processes: int, folder: Path, timeout: float, threads: int) -> subprocess.Popen:
    environment = os.environ | {
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": str(processes),
        "TEXTBOOK_MEETING": str(folder / "meeting"),
        "TEXTBOOK_TIMEOUT": str(timeout),
        "PYTHONPATH": os.pathsep.join([str(folder), *(path or os.getcwd() for path in sys.path)]),
        "PYTHONUNBUFFERED": "1",
        "PYTHONIOENCODING": "utf-8",
        **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), str(threads)),
    }
    interface = LOOPBACK.get(sys.platform)
    if interface in [name for _, name in socket.if_nameindex()]:
        environment["GLOO_SOCKET_IFNAME"] = interface  # no firewall, no name to look up
    with (folder / f"{rank}.said").open("wb") as said:
        return subprocess.Popen(
            [sys.executable, "-m", "textbook.parallel.worker", str(folder)],
            env=environment,
            stdin=subprocess.PIPE,  # it stays open as long as this process lives: the worker watches it
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # an interrupt comes here, and here it is decided what becomes of the workers
        )


def _results(workers: list[subprocess.Popen], folder: Path, timeout: float) -> list[Any]:
    deadline = time.monotonic() + timeout
    while True:
        codes = [worker.poll() for worker in workers]
        if any(code for code in codes) or any(code == 0 and _left(r, folder) is None for r, code in enumerate(codes)):
            time.sleep(0.3)  # one that dies takes the others along: let all say what they saw, then find the first
            raise _first_failure([worker.poll() for worker in workers], folder)
        if all(code == 0 for code in codes):
            return [pickle.loads(_left(rank, folder) or b"")["result"] for rank in range(len(workers))]
        if time.monotonic() > deadline:
            late = ", ".join(str(rank) for rank, code in enumerate(codes) if code is None)
            raise TimeoutError(
                f"after {timeout:g} s (timeout={timeout:g}) rank {late} had not ended, and all were ended: a process "
                "may wait for a message that nobody sends; every process must call the same collectives in one order"
            )
        time.sleep(0.02)


def _first_failure(codes: list[int | None], folder: Path) -> WorkerError:
    """The error that the others' errors follow from: of a worker that fell silent, or the one that was raised first."""
    errors = []
    for rank, code in enumerate(codes):
        left = pickle.loads(_left(rank, folder) or pickle.dumps({}))
        if "error" in left:
            errors.append((left["when"], rank, f"rank {rank} raised\n\n{left['error']}"))
        elif code or (code == 0 and not left):
            said = _said(rank, folder).strip()[-2000:]
            last = f"; the last it said:\n{said}" if said else ""
            errors.append((0.0, rank, f"rank {rank} ended without a result, {_ending(code)}{last}"))
    _, rank, message = min(errors)
    return WorkerError(rank, message)


def _ending(code: int) -> str:
    if code >= 0:
        return f"with exit code {code}"
    name = next((known.name for known in signal.Signals if known == -code), "unknown")
    return f"by signal {-code} ({name})" + (", as when memory runs out" if name == "SIGKILL" else "")


def _left(rank: int, folder: Path) -> bytes | None:
    """What a worker left behind as its last act: its result or its error."""
    path = folder / f"{rank}.left"
    return path.read_bytes() if path.exists() else None


def _said(rank: int, folder: Path) -> str:
    path = folder / f"{rank}.said"
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def _end(workers: list[subprocess.Popen]) -> None:
    """No worker outlives the call."""
    for worker in workers:
        if worker.poll() is None:
            worker.kill()
    for worker in workers:
        worker.wait()
        if worker.stdin:
            worker.stdin.close()
