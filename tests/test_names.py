"""The first names, their tokens, tables of counts, and the model that writes them."""

import numpy as np
import pytest
import torch

from textbook import data, language, names, nn
from textbook.engine import plain


def test_the_three_parts_share_no_name_and_are_the_same_each_time():
    found = data.load_names()
    whole = [name for part in found for name in part]
    assert len(whole) == len(set(whole)) == 5163
    assert [len(part) for part in found] == [4163, 500, 500]
    assert found == names.load_names()
    assert names.FILE.stat().st_size < 40_000


def test_every_name_is_encoded_and_read_back():
    for part in data.load_names():
        x, y = names.encode(part)
        assert [names.decode(row) for row in y] == part == [names.decode(row[1:]) for row in x]
        assert x.shape == y.shape == (len(part), names.LENGTH)
        assert ((y >= 0).sum(axis=1) == [len(name) + 1 for name in part]).all()
        assert (x[:, 1:] == np.where(y[:, :-1] > 0, y[:, :-1], 0)).all()


@pytest.mark.parametrize("name", ["twelveletter", "Ann", "jean-luc", "zoë", "a b", "a."])
def test_what_is_no_name_is_refused(name):
    with pytest.raises(ValueError, match="no name"):
        names.encode(["ann", name])


@pytest.mark.parametrize("n", [1, 2, 3])
def test_rows_of_a_table_sum_to_one_and_counts_are_counts(n):
    table = names.ngram(["ann", "al"], n, weight=0.5)
    assert table.shape == (27,) * n
    np.testing.assert_allclose(table.sum(axis=-1), 1)
    past = {1: (), 2: (0,), 3: (0, 0)}[n]
    counted, whole = {1: (2, 7), 2: (2, 2), 3: (2, 2)}[n]
    assert table[(*past, 1)] == pytest.approx((counted + 0.5 / 27) / (whole + 0.5))


def test_an_unseen_past_backs_off_to_the_shorter_one():
    below = names.ngram(["ann", "al"], 2, weight=1)
    table = names.ngram(["ann", "al"], 3, weight=2, below=below)
    np.testing.assert_allclose(table[25], below)
    np.testing.assert_allclose(table.sum(axis=-1), 1)


def test_cost_of_a_table_is_the_mean_over_characters_of_minus_log_p():
    table = names.ngram(["ann", "al"], 2, weight=1)
    p = [table[0, 1], table[1, 14], table[14, 0], table[0, 26], table[26, 0]]
    assert names.cost(table, ["an", "z"]) == pytest.approx(-np.log(p).mean())


def test_loss_asks_only_where_something_is_asked():
    x, y = names.encode(["ann", "elizabeth"])
    logits = np.random.default_rng(0).normal(size=(*x.shape, 27))
    ours, theirs = language.loss(logits, y), torch.nn.functional.cross_entropy
    wanted = theirs(torch.tensor(logits).flatten(0, 1), torch.tensor(y).flatten(), ignore_index=-1)
    assert plain(ours) == pytest.approx(wanted.item(), rel=1e-12)


def test_a_table_as_a_model_costs_what_the_table_costs():
    table = names.ngram(data.load_names().train, 2, weight=1)
    assert language.cost(lambda x: np.log(table)[x], ["ann", "bob"]) == pytest.approx(names.cost(table, ["ann", "bob"]))


def test_writing_follows_the_models_probabilities():
    table = names.ngram(["ab"], 2, weight=1e-9)
    assert language.write(lambda x: np.log(table)[x], 3, np.random.default_rng(0)) == ["ab"] * 3
    coin = np.full((27, 27), 1e-12)
    coin[0, [1, 2]], coin[1:, 0] = (0.25, 0.75), 1.0
    written = language.write(lambda x: np.log(coin)[x], 4000, np.random.default_rng(0))
    assert set(written) == {"a", "b"} and written.count("a") / 4000 == pytest.approx(0.25, abs=0.03)
    cold = language.write(lambda x: np.log(coin)[x], 4000, np.random.default_rng(0), temperature=0.5)
    assert cold.count("a") / 4000 == pytest.approx(0.1, abs=0.02)  # 1 : 9


def test_writing_is_repeatable_and_refuses_a_temperature_of_zero():
    model = nn.Transformer(27, names.LENGTH, 8, 2, 1, rng=np.random.default_rng(0))
    once, again = (language.write(model, 5, np.random.default_rng(1)) for _ in range(2))
    assert once == again and all(len(name) < names.LENGTH for name in once)
    with pytest.raises(ValueError, match="temperature"):
        language.write(model, 5, np.random.default_rng(1), temperature=0)
