"""What beginners answer to the exercises of chapter 3."""

PRELUDE = """
import math
from textbook.exercises.chapter_02 import topological_order
from textbook.exercises.chapter_03 import Node, backward
"""

NODE = '''
class Node:
    def __init__(self, value, parents=(), op="", rules=()):
        self.value, self.parents, self.op, self.rules = value, parents, op, rules
        self.grad = 0.0

    def __add__(self, other):
        return Node(self.value + other.value, (self, other), "+", (lambda g: g, lambda g: g))

    def __mul__(self, other):
        {}
'''

TANH = """
def tanh(z):
    t = math.tanh(z.value)
    return Node(t, (z,), "tanh", {})
"""

BACKWARD = """
def backward(root):
    root.grad = 1.0
    for node in {}:
        for parent, rule in zip(node.parents, node.rules):
            {}
"""
BACK = "reversed(topological_order(root))"

STEP = """
def train_step(params, make_loss, lr):
    {}
"""

ANSWERS: dict[str, list[tuple[str, str | None]]] = {
    "3-1": [
        ("def slope_of_f(x): return np.cos(x**2) * 2 * x", "You multiplied the slopes of the two factors"),
        ("def slope_of_f(x): return np.sin(x**2) + x * np.cos(x**2)", "The inner derivative is missing"),
        ("def slope_of_f(x): return x * np.cos(x**2) * 2 * x", "You followed the one through sin"),
        ("def slope_of_f(x): return np.sin(x**2) - 2 * x**2 * np.cos(x**2)",
         "The derivative of sin is cos, with a plus"),
        ("def slope_of_f(x): return np.sin(x**2) + np.cos(x**2) * 2 * x", "the factor x is missing"),
        ("def slope_of_f(x): return np.sin(x) ** 2 + 2 * x**2 * np.cos(x) ** 2", "The square stands inside"),
        ("def slope_of_f(x): return np.sin(x) ** 2 + x * 2 * np.sin(x) * np.cos(x)", "You differentiated x·sin²x"),
        ("def slope_of_f(x): return x * np.sin(x**2)", "That is f itself"),
        ("def slope_of_f(x): return np.sin(x**2) + x * np.cos(2 * x)", None),
        ("def slope_of_f(x): return np.sin(x**2)", "You followed the factor x"),
        ("def slope_of_f(x): np.sin(x**2) + 2 * x**2 * np.cos(x**2)", "Is a `return` missing?"),
        ("def slope_of_f(x): return math.sin(x * x) + x * (2 * x * math.cos(x * x))", "✓"),
        ("def slope_of_f(x):\n    def f(x): return x * np.sin(x**2)\n    return (f(x + 1e-6) - f(x - 1e-6)) / 2e-6",
         "✓"),
    ],
    "3-2": [
        ("def held_and_free(x, y): return x + 2 * y, x + y", "The other way round"),
        ("def held_and_free(x, y): return y, x + 2 * y", "y is the slope of u·y in u"),
        ("def held_and_free(x, y): return x + y, x + y", "Both of yours hold u fixed"),
        ("def held_and_free(x, y): return x + y, y", "The path through u is not all there is"),
        ("def held_and_free(x, y): return 5, 7", None),
        ("def held_and_free(x, y): return {'held': x + y, 'free': x + 2 * y}", "names its parts (held, free)"),
        ("def held_and_free(x, y):\n    u = x + y\n    return u, u * y", "The two paths add. You multiplied them"),
        ("def held_and_free(x, y):\n    u = x + y\n    return u * y, u * y + y", None),
        ("def held_and_free(x, y): return x + y, x + y + 1", None),
        ("def held_and_free(x, y): return x, x + 2 * y", "x is what is left of u"),
        ("def held_and_free(x, y):\n    u = x + y\n    return [u, u + y]", "✓"),
    ],
    "3-3": [
        (NODE.format('return Node(self.value * other.value, (self, other), "*", (lambda g: other.value, '
                     'lambda g: self.value))'), "Yours forgets g"),
        (NODE.format('return Node(self.value * other.value, (self, other), "*", (lambda g: g * self.value, '
                     'lambda g: g * other.value))'), "each input's slope is the other input"),
        (NODE.format('return Node(self.value * other.value, (self, other), "*", (lambda g: g, lambda g: g))'),
         "That is the rule of addition"),
        (NODE.format('return Node(self.value * other.value, (self, other), "*")'), "the product has no rules"),
        (NODE.format('return Node(self.value * other.value, (self, other), "+", (lambda g: g * other.value, '
                     'lambda g: g * self.value))'), "the third place is for the sign"),
        (NODE.format('return Node(self.value * other.value, (self, other), (lambda g: g * other.value, '
                     'lambda g: g * self.value))'), "wants them in the fourth place"),
        (NODE.format('return Node(self.value * other.value, (self, other), "*", (other.value, self.value))'),
         "a rule is a function of g, such as lambda g: g"),
        (NODE.format('return Node(self.value * other.value, (self, other), "*", (lambda g: g * other, '
                     'lambda g: g * self))'), "a rule multiplies g by a Node: take its value"),
        (NODE.format('return Node(self.value * other.value, (self, other), "*", lambda g: g * other.value)'),
         "rules is a function, not a tuple"),
        (NODE.format('return Node(self.value * other.value, (self, other), "*", (lambda g: g * self.value * '
                     'other.value, lambda g: g * self.value * other.value))'), "You multiplied by the product itself"),
        (NODE.format('return self.value * other.value'), "return a Node"),
        (NODE.format('return Node(self.value * other.value, (self, other), "*", (lambda g: self.grad * other.value, '
                     'lambda g: other.grad * self.value))'), "Yours takes a parent's `grad`"),
        (NODE.format('return Node(self.value * other.value, (other, self), "*", (lambda g: g * self.value, '
                     'lambda g: g * other.value))'), "✓"),
        (NODE.format('rule1 = lambda g: g * other.value\n        rule2 = lambda g: g * self.value\n        '
                     'return Node(self.value * other.value, [self, other], "*", [rule1, rule2])'), "✓"),
    ],
    "3-4": [
        (BACKWARD.format(BACK, "parent.grad = rule(node.grad)"), "write +=, not ="),
        (BACKWARD.format("topological_order(root)", "parent.grad += rule(node.grad)"), "Backwards: from the root"),
        (BACKWARD.format(BACK, "parent.grad += rule(parent.grad)"), "Every gradient stays 0"),
        (BACKWARD.format(BACK, "parent.grad += rule(1.0)"), "You send the local derivative"),
        (BACKWARD.format(BACK, "parent.grad += node.grad"), "You pass the gradient on as it is"),
        (BACKWARD.format(BACK, "parent.grad += rule(node.value)"), "You put the node's value through the rule"),
        (BACKWARD.format(BACK, "parent.grad += node.grad * rule(node.grad)"),
         "The rule multiplies by node.grad already"),
        (BACKWARD.format(BACK, "parent.grad += rule(root.grad)"), "You send the local derivative"),
        (BACKWARD.format(BACK, "node.grad += rule(parent.grad)"), "a rule that gets the parent's gradient"),
        (BACKWARD.format(BACK, "rule(node.grad)"), "a message that is never added"),
        ("""
def backward(root):
    for node in reversed(topological_order(root)):
        for parent, rule in zip(node.parents, node.rules):
            parent.grad += rule(node.grad)
""", "Every gradient stays 0"),
        ("""
def backward(root):
    root.grad = 1.0
    for parent, rule in zip(root.parents, root.rules):
        parent.grad += rule(root.grad)
        backward(parent)
""", "Only the root is seeded"),
        ("""
def backward(root):
    root.grad = 1.0
    def go(node):
        for parent, rule in zip(node.parents, node.rules):
            parent.grad += rule(node.grad)
            go(parent)
    go(root)
""", "Each node speaks once"),
        ("""
def backward(root):
    root.grad = 1.0
    queue = [root]
    while queue:
        node = queue.pop(0)
        for parent, rule in zip(node.parents, node.rules):
            parent.grad += rule(node.grad)
            if parent not in queue:
                queue.append(parent)
""", None),
        ("""
def backward(root):
    root.grad = 1.0
    queue = [root]
    while queue:
        node = queue.pop(0)
        for parent, rule in zip(node.parents, node.rules):
            parent.grad += rule(node.grad)
            queue.append(parent)
""", "Each node speaks once. Yours sends what it has so far"),
        ("""
def backward(root):
    root.grad = 1.0
    stack = [root]
    while stack:
        node = stack.pop()
        for i in range(len(node.parents)):
            node.parents[i].grad += node.rules[i](node.grad)
            stack.append(node.parents[i])
""", "Each node speaks once, after it has heard everything"),
        ("""
def backward(root, g=1.0):
    root.grad += g
    for parent, rule in zip(root.parents, root.rules):
        backward(parent, rule(g))
""", "each path is walked by itself"),
        ("""
def backward(root):
    gradient = {root: 1.0}
    for node in reversed(topological_order(root)):
        node.grad = gradient[node]
        for parent, rule in zip(node.parents, node.rules):
            gradient[parent] = gradient.get(parent, 0.0) + rule(node.grad)
""", "Yours empties or replaces it"),
        ("""
def backward(root):
    root.grad = 1.0
    for node in reversed(topological_order(root)):
        for parent, rule in zip(node.parents, node.rules):
            print(rule(node.grad))
            parent.grad += rule(node.grad)
""", "✓"),
        ("""
def backward(root):
    order = topological_order(root).reverse()
    root.grad = 1.0
    for node in order:
        for parent, rule in zip(node.parents, node.rules):
            parent.grad += rule(node.grad)
""", "'NoneType' object is not iterable"),
        ("""
def backward(root):
    root.grad += 1
    for node in topological_order(root)[::-1]:
        for i in range(len(node.parents)):
            node.parents[i].grad = node.parents[i].grad + node.rules[i](node.grad)
""", "✓"),
        ("""
def backward(root):
    order = topological_order(root)
    for v in order:
        v.grad = 0
    root.grad = 1
    order.reverse()
    for v in order:
        for p, r in zip(v.parents, v.rules):
            p.grad += r(v.grad)
    return root
""", "Yours empties or replaces it"),
    ],
    "3-5": [
        (TANH.format("(lambda g: 1 - t**2,)"), "Yours forgets g"),
        (TANH.format("(lambda g: g * (1 - z.value**2),)"), "not z itself"),
        (TANH.format("(lambda g: g * t * (1 - t),)"), "belongs to the sigmoid"),
        (TANH.format("(lambda g: g * (1 - t**2))"), "a tuple of one needs its comma"),
        (TANH.format("(lambda g: g * (1 - t),)"), "The square is missing"),
        (TANH.format("(lambda g: g * 1 - t**2,)"), "Brackets: g * 1 - out**2"),
        (TANH.format("(lambda g: g * (1 + t**2),)"), "with a minus"),
        (TANH.replace("(z,)", "(z)").format("(lambda g: g * (1 - t**2),)"), "parents is a Node, not a tuple"),
        (TANH.format("(lambda g: g * 4 * t * (1 - t),)"), "In 4σ(1 − σ), σ is taken at 2z"),
        ("def tanh(z):\n    return math.tanh(z.value)", "return a Node"),
        ("""
def tanh(z):
    s = 1 / (1 + math.exp(-2 * z.value))
    return Node(2 * s - 1, (z,), "tanh", (lambda g: g * 2 * s * (1 - s),))
""", "has a 2 outside and a 2 inside"),
        ("""
def sigmoid(z):
    s = 1 / (1 + math.exp(-z.value))
    return Node(s, (z,), "σ", (lambda g: g * s * (1 - s),))

def tanh(z):
    return Node(2.0) * sigmoid(Node(2.0) * z) + Node(-1.0)
""", "one node with one parent"),
        ("def tanh(z):\n    return math.tanh(z)", "must be real number"),
        ("def tanh(z):\n    t = math.tanh(z.value)\n    return Node(t, (z,), 'tanh')", "the node has no rules"),
        (TANH.format("(lambda g: g * (1 - t) * (1 + t),)"), "✓"),
        (TANH.format("[lambda g: g / math.cosh(z.value) ** 2]"), "✓"),
        ("""
def tanh(z):
    s = 1 / (1 + np.exp(-2 * z.value))
    return Node(2 * s - 1, (z,), "tanh", (lambda g: g * 4 * s * (1 - s),))
""", "✓"),
    ],
    "3-6": [
        ("def thousand_paths(x):\n    for _ in range(10):\n        x = x + x\n    return x",
         "x reaches the end on 1,024 paths"),
        ("def thousand_paths(x):\n    f = x\n    for _ in range(999):\n        f = f + x\n    return f",
         "999 additions; 15 are allowed"),
        ("def thousand_paths(x):\n    return x * Node(1000.0)", "Only + is allowed"),
        ("def thousand_paths(x):\n    return 1000 * x.value", "Return the last node of a graph"),
        ("def thousand_paths(x):\n    a = x + x\n    b = a + a + x\n    c = b + b\n    return c * c * c",
         "Only + is allowed"),
        ("def thousand_paths(x):\n    x = Node(1.0)\n    for _ in range(10):\n        x = x + x\n    return x",
         "was not made from the x"),
        ("def thousand_paths(x):\n    f = x\n    for _ in range(9):\n        f = f + f\n    return f",
         "x reaches the end on 512 paths"),
        ("def thousand_paths(x):\n    for _ in range(10):\n        x = x + x\n    return x + Node(-24.0)",
         "x reaches the end on 1,024 paths"),
        ("""
def thousand_paths(x):
    def ten(v):
        double = v + v
        four = double + double
        return four + four + double
    return ten(ten(ten(x)))
""", "✓"),
        ("""
def thousand_paths(x):
    powers = [x]
    for _ in range(9):
        powers.append(powers[-1] + powers[-1])
    return powers[9] + powers[8] + powers[7] + powers[6] + powers[5] + powers[3]
""", "✓"),
    ],
    "3-7": [
        ("def graph_that_needs_order(x, y):\n    return (x + y) * y", "Only leaves are shared here"),
        ("def graph_that_needs_order(x, y):\n    return x * x + y * y", "Only leaves are shared here"),
        ("def graph_that_needs_order(x, y):\n    u = x + y\n    return u * u", "A node in the middle is shared, but"),
        ("def graph_that_needs_order(x, y):\n    u = x * y\n    return (u + x) * u",
         "A node in the middle is shared, but"),
        ("def graph_that_needs_order(x, y):\n    return x + y", "Only leaves are shared here"),
        ("def graph_that_needs_order(x, y):\n    u = x + y\n    v = u * x\n    w = u * y\n    return v * w",
         "A node in the middle is shared, but"),
        ("def graph_that_needs_order(x, y):\n    u = x * y\n    f = u * (u + x)", "Return the last node of a graph"),
        ("def graph_that_needs_order(x, y):\n    return x.value * y.value", "Return the last node of a graph"),
        ("def graph_that_needs_order(x, y):\n    return x - y", "unsupported operand"),
        ("def graph_that_needs_order(x, y):\n    u = x + y\n    return u + u * u", "✓"),
        ("def graph_that_needs_order(x, y):\n    u = x + y\n    zero = u + Node(-5.0)\n    return u * (zero * zero)",
         "✓"),  # right by accident at x + y = 5, and nowhere else
        ("def graph_that_needs_order(x, y):\n    u = x + y\n    v = u * Node(0.0)\n    return u * v",
         "A message does come late, but nothing is lost"),
        ("def graph_that_needs_order(x, y):\n    u = x * y\n    v = u + x\n    w = v + y\n    return u * w", "✓"),
    ],
    "3-8": [
        (STEP.format("""loss = make_loss()
    backward(loss)
    for p in params:
        p.value -= lr * p.grad
    return loss.value"""), "The second step still has the gradients of the first"),
        (STEP.format("""for p in params:
        p.grad = 0.0
    loss = make_loss()
    backward(loss)
    for p in params:
        p.value += lr * p.grad
    return loss.value"""), "That walks uphill"),
        (STEP.format("""loss = make_loss()
    backward(loss)
    for p in params:
        p.grad = 0.0
        p.value -= lr * p.grad
    return loss.value"""), "The parameters have not moved"),
        (STEP.format("""for p in params:
        p.grad = 0
    loss = make_loss()
    backward(loss)
    params = [Node(p.value - lr * p.grad) for p in params]
    return loss.value"""), "The parameters have not moved"),
        (STEP.format("""for p in params:
        p.grad = 0
    loss = make_loss()
    for p in params:
        p.value -= lr * p.grad
    return loss.value"""), "The parameters have not moved"),
        (STEP.format("""for p in params:
        p.grad = 0
    loss = make_loss()
    backward(loss)
    for p in params:
        p.value -= p.grad
    return loss.value"""), "The learning rate is missing"),
        (STEP.format("""for p in params:
        p.grad = 0
    loss = make_loss()
    backward(loss)
    for p in params:
        p.value = -lr * p.grad
    return loss.value"""), "The step takes the place of the value"),
        (STEP.format("""for p in params:
        p.grad = 0
    backward(make_loss)
    for p in params:
        p.value -= lr * p.grad
    return make_loss.value"""), "'function' object has no attribute"),
        (STEP.format("""for p in params:
        p.grad = 0
        loss = make_loss()
        backward(loss)
        p.value -= lr * p.grad
    return loss.value"""), "All gradients belong to one forward pass"),
        (STEP.format("""for p in params:
        p.grad = 0
    loss = make_loss()
    backward(loss)
    for p in params:
        p.value -= lr * p.grad"""), "returned None: return loss.value"),
        (STEP.format("""for p in params:
        p.grad = 0
    loss = make_loss()
    backward(loss)
    for p in params:
        p.value -= lr * p.grad
    return loss"""), "returned a Node: return its value"),
        (STEP.format("""for p in params:
        p.grad = 0
    backward(make_loss())
    for p in params:
        p.value -= lr * p.grad
    return make_loss().value"""), "the loss before the step was 9"),
        (STEP.format("""loss = make_loss()
    backward(loss)
    for p in params:
        p.value = p.value - lr * p.grad
        p.grad = 0.0
    return loss.value"""), "✓"),
        (STEP.format("""for p in params: p.grad = 0
    root = make_loss()
    backward(root)
    for i in range(len(params)):
        params[i].value -= lr * params[i].grad
    return root.value"""), "✓"),
    ],
}
