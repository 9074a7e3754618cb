"""Every item of the source text has a cell that implements it, tagged `source: …`."""

import re
from pathlib import Path

import jupytext
import pytest

from textbook import exercises

ROOT = Path(__file__).parents[1]

CHAPTERS = {
    "00_welcome": ["§1.1", "§1.2", "§1.3", "erratum 9"],
    "01_computational_graphs": ["§2.1", "Fig. 1", "§2.2", "§2.2.1", "§2.2.2", "§2.3", "§2.4", "Fig. 2", "erratum 11"],
    "02_forward_propagation": ["§3.1", "§3.2", "§3.3", "§3.4", "Table 1", "erratum 2"],
    "03_backpropagation": [
        *("§4.1", "§4.2", "§4.3", "§4.4", "§4.5", "§4.6", "§4.7", "Fig. 3"),
        *("erratum 9", "erratum 12", "erratum 20"),
    ],
    "04_backpropagation_on_arrays": ["§4.8", "Table 2", "erratum 13"],
    "05_gradient_descent": [
        *("§5.1", "§5.2", "§5.3", "§5.4", "§5.5", "Table 3", "§5.6"),
        *("erratum 1", "erratum 3", "erratum 14", "erratum 15", "erratum 21"),
    ],
    "06_linear_regression": ["§6.1", "§6.2", "Fig. 4", "§6.3", "§6.4", "Table 4"],
    "08_automatic_differentiation": ["§7.1", "§7.2", "erratum 4"],
    "09_optimizers": [
        *("§7.3.1", "§7.3.2", "§7.3.3", "§7.3.4", "§7.3.5", "§7.3.6", "§7.3.7", "§7.4", "§7.7"),
        *("Fig. 5", "Fig. 6", "Fig. 7", "Fig. 8", "Fig. 9", "Table 5", "listing 7.4"),
        *("erratum 5", "erratum 6", "erratum 7", "erratum 8", "erratum 15", "erratum 16", "erratum 17"),
    ],
    "11_second_order": ["§7.6", "Table 6", "erratum 18"],
    "12_mnist": ["§8.2", "erratum 10"],
    "13_pitfalls": ["§8.2"],
    "14_architectures_and_scale": ["§8.1", "§8.3"],
}


def tags(chapter: str) -> set[str]:
    notebook = jupytext.read(ROOT / "notebooks" / f"{chapter}.py")
    return {tag for cell in notebook.cells for tag in cell.metadata.get("tags", [])}


@pytest.mark.parametrize("chapter, item", [(c, item) for c, items in CHAPTERS.items() for item in items])
def test_item_of_the_source_has_a_cell(chapter, item):
    assert f"source: {item}" in tags(chapter)


def test_no_tag_names_an_item_that_is_not_listed():
    known = {f"source: {item}" for items in CHAPTERS.values() for item in items}
    for chapter in CHAPTERS:
        strange = {tag for tag in tags(chapter) if tag.startswith("source:")} - known
        assert not strange, f"{chapter}: {strange}"


def test_the_self_check_leads_to_exercises_and_chapters_that_exist():
    notebook = jupytext.read(ROOT / "notebooks" / "14_architectures_and_scale.py")
    [table] = [cell.source for cell in notebook.cells if "source: §8.1" in cell.metadata.get("tags", [])]
    links = re.findall(r"\[([^]]+)\]\((\w+)\.ipynb\)", table)
    assert len(links) > 60
    for text, chapter in links:
        assert (ROOT / "notebooks" / f"{chapter}.py").exists()
        if "-" in text:
            assert exercises.find(text) and chapter.startswith(f"{exercises.chapter_of(text):02}_")
        else:
            heads = re.findall(r"^# ## (\d+\.\d+)", (ROOT / "notebooks" / f"{chapter}.py").read_text("utf-8"), re.M)
            assert set(re.findall(r"\d+\.\d+", text)) <= set(heads), (text, chapter)
