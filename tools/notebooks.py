"""Build the notebooks from their paired .py files: `python tools/notebooks.py [03 ...]`, all chapters by default.

Each NN_name.py (percent format) is read, executed in a fresh kernel, and written as NN_name.ipynb in a normal form, so
that a second run changes nothing but measured pictures: no widget state, no machine's metadata, cell ids that follow
from the cells.
"""

import hashlib
import os
import re
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
CELL_SECONDS = 120
LARGEST_MB = 1.5
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python",
                      "pygments_lexer": "ipython3"},
}


def chapters(folder: Path = NOTEBOOKS) -> list[Path]:
    """The .py files of all chapters and solutions."""
    return sorted(folder.glob("[0-9]*.py")) + sorted(folder.glob("solutions/[0-9]*.py"))


def cells_of(notebook: NotebookNode) -> list[tuple[str, str, list[str]]]:
    """What the two files of a pair must agree on: (cell_type, source, tags) of each cell."""
    return [(cell.cell_type, cell.source, cell.metadata.get("tags", [])) for cell in notebook.cells]


def normal_form(notebook: NotebookNode) -> NotebookNode:
    """The notebook as it is saved.

    Without the widget view in an output, JupyterLab shows the still beside it; with it and no kernel, an error.
    """
    cells: list[dict] = []
    taken: set[str] = set()
    for cell in notebook.cells:
        identity = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()
        identifier = next(name for n in range(len(taken) + 1) if (name := f"{identity[:8]}-{n}") not in taken)
        taken.add(identifier)
        tags = {"tags": list(cell.metadata.tags)} if cell.metadata.get("tags") else {}
        new = {"cell_type": cell.cell_type, "id": identifier, "metadata": tags, "source": cell.source}
        if cell.cell_type == "code":
            new |= {"execution_count": cell.execution_count, "outputs": [normal_output(out) for out in cell.outputs]}
        cells.append(new)
    return nbformat.from_dict({"cells": cells, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5})


def normal_output(output: NotebookNode) -> dict:
    """One output without its widget view, memory addresses and the timing of a progress bar."""
    new = dict(output)
    if "data" in new:
        new["data"] = {mime: data for mime, data in new["data"].items() if mime != WIDGET_VIEW}
    if "text/plain" in new.get("data", {}):
        new["data"]["text/plain"] = re.sub(r"\b0x[0-9a-fA-F]{8,}", "0x...", new["data"]["text/plain"])
    if "text" in new:
        new["text"] = re.sub(r"(\d+/\d+) \[\d+:\d\d.*?\]", r"\1", new["text"])
    return new


def build(source: Path) -> tuple[str, float, str]:
    """Execute one chapter and save it. Returns its name, the seconds it took, and what went wrong ("" for nothing)."""
    target, started = source.with_suffix(".ipynb"), time.perf_counter()
    notebook = jupytext.read(source)
    if target.exists():
        saved = nbformat.read(target, as_version=4)
        if cells_of(saved) != cells_of(notebook) and target.stat().st_mtime > source.stat().st_mtime:
            wrong = (f"the .ipynb differs and is newer. To keep its text: jupytext --sync {target.name}; "
                     f"to keep the .py: touch {source.name}. Then run again.")
            return source.stem, 0.0, wrong
    notebook.metadata.kernelspec = METADATA["kernelspec"]
    client = NotebookClient(
        notebook, timeout=CELL_SECONDS, kernel_name="python3", resources={"metadata": {"path": str(source.parent)}},
        store_widget_state=False, record_timing=False, coalesce_streams=True,
        extra_arguments=["--log-level=ERROR"],    # else the kernel warns that it listens on localhost
    )
    try:
        client.execute()
    except CellExecutionError as error:
        return source.stem, time.perf_counter() - started, str(error)
    text = nbformat.writes(normal_form(notebook)) + "\n"
    if len(text) > LARGEST_MB * 1e6:
        wrong = f"{len(text) / 1e6:.1f} MB; at most {LARGEST_MB} MB may be saved: fewer or smaller pictures"
        return source.stem, time.perf_counter() - started, wrong
    target.write_text(text, encoding="utf-8")
    return source.stem, time.perf_counter() - started, ""


def main(wanted: list[str]) -> int:
    sources = [path for path in chapters() if not wanted or path.stem in wanted or path.stem.split("_")[0] in wanted]
    if not sources:
        names = ", ".join(path.stem for path in chapters())
        sys.exit(f"No such chapter: given {' '.join(wanted)}, wanted one of {names}.")
    failed = 0
    os.environ.setdefault("OMP_NUM_THREADS", "1")    # two chapters at a time; and as in `make test`
    with ProcessPoolExecutor(2) as pool:
        for name, seconds, wrong in pool.map(build, sources):
            failed += bool(wrong)
            print(f"{'✗' if wrong else '✓'} {name:<28} {seconds:5.1f} s  {wrong}", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
