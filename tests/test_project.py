"""The project as a whole: its layers, its requirements, its README, and the tools behind `make`."""

import ast
import importlib
import json
import os
import re
import subprocess
import sys
import tokenize
import tomllib
from pathlib import Path

import pytest
import yaml

from tools import install, lab

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "textbook"

# ---- layers: a module imports from the rows above its own, never from its row or below ----

LAYERS = [
    {"record", "mnist", "names", "words"},
    {"backprop", "data", "augment"},
    {"tangents", "tensor"},
    {"engine"},
    {"primitives", "rules", "conventions", "schedules", "graph", "gradcheck", "init", "memory"},
    {"elementwise", "descent"},
    {"shapes", "optim"},
    {"convolution"},
    {"ops"},
    {"surfaces", "nn", "expression", "second_order", "show"},
    {"train", "fair", "language", "per_example", "torch_twin"},
    {"parallel"},
    {"recipes"},
    {"plots"},
    {"stage"},
    {"exercises"},
    {"ask"},
    {"check"},
    {"lab"},
    {"labs"},
]
WIDGETS = {"IPython", "anywidget", "ipywidgets", "traitlets"}
ALLOWED = {    # third-party packages beyond numpy and plain tqdm
    "torch_twin": {"torch"}, "parallel": {"torch"},
    "plots": {"matplotlib"},
    "stage": {"matplotlib", "PIL"} | WIDGETS,    # PIL comes with matplotlib
    "lab": {"matplotlib"} | WIDGETS,
    "labs": {"matplotlib"} | WIDGETS,
    "ask": {"ipywidgets"}, "check": {"IPython"},    # inside a function
}
HEAVY = {"torch", "matplotlib", "scipy", "IPython", "anywidget", "ipywidgets", "tqdm.auto", "tqdm.notebook"}
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def dotted(path: Path) -> str:
    """textbook/labs/graph.py → labs.graph; a package's __init__.py → the package."""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")


def part_of(module: str) -> str:
    """The row entry a module belongs to: labs.graph → labs."""
    return module.split(".")[0]


def imports_of(tree: ast.AST, module: str) -> list[tuple[str, bool]]:
    """Every import in a module: its full name, and whether it stands inside a function."""
    inside = {id(node) for function in ast.walk(tree) if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
              for node in ast.walk(function)}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, id(node) in inside) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(["textbook", *module.split(".")][: -node.level]) if node.level else ""
            base = ".".join(filter(None, [base, node.module]))
            found += [(f"{base}.{alias.name}", id(node) in inside) for alias in node.names]
    return found


def layer_faults(source: str, module: str) -> list[str]:
    """Imports that the layers do not allow, one line each."""
    part, faults = part_of(module), []
    if not any(part in row for row in LAYERS):
        return [f"{module} stands in no row of LAYERS: add it where it belongs"]
    row = next(number for number, row in enumerate(LAYERS) if part in row)
    below = set().union(*LAYERS[:row]) | {part}    # a package's modules may import each other
    for name, in_function in imports_of(ast.parse(source), module):
        top = name.split(".")[0]
        if top == "textbook":
            other = [*name.split("."), ""][1]
            known = any(other in names for names in LAYERS)
            if known and other not in below:
                faults.append(f"{module} imports {other}, which stands no layer above it")
        elif name.startswith(("tqdm.auto", "tqdm.notebook")):
            faults.append(f"{module} imports {name}, which pulls in ipywidgets: use plain tqdm")
        elif top not in {"numpy", "tqdm"} | set(sys.stdlib_module_names) | ALLOWED.get(part, set()):
            faults.append(f"{module} imports {top}")
        elif top == "torch" and not in_function:
            faults.append(f"{module} imports torch outside a function")
    return faults


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_layers_as_written(path):
    assert layer_faults(path.read_text(encoding="utf-8"), dotted(path)) == []


@pytest.mark.parametrize(("module", "source"), [
    ("record", "from textbook.tensor import Tensor"),
    ("engine", "from textbook.ops import add"),
    ("engine", "from textbook import ops"),
    ("ops", "from . import nn"),
    ("ops", "import textbook.train"),
    ("graph", "import matplotlib.pyplot as plt"),
    ("nn", "def f():\n    import torch"),
    ("torch_twin", "import torch"),
    ("train", "from tqdm.auto import tqdm"),
    ("train", "from tqdm import auto"),
    ("plots", "from ipywidgets import IntSlider"),
    ("labs.graph", "import torch"),
    ("data", "import scipy"),
    ("engine", "def f():\n    from . import stage"),
    ("surprise", ""),
])
def test_a_broken_layer_is_found(module, source):
    assert len(layer_faults(source, module)) == 1


@pytest.mark.parametrize(("module", "source"), [
    ("ops", "import numpy as np\nfrom textbook.engine import Tensor\nfrom .engine import Op"),
    ("torch_twin", "def f():\n    import torch"),
    ("labs.graph", "from ..stage import Stage\nfrom textbook.labs import race\nimport matplotlib"),
    ("train", "from tqdm import tqdm"),
])
def test_a_sound_layer_passes(module, source):
    assert layer_faults(source, module) == []


def test_no_module_is_long():
    lines = {dotted(path): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert {module: count for module, count in lines.items() if count > 350} == {}


def run_python(code: str, **kwargs) -> subprocess.CompletedProcess:
    """Run code in a fresh interpreter, away from the checkout's notebooks, with what this one can import."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "MPLBACKEND": "Agg"}
    return subprocess.run([sys.executable, "-W", "error", "-c", code], env=environment, capture_output=True, text=True,
                          timeout=120, **kwargs)


def loaded_by(module: str) -> set[str]:
    """Which of the heavy packages a fresh interpreter has loaded after importing a module of the package."""
    code = f"import sys, textbook{module and '.' + module}\nprint(*{HEAVY!r} & set(sys.modules))"
    result = run_python(code)
    assert result.returncode == 0, result.stderr
    return set(result.stdout.split())


@pytest.mark.parametrize("module", ["", *(dotted(path) for path in MODULES if part_of(dotted(path)) != "labs")])
def test_layers_as_loaded(module):
    part = part_of(module)
    allowed = ALLOWED.get(part, set()) - {"torch"}    # torch only once one of its functions is called
    if part in ("stage", "lab"):
        allowed |= WIDGETS | {"matplotlib"}    # ipywidgets brings IPython, and the stage the figure
    assert loaded_by(module) <= allowed


@pytest.mark.skipif(not (PACKAGE / "labs").exists(), reason="the book has no labs yet")
def test_labs_load_without_torch():
    assert not loaded_by("labs") & {"torch", "scipy"}


# ---- names ----

SOURCES = [path for folder in ("textbook", "tests", "tools", "notebooks", "benchmarks")
           for path in sorted((ROOT / folder).rglob("*.py"))]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_identifiers_are_ascii(path):
    with path.open("rb") as file:
        names = {token.string for token in tokenize.tokenize(file.readline) if token.type == tokenize.NAME}
    assert all(name.isascii() for name in names), "Greek belongs in prose; code writes alpha"


# ---- requirements.txt is what pyproject.toml reads; environment.yml says the same to conda ----

CONDA_NAME = {"torch": "pytorch-cpu", "matplotlib": "matplotlib-base"}
IMPORT_NAME: dict[str, str] = {}    # where a distribution's import name differs from its own


def requirements() -> dict[str, str]:
    """Distribution → version range."""
    lines = [line.split("#")[0].strip() for line in (ROOT / "requirements.txt").read_text().splitlines()]
    return {match[1]: match[2] for line in lines if line and (match := re.fullmatch(r"([\w.-]+)\s*(\S*)", line))}


def test_requirements_agree_with_environment():
    conda = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    assert "python=3.12" in conda, "Binder wants exactly this form"
    others = {line for line in conda if line not in ("python=3.12", "pip")}
    assert others == {CONDA_NAME.get(name, name) + versions for name, versions in requirements().items()}


def test_requirements_agree_with_pyproject():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["tool"]["setuptools"]["dynamic"]["dependencies"] == {"file": ["requirements.txt"]}
    assert "dependencies" not in project["project"]
    extras = {re.split(r"[<>=]", line)[0] for extra in project["project"]["optional-dependencies"].values()
              for line in extra}
    assert not extras & set(requirements()), "named twice"


def test_requirements_name_no_index_and_every_range_has_a_floor():
    assert "--" not in (ROOT / "requirements.txt").read_text()
    assert all(versions.startswith(">=") for versions in requirements().values())


@pytest.mark.parametrize("path", [path for path in SOURCES if path.is_relative_to(ROOT / "notebooks")],
                         ids=lambda path: path.stem)
def test_chapters_import_what_a_reader_has(path):
    """The tests' environment holds more than a reader's: a chapter must not lean on it."""
    code = "\n".join("" if line.lstrip().startswith(("%", "!")) else line for line in path.read_text().splitlines())
    used = {name.split(".")[0] for name, _ in imports_of(ast.parse(code), "chapter")}
    installed = {IMPORT_NAME.get(name, name) for name in requirements()} | {"IPython", "textbook"}
    assert used <= installed | set(sys.stdlib_module_names)


# ---- README ----

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_readme_examples_run():
    blocks = re.findall(r"^```python\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)
    assert blocks, "README shows no Python"
    result = run_python("\n".join(blocks))
    assert result.returncode == 0, result.stderr


def test_readme_names_commands_that_exist():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    named = set(re.findall(r"`make ([a-z-]+)", README))
    assert named and named <= targets


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "LICENSE-TEXT.md"])
def test_links_to_files_lead_somewhere(page):
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", (ROOT / page).read_text(encoding="utf-8"))
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_readme_maps_every_chapter():
    chapters = {path.stem for path in (ROOT / "notebooks").glob("[0-9]*.py")}
    assert chapters == set(re.findall(r"\(notebooks/(\w+)\.ipynb\)", README))


# ---- tools/install.py ----


def test_install_names_a_python_that_is_too_old(monkeypatch):
    monkeypatch.setattr(install.sys, "version_info", (3, 9, 2))
    monkeypatch.setattr(install.shutil, "which", lambda name: name == "python3.12" and "/usr/bin/python3.12")
    with pytest.raises(SystemExit, match=r"needs Python 3\.11 or newer; .* is 3\.9\. Run: make PYTHON=python3\.12"):
        install.check_python()


def test_install_names_a_missing_venv(monkeypatch):
    monkeypatch.setattr(install, "find_spec", lambda name: None if name == "ensurepip" else True)
    with pytest.raises(SystemExit, match=r"sudo apt install python3\.\d+-venv"):
        install.check_python()


# ---- tools/websocket.py ----

def test_the_server_holds_no_answer_back(monkeypatch):
    commands, done = [], []
    monkeypatch.setattr(lab.subprocess, "call", lambda command, **_: commands.append(command) or 0)
    lab.jupyterlab("notebooks/00_welcome.ipynb", [])
    option = "--ServerApp.kernel_websocket_connection_class="
    module, name = next(word for word in commands[0] if word.startswith(option)).removeprefix(option).rsplit(".", 1)
    prompt = getattr(importlib.import_module(module), name)
    usual = prompt.__base__
    monkeypatch.setattr(usual, "connect", lambda self: done.append("connect"))

    class Handler:
        def set_nodelay(self, on):
            done.append(on)

    connection = object.__new__(prompt)
    monkeypatch.setattr(usual, "websocket_handler", Handler())
    connection.connect()
    assert done == [True, "connect"]


# ---- tools/lab.py: the reader's own copy ----


def chapter(*sources: str, output: str = "") -> bytes:
    cells = [{"cell_type": "code", "source": source, "outputs": [output]} for source in sources]
    return json.dumps({"cells": cells}).encode()


@pytest.fixture
def shelf(tmp_path):
    """A book of one chapter, and where the reader's copy goes."""
    book, copy = tmp_path / "book", tmp_path / "mine"
    book.mkdir()
    (book / "03_backpropagation.ipynb").write_bytes(chapter("first edition"))
    return book, copy


def test_copy_is_made_and_made_once(shelf):
    book, copy = shelf
    assert lab.update(book, copy) == []
    own = copy / "03_backpropagation.ipynb"
    assert own.read_bytes() == chapter("first edition")
    own.write_bytes(chapter("first edition", output="what the reader computed"))
    assert lab.update(book, copy) == []
    assert own.read_bytes() == chapter("first edition", output="what the reader computed")


def test_untouched_chapter_is_updated_even_after_it_was_run(shelf):
    book, copy = shelf
    lab.update(book, copy)
    (copy / "03_backpropagation.ipynb").write_bytes(chapter("first edition", output="run"))
    (book / "03_backpropagation.ipynb").write_bytes(chapter("second edition"))
    assert lab.update(book, copy) == ["03_backpropagation: updated"]
    assert (copy / "03_backpropagation.ipynb").read_bytes() == chapter("second edition")
    assert lab.update(book, copy) == []


@pytest.mark.parametrize("edited", [chapter("my answer"), b"a damaged notebook", b"[]", b""])
def test_edited_chapter_is_kept(shelf, edited):
    book, copy = shelf
    own = copy / "03_backpropagation.ipynb"
    lab.update(book, copy)
    own.write_bytes(edited)
    assert lab.update(book, copy) == []    # the book has nothing newer: nothing to say
    (book / "03_backpropagation.ipynb").write_bytes(chapter("second edition"))
    for _ in range(2):
        [line] = lab.update(book, copy)
        assert "was kept" in line and "make reset CHAPTER=03" in line
        assert own.read_bytes() == edited


@pytest.mark.parametrize("manifest", [None, b"{", b"[]"])
def test_lost_manifest_loses_no_edit(shelf, manifest):
    book, copy = shelf
    lab.update(book, copy)
    (copy / "03_backpropagation.ipynb").write_bytes(chapter("my answer"))
    if manifest is None:
        (copy / ".copied.json").unlink()
    else:
        (copy / ".copied.json").write_bytes(manifest)
    lab.update(book, copy)
    assert (copy / "03_backpropagation.ipynb").read_bytes() == chapter("my answer")


@pytest.mark.parametrize("name", ["03", "03_backpropagation"])
def test_reset_restores_and_keeps_every_old_version(shelf, name):
    book, copy = shelf
    own = copy / "03_backpropagation.ipynb"
    assert lab.reset(name, book, copy) == "03_backpropagation: restored"
    for count, answer in enumerate(("one", "two"), start=1):
        own.write_bytes(chapter(answer))
        assert lab.reset(name, book, copy).endswith(f"backups/03_backpropagation-{count}.ipynb")
        assert (copy / "backups" / f"03_backpropagation-{count}.ipynb").read_bytes() == chapter(answer)
        assert own.read_bytes() == chapter("first edition")
    (book / "03_backpropagation.ipynb").write_bytes(chapter("second edition"))
    assert lab.update(book, copy) == ["03_backpropagation: updated"]    # a restored chapter is an untouched one


@pytest.mark.parametrize("name", ["", "3", "0", "99", "../03_backpropagation"])
def test_reset_asks_which_chapter(shelf, name):
    with pytest.raises(SystemExit, match="wanted one of 03_backpropagation"):
        lab.reset(name, *shelf)


def test_skipped_browser_tests_are_said_in_one_line(tmp_path):
    command = ["-m", "pytest", "--quiet", "-p", "no:cacheprovider", "-k", "sharp", "tests/browser/test_stage.py"]
    run = subprocess.run(
        [sys.executable, *command], cwd=ROOT, capture_output=True, text=True,
        env={"PATH": str(tmp_path), "HOME": str(tmp_path), "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path)},
    )
    lines = [line for line in run.stdout.splitlines() if "browser tests were skipped" in line]
    assert len(lines) == 1 and "is missing: " in lines[0], run.stdout
