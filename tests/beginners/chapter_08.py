"""What beginners answer in chapter 8."""

PRELUDE = "from textbook import Tensor, jvp, no_grad, ops\nfrom textbook.engine import grad, hessian"
D = "def derivative(e):\n    if not isinstance(e, tuple):\n"
PLUS = "    sign, a, b = e\n    if sign == '+':\n        return ('+', derivative(a), derivative(b))\n"
LEAF = "        return 1 if e == 'x' else 0\n"
DUAL = "class Dual:\n    def __init__(self, value, tangent=0.0):\n        self.value, self.tangent = value, tangent\n"
ADD = "    def __add__(self, other):\n        return Dual(self.value + other.value, self.tangent + other.tangent)\n"
MUL = "    def __mul__(self, other):\n        "
J = "def jacobian(f, x):\n"
PARTS = "def best_parts(n):\n"
UN = "def unscaled(g, scale):\n"
R = "def rounded(x):\n"
PER = "def per_example(x, delta):\n"

ANSWERS = {
    "8-1": [
        (D + LEAF + PLUS + "    return ('+', ('*', derivative(a), b), ('*', a, derivative(b)))", "✓"),
        (D + LEAF + PLUS + "    if sign == '*':\n        return ('+', ('*', b, derivative(a)), ('*', derivative(b), a))", "✓"),
        (D + LEAF + PLUS + "    return ('*', derivative(a), derivative(b))", "not the product of the derivatives"),
        (D + LEAF + PLUS + "    return ('*', derivative(a), b)", "The product rule has two terms"),
        (D + LEAF + PLUS + "    return ('*', a, derivative(b))", "the other one is a′·b"),
        (D + LEAF + PLUS + "    return ('+', ('*', derivative(a), a), ('*', derivative(b), b))", "each factor is differentiated once"),
        (D + "        return 1\n" + PLUS + "    return ('+', ('*', derivative(a), b), ('*', a, derivative(b)))", "The derivative of a number is 0"),
        (D + "        return 1 if e == 'x' else e\n" + PLUS + "    return ('+', ('*', derivative(a), b), ('*', a, derivative(b)))", "A number keeps its value"),
        (D + LEAF + PLUS.replace("return ", "") + "    else:\n        ('+', ('*', derivative(a), b), ('*', a, derivative(b)))\n    return 0", "Does it return the tuple"),
        ("def derivative(e):\n    sign, a, b = e\n    return ('+', ('*', derivative(a), b), ('*', a, derivative(b)))", "raised"),
        (D + LEAF + PLUS + "    return ['+', ('*', derivative(a), b), ('*', a, derivative(b))]", "a formula is"),
        (D + "        return '1' if e == 'x' else '0'\n" + PLUS + "    return ('+', ('*', derivative(a), b), ('*', a, derivative(b)))", "your derivative holds '1'"),
    ],
    "8-2": [
        (DUAL + ADD + MUL + "return Dual(self.value * other.value, self.tangent * other.value + self.value * other.tangent)", "✓"),
        (DUAL + ADD + MUL + "t = other.value * self.tangent\n        t += self.value * other.tangent\n        return Dual(self.value * other.value, t)", "✓"),
        (DUAL + ADD + MUL + "return Dual(self.value * other.value, self.tangent * other.tangent)", "not the product of the tangents"),
        (DUAL + ADD + MUL + "return Dual(self.value * other.value, self.tangent * other.value)", "how fast the second factor changes"),
        (DUAL + ADD + MUL + "return Dual(self.value * other.value, self.value * other.tangent)", "how fast the first factor changes"),
        (DUAL + ADD + MUL + "return Dual(self.value * other.value, self.tangent * other.value + other.value * other.tangent)", "takes both from the second factor"),
        (DUAL + ADD + MUL + "return Dual(self.value * other.value, self.tangent + other.tangent)", "the tangents are not added as they are"),
        (DUAL + "    def __add__(self, other):\n        return Dual(self.value + other.value)\n" + MUL + "return Dual(self.value * other.value)", "Both lose their tangents"),
        (DUAL + ADD + MUL + "return self.value * other.value", "return a Dual"),
        (DUAL + ADD + MUL + "return Dual(self.value * other.value, other.value + self.value)", "takes both speeds to be 1"),
        (DUAL + ADD + MUL + "return Dual(self.value * other.value, self.tangent * other.value - self.value * other.tangent)", "The two terms of a product add"),
        (DUAL + ADD.replace("self.tangent +", "self.tangent *") + MUL + "return Dual(self.value * other.value, self.tangent * other.value + self.value * other.tangent)", "their speeds add"),
        (DUAL + ADD + MUL + "self.value *= other.value\n        self.tangent = self.tangent * other.value + self.value * other.tangent\n        return self", "leave both numbers as they are"),
    ],
    "8-3": [
        (J + "    return np.stack([jvp(f)(x, e) for e in np.eye(len(x))], axis=1)", "✓"),
        (J + "    columns = []\n    for j in range(len(x)):\n        e = np.zeros(len(x))\n        e[j] = 1\n        columns.append(jvp(f)(x, e))\n    return np.array(columns).T", "✓"),
        (J + "    return np.array([jvp(f)(x, e) for e in np.eye(len(x))])", "yours stand as rows"),
        (J + "    return jvp(f)(x, np.ones(len(x)))", "adds all columns up"),
        (J + "    for e in np.eye(len(x)):\n        return jvp(f)(x, e)", "the first column alone"),
        (J + "    for e in np.eye(len(x)):\n        column = jvp(f)(x, e)\n    return column", "the last column alone"),
        (J + "    return np.concatenate([jvp(f)(x, e) for e in np.eye(len(x))])", "one long row"),
        (J + "    return grad(f)(x)", "raised"),
    ],
    "8-4": [
        (PARTS + "    return np.sqrt(n)", "✓"),
        (PARTS + "    return n ** 0.5", "✓"),
        (PARTS + "    return n / 2", "Set its derivative by k to zero"),
        (PARTS + "    return 2 * np.sqrt(n)", "the least sum itself"),
        (PARTS + "    return 1", "no checkpoint at all"),
        (PARTS + "    return n ** 2", "take the root"),
        (PARTS + "    return round(n ** 0.5)", "leave out the rounding"),
        (PARTS + "    return int(np.sqrt(n))", "leave out the rounding"),
        (PARTS + "    return np.ceil(np.sqrt(n))", "not rounded up"),
        (PARTS + "    return np.sqrt(2 * n)", "no factor 2"),
        (PARTS + "    return np.log2(n)", None),
    ],
    "8-5": [
        (UN + "    return g.astype(np.float32) / scale", "✓"),
        (UN + "    return np.float32(g) / np.float32(scale)", "✓"),
        (UN + "    return g / np.float32(scale)", "✓"),
        (UN + "    return (g / np.float16(scale)).astype(np.float32)", "passes through float16"),
        (UN + "    return g / np.float16(scale)", "passes through float16"),
        (UN + "    return (g.astype(np.float32) / scale).astype(np.float16)", "passes through float16"),
        (UN + "    return g.astype(np.float64) / scale", "return it in float32"),
        (UN + "    return g.astype(float) / scale", "return it in float32"),
        (UN + "    return (g.astype(np.float64) / scale).astype(np.float32)", "✓"),
        (UN + "    return scale / g.astype(np.float32)", "upside down"),
        (UN + "    return g.astype(np.float32) * scale", "You multiply"),
        (UN + "    return g.astype(np.float32)", "still scaled"),
        (UN + "    return g.astype(np.float32) / scale ** 2", "divide by it once"),
    ],
    "8-6": [
        (R + "    return x + (np.round(x.data) - x.data)", "✓"),
        (R + "    missing = Tensor(np.round(x.data)) - x.detach()\n    return x + missing", "✓"),
        (R + "    return x * (np.round(x.data) / x.data)", "add, don't scale"),
        (R + "    return x - (np.round(x.data) - x.data)", "opposite sign"),
        (R + "    return Tensor(np.round(x.data))", "no gradient can reach x"),
        (R + "    return np.round(x.data)", "return a tensor"),
        (R + "    x.data = np.round(x.data)\n    return x", "you have overwritten x"),
        (R + "    return x + (np.round(x.data) - x)", "x must stay in the graph"),
        (R + "    return x + np.round(x.data)", "you add round(x) to x itself"),
        (R + "    return 0 * x + np.round(x.data)", "x must stay in the graph"),
        (R + "    return np.round(x)", "raised"),
        (R + "    return x - x.data % 1", "np.round goes to the nearest"),
        (R + "    with no_grad():\n        return x + (np.round(x.data) - x.data)", "inside no_grad"),
    ],
    "8-7": [
        (PER + "    return x[:, :, None] * delta[:, None, :]", "✓"),
        (PER + "    return np.einsum('ni,nj->nij', x, delta)", "✓"),
        (PER + "    return np.array([np.outer(a, d) for a, d in zip(x, delta)])", "✓"),
        (PER + "    return x.T @ delta", "Keep the examples apart"),
        (PER + "    return np.array([np.outer(d, a) for a, d in zip(x, delta)])", "Each matrix is transposed"),
        (PER + "    return x[:, :, None] * delta[:, None, :] / len(x)", "No division"),
        (PER + "    return np.einsum('ni,nj->ijn', x, delta)", "the examples come first"),
        (PER + "    return x * delta", "raised"),
        (PER + "    return delta.T @ x", "Summed over the batch, and transposed"),
        (PER + "    return np.array([x.T @ delta for i in range(len(x))])", "once for each example"),
        (PER + "    return np.outer(x, delta)", "lays both arrays out flat"),
    ],
}
