"""What is saved in notebooks/. That the chapters run, and give the outputs they show, is nbval's part of the run."""

import itertools
import os
import re
import statistics
from pathlib import Path

import jupytext
import nbformat
import pytest

from tools.notebooks import LARGEST_MB, NOTEBOOKS, WIDGET_VIEW, build, cells_of, chapters, normal_form

CHAPTERS = [path for path in chapters() if path.parent == NOTEBOOKS]
LONGEST_CELL = 15
MEDIAN_CELL = 3
MOST_CELLS, MOST_WORDS = 90, 3_500    # what two hours hold

every_notebook = pytest.mark.parametrize("source", chapters(), ids=lambda path: path.stem)
every_chapter = pytest.mark.parametrize("source", CHAPTERS, ids=lambda path: path.stem)


def saved(source: Path) -> nbformat.NotebookNode:
    return nbformat.read(source.with_suffix(".ipynb"), as_version=4)


def code_cells(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def faults(notebook: nbformat.NotebookNode) -> list[str]:
    """Everything that must not be in a saved notebook, one line each."""
    found = []
    if notebook != normal_form(notebook):
        found.append("not in the normal form of `make notebooks`")
    if "widgets" in notebook.metadata:
        found.append("widget state is saved")
    for number, cell in enumerate(code_cells(notebook)):
        may_raise = "raises-exception" in cell.metadata.get("tags", [])
        if cell.execution_count is None:    # strict nbval skips the outputs of such a cell
            found.append(f"code cell {number} was not executed")
        for output in cell.outputs:
            if output.output_type == "error" and not may_raise:
                found.append(f"code cell {number} raises {output.ename}")
            if WIDGET_VIEW in output.get("data", {}):
                found.append(f"code cell {number} keeps a widget view, which shows an error without a kernel")
            if output.output_type == "stream" and re.search(r"\w*Warning:", output.text):
                found.append(f"code cell {number} shows a warning: {output.text.splitlines()[0]}")
        if "check.prediction(" in cell.source and not all("<details>" in str(out.get("data")) for out in cell.outputs):
            found.append(f"code cell {number} shows the answer to a question that nobody has answered yet")
        if re.search(r"\blabs\.\w+.*\.show\(", cell.source) and not any(map(is_still, cell.outputs)):
            found.append(f"code cell {number} shows a lab, but saves no still with an alt text")
    return found


def is_still(output: nbformat.NotebookNode) -> bool:
    """A picture with a text for those who cannot see it, where nbconvert and JupyterLab look for one."""
    return "image/png" in output.get("data", {}) and bool(output.metadata.get("image/png", {}).get("alt"))


def test_there_are_chapters():
    assert {"00_welcome"} <= {path.stem for path in CHAPTERS}


def test_no_notebook_without_a_source():
    files = {path.with_suffix("") for path in NOTEBOOKS.rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts}
    assert files == {path.with_suffix("") for path in chapters()}


@every_notebook
def test_pair_is_in_sync(source):
    text, notebook = cells_of(jupytext.read(source)), cells_of(saved(source))
    for number, (theirs, ours) in enumerate(zip(text, notebook, strict=False)):
        assert theirs == ours, f"cell {number} of {source.stem} differs between .py and .ipynb: run make notebooks"
    assert len(text) == len(notebook), "one file of the pair has more cells: run make notebooks"


@every_notebook
def test_saved_notebook_is_clean(source):
    assert faults(saved(source)) == []


@every_notebook
def test_saved_notebook_is_small(source):
    size = source.with_suffix(".ipynb").stat().st_size / 1e6
    assert size < LARGEST_MB, f"{size:.2f} MB: fewer or smaller pictures"


@every_chapter
def test_cells_are_short(source):
    lengths = [len(cell.source.splitlines()) for cell in code_cells(saved(source))]
    assert max(lengths) <= LONGEST_CELL, "longer code belongs in the package"
    assert statistics.median(lengths) <= MEDIAN_CELL


@every_chapter
def test_a_chapter_fits_two_hours(source):
    cells = saved(source).cells
    words = sum(len(cell.source.split()) for cell in cells if cell.cell_type == "markdown")
    assert len(cells) <= MOST_CELLS and words <= MOST_WORDS, f"{len(cells)} cells, {words} words: split the chapter"


@every_chapter
def test_headings_are_in_order(source):
    prose = "\n".join(cell.source for cell in saved(source).cells if cell.cell_type == "markdown")
    prose = re.sub(r"^```.*?^```", "", prose, flags=re.MULTILINE | re.DOTALL)
    levels = [len(marks) for marks in re.findall(r"^(#+) ", prose, flags=re.MULTILINE)]
    assert levels[:1] == [1], "a chapter opens with its title"
    assert levels.count(1) == 1, "a chapter has one title"
    assert all(below <= above + 1 for above, below in itertools.pairwise(levels)), f"a level is skipped: {levels}"


# ---- the checks above can fail ----


@every_notebook
def test_links_to_files_lead_somewhere(source):
    notebook = saved(source)
    texts = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    texts += [output.data.get("text/markdown", "") for cell in code_cells(notebook) for output in cell.outputs
              if "data" in output]
    prose = re.sub(r"^```.*?^```", "", "\n".join(texts), flags=re.MULTILINE | re.DOTALL)
    links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", prose)
    assert [link for link in links if not (source.parent / link).exists()] == []


def spoil(**changes) -> nbformat.NotebookNode:
    """A sound notebook of one code cell, with something changed in that cell."""
    cell = nbformat.v4.new_code_cell("labs.graph.show()", execution_count=1, outputs=[nbformat.v4.new_output(
        "display_data", {"image/png": "…", "text/plain": "a lab"}, metadata={"image/png": {"alt": "a graph"}})])
    notebook = normal_form(nbformat.v4.new_notebook(cells=[cell]))
    notebook.cells[0].update(nbformat.from_dict(changes))
    return notebook


def test_a_sound_notebook_has_no_faults():
    assert faults(spoil()) == []


@pytest.mark.parametrize(("changes", "fault"), [
    ({"execution_count": None}, "not executed"),
    ({"outputs": []}, "no still"),
    ({"outputs": [{"output_type": "display_data", "data": {"image/png": "…"}, "metadata": {}}]}, "alt text"),
    ({"outputs": [{"output_type": "error", "ename": "ValueError", "evalue": "", "traceback": []}]}, "ValueError"),
    ({"outputs": [{"output_type": "display_data", "data": {WIDGET_VIEW: {}}, "metadata": {}}]}, "widget view"),
    ({"outputs": [{"output_type": "stream", "name": "stderr", "text": "x.py:1: UserWarning: no"}]}, "shows a warning"),
    ({"source": "check.prediction('1-a')", "outputs": [{"output_type": "stream", "name": "stdout", "text": "It is 4"}]},
     "nobody has answered"),
    ({"id": "hand-made"}, "normal form"),
    ({"metadata": {"collapsed": True}}, "normal form"),
])
def test_faults_are_found(changes, fault):
    assert any(fault in line for line in faults(spoil(**changes)))


def test_widget_state_is_found():
    notebook = spoil()
    notebook.metadata["widgets"] = {}
    assert "widget state is saved" in faults(notebook)


def test_normal_form_is_stable():
    cells = [nbformat.v4.new_code_cell("x"), nbformat.v4.new_code_cell("x"), nbformat.v4.new_markdown_cell("# x")]
    once = normal_form(nbformat.v4.new_notebook(cells=cells))
    assert normal_form(once) == once
    assert len({cell.id for cell in once.cells}) == 3
    nbformat.validate(once)


def test_normal_form_keeps_stills_and_tags_but_no_addresses_and_timings():
    outputs = [
        nbformat.v4.new_output("display_data", {"image/png": "", WIDGET_VIEW: {}, "text/plain": "<Lab 0x7f305dd04d90>"},
                              metadata={"image/png": {"alt": "a"}}),
        nbformat.v4.new_output("stream", name="stderr", text="100%|███| 20/20 [00:01<00:00, 19.9it/s]\n"),
    ]
    cell = nbformat.v4.new_code_cell("x", execution_count=3, outputs=outputs, metadata={"tags": ["t"], "trusted": True})
    [new] = normal_form(nbformat.v4.new_notebook(cells=[cell])).cells
    assert new.metadata == {"tags": ["t"]} and new.execution_count == 3
    assert new.outputs[0].data == {"image/png": "", "text/plain": "<Lab 0x...>"} and is_still(new.outputs[0])
    assert new.outputs[1].text == "100%|███| 20/20\n"


# ---- make notebooks ----


@pytest.fixture
def small_chapter(tmp_path):
    source = tmp_path / "05_small.py"
    source.write_text("# %% [markdown]\n# # Small\n\n# %% tags=[\"source: §6\"]\n6 * 7\n", encoding="utf-8")
    return source


def test_build_executes_and_saves_the_normal_form(small_chapter):
    _, _, wrong = build(small_chapter)
    notebook = saved(small_chapter)
    assert wrong == ""
    assert faults(notebook) == []
    assert cells_of(notebook) == [("markdown", "# Small", []), ("code", "6 * 7", ["source: §6"])]
    assert notebook.cells[1].outputs[0].data["text/plain"] == "42"


def test_build_reports_an_error_and_keeps_what_was_saved(small_chapter):
    target = small_chapter.with_suffix(".ipynb")
    target.write_text(nbformat.writes(jupytext.read(small_chapter)), encoding="utf-8")
    before = target.read_bytes()
    small_chapter.write_text("# %%\n1 / 0\n")
    _, _, wrong = build(small_chapter)
    assert "ZeroDivisionError" in wrong and target.read_bytes() == before


def test_build_overwrites_no_edit_made_in_the_notebook_alone(small_chapter):
    target = small_chapter.with_suffix(".ipynb")
    target.write_text(nbformat.writes(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("my edit")])))
    later = small_chapter.stat().st_mtime + 60
    os.utime(target, (later, later))
    _, _, wrong = build(small_chapter)
    assert "is newer" in wrong and "my edit" in target.read_text()
