"""Recipes: each learns in a few steps; the same seed gives the same numbers; README's table holds every one."""

import dataclasses
import re

import numpy as np
import pytest

from benchmarks import mnist as bench
from textbook import data, nn, recipes
from textbook.recipes import RECIPES, Recipe

MNIST = data.load_mnist()
FEW = MNIST._replace(  # 12 steps an epoch
    x_train=MNIST.x_train[:1500], y_train=MNIST.y_train[:1500], x_val=MNIST.x_val[:200], y_val=MNIST.y_val[:200],
    x_test=MNIST.x_test[:300], y_test=MNIST.y_test[:300],
)  # fmt: skip
TINY = FEW._replace(x_train=FEW.x_train[:256], y_train=FEW.y_train[:256])


@pytest.fixture(scope="module", params=RECIPES)
def trained(request):
    return request.param, recipes.run(request.param, FEW, epochs=2)


def test_a_recipe_learns_in_a_few_steps(trained):
    _, result = trained
    assert result.losses.shape == (24,) and np.isfinite(result.losses).all()
    assert result.losses[-5:].mean() < 0.8 * result.losses[0]
    assert min(result.validation.accuracy, result.test.accuracy) > 0.5  # guessing gives 0.1
    assert result.test != result.validation
    assert result.seconds > 0


def test_a_seed_is_a_result(trained):
    name, result = trained
    again = recipes.run(name, FEW, epochs=2)
    assert np.array_equal(result.losses, again.losses)
    assert (result.validation, result.test) == (again.validation, again.test)
    one, other = (recipes.run(name, TINY, epochs=1, seed=seed).losses for seed in (0, 1))
    assert not np.array_equal(one, other)


def test_the_scores_are_those_of_the_parts():
    few = FEW._replace(x_test=FEW.x_val, y_test=FEW.y_val)
    result = recipes.run("softmax", few, epochs=1)
    assert result.test == result.validation
    right = result.model.eval()(few.x_test).data.argmax(axis=1) == few.y_test
    assert result.test.accuracy == right.mean()


def test_the_test_part_has_no_part_in_training():
    blank = TINY._replace(x_val=FEW.x_val[:1], y_val=FEW.y_val[:1], x_test=0 * FEW.x_test)
    for name in RECIPES:
        assert np.array_equal(recipes.run(name, blank, epochs=1).losses, recipes.run(name, TINY, epochs=1).losses)


def test_the_rate_warms_up_and_ends_near_zero(monkeypatch):
    rates = []

    class Watched(recipes.Optimizer):
        def step(self):
            rates.append(self.hyper["lr"])
            super().step()

    monkeypatch.setattr(recipes, "Optimizer", Watched)
    recipes.run("softmax", FEW, epochs=5)
    top = RECIPES["softmax"].lr
    assert len(rates) == 60 and np.argmax(rates) in (5, 6) and max(rates) == pytest.approx(top)
    assert rates[0] == pytest.approx(top / 6) and rates[-1] < 0.01 * top


def test_images_are_augmented_anew_in_each_epoch_and_labels_kept():
    recipe = Recipe("", lambda rng: nn.MLP([784, 10], rng=rng), augment=lambda x, rng: x + rng.random())
    x, y = np.arange(6.0)[:, None] * 10, np.arange(6)
    batches = list(dataclasses.replace(recipe, batch=4).batches(x, y, 3, np.random.default_rng(0)))
    assert [len(labels) for _, labels in batches] == [4, 2] * 3
    assert all(((images[:, 0] // 10) == labels).all() for images, labels in batches)
    assert len({float(images[0, 0] % 10) for images, _ in batches}) == 6
    assert any(not np.array_equal(batches[0][1], later[1]) for later in batches[2::2])  # shuffled anew


def test_progress_is_shown_on_request(capsys):
    recipes.run("softmax", FEW, epochs=1)
    assert capsys.readouterr().err == ""
    recipes.run("softmax", FEW, epochs=1, progress=True)
    assert "softmax regression" in (shown := capsys.readouterr().err) and "12/12" in shown


def test_an_unknown_recipe_is_named():
    with pytest.raises(ValueError, match=r"unknown recipe 'vgg': choose one of softmax, mlp, "):
        recipes.run("vgg", FEW)


@pytest.mark.parametrize("epochs", [0, -1, 1.5, True])
def test_epochs_are_whole_passes(epochs):
    with pytest.raises(ValueError, match=f"1 at least: got {epochs}"):
        recipes.run("softmax", FEW, epochs=epochs)


def test_fewer_images_are_passed_over_more_often():
    recipe = Recipe("", lambda rng: nn.MLP([784, 10], rng=rng), epochs=10)
    assert [recipe.epochs_for(n) for n in (55_000, 13_750, 7_000)] == [10, 20, 28]


# ---------------------------------------------------------------------------------------------- the reference table


def rows_of(text):
    lines = bench.MARKED.search(text)[0].strip().splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_readme_holds_every_recipe_measured():
    rows = rows_of(bench.README.read_text(encoding="utf-8"))
    assert [row[0] for row in rows] == [*(r.title for r in RECIPES.values()), "CNN in PyTorch, the same recipe"]
    assert all(re.fullmatch(r"\d\d\.\d\d % \(± 0\.\d\d\)", row[i]) for row in rows for i in (1, 3))
    assert all(re.fullmatch(r"\d+(\.\d)? s", row[i]) for row in rows for i in (2, 4))


def test_one_command_writes_the_rows_that_it_measured(monkeypatch, tmp_path, capsys):
    page = tmp_path / "README.md"
    page.write_text("above\n<!-- recipes -->\n<!-- /recipes -->\nbelow\n", encoding="utf-8")
    monkeypatch.setattr(bench, "README", page)
    monkeypatch.setattr(bench.data, "load_mnist", lambda size: FEW if size == "small" else TINY)
    monkeypatch.setattr(bench.recipes, "run", lambda name, few, seed: recipes.Result(
        None, None, recipes.Score(0, 0), recipes.Score(0, 0.9 + 0.01 * seed), 20.0 if few is TINY else 2.0))
    bench.main(["mlp"])
    bench.main(["softmax"])
    text = page.read_text(encoding="utf-8")
    assert text.startswith("above\n<!-- recipes -->\n| ") and text.endswith("<!-- /recipes -->\nbelow\n")
    assert rows_of(text) == [
        [RECIPES[name].title, "91.00 % (± 1.00)", "2.0 s", "91.00 % (± 1.00)", "20 s"] for name in ("softmax", "mlp")
    ]
    assert "validation 0.00%, test 92.00%" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="unknown row 'vgg': choose from softmax, "):
        bench.main(["vgg"])
    page.write_text("no place", encoding="utf-8")
    with pytest.raises(SystemExit, match="has lost the marks"):
        bench.main(["mlp"])


def test_the_full_set_must_be_at_hand(monkeypatch, tmp_path):
    monkeypatch.setenv("TEXTBOOK_MNIST_DIR", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="lacks train-images"):
        bench.main(["softmax"])


@pytest.mark.parametrize("name", ["mlp_augmented", "cnn"])
def test_the_twin_in_pytorch_computes_the_same(name):
    torch = pytest.importorskip("torch")
    ours = RECIPES[name].model(np.random.default_rng(0)).eval()
    theirs = bench.twin(ours).eval()
    with torch.no_grad():
        logits = theirs(torch.from_numpy(FEW.x_val)).numpy()
    assert np.allclose(logits, ours(FEW.x_val).data, atol=1e-5) and logits.std() > 0.1


def test_the_twin_in_pytorch_learns_by_the_same_recipe():
    pytest.importorskip("torch")
    theirs, again = (bench.torch_run(TINY, 0, epochs=12) for _ in range(2))
    ours = recipes.run("cnn", TINY, epochs=1)
    assert np.array_equal(theirs.losses, again.losses)
    assert theirs.losses[-5:].mean() < 0.8 * theirs.losses[0]
    assert 0 <= theirs.test.accuracy <= 1 and theirs.test.loss > 0
    assert abs(theirs.losses[0] - ours.losses[0]) < 0.5  # the same weights, other masks of dropout
