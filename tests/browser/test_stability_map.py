"""The stability map in JupyterLab: clicking a cell, walking along its row, every control."""

import numpy as np

CELL = "from textbook import labs; view = labs.stability_map.show(); view"
PICTURE, CAPTION = ".stage-picture", ".stage-caption [role=status]"


def until_caption(tab, words: str) -> None:
    tab.until("([selector, words]) => document.querySelector(selector)?.textContent.includes(words)", [CAPTION, words])


def press_slider(tab, name: str, key: str) -> None:
    tab.page.locator(".widget-hslider").filter(has_text=name).locator(".noUi-handle").focus()
    tab.page.keyboard.press(key)


def test_cells_rows_and_maps(notebook):
    tab = notebook([CELL])
    until_caption(tab, "α = 1.01, momentum = 0.80: oscillates and converges")
    frames = tab.page.locator(".jp-OutputArea input[type=range]")
    before = tab.pixels(PICTURE)

    # Along the row, in the browser alone.
    frames.press("End")
    until_caption(tab, "α = 4.4, momentum = 0.80: diverges; stopped at step")
    assert (np.abs(tab.pixels(PICTURE) - before) > 60).any(axis=-1).sum() > 300
    frames.press("Home")
    until_caption(tab, "α = 0.044")

    # A click on the map chooses both; the row's slider follows.
    scale, low, width, height = map(float, tab.ask(
        "scene = view.scene.stage._scene; box = scene['axes'][0]['box']; print(scene['width'], *box[1:])"
    ).split())
    left = float(tab.ask("print(view.scene.stage._scene['axes'][0]['box'][0])"))
    canvas = tab.page.locator(PICTURE).bounding_box()
    k = canvas["width"] / scale
    u, v = 3.5 / 4.4, (0.3 + 0.005) / 1.0
    tab.page.mouse.click(canvas["x"] + k * (left + u * width), canvas["y"] + canvas["height"] - k * (low + v * height))
    until_caption(tab, "momentum = 0.30: diverges; stopped at step")
    tab.until_kernel("abs(view.scene.settings['lr'] - 3.5) < 0.05 and view.widgets['beta'].value == 0.3")
    tab.until("[...document.querySelectorAll('.widget-hslider')].some((s) => s.textContent.includes('0.3'))")

    # The controls, by keyboard; the learning rate stays.
    press_slider(tab, "β", "ArrowLeft")
    until_caption(tab, "momentum = 0.29: diverges")
    press_slider(tab, "condition number", "ArrowRight")
    until_caption(tab, "Flat direction, λ = 0.0476")

    # The other maps.
    menu = tab.page.locator(".widget-dropdown select")
    menu.select_option(label="Nesterov's momentum")
    until_caption(tab, "diverges from 1.63")
    menu.select_option(label="Adam, learning rate × beta1")
    until_caption(tab, "The lowest of this row is")
    assert "spectral" not in tab.page.locator(CAPTION).inner_text()
    frames.press("End")
    until_caption(tab, "α = 10, beta1 = 0.29: after 200 steps the loss is")
    menu.select_option(index=0)
    until_caption(tab, "momentum = 0.29: diverges")
