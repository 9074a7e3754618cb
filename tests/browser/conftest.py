"""A real JupyterLab in a real Chromium, for the tests of this folder.

`notebook` opens a list of cells, and collects what goes wrong; `web_page` shows plain HTML.  Tests wait for states,
never for times.  Without Playwright or Chromium they are skipped, or fail where TEXTBOOK_REQUIRE_BROWSER=1 is set.
"""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from .jupyter import Jupyter, NoBrowser, Notebook, Tab, jupyter_lab
from .jupyter import chromium as start_chromium
from .jupyter import pixels as pixels  # tests take it from here


# Package scope: while Playwright's loop runs, other tests in the same process couldn't use asyncio.
@pytest.fixture(scope="package")
def chromium() -> Iterator[Any]:
    """The browser."""
    with ExitStack() as stack:
        try:
            browser = stack.enter_context(start_chromium())
        except NoBrowser as missing:
            reason, details = missing.args
            if os.environ.get("TEXTBOOK_REQUIRE_BROWSER") == "1":
                pytest.fail(f"TEXTBOOK_REQUIRE_BROWSER=1, but {reason}\n{details}", pytrace=False)
            pytest.skip(reason)
        yield browser


@pytest.fixture(scope="package")
def jupyter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jupyter]:
    """A JupyterLab on an empty folder, with settings of its own."""
    with jupyter_lab(tmp_path_factory.mktemp("jupyter")) as server:
        yield server


@pytest.fixture
def notebook(chromium: Any, jupyter: Jupyter, request: pytest.FixtureRequest) -> Iterator[Callable[..., Notebook]]:
    """`notebook([source, ...], run=True, **context)` opens a notebook; a problem in it fails the test."""
    opened = []

    def open_notebook(cells: list[str], *, run: bool = True, **context: Any) -> Notebook:
        name = re.sub(r"\W+", "_", f"{request.node.name}_{len(opened)}") + ".ipynb"
        tab = jupyter.open(chromium, name, cells, **context)
        opened.append(tab)
        if run:
            tab.run()
        return tab

    yield open_notebook
    problems = [problem for tab in opened for problem in tab.problems()]
    for tab in opened:
        tab.close()
    assert not problems, "\n".join(problems)


@pytest.fixture
def web_page(chromium: Any, tmp_path: Path) -> Iterator[Callable[..., Tab]]:
    """`web_page(html, **context)` opens a page without any server; an error on it fails the test."""
    opened = []

    def open_page(body: str, **context: Any) -> Tab:
        (tmp_path / "page.html").write_text(f"<!doctype html><meta charset='utf-8'><title>Test</title>{body}", "utf-8")
        tab = Tab(chromium.new_context(**{"viewport": {"width": 900, "height": 800}} | context).new_page())
        opened.append(tab)
        tab.page.goto((tmp_path / "page.html").as_uri())
        return tab

    yield open_page
    problems = [problem for tab in opened for problem in tab.errors]
    for tab in opened:
        tab.page.context.close()
    assert not problems, "\n".join(problems)
