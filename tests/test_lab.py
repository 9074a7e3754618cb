"""The lab framework: settings, frames, threads; and a new lab is one file."""

import asyncio
import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import textbook.lab
from textbook import labs
from textbook.lab import FrameAxis, Lab, Numbers, Picture, Slider, Work, round_numbers

ROOT = Path(__file__).parents[1]


def test_a_point_far_out_is_refused_before_it_overflows():
    numbers = Numbers()
    numbers.name = "start"
    assert numbers.check((3, -1e9)) == (3.0, -1e9)
    with pytest.raises(ValueError, match=r"start must be finite numbers, at most 1e\+09 in size, got \(1e\+300,\)"):
        labs.learning_rate(start=(1e300,))


def test_several_takes_any_collection_of_names():
    several = labs.optimizer_race.controls["rules"]
    for chosen in (["adam", "gd"], {"gd": {}, "adam": {}}, {"adam", "gd"}):
        assert several.check(chosen) == ("gd", "adam")
    with pytest.raises(ValueError, match="unknown rules 3"):
        several.check(3)


def test_round_numbers_hold_what_readers_ask_for():
    numbers = round_numbers(1e-3, 1e3)
    assert set(np.round([0.001, 0.01, 0.05, 0.1, 0.25, 0.3, 1, 2, 50, 100, 1000], 12)) <= set(numbers)
    assert (np.diff(np.log(numbers)) < np.log(1.2)).all()


def test_the_nearest_frame():
    axis = FrameAxis("rate", of=lambda d: d.rate, log=True, start=10.0)
    axis.name = "rate"
    data = SimpleNamespace(rate=np.array([1.0, 10.0, 100.0]))
    assert [axis.frame(data, v) for v in (None, 1, 3, 4, 1e9)] == [1, 0, 0, 1, 2]
    with pytest.raises(ValueError, match="rate must lie between 1 and 100 here, got 101"):
        axis.frame(data, 101, strict=True)
    assert axis.frame(data, 100.001, strict=True) == 2  # the printed call rounds
    steps = FrameAxis("step", of=lambda d: range(5))
    assert [steps.frame(data, v) for v in (None, 3, -1, -5)] == [0, 3, 4, 0]


def test_an_author_s_slip_is_named():
    with pytest.raises(TypeError, match="depth must be a control"):
        Lab("Do something", depth=3)
    lab = Lab("Do something", depth=Slider("depth", 1.0))
    with pytest.raises(TypeError, match="asks for 'height', which is no setting"):
        lab.compute(lambda height: {})


def test_messages_from_another_thread_are_answered_in_the_loop_of_the_lab_the_newest_alone():
    """JupyterLab delivers what the controls say in a subshell: a thread of its own."""
    seen: list[threading.Thread] = []

    async def reader():
        view = labs.stretch.show()
        change = view.scene.change
        view.scene.change = lambda *a, **k: (seen.append(threading.current_thread()), change(*a, **k))
        messages = threading.Thread(target=lambda: [view.move("a", a) for a in (0.5, 2.0, -1.0)])
        messages.start()
        messages.join()
        assert not seen  # only queued
        await asyncio.sleep(0)
        return view.settings["a"]

    assert asyncio.run(reader()) == -1.0
    assert seen == [threading.current_thread()]


def test_messages_that_were_merged_are_all_heard():
    view = labs.stretch.show()
    view.panel._said = {"a": [1.0, 1], "b": [0.25, 3]}  # two sliders in one message
    assert (view.settings["a"], view.settings["b"]) == (1.0, 0.25)
    view.panel._said = {"a": [2.0, 2], "b": [0.25, 3]}
    assert (view.settings["a"], view.settings["b"]) == (2.0, 0.25)
    assert {p: view.panel.parts[p]["heard"] for p in ("a", "b", "d")} == {"a": 2, "b": 3, "d": 0}


def test_work_leaves_the_loop_free_stops_and_says_what_failed():
    said: list = []

    async def watched(pieces):
        work = Work(lambda: next(pieces), ended=lambda: said.append("ended"), failed=lambda e: said.append(repr(e)))
        work.start()
        ticks = 0
        while work.going and ticks < 1000:
            await asyncio.sleep(0)
            ticks += 1
            if ticks == 100:
                work.stop()
        return ticks

    assert asyncio.run(watched(iter([0, 0, None]))) > 16 and said == ["ended"]
    assert asyncio.run(watched(iter(int, 1))) == 100 and said == ["ended"]  # endless, stopped
    asyncio.run(watched(0.0 / k for k in (2, 1, 0)))
    assert said[1:] == ["ZeroDivisionError('float division by zero')"]


def test_a_new_lab_is_one_file(tmp_path):
    """The example of the docstring, saved as a module of a copy, is a lab, and keeps the contract."""
    shutil.copytree(ROOT / "textbook", tmp_path / "textbook", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "tests" / "labs", tmp_path / "tests" / "labs", ignore=shutil.ignore_patterns("__pycache__"))
    example = re.findall(r"^(?:>>>|\.\.\.) ?(.*)", textbook.lab.__doc__.split(">>> float(lab")[0], flags=re.MULTILINE)
    assert len(example) < 30
    (tmp_path / "textbook" / "labs" / "thrown.py").write_text("\n".join(example))
    code = "from textbook import labs; print(labs.thrown().t[0], labs.thrown.show(time=1.0).settings.call())"
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert run.stdout.split(" ", 1)[1].strip() == "labs.thrown.show(time=1)", run.stderr
    contract = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "thrown", "tests/labs/test_contract.py"]
    run = subprocess.run([sys.executable, *contract], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert re.search(r"^[7-9] passed", run.stdout, flags=re.MULTILINE), run.stdout + run.stderr


def test_the_scenery_is_painted_again_only_where_it_depends_on_what_changed_and_the_former_goes():
    lab, painted = Lab("", a=Slider("a", 0.0, high=9.0), b=Slider("b", 0.0, high=9.0)), []
    lab.compute(lambda a, b: {"a": a, "b": b})

    @lab.picture
    def picture(fig):
        ax = fig.subplots()
        (live,) = ax.plot([], [])

        def scenery(d):
            painted.append(d.a)
            ax.plot([0, 1], [d.a, d.a])
            ax.bar([0], [d.a], label=f"a = {d.a:g}")
            ax.legend()
            if d.a == 9:
                raise ValueError("refused")

        return Picture([live], lambda d, k: "", scenery, of=lambda d: d.a, load=lambda d: live.set_data([0], [d.b]))

    scene = lab.scene(a=1.0)
    (ax,) = scene.figure.axes
    scene.change(lab.settings(a=1.0, b=2.0))
    assert painted == [1] and ax.lines[0].get_ydata() == [2]
    scene.change(lab.settings(a=3.0))
    assert painted == [1, 3] and [list(line.get_ydata()) for line in ax.lines] == [[0], [3, 3]]
    with pytest.raises(ValueError, match="refused"):
        scene.change(lab.settings(a=9.0))
    assert painted == [1, 3, 9, 3] and [list(line.get_ydata()) for line in ax.lines] == [[0], [3, 3]]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a = 3"] and len(ax.patches) == 1
