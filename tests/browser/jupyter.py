"""A real JupyterLab in a real Chromium, as context managers: for the browser tests, and for the benchmarks.

A tab collects what goes wrong in it.  Everything here waits for states, never for times.
"""

import io
import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
from PIL import Image

REPOSITORY = Path(__file__).resolve().parents[2]
TIMEOUT = 60_000  # ms until a state that doesn't come is a failure
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync", "--disable-background-networking",
    "--disable-component-update", "--disable-renderer-backgrounding", "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
]  # fmt: skip
# Chromium reports what the page can't help: it says so of every kernel that is shut down under an open socket.
HARMLESS = re.compile(r"favicon|WebSocket|websocket|ResizeObserver loop")


class NoBrowser(Exception):
    """Playwright or Chromium is missing: what to install, and what was said."""


@contextmanager
def chromium() -> Iterator[Any]:
    """The browser.  Raises NoBrowser."""
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError as error:
        raise NoBrowser("Playwright is missing: pip install playwright", error) from error
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        except Error as error:
            raise NoBrowser("Chromium is missing: playwright install chromium", error) from error
        yield browser
        browser.close()


@dataclass
class Tab:
    """A browser tab, and what went wrong in it."""

    page: Any
    errors: list[str] = field(default_factory=list)
    harmless: re.Pattern = HARMLESS

    def __post_init__(self) -> None:
        self.page.set_default_timeout(TIMEOUT)
        self.page.on("pageerror", lambda error: self.errors.append(f"page: {error}"))
        self.page.on("console", self._console)

    def _console(self, message: Any) -> None:
        text = f"{message.text} {message.location.get('url', '')}"
        if message.type == "error" and not self.harmless.search(text):
            self.errors.append(f"console: {text}")

    def until(self, expression: str, argument: Any = None) -> Any:
        """Wait until a JavaScript expression (or function of `argument`) is true; returns its value."""
        return self.page.wait_for_function(expression, arg=argument).json_value()

    def pixels(self, selector: str) -> np.ndarray:
        """What the reader sees of an element: (height, width, 3), in 0 ... 255."""
        return pixels(self.page.locator(selector).first.screenshot(animations="disabled"))


def pixels(png: bytes) -> np.ndarray:
    """The colours of a PNG: (height, width, 3), in 0 ... 255."""
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(float)


@dataclass
class Notebook(Tab):
    """An open notebook."""

    def run(self) -> None:
        """Run all cells, and wait for the last."""
        self.page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")

    def outputs(self) -> list[list[dict]]:
        """The outputs of each code cell, as they would be saved."""
        return self.page.evaluate("""() => jupyterapp.shell.currentWidget.content.widgets
            .filter((cell) => cell.model.type === "code").map((cell) => cell.model.outputs.toJSON())""")

    def ask(self, code: str) -> str:
        """Run Python code in the notebook's kernel, beside the cells; returns what it prints."""
        return self.page.evaluate("""async (code) => {
            const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
            const future = kernel.requestExecute({ code, store_history: false });
            let text = "";
            future.onIOPub = ({ header, content }) => {
                if (header.msg_type === "stream") text += content.text;
                if (header.msg_type === "error") text += content.traceback.join("\\n");
            };
            await future.done;
            return text;
        }""", code)  # fmt: skip

    def until_kernel(self, expression: str) -> None:
        """Wait until a Python expression is true in the kernel."""
        deadline = time.monotonic() + TIMEOUT / 1000
        while (said := self.ask(f"print(bool({expression}))").strip()) != "True":
            assert time.monotonic() < deadline, f"{expression} did not become true: {said}"
            self.page.evaluate("new Promise(requestAnimationFrame)")

    def until_filmed(self, stage: str = "view.stage", number: int = 0) -> None:
        """Wait until the page has the whole film: at first it has one frame, and the kernel records the rest."""
        self.until_kernel(f"{stage}._task is None")
        self.until("""([number, film]) =>
            +document.querySelectorAll(".stage canvas[role=img]")[number]?.dataset.film >= film
        """, [number, int(self.ask(f"print({stage}._number)"))])  # fmt: skip

    def shut_down(self) -> None:
        """Shut the kernel down, and go on without it."""
        # From now on ipywidgets complains of each change that it can't send.
        self.harmless = re.compile(f"{HARMLESS.pattern}|Could not send widget sync message")
        self.page.evaluate("jupyterapp.shell.currentWidget.sessionContext.shutdown()")
        self.until("jupyterapp.shell.currentWidget.sessionContext.session === null")

    def close(self) -> None:
        """Shut the kernel down, and close the tab."""
        self.page.evaluate("jupyterapp.shell.currentWidget.sessionContext.shutdown()")
        self.page.context.close()

    def theme(self, name: str) -> None:
        """Switch to 'JupyterLab Light' or 'JupyterLab Dark'."""
        self.page.evaluate("(theme) => jupyterapp.commands.execute('apputils:change-theme', { theme })", name)
        self.until("(light) => document.body.dataset.jpThemeLight === light", str("Dark" not in name).lower())

    def problems(self) -> list[str]:
        """Everything that went wrong: in the page, on its console, in the kernel."""
        found = list(self.errors)
        for outputs in self.outputs():
            for output in outputs:
                if output["output_type"] == "error":
                    found.append("kernel: " + "\n".join(output["traceback"]))
                elif output.get("name") == "stderr":
                    found.append("stderr: " + "".join(output["text"]))
        return found


@dataclass
class Figure:
    """A lab in a notebook: what a reader sees of it and does to it.

    Args:
        tab: the notebook.
        number: which of its stages.
        name: of the view in the kernel.
    """

    tab: Notebook
    number: int = 0
    name: str = "view"

    @property
    def place(self) -> Any:
        """The output of its cell."""
        return self.tab.page.locator(".jp-OutputArea-output:has(.stage)").nth(self.number)

    def says(self, *words: str) -> None:
        """Wait until the caption holds all of these words."""
        self.tab.until("""([number, words]) => {
            const caption = document.querySelectorAll(".stage")[number]?.querySelector("[role=status]");
            return words.every((word) => caption?.textContent.includes(word));
        }""", [self.number, list(words)])  # fmt: skip

    @property
    def caption(self) -> str:
        return self.place.locator(".stage [role=status]").inner_text()

    def calls(self, *words: str) -> None:
        """Wait until the call that recreates its state holds all of these words: the panel hears after the picture."""
        for word in words:
            self.place.locator(".lab-code").filter(has_text=word).wait_for()

    def pixels(self) -> np.ndarray:
        """The picture: (height, width, 3), in 0 ... 255."""
        return pixels(self.place.locator(".stage-picture").screenshot(animations="disabled"))

    def press(self, *keys: str) -> None:
        """Press keys on the slider of the frames."""
        for key in keys:
            self.place.locator(".stage input[type=range]").press(key)

    def part(self, name: str) -> Any:
        """The element that changes a setting: a slider, a menu, a field, a button."""
        return self.place.locator(f"[data-part='{name}']").locator("input, select, button").first

    def unfold(self) -> None:
        """Show what stands under "More"."""
        self.place.locator(".lab-more > summary").click()

    def at(self, axes: int, x: float, y: float) -> tuple[float, float]:
        """Where a point, in the data of one of the pointer's axes, is on the page."""
        self.place.locator(".stage-picture").scroll_into_view_if_needed()
        box = self.place.locator(".stage-picture").bounding_box()
        u, v = map(float, self.tab.ask(f"""
axes = {self.name}.stage.pointer[{axes}]
print(*(axes.transData.transform(({x}, {y})) / axes.figure.bbox.size))""").split())
        return box["x"] + u * box["width"], box["y"] + (1 - v) * box["height"]

    def drag(self, begin: tuple[float, float], end: tuple[float, float], release: bool = True) -> None:
        """Drag from one place of the page to another."""
        self.tab.page.mouse.move(*begin)
        self.tab.page.mouse.down()
        self.tab.page.mouse.move(*end, steps=4)
        if release:
            self.tab.page.mouse.up()

    def has(self, expression: str) -> None:
        """Wait until a Python expression in `s`, the settings, is true in the kernel."""
        self.tab.until_kernel(f"(lambda s: {expression})({self.name}.settings)")


@dataclass
class Jupyter:
    """A running JupyterLab."""

    url: str
    folder: Path

    def open(self, browser: Any, name: str, cells: list[str], *, before: str = "", **context: Any) -> Notebook:
        """Open a new notebook with these cells in a tab of its own, and wait for its kernel.

        Args:
            before: JavaScript that runs before the page's own.
        """
        code = [nbformat.v4.new_code_cell(source) for source in cells]
        kernel = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(nbformat.v4.new_notebook(cells=code, metadata={"kernelspec": kernel}), self.folder / name)
        tab = Notebook(browser.new_context(**{"viewport": {"width": 1100, "height": 900}} | context).new_page())
        if before:
            tab.page.add_init_script(before)
        tab.page.goto(f"{self.url}/doc/tree/{name}?reset")
        tab.until("""() => {
            const session = window.jupyterapp?.shell.currentWidget?.sessionContext?.session;
            return session?.kernel?.connectionStatus === "connected" && session.kernel.status === "idle";
        }""")
        return tab


@contextmanager
def jupyter_lab(home: Path) -> Iterator[Jupyter]:
    """A JupyterLab on an empty folder in `home`, with settings of its own."""
    folder = home / "notebooks"
    folder.mkdir()
    places = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTERLAB_SETTINGS_DIR",
              "JUPYTERLAB_WORKSPACES_DIR", "IPYTHONDIR")  # fmt: skip
    environment = os.environ | {name: str(home / name.lower()) for name in places} | {"PYTHONPATH": str(REPOSITORY)}
    options = [
        "--no-browser", "--allow-root", f"--ServerApp.root_dir={folder}", "--ServerApp.port=0",
        "--IdentityProvider.token=", "--ServerApp.disable_check_xsrf=True", "--ServerApp.terminals_enabled=False",
        "--ServerApp.kernel_websocket_connection_class=tools.websocket.Prompt",
        "--LabApp.expose_app_in_browser=True", "--LabApp.extension_manager=readonly",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]  # fmt: skip
    news = home / "jupyterlab_settings_dir" / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
    news.parent.mkdir(parents=True)
    news.write_text('{"fetchNews": "false"}')  # else a question covers a corner of the page
    with open(home / "log", "w") as log:
        server = subprocess.Popen([sys.executable, "-m", "jupyterlab", *options], env=environment, cwd=home,
                                  stdout=log, stderr=subprocess.STDOUT)  # fmt: skip
        try:
            url = wait_for_server(server, home / "jupyter_runtime_dir", home / "log")
            yield Jupyter(url, folder)
        finally:
            server.terminate()
            server.wait(30)


def wait_for_server(server: subprocess.Popen, runtime: Path, log: Path) -> str:
    deadline = time.monotonic() + TIMEOUT / 1000
    while server.poll() is None and time.monotonic() < deadline:
        for file in runtime.glob("jpserver-*.json"):
            try:
                url = json.loads(file.read_text())["url"].rstrip("/")
                with urllib.request.urlopen(f"{url}/api/status"):
                    return url
            except (OSError, ValueError):
                pass
        time.sleep(0.05)
    raise AssertionError(f"JupyterLab did not start:\n{log.read_text()[-3000:]}")
