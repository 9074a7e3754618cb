"""The table of the exercises of chapter 3: questions, right answers, and what each wrong one is told."""

import math

import numpy as np

from textbook.exercises import Exercise
from textbook.exercises.chapter_02 import topological_order
from textbook.exercises.chapter_03 import trials, wrong
from textbook.exercises.chapter_03.answers import (
    Node,
    backward,
    held_and_free,
    shortcut,
    slope_of_f,
    tanh,
    thousand_paths,
    train_step,
)

EXERCISES = [
    Exercise(
        "3-a", "predict", "u = 3x turns into f = u². At x = 2, how fast does f change with x?",
        reference=36.0,
        mistakes={
            "12 is df/du, at u = 6. But each unit of x moves u by 3 units: that factor is missing.": 12.0,
            "Rates along a chain multiply. You added them.": 15.0,
            "4 is the slope of x². The outer function sees u = 6.": 4.0,
            "6 is u, the value in between. Asked is how fast f changes: 2u times the 3 of the first wheel.": 6.0,
            "The inner slope is 3, whatever x is. You multiplied by x = 2 as well.": 72.0,
            "18x is the derivative of 9x². Put in x = 2.": 18.0,
        },
        insight="df/dx = df/du · du/dx = 2u · 3 = 12 · 3.",
        rtol=1e-9,
    ),
    Exercise(
        "3-1", "derive", "The derivative of f(x) = x·sin(x²), as a function of x.",
        reference=slope_of_f,
        cases=[(0.7,), (1.3,), (-2.1,)],
        mistakes={
            "The inner derivative is missing: x² changes 2x times as fast as x.":
                lambda x: np.sin(x**2) + x * np.cos(x**2),
            "x enters on two paths. You followed the one through sin and held the factor x fixed.":
                lambda x: 2 * x**2 * np.cos(x**2),
            "x enters on two paths. You followed the factor x and held sin(x²) fixed.":
                lambda x: np.sin(x**2),
            "The derivative of sin is cos, with a plus.":
                lambda x: np.sin(x**2) - 2 * x**2 * np.cos(x**2),
            "You multiplied the slopes of the two factors. Each path multiplies along itself; the paths add.":
                lambda x: 2 * x * np.cos(x**2),
            "On the path through sin the factor x is missing: f moves x times as fast as sin(x²).":
                lambda x: np.sin(x**2) + 2 * x * np.cos(x**2),
            "The square stands inside: sin(x²) is `np.sin(x**2)`; `np.sin(x)**2` is another function.":
                lambda x: np.sin(x) ** 2 + 2 * x**2 * np.cos(x) ** 2,
            "You differentiated x·sin²x. Here the square stands inside the sine: sin(x²).":
                lambda x: np.sin(x) ** 2 + 2 * x * np.sin(x) * np.cos(x),
            "That is f itself. Return its derivative.": lambda x: x * np.sin(x**2),
        },
        insight="Two paths, two terms: that is formula (3.2).",
    ),
    Exercise(
        "3-b", "predict", "f = a + c + d, and 6 arrives from above. What does each of the three receive?",
        reference=6.0,
        mistakes={
            "You shared the 6 out among three. A slope is not shared out: nudge a by one, and f moves by one.": 2.0,
            "1 is the local derivative. What arrives from above multiplies it.": 1.0,
            "Each receives its own message; their sum, 18, is the slope if all three move together.": 18.0,
        },
        insight="Nudging a moves f as much as nudging c or d does, whoever else is there.",
    ),
    Exercise(
        "3-c", "predict", "f = (x + y)·y at x = 1, y = 4. What is ∂f/∂y?",
        reference=9.0,
        mistakes={
            "5 is the direct path alone, with u = x + y held fixed. But y moves u too.": 5.0,
            "4 is the path through u alone. y is also a factor of the product.": 4.0,
            "The two paths add. You multiplied them.": 20.0,
            "7 is the slope at x = 3, y = 2.": 7.0,
        },
        insight="Two paths lead from y to f. The direct one gives u = 5, the one through u gives y = 4, together 9.",
    ),
    Exercise(
        "3-2", "derive", "For f = u·y with u = x + y: the slope in y with u held fixed, and with u free to move.",
        reference=held_and_free,
        cases=[(3.0, 2.0), (-1.5, 4.0), (0.5, 0.25)],
        mistakes={
            "The other way round: the first holds u fixed, the second lets it move.": lambda x, y: (x + 2 * y, x + y),
            "Both of yours hold u fixed. When u is free, it moves by 1 for each unit of y, and f by y for each unit "
            "of u.": lambda x, y: (x + y, x + y),
            "The path through u is not all there is: y is a factor of the product too.": lambda x, y: (x + y, y),
            "y is the slope of u·y in u. Asked is the slope in y, with u held: the other factor.":
                lambda x, y: (y, x + 2 * y),
            "The two paths add. You multiplied them.": lambda x, y: (x + y, (x + y) * y),
            "x is what is left of u if y is taken out. Held fixed, u keeps the value it has: x + y.":
                lambda x, y: (x, x + 2 * y),
        },
        insight="Nothing in the formula says which is meant. What is held fixed must be said.",
    ),
    Exercise(
        "3-3", "implement", "The class Node with + and ×.",
        reference=Node,
        run=trials.product,
        cases=[(3.0, 2.0), (-1.5, 4.0)],
        mistakes={
            "A rule multiplies the upstream gradient g by the local derivative. Yours forgets g.": wrong.LocalOnly,
            "In a product each input's slope is the other input.": wrong.Crossed,
            "That is the rule of addition. In a product the slope is the other factor.": wrong.AddRule,
            "Upstream gradient and local derivative are multiplied. You added them.": wrong.AddValue,
            "A rule multiplies g, which it is given. Yours takes a parent's `grad`, which is still 0.":
                wrong.OwnGrad,
            "You multiplied by the product itself. The slope of u·y in u is y, the other factor.": wrong.WholeValue,
        },
        insight="A node and its rules: that is all a graph needs to carry its own derivative.",
    ),
    Exercise(
        "3-4", "implement", "Backpropagation on a graph of numbers.",
        reference=backward,
        run=trials.gradients,
        cases=[(graph, x, y) for graph, x, y in
               zip(trials.GRAPHS, (3.0, 1.5, 3.0, 0.5, 3.0), (2.0, 4.0, 2.0, 3.0, 2.0), strict=True)],
        mistakes={
            "A node that is used twice receives two messages, and they add. Yours keeps the last: write +=, not =.":
                lambda root: wrong.walk(root, wrong.back(root), add=lambda old, new: new),
            "Every gradient stays 0. Three things can do that: no seed, root.grad = 1.0; a rule that gets the parent's "
            "gradient, which is still 0, instead of node.grad; a message that is never added to parent.grad.":
                lambda root: wrong.walk(root, wrong.back(root), seed=0.0),
            "Backwards: from the root to the leaves. In the forward order no gradient has arrived yet.":
                lambda root: wrong.walk(root, topological_order(root)),
            "A node may pass its gradient on only when all its messages have arrived: go in reverse topological order.":
                wrong.without_order,
            "Each node speaks once. Yours sends what it has so far each time a message arrives: use the order.":
                wrong.recursively,
            "Each node speaks once, after it has heard everything: use the order, not a list of nodes still to visit.":
                wrong.from_a_stack,
            "The gradients are right, but each path is walked by itself, and paths are many. Visit each node once, "
            "in reverse topological order: then each edge carries one message.": wrong.path_by_path,
            "backward adds to what a node's grad holds from earlier. Yours empties or replaces it: that is left to "
            "the training loop, section 3.10.": wrong.empties_first,
            "Only the root is seeded. You set each node's gradient to 1 when its turn comes, and lose what it "
            "received.": wrong.seeds_everyone,
            "You pass the gradient on as it is. On its way it goes through the edge's rule: rule(node.grad).":
                lambda root: wrong.walk(root, wrong.back(root), message=lambda rule, g: g),
            "You send the local derivative. The message is the node's own gradient put through the rule.":
                lambda root: wrong.walk(root, wrong.back(root), upstream=lambda node: 1.0),
            "You put the node's value through the rule. What goes backwards is its gradient, node.grad.":
                lambda root: wrong.walk(root, wrong.back(root), upstream=lambda node: node.value),
            "The rule multiplies by node.grad already. Yours does it twice.":
                lambda root: wrong.walk(root, wrong.back(root), upstream=lambda node: node.grad**2),
            "The seed is ∂root/∂root = 1, whatever the root's value is.":
                lambda root: wrong.walk(root, wrong.back(root), seed=root.value),
        },
        insight="Five lines, and they differentiate every graph there is.",
    ),
    Exercise(
        "3-d", "predict", "max(2, 5), and 3 arrives from above. What does the 2 receive?",
        reference=0.0,
        mistakes={
            "The 5 receives 3. Nudge the 2 a little: the maximum is still 5.": 3.0,
            "A gradient is not shared out, and here the 2 has no influence at all: nudge it, and nothing moves.": 1.5,
            "2 is the value. What goes back is a slope: how much the maximum moves when the 2 moves a little.": 2.0,
            "1 would be its local derivative if it were the larger. Nudge the 2: the maximum is still 5.": 1.0,
        },
        insight="A maximum sends all of it to the winner and nothing to the others.",
    ),
    Exercise(
        "3-5", "implement", "tanh as a node with its rule.",
        reference=tanh,
        run=trials.one_node,
        cases=[(0.5,), (-1.25,), (2.0,)],
        mistakes={
            "A rule multiplies the upstream gradient g by the local derivative. Yours forgets g.": wrong.forgets_g,
            "1 − tanh² is right, with tanh z in it, not z itself.": wrong.with_rule(lambda out, z: 1 - z**2),
            "σ(1 − σ) belongs to the sigmoid. For tanh it is 1 − tanh².":
                wrong.with_rule(lambda out, z: out * (1 - out)),
            "In 4σ(1 − σ), σ is taken at 2z: it is (1 + tanh z)/2, and not tanh z.":
                wrong.with_rule(lambda out, z: 4 * out * (1 - out)),
            "1 − tanh², with a minus. As |tanh| is below 1, the slope lies between 0 and 1.":
                wrong.with_rule(lambda out, z: 1 + out**2),
            "Brackets: g * 1 - out**2 subtracts from g. The whole of 1 - out**2 is multiplied by g.": wrong.no_brackets,
            "tanh z = 2σ(2z) − 1 has a 2 outside and a 2 inside. The slope has both as factors: 4σ(1 − σ), at 2z.":
                wrong.with_rule(lambda out, z: (1 - out**2) / 2),
            "The square is missing: 1 − tanh², not 1 − tanh.": wrong.with_rule(lambda out, z: 1 - out),
            "(1 − tanh)² is not 1 − tanh².": wrong.with_rule(lambda out, z: (1 - out) ** 2),
            "The sign is the opposite: 1 − tanh², which is positive. tanh climbs everywhere.":
                wrong.with_rule(lambda out, z: out**2 - 1),
            "tanh′ is 1 − tanh². You multiply by tanh z itself.": wrong.with_rule(lambda out, z: out),
            "You took the tanh of the tanh. `out` is tanh z already.":
                wrong.with_rule(lambda out, z: 1 - math.tanh(out) ** 2),
            "The value is right, and the rule passes everything on: its local derivative, 1 − tanh², is missing.":
                wrong.with_rule(lambda out, z: 1.0),
        },
        insight="Like σ, tanh needs only its own output: 1 − out². At 0 it passes all of g, far out almost nothing.",
    ),
    Exercise(
        "3-e", "predict", "Ten diamonds in a row. How many paths lead from one end to the other?",
        reference=2.0**10,
        mistakes={
            "Each diamond doubles the number of paths: they multiply, 2·2·2…, not add.": 20.0,
            "Two ways through each of ten diamonds: 2 to the 10th, not 10 squared.": 100.0,
            "10 is the number of diamonds. Each of them offers two ways, whichever way led to it.": 10.0,
            "40 is the number of edges. A path is a choice of one way in each diamond.": 40.0,
            "One too few: every choice of ways counts, also the one along the upper edges alone.": 1023.0,
            "That is 2⁹. There are ten diamonds.": 512.0,
            "That is 2¹¹. There are ten diamonds.": 2048.0,
        },
        insight="2¹⁰ = 1,024 paths. Backwards, each of the 40 edges is walked once.",
    ),
    Exercise(
        "3-6", "implement", "With + alone, at most 15 times, a graph in which 1,000 paths lead from x to the end.",
        reference=thousand_paths,
        checker=trials.has_a_thousand_paths,
        caught={
            "x reaches the end on 1,024 paths": wrong.ten_doublings,
            "999 additions; 15 are allowed": wrong.one_by_one_sum,
            "Only + is allowed": lambda x: x * Node(1000.0),
            "Return the last node of a graph": lambda x: 1000.0,
            "was not made from the x": lambda x: Node(1000.0),
            "x reaches the end on 1 path;": lambda x: x + Node(999.0),
        },
        insight="Sharing multiplies paths. 14 additions are enough, and 28 messages count all the paths.",
    ),
    Exercise(
        "3-7", "break", "A graph that backpropagation without topological order gets wrong.",
        reference=shortcut,
        checker=trials.needs_order,
        caught={
            "Only leaves are shared here": trials.fig_1,
            "A node in the middle is shared, but": wrong.in_time,
            "A message does come late, but nothing is lost with it": wrong.late_and_zero,
            "Return the last node of a graph": lambda x, y: x,
        },
        insight="A node in the middle, reached by a short and a long way: it spoke before it had heard everything.",
    ),
    Exercise(
        "3-f", "predict", "f = (x + y)·y is built and differentiated twice from the same x and y. What is y.grad then?",
        reference=14.0,
        mistakes={
            "7 would be right if backward replaced the gradient. It adds to what is there.": 7.0,
            "The second call adds another 7. Nothing is multiplied.": 49.0,
            "16 comes out if backward runs twice on the same f. Here f and u are made anew: only x and y remember.":
                16.0,
        },
        insight="backward adds. That is why a training loop empties the gradients first.",
    ),
    Exercise(
        "3-8", "implement", "One step of training: empty, forward, backward, move.",
        reference=train_step,
        run=trials.two_steps,
        cases=[(0.01, 1.0, 0.0), (0.02, -0.5, 2.0)],
        mistakes={
            "The second step still has the gradients of the first in it: set every p.grad to 0.0 before backward.":
                wrong.step(empty=False),
            "That walks uphill: the gradient points to where the loss grows. Subtract it.": wrong.step(sign=1.0),
            "The parameters have not moved. Either their gradients were emptied before they were used, or a new node "
            "got the new value: change p.value itself.": wrong.step(used=lambda p: 0.0),
            "The learning rate is missing: the step is lr times the gradient.": wrong.step(scale=1.0),
            "All gradients belong to one forward pass. You run it again for each parameter, after the others moved.":
                wrong.one_by_one,
            "The step takes the place of the value. Subtract it from the value: p.value -= …": wrong.replaces,
        },
        insight="Empty, forward, backward, move: every training loop in this book, and outside, is these four.",
    ),
]
