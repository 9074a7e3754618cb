"""A saved chapter shows its stills where no kernel runs: in JupyterLab before Run All, and as a web page."""

import shutil
from pathlib import Path

import nbformat
import pytest
from nbconvert import HTMLExporter

CHAPTER = Path(__file__).resolve().parents[2] / "notebooks" / "01_computational_graphs.ipynb"


def stills(notebook):
    """How many pictures the chapter has saved."""
    return sum("image/png" in out.get("data", {}) for cell in notebook.cells for out in cell.get("outputs", []))


@pytest.fixture(scope="module")
def saved():
    return nbformat.read(CHAPTER, as_version=4)


def test_in_jupyterlab_before_any_cell_has_run(notebook, jupyter, saved):
    tab = notebook(["0"], run=False)
    shutil.copy(CHAPTER, jupyter.folder)
    tab.page.goto(f"{jupyter.url}/doc/tree/{CHAPTER.name}?reset")
    tab.until("document.querySelector('.jp-OutputArea img')?.naturalWidth > 0")
    assert "Error displaying widget" not in tab.page.locator(".jp-Notebook").inner_text()
    shown = [out for outputs in tab.outputs() for out in outputs if "image/png" in out.get("data", {})]
    assert len(shown) == stills(saved) > 0
    assert all("application/vnd.jupyter.widget-view+json" not in out["data"] for out in shown)


def test_as_a_web_page(web_page, saved):
    html, _ = HTMLExporter(template_name="classic").from_notebook_node(saved)
    tab = web_page(html, java_script_enabled=False)  # what needs a script or a network would be missing
    images = tab.page.locator("img")
    assert images.count() == stills(saved)
    assert all(images.nth(i).evaluate("image => image.naturalWidth") > 0 for i in range(images.count()))
    assert all(images.nth(i).get_attribute("alt") for i in range(images.count()))
