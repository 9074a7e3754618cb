"""In every chapter, what a code cell uses has been introduced in prose before.

A chapter's code cells are read in order.  These names must have been introduced when they are first used:

- a name imported from `textbook`; of a module imported from it, each function or class (`optim.adam`);
- a method that is called (`f.backward()`), unless Python's own types, numpy's arrays or matplotlib's axes have it.

Introduced means: the Markdown above the cell, in this chapter or in the Welcome (which explains what all chapters use,
such as `check.exercise`), has the name in `code`.  A line in an import cell introduces nothing and uses nothing.  No
introduction is needed for

- builtins, numpy, the standard library, and in a cell that names torch, PyTorch's own functions;
- what the chapter itself defines: by def, class, assignment, a loop or an argument;
- a lab, which introduces itself; `draw_…`, which says what it draws; the answers in `textbook.exercises`.
"""

import ast
import re
from collections import namedtuple
from pathlib import Path

import jupytext
import matplotlib.axes
import matplotlib.figure
import matplotlib.lines
import matplotlib.text
import numpy as np
import pytest
import torch

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
WELCOME = NOTEBOOKS / "00_welcome.py"
KNOWN = [str, int, float, list, dict, set, tuple, bytes, np.ndarray, np.random.Generator, np.ufunc,
         matplotlib.axes.Axes, matplotlib.figure.Figure, matplotlib.lines.Line2D, matplotlib.text.Text,
         namedtuple("Any", "")]    # their methods need no introduction
METHODS = {name for kind in KNOWN for name in dir(kind)}
THEIRS = (torch.Tensor, torch.nn.Module, torch.nn.functional, torch.optim.Optimizer)
PYTORCH = {name for kind in THEIRS for name in dir(kind)}
FOREIGN = {"np", "numpy", "torch", "matplotlib", "plt"}
CODE = re.compile(r"```.*?```|`+[^`]+`+", re.DOTALL)


def named_in(markdown: str) -> set[str]:
    """The identifiers that stand in `code` in a piece of Markdown."""
    return set(re.findall(r"[A-Za-z_]\w*", " ".join(CODE.findall(markdown))))


def imported(tree: ast.AST) -> dict[str, str]:
    """What a cell imports: local name → module or member, in full."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {a.asname or a.name.split(".")[0]: a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
    return found


def defined(tree: ast.AST) -> set[str]:
    """What a cell defines: functions, classes, their methods and arguments, and whatever it assigns to."""
    found = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    found |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    stores = [node for node in ast.walk(tree) if isinstance(getattr(node, "ctx", None), ast.Store)]
    return found | {node.id if isinstance(node, ast.Name) else node.attr for node in stores
                    if isinstance(node, ast.Name | ast.Attribute)}


def used(tree: ast.AST, imports: dict[str, str]) -> list[str]:
    """The names a cell uses that need an introduction, dotted where they belong to a module of ours."""
    found = []
    theirs = PYTORCH if "torch" in imported(tree) or "torch" in names_of(tree) else set()
    inside = set()    # the names at the left of a dot: `optim` in optim.adam
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute):
            continue
        root = node.value
        if isinstance(root, ast.Name) and is_module(imports.get(root.id, "")):
            inside.add(id(root))
            if not imports[root.id].startswith(("textbook.labs", "textbook.exercises")):
                found.append(f"{root.id}.{node.attr}")
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and id(node) not in inside and imports.get(node.id, "").startswith("textbook."):
            found.append(node.id)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            root = node.func
            while isinstance(root, ast.Attribute | ast.Call | ast.Subscript):
                root = root.func if isinstance(root, ast.Call) else root.value
            full = imports.get(root.id, "") if isinstance(root, ast.Name) else ""
            if not full and node.func.attr not in METHODS | theirs and getattr(root, "id", "") not in FOREIGN:
                found.append(f".{node.func.attr}")
    return [name for name in dict.fromkeys(found) if not name.split(".")[-1].startswith("draw_")]


def names_of(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def is_module(name: str) -> bool:
    """Whether a member of the package is a module: `textbook.optim`, not `textbook.Tensor`."""
    package = NOTEBOOKS.parent.joinpath(*name.split("."))
    return name.startswith("textbook.") and (package.with_suffix(".py").exists() or package.is_dir())


def gaps(source: Path, known: set[str]) -> list[str]:
    """Each first use that comes before its introduction: which name, in which cell."""
    introduced, imports, found = set(known), {}, {}
    for number, cell in enumerate(jupytext.read(source).cells):
        if cell.cell_type != "code":
            introduced |= named_in(cell.source)
            continue
        tree = ast.parse(cell.source)
        imports |= imported(tree)
        introduced |= defined(tree)
        for name in used(tree, imports):
            if name.split(".")[-1] not in introduced:
                line = line_with(name, cell.source)
                found.setdefault(name, f"cell {number} uses `{name.lstrip('.')}`, not yet in a `code` of prose: {line}")
    return list(found.values())


def line_with(name: str, code: str) -> str:
    return next((line.strip() for line in code.splitlines() if re.search(rf"\b{name.split('.')[-1]}\b", line)), "")


def welcome() -> set[str]:
    cells = jupytext.read(WELCOME).cells
    return set().union(*(named_in(cell.source) for cell in cells if cell.cell_type == "markdown"))


@pytest.mark.parametrize("source", sorted(NOTEBOOKS.glob("[0-9]*.py")), ids=lambda path: path.stem)
def test_what_a_chapter_uses_has_been_introduced(source):
    found = gaps(source, set() if source == WELCOME else welcome())
    assert not found, f"{source.stem}: {len(found)} first uses without an introduction\n" + "\n".join(found)


# ---- the test can fail ----

CHAPTER = """# %% [markdown]
# {prose}

# %%
import numpy as np
from textbook import Tensor, optim, labs

# %%
{code}
"""


@pytest.mark.parametrize(("prose", "code", "names"), [
    ("", "Tensor(1.0)", ["Tensor"]),
    ("`Tensor` holds a number.", "Tensor(1.0)", []),
    ("A Tensor holds a number.", "Tensor(1.0)", ["Tensor"]),
    ("Say `x = Tensor(1.0)`.", "x = Tensor(1.0)\nx.backward()", ["backward"]),
    ("`optim` has rules.", "optim.adam", ["optim.adam"]),
    ("The rule `adam`.", "optim.adam", []),
    ("", "import torch\ntorch.ones(3).detach().numpy()\nq = 1", []),
    ("", "from textbook.plots import draw_curves\ndraw_curves(1)", []),
    ("", "labs.graph.show()\nnp.zeros(3).sum()\nprint(sorted([1]))\n'a'.upper()", []),
    ("", "def f(x): return x\nclass A:\n    def go(self): return self\nA().go()\nf(1)", []),
    ("", "import torch\ntorch.tensor(1.0).detach()", []),
    ("```python\nTensor(1.0).backward()\n```", "Tensor(1.0).backward()", []),
    ("Call `Tensor`.", "def f(t):\n    return t.item() + t.detach()", ["detach"]),
])
def test_a_gap_is_found(prose, code, names, tmp_path):
    path = tmp_path / "99_chapter.py"
    path.write_text(CHAPTER.format(prose=prose.replace("\n", "\n# "), code=code), encoding="utf-8")
    found = gaps(path, set())
    assert [re.search("`(.+?)`", line)[1] for line in found] == names
