"""What beginners answer in chapter 2."""

PRELUDE = "from textbook.exercises.chapter_01 import Node\nfrom textbook.exercises.chapter_02 import OPERATIONS, topological_order\n"

ANSWERS = {
    "2-1": [
        ("def my_is_topological(order, inputs):\n    return sorted(order) == sorted(inputs)",
         "in a wrong order"),
        ("def my_is_topological(order, inputs):\n    done = []\n    for node in order:\n        for u in inputs[node]:\n"
         "            if u not in done:\n                return False\n        done.append(node)\n    return True",
         "nodes that are missing, and nodes that stand there twice"),
        ("def my_is_topological(order, inputs):\n    for node in order:\n        for u in inputs[node]:\n"
         "            if order.index(u) > order.index(node):\n                return False\n    return True",
         "nodes that are missing, and nodes that stand there twice"),
        ("def my_is_topological(order, inputs):\n    if len(order) != len(inputs):\n        return False\n    done = []\n"
         "    for node in order:\n        for u in inputs[node]:\n            if u not in done:\n                return False\n"
         "        done.append(node)\n    return True", "with one node missing and another"),
        ("def my_is_topological(order, inputs):\n    if len(set(order)) != len(order):\n        return False\n    done = set()\n"
         "    for node in order:\n        if not set(inputs[node]) <= done:\n            return False\n        done.add(node)\n"
         "    return True", "orders in which nodes are missing"),
        ("def my_is_topological(order, inputs):\n    if set(order) != set(inputs):\n        return False\n    done = set()\n"
         "    for node in order:\n        if not set(inputs[node]) <= done:\n            return False\n        done.add(node)\n"
         "    return True", "only once"),
        ("def my_is_topological(order, inputs):\n    if sorted(order) != sorted(inputs):\n        return False\n"
         "    return all(order.index(u) < order.index(v) for v in inputs for u in inputs[v])", "✓"),
        ("def my_is_topological(order, inputs):\n    return order == list(inputs)", None),
        ("def my_is_topological(order, inputs):\n    pos = {v: k for k, v in enumerate(order)}\n"
         "    return len(pos) == len(order) == len(inputs) and all(pos[u] < pos[v] for v in inputs for u in inputs[v])", "✓"),
    ],
    "2-2": [
        ("def kahn(inputs):\n    waits = {v: list(s) for v, s in inputs.items()}\n    order = []\n"
         "    while len(order) < len(inputs):\n        ready = [v for v in waits if v not in order and not waits[v]]\n"
         "        if not ready:\n            return None\n        order.append(ready[0])\n        for w in waits:\n"
         "            waits[w] = [u for u in waits[w] if u != ready[0]]\n    return order", "this graph has a cycle"),
        ("def kahn(inputs):\n    order = []\n    while len(order) < len(inputs):\n"
         "        ready = [v for v in inputs if v not in order and all(u in order for u in inputs[v])]\n"
         "        if not ready:\n            raise ValueError('cycle')\n        order += ready\n    print(order)",
         "returned None"),
        ("def kahn(inputs):\n    waits = {v: len(s) for v, s in inputs.items()}\n    ready = [v for v in waits if waits[v] == 0]\n"
         "    order = []\n    while ready:\n        v = ready.pop()\n        order.append(v)\n        for w in inputs:\n"
         "            if v in inputs[w]:\n                waits[w] -= 1\n                if waits[w] == 0:\n"
         "                    ready.append(w)\n    if len(order) < len(inputs):\n        raise ValueError('cycle')\n    return order",
         "x·x has two edges from one node"),
        ("def kahn(inputs):\n    waits = {v: set(s) for v, s in inputs.items()}\n    order = []\n    while True:\n"
         "        ready = [v for v in waits if not waits[v] and v not in order]\n        if not ready:\n            break\n"
         "        v = ready[0]\n        order.append(v)\n        for w in waits:\n            waits[w].discard(v)\n"
         "    if len(order) < len(inputs):\n        raise ValueError('cycle')\n    return order", "✓"),
        ("def kahn(inputs):\n    order = []\n    while len(order) < len(inputs):\n        for v in inputs:\n"
         "            if v not in order and all(u in order for u in inputs[v]):\n                order.append(v)\n"
         "                break\n        else:\n            raise ValueError('cycle')\n    return order", "✓"),
        ("def kahn(inputs):\n    waits = {v: len(s) for v, s in inputs.items()}\n    ready = [v for v in waits if waits[v] == 0]\n"
         "    order = []\n    while ready:\n        v = ready.pop()\n        order.append(v)\n        for w in inputs:\n"
         "            for u in inputs[w]:\n                if u == v:\n                    waits[w] -= 1\n"
         "                    if waits[w] == 0:\n                        ready.append(w)\n    return order",
         "this graph has a cycle, and you returned"),
        ("def kahn(inputs):\n    return list(inputs)", "which does not stand before it"),
        ("def kahn(inputs):\n    return [v for v in inputs if not inputs[v]]", "Where are the others?"),
        ("def kahn(inputs):\n    order = []\n    while inputs:\n        ready = [v for v in inputs if all(u in order for u in inputs[v])]\n"
         "        if not ready:\n            raise ValueError\n        for v in ready:\n            order.append(v)\n"
         "            del inputs[v]\n    return order", "changed the graph"),
    ],
    "2-3": [
        ("def topological_order(root):\n    order = []\n    for p in root.parents:\n        order += topological_order(p)\n"
         "    order.append(root)\n    return order", "stands in your order twice"),
        ("def topological_order(root):\n    order = [root]\n    for p in root.parents:\n        for v in topological_order(p):\n"
         "            if v not in order:\n                order.append(v)\n    return order", "stands before one of its parents"),
        ("def topological_order(root):\n    order = []\n    for p in root.parents:\n        for v in topological_order(p):\n"
         "            if v not in order:\n                order.append(v)\n    order.append(root)\n    return order", "✓"),
        ("def topological_order(root):\n    order = []\n    def visit(node):\n        if node in order:\n            return\n"
         "        for p in node.parents:\n            visit(p)\n        order.append(node)\n    visit(root)", "`return` missing"),
        ("def topological_order(root, order=[]):\n    if root not in order:\n        for p in root.parents:\n"
         "            topological_order(p, order)\n        order.append(root)\n    return order",
         "is made once, for all calls"),
        ("def topological_order(root):\n    return list(root.parents) + [root]", "itself included"),
        ("def topological_order(root):\n    order = []\n    def visit(node):\n        for p in node.parents:\n"
         "            if p not in order:\n                visit(p)\n        order.append(node.value)\n    visit(root)\n    return order",
         "the nodes themselves"),
    ],
    "2-4": [
        ("def refresh(root):\n    return root.value", "stale value"),
        ("def refresh(root):\n    for node in topological_order(root):\n        if node.op:\n"
         "            node.value = OPERATIONS[node.op](*[p.value for p in node.parents])\n            return node.value",
         "inside the loop"),
        ("def refresh(root):\n    for node in topological_order(root):\n        node.value = OPERATIONS[node.op](*[p.value for p in node.parents])\n"
         "    return root.value", "raised KeyError"),
        ("def refresh(root):\n    for node in topological_order(root):\n        if node.op:\n"
         "            node.value = OPERATIONS[node.op](node.parents[0].value, node.parents[1].value)", "Return the root's value"),
        ("def refresh(root):\n    if root.op:\n        root.value = OPERATIONS[root.op](root.parents[0].value, root.parents[1].value)\n"
         "    return root.value", "from parents that are still stale"),
        ("def refresh(root):\n    for node in topological_order(root)[::-1]:\n        if node.op:\n            a, b = node.parents\n"
         "            node.value = OPERATIONS[node.op](a.value, b.value)\n    return root.value", "from the root to the inputs"),
        ("def refresh(root):\n    for node in topological_order(root):\n        if node.op == '+':\n"
         "            node.value = node.parents[0].value + node.parents[1].value\n        if node.op == '*':\n"
         "            node.value = node.parents[0].value * node.parents[1].value\n    return root.value", "✓"),
        ("def refresh(root):\n    if root.op:\n        return OPERATIONS[root.op](*[refresh(p) for p in root.parents])\n"
         "    return root.value", "Store each in node.value"),
        ("def refresh(root):\n    values = {}\n    for node in topological_order(root):\n        if node.op:\n"
         "            values[node] = OPERATIONS[node.op](*[values[p] for p in node.parents])\n        else:\n"
         "            values[node] = node.value\n    return values[root]", "Store each in node.value"),
    ],
    "2-5": [
        ("def too_deep():\n    node = Node(1.0)\n    for _ in range(500):\n        node = node + node\n    return node", "Go deeper"),
        ("def too_deep():\n    node = Node(1.0)\n    for _ in range(3000):\n        node = node + node\n    return node", "✓"),
        ("def too_deep():\n    total = Node(0.0)\n    for k in range(5000):\n        total = total + Node(k)\n    return total", "✓"),
        ("def too_deep():\n    return [Node(1.0) for _ in range(5000)]", "Return the last node of a graph"),
        ("def too_deep():\n    x = Node(1.0)\n    for _ in range(5000):\n        x + x\n    return x", "Go deeper"),
        ("def too_deep():\n    nodes = [Node(1.0) for _ in range(1024)]\n    while len(nodes) > 1:\n"
         "        nodes = [nodes[i] + nodes[i + 1] for i in range(0, len(nodes), 2)]\n    return nodes[0]", "Not the number of nodes"),
        ("def too_deep():\n    node = Node(1.0)\n    for _ in range(5000):\n        node = node + 1\n    return node", None),
    ],
    "2-6": [
        ("def matmul_costs(n, m, p):\n    return n * m * p, n * m * p", "m − 1 additions"),
        ("def matmul_costs(n, m, p):\n    return n**3, n**3", None),
        ("def matmul_costs(n, m, p):\n    return n * m * p, n * m * p - n * p", "✓"),
        ("def matmul_costs(n, m, p):\n    return n * p, n * p * (m - 1)", "each a sum of m products"),
        ("def matmul_costs(n, m, p):\n    return m, m - 1", None),
        ("def matmul_costs(n, m, p):\n    return n * m * p", "Return two numbers"),
        ("def matmul_costs(n, m, p):\n    return n * m * p, n * m * p - 1", None),
        ("def matmul_costs(n, m, p):\n    return {'multiplications': n * m * p, 'additions': n * (m - 1) * p}", "expected [60, 45]"),
    ],
    "2-7": [
        ("def convolution_cost(n, k, c_in, c_out):\n    return k * n**2 * c_in * c_out", "k² entries"),
        ("def convolution_cost(n, k, c_in, c_out):\n    return k**2 * n**2", "one channel in and one out"),
        ("def convolution_cost(n, k, c_in, c_out):\n    return k * k * n * n * c_out", "all c_in"),
        ("def convolution_cost(n, k, c_in, c_out):\n    return k * k * n * n * (c_in + c_out)", "each pair of channels"),
        ("def convolution_cost(n, k, c_in, c_out):\n    return (n - k + 1)**2 * k**2 * c_in * c_out", "n is the side of the result"),
        ("def convolution_cost(n, k, c_in, c_out):\n    count = 0\n    for o in range(c_out):\n        for i in range(c_in):\n"
         "            count += n * n * k * k\n    return count", "✓"),
        ("def convolution_cost(n, k, c_in, c_out):\n    return n**2 * k**2 * c_in * c_out + n**2 * (c_in - 1)", None),
    ],
    "2-8": [
        ("def digit_scores(x, w1, b1, w2, b2):\n    return (x @ w1 + b1) @ w2 + b2", "ReLU is missing"),
        ("def digit_scores(x, w1, b1, w2, b2):\n    a = np.max(x @ w1 + b1, 0)\n    return a @ w2 + b2", "largest of each column"),
        ("def digit_scores(x, w1, b1, w2, b2):\n    a = np.maximum(x @ w1, 0) + b1\n    return a @ w2 + b2", "inside the ReLU"),
        ("def digit_scores(x, w1, b1, w2, b2):\n    a = np.maximum(x @ w1 + b1, 0)\n    z = np.maximum(a @ w2 + b2, 0)\n    return z",
         "They may be negative"),
        ("def digit_scores(x, w1, b1, w2, b2):\n    z = x @ w1 + b1\n    z[z < 0] = 0\n    return z @ w2 + b2", "✓"),
        ("def digit_scores(x, w1, b1, w2, b2):\n    a = np.maximum(x * w1 + b1, 0)\n    return a * w2 + b2", "could not be broadcast"),
        ("def digit_scores(x, w1, b1, w2, b2):\n    a = np.maximum(w1 @ x + b1, 0)\n    return w2 @ a + b2", "matmul"),
        ("def digit_scores(x, w1, b1, w2, b2):\n    a = np.maximum(x @ w1 + b1, 0)\n    z = a @ w2 + b2\n    e = np.exp(z)\n"
         "    return e / e.sum(axis=1, keepdims=True)", "before the softmax"),
    ],
}  # fmt: skip
