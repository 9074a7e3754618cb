"""What beginners answer to the exercises of chapter 1."""

NODE = '''
class Node:
    """A value, and how it was computed."""
    def __init__(self, value, parents=(), op=""):
        self.value, self.parents, self.op = value, parents, op

    def __add__(self, other):
        return Node(self.value + other.value, (self, other), "+")

    def __mul__(self, other):
        {}
'''

SOUND = '''
    "complete": {"x": (), "f": ("add", "x", "bias")},
    "differentiable": {"x": (), "f": ("round", "x")},
    "acyclic": {"x": (), "u": ("add", "x", "f"), "f": ("sin", "u")},
    "consistent": {"x": [1.0, 2.0], "w": [1.0, 2.0, 3.0], "f": ("mul", "x", "w")},
'''


def node(product):
    return NODE.format(product)


def four(**changed):
    lines = [line for line in SOUND.strip().splitlines() if line.split('"')[1] not in changed]
    return "broken = {" + "".join(lines) + "".join(f'"{rule}": {graph},' for rule, graph in changed.items()) + "}"


ANSWERS = {
    "1-1": [
        (node('return Node(self.value + other.value, (self, other), "*")'), "The value is the product"),
        (node("return self.value * other.value"), "Return a Node, not a number"),
        (node("return Node(self.value * other.value)"), "must know its parents and its operation"),
        (node('return Node(self.value * other.value, (self, other), "+")'), 'The operation is "*"'),
        (node("return Node(self.value * other.value, (self, other))"), "The third argument names the operation"),
        (node("return self * other"), "Multiply the values"),
        (node('Node(self.value * other.value, (self, other), "*")'), "x * y is 'of type NoneType'"),
        (node('return Node(self.value * other.value, (self.value, other.value), "*")'), "not their values"),
        (node('return Node(self * other, (self, other), "*")'), "Multiply the values"),
        (node('return Node(self.value * other, (self, other), "*")'), "unsupported operand type"),
        ("Node = 3", "expected a class, got the number 3"),
        (node('return Node(self.value * other.value, (self, other), "*")'), "✓"),
        (node('return Node(self.value * other.value, [self, other], "×")'), "✓"),
        (node("result = Node(other.value * self.value)\n        result.parents = (self, other)\n        result.op = '*'\n"
              "        return result"), "✓"),
    ],
    "1-2": [
        ("def uses(sources):\n    return {v: len(inputs) for v, inputs in sources.items()}", "the edges that arrive"),
        ("def uses(sources):\n    d = {}\n    for k in sources:\n        d[k] = 0\n        for i in sources[k]:\n"
         "            d[i] += 1\n    return d", "Start with 0 for every node"),
        ("def uses(sources):\n    count = {}\n    for inputs in sources.values():\n        for s in inputs:\n"
         "            count[s] = count.get(s, 0) + 1\n    return count", "A node that nobody uses is missing"),
        ("def uses(sources):\n    count = {}\n    for inputs in sources.values():\n        for s in inputs:\n"
         "            count[s] += 1\n    return count", "KeyError: 'x'"),
        ("def uses(sources):\n    count = {}\n    for v in sources:\n        count[v] = 0\n        for inputs in sources.values():\n"
         "            if v in inputs:\n                count[v] += 1\n    return count", "one node uses x, twice"),
        ("def uses(sources):\n    count = {v: 1 for v in sources}\n    for inputs in sources.values():\n        for s in inputs:\n"
         "            count[s] += 1\n    return count", "start from 0"),
        ("def uses(sources):\n    return [len(inputs) for inputs in sources.values()]", "expected a dictionary with the keys x, y, u, f"),
        ("def uses(sources):\n    count = 0\n    for inputs in sources.values():\n        count += len(inputs)\n    return count", "is 4, expected a dictionary"),
        ("def uses(sources):\n    count = {v: 0 for v in sources}\n    for inputs in sources:\n        for s in inputs:\n"
         "            count[s] += 1\n    return count", None),
        ("def uses(sources):\n    return {v: sum(list(inputs).count(v) for inputs in sources.values()) for v in sources}", "✓"),
        ("def uses(sources):\n    all_inputs = []\n    for inputs in sources.values():\n        all_inputs += inputs\n"
         "    return {v: all_inputs.count(v) for v in sources}", "✓"),
        ("from collections import Counter\ndef uses(sources):\n    c = Counter(sources.keys())\n    c.subtract(sources.keys())\n"
         "    for i in sources.values():\n        c.update(i)\n    return c", "✓"),
    ],
    "1-3": [
        ("def tree_size(sources, node):\n    return len(sources)", "You counted all nodes of the graph."),
        ("def tree_size(sources, node):\n    return 1 + len(sources[node])", "The inputs have inputs too."),
        ("def tree_size(sources, node):\n    return sum(tree_size(sources, s) for s in sources[node])", None),
        ("def tree_size(sources, node):\n    if not sources[node]:\n        return 1\n"
         "    return sum(tree_size(sources, s) for s in sources[node])", "You counted the leaves."),
        ("def tree_size(sources, node):\n    return 1 + sum(tree_size(s) for s in sources[node])", "missing 1 required positional"),
        ("def tree_size(sources, node):\n    for s in sources[node]:\n        return 1 + tree_size(sources, s)", "unsupported operand"),
        ("def tree_size(sources, node):\n    return 1 + sum(tree_size(sources, s) for s in set(sources[node]))", None),
        ("def tree_size(sources, node):\n    return 1 + tree_size(sources, node)", "Does it call itself without end?"),
        ("def tree_size(sources, node):\n    seen = set()\n    def visit(v):\n        seen.add(v)\n        for s in sources[v]:\n"
         "            visit(s)\n    visit(node)\n    return len(seen)", "You counted each node once."),
        ("def tree_size(sources, node):\n    return 1 + sum(tree_size(sources, s) for s in sources[node])", "✓"),
        ("def tree_size(sources, node):\n    size = 1\n    for s in sources[node]:\n        size = size + tree_size(sources, s)\n"
         "    return size", "✓"),
    ],
    "1-4": [
        (four(consistent='{"x": (), "f": ("add", "x", "x")}'), "consistent: this graph is sound"),
        (four(differentiable='{"x": (), "f": ("relu", "x")}'), "differentiable: this graph is sound"),
        (four(differentiable='{"x": (), "f": ("foo", "x")}'), "An operation that nobody knows breaks no rule"),
        (four(differentiable='{"x": (), "f": ("round", "y")}'), "breaks complete and differentiable"),
        (four(complete='{"x": (), "f": ("add", "x")}', acyclic='{"x": (), "f": ("mul", "x", "y")}'), "breaks complete; wanted is acyclic"),
        (four(acyclic='{"f": ("f",)}'), "acyclic: "),
        ("{1: {}, 2: {}, 3: {}, 4: {}}", "give a dictionary with the four keys"),
        ("broken = {'acyclic': {'x': (), 'f': ('add', 'x', 'f')}}", "give a dictionary with the four keys"),
        ("broken = [{'x': ()}]", "give a dictionary with the four keys"),
        (four(), "✓"),
        (four(acyclic='{"x": (), "f": ("add", "x", "f")}', differentiable='{"x": (), "f": ("sign", "x")}'), "✓"),
    ],
    "1-5": [
        ("def logistic_size(n):\n    return 2 * n + 1, 4 * n + 1", "You counted only one kind."),
        ("def logistic_size(n):\n    return (3*n + 3, 3*n + 2)", "Here + takes two"),
        ("def logistic_size(n):\n    return 4 * n, 4 * n - 1", "You forgot the bias"),
        ("def logistic_size(n):\n    return 4 * n + 1, 4 * n", "σ is an operation"),
        ("def logistic_size(n):\n    return 4 * n + 1, 4 * n + 2", "the edges before the nodes"),
        ("def logistic_size(n):\n    return 10, 9", "Right on 1 of 4 cases."),
        ("def logistic_size(n):\n    return 4 * n + 2", None),
        ("def logistic_size(n):\n    nodes = 4 * n + 2\n    edges = 4 * n + 1", "Is a `return` missing?"),
        ("def logistic_size(n):\n    nodes = (n + n + 1) + (n + n + 1)\n    return nodes, nodes - 1", "✓"),
        ("def logistic_size(n):\n    return [4 * n + 2, 4 * n + 1]", "✓"),
    ],
    "1-6": [
        ("def numbers_held(B):\n    return 784 * B + 784 * 10 + 10", "Every operation holds its result."),
        ("def numbers_held(B):\n    return 784 * B + 784 * 10 + 10 + 10 * B + 1", "They are two nodes"),
        ("def numbers_held(B):\n    return 784*B + 7840 + 10 + 10*B + 10*B", "You forgot the loss"),
        ("def numbers_held(B):\n    return 784*B + 7840 + 10*B + 10*B + 10*B + 1", "a bias of its own"),
        ("def numbers_held(B):\n    return 784*B + 7840 + 10 + 10*B + 10*B + B", "The loss is the mean"),
        ("def numbers_held(B):\n    return 784*B + 7840*B + 10 + 10*B + 10*B + 1", "The weights serve all digits"),
        ("def numbers_held(B):\n    return 6 * B", None),
        ("def numbers_held(B):\n    return 33579", "Right on 1 of 3 cases."),
        ("def numbers_held(B):\n    return 784*B + 784*10 + 10 + 2*(B*10) + 1", "✓"),
        ("def numbers_held(B):\n    return sum([B*784, 784*10, 10, B*10, B*10, 1])", "✓"),
    ],
}
