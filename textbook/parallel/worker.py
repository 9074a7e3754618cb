"""What a new process does: `python -m textbook.parallel.worker FOLDER`, started by `launch` and nobody else."""

import os
import pickle
import sys
import threading
import time
import traceback
from importlib import import_module
from operator import attrgetter
from pathlib import Path

from textbook.parallel.group import leave, rank
from textbook.parallel.launching import FROM_NOTEBOOK


def main(folder: Path) -> int:
    """Do the work that lies in the folder, and leave its result or its error there."""
    module = ""
    try:
        module, qualname, arguments = pickle.loads((folder / "work.pickle").read_bytes())
        result = attrgetter(qualname)(import_module(module))(**arguments)
        left, code = pickle.dumps({"result": result}), 0
    except BaseException as error:
        if isinstance(error, NameError) and module == FROM_NOTEBOOK:
            error.add_note("A function of a notebook or script travels as its source: import what it uses inside it.")
        lines = traceback.format_exception(type(error), error, error.__traceback__ and error.__traceback__.tb_next)
        left, code = pickle.dumps({"error": "".join(lines), "when": time.monotonic()}), 1
    part = folder / f"{rank()}.part"
    part.write_bytes(left)
    part.replace(folder / f"{rank()}.left")  # whole or not at all
    if code == 0:
        leave()
    return code


def end_with_parent() -> None:
    """End at once when the process that launched this one is gone: its end of our stdin closes then."""
    os.read(0, 1)
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=end_with_parent, daemon=True).start()
    ended = main(Path(sys.argv[1]))
    sys.stdout.flush()
    os._exit(ended)  # at once: after an error, torch may wait for a process that is gone
