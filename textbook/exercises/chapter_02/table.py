"""The table of the exercises of chapter 2: questions, right answers, and what each wrong one is told."""

import numpy as np

from textbook import ops
from textbook.exercises import Exercise
from textbook.exercises.chapter_02 import trials, wrong
from textbook.exercises.chapter_02.answers import (
    chain,
    convolution_cost,
    digit_scores,
    is_topological,
    kahn,
    matmul_costs,
    refresh,
    topological_order,
)

EXERCISES = [
    Exercise(
        "2-a", "predict", "In how many orders can the five nodes of c = a + b, e = c·d be computed?",
        reference=8.0,
        mistakes={
            "Two are shown. But d may come at any time before e.": 2.0,
            "In 6 of them all three inputs come first. But c does not need d: d may come after c.": 6.0,
            "120 = 5! counts every sequence. Most of them compute something too early.": 120.0,
            "4 are the places of d, before a up to after c. In each of them a and b may change places.": 4.0,
        },
        insight="e is last. d may stand in any of four places before it, and a and b may change places: 4 · 2.",
    ),
    Exercise(
        "2-b", "predict", "c = a + b and e = c·d are computed. Then d changes. How many operations must be redone?",
        reference=1.0,
        mistakes={
            "c does not depend on d: its value still holds.": 2.0,
            "e depends on d, so it must be computed again.": 0.0,
            "Of the five nodes three are inputs, and c has not changed.": 5.0,
        },
        insight="Only e depends on d.",
    ),
    Exercise(
        "2-1", "implement", "Is this order topological?",
        reference=is_topological,
        cases=[
            (["a", "b", "d", "c", "e"], trials.SOURCE), (["c", "a", "b", "d", "e"], trials.SOURCE),
            (["b", "a", "c", "d", "e"], trials.SOURCE), (["a", "c", "b", "d", "e"], trials.SOURCE),
            (["a", "b", "c", "d"], trials.SOURCE), (["a", "b", "a", "d", "c", "e"], trials.SOURCE),
            (["x", "f"], trials.SQUARE), (["f", "x"], trials.SQUARE), (["x", "y", "u", "f"], trials.FIG_1),
            (["d", "e", "a", "b", "c"], trials.SOURCE), (["a", "b", "d", "c", "c"], trials.SOURCE),
        ],
        mistakes={
            "You compare only the sets of names. Every node is there, and the order can still be wrong.":
                lambda order, inputs: set(order) == set(inputs),
            "You compare only which names are there. They can all be there, and in a wrong order.":
                lambda order, inputs: sorted(order) == sorted(inputs),
            "You accept orders in which nodes are missing.":
                lambda order, inputs: len(set(order)) == len(order) and is_topological(
                    [*order, *[v for v in inputs if v not in order]], inputs),
            "A node may stand in an order only once.":
                lambda order, inputs: is_topological(list(dict.fromkeys(order)), inputs),
            "Two things are still accepted: nodes that are missing, and nodes that stand there twice.":
                lambda order, inputs: all(u in order[:k] for k, v in enumerate(order) for u in inputs[v]),
            "You count the nodes. The number can be right with one node missing and another standing there twice.":
                lambda order, inputs: len(order) == len(inputs) and all(
                    u in order[:k] for k, v in enumerate(order) for u in inputs[v]),
            "One input that has been computed is not enough: all of them must have been.":
                lambda order, inputs: len(order) == len(inputs) == len(set(order)) and all(
                    not inputs[v] or any(s in order[:k] for s in inputs[v]) for k, v in enumerate(order)),
            "There are many valid orders, and you accept a single one.":
                lambda order, inputs: list(order) == kahn(inputs),
        },
        insight="One pass and a set of what is done. This is also what the engine does with an order of yours.",
    ),
    Exercise(
        "2-2", "implement", "Kahn's algorithm: an order by taking what is ready.",
        reference=kahn,
        checker=trials.finds_orders,
        caught={
            "this graph has a cycle, and you returned": wrong.kahn_without_cycles,
            "x·x has two edges from one node": wrong.kahn_with_counts,
            "which does not stand before it": wrong.kahn_eager,
        },
        insight="Nobody is asked twice: the work grows with the number of nodes and edges.",
    ),
    Exercise(
        "2-3", "implement", "A topological order, depth first.",
        reference=topological_order,
        checker=trials.orders_depth_first,
        caught={
            "stands in your order twice": wrong.without_seen,
            "stands before one of its parents": wrong.parents_last,
            "itself included": wrong.without_root,
        },
        insight="First everything it needs, then itself. You will use it again in chapter 3, backwards.",
    ),
    Exercise(
        "2-4", "implement", "A forward pass over nodes whose inputs have changed.",
        reference=refresh,
        run=trials.run_refresh,
        cases=[("sum", 3.0, 2.0), ("fig_1", 3.0, 2.0), ("square", -1.5, 4.0), ("shared", 0.5, 2.5)],
        mistakes={
            "Only the root was computed anew, from parents that are still stale.": wrong.only_the_root,
            "The values are right. Return the root's value, at the end.": wrong.no_return,
            "You walk from the root to the inputs: each operation still finds its parents' old values.":
                wrong.backwards,
            "Each operation got its first input twice.": wrong.first_twice,
            "The result is right, and the nodes still hold their old values. Store each in node.value.":
                wrong.nothing_stored,
            "The `return` stands inside the loop: the pass ends at the first operation.": wrong.first_operation_only,
            "Nothing was computed anew: that is the stale value.": lambda root: root.value,
        },
        insight="One line of calculus in a loop: val(v) = f_v(val(u₁), val(u₂), …). The order does the rest.",
    ),
    Exercise(
        "2-5", "break", "A graph that is too deep for a recursive order.",
        reference=chain,
        checker=trials.too_deep,
        caught={
            "Go deeper": lambda: chain(50),
            "Not the number of nodes": wrong.wide,
            "Return the last node of a graph": lambda: 5000,
        },
        insight="It is the depth, the length of the longest path. The engine keeps its own list in place of calls.",
    ),
    Exercise(
        "2-c", "predict", "Two n×n matrices are multiplied. How many times as many multiplications for three times n?",
        reference=27.0,
        mistakes={
            "3n rows, 3n columns, and each entry of the result is a sum of 3n products.": 3.0,
            "There are 9 times as many entries, and each of them takes three times as many products.": 9.0,
            "That is for twice the n: two times two times two.": 8.0,
        },
        insight="(3n)³ = 27n³.",
    ),
    Exercise(
        "2-6", "derive", "Multiplications and additions of an (n, m) times an (m, p) matrix product.",
        reference=matmul_costs,
        cases=[(3, 4, 5), (64, 784, 128), (2, 1, 7)],
        mistakes={
            "A sum of m terms takes m − 1 additions.": lambda n, m, p: (n * m * p, n * m * p),
            "The result has n·p entries, each a sum of m products.": lambda n, m, p: (n * p, n * (m - 1) * p),
            "The inner size is m, the one that the two matrices share.": lambda n, m, p: (n * m * p, n * m * (p - 1)),
            "Multiplications first, then additions.": lambda n, m, p: (n * (m - 1) * p, n * m * p),
            "Return the two numbers one by one, not their sum.": lambda n, m, p: n * m * p + n * (m - 1) * p,
            "Each of the n·p entries takes m − 1 additions, not one entry alone.": lambda n, m, p: (n * m * p, m - 1),
            "These are the costs of square matrices of side n. Here the sides are n, m and p.":
                lambda n, m, p: (n**3, n**3 - n**2),
            "There is only the number of multiplications. Return two numbers.": lambda n, m, p: n * m * p,
        },
        insight="Square matrices give n³ and n³ − n². A layer of a network is not square: n·m·p says more than n³.",
    ),
    Exercise(
        "2-7", "derive", "Multiplications of a k×k convolution, n×n result, c_in channels in, c_out out.",
        reference=convolution_cost,
        cases=[(28, 3, 1, 8), (14, 5, 8, 16), (7, 2, 3, 2)],
        mistakes={
            "A k×k kernel has k² entries, not k.": lambda n, k, c_in, c_out: n**2 * k * c_in * c_out,
            "Each channel that comes out looks at all c_in that come in.":
                lambda n, k, c_in, c_out: n**2 * k**2 * c_out,
            "Each of the c_out channels has kernels of its own.": lambda n, k, c_in, c_out: n**2 * k**2 * c_in,
            "There is a kernel for each pair of channels: c_in · c_out of them, not c_in + c_out.":
                lambda n, k, c_in, c_out: n**2 * k**2 * (c_in + c_out),
            "The result has n² pixels, not n.": lambda n, k, c_in, c_out: n * k**2 * c_in * c_out,
            "n is the side of the result: it has n² pixels, whatever k is.":
                lambda n, k, c_in, c_out: (n - k + 1) ** 2 * k**2 * c_in * c_out,
            "That is one channel in and one out.": lambda n, k, c_in, c_out: n**2 * k**2,
        },
        insight="k²n² for each pair of channels. Channels are what makes convolutions expensive.",
    ),
    Exercise(
        "2-8", "implement", "The forward pass of a network with one hidden layer.",
        reference=digit_scores,
        cases=trials.networks,
        mistakes={
            "The ReLU is missing: negative hidden units must become 0.":
                lambda x, w1, b1, w2, b2: (x @ w1 + b1) @ w2 + b2,
            "The scores went through a ReLU too. They may be negative: leave them as they are.":
                lambda x, w1, b1, w2, b2: np.maximum(digit_scores(x, w1, b1, w2, b2), 0),
            "The bias b1 belongs inside the ReLU: cut after adding it.":
                lambda x, w1, b1, w2, b2: (np.maximum(x @ w1, 0) + b1) @ w2 + b2,
            "A ReLU sets the negative ones to 0. You took the absolute value.":
                lambda x, w1, b1, w2, b2: np.abs(x @ w1 + b1) @ w2 + b2,
            "The biases are missing.": lambda x, w1, b1, w2, b2: np.maximum(x @ w1, 0) @ w2,
            "b2 is missing.": lambda x, w1, b1, w2, b2: np.maximum(x @ w1 + b1, 0) @ w2,
            "b1 is missing.": lambda x, w1, b1, w2, b2: np.maximum(x @ w1, 0) @ w2 + b2,
            "These are shares. Return the scores, before the softmax.": lambda x, w1, b1, w2, b2: ops.softmax(
                digit_scores(x, w1, b1, w2, b2)),
            "These are the digits. Return the ten scores of each image.": lambda x, w1, b1, w2, b2: digit_scores(
                x, w1, b1, w2, b2).argmax(axis=1),
            "np.max(z, 0) is the largest of each column. np.maximum(z, 0) cuts each number at 0.":
                lambda x, w1, b1, w2, b2: np.max(x @ w1 + b1, 0) @ w2 + b2,
        },
        insight="Two lines. Everything that this network knows is in four arrays.",
    ),
]  # fmt: skip
