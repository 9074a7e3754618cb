"""Real processes: their average is one process's gradient, and whatever happens to one, all end."""

import os
import re
import signal
import subprocess
import sys
import time
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from textbook import nn, ops, parallel
from textbook.optim import Optimizer
from textbook.parallel.training import joined, parted
from textbook.parallel.trials import model_and_batch

N = 31  # examples: no number of processes or parts divides it
COUNTS = {2: (30, 1), 3: (5, 26, 0)}
LENGTHS = (1, 2, 7, 12)  # of arrays: fewer numbers than processes, and more
TRAINING = {"dataset": "small", "widths": (784, 16, 10), "batch": 50, "steps": 6, "lr": 1e-2, "dtype": np.float64}


# ---- what the processes compute, one launch for each number of them: a start costs seconds


def everything(counts):
    """All results of one process."""
    ways = {"equal": {}, "unequal": {"counts": counts}, "in parts": {"parts": 4, "ddp": False}}
    found = {way: parallel.one_batch(N, **given) for way, given in ways.items()}
    found["alike"] = parallel.one_batch(30)
    vectors = [np.random.default_rng(parallel.rank()).normal(size=n) for n in LENGTHS]
    found["vectors"] = vectors
    found["gloo"] = [parallel.all_reduce(v.copy()) for v in vectors]
    found["ring"] = [parallel.ring_all_reduce(v.copy()) for v in vectors]
    found["gathered"] = [parallel.all_gather(v) for v in vectors]
    found["broadcast"] = parallel.broadcast(np.array([parallel.rank() + 5.0]), root=1)
    found["epoch"] = parallel.training(**TRAINING)
    found["sharded"] = parallel.training(**TRAINING, sharded=True)
    model, x, y = model_and_batch(N)
    for p in model.parameters():
        p.data = p.data + parallel.rank()  # the others begin elsewhere, and shuffle otherwise
    optimizer, rng = Optimizer(model, "gd", lr=0.1), np.random.default_rng(parallel.rank())
    found["losses"] = [s.loss for s in parallel.train(model, ops.cross_entropy, x, y, optimizer, batch=10, rng=rng)]
    print("said by", parallel.whoami())
    return found


@pytest.fixture(scope="module", params=[2, 3])
def ranks(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("größe 2")  # a name as users have them
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tempfile.tempdir", str(folder))
        yield parallel.launch(everything, request.param, counts=COUNTS[request.param])


@pytest.fixture(scope="module")
def whole():
    """Loss and gradient of the batch in this process: no part of `parallel` is used."""
    model, x, y = model_and_batch(N)
    loss = ops.cross_entropy(model(x), y)
    loss.backward()
    return loss.item(), np.concatenate([np.ravel(p.grad) for p in model.parameters()])


@pytest.mark.parametrize("way", ["equal", "unequal", "in parts"])
def test_the_average_is_the_gradient_of_the_whole_batch(ranks, whole, way):
    loss, gradient = whole
    for found in ranks:
        assert abs(found[way].loss - loss) < 1e-12
        np.testing.assert_allclose(found[way].averaged, gradient, rtol=0, atol=1e-12)
        np.testing.assert_allclose(found[way].ring, gradient, rtol=0, atol=1e-12)
        assert np.abs(found[way].own - gradient).max() > 1e-3  # it was not there before


def test_torch_agrees_where_the_shares_are_alike(ranks):
    for found in ranks:
        np.testing.assert_allclose(found["alike"].ddp, found["alike"].averaged, rtol=0, atol=1e-12)


def test_torch_weighs_all_processes_alike_whatever_their_shares(ranks):
    mean = np.mean([found["equal"].own for found in ranks], axis=0)
    for found in ranks:
        np.testing.assert_allclose(found["equal"].ddp, mean, rtol=0, atol=1e-12)
        assert np.abs(found["equal"].averaged - mean).max() > 1e-4


def test_the_ring_sums_as_gloo_does(ranks):
    for i in range(len(LENGTHS)):
        total = sum(found["vectors"][i] for found in ranks)
        for found in ranks:
            np.testing.assert_allclose(found["gloo"][i], total, rtol=0, atol=1e-12)
            np.testing.assert_allclose(found["ring"][i], total, rtol=0, atol=1e-12)
            np.testing.assert_array_equal(found["gathered"][i], [other["vectors"][i] for other in ranks])
            assert found["broadcast"] == 6.0


def test_training_is_that_of_one_process(ranks):
    alone = parallel.training(**TRAINING)
    for found in ranks:
        for way in ("epoch", "sharded"):
            np.testing.assert_allclose(found[way].losses, alone.losses, rtol=0, atol=1e-12)
            np.testing.assert_allclose(found[way].params, alone.params, rtol=0, atol=1e-12)
        assert len(found["epoch"].losses) == TRAINING["steps"]


def test_each_process_keeps_its_share_of_the_state(ranks):
    count = sum(p.size for p in nn.MLP(TRAINING["widths"], rng=np.random.default_rng(0)).parameters())
    for found in ranks:
        assert found["epoch"].state_bytes == 2 * 8 * count  # Adam's m and v, 8 bytes a number
        assert found["sharded"].state_bytes == 2 * 8 * -(-count // len(ranks))


def test_weights_and_order_are_those_of_process_0(ranks):
    model, x, y = model_and_batch(N)
    optimizer, rng = Optimizer(model, "gd", lr=0.1), np.random.default_rng(0)
    alone = [s.loss for s in parallel.train(model, ops.cross_entropy, x, y, optimizer, batch=10, rng=rng)]
    for found in ranks:
        np.testing.assert_allclose(found["losses"], alone, rtol=0, atol=1e-12)


def test_torchrun_runs_the_same_script():
    script = ["-m", "textbook.parallel", "--steps=3", "--batch=64"]
    runs = [[sys.executable, *script],
            [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", *script]]  # fmt: skip
    said = [subprocess.run(run, capture_output=True, text=True, timeout=120, check=True).stdout for run in runs]
    assert said[0].startswith("1 process: 3 steps") and said[1].startswith("2 processes: 3 steps")
    loss = [float(re.search(r"loss of the last batch ([\d.]+)", text)[1]) for text in said]
    assert abs(loss[0] - loss[1]) <= 1e-6


# ---- alone, in this process


@pytest.mark.parametrize("p", [1, 2, 3, 5])
@pytest.mark.parametrize("n", [0, 1, 4, 11])
def test_the_ring_in_one_process(p, n):
    arrays = np.random.default_rng(0).normal(size=(p, n))
    *_, last = moments = list(parallel.ring_steps(arrays))
    assert len(moments) == 2 * (p - 1) + 1
    for chunks in last:
        np.testing.assert_allclose(np.concatenate(chunks), arrays.sum(axis=0), rtol=0, atol=1e-12)
    np.testing.assert_array_equal([np.concatenate(chunks) for chunks in moments[0]], arrays)
    for r, chunks in enumerate(moments[p - 1]):  # after the first half each holds one whole sum
        np.testing.assert_allclose(chunks[(r + 1) % p], np.array_split(arrays.sum(axis=0), p)[(r + 1) % p], atol=1e-12)


@pytest.mark.parametrize("parts", [1, 2, 5, N, N + 3])
def test_parts_add_up_to_the_batch(whole, parts):
    model, x, y = model_and_batch(N)
    value = parallel.accumulate(model, ops.cross_entropy, x, y, parts)
    assert abs(value - whole[0]) < 1e-12
    np.testing.assert_allclose(joined([p.grad for p in model.parameters()]), whole[1], rtol=0, atol=1e-12)


def test_shares_cover_the_batch_once():
    for n in (0, 1, 7, 100):
        for parts in (1, 2, 3, 8):
            rows = [np.arange(n)[parallel.share(n, part, parts)] for part in range(parts)]
            np.testing.assert_array_equal(np.concatenate(rows), np.arange(n))
            assert max(map(len, rows)) - min(map(len, rows)) <= 1


def test_arrays_come_out_of_the_vector_as_they_went_in():
    arrays = [np.random.default_rng(0).normal(size=shape) for shape in ((2, 3), (4,), (), (1, 1))]
    for array, again in zip(arrays, parted(joined(arrays), arrays), strict=True):
        np.testing.assert_array_equal(array, again)


def test_alone_every_message_is_no_message():
    x = np.arange(3.0)
    assert parallel.all_reduce(x) is x and parallel.broadcast(x) is x and parallel.ring_all_reduce(x) is x
    np.testing.assert_array_equal(parallel.all_gather(x), [x])
    parallel.leave()


def test_a_rule_that_needs_whole_parameters_is_not_sharded():
    with pytest.raises(ValueError, match="muon needs whole parameters"):
        parallel.ShardedOptimizer(nn.Linear(2, 3, rng=np.random.default_rng(0)), "muon")


def test_counts_must_be_those_of_the_batch():
    with pytest.raises(ValueError, match=r"counts=\[3, 4\]: wanted 1 whole numbers, which sum to 7"):
        parallel.one_batch(7, counts=(3, 4))


# ---- the pipeline


@pytest.mark.parametrize("order", parallel.pipeline.ORDERS.values())
@pytest.mark.parametrize(("p", "m"), [(1, 1), (2, 1), (4, 8), (5, 3), (3, 16)])
@pytest.mark.parametrize("backward_time", [1.0, 2.0])
def test_the_bubble_is_what_theory_says(order, p, m, backward_time):
    tasks = parallel.schedule(p, m, order, backward_time)
    assert len({task[:3] for task in tasks}) == len(tasks) == 2 * p * m
    assert parallel.idle_share(tasks) == pytest.approx((p - 1) / (m + p - 1))
    end = {task[:3]: task.end for task in tasks}
    for stage, micro_batch, backward, start, _ in tasks:
        before = (stage + 1 if backward else stage - 1, micro_batch, backward)
        assert start >= end.get(before, 0) and (not backward or start >= end[stage, micro_batch, False])
    for stage in range(p):
        times = sorted((task.start, task.end) for task in tasks if task.stage == stage)
        assert all(a[1] <= b[0] for a, b in pairwise(times))


def held(tasks, stage):
    """The most micro-batches that a stage holds at a time: gone forwards and not yet back."""
    own = sorted((t for t in tasks if t.stage == stage), key=lambda t: t.start)
    return int(np.cumsum([-1 if t.backward else 1 for t in own]).max())


def test_one_forward_one_backward_holds_less():
    early, late = (parallel.schedule(4, 8, order) for order in parallel.pipeline.ORDERS.values())
    assert [held(early, stage) for stage in range(4)] == [8, 8, 8, 8]
    assert [held(late, stage) for stage in range(4)] == [4, 3, 2, 1]


def test_stages_that_wait_for_each_other_are_named():
    with pytest.raises(ValueError, match="stages 0, 1 wait for each other for ever"):
        parallel.schedule(2, 2, lambda stage, stages, m: [(0, True), (0, False)])


# ---- one that dies takes the others along, and its error is told


def sign_in(folder):
    (Path(folder) / f"{parallel.rank()}.pid").write_text(str(os.getpid()))


def die(folder, way, waiting):
    """Process 1 dies; process 0 waits, in a message or asleep."""
    sign_in(folder)
    if waiting == "message":
        parallel.all_reduce(np.zeros(3))
    while len(list(Path(folder).glob("*.pid"))) < parallel.size():
        time.sleep(0.01)
    if parallel.rank() == 1:
        if way == "exception":
            raise KeyError("no such digit")
        if way == "exit":
            os._exit(7)
        if way == "quiet":
            os._exit(0)
        if way == "signal":
            os.kill(os.getpid(), signal.SIGKILL)
        if way == "unpicklable":
            return lambda: 0
        if way == "sys.exit":
            sys.exit("I leave")
    if waiting == "message":
        parallel.all_reduce(np.zeros(3))
    time.sleep(60)


def none_left(folder, count=2):
    pids = [int(path.read_text()) for path in Path(folder).glob("*.pid")]
    alive = [pid for pid in pids if Path(f"/proc/{pid}").exists()] if Path("/proc").exists() else []
    return len(pids) == count and not alive


DEATHS = [
    ("exception", "asleep", r"rank 1 raised\s+Traceback[\s\S]*in die[\s\S]*KeyError: 'no such digit'"),
    ("exception", "message", r"rank 1 raised[\s\S]*KeyError: 'no such digit'"),
    ("exit", "asleep", "rank 1 ended without a result, with exit code 7"),
    ("quiet", "asleep", "rank 1 ended without a result, with exit code 0"),
    ("signal", "asleep", r"rank 1 ended without a result, by signal 9 \(SIGKILL\), as when memory runs out"),
    ("signal", "message", r"rank 1 ended without a result, by signal 9 \(SIGKILL\)"),
    ("unpicklable", "asleep", r"rank 1 raised[\s\S]*lambda"),
    ("sys.exit", "asleep", r"rank 1 raised[\s\S]*SystemExit: I leave"),
]


@pytest.mark.parametrize(("way", "waiting", "message"), DEATHS, ids=[f"{w}-{h}" for w, h, _ in DEATHS])
def test_a_worker_that_dies_ends_the_run_with_its_error(way, waiting, message, tmp_path):
    start = time.monotonic()
    with pytest.raises(parallel.WorkerError, match=message) as caught:
        parallel.launch(die, folder=str(tmp_path), way=way, waiting=waiting)
    assert caught.value.rank == 1 and time.monotonic() - start < 30
    assert none_left(tmp_path)


def test_a_run_that_hangs_is_given_up(tmp_path):
    with pytest.raises(TimeoutError, match=r"after 1\.5 s \(timeout=1\.5\) rank 0, 1 had not ended"):
        parallel.launch(die, timeout=1.5, folder=str(tmp_path), way="sleep", waiting="asleep")
    assert none_left(tmp_path)


SCRIPT = '''
import sys
from textbook import parallel

def work(folder):
    import test_parallel
    test_parallel.die(folder, "sleep", "asleep")

if __name__ == "__main__":
    parallel.launch(work, folder=sys.argv[1])
'''


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["interrupt", "killed"])
def test_nothing_outlives_the_one_that_launched(number, tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    parent = subprocess.Popen([sys.executable, tmp_path / "script.py", tmp_path], env=environment,
                              stderr=subprocess.PIPE, text=True, start_new_session=True)  # fmt: skip
    until(lambda: len(list(tmp_path.glob("*.pid"))) == 2)
    os.killpg(parent.pid, number)  # as JupyterLab interrupts and restarts a kernel
    said = parent.communicate(timeout=30)[1]
    assert number == signal.SIGKILL or said.strip().endswith("KeyboardInterrupt")
    until(lambda: none_left(tmp_path))


def until(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.05)


# ---- launching


def echo(**given):
    print("hello", parallel.rank())
    return parallel.rank(), given


def test_results_come_by_rank_and_words_at_the_end(capsys):
    given = {"a": np.arange(3), "b": {"c": None}}
    results = parallel.launch(echo, 3, **given)
    assert [rank for rank, _ in results] == [0, 1, 2]
    assert all(found["b"] == given["b"] and (found["a"] == given["a"]).all() for _, found in results)
    assert capsys.readouterr().out == "rank 0: hello 0\nrank 1: hello 1\nrank 2: hello 2\n"


def test_a_function_of_a_notebook_travels_as_source(monkeypatch):
    monkeypatch.setattr(echo, "__module__", "__main__")
    source = "    def echo(x: 'float') -> float:\n        import math\n        return math.sqrt(x)\n"
    monkeypatch.setattr("inspect.getsource", lambda function: source)
    assert parallel.launch(echo, 2, x=9.0) == [3.0, 3.0]


def test_a_function_that_leans_on_its_notebook_is_told_so(monkeypatch):
    monkeypatch.setattr(echo, "__module__", "__main__")
    monkeypatch.setattr("inspect.getsource", lambda function: "def echo():\n    return np.zeros(3)\n")
    with pytest.raises(parallel.WorkerError, match=r"name 'np' is not defined[\s\S]*import what it uses inside"):
        parallel.launch(echo)


@pytest.mark.parametrize("main", [True, False])
def test_a_function_that_cannot_travel_is_refused(main, monkeypatch):
    def inner():
        return N

    if main:
        inner.__module__ = "__main__"
    with pytest.raises(ValueError, match=r"inner .*(can't travel as source|exists in this process only)"):
        parallel.launch(inner)
    with pytest.raises(ValueError, match=r"functools.partial.* is no function"):
        parallel.launch(partial(echo, a=1))
    with pytest.raises(ValueError, match="processes must be at least 1, got 0"):
        parallel.launch(echo, 0)
